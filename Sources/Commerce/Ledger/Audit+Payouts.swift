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
        WHERE COALESCE(begun.minor, 0) <> payout.amount_minor OR payout.provider = '' AND (
          (payout.state IN ('pending', 'sent') AND payout.end_id IS NOT NULL)
          OR (payout.state = 'paid' AND (COALESCE(ended.minor, 0) <> payout.amount_minor OR ended.kind <> 'payout_paid'))
          OR (payout.state = 'returned'
            AND (COALESCE(ended.minor, 0) <> payout.amount_minor OR ended.kind <> 'payout_returned')))
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
            AND cause_id NOT IN (SELECT end_id FROM payout WHERE end_id IS NOT NULL)
            AND cause_id NOT IN (SELECT id FROM payout_transfer) AND cause_id NOT IN (SELECT id FROM payout_reversal))
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
    try parts(in: db)
    try transfers(in: db)
    try reversals(in: db)
    try payees(in: db)
  }

  /// Whoever is paid through a provider has an account there, and none is called ready that its provider does not call
  /// so. What was sent has the provider's name for it; that two have the same is kept by the tables.
  private mutating func payees(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT payee, provider FROM provider_payee
        WHERE (is_ready = 1 AND (account = '' OR state <> 'activated'))
          OR (account = '' AND (person <> '' OR product <> ''))
        """)
    ) { row in
      """
      account of \(try row.get("payee", as: String.self)) at \(try row.get("provider", as: String.self)): is not what \
      the provider said of it
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT paid.payee AS payee FROM payout_destination paid
        LEFT JOIN provider_payee account ON account.payee = paid.payee AND account.provider = paid.provider
        WHERE CASE WHEN paid.provider = '' THEN paid.provider_account <> ''
          ELSE account.payee IS NULL OR account.account = '' OR account.account <> paid.provider_account END
        """)
    ) { row in "payouts of \(try row.get("payee", as: String.self)): go to an account that is not theirs" }
    try expectNone(
      db.rows(
        """
        SELECT id FROM payout_transfer
        WHERE (state = 'sent' AND transfer_id = '') OR (state = 'pending' AND failure <> '')
        """)
    ) { row in "transfer \(try row.name("id")) of a payout: is sent without its provider's name for it" }
  }

  /// The parts by order come to what the books have of payouts, and no order was paid out to more than it had by what is
  /// not asked back.
  private mutating func parts(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT sums.cause_id AS id, sums.account AS account, CAST(SUM(sums.minor) AS BIGINT) AS minor
        FROM (
          SELECT transfer.cause_id AS cause_id, entry.account AS account, entry.currency AS currency,
            entry.amount_minor AS minor
          FROM ledger_transfer transfer JOIN ledger_entry entry ON entry.transfer_id = transfer.id
          WHERE transfer.kind IN ('payout', 'payout_returned') AND entry.account <> 'payouts'
            AND entry.account NOT LIKE 'provider:%'
          UNION ALL
          SELECT cause_id, account, currency, amount_minor AS minor FROM payout_part
        ) sums
        GROUP BY sums.cause_id, sums.account, sums.currency HAVING SUM(sums.minor) <> 0
        """)
    ) { row in
      """
      payout parts of \(try row.name("id")): differ by \(try row.number("minor")) from what the books took from \
      \(try row.get("account", as: String.self))
      """
    }
  }

  /// What a provider is to send of a payout comes to it, and each transfer is booked as far as it went.
  private mutating func transfers(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT payout.id AS id FROM payout
        LEFT JOIN (
          SELECT payout_id, CAST(SUM(amount_minor) AS BIGINT) AS minor,
            SUM(CASE WHEN state = 'pending' THEN 1 ELSE 0 END) AS open,
            SUM(CASE WHEN state = 'sent' THEN 1 ELSE 0 END) AS sent
          FROM payout_transfer GROUP BY payout_id
        ) sums ON sums.payout_id = payout.id
        WHERE CASE WHEN payout.provider = '' THEN sums.minor IS NOT NULL
          ELSE COALESCE(sums.minor, 0) <> payout.amount_minor
            OR payout.state <> CASE WHEN sums.open > 0 THEN 'pending' WHEN sums.sent > 0 THEN 'paid' ELSE 'returned' END
          END
        """)
    ) { row in "payout \(try row.name("id")): is not what its transfers come to" }
    try expectNone(
      db.rows(
        """
        SELECT sent.id AS id, sent.state AS state FROM payout_transfer sent
        LEFT JOIN (
          SELECT transfer.cause_id AS cause_id, transfer.kind AS kind, entry.currency AS currency,
            CAST(SUM(CASE WHEN entry.account = 'payouts' THEN -entry.amount_minor ELSE 0 END) AS BIGINT) AS minor,
            MIN(CASE WHEN entry.account = 'payouts' THEN NULL ELSE entry.account END) AS other
          FROM ledger_transfer transfer JOIN ledger_entry entry ON entry.transfer_id = transfer.id
          WHERE transfer.kind IN ('payout_paid', 'payout_returned')
          GROUP BY transfer.cause_id, transfer.kind, entry.currency
        ) booked ON booked.cause_id = sent.id
        WHERE CASE sent.state
          WHEN 'pending' THEN booked.kind IS NOT NULL
          WHEN 'sent' THEN booked.kind IS NULL OR booked.kind <> 'payout_paid' OR booked.minor <> sent.amount_minor
            OR booked.currency <> sent.currency OR booked.other <> 'provider:' || sent.provider
          ELSE booked.kind IS NULL OR booked.kind <> 'payout_returned' OR booked.minor <> sent.amount_minor
            OR booked.currency <> sent.currency OR booked.other <> sent.account END
        """)
    ) { row in
      "transfer \(try row.name("id")) of a payout: is \(try row.get("state", as: String.self)), which is not what is booked"
    }
  }

  /// What was taken back is booked, and comes to what each transfer says of it.
  private mutating func reversals(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT sent.id AS id FROM payout_transfer sent
        LEFT JOIN (
          SELECT transfer_id, CAST(SUM(amount_minor) AS BIGINT) AS minor FROM payout_reversal
          WHERE state IN ('pending', 'done') GROUP BY transfer_id
        ) asked ON asked.transfer_id = sent.id
        WHERE sent.reversed_minor <> COALESCE(asked.minor, 0)
        """)
    ) { row in "transfer \(try row.name("id")) of a payout: its reversals come to something else" }
    try expectNone(
      db.rows(
        """
        SELECT reversal.id AS id, reversal.state AS state FROM payout_reversal reversal
        JOIN payout_transfer sent ON sent.id = reversal.transfer_id
        LEFT JOIN (
          SELECT transfer.cause_id AS cause_id, CAST(SUM(entry.amount_minor) AS BIGINT) AS minor
          FROM ledger_transfer transfer JOIN ledger_entry entry ON entry.transfer_id = transfer.id
          JOIN payout_reversal back ON back.id = transfer.cause_id
          JOIN payout_transfer whole ON whole.id = back.transfer_id
          WHERE transfer.kind = 'payout_returned' AND entry.account = whole.account
          GROUP BY transfer.cause_id
        ) booked ON booked.cause_id = reversal.id
        WHERE CASE WHEN reversal.state = 'done' THEN COALESCE(booked.minor, 0) <> reversal.amount_minor
          ELSE booked.minor IS NOT NULL END
        """)
    ) { row in
      "reversal \(try row.name("id")): is \(try row.get("state", as: String.self)), which is not what is booked"
    }
  }
}
