import Store

extension Commerce {
  /// Asks the providers about payments and refunds that have been open for a minute: a crash, a lost answer or a lost
  /// webhook left them so. At most 100 of each a call; gives how many moved on.
  @discardableResult
  public func reconcilePayments() async throws -> Int {
    var moved = 0
    var failure: (any Error)?
    for attempt in try await dueAttempts() {
      // One that cannot be written down must not keep those behind it, and the refunds, from their turn.
      do { if try await reconcile(attempt) { moved += 1 } } catch { failure = failure ?? error }
    }
    for refund in try await dueRefunds() {
      await tryRefund(refund)
      if try await database.read({ db in try Refund.find(refund, in: db)?.state }) != .pending { moved += 1 }
    }
    if let failure { throw failure }
    return moved
  }

  /// Asks the provider about the open payments of one order, such as when its buyer comes back from their bank before
  /// the webhook does. Gives the order as it is then. Asked too often (`Policy.refreshBurst`), it asks nobody.
  public func refreshPayment(_ id: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil) async throws -> Order {
    let (order, open) = try await database.read { db -> (Order, [PaymentAttempt]) in
      let order = try OrderAccess.requireParty(of: id, by: caller, token: token, in: db)
      // What came of an order that is settled, the webhooks and `reconcilePayments` tell.
      guard order.state == .placed else { return (order, []) }
      let rows = try db.rows(
        """
        SELECT \(PaymentAttempt.columns) FROM payment_attempt
        WHERE order_id = \(order.purchase ?? order.id) AND state IN ('requires_action', 'processing')
        """)
      return (order, try rows.map(PaymentAttempt.init))
    }
    // A page can be reloaded for ever; a provider has better to do, and tells what happens by itself.
    guard !open.isEmpty, refreshes.take(id.description, at: clock.now) == nil else { return order }
    for attempt in open { _ = try await reconcile(attempt) }
    return try await database.read { db in try Order.require(id, in: db) }
  }

  /// True when there was news. A provider that does not answer is asked again in a minute.
  private func reconcile(_ attempt: PaymentAttempt) async throws -> Bool {
    guard let provider = providers[attempt.provider] else { return false }
    let found: ProviderPayment?
    do {
      found =
        attempt.payment.isEmpty
        ? try await provider.payment(attempt: attempt.id) : try await provider.payment(attempt.payment)
    } catch {
      troubles.note(.paymentUnanswered, provider: provider.name, order: attempt.order, error)
      return false
    }
    guard let found else { return try await close(attempt, as: "not_received") }
    if PaymentAttempt.State(found.state).rank > attempt.state.rank {
      _ = try await record(found, from: provider)
      return true
    }
    guard found.state == .requiresAction, try await isAbandoned(attempt) else { return false }
    do {
      // From here on its buyer cannot confirm it any more, or has done so in this moment.
      _ = try await record(try await provider.cancel(found.id), from: provider)
      return true
    } catch {
      troubles.note(.paymentUnanswered, provider: provider.name, order: attempt.order, error)
      return false
    }
  }

  /// Whether nobody wants it any more: its orders have ended or are paid, or its buyer never came back.
  private func isAbandoned(_ attempt: PaymentAttempt) async throws -> Bool {
    if clock.now.milliseconds(since: attempt.started) > policy.paymentAbandonedSeconds * 1000 { return true }
    return try await database.read { db in
      try db.row(
        """
        SELECT 1 FROM payment_share share JOIN orders ON orders.id = share.order_id
        WHERE share.attempt_id = \(attempt.id) AND orders.state = 'placed' LIMIT 1
        """) == nil
    }
  }

  /// Nobody expects anything of this attempt any more. Should it succeed after all, that still counts.
  private func close(_ attempt: PaymentAttempt, as code: String) async throws -> Bool {
    try await writeAndTell { db in
      let isChanged = try db.run(
        """
        UPDATE payment_attempt SET state = \(PaymentAttempt.State.declined), failure_code = \(code),
          failure_sentence = 'The payment did not come about. Try again.'
        WHERE id = \(attempt.id) AND state = \(attempt.state)
        """)
      guard isChanged == 1 else { return false }
      for share in try attempt.shares(in: db) { try Outbox.announce(.order(share.order), in: db) }
      return true
    }
  }

  /// The open attempts asked about longest ago; from now on they count as asked.
  private func dueAttempts() async throws -> [PaymentAttempt] {
    let before = clock.now.adding(seconds: -policy.reconcileSeconds)
    let due = try await database.read { db in
      try db.rows(
        """
        SELECT \(PaymentAttempt.columns) FROM payment_attempt
        WHERE state IN ('started', 'requires_action', 'processing') AND asked_ms <= \(before)
        ORDER BY asked_ms LIMIT 100
        """
      ).map(PaymentAttempt.init)
    }
    guard !due.isEmpty else { return [] }
    try await database.write { db in
      _ = try db.run("UPDATE payment_attempt SET asked_ms = \(clock.now) WHERE id IN \(list: due.map(\.id))")
    }
    return due
  }

  private func dueRefunds() async throws -> [ID<Refund>] {
    let before = clock.now.adding(seconds: -policy.reconcileSeconds)
    let due = try await database.read { db in
      try db.rows(
        "SELECT id FROM refund WHERE state = 'pending' AND asked_ms <= \(before) ORDER BY asked_ms LIMIT 100"
      ).map { try $0.get("id", as: ID<Refund>.self) }
    }
    guard !due.isEmpty else { return [] }
    try await database.write { db in
      _ = try db.run("UPDATE refund SET asked_ms = \(clock.now) WHERE id IN \(list: due)")
    }
    return due
  }
}
