import Store
import TestKit
import Testing

@testable import Commerce

/// Every request we make, held against the types of Stripe's own library.
@Suite struct StripeParameterTests {
  @Test func `every request is one that Stripe's own library could have made`() async throws {
    let stall = try await StripeStall(.sqlite)
    let placed = try await stall.place(2)
    _ = try await stall.pay(placed, method: "pm_of_nobody", key: "0")
    _ = try await stall.pay(placed, method: "ctoken_of_the_page", key: "1")
    _ = try await stall.pay(placed, method: stall.stripe.method("4000002500003155"), key: "2")
    #expect(try await stall.pay(placed, key: "3") == .paid)
    let attempts = try await stall.attempts(placed)
    let waiting = try #require(attempts.first { $0.state == .requiresAction })
    let paid = try #require(attempts.first { $0.state == .succeeded })
    _ = try await stall.provider.payment(paid.payment)
    #expect(try await stall.provider.payment(attempt: waiting.id)?.id == waiting.payment)
    #expect(try await stall.provider.payment(attempt: stall.commerce.makeID()) == nil)
    #expect(try await stall.provider.cancel(waiting.payment).state == .declined)
    #expect(try await stall.provider.cancel(paid.payment).state == .succeeded)
    let request = RefundRequest(
      payment: paid.payment, amount: paid.amount, key: "a refund", made: stall.square.clock.now)
    let refund = try await stall.provider.refund(request)
    #expect(try await stall.provider.refund(refund.id).state == .succeeded)
    stall.square.clock.advance(days: 2)
    #expect(try await stall.provider.refund(request).id == refund.id)

    let buyer = try await stall.square.person("Keeper")
    let account = try #require(buyer.account)
    let customer = try await stall.provider.makeCustomer(account)
    let kept = try await stall.provider.keep(
      CardRequest(
        setup: stall.commerce.makeID(), account: account, customer: customer,
        method: stall.stripe.method("4242424242424242")))
    let card = try #require(kept.card)
    #expect(kept.state == .succeeded && card.brand == "Visa" && card.last4 == "4242" && card.expYear == 2030)
    #expect(try await stall.provider.setup(kept.id).card == card)
    for isOffSession in [false, true] {
      let payment = try await stall.provider.pay(
        PaymentRequest(
          reference: "H", order: placed.order.id, attempt: stall.commerce.makeID(), amount: paid.amount,
          method: card.method, customer: customer, saves: !isOffSession, isOffSession: isOffSession))
      #expect(payment.state == .succeeded && payment.card == card)
    }
    try await stall.provider.forget(card.method)

    let requests = try await stall.stripe.requests().filter { $0.path != "/v1/payment_methods" }
    let calls = Set(requests.map { "\($0.method) \($0.path.split(separator: "/").dropFirst().first ?? "")" })
    #expect(
      calls == [
        "POST payment_intents", "GET payment_intents", "POST refunds", "GET refunds", "POST customers",
        "POST setup_intents", "GET setup_intents", "POST payment_methods",
      ])
    #expect(requests.contains { $0["off_session"] == "true" && $0["return_url"] == nil })
    #expect(requests.contains { $0["setup_future_usage"] == "off_session" && $0["customer"] == customer })
    #expect(requests.contains { $0["confirmation_token"] == "ctoken_of_the_page" })
    #expect(requests.contains { $0.path.hasSuffix("/cancel") } && requests.contains { $0["created[gte]"] != nil })
    #expect(try Localstripe.check(requests) == [])

    // The check sees what is wrong.
    var wrong = try #require(requests.first)
    wrong.form = wrong.form.filter { $0.first != "currency" } + [["payment_method_types[0]", "card"]]
    #expect(
      try Localstripe.check([wrong]) == [
        "PaymentIntentCreateParams has no payment_method_types", "PaymentIntentCreateParams lacks currency",
      ])
  }

  @Test func `amounts go over in Stripe's units, which are not everywhere ISO's`() throws {
    func money(_ minor: Int64, _ code: String) throws -> Money {
      Money(minor: minor, currency: try #require(Currency(code)))
    }
    for (minor, code, units): (Int64, String, Int64?) in [
      (129_900, "INR", 129_900), (2_999, "USD", 2_999), (500, "JPY", 500), (1_000, "KRW", 1_000), (500, "XOF", 500),
      // No decimals any more, and two at Stripe all the same.
      (500, "ISK", 50_000), (500, "UGX", 50_000),
      // Two in ISO 4217, none at Stripe.
      (50_000, "MGA", 500), (50_010, "MGA", nil),
      // Three, of which Stripe wants the last to be 0.
      (1_230, "KWD", 1_230), (1_234, "KWD", nil), (5_120, "TND", 5_120),
      // Not to be had.
      (1_000, "IQD", nil), (1_000, "LYD", nil), (Int64.max, "ISK", nil),
    ] {
      let amount = try money(minor, code)
      #expect(StripeAmount.units(of: amount) == units, "\(minor) \(code)")
      if let units { #expect(StripeAmount.money(units, amount.currency) == amount, "\(units) \(code) back") }
    }
    #expect(StripeAmount.money(50_050, try #require(Currency("ISK"))) == nil)
  }

  @Test(arguments: Engine.allCases)
  func `an amount that Stripe cannot take is refused before it is asked, and nothing is charged`(
    engine: Engine
  ) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    try await stall.database.write { db in
      _ = try db.run("UPDATE orders SET currency = 'IQD' WHERE id = \(placed.order.id)")
    }
    guard case .declined(code: "payment_refused", _) = try await stall.pay(placed) else {
      Issue.record("an amount in no currency of Stripe's was taken")
      return
    }
    #expect(try await stall.stripe.requests().isEmpty)
    #expect(stall.log.all.contains { $0.contains("payment_refused") && $0.contains("amount_not_payable") })
  }
}
