import Commerce
import Foundation
import Synchronization
import TestKit

/// Razorpay as its documentation shows it, in the test's own process; nothing of it was ever recorded from Razorpay itself.
///
/// Every answer has the fields of the documented example of its kind, with values of its own: codes with their content
/// (razorpay.com/docs/api/qr-codes/image-content), the payments of a code, refunds, lists and errors.
final class RazorpayStandIn: Sendable {
  struct Asked: Sendable {
    let method: String
    let path: String
    let query: [String: String]
    let body: JSON
    let headers: [String: String]
  }

  struct State {
    var asked: [Asked] = []
    var codes: [JSON] = []
    /// By code.
    var payments: [String: [JSON]] = [:]
    var refunds: [JSON] = []
    var keys: [String: JSON] = [:]
    var lost = (after: 0, count: 0)
    /// What the next calls get instead of an answer.
    var faults: [(status: Int, body: String)] = []
    var hasContent = true
    var arePaymentsHidden = false
    var refundStatus = "processed"
    var count = 0
    var route = Route()
  }

  struct Broken: Error {}

  let state = Mutex(State())
  private let clock: SettableClock

  init(_ clock: SettableClock) { self.clock = clock }

  var asked: [Asked] { state.withLock { $0.asked } }
  var posts: [Asked] { asked.filter { $0.method == "POST" } }
  var codes: [JSON] { state.withLock { $0.codes } }
  var refunds: [JSON] { state.withLock { $0.refunds } }

  /// So many answers are lost on their way back, from now on or after so many more.
  func loseAnswers(_ count: Int, after: Int = 0) { state.withLock { $0.lost = (after, count) } }

  func fail(_ status: Int, _ body: String, times: Int = 1) {
    state.withLock { $0.faults = Array(repeating: (status, body), count: times) }
  }

  /// What was to go wrong, and has not yet, goes well.
  func calm() {
    state.withLock { state in
      state.faults = []
      state.lost = (0, 0)
    }
  }

  func turnContentOff() { state.withLock { $0.hasContent = false } }

  func setRefunds(_ status: String) { state.withLock { $0.refundStatus = status } }

  func end(refund id: String, as status: String) {
    state.withLock { state in
      guard let place = state.refunds.firstIndex(where: { $0["id"].string == id }) else { return }
      state.refunds[place]["status"] = .string(status)
    }
  }

  /// A buyer pays by a code, in their app; gives the payment.
  @discardableResult
  func pay(_ code: String, amount: Double? = nil, status: String = "captured") -> JSON {
    state.withLock { state in
      let found = state.codes.firstIndex { $0["id"].string == code } ?? 0
      state.count += 1
      let isThere = status == "captured"
      let due = amount ?? state.codes[found]["payment_amount"].number ?? 0
      let payment: JSON = [
        "id": .string("pay_HMtDKn3TnF\(state.count)"), "entity": "payment", "amount": .number(due), "currency": "INR",
        "status": .string(status), "order_id": .null, "invoice_id": .null, "international": false, "method": "upi",
        "amount_refunded": 0, "refund_status": .null, "captured": .bool(isThere), "description": "QRv2 Payment",
        "card_id": .null, "bank": .null, "wallet": .null, "vpa": "asha@okbank", "email": "asha@example.com",
        "contact": "+919876543210", "customer_id": .null, "notes": [], "fee": 0, "tax": 0, "error_code": .null,
        "error_description": .null, "error_source": .null, "error_step": .null, "error_reason": .null,
        "acquirer_data": ["rrn": "116514257019"], "created_at": .number(Double(self.seconds)),
      ]
      state.payments[code, default: []].insert(payment, at: 0)
      guard isThere else { return payment }
      state.codes[found]["status"] = "closed"
      state.codes[found]["close_reason"] = "paid"
      state.codes[found]["closed_at"] = .number(Double(self.seconds))
      state.codes[found]["payments_count_received"] = 1
      state.codes[found]["payments_amount_received"] = .number(due)
      return payment
    }
  }

  /// The payments of every code are not in their lists yet, or are.
  func hidePayments(_ areHidden: Bool) { state.withLock { $0.arePaymentsHidden = areHidden } }

  func close(_ code: String, because reason: String = "on_demand") {
    state.withLock { state in _ = Self.close(code, reason, self.seconds, &state) }
  }

