public import Post

/// From whom buyers' mail comes, and how it leaves.
public struct MailConfiguration: Sendable {
  /// An address; empty for `orders@` and the host of the public URL.
  public var from = ""
  /// The name beside that of the seller; empty for none.
  public var fromName = ""
  /// Nil to write each mail as a file.
  public var server: SMTPServer?
  /// Connections to the server at once.
  public var connections = 2
  /// How long nothing is tried after the server took nothing at all: twice as long each time, up to 20 times as long.
  public var pauseSeconds: Int64 = 15

  public init() {}

  /// Where mail goes, for people; nil when it is written as files.
  var place: String? { server.map { "\($0.host):\($0.port)" } }
}
