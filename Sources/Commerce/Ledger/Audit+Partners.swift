import Store

extension Audit {
  /// Every order that is credited to a partner names one that is there, and was sold under terms of theirs that had begun;
  /// what is not credited has no share.
  mutating func partners(in db: any Connection) throws {
    let count: Int64 = try db.requireRow("SELECT COUNT(*) AS partners FROM partner").get("partners")
    note("Partners: \(count).")
    try expectNone(
      db.rows(
        """
        SELECT orders.id AS id FROM orders LEFT JOIN partner ON partner.id = orders.partner_id
        WHERE (orders.partner_id IS NOT NULL) <> (orders.credit = 'partner')
          OR (orders.partner_id IS NOT NULL AND (partner.id IS NULL OR partner.via <> orders.via))
          OR (orders.credit <> 'none') <> (orders.via <> '')
          OR orders.source <> CASE WHEN orders.site <> '' THEN 'embed' WHEN orders.via <> '' THEN 'link' ELSE 'page' END
        """)
    ) { row in "order \(try row.name("id")): is not credited to whom its link or page names" }
    try expectNone(
      db.rows(
        """
        SELECT DISTINCT orders.id AS id FROM orders JOIN order_line line ON line.order_id = orders.id
        WHERE orders.partner_id IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM partner_terms terms WHERE terms.partner_id = orders.partner_id
            AND terms.rate_bp = line.partner_bp AND terms.starts_ms <= orders.placed_ms)
        """)
    ) { row in "order \(try row.name("id")): its partner had no terms of that rate then" }
    try expectNone(
      db.rows(
        """
        SELECT DISTINCT entry.account AS account FROM ledger_entry entry
        JOIN ledger_transfer transfer ON transfer.id = entry.transfer_id
        LEFT JOIN orders ON orders.id = transfer.order_id
        WHERE entry.account LIKE 'partner:%' AND transfer.order_id IS NOT NULL AND orders.partner_id IS NULL
        """)
    ) { row in "\(try row.get("account", as: String.self)): has a share of an order that nobody brought" }
  }
}
