public import Store

extension Commerce {
  /// What every account of the books has, but for buyers who are owed nothing; for the operator.
  public func balances(by caller: Caller) async throws -> [Balance] {
    try await database.read { db in
      try caller.requireOperator(in: db)
      return try Ledger.balances(in: db)
    }
  }

  /// What each transfer brought a channel or took from it, the latest first; for its owners.
  public func statement(by caller: Caller, _ channel: ID<Channel>, after cursor: Cursor? = nil, limit: Int = 50)
    async throws -> Page<StatementLine>
  {
    try policy.check(limit: limit)
    return try await database.read { db in
      try Membership.require(.everything, of: channel, by: caller, in: db)
      // A transfer's id begins with its time, so the order of the ids is the order in time.
      let before = cursor?.id ?? [UInt8](repeating: 0xFF, count: 16)
      let rows = try db.rows(
        """
        SELECT entry.amount_minor AS amount_minor, entry.currency AS currency, transfer.id AS id,
          transfer.kind AS kind, transfer.order_id AS order_id, transfer.at_ms AS at_ms
        FROM ledger_entry entry JOIN ledger_transfer transfer ON transfer.id = entry.transfer_id
        WHERE entry.account = \(LedgerAccount.seller(channel).description) AND entry.transfer_id < \(before)
        ORDER BY entry.transfer_id DESC LIMIT \(limit + 1)
        """)
      return Page(try rows.map(StatementLine.init), limit: limit) { Cursor(0, $0.transfer) }
    }
  }
}

extension Ledger {
  static func balances(in db: any Connection) throws -> [Balance] {
    try db.rows(
      """
      SELECT account, currency, CAST(SUM(amount_minor) AS BIGINT) AS amount_minor FROM ledger_entry
      GROUP BY account, currency HAVING SUM(amount_minor) <> 0 OR account NOT LIKE 'buyer:%'
      ORDER BY account, currency
      """
    ).map { row in
      Balance(
        account: try row.get("account"),
        amount: Money(minor: try row.get("amount_minor"), currency: try row.get("currency")))
    }
  }
}

extension StatementLine {
  fileprivate init(row: Row) throws {
    transfer = try row.get("id")
    kind = try row.get("kind")
    order = try row.get("order_id")
    at = try row.get("at_ms")
    amount = Money(minor: try row.get("amount_minor"), currency: try row.get("currency"))
  }
}

extension StatementLine.Kind: ValueConvertible {}
