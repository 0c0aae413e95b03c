/// Why a browser's connection ends, as the browser is told: a word for its script, a sentence for the log.
public struct BroadcastEnd: Error, Sendable, Equatable {
  public enum Kind: String, Sendable {
    /// The browser stopped of its own will.
    case finished
    /// What it sends cannot be taken; trying again will not help.
    case refused
    /// A limit was met.
    case tooMuch = "too_much"
    /// Another connection feeds the stream now.
    case takenOver = "taken_over"
    /// The show's stream was ended.
    case ended
    /// The server stops; it will be back.
    case stopping
    /// Anything that may pass: nothing came for too long, ffmpeg ended.
    case interrupted
  }

  public var kind: Kind
  public var sentence: String

  public init(_ kind: Kind, _ sentence: String) {
    self.kind = kind
    self.sentence = sentence
  }
}
