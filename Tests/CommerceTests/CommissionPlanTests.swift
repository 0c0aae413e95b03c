import Store
import TestKit
import Testing

@testable import Commerce

/// What the platform keeps: by market, category and time, in a channel's first days, and of what is refunded.
@Suite struct CommissionPlanTests {
  /// Two lamps, at ₹1,299 and ₹50.50, and an operator.
  private struct Office {
    let stall: Stall
    let `operator`: Caller
    var commerce: Commerce { stall.commerce }

    init(_ engine: Engine) async throws {
      stall = try await Stall(engine, prices: [129_900, 5_050], units: 60)
      `operator` = Caller(account: stall.commerce.makeID())
      try await stall.database.write { [stall, account = `operator`.account.unsafelyUnwrapped] db in
        try Stall.insertAccount(account, "op@example.com", at: stall.clock.now, in: db)
        try db.run("UPDATE account SET is_operator = 1 WHERE id = \(account)")
        try db.run("UPDATE product SET category = 'Home & Garden > Lighting > Lamps' WHERE id = \(stall.products[0])")
      }
    }

    @discardableResult
    func make(_ draft: CommissionPlanDraft) async throws -> CommissionPlan {
      try await commerce.makeCommissionPlan(commerce.makeID(), by: `operator`, draft)
    }

    /// The rates of both lamps, in basis points.
    func rates() async throws -> [Int64] {
      let quote = try await commerce.quote(
        Bag(show: nil, market: "IN", lines: stall.offers.map { Bag.Line(offer: $0, quantity: 1) }))
      return quote.lines.map(\.commissionRate.basisPoints)
    }
  }

  @Test(arguments: Engine.allCases)
  func `the narrowest category wins, then the plan of the market, then the latest`(engine: Engine) async throws {
    let office = try await Office(engine)
    #expect(try await office.rates() == [1_000, 1_000])
    try await office.make(.init(commissionBasisPoints: 700))
    #expect(try await office.rates() == [700, 700])
    try await office.make(.init(market: "IN", commissionBasisPoints: 600))
    office.stall.clock.advance(seconds: 1)
    try await office.make(.init(commissionBasisPoints: 500))
    #expect(try await office.rates() == [600, 600])
    try await office.make(.init(category: "home & garden >lighting", commissionBasisPoints: 400))
    #expect(try await office.rates() == [400, 600])
    // A category that merely begins with the same letters is another.
    try await office.make(.init(category: "Home & Garden > Light", commissionBasisPoints: 1))
    #expect(try await office.rates() == [400, 600])
    try await office.make(.init(category: "Home & Garden > Lighting > Lamps", commissionBasisPoints: 300))
    office.stall.clock.advance(seconds: 1)
    let latest = try await office.make(
      .init(category: "Home & Garden > Lighting > Lamps", commissionBasisPoints: 250))
    #expect(try await office.rates() == [250, 600])
    try await office.commerce.endCommissionPlan(latest.id, by: office.operator)
    #expect(try await office.rates() == [300, 600])
  }

  @Test(arguments: Engine.allCases)
  func `a plan holds from its start to its end, and an order keeps what it was sold under`(engine: Engine) async throws
  {
    let office = try await Office(engine)
    let now = office.stall.clock.now
    try await office.make(
      .init(commissionBasisPoints: 200, starts: now.adding(seconds: 60), ends: now.adding(seconds: 120)))
    #expect(try await office.rates() == [1_000, 1_000])
    office.stall.clock.advance(seconds: 60)
    #expect(try await office.rates() == [200, 200])
    let placed = try await office.stall.place()
    office.stall.clock.advance(seconds: 60)
    #expect(try await office.rates() == [1_000, 1_000])
    _ = try await office.stall.pay(placed)
    let order = try await office.stall.order(placed)
    #expect(order.lines[0].commissionRate.basisPoints == 200)
    #expect(try await office.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a channel pays the starting rate in its first days`(engine: Engine) async throws {
    let office = try await Office(engine)
    try await office.make(.init(market: "IN", commissionBasisPoints: 800, startingDays: 90, startingBasisPoints: 0))
    #expect(try await office.rates() == [0, 0])
    let terms = try await office.commerce.commissionTerms(of: office.stall.channel, by: office.stall.owner)
    #expect(terms.map(\.rate.basisPoints) == [0])
    #expect(terms.map(\.rateAfterwards.basisPoints) == [800])
    #expect(terms.map(\.startingUntil) == [office.stall.clock.now.adding(seconds: 90 * 86_400)])
    office.stall.clock.advance(days: 90)
    #expect(try await office.rates() == [800, 800])
    let later = try await office.commerce.commissionTerms(of: office.stall.channel, by: office.stall.owner)
    #expect(later.map(\.startingUntil) == [nil])
  }

