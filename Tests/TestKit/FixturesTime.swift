public import Commerce
import Synchronization

/// A clock that stands still until the test moves it.
public final class SettableClock: Sendable {
  private let moment: Mutex<Moment>

  /// 2026-11-20T12:00:00Z unless said otherwise.
  public init(_ moment: Moment = Moment(milliseconds: 1_795_176_000_000)) { self.moment = Mutex(moment) }

  public var now: Moment {
    get { moment.withLock { $0 } }
    set { moment.withLock { $0 = newValue } }
  }

  public func advance(milliseconds: Int64 = 0, seconds: Int64 = 0, minutes: Int64 = 0, days: Int64 = 0) {
    moment.withLock { moment in
      moment = moment.adding(milliseconds: milliseconds).adding(seconds: seconds + minutes * 60 + days * 86_400)
    }
  }

  /// What the rules read.
  public var wallClock: WallClock { WallClock { self.now } }
}

/// Bytes that are the same in each run of a test: SplitMix64.
public final class SeededEntropy: Sendable {
  private let state: Mutex<UInt64>

  public init(seed: UInt64) { state = Mutex(seed) }

  public func next() -> UInt64 {
    state.withLock { state in
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// What the rules draw from.
  public var entropy: Entropy {
    Entropy { count in (0..<count).map { _ in UInt8(truncatingIfNeeded: self.next()) } }
  }
}
