import Store
import TestKit
import Testing

@testable import Commerce

/// Sales, payouts and refunds with a Razorpay that answers as it likes, in an order that a seed decides: the same seed,
/// the same run.
struct RouteWorkload {
  let house: RouteHouse
  let seed: UInt64
  private let random: SeededEntropy
  private var sold: [PlacedOrder] = []
  private var isHeld = false
  private var step = 0

  init(_ engine: Engine, seed: UInt64) async throws {
    house = try await RouteHouse(engine)
    self.seed = seed
    random = SeededEntropy(seed: seed &* 37)
  }

  mutating func run(steps: Int) async throws {
    try await sell()
    for step in 0..<steps {
      self.step = step
      try await act()
      if step.isMultiple(of: 10) { try await check() }
    }
    try await end()
  }

  private mutating func act() async throws {
    switch below(100) {
    case 0..<12: try await sell()
    case 12..<24: try await payOut()
    case 24..<52: try await send()
    case 52..<66: try await refund()
    case 66..<74: house.stall.pass(seconds: Int64(below(200)))
    case 74..<80: change()
    case 80..<88: try await endTransfers()
    case 88..<93: try await judge()
    case 93..<97: try await hold()
    default: try await tellAgain()
    }
  }

  private mutating func sell() async throws {
    try await house.commerce.receiveStock(
      by: house.owner, variant: house.stall.square.lampVariant, count: 2, note: "seed")
    sold.append(try await house.settle())
  }

  /// Nothing is held for long, or little would be sent.
  private mutating func payOut() async throws {
    if isHeld { try await hold() }
    try await house.prepare()
    try await send()
  }

  /// Answers are lost before or after the deed, Razorpay is out of order or refuses, or all goes well.
  private func send() async throws {
    let razorpay = house.razorpay
    // What was asked for a minute ago is asked for again.
    if below(2) == 0 { house.stall.pass(seconds: 61) }
    switch below(9) {
    case 0, 1: razorpay.loseAnswers(below(3) + 1, after: below(5))
    // The code's payments and the payment's transfers are looked up first: what is lost is that it was done.
    case 5, 6: razorpay.loseAnswers(1, after: 2)
    case 2: razorpay.fail(503, "", times: below(6) + 1)
    case 3:
      razorpay.fail(
        400, #"{"error":{"code":"BAD_REQUEST_ERROR","description":"The id provided does not exist"}}"#,
        times: below(2) + 1)
    case 4: razorpay.fail(200, "<html>", times: below(3) + 1)
    default: break
    }
    try await house.commerce.sendPayouts()
    razorpay.calm()
  }

  private func refund() async throws {
    guard let order = pick(sold.suffix(6)) else { return }
    do {
      try await house.refund(order, below(3) == 0 ? nil : Int64(below(Int(order.order.total.minor)) + 1))
    } catch is RefundRefusal {
    }
  }

  private func change() {
    let (fee, balance, isOn, isSettled, status) = (
      Double([0, 0, 5_000, 200_000][below(4)]), below(3) == 0 ? 100.0 : nil, below(3) > 0, below(4) == 0,
      below(3) == 0 ? "pending" : "processed"
    )
    house.razorpay.change { route in
      route.fee = fee
      route.balance = balance
      route.areDirectTransfersOn = isOn
      route.isSettled = isSettled
      route.transferStatus = status
      route.isSilent = fee == 5_000
    }
  }

  /// What was pending ends one way or the other; an event tells of it, early, twice or never.
  private func endTransfers() async throws {
    for transfer in house.razorpay.transfers where transfer["status"] == "pending" {
      let isDone = below(3) > 0
      let kind = isDone ? "processed" : "failed"
      if below(4) == 0 { try await house.tellTransfer(kind, transfer) }
      house.razorpay.end(
        transfer: transfer["id"].string ?? "", as: kind, reason: isDone ? nil : "insufficient_balance")
      for _ in 0..<below(3) { try await house.tellTransfer(kind, transfer) }
    }
  }

