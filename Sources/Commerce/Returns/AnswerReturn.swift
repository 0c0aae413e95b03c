import Store

extension Commerce {
  /// Lets a buyer send goods back, and says where and how; for owners and fulfilment members of the order's channel.
  /// Said again, it changes nothing.
  public func approveReturn(_ id: ID<Return>, of order: ID<Order>, by caller: Caller, instructions: String) async throws
    -> Return
  {
    let instructions = try policy.text(
      instructions, "instructions", max: policy.returnNoteCharactersMax, lines: true)
    return try await writeAndTell { db in
      let found = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      let goods = try Return.require(id, of: order, in: db)
      if goods.state == .approved, goods.instructions == instructions { return goods }
      // What came before the operator can still be answered kindly.
      guard goods.state == .requested || goods.state == .disputed else { throw ReturnRefusal.moved(goods.state) }
      try goods.approve(
        instructions, by: .seller, of: found, on: occasion(by: caller.account, order: order), in: db)
      return try Return.require(id, of: order, in: db)
    }
  }

  /// Does not let a buyer send goods back, with a reason that the buyer reads; for owners and fulfilment members of the
  /// order's channel. Said again, it changes nothing.
  public func refuseReturn(_ id: ID<Return>, of order: ID<Order>, by caller: Caller, reason: String) async throws
    -> Return
  {
    let reason = try policy.text(reason, "reason", max: policy.reasonCharactersMax, lines: true)
    return try await writeAndTell { db in
      let found = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      let goods = try Return.require(id, of: order, in: db)
      if goods.state == .refused, goods.answer == reason { return goods }
      guard goods.state == .requested else { throw ReturnRefusal.moved(goods.state) }
      try goods.refuse(reason, by: .seller, of: found, on: occasion(by: caller.account, order: order), in: db)
      return try Return.require(id, of: order, in: db)
    }
  }

  /// Says what came back, and of each unit whether it goes on the shelf again; for owners and fulfilment members of the
  /// order's channel. What was paid for these units goes back by itself; the shipping, too, when the seller is at fault
  /// and nothing of the order is kept. Said again, it changes nothing.
  public func receiveReturn(
    _ id: ID<Return>, of order: ID<Order>, by caller: Caller, lines receipts: [Return.Receipt]
  ) async throws -> Return {
    let (goods, refund) = try await writeAndTell { db -> (Return, Refund?) in
      let found = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      let goods = try Return.require(id, of: order, in: db)
      if goods.state == .received { return (goods, nil) }
      // Some bring it themselves, and nobody told of a parcel.
      guard [.approved, .sent, .disputed].contains(goods.state) else { throw ReturnRefusal.moved(goods.state) }
      try goods.check(receipts)
      let occasion = occasion(by: caller.account, order: order)
      return (goods, try self.receive(goods, receipts, of: found, by: .seller, on: occasion, in: db))
    }
    return try await finish(goods, refund)
  }

  /// Decides a return that came before the operator; for the operator. Nobody can ask about it again.
  public func decideReturn(_ id: ID<Return>, by caller: Caller, _ decision: ReturnDecision) async throws -> Return {
    let words = try policy.text(
      decision.words, decision.field, max: policy.returnNoteCharactersMax, required: decision.needsWords, lines: true)
    let (goods, refund) = try await writeAndTell { db -> (Return, Refund?) in
      _ = try caller.requireOperator(in: db)
      guard let goods = try Return.find(id, in: db) else { throw GeneralRefusal.notFound("return") }
      guard goods.state == .disputed else { throw ReturnRefusal.moved(goods.state) }
      let order = try Order.require(goods.order, in: db)
      let occasion = occasion(by: caller.account, order: order.id)
      switch decision {
      case .approve: try goods.approve(words, by: .operator, of: order, on: occasion, in: db)
      case .refuse: try goods.refuse(words, by: .operator, of: order, on: occasion, in: db)
      case .refund:
        let receipts = goods.lines.map {
          Return.Receipt(position: $0.position, restocked: 0, writtenOff: $0.quantity)
        }
        return (
          goods, try self.receive(goods, receipts, of: order, by: .operator, words, on: occasion, in: db)
        )
      }
      return (goods, nil)
    }
    return try await finish(goods, refund)
  }

  /// Takes the next step of what was left lying: unanswered, or sent but not received, it goes before the operator;
  /// approved and not sent, it lapses. Orders that nobody answered whether to cancel are cancelled. Gives how many.
  @discardableResult
  public func advanceRequests() async throws -> Int {
    var moved = try await acceptOldCancellations()
    let now = clock.now
    for (state, days, next) in [
      (Return.State.requested, policy.answerDays, Return.State.disputed),
      (.approved, policy.returnSendDays, .lapsed), (.sent, policy.returnReceiveDays, .disputed),
    ] {
      let before = now.adding(seconds: -days * 86_400)
      let isDue = try await database.read { db in
        try db.row("SELECT 1 FROM order_return WHERE state = \(state) AND changed_ms <= \(before) LIMIT 1") != nil
      }
      guard isDue else { continue }
      moved += try await writeAndTell { db in
        let due = try Return.withLines(
          db.rows(
            """
            SELECT \(Return.columns) FROM order_return WHERE state = \(state) AND changed_ms <= \(before)
            ORDER BY changed_ms LIMIT 100
            """), in: db)
        for goods in due { try goods.move(to: next, by: .house, on: occasion(order: goods.order), in: db) }
        return due.count
      }
    }
    return moved
  }

