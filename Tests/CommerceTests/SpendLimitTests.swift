import Store
import TestKit
import Testing

@testable import Commerce

/// Who asked to be held back is held back.
@Suite struct SpendLimitTests {
  private struct Shopper {
    let stall: Stall
    let caller: Caller
    var commerce: Commerce { stall.commerce }

    init(_ engine: Engine) async throws {
      stall = try await Stall(engine, prices: [10_000], units: 99)
      caller = Caller(account: stall.commerce.makeID())
      try await stall.database.write { [stall, account = caller.account.unsafelyUnwrapped] db in
        try Stall.insertAccount(account, "asha@example.com", at: stall.clock.now, in: db)
      }
    }

    /// So many lamps at ₹100, and ₹49 for the parcel.
    func place(_ quantity: Int64 = 1, asGuest: Bool = false) async throws -> PlacedOrder {
      try await commerce.placeOrder(
        commerce.makeID(), stall.bag(quantity), buyer: Stall.buyer(account: asGuest ? nil : caller.account),
        language: "en")
    }

    func limit(_ minor: Int64?, _ period: SpendLimit.Period = .week) async throws {
      _ = try await commerce.setSpendLimit(by: caller, period, currency: Stall.rupee, minor: minor)
    }

    func week() async throws -> SpendLimit? {
      try await commerce.spendLimits(by: caller).first { $0.period == .week }
    }
  }

  @Test(arguments: Engine.allCases)
  func `an order above a limit is refused, and what comes back can be spent again`(engine: Engine) async throws {
    let asha = try await Shopper(engine)
    try await asha.limit(30_000)
    let first = try await asha.place()
    #expect(try await asha.week()?.spent.minor == 14_900)
    _ = try await asha.place()
    #expect(try await refusal { try await asha.place() } == "spend_limit")
    #expect(try await asha.stall.stock().reserved == 2, "what was refused holds nothing")
    _ = try await asha.place(asGuest: true)
    _ = try await asha.commerce.cancelOrder(first.order.id, by: asha.caller)
    let third = try await asha.place()
    _ = try await asha.commerce.pay(third.order.id, method: "pm_card_visa", key: "1", by: asha.caller)
    #expect(try await asha.week()?.left.minor == 200)
    _ = try await asha.commerce.refund(third.order.id, by: asha.stall.owner, amountMinor: 10_000, reason: "scratched")
    #expect(try await asha.week()?.left.minor == 10_200)
    asha.stall.clock.advance(days: 7)
    #expect(try await asha.week()?.spent.minor == 0)
    try await asha.limit(20_000, .day)
    #expect(try await refusal { try await asha.place(2) } == "spend_limit", "the narrowest holds")
  }

  @Test(arguments: Engine.allCases)
  func `a lower limit holds at once, a higher one and none a day later`(engine: Engine) async throws {
    let asha = try await Shopper(engine)
    try await asha.limit(20_000)
    try await asha.limit(90_000)
    #expect(try await asha.week()?.next?.limit?.minor == 90_000)
    #expect(try await refusal { try await asha.place(2) } == "spend_limit")
    asha.stall.clock.advance(days: 1)
    _ = try await asha.place(2)
    try await asha.limit(nil)
    #expect(try await asha.week()?.limit.minor == 90_000)
    try await asha.limit(90_000)
    #expect(try await asha.week()?.next == nil, "the same again takes back what was to come")
    try await asha.limit(nil)
    asha.stall.clock.advance(days: 1)
    #expect(try await asha.week() == nil)
    try await asha.limit(1_000)
    #expect(try await refusal { try await asha.place() } == "spend_limit", "a first limit holds at once")
  }

  @Test(arguments: Engine.allCases)
  func `an order that was placed before a limit was lowered is not paid above it`(engine: Engine) async throws {
    let asha = try await Shopper(engine)
    let placed = try await asha.place()
    try await asha.limit(5_000)
    #expect(
      try await refusal {
        try await asha.commerce.pay(placed.order.id, method: "pm_card_visa", key: "1", by: asha.caller)
      } == "spend_limit")
    #expect(try await asha.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `limits are their own, and have bounds`(engine: Engine) async throws {
    let asha = try await Shopper(engine)
    let euro = try #require(Currency("EUR"))
    func set(_ caller: Caller, _ currency: Currency, _ minor: Int64) async throws -> String? {
      try await refusal {
        try await asha.commerce.setSpendLimit(by: caller, .day, currency: currency, minor: minor)
      }
    }
    #expect(try await set(.nobody, Stall.rupee, 1) == "sign_in_needed")
    #expect(try await set(asha.caller, euro, 1) == "invalid")
    #expect(try await set(asha.caller, Stall.rupee, -1) == "invalid")
    #expect(try await refusal { try await asha.commerce.spendLimits(by: .nobody) } == "sign_in_needed")
    try await asha.limit(0)
    #expect(try await asha.commerce.spendLimits(by: asha.stall.owner).isEmpty)
    #expect(try await refusal { try await asha.place() } == "spend_limit", "nothing is a limit as well")
  }
}
