/// Where one stream is waited for by SRT.
public struct SRTListening: Sendable, Equatable, CustomStringConvertible {
  /// The stream it feeds.
  public var stream: String
  /// The UDP port that is listened on, for this stream alone.
  public var port: Int
  /// What the sender encrypts with; 10 to 79 letters and digits (libsrt's own bounds).
  public var passphrase: String

  public init(stream: String, port: Int, passphrase: String) {
    self.stream = stream
    self.port = port
    self.passphrase = passphrase
  }

  /// Without the passphrase: it would end up in a log.
  public var description: String { "SRT on port \(port) for \(stream)" }
}

/// How a stream's SRT fares.
public struct SRTReport: Sendable, Equatable {
  public enum State: String, Sendable, CaseIterable {
    /// Listened for; nobody sends.
    case waiting
    /// Somebody sends, and is seen.
    case live
    /// It is tried again soon.
    case trouble
  }

  public var state = State.waiting
  /// Why it failed last; nil while all is well.
  public var trouble: SRTTrouble?
}

/// Why SRT failed.
public enum SRTTrouble: String, Sendable, CaseIterable {
  /// Somebody came with another passphrase, and was not let in.
  case passphrase
  /// Another program has the port.
  case portTaken
  /// The picture is not H.264.
  case picture
  /// The stream would not take it: another encoder feeds it, or it is over.
  case refused
  /// Anything else; the log has ffmpeg's words.
  case failed
}
