import Foundation
import Store
import TestKit
import Testing

@testable import Commerce

/// What Stripe tells of itself: late, twice, out of order, or not at all.
@Suite struct StripeWebhookTests {
  @Test(arguments: Engine.allCases)
  func `the order is paid by an event when the answer was lost, and by none a second time`(
    engine: Engine
  ) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    stall.line.loseAnswers(1)
    #expect(try await stall.pay(placed) == .processing)
    let intent = try await stall.newest()
    #expect(try await stall.deliver(intent, kind: "payment_intent.succeeded", id: "evt_1") == .acted)
    #expect(try await stall.order(placed).state == .paid)
    #expect(try await stall.deliver(intent, kind: "payment_intent.succeeded", id: "evt_1") == .repeated)
    #expect(try await stall.deliver(intent, kind: "payment_intent.succeeded", id: "evt_2") == .acted)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `the same event many times at once is acted on once`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    stall.line.loseAnswers(1)
    _ = try await stall.pay(placed)
    let intent = try await stall.newest()
    let outcomes = try await withThrowingTaskGroup(of: WebhookOutcome.self) { group in
      for _ in 0..<10 {
        group.addTask { try await stall.deliver(intent, kind: "payment_intent.succeeded", id: "evt_1") }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count { $0 == .acted } == 1 && outcomes.count { $0 == .repeated } == 9)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `an event that comes late changes nothing: what Stripe says now is what counts`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    _ = try await stall.pay(placed, method: stall.stripe.method("4000002500003155"))
    let asked = try await stall.newest()
    let payment = asked["id"].string ?? ""
    try await stall.stripe.authenticate(payment, approved: true)
    // The old event overtakes the new one, and already tells of success, for Stripe is asked.
    var failed = asked
    failed["status"] = "requires_payment_method"
    #expect(try await stall.deliver(failed, kind: "payment_intent.payment_failed") == .acted)
    #expect(try await stall.order(placed).state == .paid)
    #expect(try await stall.deliver(asked, kind: "payment_intent.requires_action") == .acted)
    #expect(try await stall.attempts(placed).first?.state == .succeeded)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a typical event asks Stripe nothing, for what it tells is known`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    #expect(try await stall.pay(placed) == .paid)
    let intent = try await stall.newest()
    let before = try await stall.stripe.requests().count { $0.path.hasPrefix("/v1/payment_intents/") }
    #expect(try await stall.deliver(intent, kind: "payment_intent.succeeded") == .acted)
    let after = try await stall.stripe.requests().count { $0.path.hasPrefix("/v1/payment_intents/") }
    #expect(before == after)
  }

