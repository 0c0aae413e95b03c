import NIOCore
import Synchronization

/// Lets so many messages of chats through to be written at once; others wait for their turn, in the order in which they
/// came.
///
/// What a crowd says at the same moment, each within their limits, is worth waiting seconds for, and an order is not to
/// wait behind it: on every loop and in the writer's queue there are never more than a few messages in front of one.
final class ChatGate: Sendable {
  enum Entry { case inside, waits, full }

  /// What waits takes memory, and nobody wants to be answered after half a minute.
  static let waitingMax = 4_000

  private struct State {
    var inside = 0
    var waiting = CircularBuffer<@Sendable () -> Void>()
  }

  private let atOnce: Int
  private let state = Mutex(State())

  /// - Parameter atOnce: at least one.
  init(atOnce: Int64) { self.atOnce = max(1, Int(clamping: atOnce)) }

  /// - Parameter turn: called once when it waits, from anywhere, as soon as it is inside.
  func enter(_ turn: @escaping @Sendable () -> Void) -> Entry {
    state.withLock { state in
      if state.inside < atOnce {
        state.inside += 1
        return .inside
      }
      guard state.waiting.count < Self.waitingMax else { return .full }
      state.waiting.append(turn)
      return .waits
    }
  }

  /// For each that was inside, once.
  func leave() {
    let next = state.withLock { state in
      let next = state.waiting.popFirst()
      // The place goes to the next.
      if next == nil { state.inside -= 1 }
      return next
    }
    next?()
  }
}
