/// When what was let in for a stream last became untrue: a key replaced, a show ended. A revocation has a number, and
/// whoever was let in at a lower one has to be asked about again. One stream's says nothing of the others. Pure.
struct Revocations {
  /// Streams that are remembered. Beyond, all are forgotten, and who is just being let in to any is asked about again.
  static let streamsMax = 1_000

  private var last: [String: UInt64] = [:]
  private var forgotten: UInt64 = 0
  /// The newest revocation's number; 0 before the first.
  private(set) var newest: UInt64 = 0

  mutating func revoke(_ stream: String) -> UInt64 {
    newest += 1
    if last.count >= Self.streamsMax, last[stream] == nil {
      last.removeAll()
      forgotten = newest
    }
    last[stream] = newest
    return newest
  }

  /// Whether what was let in for the stream when `number` was the newest does not hold any more.
  func isRevoked(_ stream: String, since number: UInt64) -> Bool { last[stream] ?? forgotten > number }
}