  /// 1,299.00 with 18 % tax in it: 1,100.85 without; 10 % commission is 110.08 (half to even), the fee 20 % of it 22.02.
  @Test(arguments: Engine.allCases)
  func `the fee of a refund stays with the platform, and the buyer has everything back`(engine: Engine) async throws {
    let office = try await Office(engine)
    try await office.make(.init(market: "IN", commissionBasisPoints: 1_000, refundFeeBasisPoints: 2_000))
    let sold = try await office.stall.sell()
    #expect(sold.order.lines[0].commission.minor == 11_008)
    #expect(sold.order.lines[0].refundFee.minor == 2_202)
    for part in [1, 33_333, 50_000] as [Int64?] + [nil] {
      _ = try await office.commerce.refund(
        sold.order.id, by: office.stall.owner, amountMinor: part, reason: "in parts")
      #expect(try await office.commerce.audit().differences == [])
    }
    #expect(try await office.stall.order(sold).state == .refunded)
    #expect(try await balance("commission", office) == 2_202)
    #expect(try await balance("seller:\(office.stall.channel)", office) == -2_202)
    #expect(try await balance("provider:sandbox", office) == 0)
    #expect(try await balance("tax:IN", office) == 0)
  }

  @Test(arguments: Engine.allCases)
  func `the fee is at most what the plan says for a line, and never more than the commission`(engine: Engine)
    async throws
  {
    let office = try await Office(engine)
    let plan = try await office.make(
      .init(market: "IN", commissionBasisPoints: 1_000, refundFeeBasisPoints: 2_000, refundFeeMaxMinor: 500))
    let capped = try await office.stall.sell()
    #expect(capped.order.lines[0].refundFee.minor == 500)
    try await office.commerce.endCommissionPlan(plan.id, by: office.operator)
    try await office.make(.init(commissionBasisPoints: 1_000, refundFeeBasisPoints: 10_000))
    let whole = try await office.stall.sell()
    #expect(whole.order.lines[0].refundFee == whole.order.lines[0].commission)
    for order in [capped, whole] {
      _ = try await office.commerce.refund(order.order.id, by: office.stall.owner, reason: "all of it")
    }
    #expect(try await balance("commission", office) == 500 + 11_008)
    #expect(try await office.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `only the operator makes and ends plans, and what makes no sense is refused`(engine: Engine) async throws {
    let office = try await Office(engine)
    let draft = CommissionPlanDraft(market: "IN", commissionBasisPoints: 500)
    let commerce = office.commerce
    let id: ID<CommissionPlan> = commerce.makeID()
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.makeCommissionPlan(id, by: office.stall.owner, draft)
    }
    let made = try await commerce.makeCommissionPlan(id, by: office.operator, draft)
    // The same once more is the same plan, and with another body another one.
    #expect(try await commerce.makeCommissionPlan(id, by: office.operator, draft) == made)
    await #expect(throws: IDTaken.self) {
      try await commerce.makeCommissionPlan(id, by: office.operator, .init(commissionBasisPoints: 1))
    }
    await #expect(throws: GeneralRefusal.self) { try await commerce.endCommissionPlan(id, by: office.stall.owner) }
    await #expect(throws: GeneralRefusal.self) { try await commerce.commissionPlans(by: office.stall.owner) }
    let now = office.stall.clock.now
    let nonsense: [CommissionPlanDraft] = [
      .init(commissionBasisPoints: 10_001), .init(commissionBasisPoints: -1),
      .init(market: "XX", commissionBasisPoints: 1),
      .init(commissionBasisPoints: 1, refundFeeMaxMinor: 5), .init(commissionBasisPoints: 1, startingDays: 4_000),
      .init(commissionBasisPoints: 1, starts: now.adding(seconds: -1)),
      .init(commissionBasisPoints: 1, starts: now.adding(seconds: 9), ends: now.adding(seconds: 9)),
      .init(category: String(repeating: "x", count: 201), commissionBasisPoints: 1),
    ]
    for draft in nonsense {
      await #expect(throws: GeneralRefusal.self, "\(draft)") { try await office.make(draft) }
    }
    #expect(try await commerce.commissionPlans(by: office.operator) == [made])
  }

  private func balance(_ account: String, _ office: Office) async throws -> Int64 {
    try await office.stall.number(
      "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger_entry WHERE account = \(account)")
  }
}
