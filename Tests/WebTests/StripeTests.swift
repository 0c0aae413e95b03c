import Foundation
import Store
import TestKit
import Testing

@testable import Commerce

/// Payments by Stripe, against a localstripe that each test starts for itself.
@Suite struct StripeTests {
  @Test(arguments: Engine.allCases)
  func `a card is charged once, in the order's name, and the books are right`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place(2)
    #expect(try await stall.pay(placed) == .paid)
    #expect(try await stall.pay(placed) == .paid)
    #expect(try await stall.order(placed).state == .paid)
    let attempt = try #require(try await stall.attempts(placed).first)
    #expect(attempt.state == .succeeded && attempt.payment.hasPrefix("pi_") && attempt.provider == "stripe")

    let asked = try await stall.stripe.requests()
    #expect(asked.count == 1)
    let request = try #require(asked.first)
    #expect(request.path == "/v1/payment_intents" && request["amount"] == "259800" && request["currency"] == "inr")
    #expect(request["metadata[order]"] == "\(placed.order.id)" && request["metadata[attempt]"] == "\(attempt.id)")
    #expect(request["transfer_group"] == placed.order.number && request["description"] == placed.order.number)
    #expect(request["return_url"] == "https://haat.example/orders/\(placed.order.id)?payment=returned")
    #expect(request.key == "\(placed.order.id)/\(attempt.id)")
    #expect(request.version == StripeSettings.apiVersion)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a declined card leaves the order to be paid with another`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    let declined = try await stall.pay(placed, method: "pm_card_chargeCustomerFail")
    #expect(declined == .declined(code: "card_declined", sentence: "The card was declined. Try another card."))
    let unknown = try await stall.pay(placed, method: "pm_of_nobody", key: "2")
    guard case .declined(code: "payment_method_unknown", _) = unknown else {
      Issue.record("an unknown method was \(unknown)")
      return
    }
    #expect(try await stall.order(placed).state == .placed)
    #expect(try await stall.pay(placed, key: "3") == .paid)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a second step is Stripe's page, and the order is paid when its buyer comes back`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    let method = try await stall.stripe.method("4000002500003155")
    guard case .requiresAction(let url) = try await stall.pay(placed, method: method) else {
      Issue.record("no second step")
      return
    }
    let payment = try #require(try await stall.attempts(placed).first?.payment)
    #expect(url == "\(stall.stripe.url)/_config/bank/\(payment)")
    #expect(try await stall.order(placed).state == .placed)
    let back = try await stall.stripe.authenticate(payment, approved: true)
    #expect(back == "https://haat.example/orders/\(placed.order.id)?payment=returned")
    #expect(try await stall.commerce.refreshPayment(placed.order.id, token: placed.access).state == .paid)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a refused second step is a decline`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    let method = try await stall.stripe.method("4000002500003155")
    _ = try await stall.pay(placed, method: method)
    let payment = try #require(try await stall.attempts(placed).first?.payment)
    try await stall.stripe.authenticate(payment, approved: false)
    #expect(try await stall.commerce.refreshPayment(placed.order.id, token: placed.access).state == .placed)
    guard case .declined(code: "authentication_failed", _) = try await stall.pay(placed, method: method) else {
      Issue.record("the buyer is not told")
      return
    }
    #expect(try await stall.pay(placed, key: "2") == .paid)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `an answer that was lost is found among Stripe's payments, and nothing is charged twice`(
    engine: Engine
  ) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    stall.line.loseAnswers(1)
    #expect(try await stall.pay(placed) == .processing)
    #expect(try await stall.attempts(placed).first?.payment == "")
    #expect(try await stall.pay(placed) == .processing)
    #expect(try await stall.commerce.reconcilePayments() == 0)
    stall.square.clock.advance(seconds: 61)
    #expect(try await stall.commerce.reconcilePayments() == 1)
    #expect(try await stall.order(placed).state == .paid)
    let posts = try await stall.stripe.requests().count { $0.method == "POST" }
    #expect(posts == 1)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a request that never arrived is over a minute later`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    let nowhere = StripeProvider(
      StripeSettings(
        secretKey: StripeStall.secretKey, publishableKey: "", webhookSecrets: [], apiBase: "http://127.0.0.1:1",
        returnURL: { _ in "" }), http: { _ in throw StripeStall.Line.Broken() }, clock: stall.square.clock.wallClock)
    let cut = Commerce(
      database: stall.database, clock: stall.square.clock.wallClock, entropy: stall.square.entropy.entropy,
      providers: PaymentProviders([nowhere]))
    let outcome = try await cut.pay(placed.order.id, method: "pm_card_visa", key: "1", token: placed.access)
    #expect(outcome == .processing)
    stall.square.clock.advance(seconds: 61)
    #expect(try await stall.commerce.reconcilePayments() == 1)
    #expect(try await stall.attempts(placed).first?.failureCode == "not_received")
    #expect(try await stall.pay(placed, key: "2") == .paid)
  }

  @Test(arguments: Engine.allCases)
  func `a second step that nobody takes is given up at Stripe once the order has ended`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    _ = try await stall.pay(placed, method: stall.stripe.method("4000002500003155"))
    let payment = try #require(try await stall.attempts(placed).first?.payment)
    stall.square.clock.advance(seconds: 61)
    #expect(try await stall.commerce.reconcilePayments() == 0)
    #expect(try await stall.stripe.object("payment_intents/\(payment)")["status"] == "requires_action")
    stall.square.clock.advance(minutes: 30)
    #expect(try await stall.commerce.expireOrders() == 1)
    #expect(try await stall.commerce.reconcilePayments() == 1)
    #expect(try await stall.stripe.object("payment_intents/\(payment)")["status"] == "canceled")
    #expect(try await stall.attempts(placed).first?.failureCode == "abandoned")
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `money that comes after the order has ended goes back by itself`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    _ = try await stall.pay(placed, method: stall.stripe.method("4000002500003155"))
    let payment = try #require(try await stall.attempts(placed).first?.payment)
    stall.square.clock.advance(minutes: 30)
    #expect(try await stall.commerce.expireOrders() == 1)
    try await stall.stripe.authenticate(payment, approved: true)
    #expect(try await stall.commerce.reconcilePayments() == 1)
    #expect(try await stall.stripe.object("payment_intents/\(payment)")["latest_charge"]["refunded"] == true)
    #expect(try await stall.order(placed).state == .expired)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a refund is made once at Stripe, however often its answer is lost`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place(2)
    #expect(try await stall.pay(placed) == .paid)
    stall.line.loseAnswers(2)
    let refund = try await stall.commerce.refund(
      placed.order.id, by: stall.square.owner, amountMinor: 50_000, reason: "a dent")
    #expect(refund.state == .pending)
    stall.square.clock.advance(seconds: 61)
    #expect(try await stall.commerce.reconcilePayments() == 0)
    // By now Stripe may have forgotten the key: the refund itself is looked for.
    stall.square.clock.advance(seconds: 25 * 3600)
    #expect(try await stall.commerce.reconcilePayments() == 1)
    let payment = try #require(try await stall.attempts(placed).first?.payment)
    let charge = try await stall.stripe.object("payment_intents/\(payment)")["latest_charge"]
    #expect(charge["amount_refunded"].number == 50_000 && charge["refunds"]["data"].array.count == 1)
    let asked = try await stall.stripe.requests().filter { $0.path == "/v1/refunds" }
    #expect(asked.map(\.method) == ["POST", "POST", "GET"])
    #expect(Set(asked.compactMap(\.key)) == ["\(refund.id)"])
    #expect(asked.first?["payment_intent"] == payment && asked.first?["metadata[refund]"] == "\(refund.id)")
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a refund on its way is asked about by its name until it is there, or has failed`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place(2)
    #expect(try await stall.pay(placed) == .paid)
    try await stall.stripe.makeRefunds("pending")
    for (index, end) in ["succeeded", "failed"].enumerated() {
      let refund = try await stall.commerce.refund(
        placed.order.id, by: stall.square.owner, amountMinor: 10_000, reason: "a dent")
      #expect(refund.state == .pending && refund.providerID.hasPrefix("re_"))
      stall.square.clock.advance(seconds: 61)
      #expect(try await stall.commerce.reconcilePayments() == 0)
      try await stall.stripe.setRefund(refund.providerID, end)
      stall.square.clock.advance(seconds: 61)
      #expect(try await stall.commerce.reconcilePayments() == 1)
      let all = try await stall.commerce.refunds(placed.order.id, token: placed.access)
      #expect(all.last?.state.rawValue == end)
      #expect(try await stall.order(placed).refunded.minor == 10_000, "\(index): what failed can be refunded again")
    }
    #expect(try await stall.stripe.requests().count { $0.method == "POST" && $0.path == "/v1/refunds" } == 2)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `neither the log nor an error has the key, whatever goes wrong`(engine: Engine) async throws {
    let key = "not_a_key_that_is_taken"
    let stall = try await StripeStall(engine, secretKey: key)
    let placed = try await stall.place()
    #expect(try await stall.pay(placed) == .processing)
    stall.square.clock.advance(seconds: 61)
    _ = try await stall.commerce.reconcilePayments()
    #expect(stall.log.all.contains { $0.contains("payment_unanswered") })
    #expect(stall.log.all.allSatisfy { !$0.contains(key) && !$0.contains("pm_card_visa") })
    for call in [{ _ = try await stall.provider.payment("pi_1") }, { _ = try await stall.provider.payment("../x") }] {
      await #expect {
        try await call()
      } throws: { error in
        !"\(error) \(String(reflecting: error))".contains(key)
      }
    }
    var shown = ""
    dump(stall.provider, to: &shown)
    dump(stall.provider.settings, to: &shown)
    let call = OutgoingCall(.get, "http://a", headers: [("Authorization", key)])
    dump(call, to: &shown)
    #expect(!(shown + "\(stall.provider) \(String(reflecting: stall.provider)) \(call)").contains(key))
    #expect(!shown.contains(StripeStall.webhookSecret))
  }
}
