internal import NIOCore
internal import Synchronization

/// Between a stream and the connection to one target: takes frames in whatever thread they come, and never waits.
final class RelayFeed: Sendable {
  private struct State {
    var queue: RelayQueue
    var wake: (@Sendable () -> Void)?
    var isAwake = false
    var lastUnit: Int64?
  }
  private let state: Mutex<State>
  private let clock: MediaClock

  init(bytesMax: Int, clock: MediaClock) {
    self.clock = clock
    state = Mutex(State(queue: RelayQueue(bytesMax: bytesMax)))
  }

  func offer(_ tag: FLVTag) {
    let now = clock.now.steady
    let wake: (@Sendable () -> Void)? = state.withLock { state in
      state.queue.offer(tag)
      if case .unit = tag { state.lastUnit = now }
      guard let wake = state.wake, !state.isAwake, !state.queue.isEmpty else { return nil }
      state.isAwake = true
      return wake
    }
    wake?()
  }

  /// A connection is ready: `wake` is called when there is something for it, at most once until `sleep()`.
  func open(wake: @escaping @Sendable () -> Void) {
    state.withLock { state in
      state.queue.restart()
      state.wake = wake
      state.isAwake = false
    }
  }

  func close() {
    state.withLock { state in
      state.queue.restart()
      state.wake = nil
    }
  }

  func next() -> RTMPMessage? { state.withLock { $0.queue.next() } }

  /// The connection has taken all it can. False when something has come meanwhile.
  func sleep(evenIfFull: Bool) -> Bool {
    state.withLock { state in
      guard evenIfFull || state.queue.isEmpty else { return false }
      // Of a full connection, its own writability is what wakes it.
      state.isAwake = evenIfFull
      return true
    }
  }

  var skips: Int { state.withLock { $0.queue.skips } }

  /// Milliseconds since the last frame; nil before the first.
  var silence: Int64? {
    let now = clock.now.steady
    return state.withLock { $0.lastUnit.map { now - $0 } }
  }
}
