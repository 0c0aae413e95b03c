import Commerce
import Synchronization

/// What was seen a moment ago, to count it once: two sets of hashes, the older of which is dropped when it is old, or
/// when the newer is full. A hash of two things that are not the same is rare, and no harm.
final class RecentOnes: Sendable {
  private struct State {
    var current: Set<Int> = []
    var previous: Set<Int> = []
    var since: Moment?
  }

  private let milliseconds: Int64
  private let most: Int
  private let state = Mutex(State())

  /// - Parameters:
  ///   - milliseconds: how long something is known at least, if there is room; at most twice as long.
  ///   - most: how many are known at most, twice.
  init(milliseconds: Int64, most: Int = 250_000) {
    self.milliseconds = milliseconds
    self.most = most
  }

  /// True for what was not there; it is from now on.
  func add(_ one: some Hashable & Sendable, at now: Moment) -> Bool {
    let hash = one.hashValue
    return state.withLock { state in
      // A clock that was set back begins anew, too.
      let age = state.since.map { now.milliseconds(since: $0) }
      if age.map({ !(0..<milliseconds).contains($0) }) ?? true || state.current.count >= most {
        state.previous = age.map { (0..<2 * milliseconds).contains($0) } ?? false ? state.current : []
        state.current = []
        state.since = now
      }
      guard !state.previous.contains(hash) else { return false }
      return state.current.insert(hash).inserted
    }
  }
}
