import Synchronization

/// At most so many at once, and then one each so many milliseconds, per key: the generic cell rate algorithm
/// (ITU-T I.371), which needs one number per key.
///
/// It lives in memory, of at most `keysMax` keys: when they are all in use, those that have been quiet long enough to
/// have a whole burst again are forgotten, which changes nothing for them; and if none is, a new key is refused, because
/// then someone is making keys up.
public final class RateLimit: Sendable {
  private let burst: Int64
  private let interval: Int64
  private let keysMax: Int
  private let next = Mutex<[String: Int64]>([:])

  /// - Parameters:
  ///   - burst: how many may come at once, at least 1.
  ///   - everyMilliseconds: how long until one more may come.
  public init(burst: Int, everyMilliseconds: Int64, keysMax: Int = 100_000) {
    self.burst = Int64(max(1, burst))
    interval = max(1, everyMilliseconds)
    self.keysMax = keysMax
  }

  /// Takes one for `key`. Nil when it was there to take, or else the milliseconds to wait for it.
  public func take(_ key: String, at now: Moment) -> Int64? {
    next.withLock { next in
      let time = now.milliseconds
      // Further ahead than this only when the clock was set back, and that is nobody's fault.
      let latest = time + burst * interval
      if next[key] == nil, next.count >= keysMax {
        next = next.filter { $0.value > time && $0.value <= latest }
        guard next.count < keysMax else { return interval }
      }
      let due = min(max(next[key] ?? time, time), latest)
      let wait = due - time - (burst - 1) * interval
      guard wait <= 0 else {
        next[key] = due
        return wait
      }
      next[key] = due + interval
      return nil
    }
  }
}
