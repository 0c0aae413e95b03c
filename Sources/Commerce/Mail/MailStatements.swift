import Store

extension Commerce {
  /// Queues the statement of the month that is over for the owners of every channel and the people of every partner that
  /// something was booked for in it; the house's own round. At most 100 of them a call; gives how many. A month is mailed
  /// once.
  @discardableResult
  public func mailStatements() async throws -> Int {
    let now = clock.now
    guard let month = Self.monthBefore(now), let span = StatementSpan(month: month) else { return 0 }
    let accounts = try await database.read { db in
      try db.rows(
        """
        SELECT DISTINCT account FROM ledger_entry
        WHERE transfer_id >= \(span.first) AND transfer_id < \(span.end)
          AND (account LIKE 'seller:%' OR account LIKE 'creator:%' OR account LIKE 'partner:%')
          AND account NOT IN (SELECT account FROM statement_mail WHERE month = \(month))
        ORDER BY account LIMIT 100
        """
      ).map { try $0.get("account", as: String.self) }
    }
    for account in accounts {
      guard let payee = Payee.of(account: account) else { continue }
      try await database.write { db in
        try db.run(
          """
          INSERT INTO statement_mail (month, account, made_ms) VALUES (\(month), \(account), \(now))
          ON CONFLICT (month, account) DO NOTHING
          """)
        // Who sells and creates has one statement of both: the same mail is queued once.
        try payee.tell(.statement, because: Array(month.utf8), at: now, in: db)
      }
    }
    return accounts.count
  }

  /// `2026-11` on any day of December 2026, in UTC.
  static func monthBefore(_ now: Moment) -> String? {
    let text = now.description
    guard let year = Int(text.prefix(4)), let month = Int(text.dropFirst(5).prefix(2)) else { return nil }
    let (before, of) = month == 1 ? (12, year - 1) : (month - 1, year)
    return "\(of)-\(before < 10 ? "0" : "")\(before)"
  }
}
