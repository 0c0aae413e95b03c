internal import Synchronization

/// A port that becomes known once a server has bound it.
final class BoundPort: Sendable {
  private enum State {
    case pending([CheckedContinuation<Int, Never>])
    case known(Int)
  }

  private let state = Mutex(State.pending([]))

  /// The number, waiting for it; 0 when nothing listens.
  func number() async -> Int {
    await withCheckedContinuation { continuation in
      let known: Int? = state.withLock { state in
        switch state {
        case .known(let number): return number
        case .pending(let others):
          state = .pending(others + [continuation])
          return nil
        }
      }
      if let known { continuation.resume(returning: known) }
    }
  }

  /// The number, if it is known by now.
  var known: Int? {
    state.withLock { state in
      guard case .known(let number) = state else { return nil }
      return number
    }
  }

  func settle(_ number: Int) {
    let waiters: [CheckedContinuation<Int, Never>] = state.withLock { state in
      defer { state = .known(number) }
      if case .pending(let waiters) = state { return waiters }
      return []
    }
    for waiter in waiters { waiter.resume(returning: number) }
  }
}
