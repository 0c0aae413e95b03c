import Store

/// What of a paid order is to go back.
enum RefundShare: Equatable {
  /// All that is left.
  case all
  /// Minor units of whatever is left.
  case amount(Int64)
  /// What was paid for these units, and so much of the shipping.
  case lines([Refund.Units], shippingMinor: Int64)
}

extension Commerce {
  /// Gives a buyer `amountMinor` back, or what was paid for `lines` and `shippingMinor` of the shipping, or all that is
  /// left; for owners and fulfilment members of the order's channel.
  ///
  /// Units that were never sent go back on the shelf once the money is through, and are not to be sent any more. When
  /// nothing of the order was sent nor is to be sent, its shipping goes back with the last units. Who gives how much of
  /// it is in `Pots`, to the last minor unit. The refund may still be `pending` when this returns: the provider did not
  /// answer, and `reconcilePayments` asks again. Asked twice with one `id`, or without any with one `key`, it refunds
  /// once.
  public func refund(
    _ order: ID<Order>, id: ID<Refund>? = nil, key: IdempotencyKey? = nil, by caller: Caller, amountMinor: Int64? = nil,
    lines: [Refund.Units]? = nil, shippingMinor: Int64? = nil, reason: String
  ) async throws -> Refund {
    let reason = try policy.text(reason, "reason", max: policy.reasonCharactersMax, lines: true)
    let share = try Self.share(amountMinor, lines, shippingMinor)
    let made = id ?? key?.id() ?? makeID()
    let refund = try await writeAndTell { [policy] db in
      let found = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      if let refund = try Refund.find(made, in: db) {
        guard refund.order == order, refund.isFor(share) else { throw RefundRefusal.otherRefund }
        return refund
      }
      // One that comes from a key is ours, and no time.
      if let id { try policy.checkNew(id, at: clock.now) }
      let refunds = try Refund.all(of: order, in: db)
      try Preorder.Place.requireRefundable(found, share, in: db)
      guard refunds.count(where: { $0.kind == .sale }) < policy.refundsPerOrderMax else {
        throw GeneralRefusal.tooMany(what: "refunds of one order", limit: policy.refundsPerOrderMax)
      }
      guard
        let refund = try self.startRefund(made, of: found, share, by: caller.account, reason: reason, in: db)
      else {
        throw GeneralRefusal.invalid(field: "lines", why: "must be units that were paid for: nothing was for these")
      }
      return refund
    }
    return try await finishRefund(refund)
  }

  private static func share(_ amountMinor: Int64?, _ lines: [Refund.Units]?, _ shippingMinor: Int64?) throws
    -> RefundShare
  {
    if let amountMinor, amountMinor < 1 {
      throw GeneralRefusal.invalid(field: "amountMinor", why: "must be 1 or more")
    }
    if let shippingMinor, shippingMinor < 0 {
      throw GeneralRefusal.invalid(field: "shippingMinor", why: "must be 0 or more")
    }
    guard amountMinor == nil || lines == nil && shippingMinor == nil else {
      throw GeneralRefusal.invalid(
        field: lines == nil ? "shippingMinor" : "lines", why: "cannot stand beside amountMinor")
    }
    guard lines != nil || shippingMinor != nil else { return amountMinor.map { .amount($0) } ?? .all }
    guard lines?.isEmpty == false || shippingMinor ?? 0 > 0 else {
      throw GeneralRefusal.invalid(field: "lines", why: "must name at least one line, or some of the shipping")
    }
    return .lines(lines ?? [], shippingMinor: shippingMinor ?? 0)
  }

  /// Asks the provider for a refund that was written down, and gives it as it is then.
  func finishRefund(_ refund: Refund) async throws -> Refund {
    guard refund.state == .pending else { return refund }
    await tryRefund(refund.id)
    for deposit in try await pendingWithDeposit(of: refund.order) { await tryRefund(deposit) }
    return try await database.read { db in try Refund.find(refund.id, in: db) } ?? refund
  }

