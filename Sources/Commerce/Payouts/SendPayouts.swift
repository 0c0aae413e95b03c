import Store

extension Commerce {
  /// Has the providers send the payouts that go through them, and take back what was sent for orders that were refunded
  /// since: the house's own round. At most 100 of each a call; gives how many came to an end.
  ///
  /// Each is stored before it is asked for, and asked for again under the same key until the provider has said yes or no:
  /// after `Policy.reconcileSeconds` when it did not answer. What is held, or whose payee is suspended, waits.
  @discardableResult
  public func sendPayouts() async throws -> Int {
    guard switches.isOn(.payouts) else { return 0 }
    var ended = 0
    for id in try await dueTransfers() {
      try Task.checkCancellation()
      if try await send(id) { ended += 1 }
    }
    for id in try await dueReversals() {
      try Task.checkCancellation()
      if try await reverse(id) { ended += 1 }
    }
    return ended
  }

  private func send(_ id: ID<PayoutTransfer>) async throws -> Bool {
    guard let transfer = try await database.read({ db in try PayoutTransfer.find(id, in: db) }),
      transfer.state == .pending
    else { return false }
    guard let provider = providers[transfer.provider] as? any PayoutProvider else {
      troubles.note(.providerMissing, provider: transfer.provider, order: transfer.order)
      return false
    }
    do {
      // Those before it in the round may have taken long: it is asked again so long after it was asked.
      try await database.write { db in
        try db.run("UPDATE payout_transfer SET asked_ms = \(clock.now) WHERE id = \(id) AND state = 'pending'")
      }
      let answer =
        transfer.providerID.isEmpty
        ? try await provider.transfer(transfer.request) : try await provider.transfer(transfer.providerID)
      guard case .failed(let code) = answer.state else {
        try await database.write { db in try record(answer, of: transfer, nil, in: db) }
        return answer.state == .sent
      }
      throw ProviderRefused(code: code, sentence: "")
    } catch let refused as ProviderRefused {
      troubles.note(.transferRefused, provider: provider.name, order: transfer.order, refused)
      let standing = await standing(of: transfer, at: provider)
      try await database.write { db in
        try record(
          ProviderTransfer(id: transfer.providerID, state: .failed(code: refused.code)), of: transfer, standing, in: db)
      }
      return true
    } catch {
      troubles.note(.transferUnanswered, provider: provider.name, order: transfer.order, error)
      return false
    }
  }

  /// Whether it is the account's fault, the provider knows; nil when it does not say, and then what was known stays.
  private func standing(of transfer: PayoutTransfer, at provider: any PayoutProvider) async -> PayeeStanding? {
    let known = try? await database.read { db in try ProviderPayee.find(transfer.payee, provider.name, in: db) }
    guard let known, known.account == transfer.providerAccount else { return nil }
    return try? await provider.standing(known.names)
  }

  /// Writes down what became of a transfer, and how the account stands where that was asked.
  func record(
    _ answer: ProviderTransfer, of transfer: PayoutTransfer, _ standing: PayeeStanding?, in db: any Connection
  ) throws {
    switch answer.state {
    case .sent: try transfer.sent(as: answer.id, on: occasion(), in: db)
    case .pending: try transfer.taken(as: answer.id, in: db)
    case .failed(let code): try transfer.refused(code, on: occasion(note: code), in: db)
    }
    if let standing {
      // That it is not asked again before it is mended, we see to.
      try ProviderPayee.note(standing, of: transfer.payee, at: transfer.provider, clock.now, in: db)
    }
  }

  private func reverse(_ id: ID<PayoutReversal>) async throws -> Bool {
    guard let reversal = try await database.read({ db in try PayoutReversal.find(id, in: db) }) else { return false }
    let transfer = reversal.transfer
    guard let provider = providers[transfer.provider] as? any PayoutProvider else {
      troubles.note(.providerMissing, provider: transfer.provider, order: transfer.order)
      return false
    }
    do {
      let name = try await provider.reverse(
        ReversalRequest(
          key: reversal.id.description, transfer: transfer.providerID, amount: reversal.amount, made: reversal.made))
      try await database.write { db in try reversal.done(as: name, on: occasion(), in: db) }
      return true
    } catch let refused as ProviderRefused {
      troubles.note(.reversalRefused, provider: provider.name, order: transfer.order, refused)
      try await database.write { db in try reversal.refused(refused.code, in: db) }
      return true
    } catch {
      troubles.note(.reversalUnanswered, provider: provider.name, order: transfer.order, error)
      return false
    }
  }

  /// The open transfers asked for longest ago, of those who may be paid; from now on they count as asked.
  private func dueTransfers() async throws -> [ID<PayoutTransfer>] {
    try await database.write { [policy] db in
      let before = clock.now.adding(seconds: -policy.reconcileSeconds)
      let suspended = try Payee.suspended(in: db)
      let others: SQL = suspended.isEmpty ? "" : "AND payout.payee NOT IN \(list: suspended)"
      let due = try db.rows(
        """
        SELECT sent.id AS id FROM payout_transfer sent JOIN payout ON payout.id = sent.payout_id
        WHERE sent.state = 'pending' AND sent.asked_ms <= \(before)
          AND payout.payee NOT IN (SELECT payee FROM payout_hold WHERE released_ms IS NULL) \(others)
        ORDER BY sent.asked_ms, sent.made_ms, sent.id LIMIT 100
        """
      ).map { try $0.get("id", as: ID<PayoutTransfer>.self) }
      if !due.isEmpty {
        try db.run("UPDATE payout_transfer SET asked_ms = \(clock.now) WHERE id IN \(list: due)")
      }
      return due
    }
  }

  /// Only of transfers that were sent: before that there is nothing to take back.
  private func dueReversals() async throws -> [ID<PayoutReversal>] {
    try await database.write { [policy] db in
      let before = clock.now.adding(seconds: -policy.reconcileSeconds)
      let due = try db.rows(
        """
        SELECT reversal.id AS id FROM payout_reversal reversal
        JOIN payout_transfer sent ON sent.id = reversal.transfer_id
        WHERE reversal.state = 'pending' AND reversal.asked_ms <= \(before) AND sent.state = 'sent'
        ORDER BY reversal.asked_ms, reversal.made_ms, reversal.id LIMIT 100
        """
      ).map { try $0.get("id", as: ID<PayoutReversal>.self) }
      if !due.isEmpty {
        try db.run("UPDATE payout_reversal SET asked_ms = \(clock.now) WHERE id IN \(list: due)")
      }
      return due
    }
  }
}
