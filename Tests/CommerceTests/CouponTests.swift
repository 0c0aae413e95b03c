import Store
import TestKit
import Testing

@testable import Commerce

/// What takes something off an order.
@Suite struct CouponTests {
  /// Two lamps, at ₹1,299 and ₹50.50, and an operator.
  private struct Fair {
    let stall: Stall
    let `operator`: Caller
    var commerce: Commerce { stall.commerce }

    init(_ engine: Engine) async throws {
      stall = try await Stall(engine, prices: [129_900, 5_050], units: 60)
      `operator` = Caller(account: stall.commerce.makeID())
      try await stall.database.write { [stall, account = `operator`.account.unsafelyUnwrapped] db in
        try Stall.insertAccount(account, "op@example.com", at: stall.clock.now, in: db)
        try db.run("UPDATE account SET is_operator = 1 WHERE id = \(account)")
      }
    }

    @discardableResult
    func make(
      _ code: String = "GLOW10", percent: Int64? = 1_000, amount: Int64? = nil, max: Int64? = nil, minimum: Int64 = 0,
      claims: Int64 = 100, perBuyer: Int64 = 100, starts: Moment? = nil, ends: Moment? = nil, isPlatform: Bool = false
    ) async throws -> Coupon {
      try await commerce.makeCoupon(
        commerce.makeID(), by: isPlatform ? `operator` : stall.owner, channel: isPlatform ? nil : stall.channel,
        CouponDraft(
          code: code, market: "IN", percentBasisPoints: amount == nil ? percent : nil, amountMinor: amount,
          discountMaxMinor: max, minimumMinor: minimum, claimsMax: claims, claimsPerBuyerMax: perBuyer, starts: starts,
          ends: ends))
    }

    func bag(_ code: String? = "GLOW10", _ quantities: [Int64] = [1, 1]) -> Bag {
      Bag(
        show: nil, market: "IN",
        lines: zip(stall.offers, quantities).filter { $0.1 > 0 }.map { Bag.Line(offer: $0, quantity: $1) },
        coupon: code)
    }

    func place(_ bag: Bag? = nil, by email: String = "asha@example.com") async throws -> PlacedOrder {
      let asha = Stall.buyer()
      return try await commerce.placeOrder(
        commerce.makeID(), bag ?? self.bag(),
        buyer: Buyer(name: asha.name, email: email, phone: asha.phone, address: asha.address), language: "en")
    }

    func balances() async throws -> [String: Int64] {
      try await stall.database.read { db in
        var sums: [String: Int64] = [:]
        for row in try db.rows(
          "SELECT account, CAST(SUM(amount_minor) AS BIGINT) AS sum FROM ledger_entry GROUP BY account")
        {
          let account: String = try row.get("account")
          sums[account.hasPrefix("seller:") ? "seller" : account] = try row.get("sum")
        }
        return sums
      }
    }
  }

