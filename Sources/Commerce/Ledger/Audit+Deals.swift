import Store

extension Audit {
  /// What was taken of every deal is what its orders have, no more than its limits, and its offers have its clock.
  mutating func deals(in db: any Connection) throws {
    let count: Int64 = try db.requireRow("SELECT COUNT(*) AS deals FROM deal").get("deals")
    note("Deals: \(count).")
    try expectNone(
      try db.rows(
        """
        SELECT deal.id AS id, deal.taken AS taken, CAST(COALESCE(SUM(sold.quantity), 0) AS BIGINT) AS sold
        FROM deal
        LEFT JOIN (
          SELECT offer.deal_id AS deal_id, order_line.quantity AS quantity
          FROM offer JOIN order_line ON order_line.offer_id = offer.id
          JOIN orders ON orders.id = order_line.order_id
          WHERE offer.deal_id IS NOT NULL AND orders.state NOT IN ('expired', 'cancelled')
        ) sold ON sold.deal_id = deal.id
        GROUP BY deal.id, deal.taken HAVING deal.taken <> CAST(COALESCE(SUM(sold.quantity), 0) AS BIGINT)
        """)
    ) { row in
      "deal \(try row.name("id")): \(try row.number("taken")) units are taken, but its orders have "
        + "\(try row.number("sold"))"
    }
    try expectNone(
      try db.rows(
        """
        SELECT deal.id AS id FROM deal JOIN deal_buyer ON deal_buyer.deal_id = deal.id
        WHERE deal_buyer.units > deal.units_per_buyer_max OR deal_buyer.units < 0
        """)
    ) { row in "deal \(try row.name("id")): a buyer has taken more than a buyer may, or less than nothing" }
    try expectNone(
      try db.rows(
        """
        SELECT DISTINCT deal.id AS id FROM deal JOIN offer ON offer.deal_id = deal.id
        WHERE offer.opened_ms <> deal.starts_ms OR offer.closed_ms > deal.ends_ms
        """)
    ) { row in "deal \(try row.name("id")): an offer of it has another clock" }
    try expectNone(
      try db.rows(
        """
        SELECT offer.id AS id FROM offer LEFT JOIN deal ON deal.id = offer.deal_id
        WHERE offer.deal_id IS NOT NULL AND deal.id IS NULL
        """)
    ) { row in "offer \(try row.name("id")): its deal is not there" }
  }
}
