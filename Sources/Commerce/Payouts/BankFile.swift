import Store

extension Commerce {
  /// Puts every payout of a currency that waits into one file for a bank; for the operator. They are `sent` by that:
  /// the file can be had again, and has the same payouts in it then. Those of a channel that is suspended, or whose
  /// payouts are held, go on waiting.
  ///
  /// Throws `PayoutRefusal.nothingToSend`.
  public func makePayoutFile(
    _ id: ID<PayoutFile>, by caller: Caller, currency: Currency
  ) async throws -> PayoutFile {
    try await database.write { [policy] db in
      let person = try caller.requireOperator(in: db)
      if try db.row("SELECT 1 FROM payout_file WHERE id = \(id)") != nil { return try PayoutFile.require(id, in: db) }
      try policy.checkNew(id, at: clock.now)
      try db.run(
        """
        INSERT INTO payout_file (id, currency, account_id, made_ms) VALUES (\(id), \(currency), \(person), \(clock.now))
        """)
      let suspended = try Payee.suspended(in: db)
      let others: SQL = suspended.isEmpty ? "" : "AND payee NOT IN \(list: suspended)"
      let sent = try db.run(
        """
        UPDATE payout SET state = \(Payout.State.sent), file_id = \(id)
        WHERE id IN (SELECT id FROM payout WHERE state = \(Payout.State.pending) AND currency = \(currency)
          AND provider = '' AND payee NOT IN (SELECT payee FROM payout_hold WHERE released_ms IS NULL) \(others)
          ORDER BY made_ms, id LIMIT \(policy.payoutsPerFileMax))
        """)
      guard sent > 0 else { throw PayoutRefusal.nothingToSend(currency) }
      return try PayoutFile.require(id, in: db)
    }
  }

  /// The files, the newest first, at most 50; for the operator.
  public func payoutFiles(by caller: Caller) async throws -> [PayoutFile] {
    try await database.read { db in
      try caller.requireOperator(in: db)
      return try db.rows("\(PayoutFile.query) ORDER BY file.made_ms DESC, file.id DESC LIMIT 50").map(PayoutFile.init)
    }
  }

  /// A file's lines, as comma-separated values with a line of names: number, holder, account, bank code, amount,
  /// currency, and what the payee is to read. For the operator.
  ///
  /// Throws `PayoutRefusal.unreadable`.
  public func payoutFile(_ id: ID<PayoutFile>, by caller: Caller) async throws -> [UInt8] {
    let rows = try await database.read { db in
      try caller.requireOperator(in: db)
      _ = try PayoutFile.require(id, in: db)
      return try db.rows("SELECT \(Payout.columns), sealed FROM payout WHERE file_id = \(id) ORDER BY made_ms, id")
        .map { (try Payout(row: $0), try $0.get("sealed", as: [UInt8].self)) }
    }
    var file = CSVWriter()
    file.add(["payout", "holder", "account", "bank_code", "amount", "currency", "text"])
    for (payout, sealed) in rows {
      guard let account = bankAccount(of: payout.payee, sealed) else { throw PayoutRefusal.unreadable(payout.holder) }
      file.add([
        payout.number, account.holder, account.number, account.code, payout.amount.plainNumber,
        payout.amount.currency.code, "Haat \(payout.number)",
      ])
    }
    return file.bytes
  }
}

extension Money {
  /// A decimal number with a point and all its digits: `1299.00`.
  var plainNumber: String { String(plain.prefix { $0 != " " }) }
}

extension PayoutFile {
  static let query: SQL = """
    SELECT file.id AS id, file.currency AS currency, file.made_ms AS made_ms, sums.count AS count, sums.minor AS minor,
      sums.open AS open
    FROM payout_file file JOIN (
      SELECT file_id, COUNT(*) AS count, CAST(SUM(amount_minor) AS BIGINT) AS minor,
        SUM(CASE WHEN state = 'sent' THEN 1 ELSE 0 END) AS open
      FROM payout WHERE file_id IS NOT NULL GROUP BY file_id
    ) sums ON sums.file_id = file.id
    """

  init(row: Row) throws {
    id = try row.get("id")
    currency = try row.get("currency")
    made = try row.get("made_ms")
    count = try row.get("count")
    sum = Money(minor: try row.get("minor"), currency: try row.get("currency"))
    open = try row.get("open")
  }

  static func require(_ id: ID<PayoutFile>, in db: any Connection) throws -> PayoutFile {
    guard let row = try db.row("\(query) WHERE file.id = \(id)") else { throw GeneralRefusal.notFound("file") }
    return try PayoutFile(row: row)
  }
}
