import Store
import TestKit
import Testing

@testable import Commerce

/// A bag with products of several sellers: an order for each, one payment.
@Suite struct PurchaseTests {
  /// A lamp of one seller, a rug and a bowl of another.
  private struct Fair {
    let stall: Stall
    let other: ID<Channel>

    init(_ engine: Engine, policy: Policy = Stall.policy) async throws {
      stall = try await Stall(engine, prices: [129_900, 5_000, 700], policy: policy)
      other = try await stall.split(off: [1, 2])
    }

    func bag(_ quantities: [Int64] = [1, 2, 1], coupon: String? = nil) -> Bag {
      Bag(
        show: nil, market: "IN",
        lines: quantities.enumerated().filter { $1 > 0 }.map { Bag.Line(offer: stall.offers[$0], quantity: $1) },
        coupon: coupon)
    }

    func states(_ placed: PlacedOrder) async throws -> [Order.State] {
      try await stall.commerce.paidTogether(placed.order.id, token: placed.access).map(\.state)
    }

    func balance(_ account: String) async throws -> Int64 {
      try await stall.number(
        "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger_entry WHERE account = \(account)")
    }

    func differences() async throws -> [String] { try await stall.commerce.audit().differences }
  }

  @Test(arguments: Engine.allCases)
  func `a bag is quoted by seller, each with a parcel's shipping of their own`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    // The lamp stands between the other's two.
    let bag = Bag(
      show: nil, market: "IN",
      lines: [(1, 2), (0, 1), (2, 1)].map { Bag.Line(offer: fair.stall.offers[$0], quantity: $1) })
    let quote = try await fair.stall.commerce.quote(bag)
    #expect(quote.sellers.map(\.channel) == [fair.other, fair.stall.channel])
    #expect(quote.sellers.map(\.subtotal.minor) == [10_700, 129_900])
    #expect(quote.sellers.map(\.shipping.minor) == [4_900, 4_900])
    #expect(quote.lines.map(\.offer) == bag.lines.map(\.offer))
    #expect(quote.total.minor == 10_700 + 129_900 + 2 * 4_900)
    #expect(quote.tax.minor == quote.sellers.reduce(0) { $0 + $1.tax.minor })
  }

  @Test(arguments: Engine.allCases)
  func `one payment pays an order of each seller, who each get their own part`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let stall = fair.stall
    let placed = try await stall.place(fair.bag())
    let rugs = try #require(placed.others.first)
    #expect(placed.others.count == 1)
    #expect(placed.order.channel == stall.channel && rugs.channel == fair.other)
    #expect(placed.order.purchase == placed.order.id && rugs.purchase == placed.order.id)
    #expect(try await stall.stock(0).reserved == 1)
    #expect(try await stall.stock(1).reserved == 2)
    #expect(try await stall.pay(placed) == .paid)
    #expect(try await fair.states(placed) == [.paid, .paid])
    // One token opens both, and what is paid together is seen from either.
    #expect(try await stall.commerce.order(rugs.id, token: placed.access).state == .paid)
    #expect(
      try await stall.commerce.paidTogether(rugs.id, token: placed.access).map(\.id) == [placed.order.id, rugs.id])
    #expect(try await stall.number("SELECT COUNT(*) FROM sandbox_payment") == 1)
    #expect(try await fair.balance("provider:sandbox") == -(placed.order.total.minor + rugs.total.minor))
    #expect(try await fair.balance("seller:\(fair.other)") == Split(of: rugs).seller)
    #expect(try await stall.stock(1) == StockLevel(onHand: 8, reserved: 0))
    #expect(try await fair.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `paying through any of the orders pays them all, and once`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let placed = try await fair.stall.place(fair.bag())
    let rugs = try #require(placed.others.first)
    let commerce = fair.stall.commerce
    #expect(try await commerce.pay(rugs.id, method: "pm_card_visa", key: "k", token: placed.access) == .paid)
    #expect(try await commerce.pay(placed.order.id, method: "pm_card_visa", key: "k", token: placed.access) == .paid)
    #expect(try await commerce.pay(placed.order.id, method: "pm_card_visa", key: "l", token: placed.access) == .paid)
    #expect(try await fair.states(placed) == [.paid, .paid])
    #expect(try await fair.stall.number("SELECT COUNT(*) FROM sandbox_payment") == 1)
    #expect(try await commerce.paymentStanding(rugs.id, token: placed.access).outcome == .paid)
  }

  @Test(arguments: Engine.allCases)
  func `all of a bag is held or none of it`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    #expect(try await refusal { try await fair.stall.place(fair.bag([1, 11, 0])) } == "sold_out")
    #expect(try await fair.stall.number("SELECT COUNT(*) FROM orders") == 0)
    #expect(try await fair.stall.stock(0).reserved == 0)
  }

  @Test(arguments: Engine.allCases)
  func `the same bag again is the same orders`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let id: ID<Order> = fair.stall.commerce.makeID()
    let first = try await fair.stall.place(fair.bag(), id: id)
    let again = try await fair.stall.place(fair.bag(), id: id)
    #expect(!again.isNew)
    #expect(again.others.map(\.id) == first.others.map(\.id))
    // The further token opens the others too.
    let rugs = try #require(first.others.first)
    #expect(try await fair.stall.commerce.order(rugs.id, token: again.access).id == rugs.id)
    #expect(try await refusal { try await fair.stall.place(fair.bag([1, 1, 1]), id: id) } == "idempotency_mismatch")
  }

  @Test(arguments: Engine.allCases)
  func `a refund of one order is a part of the payment and leaves the other alone`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let placed = try await fair.stall.sell(fair.bag())
    let rugs = try #require(placed.others.first)
    let refund = try await fair.stall.commerce.refund(rugs.id, by: fair.stall.owner, reason: "moths")
    #expect(refund.state == .succeeded)
    #expect(refund.amount == rugs.total)
    #expect(try await fair.states(placed) == [.paid, .refunded])
    #expect(try await fair.balance("seller:\(fair.other)") == 0)
    #expect(try await fair.balance("provider:sandbox") == -placed.order.total.minor)
    #expect(try await fair.stall.stock(1) == StockLevel(onHand: 10, reserved: 0))
    #expect(try await fair.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a payment that comes after one order was cancelled pays the other and gives back the rest`(
    engine: Engine
  ) async throws {
    let fair = try await Fair(engine)
    let stall = fair.stall
    let placed = try await stall.place(fair.bag())
    let rugs = try #require(placed.others.first)
    let outcome = try await stall.pay(placed, method: "pm_card_authenticationRequired")
    guard case .requiresAction(let url) = outcome else { throw Stall.Unexpected(what: "\(outcome)") }
    // The seller takes back their order alone.
    _ = try await stall.commerce.cancelOrder(rugs.id, by: stall.owner)
    try await stall.sandbox.authenticate(String(url.split(separator: "/").last ?? ""), approved: true)
    try await stall.deliverWebhooks()
    #expect(try await fair.states(placed) == [.paid, .cancelled])
    #expect(try await fair.balance("provider:sandbox") == -placed.order.total.minor)
    #expect(try await fair.balance("buyer:\(rugs.id)") == 0)
    #expect(try await stall.number("SELECT refunded_minor FROM sandbox_payment") == rugs.total.minor)
    #expect(try await fair.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `what was cancelled before is not asked for`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let placed = try await fair.stall.place(fair.bag())
    let rugs = try #require(placed.others.first)
    _ = try await fair.stall.commerce.cancelOrder(rugs.id, by: fair.stall.owner)
    #expect(try await fair.stall.pay(placed) == .paid)
    #expect(try await fair.stall.number("SELECT amount_minor FROM sandbox_payment") == placed.order.total.minor)
    #expect(try await fair.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `its buyer cancels a bag as a whole, and it ends as a whole when nobody pays`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let placed = try await fair.stall.place(fair.bag())
    let rugs = try #require(placed.others.first)
    _ = try await fair.stall.commerce.cancelOrder(rugs.id, token: placed.access)
    #expect(try await fair.states(placed) == [.cancelled, .cancelled])
    let other = try await fair.stall.place(fair.bag())
    fair.stall.clock.advance(seconds: 600)
    #expect(try await fair.stall.commerce.expireOrders() == 2)
    #expect(try await fair.states(other) == [.expired, .expired])
    #expect(try await refusal { try await fair.stall.pay(other) } == "order_expired")
    #expect(try await fair.stall.stock(0) == StockLevel(onHand: 10, reserved: 0))
  }

  @Test(arguments: Engine.allCases)
  func `a coupon goes to the first seller whose order it fits`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let stall = fair.stall
    _ = try await stall.commerce.makeCoupon(
      stall.commerce.makeID(), by: stall.owner, channel: fair.other,
      CouponDraft(code: "RUGS", market: "IN", percentBasisPoints: 1_000, minimumMinor: 5_000, claimsMax: 5))
    let quote = try await stall.commerce.quote(fair.bag(coupon: "rugs"))
    #expect(quote.sellers.map(\.discount.minor) == [0, 1_070])
    #expect(quote.coupon?.code == "RUGS")
    let placed = try await stall.sell(fair.bag(coupon: "RUGS"))
    #expect(placed.order.coupon == nil)
    #expect(placed.others.map(\.couponCode) == ["RUGS"])
    #expect(
      try await refusal { try await stall.commerce.quote(fair.bag([1, 0, 1], coupon: "RUGS")) } == "coupon_minimum")
    #expect(try await refusal { try await stall.commerce.quote(fair.bag(coupon: "NOPE")) } == "coupon_unknown")
    #expect(try await fair.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a spending limit counts the whole bag`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let stall = fair.stall
    _ = try await stall.commerce.setSpendLimit(by: stall.owner, .day, currency: Stall.rupee, minor: 140_000)
    let buyer = Stall.buyer(account: stall.owner.account)
    func place(_ quantities: [Int64]) async throws -> PlacedOrder {
      try await stall.commerce.placeOrder(nil, fair.bag(quantities), buyer: buyer, language: "en")
    }
    // Each is below the limit; together they are above it.
    #expect(try await refusal { try await place([1, 1, 0]) } == "spend_limit")
    #expect(try await refusal { try await place([1, 0, 0]) } == nil)
  }

  @Test(arguments: Engine.allCases)
  func `a bag has so many sellers at most, and none who may not sell`(engine: Engine) async throws {
    var policy = Stall.policy
    policy.bagSellersMax = 1
    let fair = try await Fair(engine, policy: policy)
    #expect(try await refusal { try await fair.stall.place(fair.bag()) } == "too_many_sellers")
    let other = try await Fair(engine)
    let placed = try await other.stall.place(other.bag())
    try await other.stall.run("UPDATE channel SET state = 'suspended' WHERE id = \(other.other)")
    #expect(try await refusal { try await other.stall.place(other.bag()) } == "channel_not_selling")
    #expect(try await refusal { try await other.stall.pay(placed) } == "channel_not_selling")
    #expect(try await other.states(placed) == [.placed, .placed])
  }

  @Test(arguments: Engine.allCases)
  func `a seller's people see their own order of a bag and no other's`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let stall = fair.stall
    let placed = try await stall.sell(fair.bag())
    let rugs = try #require(placed.others.first)
    let member: ID<Account> = stall.commerce.makeID()
    try await stall.database.write { [other = fair.other] db in
      try Stall.insertAccount(member, "rugs@example.com", at: stall.clock.now, in: db)
      try db.run(
        "INSERT INTO member (channel_id, account_id, role, created_ms) VALUES (\(other), \(member), 'owner', 0)")
    }
    let caller = Caller(account: member)
    #expect(try await stall.commerce.paidTogether(rugs.id, by: caller).map(\.id) == [rugs.id])
    #expect(try await refusal { try await stall.commerce.order(placed.order.id, by: caller) } == "not_found")
  }
}
