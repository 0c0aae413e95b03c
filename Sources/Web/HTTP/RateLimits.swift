import Commerce
import Hummingbird

/// How often one address may do what costs us something. Sign-in has limits of its own, in Commerce, because they go by
/// e-mail address as well.
struct RateLimits: Sendable {
  enum Kind: Sendable { case signUp, orders, chat, writes }

  /// Taps that one request may bring.
  static let tapsMax: Int64 = 20

  /// How long the same thing of the same viewer and product is one: so long, or up to twice as long.
  static let interestMilliseconds: Int64 = 30_000

  private let signUp, orders, chat, writes, reactions, addressReactions, interest: RateLimit
  private let lately = RecentOnes(milliseconds: interestMilliseconds)
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
    interest = limit(limits.interest)
    self.clock = clock
  }

  /// As many of these taps as one request, the viewer and the address still have: nobody is refused for a quick thumb.
  func clip(_ taps: Taps, viewer: String?, address: String) -> Taps {
    let now = clock.now
    let ofViewer = reactions.take(upTo: min(taps.total, Self.tapsMax), viewer ?? "address \(address)", at: now)
    return taps.clipped(to: addressReactions.take(upTo: ofViewer, address, at: now))
  }

  /// Whether this is to be counted: once for a viewer, a product and a while, and not more than an address may tell of.
  ///
  /// - Parameter newViewer: how a viewer who was not known is from now on.
  func admits(
    _ kind: Interest.Kind, in product: ID<Product>, viewer: String?, newViewer: String? = nil, address: String
  ) -> Bool {
    let now = clock.now
    func isNew(_ who: String) -> Bool { lately.add("\(kind) \(product) \(who)", at: now) }
    let isFirst = isNew(viewer ?? "address \(address)")
    if viewer == nil, let newViewer { _ = isNew(newViewer) }
    return isFirst && interest.take(upTo: 1, address, at: now) == 1
  }

  /// Throws `Problem.tooOften` when `address` has done it too often.
  func take(_ kind: Kind, _ address: String) throws {
    guard let wait = limit(of: kind).take(address, at: clock.now) else { return }
    throw Self.problem(wait)
  }

  /// What `take` would throw now. Takes nothing.
  func refusal(_ kind: Kind, _ address: String) -> Problem? {
    limit(of: kind).wait(address, at: clock.now).map(Self.problem)
  }

  private func limit(of kind: Kind) -> RateLimit {
    switch kind {
    case .signUp: signUp
    case .orders: orders
    case .chat: chat
    case .writes: writes
    }
  }

  private static func problem(_ waitMilliseconds: Int64) -> Problem {
    Problem.tooOften(retryAfterSeconds: (waitMilliseconds + 999) / 1000)
  }
}
