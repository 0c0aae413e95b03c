import Store

extension Audit {
  /// Each payout is booked as far as it went, once, for its amount; and what is on its way is what the books say is.
  mutating func payouts(in db: any Connection) throws {
    let count: Int64 = try db.requireRow("SELECT COUNT(*) AS payouts FROM payout").get("payouts")
    note("Payouts: \(count).")
    try expectNone(
      db.rows(
        """
        SELECT payout.id AS id, payout.state AS state, payout.amount_minor AS amount_minor
        FROM payout
        LEFT JOIN (
          SELECT transfer.cause_id AS cause_id, CAST(SUM(entry.amount_minor) AS BIGINT) AS minor
          FROM ledger_transfer transfer JOIN ledger_entry entry ON entry.transfer_id = transfer.id
          WHERE transfer.kind = 'payout' AND entry.account = 'payouts' GROUP BY transfer.cause_id
        ) begun ON begun.cause_id = payout.id
        LEFT JOIN (
          SELECT transfer.cause_id AS cause_id, transfer.kind AS kind,
            CAST(SUM(CASE WHEN entry.account = 'payouts' THEN -entry.amount_minor ELSE 0 END) AS BIGINT) AS minor
          FROM ledger_transfer transfer JOIN ledger_entry entry ON entry.transfer_id = transfer.id
          WHERE transfer.kind IN ('payout_paid', 'payout_returned') GROUP BY transfer.cause_id, transfer.kind
        ) ended ON ended.cause_id = payout.end_id
        WHERE COALESCE(begun.minor, 0) <> payout.amount_minor
          OR (payout.state IN ('pending', 'sent') AND payout.end_id IS NOT NULL)
          OR (payout.state = 'paid' AND (COALESCE(ended.minor, 0) <> payout.amount_minor OR ended.kind <> 'payout_paid'))
          OR (payout.state = 'returned'
            AND (COALESCE(ended.minor, 0) <> payout.amount_minor OR ended.kind <> 'payout_returned'))
        """)
    ) { row in
      """
      payout \(try row.name("id")): is \(try row.get("state", as: String.self)) with \
      \(try row.number("amount_minor")), which is not what is booked of it
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT id FROM ledger_transfer
        WHERE (kind = 'payout' AND cause_id NOT IN (SELECT id FROM payout))
          OR (kind IN ('payout_paid', 'payout_returned')
            AND cause_id NOT IN (SELECT end_id FROM payout WHERE end_id IS NOT NULL))
        """)
    ) { row in "transfer \(try row.name("id")): books a payout that is not there" }
    try expectNone(
      db.rows(
        """
        SELECT entry.transfer_id AS id FROM ledger_entry entry
        JOIN ledger_transfer transfer ON transfer.id = entry.transfer_id
        JOIN payout ON payout.id = transfer.cause_id
        WHERE transfer.kind = 'payout' AND entry.account NOT IN ('payouts')
          AND entry.account <> payout.payee
          AND (payout.payee LIKE 'partner:%' OR entry.account NOT LIKE ('%:' || SUBSTR(payout.payee, 9)))
        """)
    ) { row in "transfer \(try row.name("id")): takes a payout from somebody else's balance" }
  }
}