  var http: OutgoingHTTP {
    { call in
      let url = URLComponents(string: call.url)
      let asked = Asked(
        method: call.method.rawValue, path: url?.path ?? "",
        query: Dictionary((url?.queryItems ?? []).map { ($0.name, $0.value ?? "") }, uniquingKeysWith: { $1 }),
        body: (try? JSONDecoder().decode(JSON.self, from: Data(call.body))) ?? .null,
        headers: Dictionary(call.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }))
      let answer = self.state.withLock { state -> OutgoingAnswer? in
        state.asked.append(asked)
        if !state.faults.isEmpty {
          let fault = state.faults.removeFirst()
          return OutgoingAnswer(status: fault.status, body: Array(fault.body.utf8))
        }
        let (status, body) = self.answer(asked, &state)
        if state.lost.after > 0 {
          state.lost.after -= 1
        } else if state.lost.count > 0 {
          state.lost.count -= 1
          return nil
        }
        return OutgoingAnswer(status: status, body: Array((try? JSONEncoder().encode(body)) ?? Data()))
      }
      guard let answer else { throw Broken() }
      return answer
    }
  }

  var seconds: Int64 { clock.now.milliseconds / 1000 }

  private func answer(_ asked: Asked, _ state: inout State) -> (Int, JSON) {
    let parts = asked.path.split(separator: "/").dropFirst().map(String.init)
    switch (asked.method, parts.first, parts.count) {
    case ("POST", "payments", 2): return make(asked.body, &state)
    case ("GET", "payments", 2):
      let from = Double(asked.query["from"] ?? "") ?? 0
      let to = Double(asked.query["to"] ?? "") ?? .infinity
      return list(state.codes.filter { (from...to).contains($0["created_at"].number ?? 0) }, asked)
    case (_, "payments", 3) where parts[2] == "transfers", (_, "transfers", _), (_, "accounts", _):
      return answer(ofRoute: asked, parts, &state)
    case ("GET", "payments", 3) where parts[2] == "refunds": return refund(parts[1], asked, &state)
    case ("GET", "payments", 3): return state.codes.first { $0["id"].string == parts[2] }.map { (200, $0) } ?? missing
    case ("POST", "payments", 4):
      guard let code = Self.close(parts[2], "on_demand", seconds, &state) else {
        return Self.error("The QR code is already closed.")
      }
      return (200, code)
    case ("GET", "payments", 4): return list(state.arePaymentsHidden ? [] : state.payments[parts[2]] ?? [], asked)
    case ("POST", "payments", 3): return refund(parts[1], asked, &state)
    case ("GET", "payments", _): return missing
    case ("GET", "refunds", 2): return state.refunds.first { $0["id"].string == parts[1] }.map { (200, $0) } ?? missing
    default: return missing
    }
  }

  var missing: (Int, JSON) { Self.error("The id provided does not exist") }

  static func error(_ text: String, reason: String = "input_validation_failed") -> (Int, JSON) {
    (
      400,
      [
        "error": [
          "code": "BAD_REQUEST_ERROR", "description": .string(text), "source": "business", "step": "payment_initiation",
          "reason": .string(reason), "metadata": [:],
        ]
      ]
    )
  }

  func list(_ all: [JSON], _ asked: Asked) -> (Int, JSON) {
    let (count, skip) = (Int(asked.query["count"] ?? "") ?? 10, Int(asked.query["skip"] ?? "") ?? 0)
    let items = Array(all.dropFirst(skip).prefix(count))
    return (200, ["entity": "collection", "count": .number(Double(items.count)), "items": .array(items)])
  }

  private func make(_ body: JSON, _ state: inout State) -> (Int, JSON) {
    guard body["type"] == "upi_qr", body["usage"] == "single_use", body["fixed_amount"] == true,
      let amount = body["payment_amount"].number, let closes = body["close_by"].number,
      closes >= Double(seconds + 900)
    else { return Self.error("The close by must be at least 15 minutes after current time.") }
    state.count += 1
    let id = "qr_I39xhFWWLO\(state.count)"
    var code: JSON = [
      "id": .string(id), "entity": "qr_code", "created_at": .number(Double(seconds)), "name": body["name"],
      "usage": "single_use", "type": "upi_qr", "image_url": "https://rzp.io/i/67FsPSHWvw",
      "payment_amount": .number(amount), "status": "active", "description": body["description"], "fixed_amount": true,
      "payments_amount_received": 0, "payments_count_received": 0, "notes": body["notes"], "customer_id": .null,
      "close_by": .number(closes),
    ]
    if state.hasContent {
      code["image_content"] = .string(
        "upi://pay?pa=rzr.lamps@icic&pn=Lamps&tr=RZP\(id.dropFirst(3))qrv2&tn=PaymenttoLamps&cu=INR&mc=5811&am=\(amount / 100)"
      )
    }
    state.codes.insert(code, at: 0)
    return (200, code)
  }

  private static func close(_ id: String, _ reason: String, _ seconds: Int64, _ state: inout State) -> JSON? {
    guard let place = state.codes.firstIndex(where: { $0["id"].string == id }),
      state.codes[place]["status"] == "active"
    else { return nil }
    state.codes[place]["status"] = "closed"
    state.codes[place]["close_reason"] = .string(reason)
    state.codes[place]["closed_at"] = .number(Double(seconds))
    return state.codes[place]
  }

  private func refund(_ payment: String, _ asked: Asked, _ state: inout State) -> (Int, JSON) {
    if asked.method == "GET" { return list(state.refunds.filter { $0["payment_id"].string == payment }, asked) }
    let paid = state.payments.values.joined().first { $0["id"].string == payment && $0["captured"] == true }
    guard let paid, let amount = asked.body["amount"].number else { return missing }
    if let key = asked.headers["X-Refund-Idempotency"], let known = state.keys[key] { return (200, known) }
    let gone = state.refunds.filter { $0["payment_id"].string == payment && $0["status"] != "failed" }
      .reduce(0) { $0 + ($1["amount"].number ?? 0) }
    guard gone + amount <= paid["amount"].number ?? 0 else {
      return Self.error("The total refund amount is greater than the refund payment amount")
    }
    state.count += 1
    let refund: JSON = [
      "id": .string("rfnd_FP8QHiV938\(state.count)"), "entity": "refund", "amount": .number(amount),
      "receipt": asked.body["receipt"], "currency": "INR", "payment_id": .string(payment),
      "notes": asked.body["notes"], "acquirer_data": ["arn": .null], "created_at": .number(Double(seconds)),
      "batch_id": .null, "status": .string(state.refundStatus), "speed_processed": "normal",
      "speed_requested": "normal",
    ]
    state.refunds.insert(refund, at: 0)
    for (code, payments) in state.payments {
      guard let place = payments.firstIndex(where: { $0["id"].string == payment }) else { continue }
      state.payments[code]?[place]["amount_refunded"] = .number(gone + amount)
    }
    if let key = asked.headers["X-Refund-Idempotency"] { state.keys[key] = refund }
    return (200, refund)
  }
}
