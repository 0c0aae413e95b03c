import Store

extension Commerce {
  /// A payee's payouts, the newest first; for a channel's owners.
  public func payouts(
    of payee: Payee, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50
  ) async throws -> Page<Payout> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try payee.requireOrOperator(caller, in: db)
      return try Self.payouts("payee = \(payee)", after: cursor, limit: limit, in: db)
    }
  }

  /// All payouts, or those in one state, the newest first; for the operator.
  public func payouts(
    by caller: Caller, state: Payout.State? = nil, file: ID<PayoutFile>? = nil, after cursor: Cursor? = nil,
    limit: Int = 50
  ) async throws -> Page<Payout> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try caller.requireOperator(in: db)
      let stated: SQL = state.map { "state = \($0)" } ?? "1 = 1"
      let filed: SQL = file.map { "AND file_id = \($0)" } ?? ""
      return try Self.payouts("\(stated) \(filed)", after: cursor, limit: limit, in: db)
    }
  }

  private static func payouts(
    _ condition: SQL, after cursor: Cursor?, limit: Int, in db: any Connection
  ) throws -> Page<Payout> {
    let before: SQL = cursor.map { "AND (made_ms < \($0.key) OR (made_ms = \($0.key) AND id < \($0.id)))" } ?? ""
    let rows = try db.rows(
      """
      SELECT \(Payout.columns) FROM payout WHERE \(condition) \(before)
      ORDER BY made_ms DESC, id DESC LIMIT \(limit + 1)
      """)
    return Page(try rows.map(Payout.init), limit: limit) { Cursor($0.made.milliseconds, $0.id) }
  }

  /// The names of some payees, for whoever may see them anyway.
  public func names(of payees: [Payee]) async throws -> [Payee: String] {
    try await database.read { db in
      try Dictionary(Set(payees).map { ($0, try $0.name(in: db)) }) { first, _ in first }
    }
  }
}
