@testable import Commerce
import Store
import TestKit
import Testing

@Suite struct PaymentsTests {
  @Test(arguments: Engine.allCases)
  func `a paid order has sold its stock and is split in the books`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place(stall.bag(2))
    #expect(try await stall.pay(placed) == .paid)
    let order = try await stall.order(placed)
    #expect(order.state == .paid)
    #expect(order.paid == stall.clock.now)
    #expect(try await stall.stock() == StockLevel(onHand: 8, reserved: 0))
    let entries = try await stall.database.read { db in try Ledger.balances(in: db) }
    // 259 800 with 39 631 of tax in it (half to even of 39 630.5…), 10 % of 220 169 is 22 016.9.
    #expect(
      entries.map { "\($0.account) \($0.amount.minor)" } == [
        "commission 22017", "provider:sandbox -259800", "seller:\(stall.channel) 198152", "tax:IN 39631",
      ])
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a declined card leaves the order to be paid with another`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    let cards = [
      ("4000 0000 0000 0002", "card_declined"), ("4000 0000 0000 9995", "insufficient_funds"),
      ("4000-0000-0000-0069", "expired_card"), ("4000000000000127", "incorrect_cvc"),
    ]
    for (index, (number, code)) in cards.enumerated() {
      let card = try await stall.sandbox.makeMethod(number: number, expMonth: 12, expYear: 2030, cvc: "123")
      let outcome = try await stall.pay(placed, method: card.id, key: "\(index)")
      guard case .declined(code, _) = outcome else {
        Issue.record("\(number) was \(outcome)")
        continue
      }
    }
    #expect(try await stall.order(placed).state == .placed)
    #expect(try await stall.pay(placed, method: "pm_unknown", key: "x") != .paid)
    #expect(try await stall.pay(placed, key: "last") == .paid)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a second step is confirmed at the provider, and its webhook pays the order`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    let card = try await stall.sandbox.makeMethod(
      number: "4000 0025 0000 3155", expMonth: 1, expYear: 2031, cvc: "999")
    guard case .requiresAction(let url) = try await stall.pay(placed, method: card.id) else {
      Issue.record("no second step")
      return
    }
    let payment = try #require(url.split(separator: "/").last.map(String.init))
    try await stall.deliverWebhooks()
    #expect(try await stall.order(placed).state == .placed)
    let page = try await stall.sandbox.authentication(payment)
    #expect(page?.reference == placed.order.number)
    #expect(page?.isOpen == true)
    try await stall.sandbox.authenticate(payment, approved: true)
    try await stall.sandbox.authenticate(payment, approved: false)
    #expect(try await stall.order(placed).state == .placed)
    try await stall.deliverWebhooks()
    #expect(try await stall.order(placed).state == .paid)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a buyer back before the webhook sees the order paid when the provider is asked`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    guard case .requiresAction(let url) = try await stall.pay(placed, method: "pm_card_authenticationRequired") else {
      Issue.record("no second step")
      return
    }
    try await stall.sandbox.authenticate(String(url.split(separator: "/").last ?? ""), approved: true)
    #expect(try await stall.commerce.refreshPayment(placed.order.id, token: placed.access).state == .paid)
    try await stall.deliverWebhooks()
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a refused second step is a decline`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    guard case .requiresAction(let url) = try await stall.pay(placed, method: "pm_card_authenticationRequired") else {
      Issue.record("no second step")
      return
    }
    try await stall.sandbox.authenticate(String(url.split(separator: "/").last ?? ""), approved: false)
    try await stall.deliverWebhooks()
    #expect(
      try await stall.pay(placed, method: "pm_card_authenticationRequired")
        == .declined(
          code: "authentication_failed",
          sentence: "The payment was not confirmed. Try again, or with another card."))
    #expect(try await stall.pay(placed, key: "2") == .paid)
  }

  @Test(arguments: Engine.allCases)
  func `a slow card is processing until its webhook comes`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    let card = try await stall.sandbox.makeMethod(
      number: "4000000000000077", expMonth: 12, expYear: 2030, cvc: "123")
    #expect(try await stall.pay(placed, method: card.id) == .processing)
    #expect(try await refusal { try await stall.pay(placed, key: "2") } == "payment_under_way")
    #expect(try await stall.deliverWebhooks() == 0)
    stall.clock.advance(seconds: 5)
    #expect(try await stall.deliverWebhooks() == 1)
    #expect(try await stall.order(placed).state == .paid)
  }

  @Test(arguments: Engine.allCases)
  func `the same try again asks for no more money`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    for _ in 0..<3 { #expect(try await stall.pay(placed, key: "k") == .paid) }
    #expect(try await stall.pay(placed, key: "another") == .paid)
    #expect(try await stall.number("SELECT COUNT(*) FROM sandbox_payment") == 1)
  }

  @Test(arguments: Engine.allCases)
  func `many tries at once take the money once`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<20 {
        group.addTask { _ = try await refusal { try await stall.pay(placed, key: "\(index)") } }
      }
      try await group.waitForAll()
    }
    #expect(try await stall.order(placed).state == .paid)
    #expect(try await stall.number("SELECT COUNT(*) FROM sandbox_payment") == 1)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `an answer that was lost is asked for a minute later`(engine: Engine) async throws {
    let stall = try await Stall(engine, behaviour: SandboxBehaviour(lostAnswersPercent: 100))
    let placed = try await stall.place()
    #expect(try await stall.pay(placed) == .processing)
    #expect(try await stall.order(placed).state == .placed)
    // The program ends here; another one, whose provider answers, starts.
    let sandbox = SandboxProvider(
      database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 2).entropy,
      secret: "whsec_test")
    let commerce = Commerce(
      database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 3).entropy,
      providers: PaymentProviders([sandbox]))
    #expect(try await commerce.reconcilePayments() == 0)
    stall.clock.advance(seconds: 60)
    #expect(try await commerce.reconcilePayments() == 1)
    #expect(try await commerce.reconcilePayments() == 0)
    #expect(try await stall.order(placed).state == .paid)
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a request that never arrived is closed, and the buyer tries again`(engine: Engine) async throws {
    let stall = try await Stall(engine, behaviour: SandboxBehaviour(failuresPercent: 100))
    let placed = try await stall.place()
    #expect(try await stall.pay(placed) == .processing)
    let sandbox = SandboxProvider(
      database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 2).entropy,
      secret: "whsec_test")
    let commerce = Commerce(
      database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 3).entropy,
      providers: PaymentProviders([sandbox]))
    stall.clock.advance(seconds: 60)
    #expect(try await commerce.reconcilePayments() == 1)
    #expect(
      try await commerce.pay(placed.order.id, method: "pm_card_visa", key: "2", token: placed.access) == .paid)
  }

  @Test(arguments: Engine.allCases)
  func `a payment that comes after the order expired is refunded by itself`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    guard case .requiresAction(let url) = try await stall.pay(placed, method: "pm_card_authenticationRequired") else {
      Issue.record("no second step")
      return
    }
    stall.clock.advance(seconds: 601)
    #expect(try await stall.commerce.expireOrders() == 1)
    try await stall.sandbox.authenticate(String(url.split(separator: "/").last ?? ""), approved: true)
    try await stall.deliverWebhooks()
    #expect(try await stall.order(placed).state == .expired)
    #expect(try await stall.number("SELECT CAST(SUM(refunded_minor) AS BIGINT) FROM sandbox_payment") == 134_800)
    let refunds = try await stall.commerce.refunds(placed.order.id, token: placed.access)
    #expect(refunds.map(\.kind) == [.stray])
    #expect(refunds.map(\.state) == [.succeeded])
    #expect(try await stall.stock() == StockLevel(onHand: 10, reserved: 0))
    let balances = try await stall.database.read { db in try Ledger.balances(in: db) }
    #expect(balances.allSatisfy { $0.amount.minor == 0 })
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `an order paid twice keeps one payment and refunds the other`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    guard case .requiresAction(let url) = try await stall.pay(placed, method: "pm_card_authenticationRequired") else {
      Issue.record("no second step")
      return
    }
    // The buyer takes another card, and then confirms the first one after all.
    #expect(try await stall.pay(placed, key: "2") == .paid)
    try await stall.sandbox.authenticate(String(url.split(separator: "/").last ?? ""), approved: true)
    try await stall.deliverWebhooks()
    #expect(try await stall.order(placed).state == .paid)
    #expect(try await stall.number("SELECT CAST(SUM(refunded_minor) AS BIGINT) FROM sandbox_payment") == 134_800)
    #expect(try await stall.order(placed).refunded.minor == 0)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `webhooks that come twice and backwards change nothing more`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    guard case .requiresAction(let url) = try await stall.pay(placed, method: "pm_card_authenticationRequired") else {
      Issue.record("no second step")
      return
    }
    try await stall.sandbox.authenticate(String(url.split(separator: "/").last ?? ""), approved: true)
    let bodies = try await stall.database.read { db in
      try db.rows("SELECT body FROM sandbox_event").map { Array(try $0.get("body", as: String.self).utf8) }
    }
    // Success first, then the news that a second step is needed.
    let backwards = bodies.sorted { a, _ in String(decoding: a, as: UTF8.self).contains("payment.succeeded") }
    var outcomes: [WebhookOutcome] = []
    for body in backwards + backwards {
      let signature = WebhookSignature.sign(body, secret: "whsec_test", at: stall.clock.now)
      outcomes.append(
        try await stall.commerce.receivedWebhook("sandbox", headers: ["Sandbox-Signature": signature], body: body))
    }
    #expect(outcomes == [.acted, .acted, .repeated, .repeated])
    #expect(try await stall.order(placed).state == .paid)
    #expect(try await stall.number("SELECT COUNT(*) FROM ledger_transfer") == 1)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test func `a webhook without a right signature of about now is refused`() async throws {
    let stall = try await Stall(.sqlite)
    let body = Array("{}".utf8)
    let now = stall.clock.now
    func receive(_ signature: String?) async throws -> String? {
      try await refusal {
        try await stall.commerce.receivedWebhook(
          "sandbox", headers: signature.map { ["sandbox-signature": $0] } ?? [:], body: body)
      }
    }
    func sign(_ seconds: Int64, secret: String = "whsec_test") -> String {
      WebhookSignature.sign(body, secret: secret, at: now.adding(seconds: seconds))
    }
    #expect(try await receive(nil) == "bad_signature")
    #expect(try await receive("") == "bad_signature")
    #expect(try await receive("t=1,v1=") == "bad_signature")
    #expect(try await receive("v1=00") == "bad_signature")
    #expect(try await receive(sign(0, secret: "another")) == "bad_signature")
    #expect(try await receive(sign(0, secret: "")) == "bad_signature")
    #expect(try await receive(sign(-301)) == "bad_timestamp")
    #expect(try await receive(sign(301)) == "bad_timestamp")
    // Right, and then the body is looked at.
    #expect(try await receive(sign(-300)) == "unreadable")
    #expect(try await receive(sign(300)) == "unreadable")
    // While a secret is changed there are two.
    let both = sign(0) + ",v1=" + String(repeating: "00", count: 32)
    #expect(try await receive(both) == "unreadable")
    #expect(
      try await refusal { try await stall.commerce.receivedWebhook("stripe", headers: [:], body: body) }
        == "not_found")
  }

  @Test func `a signature is what the standard tools make of it`() {
    // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_abc
    let signature = WebhookSignature.sign(
      Array(#"{"a":1}"#.utf8), secret: "whsec_abc", at: Moment(milliseconds: 1_700_000_000_999))
    #expect(signature == "t=1700000000,v1=3b843bacfb18cc5554542fdcc84d815b399c52758e508a6fcecf0a2af4efea2b")
  }

  @Test func `a webhook that is not taken is sent again, later and later`() async throws {
    let stall = try await Stall(.sqlite)
    _ = try await stall.sell()
    struct Down: Error {}
    for wait: Int64 in [1, 2, 4, 8] {
      #expect(try await stall.sandbox.deliverDue { _, _ in throw Down() } == 0)
      stall.clock.advance(milliseconds: wait * 1000 - 1)
      #expect(try await stall.deliverWebhooks() == 0)
      stall.clock.advance(milliseconds: 1)
    }
    #expect(try await stall.deliverWebhooks() == 1)
    #expect(try await stall.deliverWebhooks() == 0)
  }

  @Test func `only test cards are taken, and no number is kept`() async throws {
    let stall = try await Stall(.sqlite)
    func make(_ number: String, _ month: Int = 12, _ year: Int = 2030, _ cvc: String = "123") async throws -> String? {
      try await refusal {
        try await stall.sandbox.makeMethod(number: number, expMonth: month, expYear: year, cvc: cvc)
      }
    }
    #expect(try await make("4242 4242 4242 4241") == "incorrect_number")
    #expect(try await make("४२४२ ४२४२ ४२४२ ४२४२") == "incorrect_number")
    #expect(try await make("") == "incorrect_number")
    #expect(try await make(String(repeating: "4", count: 100_000)) == "incorrect_number")
    #expect(try await make("4111 1111 1111 1111") == "not_a_test_card")
    #expect(try await make("4242424242424242", 13) == "invalid_expiry")
    #expect(try await make("4242424242424242", 12, 2020) == "invalid_expiry")
    #expect(try await make("4242424242424242", 12, 2030, "12") == "invalid_cvc")
    #expect(try await make("4242424242424242", 12, 2030, "12a") == "invalid_cvc")
    let card = try await stall.sandbox.makeMethod(
      number: "4242 4242 4242 4242", expMonth: 12, expYear: 2030, cvc: "123")
    #expect(card.brand == "Visa")
    #expect(card.last4 == "4242")
    #expect(try await stall.number("SELECT COUNT(*) FROM sandbox_method WHERE id = '4242424242424242'") == 0)
  }
}
