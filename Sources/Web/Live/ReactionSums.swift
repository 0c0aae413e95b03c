import Commerce

/// The taps of a room: every one is told once and kept once, in whatever order taps, ticks and steps come.
struct ReactionSums {
  private static let secondsMeasured = 10

  /// Of the whole show, also what an earlier process kept.
  private(set) var total: Taps
  /// Since the last tick.
  private var untold = Taps()
  /// Since the last step that was kept.
  private var unkept = Taps()
  /// Of the second that is running, and of those before it.
  private var running: Int64 = 0
  private var seconds: [Int64] = []

  init(total: Taps = Taps()) { self.total = total }

  mutating func add(_ taps: Taps) {
    total.add(taps)
    untold.add(taps)
    unkept.add(taps)
    running += taps.total
  }

  /// What came since the last tick.
  mutating func tick() -> Taps {
    defer { untold = Taps() }
    return untold
  }

  /// What came since the last step.
  mutating func step() -> Taps {
    defer { unkept = Taps() }
    return unkept
  }

  /// Called once a second.
  mutating func endSecond() {
    seconds.append(running)
    if seconds.count > Self.secondsMeasured { seconds.removeFirst() }
    running = 0
  }

  /// Taps a minute, as it went in the last seconds.
  var perMinute: Int64 { seconds.isEmpty ? 0 : seconds.reduce(0, +) * 60 / Int64(seconds.count) }
}