  /// Writes a refund down, to be asked for after the transaction. Nil, with nothing written, when it would be of nothing:
  /// what it is for went back already.
  func startRefund(
    _ id: ID<Refund>, of order: Order, _ share: RefundShare, by account: ID<Account>?, reason: String,
    in db: any Connection
  ) throws -> Refund? {
    guard [.paid, .fulfilled, .delivered, .settled].contains(order.state) else { throw RefundRefusal.notPaid }
    let left = order.total.minor - order.refunded.minor
    let given = try order.given(share, in: db)
    let amount = given.parts.values.reduce(0, +)
    guard left > 0, amount <= left else {
      throw RefundRefusal.tooMuch(left: Money(minor: left, currency: order.total.currency))
    }
    guard amount > 0 else { return nil }
    let attempt = try db.row(
      """
      SELECT attempt.id AS id, attempt.provider AS provider FROM payment_share share
      JOIN payment_attempt attempt ON attempt.id = share.attempt_id
      JOIN ledger_transfer transfer ON transfer.cause_id = share.id AND transfer.kind = 'payment'
      WHERE share.order_id = \(order.id)
      """)
    guard let attempt else { throw RefundRefusal.notPaid }
    // The amount is taken off what can still be refunded before the provider is asked, so that two refunds at once
    // cannot give back more than was paid.
    try db.run(
      "UPDATE orders SET refunded_minor = refunded_minor + \(amount) WHERE id = \(order.id)")
    var refund = Refund(
      id: id, order: order.id, attempt: try attempt.get("id"), provider: try attempt.get("provider"), kind: .sale,
      amount: Money(minor: amount, currency: order.total.currency), reason: reason, state: .pending, made: clock.now,
      lines: given.lines, shipping: Money(minor: given.shipping, currency: order.total.currency))
    if given.parts[Pots.whole] == nil { refund.parts = given.parts.filter { $0.value > 0 } }
    try refund.insert(by: account, in: db)
    try refundDeposit(with: refund, of: order, by: account, in: db)
    try Outbox.announce(.order(order.id), in: db)
    return refund
  }

  /// The refunds that a provider has not answered for longer than `Policy.reconcileSeconds`, the oldest first, at most
  /// `Policy.pageLimitMax`: for the operator, who alone can mend it.
  public func waitingRefunds(by caller: Caller) async throws -> [Refund] {
    try await database.read { [policy] db in
      try caller.requireOperator(in: db)
      let before = clock.now.adding(seconds: -policy.reconcileSeconds)
      return try Refund.waiting(since: before, limit: policy.pageLimitMax, in: db)
    }
  }

  /// Whether a refund cannot go on, because the provider it goes through is not set up here (any more).
  public func isStuck(_ refund: Refund) -> Bool { refund.state == .pending && providers[refund.provider] == nil }

  /// The refunds of an order, oldest first, for its buyer and for members of its channel who deal with
  /// orders.
  public func refunds(_ order: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil) async throws -> [Refund] {
    try await database.read { db in
      let found = try OrderAccess.requireParty(of: order, by: caller, token: token, in: db)
      return try Refund.all(of: found.id, in: db)
    }
  }
}

