import Store
import TestKit
import Testing

@testable import Commerce

@Suite struct ReturnTests {
  /// An order of 3 and 1 units and a parcel of ₹49 that has arrived.
  private func arrived(_ engine: Engine) async throws -> (Stall, PlacedOrder) {
    let stall = try await Stall(engine, prices: [10_001, 20_000])
    let bag = Bag(
      show: nil, market: "IN",
      lines: [.init(offer: stall.offers[0], quantity: 3), .init(offer: stall.offers[1], quantity: 1)])
    let sold = try await stall.sell(bag)
    let parcel = try await stall.commerce.ship(sold.order.id, by: stall.owner)
    _ = try await stall.commerce.deliver(parcel.id, of: sold.order.id, token: sold.access)
    return (stall, sold)
  }

  private func ask(
    _ stall: Stall, _ sold: PlacedOrder, _ lines: [(Int, Int64)], _ reason: Return.Reason = .damaged
  ) async throws -> Return {
    try await stall.commerce.askReturn(
      sold.order.id, token: sold.access, lines: lines.map { Return.Line(position: $0.0, quantity: $0.1) },
      reason: reason, note: "Look at it")
  }

  @Test(arguments: Engine.allCases)
  func `goods go back, and what was paid for them follows by itself`(engine: Engine) async throws {
    let (stall, sold) = try await arrived(engine)
    let (commerce, id) = (stall.commerce, sold.order.id)
    let asked = try await ask(stall, sold, [(0, 2)])
    #expect(asked.state == .requested)
    let approved = try await commerce.approveReturn(asked.id, of: id, by: stall.owner, instructions: "To 1 Lamp Street")
    #expect(approved.state == .approved && approved.instructions == "To 1 Lamp Street")
    let sent = try await commerce.sendReturn(
      asked.id, of: id, token: sold.access, carrier: "Post", tracking: "EE1", link: "https://post.example/EE1")
    #expect(sent.state == .sent && sent.tracking == "EE1")
    // Whole again only with the goods: until then its units are in nobody else's refund.
    let tooEarly = try await refusal {
      try await commerce.refund(id, by: stall.owner, lines: [.init(position: 0, quantity: 2)], reason: "early")
    }
    #expect(tooEarly == "refund_too_many_units")
    let received = try await commerce.receiveReturn(
      asked.id, of: id, by: stall.owner, lines: [.init(position: 0, restocked: 1, writtenOff: 1)])
    #expect(received.state == .received)
    let refund = try #require(try await commerce.refunds(id, token: sold.access).first)
    #expect(refund.id == asked.refund && refund.amount.minor == 20_002 && refund.state == .succeeded)
    #expect(try await stall.stock().onHand == 8)
    // Said again it is the same.
    _ = try await commerce.receiveReturn(
      asked.id, of: id, by: stall.owner, lines: [.init(position: 0, restocked: 2, writtenOff: 0)])
    #expect(try await stall.order(sold).refunded.minor == 20_002)
    #expect(try await stall.stock().onHand == 8)
    #expect(try await refusal { try await ask(stall, sold, [(0, 2)]) } == "return_too_many_units")
    #expect(
      try await commerce.events(of: id, token: sold.access).map(\.kind) == [
        .returnRequested, .returnApproved, .returnSent, .returnReceived,
      ])
    let mails = try await stall.database.read { db in
      try db.rows("SELECT kind FROM mail WHERE kind LIKE 'return%' ORDER BY kind").map {
        try $0.get(0, as: String.self)
      }
    }
    #expect(mails == ["return_approved", "return_received"])
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `the shipping goes back when the seller is at fault and nothing is kept`(engine: Engine) async throws {
    for (reason, shipping) in [(Return.Reason.notAsDescribed, Int64(4_900)), (.changedMind, 0)] {
      let (stall, sold) = try await arrived(engine)
      let first = try await ask(stall, sold, [(0, 3)], reason)
      let second = try await ask(stall, sold, [(1, 1)], reason)
      for goods in [first, second] {
        _ = try await stall.commerce.approveReturn(goods.id, of: sold.order.id, by: stall.owner, instructions: "Here")
        let receipts = goods.lines.map {
          Return.Receipt(position: $0.position, restocked: $0.quantity, writtenOff: 0)
        }
        _ = try await stall.commerce.receiveReturn(goods.id, of: sold.order.id, by: stall.owner, lines: receipts)
      }
      let order = try await stall.order(sold)
      #expect(order.refunded.minor == 50_003 + shipping)
      #expect(order.state == (shipping > 0 ? .refunded : .delivered))
      #expect(try await stall.stock(0).onHand == 10)
      #expect(try await stall.commerce.audit().differences == [])
    }
  }

