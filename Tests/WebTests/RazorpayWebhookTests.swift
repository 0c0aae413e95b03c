import Foundation
import TestKit
import Testing

@testable import Commerce

/// What Razorpay tells, and what somebody else says in its name.
@Suite struct RazorpayWebhookTests {
  @Test func `only what is signed with one of our secrets is heard`() async throws {
    let stall = try await RazorpayStall(.sqlite, secrets: ["whisper_new", "whisper_old", ""])
    let placed = try await stall.place()
    let code = try await stall.code(placed)
    let payment = stall.razorpay.pay(code)
    let shown = stall.shown(code, payment)
    for secret in ["whisper_else", "", RazorpayStall.keySecret] {
      await #expect(throws: WebhookRefusal.badSignature) {
        try await stall.deliver("qr_code.credited", shown, secret: secret)
      }
    }
    let right = RazorpayProvider.sign([], secret: "whisper_new")
    for signature in ["", "sha256=\(right)", String(right.dropLast()), right + "00", right.uppercased(), "zz"] {
      await #expect(throws: WebhookRefusal.badSignature) {
        try await stall.deliver("qr_code.credited", shown, signature: signature)
      }
    }
    await #expect(throws: WebhookRefusal.badSignature) {
      try await stall.commerce.receivedWebhook("razorpay", headers: [:], body: Array("{}".utf8))
    }
    #expect(try await stall.order(placed).state == .placed)
    #expect(try await stall.deliver("qr_code.credited", shown, secret: "whisper_old") == .acted)
    #expect(try await stall.order(placed).state == .paid)
  }

  @Test func `the signature is the one that the documentation describes`() {
    // HMAC-SHA256 of the body as it is, in hexadecimal; RFC 4231's second test case.
    #expect(
      RazorpayProvider.sign(Array("what do ya want for nothing?".utf8), secret: "Jefe")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }

  @Test func `an event may be a week old, but not of next hour, and is acted on once`() async throws {
    let stall = try await RazorpayStall(.sqlite)
    let placed = try await stall.place()
    let code = try await stall.code(placed)
    let shown = stall.shown(code, stall.razorpay.pay(code))
    for age: Int64 in [-3_600, -302, 8 * 86_400 + 60, 1_000_000_000] {
      await #expect(throws: WebhookRefusal.tooOld, "\(age)") {
        try await stall.deliver("qr_code.credited", shown, age: age)
      }
    }
    #expect(try await stall.deliver("qr_code.credited", shown, id: "e1", age: 7 * 86_400) == .acted)
    #expect(try await stall.deliver("qr_code.credited", shown, id: "e1", age: 7 * 86_400) == .repeated)
    // Without an id of its own, the same body is the same event.
    #expect(try await stall.deliver("qr_code.credited", shown, id: nil, age: 60) == .acted)
    #expect(try await stall.deliver("qr_code.credited", shown, id: nil, age: 60) == .repeated)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `events in any order end in the same state`(engine: Engine) async throws {
    let stall = try await RazorpayStall(engine)
    let placed = try await stall.place()
    let code = try await stall.code(placed)
    let before = stall.shown(code)
    let payment = stall.razorpay.pay(code)
    // The close before the credit, and the making last.
    #expect(try await stall.deliver("qr_code.closed", stall.shown(code)) == .acted)
    #expect(try await stall.order(placed).state == .paid, "what holds is how Razorpay says it stands now")
    #expect(try await stall.deliver("qr_code.credited", stall.shown(code, payment)) == .acted)
    #expect(try await stall.deliver("qr_code.created", before) == .ignored)
    #expect(try await stall.order(placed).state == .paid)
    #expect(try await stall.audit() == [])
  }

  @Test func `an event that lies changes nothing, and one about nothing of ours is taken`() async throws {
    let stall = try await RazorpayStall(.sqlite)
    let placed = try await stall.place()
    let code = try await stall.code(placed)
    var paid = stall.razorpay.pay(code, status: "failed")
    (paid["status"], paid["captured"]) = ("captured", true)
    // It says captured; Razorpay, asked, says that nobody has paid.
    #expect(try await stall.deliver("qr_code.credited", stall.shown(code, paid)) == .acted)
    #expect(try await stall.order(placed).state == .placed)
    for payload: [String: JSON] in [
      [:], ["payment": paid], ["qr_code": ["id": "qr_x", "status": "closed", "notes": []]],
      ["qr_code": ["id": 7]], ["refund": ["id": "rfnd_1", "status": "processed", "notes": ["refund": "nobody's"]]],
      ["refund": ["id": "rfnd_1", "status": "processed", "notes": ["refund": .string("\(placed.order.id)")]]],
    ] { #expect(try await stall.deliver("payment.captured", payload) == .ignored, "\(payload)") }
    for body in ["", "[]", "{}", #"{"event":"x","created_at":"now","payload":{}}"#, "\u{0}"] {
      let bytes = Array(body.utf8)
      await #expect(throws: WebhookRefusal.unreadable, "\(body)") {
        try await stall.commerce.receivedWebhook(
          "razorpay",
          headers: ["x-razorpay-signature": RazorpayProvider.sign(bytes, secret: RazorpayStall.webhookSecret)],
          body: bytes)
      }
    }
    for created in ["-1", "9223372036854775807"] {
      let bytes = Array(#"{"event":"x","created_at":\#(created),"payload":{}}"#.utf8)
      await #expect(throws: WebhookRefusal.tooOld) {
        try await stall.commerce.receivedWebhook(
          "razorpay",
          headers: ["x-razorpay-signature": RazorpayProvider.sign(bytes, secret: RazorpayStall.webhookSecret)],
          body: bytes)
      }
    }
  }
}