  private func judge() async throws {
    let state = ["activated", "activated", "activated", "suspended", "needs_clarification"][below(5)]
    house.razorpay.judge(state)
    guard below(3) > 0 else { return }
    // What was not taken Razorpay would send again; here it never does.
    do { try await house.tellProduct(state) } catch WebhookRefusal.unanswered {}
  }

  private mutating func hold() async throws {
    isHeld.toggle()
    if isHeld {
      try await house.commerce.holdPayouts(of: house.payee, by: house.operator, reason: "seed")
    } else {
      try await house.commerce.releasePayouts(of: house.payee, by: house.operator)
    }
  }

  private func tellAgain() async throws {
    do { try await house.tell() } catch is PayoutRefusal {}
    // A bank account that was told anew waits, and nobody does here.
    try await house.run("UPDATE payout_destination SET usable_ms = 0")
  }

  /// Razorpay comes to its senses, and everything arrives.
  private mutating func end() async throws {
    house.razorpay.calm()
    house.razorpay.change { route in
      (route.fee, route.balance, route.areDirectTransfersOn) = (0, nil, true)
      (route.isSettled, route.isSilent, route.transferStatus) = (false, false, "processed")
    }
    house.razorpay.judge("activated")
    if isHeld { try await hold() }
    for _ in 0..<6 {
      house.stall.pass(seconds: 3_700)
      try await house.tellProduct("activated")
      for transfer in house.razorpay.transfers where transfer["status"] == "pending" {
        house.razorpay.end(transfer: transfer["id"].string ?? "", as: "processed")
      }
      while try await house.commerce.reconcilePayments() > 0 {}
      try await house.prepare()
      while try await house.commerce.sendPayouts() > 0 {}
    }
    try await check()
    let open = try await house.number(
      """
      SELECT (SELECT COUNT(*) FROM payout_transfer WHERE state = 'pending')
        + (SELECT COUNT(*) FROM payout_reversal WHERE state = 'pending') AS number
      """)
    expect(open == 0, "\(open) transfers and reversals never ended")
    let (ours, theirs) = (try await sentByBooks(), sentByRazorpay)
    expect(ours == theirs, "the books say \(ours) was sent, Razorpay \(theirs)")
    let onItsWay = try await house.number(
      "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) AS number FROM ledger_entry WHERE account = 'payouts'")
    expect(onItsWay == 0, "\(onItsWay) is on its way for ever")
  }

  private func check() async throws {
    let differences = try await house.stall.audit()
    expect(differences == [], "\(differences)")
    let keys = house.razorpay.transfers.map { $0["notes"]["transfer"].string ?? "" }
    expect(Set(keys).count == keys.count, "one was made twice")
    let back = house.razorpay.reversals.map { $0["notes"]["reversal"].string ?? "" }
    expect(Set(back).count == back.count, "one was taken back twice")
  }

  /// What was sent less what was taken back.
  private func sentByBooks() async throws -> Int64 {
    try await house.number(
      """
      SELECT CAST(
        (SELECT COALESCE(SUM(amount_minor), 0) FROM payout_transfer WHERE state = 'sent')
        - (SELECT COALESCE(SUM(amount_minor), 0) FROM payout_reversal WHERE state = 'done') AS BIGINT) AS number
      """)
  }

  private var sentByRazorpay: Int64 {
    house.razorpay.transfers.filter { $0["status"] != "failed" }.reduce(0) {
      $0 + Int64(($1["amount"].number ?? 0) - ($1["amount_reversed"].number ?? 0))
    }
  }

  private func expect(_ isSo: Bool, _ what: String, at location: SourceLocation = #_sourceLocation) {
    #expect(isSo, "\(what) — seed \(seed), step \(step)", sourceLocation: location)
  }

  private func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

  private func pick<Item>(_ items: some Collection<Item>) -> Item? {
    items.isEmpty ? nil : items[items.index(items.startIndex, offsetBy: below(items.count))]
  }
}