  @Test(arguments: Engine.allCases)
  func `what has not arrived, or arrived too long ago, is not taken back`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [10_001])
    let sold = try await stall.sell(stall.bag(2))
    #expect(try await refusal { try await ask(stall, sold, [(0, 1)]) } == "return_not_arrived")
    let parcel = try await stall.commerce.ship(sold.order.id, by: stall.owner, lines: [.init(position: 0, quantity: 1)])
    #expect(try await refusal { try await ask(stall, sold, [(0, 1)]) } == "return_not_arrived")
    _ = try await stall.commerce.deliver(parcel.id, of: sold.order.id, token: sold.access)
    for (lines, code) in [
      ([(0, 2)], "return_too_many_units"), ([], "invalid"), ([(1, 1)], "invalid"), ([(0, 0)], "invalid"),
      ([(0, 1), (0, 1)], "invalid"),
    ] as [([(Int, Int64)], String)] {
      #expect(try await refusal { try await ask(stall, sold, lines) } == code)
    }
    stall.clock.advance(days: 7)
    stall.clock.advance(seconds: 1)
    #expect(try await refusal { try await ask(stall, sold, [(0, 1)]) } == "return_too_late")
  }

  @Test(arguments: Engine.allCases)
  func `an order with an open return is not settled`(engine: Engine) async throws {
    let (stall, sold) = try await arrived(engine)
    let goods = try await ask(stall, sold, [(0, 1)])
    stall.clock.advance(days: 4)
    #expect(try await stall.commerce.settleOrders() == 0)
    _ = try await stall.commerce.withdrawReturn(goods.id, of: sold.order.id, token: sold.access)
    #expect(try await stall.commerce.settleOrders() == 1)
    // What was released already becomes a debt.
    let late = try await ask(stall, sold, [(0, 1)])
    _ = try await stall.commerce.approveReturn(late.id, of: sold.order.id, by: stall.owner, instructions: "Here")
    _ = try await stall.commerce.receiveReturn(
      late.id, of: sold.order.id, by: stall.owner, lines: [.init(position: 0, restocked: 1, writtenOff: 0)])
    let order = try await stall.order(sold)
    #expect(order.state == .settled && order.refunded.minor == 10_001)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a refused return comes before the operator, who has the last word`(engine: Engine) async throws {
    let (stall, sold) = try await arrived(engine)
    let (commerce, id) = (stall.commerce, sold.order.id)
    try await stall.run("UPDATE account SET is_operator = 1")
    let stranger = Caller(account: commerce.makeID())
    for decision in [
      ReturnDecision.refuse(reason: "It was worn"), .approve(instructions: "To us"), .refund(note: "Keep it"),
    ] {
      let goods = try await ask(stall, sold, [(0, 1)])
      #expect(
        try await refusal { try await commerce.disputeReturn(goods.id, of: id, token: sold.access, note: "But!") }
          == "return_dispute_too_late")
      _ = try await commerce.refuseReturn(goods.id, of: id, by: stall.owner, reason: "No")
      let before = try await commerce.disputeReturn(goods.id, of: id, token: sold.access, note: "But it is broken")
      #expect(before.state == .disputed)
      let list = try await commerce.disputedReturns(by: stall.owner).items
      #expect(list.map(\.goods.id) == [goods.id] && list.first?.complaint == "But it is broken")
      #expect(try await refusal { try await commerce.decideReturn(goods.id, by: stranger, decision) } == "not_allowed")
      let decided = try await commerce.decideReturn(goods.id, by: stall.owner, decision)
      #expect(decided.isDecided)
      switch decision {
      case .refuse:
        #expect(decided.state == .refused && decided.answer == "It was worn")
        #expect(
          try await refusal { try await commerce.disputeReturn(goods.id, of: id, token: sold.access, note: "Still") }
            == "return_dispute_too_late")
      case .approve:
        #expect(decided.state == .approved)
        _ = try await commerce.withdrawReturn(goods.id, of: id, token: sold.access)
      case .refund:
        #expect(decided.state == .received)
        #expect(try await stall.order(sold).refunded.minor == 10_001)
        #expect(try await stall.stock().onHand == 7, "it is written off")
      }
      #expect(
        try await refusal { try await commerce.decideReturn(goods.id, by: stall.owner, decision) } == "return_moved")
    }
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `what is left lying goes on by itself`(engine: Engine) async throws {
    let (stall, sold) = try await arrived(engine)
    let (commerce, id) = (stall.commerce, sold.order.id)
    let unanswered = try await ask(stall, sold, [(0, 1)])
    stall.clock.advance(days: 3)
    let approved = try await ask(stall, sold, [(0, 1)])
    _ = try await commerce.approveReturn(approved.id, of: id, by: stall.owner, instructions: "Here")
    stall.clock.advance(seconds: 1)
    let sent = try await ask(stall, sold, [(1, 1)])
    _ = try await commerce.approveReturn(sent.id, of: id, by: stall.owner, instructions: "Here")
    _ = try await commerce.sendReturn(sent.id, of: id, token: sold.access)
    try await commerce.advanceRequests()
    let states = { try await commerce.returns(of: id, token: sold.access).map(\.state) }
    #expect(try await states() == [.disputed, .approved, .sent])
    stall.clock.advance(days: 14)
    try await commerce.advanceRequests()
    #expect(try await states() == [.disputed, .lapsed, .disputed])
    // The seller may still find it.
    _ = try await commerce.receiveReturn(
      sent.id, of: id, by: stall.owner, lines: [.init(position: 1, restocked: 1, writtenOff: 0)])
    _ = try await commerce.approveReturn(unanswered.id, of: id, by: stall.owner, instructions: "Here")
    #expect(try await states() == [.approved, .lapsed, .received])
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a return asked for twice is one, and strangers see and change none`(engine: Engine) async throws {
    let (stall, sold) = try await arrived(engine)
    let (commerce, id) = (stall.commerce, sold.order.id)
    let name: ID<Return> = commerce.makeID()
    let lines = [Return.Line(position: 0, quantity: 1)]
    for _ in 0..<2 {
      let goods = try await commerce.askReturn(id, id: name, token: sold.access, lines: lines, reason: .wrongSize)
      #expect(goods.id == name)
    }
    #expect(
      try await refusal {
        try await commerce.askReturn(id, id: name, token: sold.access, lines: lines, reason: .damaged)
      } == "idempotency_mismatch")
    #expect(try await commerce.returns(of: id, token: sold.access).count == 1)
    for caller in [Caller.nobody, Caller(account: commerce.makeID())] {
      for code in [
        try await refusal { try await commerce.returns(of: id, by: caller) },
        try await refusal { try await commerce.askReturn(id, by: caller, lines: lines, reason: .damaged) },
        try await refusal { try await commerce.approveReturn(name, of: id, by: caller, instructions: "x") },
        try await refusal { try await commerce.refuseReturn(name, of: id, by: caller, reason: "x") },
        try await refusal { try await commerce.receiveReturn(name, of: id, by: caller, lines: []) },
        try await refusal { try await commerce.sendReturn(name, of: id, by: caller) },
        try await refusal { try await commerce.withdrawReturn(name, of: id, by: caller) },
        try await refusal { try await commerce.disputeReturn(name, of: id, by: caller, note: "x") },
      ] { #expect(["not_found", "sign_in_needed"].contains(code), "\(code ?? "allowed")") }
    }
    _ = try await commerce.approveReturn(name, of: id, by: stall.owner, instructions: "x")
    for receipts in [[], [Return.Receipt(position: 0, restocked: 0, writtenOff: 0)]] {
      #expect(
        try await refusal { try await commerce.receiveReturn(name, of: id, by: stall.owner, lines: receipts) }
          == "return_nothing_received")
    }
    for receipt in [
      Return.Receipt(position: 0, restocked: 1, writtenOff: 1), .init(position: 1, restocked: 1, writtenOff: 0),
      .init(position: 0, restocked: -1, writtenOff: 2), .init(position: 0, restocked: .max, writtenOff: .max),
    ] {
      #expect(
        try await refusal { try await commerce.receiveReturn(name, of: id, by: stall.owner, lines: [receipt]) }
          == "invalid")
    }
  }

  /// What somebody could do to the database behind our back, and a word of what the audit says of it.
  static let tampering: [(SQL, String)] = [
    ("UPDATE cancellation SET state = 'requested'", "its order and refund are not"),
    ("UPDATE cancellation SET id = order_id", "its order and refund are not"),
    ("DELETE FROM order_event", "no event of its order says so"),
    ("UPDATE order_return SET state = 'approved'", "its units and refund are not"),
    ("UPDATE order_return_line SET restocked = 0, written_off = 0", "its units and refund are not"),
    ("UPDATE order_return_line SET restocked = quantity, written_off = 0", "went back on the shelf"),
    ("DELETE FROM order_return_line", "its units and refund are not"),
    ("UPDATE order_return_line SET quantity = 9, written_off = 8", "units of a line come back"),
    ("UPDATE refund_line SET unsent = 0", "its order and refund are not"),
    ("UPDATE refund_line SET quantity = 9", "were refunded"),
    ("UPDATE refund_part SET amount_minor = amount_minor + 1", "its parts come to"),
    ("DELETE FROM stock_movement WHERE kind = 'returned'", "went back on the shelf"),
  ]

  @Test(arguments: Engine.allCases, tampering.indices)
  func `an audit finds a return or a cancellation that does not add up`(engine: Engine, index: Int) async throws {
    let (sql, sentence) = Self.tampering[index]
    let stall = try await Stall(engine, prices: [10_001, 20_000])
    let (commerce, owner) = (stall.commerce, stall.owner)
    let sold = try await stall.sell(
      Bag(
        show: nil, market: "IN",
        lines: [.init(offer: stall.offers[0], quantity: 3), .init(offer: stall.offers[1], quantity: 1)]))
    let id = sold.order.id
    _ = try await commerce.cancelPaid(
      id, by: owner, lines: [.init(position: 1, quantity: 1)], reason: .outOfStock)
    let parcel = try await commerce.ship(id, by: owner)
    _ = try await commerce.deliver(parcel.id, of: id, by: owner)
    let goods = try await ask(stall, sold, [(0, 2)], .wrongSize)
    _ = try await commerce.approveReturn(goods.id, of: id, by: owner, instructions: "Here")
    _ = try await commerce.receiveReturn(
      goods.id, of: id, by: owner, lines: [.init(position: 0, restocked: 1, writtenOff: 1)])
    #expect(try await commerce.audit().differences == [])
    try await stall.run(sql)
    let report = try await commerce.audit()
    #expect(report.differences.contains { $0.contains(sentence) }, "\(report.summary)")
  }

  @Test(arguments: Engine.allCases)
  func `a market has days of its own to send things back, and an order keeps those it was sold under`(
    engine: Engine
  ) async throws {
    let stall = try await Stall(engine, prices: [10_001, 333])
    let (commerce, usual) = (stall.commerce, stall.commerce.policy.returnDays)
    try await stall.run("UPDATE account SET is_operator = 1")
    func set(_ days: Int64?) async throws {
      var market = try await commerce.market("IN")
      market.returnDays = days
      stall.clock.advance(seconds: 1)
      try await commerce.putMarket(by: stall.owner, market)
      stall.clock.advance(seconds: 1)
    }
    func arrived() async throws -> PlacedOrder {
      let sold = try await stall.sell()
      let parcel = try await commerce.ship(sold.order.id, by: stall.owner)
      _ = try await commerce.deliver(parcel.id, of: sold.order.id, by: stall.owner)
      return sold
    }
    let first = try await arrived()
    try await set(30)
    #expect(try await commerce.market("IN").returnDays(commerce.policy) == 30)
    let second = try await arrived()
    try await set(0)
    let third = try await arrived()
    try await set(nil)
    #expect(try await commerce.market("IN").returnDays(commerce.policy) == usual)
    let fourth = try await arrived()
    #expect(try await refusal { try await ask(stall, third, [(0, 1)]) } == "returns_not_taken")
    stall.clock.advance(days: usual + 1)
    for late in [first, fourth] {
      #expect(try await refusal { try await ask(stall, late, [(0, 1)]) } == "return_too_late")
    }
    _ = try await ask(stall, second, [(0, 1)])
    let shipments = try await commerce.shipments(of: second.order.id, token: second.access)
    let until = try #require(try await commerce.returnsUntil(second.order, shipments))
    #expect(until == shipments[0].delivered?.adding(seconds: 30 * 86_400))
    #expect(try await commerce.returnsUntil(third.order, shipments) == nil)
    for wrong: Int64 in [-1, 366] {
      #expect(try await refusal { try await set(wrong) } == "invalid", "\(wrong)")
    }
    #expect(try await commerce.audit().differences == [])
    try await stall.run("UPDATE market SET return_days = 9")
    #expect(try await commerce.audit().differences.count == 1)
  }
}