  @Test(arguments: Engine.allCases)
  func `a seller's coupon takes its share off every line, and the seller bears it`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let coupon = try await fair.make()
    let quote = try await fair.commerce.quote(fair.bag(" glow10 "))
    #expect(quote.subtotal.minor == 134_950 && quote.discount.minor == 13_495 && quote.promotion.minor == 0)
    #expect(quote.lines.map(\.discount.minor) == [12_990, 505])
    #expect(quote.total.minor == 134_950 - 13_495 + 4_900)
    // 18 % contained in what is left to pay: 116,910 × 18 ÷ 118 and 4,545 × 18 ÷ 118.
    #expect(quote.lines.map(\.tax.minor) == [17_834, 693])
    #expect(quote.lines.map(\.commission.minor) == [9_908, 385])
    let placed = try await fair.place()
    #expect(placed.order.total == quote.total && placed.order.coupon == coupon.id)
    #expect(try await fair.stall.pay(placed) == .paid)
    #expect(try await fair.stall.order(placed).discount.minor == 13_495)
    #expect(
      try await fair.balances() == [
        "provider:sandbox": -126_355, "tax:IN": 18_527, "commission": 10_293, "seller": 126_355 - 18_527 - 10_293,
      ])
    #expect(try await fair.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `what the platform puts in, the seller has all the same, and it comes back with a refund`(engine: Engine)
    async throws
  {
    let fair = try await Fair(engine)
    let plain = try await fair.place(fair.bag(nil))
    _ = try await fair.stall.pay(plain)
    let before = try await fair.balances()
    try await fair.make(amount: 30_000, isPlatform: true)
    let placed = try await fair.place()
    #expect(placed.order.discount.minor == 30_000 && placed.order.promotion.minor == 30_000)
    #expect(placed.order.total.minor == 134_950 - 30_000 + 4_900)
    _ = try await fair.stall.pay(placed)
    let after = try await fair.balances()
    for account in ["seller", "commission", "tax:IN"] {
      #expect(after[account] == before[account].map { $0 * 2 }, "\(account) as without a coupon")
    }
    #expect(after["promotion"] == -30_000)
    let half = placed.order.total.minor / 3
    _ = try await fair.commerce.refund(placed.order.id, by: fair.stall.owner, amountMinor: half, reason: "scratched")
    #expect(try await fair.balances()["promotion"] == -30_000 + 30_000 * half / placed.order.total.minor)
    #expect(try await fair.commerce.audit().differences == [])
    _ = try await fair.commerce.refund(placed.order.id, by: fair.stall.owner, reason: "broken")
    #expect(try await fair.balances().filter { $0.value != 0 } == before)
    #expect(try await fair.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a coupon is refused clearly, and nothing is held by an order that wanted it`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let clock = fair.stall.clock
    func code(_ code: String, _ quantities: [Int64] = [1, 1]) async throws -> String? {
      try await refusal { try await fair.commerce.quote(fair.bag(code, quantities)) }
    }
    #expect(try await code("NOTHING") == "coupon_unknown")
    try await fair.make("LATER", starts: clock.now.adding(seconds: 10), ends: clock.now.adding(seconds: 20))
    #expect(try await code("LATER") == "coupon_not_started")
    clock.advance(seconds: 10)
    #expect(try await code("LATER") == nil)
    clock.advance(seconds: 10)
    #expect(try await code("LATER") == "coupon_ended")
    try await fair.make("MUCH", minimum: 100_000)
    #expect(try await code("MUCH", [0, 2]) == "coupon_minimum")
    #expect(try await code("MUCH") == nil)
    let stopped = try await fair.make("STOP")
    try await fair.commerce.endCoupon(stopped.id, by: fair.stall.owner)
    clock.advance(milliseconds: 1)
    #expect(try await code("STOP") == "coupon_ended")
    #expect(try await code(String(repeating: "x", count: 101)) == "invalid")
    #expect(try await refusal { try await fair.place(fair.bag("NOTHING")) } == "coupon_unknown")
    #expect(try await fair.stall.stock().reserved == 0)
  }

  @Test(arguments: Engine.allCases)
  func `a coupon takes nothing off a live deal`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    try await fair.make()
    let show = try await fair.stall.liveShow()
    fair.stall.clock.advance(days: 1)
    let deal = try await fair.commerce.openDeal(
      fair.commerce.makeID(), by: fair.stall.owner, show: show,
      DealDraft(
        product: fair.stall.products[0], prices: ["IN": 99_900], durationSeconds: 60, unitsMax: 9, unitsPerBuyerMax: 9))
    let offer: ID<Offer> = try await fair.stall.database.read { db in
      try db.requireRow("SELECT id FROM offer WHERE deal_id = \(deal.id)").get("id")
    }
    let alone = Bag(show: show, market: "IN", lines: [Bag.Line(offer: offer, quantity: 1)], coupon: "GLOW10")
    #expect(try await refusal { try await fair.commerce.quote(alone) } == "coupon_not_for_these")
    let both = Bag(
      show: show, market: "IN", lines: alone.lines + [Bag.Line(offer: fair.stall.offers[1], quantity: 2)],
      coupon: "GLOW10")
    let quote = try await fair.commerce.quote(both)
    #expect(quote.lines.map(\.discount.minor) == [0, 1_010])
    #expect(quote.dealSaving.minor == 30_000 && quote.discount.minor == 1_010)
  }

  @Test(arguments: Engine.allCases)
  func `a rush for a coupon of five gives five, and what is not paid for comes back`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let coupon = try await fair.make(claims: 5, perBuyer: 1)
    let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<40 {
        group.addTask {
          try await refusal { try await fair.place(fair.bag("GLOW10", [1, 0]), by: "b\(number / 2)@example.com") }
            ?? "placed"
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count { $0 == "placed" } == 5)
    #expect(Set(outcomes).isSubset(of: ["placed", "coupon_all_claimed", "coupon_used_up"]))
    #expect(try await fair.stall.stock().reserved == 5)
    #expect(try await fair.commerce.audit().differences == [])
    fair.stall.clock.advance(minutes: 11)
    _ = try await fair.commerce.expireOrders()
    #expect(try await fair.commerce.coupons([coupon.id])[0].left == 5)
    let again = try await fair.place(by: "b1@example.com")
    #expect(try await refusal { try await fair.place(by: " B1@example.com") } == "coupon_used_up")
    _ = try await fair.commerce.cancelOrder(again.order.id, token: again.access)
    _ = try await fair.place(by: "b1@example.com")
    #expect(try await fair.commerce.audit().differences == [])
    try await fair.commerce.endCoupon(coupon.id, by: fair.stall.owner)
    fair.stall.clock.advance(days: 1)
    fair.stall.clock.advance(seconds: 1)
    #expect(try await fair.commerce.forgetCouponBuyers() > 0)
    fair.stall.clock.advance(minutes: 11)
    _ = try await fair.commerce.expireOrders()
    #expect(try await fair.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a coupon is its maker's, and its code is known once in each market`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let commerce = fair.commerce
    let draft = CouponDraft(code: "Glow-10", market: "IN", percentBasisPoints: 1_000, claimsMax: 1)
    func make(_ draft: CouponDraft, by caller: Caller, channel: ID<Channel>?) async throws -> String? {
      try await refusal { try await commerce.makeCoupon(commerce.makeID(), by: caller, channel: channel, draft) }
    }
    #expect(try await make(draft, by: .nobody, channel: fair.stall.channel) == "sign_in_needed")
    #expect(try await make(draft, by: fair.operator, channel: fair.stall.channel) == "not_found")
    #expect(try await make(draft, by: fair.stall.owner, channel: nil) == "not_allowed")
    #expect(try await make(draft, by: fair.stall.owner, channel: fair.stall.channel) == nil)
    #expect(try await make(draft, by: fair.stall.owner, channel: fair.stall.channel) == "coupon_code_taken")
    #expect(try await make(draft, by: fair.operator, channel: nil) == nil)
    let found = try await commerce.quote(fair.bag("glow-10")).coupon
    #expect(found?.channel == fair.stall.channel, "the seller's goes first")
    #expect(try await commerce.coupons(of: fair.stall.channel, by: fair.stall.owner).items.map(\.code) == ["GLOW-10"])
    #expect(try await commerce.coupons(of: nil, by: fair.operator).items.count == 1)
    #expect(try await refusal { try await commerce.coupons(of: nil, by: fair.stall.owner) } == "not_allowed")
    for (wrong, field) in [
      (CouponDraft(code: "A!", market: "IN", amountMinor: 1, claimsMax: 1), "code"),
      (CouponDraft(code: "FINE", market: "IN", claimsMax: 1), "percent"),
      (CouponDraft(code: "FINE", market: "IN", percentBasisPoints: 9_001, claimsMax: 1), "percentBasisPoints"),
      (CouponDraft(code: "FINE", market: "IN", amountMinor: 0, claimsMax: 1), "amountMinor"),
      (CouponDraft(code: "FINE", market: "IN", amountMinor: 1, discountMaxMinor: 1, claimsMax: 1), "discountMaxMinor"),
      (CouponDraft(code: "FINE", market: "IN", amountMinor: 1, claimsMax: 0), "claimsMax"),
      (
        CouponDraft(code: "FINE", market: "IN", amountMinor: 1, claimsMax: 1, claimsPerBuyerMax: 2), "claimsPerBuyerMax"
      ),
      (CouponDraft(code: "FINE", market: "IN", amountMinor: 1, claimsMax: 1, ends: fair.stall.clock.now), "endsAt"),
    ] {
      await #expect {
        _ = try await commerce.makeCoupon(commerce.makeID(), by: fair.stall.owner, channel: fair.stall.channel, wrong)
      } throws: { ($0 as? any Refusal)?.field == field }
    }
  }

  @Test(arguments: Engine.allCases)
  func `a coupon is on every screen until it is taken off or the show ends`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let commerce = fair.commerce
    let show = try await fair.stall.liveShow()
    let (first, second) = (try await fair.make("FIRST"), try await fair.make("SECOND"))
    try await commerce.showCoupon(by: fair.stall.owner, show: show, first.id, mediaTime: 1_000)
    try await commerce.showCoupon(by: fair.stall.owner, show: show, first.id, mediaTime: 1_500)
    try await commerce.showCoupon(by: fair.stall.owner, show: show, second.id, mediaTime: 2_000)
    #expect(try await commerce.liveState(show).coupon?.code == "SECOND")
    try await commerce.showCoupon(by: fair.stall.owner, show: show, nil, mediaTime: 3_000)
    try await commerce.showCoupon(by: fair.stall.owner, show: show, first.id, mediaTime: 4_000)
    let stranger = fair.operator
    #expect(
      try await refusal {
        try await commerce.showCoupon(by: stranger, show: show, nil)
        return 0
      } == "not_found")
    _ = try await commerce.endShow(by: fair.stall.owner, show: show, mediaTime: 5_000)
    let events = try await commerce.numberTimeline(show)
    #expect(events.map(\.kind) == [.couponShown, .couponShown, .couponHidden, .couponShown, .couponHidden, .showEnded])
    #expect(events.map(\.mediaTime) == [1_000, 2_000, 3_000, 4_000, 5_000, 5_000])
    #expect(events[1].detail("code") == "SECOND")
  }

  @Test func `the parts of a discount sum to it, whatever the lines, and leave something to pay`() {
    let random = SeededEntropy(seed: 5)
    let currency = Stall.rupee
    for _ in 0..<5_000 {
      let totals = (0..<Int(random.next() % 6 + 1)).map { _ in
        random.next() % 5 == 0 ? Int64(0) : Int64(random.next() % [9, 1_000, 100_000_000][Int(random.next() % 3)]) + 1
      }
      let whole = totals.reduce(0, +)
      let rate = Rate(basisPoints: Int64(random.next() % 9_000) + 1) ?? .zero
      let amount = Int64(random.next() % 200_000) + 1
      let isRate = random.next() % 2 == 0
      let coupon = Coupon.sample(isRate ? .percent(rate, max: nil) : .amount(Money(minor: amount, currency: currency)))
      let parts = Discounts.parts(of: coupon, from: totals)
      let discount = parts.reduce(0, +)
      #expect(zip(parts, totals).allSatisfy { $0 >= 0 && $0 <= $1 })
      #expect(whole == 0 || discount < whole)
      #expect(discount <= (isRate ? rate.of(whole) : amount))
      #expect(discount * 10 <= whole * 9)
      // No line is a whole minor unit off its exact share.
      for (part, total) in zip(parts, totals) where whole > 0 {
        #expect(abs(Double(part) - Double(total) * Double(discount) / Double(whole)) < 1)
      }
    }
  }
}

extension Coupon {
  fileprivate static func sample(_ value: Value) -> Coupon {
    let entropy = SeededEntropy(seed: 1).entropy
    let now = SettableClock().now
    return Coupon(
      id: ID(at: now, entropy: entropy), channel: nil, code: "SAMPLE", title: "", market: "IN", currency: Stall.rupee,
      value: value, minimum: Money(minor: 0, currency: Stall.rupee), claimsMax: 1, claimsPerBuyerMax: 1, taken: 0,
      starts: now, ends: .never)
  }
}
