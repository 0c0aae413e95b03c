import NIOCore
import Synchronization

/// Lets so many messages of chats through to be written at once; others wait for their turn, in the order in which they
/// came.
///
/// What a crowd says at the same moment, each within their limits, is worth waiting seconds for, and an order is not to
/// wait behind it. So those who wait are let in together, to share a commit, when all who were inside have left; and not at
/// once, for between two commits of a crowd's there shall be room for others.
final class ChatGate: Sendable {
  enum Entry { case inside, waits, full }

  /// What waits takes memory, and nobody wants to be answered after half a minute.
  static let waitingMax = 4_000

  private struct State {
    var inside = 0
    /// Nobody is inside, and those who wait are let in when it is over.
    var isResting = false
    var waiting = CircularBuffer<@Sendable () -> Void>()
  }

  private let atOnce: Int
  private let rest: @Sendable (_ end: @escaping @Sendable () -> Void) -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - atOnce: at least one.
  ///   - rest: calls what it is given when it is time to let others in: at once, or a little later.
  init(atOnce: Int64, rest: @escaping @Sendable (_ end: @escaping @Sendable () -> Void) -> Void = { $0() }) {
    self.atOnce = max(1, Int(clamping: atOnce))
    self.rest = rest
  }

  /// - Parameter turn: called once when it waits, from anywhere, as soon as it is inside.
  func enter(_ turn: @escaping @Sendable () -> Void) -> Entry {
    state.withLock { state in
      if state.inside == 0, !state.isResting {
        state.inside = 1
        return .inside
      }
      guard state.waiting.count < Self.waitingMax else { return .full }
      state.waiting.append(turn)
      return .waits
    }
  }

  /// For each that was inside, once.
  func leave() {
    let isCrowded = state.withLock { state in
      state.inside -= 1
      guard state.inside == 0, !state.waiting.isEmpty else { return false }
      state.isResting = true
      return true
    }
    if isCrowded { rest { [self] in letIn() } }
  }

  private func letIn() {
    let turns = state.withLock { state in
      state.isResting = false
      let turns = state.waiting.prefix(atOnce)
      state.waiting.removeFirst(turns.count)
      state.inside = turns.count
      return Array(turns)
    }
    for turn in turns { turn() }
  }
}
