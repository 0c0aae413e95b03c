import Store

extension Commerce {
  /// Gives a buyer `amountMinor` back, or what was paid for `lines`, or all that is left; for owners and fulfilment
  /// members of the order's channel.
  ///
  /// The seller, the commission and the tax give it in proportion to what they got, to the last minor unit. Units of an
  /// order that is refunded whole before it was fulfilled go back on the shelf. The refund may still be `pending` when
  /// this returns: the provider did not answer, and `reconcilePayments` asks again. Asked twice with one `id`, or
  /// without any with one `key`, it refunds once.
  public func refund(
    _ order: ID<Order>, id: ID<Refund>? = nil, key: IdempotencyKey? = nil, by caller: Caller, amountMinor: Int64? = nil,
    lines: [Refund.Units]? = nil, reason: String
  ) async throws -> Refund {
    let reason = try policy.text(reason, "reason", max: policy.reasonCharactersMax, lines: true)
    if let amountMinor, amountMinor < 1 {
      throw GeneralRefusal.invalid(field: "amountMinor", why: "must be 1 or more")
    }
    guard amountMinor == nil || lines == nil else {
      throw GeneralRefusal.invalid(field: "lines", why: "cannot stand beside amountMinor")
    }
    let made = id ?? key?.id() ?? makeID()
    let refund = try await writeAndTell { [policy] db in
      let found = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      // One that comes from a key is ours, and no time.
      if let id, try Refund.find(id, in: db) == nil { try policy.checkNew(id, at: clock.now) }
      return try self.startRefund(
        made, of: found, by: caller, amountMinor: amountMinor, units: lines, reason: reason, in: db)
    }
    guard refund.state == .pending else { return refund }
    await tryRefund(refund.id)
    return try await database.read { db in try Refund.find(refund.id, in: db) } ?? refund
  }

  private func startRefund(
    _ id: ID<Refund>, of order: Order, by caller: Caller, amountMinor: Int64?, units: [Refund.Units]?,
    reason: String, in db: any Connection
  ) throws -> Refund {
    if let refund = try Refund.find(id, in: db) {
      guard refund.order == order.id, amountMinor == nil || amountMinor == refund.amount.minor,
        (units ?? []).sorted(by: { $0.position < $1.position })
          == refund.lines.map({ .init(position: $0.position, quantity: $0.quantity) })
      else {
        throw RefundRefusal.otherRefund
      }
      return refund
    }
    guard [.paid, .fulfilled, .delivered, .settled].contains(order.state) else { throw RefundRefusal.notPaid }
    let left = order.total.minor - order.refunded.minor
    let lines = try units.map { try order.refundLines($0, in: db) } ?? []
    let amount = units == nil ? amountMinor ?? left : lines.reduce(0) { $0 + $1.amount.minor }
    guard amount > 0 || left == 0 else {
      throw GeneralRefusal.invalid(field: "lines", why: "must be units that were paid for: nothing was for these")
    }
    guard left > 0, amount <= left else {
      throw RefundRefusal.tooMuch(left: Money(minor: left, currency: order.total.currency))
    }
    let refunds = try db.row(
      "SELECT COUNT(*) AS count FROM refund WHERE order_id = \(order.id) AND kind = \(Refund.Kind.sale)")
    guard try refunds?.get("count", as: Int.self) ?? 0 < policy.refundsPerOrderMax else {
      throw GeneralRefusal.tooMany(what: "refunds of one order", limit: policy.refundsPerOrderMax)
    }
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
    let refund = Refund(
      id: id, order: order.id, attempt: try attempt.get("id"), provider: try attempt.get("provider"), kind: .sale,
      amount: Money(minor: amount, currency: order.total.currency), reason: reason, state: .pending, made: clock.now,
      lines: lines)
    try refund.insert(by: caller.account, in: db)
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

/// Why nothing is refunded.
public enum RefundRefusal: Refusal, Equatable {
  case notPaid
  case tooMuch(left: Money)
  case otherRefund
  case moreThanSent(position: Int, left: Int64)

  public var code: String {
    switch self {
    case .notPaid: "order_not_paid"
    case .tooMuch: "refund_too_large"
    case .otherRefund: "idempotency_mismatch"
    case .moreThanSent: "more_than_sent"
    }
  }

  public var sentence: String {
    switch self {
    case .notPaid: "Only a paid order can be refunded. One that is not paid yet can be cancelled."
    case .tooMuch(let left): "At most \(left.minor) minor units of \(left.currency) are left to refund."
    case .otherRefund: "This refund id was used for another refund. Take a new one."
    case .moreThanSent(let position, let left):
      """
      Only \(left) sent units of line \(position + 1) are left to refund by line. For others give an amount, or refund \
      the whole order.
      """
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .notPaid: .conflict
    case .tooMuch, .moreThanSent: .invalid
    case .otherRefund: .mismatch
    }
  }

  public var field: String? {
    switch self {
    case .tooMuch: "amountMinor"
    case .moreThanSent: "lines"
    case .notPaid, .otherRefund: nil
    }
  }
}
