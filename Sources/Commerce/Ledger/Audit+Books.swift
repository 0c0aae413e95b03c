import Store

extension Audit {
  /// Every share of a payment and every refund that went through is booked once, for its amount, and nothing else is.
  mutating func payments(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT cause.id AS id, cause.what AS what, cause.amount_minor AS amount_minor,
          CAST(COALESCE(booked.amount, 0) AS BIGINT) AS booked
        FROM (
          SELECT share.id AS id, 'payment' AS what, share.amount_minor AS amount_minor FROM payment_share share
            JOIN payment_attempt attempt ON attempt.id = share.attempt_id WHERE attempt.state = 'succeeded'
          UNION ALL SELECT id, 'refund' AS what, amount_minor FROM refund WHERE state = 'succeeded'
        ) cause LEFT JOIN (
          SELECT transfer.cause_id AS cause_id,
            SUM(CASE WHEN transfer.kind IN ('payment', 'stray_payment') THEN -entry.amount_minor
              ELSE entry.amount_minor END) AS amount
          FROM ledger_transfer transfer JOIN ledger_entry entry ON entry.transfer_id = transfer.id
          WHERE entry.account LIKE 'provider:%' GROUP BY transfer.cause_id
        ) booked ON booked.cause_id = cause.id
        WHERE COALESCE(booked.amount, 0) <> cause.amount_minor
        """)
    ) { row in
      """
      \(try row.get("what", as: String.self)) \(try row.name("id")): \(try row.number("amount_minor")) went through, \
      but \(try row.number("booked")) are booked
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT id FROM ledger_transfer
        WHERE order_id IS NOT NULL AND cause_id NOT IN
          (SELECT share.id FROM payment_share share JOIN payment_attempt attempt ON attempt.id = share.attempt_id
           WHERE attempt.state = 'succeeded')
          AND cause_id NOT IN (SELECT id FROM refund WHERE state = 'succeeded')
        """)
    ) { row in "transfer \(try row.name("id")): books a payment or refund that did not go through" }
    try expectNone(
      db.rows(
        """
        SELECT transfer.cause_id AS cause_id FROM ledger_transfer transfer
        LEFT JOIN payment_share share ON share.id = transfer.cause_id
        LEFT JOIN refund ON refund.kind = 'stray' AND refund.attempt_id = share.attempt_id
          AND refund.order_id = share.order_id
        WHERE transfer.kind = 'stray_payment' AND refund.id IS NULL
        """)
    ) { row in "payment \(try row.name("cause_id")): came for an order that had ended, and is not being refunded" }
    try shares(in: db)
    if let row = try db.row("SELECT COUNT(*) AS count FROM refund WHERE state = 'failed'") {
      let count = try row.number("count")
      if count > 0 { note("Refunds: \(count) were refused by their provider and need a person.") }
    }
  }

  /// What an attempt asks for is what its orders come to, each of which is to be paid together with the first.
  private mutating func shares(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT attempt.id AS id, attempt.amount_minor AS amount_minor,
          CAST(COALESCE(SUM(share.amount_minor), 0) AS BIGINT) AS shared
        FROM payment_attempt attempt LEFT JOIN payment_share share ON share.attempt_id = attempt.id
        GROUP BY attempt.id, attempt.amount_minor HAVING COALESCE(SUM(share.amount_minor), 0) <> attempt.amount_minor
        """)
    ) { row in
      """
      payment \(try row.name("id")): asks for \(try row.number("amount_minor")), but its orders come to \
      \(try row.number("shared"))
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT share.id AS id FROM payment_share share
        JOIN payment_attempt attempt ON attempt.id = share.attempt_id
        JOIN orders ON orders.id = share.order_id
        WHERE attempt.order_id <> COALESCE(orders.purchase_id, orders.id) OR share.amount_minor <> orders.total_minor
        """)
    ) { row in "payment share \(try row.name("id")): is not of an order that its payment is for, or not for its total" }
  }

  /// Each transfer sums to zero in each currency, and so do the books.
  mutating func ledger(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT transfer_id, currency, CAST(SUM(amount_minor) AS BIGINT) AS amount_minor FROM ledger_entry
        GROUP BY transfer_id, currency HAVING SUM(amount_minor) <> 0
        """)
    ) { row in
      """
      transfer \(try row.name("transfer_id")): sums to \(try row.number("amount_minor")) minor units of \
      \(try row.get("currency", as: String.self)), not to zero
      """
    }
    try expectNone(
      db.rows("SELECT id FROM ledger_transfer WHERE id NOT IN (SELECT transfer_id FROM ledger_entry)")
    ) { row in "transfer \(try row.name("id")): has no entries" }
    for balance in try Ledger.balances(in: db) { note("Balance: \(balance.account) \(balance.amount.plain).") }
    let sums = try db.rows(
      """
      SELECT currency, CAST(SUM(amount_minor) AS BIGINT) AS amount_minor, COUNT(*) AS count FROM ledger_entry
      GROUP BY currency ORDER BY currency
      """)
    for row in sums {
      let currency: Currency = try row.get("currency")
      let sum = Money(minor: try row.number("amount_minor"), currency: currency)
      note("Ledger: \(try row.number("count")) entries in \(currency) sum to \(sum.plain).")
      if sum.minor != 0 { differ("the ledger sums to \(sum.plain), not to zero") }
    }
  }

  /// Each show's events are numbered from 1 to the show's own count, without gap or repeat.
  mutating func timelines(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT show.id AS id, show.sequence AS sequence, COUNT(event.id) AS count,
          CAST(COALESCE(MAX(event.sequence), 0) AS BIGINT) AS last
        FROM show LEFT JOIN timeline_event event ON event.show_id = show.id AND event.sequence > 0
        GROUP BY show.id, show.sequence
        HAVING COUNT(DISTINCT event.sequence) <> show.sequence OR COALESCE(MAX(event.sequence), 0) <> show.sequence
        """)
    ) { row in
      """
      show \(try row.name("id")): its timeline should end at \(try row.number("sequence")) without gaps, but has \
      \(try row.number("count")) events up to \(try row.number("last"))
      """
    }
  }
}
