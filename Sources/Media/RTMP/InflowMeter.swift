internal import NIOCore

/// Holds what comes in over one connection against its limits, in windows of five seconds. Pure.
struct InflowMeter {
  static let windowMilliseconds: Int64 = 5_000

  private let bitrateMax: Int
  private let messagesPerSecondMax: Int
  private var start: Int64?
  private var bytes = 0
  private var messages = 0

  init(bitrateMax: Int, messagesPerSecondMax: Int) {
    self.bitrateMax = bitrateMax
    self.messagesPerSecondMax = messagesPerSecondMax
  }

  /// - Parameter now: milliseconds of a clock that never goes back.
  /// - Returns: the limit that was met, in a sentence; nil while there is room.
  mutating func count(bytes: Int = 0, messages: Int = 0, now: Int64) -> String? {
    let began = start ?? now
    if now - began >= Self.windowMilliseconds {
      (self.bytes, self.messages, start) = (0, 0, now)
    } else {
      start = began
    }
    self.bytes += bytes
    self.messages += messages
    let seconds = Int(Self.windowMilliseconds / 1000)
    if self.bytes / seconds > bitrateMax / 8 {
      return "\(self.bytes) bytes within \(seconds) s are over bitrateMax, \(bitrateMax)"
    }
    if self.messages / seconds > messagesPerSecondMax {
      return "\(self.messages) messages within \(seconds) s are over messagesPerSecondMax, \(messagesPerSecondMax)"
    }
    return nil
  }
}