  private func receive(
    _ goods: Return, _ receipts: [Return.Receipt], of order: Order, by party: Party, _ note: String = "",
    on occasion: Occasion, in db: any Connection
  ) throws -> Refund? {
    for receipt in receipts {
      try db.run(
        """
        UPDATE order_return_line SET restocked = \(receipt.restocked), written_off = \(receipt.writtenOff)
        WHERE return_id = \(goods.id) AND position = \(receipt.position)
        """)
    }
    try goods.move(to: .received, by: party, note, on: occasion, in: db)
    try Stock.takeBack(order.stockUnits(receipts.map { ($0.position, $0.restocked) }), on: occasion, in: db)
    try Mail.queue(.returnReceived, of: order, because: goods.id, at: occasion.at, in: db)
    // All of its money may have gone back by other ways.
    guard order.state != .refunded, order.refunded != order.total else { return nil }
    let units = try order.lineUnits(in: db)
    let wanted = receipts.compactMap { receipt -> Refund.Units? in
      let count = min(receipt.restocked + receipt.writtenOff, units[receipt.position].refundable)
      return count > 0 ? Refund.Units(position: receipt.position, quantity: count, unsent: 0) : nil
    }
    guard !wanted.isEmpty else { return nil }
    // Nothing is kept when nothing that was sent is left without its money, nor anything to send.
    let back = Dictionary(uniqueKeysWithValues: wanted.map { ($0.position, $0.quantity) })
    let isAllBack = units.enumerated().allSatisfy { position, units in
      units.toSend == 0 && units.sent == units.refunded + back[position, default: 0]
    }
    let shippingMinor =
      isAllBack && goods.reason.isSellersFault ? order.shippingLeft(after: try Refund.all(of: order.id, in: db)) : 0
    return try startRefund(
      goods.refund, of: order, .lines(wanted, shippingMinor: shippingMinor), by: occasion.by, reason: note, in: db)
  }

  private func finish(_ goods: Return, _ refund: Refund?) async throws -> Return {
    if let refund { _ = try await finishRefund(refund) }
    return try await database.read { db in try Return.find(goods.id, in: db) } ?? goods
  }
}

/// What an operator decides of a return.
public enum ReturnDecision: Sendable, Equatable {
  /// The goods may be sent back, there and so.
  case approve(instructions: String)
  /// They may not.
  case refuse(reason: String)
  /// The money goes back as it is; the goods are written off.
  case refund(note: String)

  fileprivate var words: String {
    switch self {
    case .approve(let words), .refuse(let words), .refund(let words): words
    }
  }

  fileprivate var field: String {
    switch self {
    case .approve: "instructions"
    case .refuse: "reason"
    case .refund: "note"
    }
  }

  fileprivate var needsWords: Bool { if case .refund = self { false } else { true } }
}

extension Return {
  fileprivate func approve(
    _ instructions: String, by party: Party, of order: Order, on occasion: Occasion, in db: any Connection
  ) throws {
    try db.run("UPDATE order_return SET instructions = \(instructions), answer = '' WHERE id = \(id)")
    try move(to: .approved, by: party, instructions, on: occasion, in: db)
    try Mail.queue(.returnApproved, of: order, because: id, at: occasion.at, in: db)
  }

  fileprivate func refuse(
    _ reason: String, by party: Party, of order: Order, on occasion: Occasion, in db: any Connection
  ) throws {
    try db.run("UPDATE order_return SET answer = \(reason) WHERE id = \(id)")
    try move(to: .refused, by: party, reason, on: occasion, in: db)
    // The operator's word is news after the seller's.
    try Mail.queue(.returnRefused, of: order, because: id, again: party == .operator, at: occasion.at, in: db)
  }

  /// Throws unless each line is one of its own, named once, of which no more came than was to come.
  fileprivate func check(_ receipts: [Receipt]) throws {
    guard Set(receipts.map(\.position)).count == receipts.count else {
      throw GeneralRefusal.invalid(field: "lines", why: "must name each line once")
    }
    for receipt in receipts {
      guard let line = lines.first(where: { $0.position == receipt.position }) else {
        throw GeneralRefusal.invalid(field: "lines", why: "must be lines of the return")
      }
      guard (0...line.quantity).contains(receipt.restocked),
        (0...(line.quantity - receipt.restocked)).contains(receipt.writtenOff)
      else { throw GeneralRefusal.invalid(field: "lines", why: "must not have more units than the return") }
    }
    guard receipts.contains(where: { $0.restocked + $0.writtenOff > 0 }) else { throw ReturnRefusal.nothingReceived }
  }
}

extension Order {
  /// What of the shipping neither went back nor is on its way; never more than is left of the order.
  public func shippingLeft(after refunds: [Refund]) -> Int64 {
    let pots = Pots(of: self, after: refunds)
    let left = pots.left(after: refunds)
    return pots.isApart
      ? left[Pots.shipping] ?? 0 : max(0, min(left[Pots.whole] ?? 0, shippingPaid.minor - refunds.shippingMinor))
  }
}
