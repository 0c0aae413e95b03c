import Synchronization

/// How badly the sandbox behaves: slow, failing, its webhooks late, twice and out of order. The same seed gives the same
/// misfortunes in the same order.
public struct SandboxBehaviour: Sendable, Equatable {
  public var seed: UInt64
  /// How long a call takes.
  public var latencyMilliseconds: ClosedRange<Int64>
  /// Calls of a hundred that fail before they had an effect.
  public var failuresPercent: Int
  /// Calls of a hundred that have their effect, and whose answer is lost.
  public var lostAnswersPercent: Int
  /// How late a webhook is. A wide range brings them out of order.
  public var webhookDelayMilliseconds: ClosedRange<Int64>
  /// Webhooks of a hundred that come twice.
  public var duplicatesPercent: Int
  /// How long a slow card takes.
  public var processingMilliseconds: Int64

  public init(
    seed: UInt64 = 1, latencyMilliseconds: ClosedRange<Int64> = 0...0, failuresPercent: Int = 0,
    lostAnswersPercent: Int = 0, webhookDelayMilliseconds: ClosedRange<Int64> = 0...0, duplicatesPercent: Int = 0,
    processingMilliseconds: Int64 = 5000
  ) {
    self.seed = seed
    self.latencyMilliseconds = latencyMilliseconds
    self.failuresPercent = failuresPercent
    self.lostAnswersPercent = lostAnswersPercent
    self.webhookDelayMilliseconds = webhookDelayMilliseconds
    self.duplicatesPercent = duplicatesPercent
    self.processingMilliseconds = processingMilliseconds
  }

  /// At once, and without fail.
  public static let prompt = SandboxBehaviour()

  /// As a provider is on an ordinary day.
  public static let ordinary = SandboxBehaviour(
    latencyMilliseconds: 80...300, webhookDelayMilliseconds: 100...1500, duplicatesPercent: 2)

  /// Everything that may go wrong does, now and then.
  public static func awful(seed: UInt64) -> SandboxBehaviour {
    SandboxBehaviour(
      seed: seed, failuresPercent: 10, lostAnswersPercent: 15, webhookDelayMilliseconds: 0...60_000,
      duplicatesPercent: 40)
  }
}

/// The misfortunes of one behaviour, drawn one after the other.
final class SandboxFortune: Sendable {
  private let behaviour: SandboxBehaviour
  private let state: Mutex<UInt64>

  init(_ behaviour: SandboxBehaviour) {
    self.behaviour = behaviour
    state = Mutex(behaviour.seed)
  }

  enum Call { case fails, losesItsAnswer, works }

  func nextCall() -> Call {
    let draw = Int(next() % 100)
    if draw < behaviour.failuresPercent { return .fails }
    if draw < behaviour.failuresPercent + behaviour.lostAnswersPercent { return .losesItsAnswer }
    return .works
  }

  func nextLatency() -> Int64 { next(in: behaviour.latencyMilliseconds) }
  func nextWebhookDelay() -> Int64 { next(in: behaviour.webhookDelayMilliseconds) }
  func nextIsTwice() -> Bool { Int(next() % 100) < behaviour.duplicatesPercent }

  private func next(in range: ClosedRange<Int64>) -> Int64 {
    guard range.lowerBound < range.upperBound else { return range.lowerBound }
    return range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
  }

  /// SplitMix64.
  private func next() -> UInt64 {
    state.withLock { state in
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }
}

/// What a caller of a failing provider sees.
public struct SandboxSilence: Error, Sendable {}
