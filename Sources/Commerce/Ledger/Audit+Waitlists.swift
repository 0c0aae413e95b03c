import Store

extension Audit {
  /// An offer of a waitlist that was taken is one paid or placed unit of what was waited for; what offers hold is looked at
  /// with the stock.
  mutating func waitlists(in db: any Connection) throws {
    let row = try db.requireRow(
      """
      SELECT CAST(COALESCE(SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0) AS BIGINT) AS waiting,
        CAST(COALESCE(SUM(CASE WHEN state = 'offered' THEN 1 ELSE 0 END), 0) AS BIGINT) AS offered
      FROM wish WHERE state IN ('waiting', 'offered')
      """)
    note("Waitlists: \(try row.number("waiting")) wait, \(try row.number("offered")) have an offer.")
    try expectNone(
      db.rows(
        """
        SELECT wish.id AS id, wish.order_id AS order_id FROM wish
        LEFT JOIN orders ON orders.id = wish.order_id
        LEFT JOIN (
          SELECT order_id, variant_id, SUM(quantity) AS quantity FROM order_line GROUP BY order_id, variant_id
        ) line ON line.order_id = wish.order_id AND line.variant_id = wish.variant_id
        WHERE wish.state = 'taken' AND (line.quantity IS NULL OR line.quantity <> 1
          OR orders.market <> wish.market
          OR wish.account_id IS NOT NULL AND COALESCE(orders.account_id, wish.id) <> wish.account_id)
        """)
    ) { row in
      "wish \(try row.name("id")): was taken by order \(try row.name("order_id")), which is of something else"
    }
    try expectNone(
      db.rows(
        """
        SELECT order_id, COUNT(*) AS wishes FROM wish WHERE order_id IS NOT NULL GROUP BY order_id HAVING COUNT(*) > 1
        """)
    ) { row in "order \(try row.name("order_id")): took the offers of \(try row.number("wishes")) wishes" }
    try expectNone(
      db.rows(
        """
        SELECT wish.id AS id FROM wish
        WHERE wish.state IN ('offered', 'taken') AND (wish.offers < 1 OR wish.until_ms IS NULL)
        """)
    ) { row in "wish \(try row.name("id")): has a unit, and was never offered one" }
  }
}
