import Store

extension Commerce {
  /// What every account of the books has, but for buyers who are owed nothing; for the operator.
  public func balances(by caller: Caller) async throws -> [Balance] {
    try await database.read { db in
      try caller.requireOperator(in: db)
      return try Ledger.balances(in: db)
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
