import Foundation
import Store
import TestKit
import Testing

@testable import Commerce

/// Payments by Razorpay, against a stand-in that answers as its documentation shows.
@Suite struct RazorpayTests {
  @Test(arguments: Engine.allCases)
  func `a buyer pays by a code of the order's total, once, and the books are right`(engine: Engine) async throws {
    let stall = try await RazorpayStall(engine)
    let placed = try await stall.place(2)
    guard case .requiresAction(let link) = try await stall.pay(placed) else {
      Issue.record("no code")
      return
    }
    #expect(link.hasPrefix("upi://pay?"))
    let attempt = try #require(try await stall.attempts(placed).first)
    #expect(attempt.provider == "razorpay" && attempt.payment.hasPrefix("qr_") && attempt.state == .requiresAction)
    let asked = try #require(stall.razorpay.posts.first)
    #expect(asked.path == "/v1/payments/qr_codes" && asked.body["payment_amount"] == 259_800)
    #expect(asked.body["type"] == "upi_qr" && asked.body["usage"] == "single_use" && asked.body["fixed_amount"] == true)
    #expect(
      asked.body["notes"]["attempt"].string == "\(attempt.id)" && asked.body["name"].string == placed.order.number)
    #expect(asked.headers["Authorization"] == "Basic cnpwX3Rlc3Rfb2ZfdGhlX3Rlc3RzOmh1c2hfb2ZfdGhlX3Rlc3Rz")
    let closes = Int64(asked.body["close_by"].number ?? 0)
    #expect(closes * 1000 >= placed.order.expires.milliseconds - 1000)

    // Asked again in whatever way, it is the same code: a second one could be paid as well.
    #expect(try await stall.pay(placed) == .requiresAction(url: link))
    #expect(try await stall.pay(placed, key: "2") == .requiresAction(url: link))
    #expect(stall.razorpay.codes.count == 1)