  @Test(arguments: Engine.allCases)
  func `an event whose payment Stripe will not show just now is not taken, and comes again`(
    engine: Engine
  ) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    stall.line.loseAnswers(1)
    _ = try await stall.pay(placed)
    let intent = try await stall.newest()
    stall.line.loseAnswers(1)
    await #expect(throws: WebhookRefusal.unanswered) {
      try await stall.deliver(intent, kind: "payment_intent.succeeded", id: "evt_1")
    }
    #expect(try await stall.order(placed).state == .placed)
    #expect(try await stall.deliver(intent, kind: "payment_intent.succeeded", id: "evt_1") == .acted)
    #expect(try await stall.order(placed).state == .paid)
  }

  @Test(arguments: Engine.allCases)
  func `a refund's event ends it, and one that comes back later is told to the operator`(
    engine: Engine
  ) async throws {
    let stall = try await StripeStall(engine)
    let commerce = stall.commerce
    let placed = try await stall.place(2)
    _ = try await stall.pay(placed)
    try await stall.stripe.makeRefunds("pending")
    let refund = try await commerce.refund(
      placed.order.id, by: stall.square.owner, amountMinor: 10_000, reason: "a dent")
    try await stall.stripe.setRefund(refund.providerID, "succeeded")
    var object = try await stall.stripe.object("refunds/\(refund.providerID)")
    #expect(object["metadata"]["refund"].string == "\(refund.id)")
    #expect(try await stall.deliver(object, kind: "refund.updated") == .acted)
    #expect(try await commerce.refunds(placed.order.id, token: placed.access).first?.state == .succeeded)

    // Late news of when it was pending, then the card turns out to be closed.
    object["status"] = "pending"
    #expect(try await stall.deliver(object, kind: "refund.created") == .acted)
    try await stall.stripe.setRefund(refund.providerID, "failed")
    object["status"] = "failed"
    #expect(try await stall.deliver(object, kind: "refund.failed") == .acted)
    #expect(try await commerce.refunds(placed.order.id, token: placed.access).first?.state == .succeeded)
    #expect(stall.log.all.contains { $0.contains("refund_returned") && $0.contains("\(refund.id)") })
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `what is not signed by Stripe about now is refused, and leaves no trace`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    stall.line.loseAnswers(1)
    _ = try await stall.pay(placed)
    let intent = try await stall.newest()
    for age: Int64 in [302, -302, 86_400, -3600] {
      await #expect(throws: WebhookRefusal.tooOld, "signed \(age) s ago") {
        try await stall.deliver(intent, kind: "payment_intent.succeeded", age: age)
      }
    }
    for secret in ["whsec_other", "", StripeStall.webhookSecret + "x"] {
      await #expect(throws: WebhookRefusal.badSignature) {
        try await stall.deliver(intent, kind: "payment_intent.succeeded", secret: secret)
      }
    }
    await #expect(throws: WebhookRefusal.badSignature) {
      try await stall.commerce.receivedWebhook("stripe", headers: [:], body: Array("{}".utf8))
    }
    await #expect(throws: WebhookRefusal.tooLarge) {
      try await stall.commerce.receivedWebhook("stripe", headers: [:], body: [UInt8](repeating: 32, count: 300_000))
    }
    #expect(try await stall.order(placed).state == .placed)
    #expect(try await stall.events() == 0)
    for age: Int64 in [299, -299] { try await stall.deliver(intent, kind: "payment_intent.succeeded", age: age) }
    #expect(try await stall.order(placed).state == .paid)
  }

  @Test func `while the secret is changed both are taken, in either's signature`() async throws {
    let stall = try await StripeStall(.sqlite, secrets: ["whsec_old", "whsec_new"])
    let body = Array(#"{"id":"evt_1","type":"ping","data":{"object":{"object":"ping"}}}"#.utf8)
    let now = stall.square.clock.now
    func signature(_ secret: String) -> String { WebhookSignature.sign(body, secret: secret, at: now) }
    for secret in ["whsec_old", "whsec_new"] {
      let event = try stall.provider.event(headers: ["stripe-signature": signature(secret)], body: body, now: now)
      #expect(event.id == "evt_1" && event.payment == nil)
    }
    // Stripe signs with both for a while.
    let code = signature("whsec_new").split(separator: ",").last ?? ""
    let two = "\(signature("whsec_other")),\(code)"
    #expect(try stall.provider.event(headers: ["Stripe-Signature": two], body: body, now: now).id == "evt_1")
    #expect(throws: WebhookRefusal.badSignature) {
      try stall.provider.event(headers: ["Stripe-Signature": signature("whsec_third")], body: body, now: now)
    }
    let without = try await StripeStall(.sqlite, secrets: ["", ""])
    #expect(throws: WebhookRefusal.badSignature, "an empty secret matches nothing") {
      try without.provider.event(headers: ["Stripe-Signature": signature("")], body: body, now: now)
    }
  }

  @Test(arguments: Engine.allCases)
  func `events of the other mode, of connected accounts and of others' payments are stored and do nothing`(
    engine: Engine
  ) async throws {
    let stall = try await StripeStall(engine)
    let placed = try await stall.place()
    stall.line.loseAnswers(1)
    _ = try await stall.pay(placed)
    var intent = try await stall.newest()
    #expect(try await stall.deliver(intent, kind: "payment_intent.succeeded", live: true) == .ignored)
    #expect(try await stall.deliver(["object": "charge", "id": "ch_1"], kind: "charge.succeeded") == .ignored)
    let real = intent["metadata"]
    intent["metadata"] = ["attempt": .string("\(stall.commerce.makeID(PaymentAttempt.self))")]
    #expect(try await stall.deliver(intent, kind: "payment_intent.succeeded") == .ignored)
    intent["metadata"] = [:]
    #expect(try await stall.deliver(intent, kind: "payment_intent.succeeded") == .ignored)
    #expect(try await stall.order(placed).state == .placed)
    #expect(try await stall.events() == 4)
    intent["metadata"] = real
    #expect(try await stall.deliver(intent, kind: "payment_intent.succeeded") == .acted)
  }

  @Test(arguments: Engine.allCases)
  func `localstripe's own event, over HTTP and signed by it, pays the order`(engine: Engine) async throws {
    let stall = try await StripeStall(engine)
    try await stall.serve { port in
      try await stall.stripe.sendWebhooks(
        to: "http://127.0.0.1:\(port)/webhooks/stripe", secret: StripeStall.webhookSecret)
      let placed = try await stall.place()
      stall.line.loseAnswers(1)
      #expect(try await stall.pay(placed) == .processing)
      // Its own clock has gone on, and so has the age of what it signs.
      while try await stall.order(placed).state == .placed { try await Task.sleep(for: .milliseconds(50)) }
      #expect(try await stall.order(placed).state == .paid)
      let guest = Client(port: port)
      let refused = try await guest.post("/webhooks/stripe", ["id": "evt_forged"])
      #expect(refused.status == 401 && refused.code == "bad_signature")
    }
  }
}

extension StripeStall {
  /// The payment that was made last, as Stripe has it.
  func newest() async throws -> JSON {
    try await stripe.object("payment_intents?limit=1")["data"][0]
  }

  func events() async throws -> Int {
    try await database.read { db in
      try db.row("SELECT COUNT(*) AS count FROM provider_event")?.get("count", as: Int.self) ?? 0
    }
  }
}
