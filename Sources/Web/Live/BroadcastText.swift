import Foundation
import Media

/// The server's words to a browser that broadcasts, as JSON.
enum BroadcastText {
  /// What it is told at `GET …/broadcast`, and again with `accepted`.
  struct Terms: Codable, Sendable {
    let `protocol`: String
    let frameBytesMax: Int
    let bitrateMax: Int
    let graceSeconds: Int64

    init(_ terms: BroadcastTerms) {
      self.protocol = BroadcastDoor.protocolName
      frameBytesMax = terms.frameBytesMax
      bitrateMax = terms.bitrateMax
      graceSeconds = terms.graceSeconds
    }
  }

  private struct Word: Encodable {
    let type: String
    var terms: Terms?
    var state: String?
    var bitrateBitsPerSecond: Int?
    var framesPerSecond: Double?
    var droppedFrames: Int?
    var viewers: Int?
    var reason: String?
    var sentence: String?
  }

  static func text(_ word: BroadcastWord, _ terms: BroadcastTerms) -> Data {
    switch word {
    case .accepted: encode(Word(type: "accepted", terms: Terms(terms)))
    case .keyPlease: encode(Word(type: "key"))
    case .stats(let health):
      encode(
        Word(
          type: "stats", state: health.state.rawValue, bitrateBitsPerSecond: health.bitrateBitsPerSecond,
          framesPerSecond: health.framesPerSecond, droppedFrames: health.droppedFrames, viewers: health.readers))
    }
  }

  static func text(_ end: BroadcastEnd) -> Data {
    encode(Word(type: "end", reason: end.kind.rawValue, sentence: end.sentence))
  }

  private static func encode(_ word: Word) -> Data {
    // Strings and numbers: nothing here can fail to encode but a number that is none.
    (try? JSONEncoder().encode(word)) ?? Data(#"{"type":"fault"}"#.utf8)
  }
}