extension Order {
  /// The lines and the shipping of a refund, and what each pot gives of it.
  fileprivate func given(_ share: RefundShare, in db: any Connection) throws -> (
    lines: [Refund.Line], shipping: Int64, parts: [Int: Int64]
  ) {
    let refunds = try Refund.all(of: id, in: db)
    let pots = Pots(of: self, after: refunds)
    let left = pots.left(after: refunds)
    let sum = left.values.reduce(0, +)
    switch share {
    case .all: return ([], 0, left)
    case .amount(let amount):
      guard amount <= sum else { throw RefundRefusal.tooMuch(left: Money(minor: sum, currency: total.currency)) }
      return ([], 0, Pots.spread(amount, over: left))
    case .lines(let wanted, var shipping):
      guard sum > 0 else { throw RefundRefusal.tooMuch(left: Money(minor: 0, currency: total.currency)) }
      let shipments = try Shipment.all(of: id, in: db)
      let units = lineUnits(shipments, refunds, try Return.all(of: id, in: db))
      let lines = try refundLines(wanted, units, after: refunds, left: left)
      let goods = lines.reduce(0) { $0 + $1.amount.minor }
      let shippingLeft =
        pots.isApart ? left[Pots.shipping] ?? 0 : min(sum - goods, shippingPaid.minor - refunds.shippingMinor)
      guard shipping <= shippingLeft else {
        throw RefundRefusal.tooMuchShipping(left: Money(minor: max(0, shippingLeft), currency: total.currency))
      }
      let withdrawn = lines.reduce(0) { $0 + $1.unsent }
      let isNothingSent = shipments.isEmpty && withdrawn == units.reduce(0) { $0 + $1.toSend }
      // Nobody sends anything, so nobody keeps the shipping.
      if isNothingSent, withdrawn > 0 { shipping = max(0, shippingLeft) }
      guard pots.isApart else { return (lines, shipping, [Pots.whole: goods + shipping]) }
      var parts = Dictionary(uniqueKeysWithValues: lines.map { ($0.position, $0.amount.minor) })
      parts[Pots.shipping] = shipping
      return (lines, shipping, parts.filter { $0.value > 0 })
    }
  }
}

extension [Refund] {
  /// What went back for shipping, or is on its way.
  public var shippingMinor: Int64 {
    filter { $0.state != .failed }.reduce(0) { $0 + ($1.parts[Pots.shipping] ?? $1.shipping.minor) }
  }
}

extension Refund {
  /// Whether it is what was asked for, which may be asked again.
  fileprivate func isFor(_ share: RefundShare) -> Bool {
    switch share {
    case .all: !isApart
    case .amount(let minor): !isApart && amount.minor == minor
    case .lines(let wanted, let shippingMinor):
      // The shipping may have come with the last units by itself.
      lines.count == wanted.count && shipping.minor >= shippingMinor
        && zip(wanted.sorted { $0.position < $1.position }, lines).allSatisfy { $0.isAsked(by: $1) }
    }
  }
}

/// Why nothing is refunded.
public enum RefundRefusal: Refusal, Equatable {
  case notPaid
  case tooMuch(left: Money)
  case otherRefund
  case tooMuchShipping(left: Money)
  case tooManyUnits(position: Int, unsent: Int64, sent: Int64)

  public var code: String {
    switch self {
    case .notPaid: "order_not_paid"
    case .tooMuch: "refund_too_large"
    case .otherRefund: "idempotency_mismatch"
    case .tooMuchShipping: "refund_shipping_too_large"
    case .tooManyUnits: "refund_too_many_units"
    }
  }

  public var sentence: String {
    switch self {
    case .notPaid: "Only a paid order can be refunded. One that is not paid yet can be cancelled."
    case .tooMuch(let left): "At most \(left.minor) minor units of \(left.currency) are left to refund."
    case .otherRefund: "This refund id was used for another refund. Take a new one."
    case .tooMuchShipping(let left):
      "At most \(left.minor) minor units of \(left.currency) of the shipping are left to refund."
    case .tooManyUnits(let position, let unsent, let sent):
      """
      Of line \(position + 1), \(unsent) units that were not sent and \(sent) that were are left to refund by line. \
      Units in a return are refunded when they come back.
      """
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .notPaid: .conflict
    case .tooMuch, .tooMuchShipping, .tooManyUnits: .invalid
    case .otherRefund: .mismatch
    }
  }

  public var field: String? {
    switch self {
    case .tooMuch: "amountMinor"
    case .tooMuchShipping: "shippingMinor"
    case .tooManyUnits: "lines"
    case .notPaid, .otherRefund: nil
    }
  }
}
