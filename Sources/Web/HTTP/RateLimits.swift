import Commerce
import Hummingbird

/// How often one address may do what costs us something. Sign-in has limits of its own, in Commerce, because they go by
/// e-mail address as well.
struct RateLimits: Sendable {
  enum Kind: Sendable { case signUp, orders, chat, writes }

  /// Taps that one request may bring.
  static let tapsMax: Int64 = 20

  private let signUp, orders, chat, writes, reactions, addressReactions: RateLimit
  private let clock: WallClock

  init(_ limits: WebLimits, clock: WallClock) {
    func limit(_ allowance: Allowance) -> RateLimit {
      RateLimit(burst: Int(clamping: allowance.burst), everyMilliseconds: 60_000 / allowance.perMinute)
    }
    signUp = limit(limits.signUp)
    orders = limit(limits.orders)
    chat = limit(limits.chat)
    writes = limit(limits.writes)
    reactions = limit(limits.reactions)
    addressReactions = limit(limits.addressReactions)
    self.clock = clock
  }

  /// As many of these taps as one request, the viewer and the address still have: nobody is refused for a quick thumb.
  func clip(_ taps: Taps, viewer: String?, address: String) -> Taps {
    let now = clock.now
    let ofViewer = reactions.take(upTo: min(taps.total, Self.tapsMax), viewer ?? "address \(address)", at: now)
    return taps.clipped(to: addressReactions.take(upTo: ofViewer, address, at: now))
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
