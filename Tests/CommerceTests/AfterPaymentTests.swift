import Store
import TestKit
import Testing

@testable import Commerce

/// One order, and whatever can happen to it after its payment, in an order that a seed decides.
@Suite struct AfterPaymentTests {
  @Test(arguments: Engine.allCases, [1, 2, 3, 4, 5, 6] as [UInt64])
  func `whatever happens after payment, each unit and each paisa goes one way`(engine: Engine, seed: UInt64)
    async throws
  {
    var life = try await Life(engine, seed: seed)
    for step in 0..<60 {
      try await life.act()
      if step.isMultiple(of: 6) { try await life.check() }
    }
    try await life.check()
    // Whatever is left goes back, and then everybody has given exactly what they had.
    try await life.end()
    try await life.check()
    let left = try await life.stall.database.read { db in
      try Ledger.balances(in: db).filter { $0.amount.minor != 0 && !$0.account.hasPrefix("seller") }
    }
    // What the platform keeps by the plan, whatever the parts in which it was refunded.
    let fee = life.sold.order.lines.reduce(0) { $0 + $1.refundFee.minor }
    #expect(left.map(\.amount.minor) == [fee] && left.first?.account == "commission", "\(left), seed \(seed)")
  }
}

/// Keeps by itself where every unit is.
private struct Life {
  let stall: Stall
  let sold: PlacedOrder
  let seed: UInt64
  let random: SeededEntropy
  /// By line.
  var toSend: [Int64]
  var shelf: [Int64]
  var happened: [String] = []

  init(_ engine: Engine, seed: UInt64) async throws {
    self.seed = seed
    random = SeededEntropy(seed: seed &* 77)
    var policy = Stall.policy
    policy.refundsPerOrderMax = 1_000
    stall = try await Stall(engine, prices: [10_001, 333, 20_007], seed: seed, policy: policy)
    try await stall.run("UPDATE account SET is_operator = 1")
    let commerce = stall.commerce
    _ = try await commerce.makeCommissionPlan(
      commerce.makeID(), by: stall.owner,
      CommissionPlanDraft(market: "IN", commissionBasisPoints: 777, refundFeeBasisPoints: 3_333))
    _ = try await commerce.makeCoupon(
      commerce.makeID(), by: stall.owner, channel: nil,
      CouponDraft(code: "GIFT", market: "IN", amountMinor: 3_001, claimsMax: 5, claimsPerBuyerMax: 5))
    let quantities: [Int64] = [4, 3, 5]
    sold = try await stall.sell(
      Bag(
        show: nil, market: "IN", lines: zip(stall.offers, quantities).map { Bag.Line(offer: $0, quantity: $1) },
        coupon: "GIFT"))
    toSend = quantities
    shelf = quantities.map { 10 - $0 }
  }

  func order() async throws -> Order { try await stall.order(sold) }

  mutating func act() async throws {
    let (commerce, id, owner) = (stall.commerce, sold.order.id, stall.owner)
    let position = below(3)
    let count = Int64(below(3) + 1)
    do {
      switch below(9) {
      case 0, 1:
        let parcel = try await commerce.ship(id, by: owner, lines: [.init(position: position, quantity: count)])
        toSend[position] -= count
        if below(3) > 0 { _ = try await commerce.deliver(parcel.id, of: id, token: sold.access) }
        happened.append("sent \(count) of \(position)")
      case 2:
        let refund = try await commerce.refund(
          id, by: owner, lines: [.init(position: position, quantity: count)], reason: "lines")
        let unsent = min(count, toSend[position])
        #expect(refund.lines.map(\.unsent) == [unsent], "unsent first, seed \(seed)")
        withdraw(unsent, position)
        happened.append("refunded \(count) of \(position)")
      case 3:
        _ = try await commerce.refund(id, by: owner, amountMinor: Int64(below(9_000) + 1), reason: "amount")
        happened.append("an amount")
      case 4:
        _ = try await commerce.refund(id, by: owner, shippingMinor: Int64(below(3_000) + 1), reason: "shipping")
        happened.append("shipping")
      case 5:
        guard below(3) == 0 else { return }
        let line = Refund.Units(position: position, quantity: min(count, max(1, toSend[position])))
        _ = try await commerce.cancelPaid(id, by: owner, lines: [line], reason: .outOfStock)
        withdraw(line.quantity, position)
        happened.append("cancelled \(line.quantity) of \(position)")
      case 6, 7: try await sendBack(position, count)
      default: stall.clock.advance(seconds: Int64(below(20_000)))
      }
    } catch is ShipOrderRefusal {
    } catch is FulfilOrderRefusal {
    } catch is RefundRefusal {
    } catch is CancelOrderRefusal {
    } catch is ReturnRefusal {
    } catch is GeneralRefusal {
    }
    try await noteEnd()
  }

  mutating func end() async throws {
    if try await order().state != .refunded {
      _ = try await stall.commerce.refund(sold.order.id, by: stall.owner, reason: "the rest")
    }
    try await noteEnd()
  }

  /// What was not sent by then is on the shelf again, too.
  private mutating func noteEnd() async throws {
    guard try await order().state == .refunded else { return }
    for position in toSend.indices { withdraw(toSend[position], position) }
  }

  private mutating func sendBack(_ position: Int, _ count: Int64) async throws {
    let (commerce, id, owner) = (stall.commerce, sold.order.id, stall.owner)
    let open = try await commerce.returns(of: id, token: sold.access).first { $0.state.isOpen }
    guard let goods = open else {
      _ = try await commerce.askReturn(
        id, token: sold.access, lines: [.init(position: position, quantity: count)],
        reason: Return.Reason.allCases[below(5)])
      return
    }
    if goods.state == .requested {
      _ = try await commerce.approveReturn(goods.id, of: id, by: owner, instructions: "here")
      return
    }
    let restocked = Int64(below(Int(goods.lines[0].quantity) + 1))
    let writtenOff = goods.lines[0].quantity - restocked
    _ = try await commerce.receiveReturn(
      goods.id, of: id, by: owner,
      lines: [.init(position: goods.lines[0].position, restocked: restocked, writtenOff: writtenOff)])
    shelf[goods.lines[0].position] += restocked
    happened.append("\(restocked) of \(goods.lines[0].position) came back")
  }

  private mutating func withdraw(_ count: Int64, _ position: Int) {
    toSend[position] -= count
    shelf[position] += count
  }

  func check() async throws {
    let story = "seed \(seed): \(happened.joined(separator: ", "))"
    #expect(try await stall.commerce.audit().differences == [], "\(story)")
    for position in shelf.indices {
      #expect(try await stall.stock(position).onHand == shelf[position], "line \(position), \(story)")
    }
    let order = try await order()
    let given = try await stall.number("SELECT CAST(SUM(refunded_minor) AS BIGINT) FROM sandbox_payment")
    #expect(given == order.refunded.minor && given <= order.total.minor, "\(story)")
    let returns = try await stall.commerce.returns(of: order.id, token: sold.access)
    let refunds = try await stall.commerce.refunds(order.id, token: sold.access)
    for (position, line) in order.lines.enumerated() {
      let ofLine = refunds.flatMap(\.lines).filter { $0.position == position }
      #expect(ofLine.reduce(0) { $0 + $1.quantity } <= line.quantity, "\(story)")
      #expect(ofLine.reduce(0) { $0 + $1.amount.minor } <= line.paid.minor, "\(story)")
    }
    #expect(returns.allSatisfy { goods in refunds.count { $0.id == goods.refund } <= 1 })
    if order.state == .paid { #expect(toSend.contains { $0 > 0 }, "\(story)") }
  }

  private func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
}
