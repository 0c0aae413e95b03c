import Store

extension Commerce {
  /// Says that the bank paid a payout out; for the operator. Said twice, it is booked once.
  ///
  /// Throws `PayoutRefusal.ended` for one that came back.
  @discardableResult
  public func payoutArrived(_ id: ID<Payout>, by caller: Caller) async throws -> Payout {
    try await end(id, by: caller, as: .paid, because: "")
  }

  /// Says that the bank sent a payout back, or would not take it; for the operator. Its amount is the payee's again,
  /// and the next payout has it.
  ///
  /// Throws `PayoutRefusal.ended` for one that was paid.
  @discardableResult
  public func payoutCameBack(_ id: ID<Payout>, by caller: Caller, reason: String) async throws -> Payout {
    let reason = try policy.text(reason, "reason", max: policy.reasonCharactersMax)
    return try await end(id, by: caller, as: .returned, because: reason)
  }

  /// Says that the bank paid all of a file; for the operator. What came back of it already stays so. Gives how many are
  /// paid by this.
  @discardableResult
  public func payoutsArrived(of file: ID<PayoutFile>, by caller: Caller) async throws -> Int {
    let open = try await database.read { db in
      try caller.requireOperator(in: db)
      guard try db.row("SELECT 1 FROM payout_file WHERE id = \(file)") != nil else {
        throw GeneralRefusal.notFound("file")
      }
      return try db.rows("SELECT id FROM payout WHERE file_id = \(file) AND state = \(Payout.State.sent) ORDER BY id")
        .map { try $0.get("id", as: ID<Payout>.self) }
    }
    for payout in open { try await payoutArrived(payout, by: caller) }
    return open.count
  }

  private func end(_ id: ID<Payout>, by caller: Caller, as state: Payout.State, because reason: String) async throws
    -> Payout
  {
    try await database.write { db in
      let person = try caller.requireOperator(in: db)
      let payout = try Payout.require(id, in: db)
      guard payout.provider.isEmpty else { throw PayoutRefusal.atProvider(payout.provider) }
      if payout.state == state { return payout }
      guard payout.state == .pending || payout.state == .sent else { throw PayoutRefusal.ended(payout.state) }
      let occasion = occasion(by: person, note: reason)
      let end = ID<Payout>(at: occasion.at, entropy: entropy)
      try db.run(
        """
        UPDATE payout SET state = \(state), end_id = \(end), failure = \(reason), ended_ms = \(occasion.at)
        WHERE id = \(id)
        """)
      let minus = try payout.amount.times(-1)
      let entries: [Ledger.Entry]
      if state == .paid {
        entries = [
          Ledger.Entry(account: .payouts, amount: minus), Ledger.Entry(account: .bank, amount: payout.amount),
        ]
      } else {
        // What was taken, order by order, goes back to where it came from.
        try payout.payee.tell(.payoutReturned, id, at: occasion.at, in: db)
        let back = try PayoutPart.of(cause: id.bytes, payout.payee, in: db).map { $0.reversed }
        try PayoutPart.insert(back, cause: end.bytes, payout.amount.currency, in: db)
        entries =
          try PayoutPart.entries(back, payout.payee, payout.amount.currency) + [
            Ledger.Entry(account: .payouts, amount: minus)
          ]
      }
      try Ledger.book(
        state == .paid ? .payoutPaid : .payoutReturned, cause: end.bytes, entries, on: occasion, in: db)
      return try Payout.require(id, in: db)
    }
  }

  /// Keeps a payee's money back, with a reason they can read; for the operator. Held already, the reason is replaced.
  public func holdPayouts(of payee: Payee, by caller: Caller, reason: String) async throws {
    let reason = try policy.text(reason, "reason", max: policy.reasonCharactersMax)
    try await database.write { db in
      let person = try caller.requireOperator(in: db)
      guard try !payee.name(in: db).isEmpty else { throw GeneralRefusal.notFound("payee") }
      let changed = try db.run(
        "UPDATE payout_hold SET reason = \(reason) WHERE payee = \(payee) AND released_ms IS NULL")
      guard changed == 0 else { return }
      try db.run(
        """
        INSERT INTO payout_hold (id, payee, reason, account_id, held_ms)
        VALUES (\(ID<Payout>(at: clock.now, entropy: entropy)), \(payee), \(reason), \(person), \(clock.now))
        """)
    }
  }

  /// Lets a payee's money go again; for the operator.
  public func releasePayouts(of payee: Payee, by caller: Caller) async throws {
    try await database.write { db in
      try caller.requireOperator(in: db)
      try db.run(
        "UPDATE payout_hold SET released_ms = \(clock.now) WHERE payee = \(payee) AND released_ms IS NULL")
    }
  }
}
