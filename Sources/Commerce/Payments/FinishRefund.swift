import Store

extension Refund {
  fileprivate func isUnderWay(but refund: Refund) -> Bool { state == .pending && id != refund.id }
}

extension Commerce {
  /// Asks the provider for a pending refund and writes down its answer. Without an answer it stays pending.
  ///
  /// Whatever fails here is tried again by `reconcilePayments`: the refund is stored, and its key makes it happen once.
  func tryRefund(_ id: ID<Refund>) async {
    let asked: (refund: Refund, attempt: PaymentAttempt)
    do {
      guard let found = try await pendingRefund(id) else { return }
      asked = found
    } catch {
      return troubles.note(.refundUnanswered, provider: "unknown", refund: id, error)
    }
    guard let provider = providers[asked.refund.provider] else {
      return troubles.note(.providerMissing, provider: asked.refund.provider, order: asked.refund.order)
    }
    do {
      try await ask(provider, for: asked.refund, of: asked.attempt)
    } catch {
      troubles.note(.refundUnanswered, provider: provider.name, order: asked.refund.order, error)
    }
  }

  private func pendingRefund(_ id: ID<Refund>) async throws -> (refund: Refund, attempt: PaymentAttempt)? {
    try await database.read { db in
      guard let refund = try Refund.find(id, in: db), refund.state == .pending else { return nil }
      let row = try db.row("SELECT \(PaymentAttempt.columns) FROM payment_attempt WHERE id = \(refund.attempt)")
      return try row.map { (refund, try PaymentAttempt(row: $0)) }
    }
  }

  private func ask(_ provider: any PaymentProvider, for refund: Refund, of attempt: PaymentAttempt) async throws {
    do {
      let answer =
        refund.providerID.isEmpty
        ? try await provider.refund(
          RefundRequest(
            payment: attempt.payment, amount: refund.amount, key: refund.id.description, made: refund.made))
        : try await provider.refund(refund.providerID)
      try await writeAndTell { db in try self.record(answer, of: refund, providerName: provider.name, in: db) }
    } catch let refused as ProviderRefused {
      troubles.note(.refundRefused, provider: provider.name, order: refund.order, refused)
      try await writeAndTell { db in try self.fail(refund, because: refused.code, in: db) }
    }
  }

  /// Writes down what a provider said of a refund. One that has an end keeps it, whatever comes later.
  func record(
    _ answer: ProviderRefund, of refund: Refund, providerName: String, in db: any Connection
  ) throws {
    switch answer.state {
    case .succeeded: try finish(refund, providerName: providerName, answer: answer, in: db)
    case .failed(let code): try fail(refund, because: code, in: db)
    case .pending:
      // From now on it is asked about by this name, so that it is never made a second time.
      try db.run(
        "UPDATE refund SET refund_id = \(answer.id) WHERE id = \(refund.id) AND state = \(Refund.State.pending)")
    }
  }

  private func finish(
    _ refund: Refund, providerName: String, answer: ProviderRefund, in db: any Connection
  ) throws {
    let isFirst = try db.run(
      """
      UPDATE refund SET state = \(Refund.State.succeeded), refund_id = \(answer.id)
      WHERE id = \(refund.id) AND state = \(Refund.State.pending)
      """)
    guard isFirst == 1 else { return }
    try Outbox.announce(.order(refund.order), in: db)
    let occasion = occasion(order: refund.order, note: refund.reason)
    let order = try Order.require(refund.order, in: db)
    try Mail.queue(.refunded, of: order, because: refund.id, at: occasion.at, in: db)
    switch refund.kind {
    case .stray:
      try Ledger.book(
        .strayRefund, cause: refund.id.bytes,
        [
          Ledger.Entry(account: .provider(providerName), amount: refund.amount),
          Ledger.Entry(account: .buyer(refund.order), amount: try refund.amount.times(-1)),
        ], on: occasion, in: db)
    case .sale:
      let refunds = try Refund.all(of: order.id, in: db)
      let before = refunds.filter { $0.kind == .sale && $0.state == .succeeded && $0.id != refund.id }
      var pots = Pots(of: order, after: refunds)
      for earlier in before.sorted(by: { $0.place < $1.place }) { _ = pots.take(earlier) }
      let parts = pots.take(refund)
      try db.run(
        """
        UPDATE refund SET tax_minor = \(parts.tax), commission_minor = \(parts.commission),
          seller_minor = \(parts.seller), creator_minor = \(parts.creator),
          partner_minor = \(parts.partner),
          fee_minor = \(parts.fee), place = \(before.count + 1)
        WHERE id = \(refund.id)
        """)
      let entries = try parts.entries(of: order, provider: providerName).map { try $0.reversed() }
      try Ledger.book(.refund, cause: refund.id.bytes, entries, on: occasion, in: db)
      let unsent = order.stockUnits(refund.lines.map { ($0.position, $0.unsent) })
      if order.part != .deposit { try Stock.takeBack(unsent, on: occasion, in: db) }
      try UnitLimits.giveBack(unsent, of: order, in: db)
      if order.refunded == order.total, !refunds.contains(where: { $0.kind == .sale && $0.isUnderWay(but: refund) }) {
        try closeRefunded(order, on: occasion, in: db)
      } else {
        try order.endSending(at: occasion.at, in: db)
      }
      try PayoutReversal.begin(after: refund, of: order, on: self.occasion(), in: db)
    }
    // With what it changed; what came for an order that did not want it is no refund of the seller's.
    guard refund.kind == .sale else { return }
    try WebhookMessage.queue(
      .orderRefunded, of: order.id, because: refund.id, refund: refund.id, at: occasion.at, in: db)
  }

  /// Once all of it went back, the order is `refunded`, and what was not sent is on the shelf again.
  private func closeRefunded(_ order: Order, on occasion: Occasion, in db: any Connection) throws {
    let left = try order.lineUnits(in: db).enumerated().map { (position: $0, count: $1.toSend) }
    try db.run(
      "UPDATE orders SET state = \(Order.State.refunded), closed_ms = \(occasion.at) WHERE id = \(order.id)")
    try Cancellation.end(of: order, as: .accepted, by: nil, on: occasion, in: db)
    guard order.state == .paid else { return }
    if order.part != .deposit { try Stock.takeBack(order.stockUnits(left), on: occasion, in: db) }
    try UnitLimits.giveBack(order.stockUnits(left), of: order, in: db)
  }

  private func fail(_ refund: Refund, because code: String, in db: any Connection) throws {
    let isFirst = try db.run(
      """
      UPDATE refund SET state = \(Refund.State.failed), failure = \(code)
      WHERE id = \(refund.id) AND state = \(Refund.State.pending)
      """)
    guard isFirst == 1 else { return }
    try Outbox.announce(.order(refund.order), in: db)
    guard refund.kind == .sale else { return }
    try db.run(
      "UPDATE orders SET refunded_minor = refunded_minor - \(refund.amount.minor) WHERE id = \(refund.order)")
    try Cancellation.refundFailed(refund, on: occasion(order: refund.order, note: code), in: db)
  }
}
