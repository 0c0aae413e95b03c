/// One target's time: from 0, and on when the source's own time jumps, as it does when its encoder comes back.
struct RelayClock {
  private static let backwardsMax: Int32 = 1_000
  private static let forwardsMax: Int32 = 10_000
  /// What a jump is taken for: about a frame.
  private static let stepMilliseconds: UInt32 = 20

  private var newest: (source: UInt32, here: UInt32)?

  /// The newest time given.
  var time: UInt32 { newest?.here ?? 0 }

  /// - Parameter timestamp: The source's milliseconds, modulo 2³².
  mutating func time(of timestamp: UInt32) -> UInt32 {
    guard let newest else {
      self.newest = (timestamp, 0)
      return 0
    }
    let delta = Int32(bitPattern: timestamp &- newest.source)
    guard (-Self.backwardsMax...Self.forwardsMax).contains(delta) else {
      let here = newest.here &+ Self.stepMilliseconds
      self.newest = (timestamp, here)
      return here
    }
    // Sound and picture come out of order, but never before the beginning.
    guard delta > 0 else {
      let back = delta.magnitude
      return newest.here >= back ? newest.here - back : 0
    }
    let here = newest.here &+ UInt32(delta.magnitude)
    self.newest = (timestamp, here)
    return here
  }
}