    let payment = stall.razorpay.pay(attempt.payment)
    #expect(try await stall.deliver("qr_code.credited", stall.shown(attempt.payment, payment)) == .acted)
    #expect(try await stall.order(placed).state == .paid)
    #expect(try await stall.pay(placed, key: "3") == .paid)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `what no webhook told is asked for, by whoever waits and once a minute`(engine: Engine) async throws {
    let stall = try await RazorpayStall(engine)
    let (first, second) = (try await stall.place(), try await stall.place())
    stall.razorpay.pay(try await stall.code(first))
    stall.razorpay.pay(try await stall.code(second))
    #expect(try await stall.commerce.paymentStanding(first.order.id, token: first.access).outcome == .paid)
    stall.pass(seconds: 61)
    #expect(try await stall.commerce.reconcilePayments() == 1)
    #expect(try await stall.order(second).state == .paid)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `an answer that was lost is found among the codes of those minutes, and asked for once`(
    engine: Engine
  ) async throws {
    let stall = try await RazorpayStall(engine)
    let placed = try await stall.place()
    stall.razorpay.loseAnswers(1)
    #expect(try await stall.pay(placed) == .processing)
    stall.pass(seconds: 61)
    #expect(try await stall.commerce.reconcilePayments() == 1)
    let code = try #require(stall.razorpay.codes.first?["id"].string)
    #expect(try await stall.attempts(placed).map(\.payment) == [code])
    stall.razorpay.pay(code)
    #expect(try await stall.commerce.refreshPayment(placed.order.id, token: placed.access).state == .paid)
    #expect(stall.razorpay.codes.count == 1)
    // One that never got there is closed here, and the buyer may try again.
    let other = try await stall.place()
    stall.razorpay.fail(503, "busy")
    #expect(try await stall.pay(other) == .processing)
    #expect(stall.razorpay.codes.count == 1, "what may have been done is not repeated blindly")
    stall.pass(seconds: 61)
    try await stall.commerce.reconcilePayments()
    #expect(try await stall.attempts(other).map(\.state) == [.declined])
    _ = try await stall.code(other, key: "2")
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `an order that ended has its code closed, and money that came all the same goes back`(
    engine: Engine
  ) async throws {
    let stall = try await RazorpayStall(engine)
    let (left, late) = (try await stall.place(), try await stall.place())
    let (leftCode, lateCode) = (try await stall.code(left), try await stall.code(late))
    _ = try await stall.commerce.cancelOrder(left.order.id, token: left.access)
    _ = try await stall.commerce.cancelOrder(late.order.id, token: late.access)
    // Paid in the moment before it is closed.
    stall.razorpay.pay(lateCode)
    stall.pass(seconds: 61)
    try await stall.commerce.reconcilePayments()
    #expect(try await stall.attempts(left).map(\.state) == [.declined])
    #expect(stall.razorpay.codes.first { $0["id"].string == leftCode }?["status"] == "closed")
    #expect(try await stall.attempts(late).map(\.state) == [.succeeded])
    #expect(stall.razorpay.refunds.count == 1 && stall.razorpay.refunds[0]["amount"] == 129_900)
    #expect(try await stall.order(late).state == .cancelled)
    // Told again, and for the first time.
    try await stall.deliver("qr_code.credited", stall.shown(lateCode))
    try await stall.deliver("qr_code.closed", stall.shown(leftCode))
    #expect(stall.razorpay.refunds.count == 1)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a code that was closed unpaid is a decline, and another can be had`(engine: Engine) async throws {
    let stall = try await RazorpayStall(engine)
    let placed = try await stall.place()
    let code = try await stall.code(placed)
    stall.razorpay.close(code)
    // Somebody's app may still be at it.
    stall.razorpay.pay(code, status: "created")
    _ = try await stall.commerce.refreshPayment(placed.order.id, token: placed.access)
    #expect(try await stall.attempts(placed).map(\.state) == [.processing])
    await #expect(throws: PayOrderRefusal.underWay) { try await stall.pay(placed, key: "2") }
    // Paid, but the list of its payments does not know yet: no reason to pay again.
    let soon = try await stall.place()
    stall.razorpay.pay(try await stall.code(soon))
    stall.razorpay.hidePayments(true)
    _ = try await stall.commerce.refreshPayment(soon.order.id, token: soon.access)
    #expect(try await stall.attempts(soon).map(\.state) == [.processing])
    stall.razorpay.hidePayments(false)
    #expect(try await stall.commerce.refreshPayment(soon.order.id, token: soon.access).state == .paid)
    let paid = try await stall.place()
    let other = try await stall.code(paid)
    stall.razorpay.close(other)
    _ = try await stall.commerce.refreshPayment(paid.order.id, token: paid.access)
    guard case .declined(code: "upi_not_paid", _) = try await stall.pay(paid) else {
      Issue.record("the buyer is not told")
      return
    }
    stall.razorpay.pay(try await stall.code(paid, key: "2"))
    #expect(try await stall.commerce.refreshPayment(paid.order.id, token: paid.access).state == .paid)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `money of another amount pays nothing`(engine: Engine) async throws {
    let stall = try await RazorpayStall(engine)
    let placed = try await stall.place()
    let code = try await stall.code(placed)
    let payment = stall.razorpay.pay(code, amount: 100)
    await #expect(throws: PaymentFault.self) {
      try await stall.deliver("qr_code.credited", stall.shown(code, payment))
    }
    #expect(try await stall.order(placed).state == .placed)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a refund is made once, whatever answers were lost, and ends as Razorpay says`(engine: Engine) async throws {
    let stall = try await RazorpayStall(engine)
    let placed = try await stall.place(2)
    stall.razorpay.pay(try await stall.code(placed))
    _ = try await stall.commerce.refreshPayment(placed.order.id, token: placed.access)
    // The payments of the code, its refunds, and then the refund's own answer.
    stall.razorpay.loseAnswers(1, after: 2)
    stall.razorpay.setRefunds("pending")
    let refund = try await stall.commerce.refund(
      placed.order.id, id: stall.commerce.makeID(), by: stall.square.owner, amountMinor: 129_900, reason: "chipped")
    #expect(refund.state == .pending && stall.razorpay.refunds.count == 1)
    stall.pass(seconds: 61)
    try await stall.commerce.reconcilePayments()
    let made = try #require(stall.razorpay.refunds.first)
    #expect(stall.razorpay.refunds.count == 1 && made["receipt"].string == "\(refund.id)")
    #expect(stall.razorpay.posts.last?.headers["X-Refund-Idempotency"] == "\(refund.id)")
    #expect(stall.razorpay.posts.last?.body["speed"] == "normal")
    let id = made["id"].string ?? ""
    // The event is of before: what holds is what Razorpay says now.
    stall.razorpay.end(refund: id, as: "processed")
    #expect(try await stall.deliver("refund.created", ["refund": made]) == .acted)
    #expect(try await stall.commerce.refunds(placed.order.id, by: stall.square.owner).map(\.state) == [.succeeded])
    #expect(try await stall.deliver("refund.processed", ["refund": stall.razorpay.refunds[0]]) == .acted)
    stall.razorpay.setRefunds("failed")
    let other = try await stall.commerce.refund(
      placed.order.id, id: stall.commerce.makeID(), by: stall.square.owner, amountMinor: 100, reason: "late")
    #expect(other.state == .failed)
    #expect(try await stall.order(placed).refunded.minor == 129_900)
    #expect(try await stall.audit() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a refund waits for a balance, and is refused where Razorpay refuses it for good`(engine: Engine) async throws {
    let stall = try await RazorpayStall(engine)
    let placed = try await stall.place()
    stall.razorpay.pay(try await stall.code(placed))
    _ = try await stall.commerce.refreshPayment(placed.order.id, token: placed.access)
    let poor = """
      {"error":{"code":"BAD_REQUEST_ERROR","description":"Your account does not have enough balance to carry out the \
      refund operation.","source":"NA","step":"NA","reason":"NA","metadata":{}}}
      """
    stall.razorpay.fail(400, poor)
    let refund = try await stall.commerce.refund(
      placed.order.id, id: stall.commerce.makeID(), by: stall.square.owner, amountMinor: 100, reason: "chipped")
    #expect(refund.state == .pending)
    stall.pass(seconds: 61)
    try await stall.commerce.reconcilePayments()
    #expect(try await stall.commerce.refunds(placed.order.id, by: stall.square.owner).map(\.state) == [.succeeded])
    #expect(stall.razorpay.refunds.count == 1)
    #expect(try await stall.audit() == [])
  }

  @Test func `nothing is kept, nobody is charged without being there, and only rupees are taken`() async throws {
    let stall = try await RazorpayStall(.sqlite)
    let placed = try await stall.place()
    for method in ["pm_card_visa", "UPI"] {
      await #expect(throws: GeneralRefusal.self) { try await stall.pay(placed, method: method) }
    }
    let owner = stall.square.owner
    let own = try await stall.place(account: owner.account)
    await #expect(throws: PayOrderRefusal.cardsNotKept) {
      try await stall.commerce.pay(own.order.id, method: "upi", saves: true, key: "1", by: owner)
    }
    await #expect(throws: PayOrderRefusal.cardsNotKept) {
      try await stall.commerce.pay(own.order.id, card: stall.commerce.makeID(), key: "1", by: owner)
    }
    await #expect(throws: PayOrderRefusal.cardsNotKept) {
      try await stall.commerce.saveCard(stall.commerce.makeID(), by: owner, method: "upi")
    }
    await #expect(throws: PayOrderRefusal.cardsNotKept) {
      try await stall.commerce.openAuction(
        stall.commerce.makeID(), by: owner, show: stall.square.show.id,
        AuctionDraft(variant: stall.square.lampVariant, market: "IN", openingMinor: 100, durationSeconds: 60))
    }
    let abroad = try await stall.place(market: "US")
    await #expect(throws: PayOrderRefusal.currencyNotTaken("USD")) { try await stall.pay(abroad) }
    #expect(stall.razorpay.asked.isEmpty)
  }

  @Test func `an account without the content of its codes takes no payment, and says why in the log`() async throws {
    let stall = try await RazorpayStall(.sqlite)
    stall.razorpay.turnContentOff()
    let placed = try await stall.place()
    guard case .declined(code: "payment_refused", _) = try await stall.pay(placed) else {
      Issue.record("a code that nobody can see")
      return
    }
    #expect(stall.log.all.contains { $0.contains("image_content_off") })
    stall.razorpay.fail(401, #"{"error":{"code":"BAD_REQUEST_ERROR","description":"Authentication failed"}}"#)
    #expect(try await stall.pay(placed, key: "2") == .processing)
    #expect(stall.log.all.allSatisfy { !$0.contains("hush") })
  }
}
