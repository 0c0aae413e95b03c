/// A browser that has been let in and wants to feed a stream; made where it was asked who it is.
public struct BroadcastRequest: Sendable {
  /// The stream it may feed.
  public var stream: String
  /// What the show's clock reads now.
  public var mediaTimeMilliseconds: Int64
  /// `MediaServer.admissionNumber` from before it was asked who this is: an answer that was overtaken does not count.
  public var admission: UInt64
  /// What it calls itself, for the studio and the log; at most 64 characters are kept.
  public var encoder: String
  public var remoteAddress: String
  /// Who it was let in for, see `MediaServer.cutBroadcasts`; nil when it was by the stream's key.
  public var member: String?

  public init(
    stream: String, mediaTimeMilliseconds: Int64, admission: UInt64, encoder: String, remoteAddress: String,
    member: String? = nil
  ) {
    self.stream = stream
    self.mediaTimeMilliseconds = mediaTimeMilliseconds
    self.admission = admission
    self.encoder = String(
      String.UnicodeScalarView(encoder.unicodeScalars.filter { (0x20...0x7e).contains($0.value) }.prefix(64)))
    self.remoteAddress = remoteAddress
    self.member = member
  }
}

/// What the server says to a browser that broadcasts.
public enum BroadcastWord: Sendable, Equatable {
  /// It is the stream's publisher now; viewers see what it sends.
  case accepted
  /// The next picture should be a key frame.
  case keyPlease
  /// How the stream fares, every other second.
  case stats(StreamHealth)
}

/// What a browser may do, told before it begins.
public struct BroadcastTerms: Sendable, Equatable {
  public var frameBytesMax: Int
  public var bitrateMax: Int
  public var graceSeconds: Int64
  public var stallSeconds: Int64
  public var handshakeSeconds: Int64
}
