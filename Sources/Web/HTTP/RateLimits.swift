import Commerce
import Hummingbird

/// How often one address may do what costs us something. Sign-in has limits of its own, in Commerce, because they go by
/// e-mail address as well.
struct RateLimits: Sendable {
  enum Kind: Sendable { case signUp, orders, chat, writes }

  private let signUp, orders, chat, writes: RateLimit
  private let clock: WallClock

  init(_ limits: WebLimits, clock: WallClock) {
    func limit(_ allowance: Allowance) -> RateLimit {
      RateLimit(burst: Int(clamping: allowance.burst), everyMilliseconds: 60_000 / allowance.perMinute)
    }
    signUp = limit(limits.signUp)
    orders = limit(limits.orders)
    chat = limit(limits.chat)
    writes = limit(limits.writes)
    self.clock = clock
  }

  /// Throws `Problem.tooOften` when `address` has done it too often.
  func take(_ kind: Kind, _ address: String) throws {
    let limit =
      switch kind {
      case .signUp: signUp
      case .orders: orders
      case .chat: chat
      case .writes: writes
      }
    guard let wait = limit.take(address, at: clock.now) else { return }
    throw Problem.tooOften(retryAfterSeconds: (wait + 999) / 1000)
  }
}
