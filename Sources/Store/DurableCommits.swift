import Synchronization

/// Makes commits durable after they were made.
protocol CommitSync: Sendable {
  /// Returns when all that was committed before would survive a power cut.
  /// - Throws: when it may not; asking again proves nothing then.
  func sync() throws
}

/// Which commits of this process are durable: between a commit, which every reader sees, and its sync, it is not.
///
/// One commit at a time is on its way: the next is made when the one before it is durable.
final class DurableCommits: Sendable {
  private struct State {
    var isUnderWay = false
    var fault: StoreFault?
    var waiting: [@Sendable (StoreFault?) -> Void] = []
  }

  private let state = Mutex(State())

  /// From now on a commit may be seen that is not durable.
  func begin() { state.withLock { $0.isUnderWay = true } }

  /// It is durable, or was not made; or, with a fault, never will be.
  func ended(_ fault: StoreFault?) {
    let (waiting, known) = state.withLock { state in
      state.isUnderWay = false
      if let fault { state.fault = fault }
      defer { state.waiting = [] }
      return (state.waiting, state.fault)
    }
    for tell in waiting { tell(known) }
  }

  /// Calls once all that can be seen now is durable: at once, mostly. With a fault when some of it will never be.
  func whenAllAre(_ tell: @escaping @Sendable (StoreFault?) -> Void) {
    let fault: StoreFault?? = state.withLock { state in
      if state.fault == nil, state.isUnderWay {
        state.waiting.append(tell)
        return nil
      }
      return .some(state.fault)
    }
    if let fault { tell(fault) }
  }
}
