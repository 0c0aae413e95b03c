import Commerce

/// What is made of the number of viewers, which is looked at once a second.
///
/// The number that is shown rises at once, and falls only when nobody came back for a few seconds: a page that is loaded
/// anew does not make it flicker, and it is never more than there were. Peak and time are those of what was really there.
struct HeadCount {
  private static let secondsHeld = 5
  /// A look that comes later than this says nothing of the time between.
  private static let stepMillisecondsMax: Int64 = 5_000

  private var recent: [Int] = []
  private var last: Moment?
  private(set) var peak: Int64
  /// The time that all viewers watched since the last step that was kept.
  private(set) var unkeptMilliseconds: Int64 = 0
  private(set) var watchedMilliseconds: Int64

  init(peak: Int64 = 0, watchedMilliseconds: Int64 = 0) {
    self.peak = peak
    self.watchedMilliseconds = watchedMilliseconds
  }

  /// The largest number of the last seconds.
  var shown: Int { recent.max() ?? 0 }

  /// - Parameter isLive: only then is it time of the show.
  mutating func look(_ count: Int, at now: Moment, isLive: Bool) {
    recent.append(count)
    if recent.count > Self.secondsHeld { recent.removeFirst() }
    let passed = last.map { now.milliseconds(since: $0) } ?? 0
    last = now
    guard isLive else { return }
    peak = max(peak, Int64(count))
    guard (1...Self.stepMillisecondsMax).contains(passed) else { return }
    let watched = Int64(count) * passed
    unkeptMilliseconds += watched
    watchedMilliseconds += watched
  }

  mutating func step() -> Int64 {
    defer { unkeptMilliseconds = 0 }
    return unkeptMilliseconds
  }
}
