import Store

extension Audit {
  /// What each buyer has of what there is a limit on is what their orders count for; what ended unpaid counts for
  /// nothing, and what was neither refunded nor ended for all of it.
  mutating func limits(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT one.subject_id AS subject_id, one.units AS units,
          CAST(COALESCE(taken.units, 0) AS BIGINT) AS taken
        FROM limited_units one LEFT JOIN (
          SELECT subject_id, buyer, SUM(units) AS units FROM limited_order GROUP BY subject_id, buyer
        ) taken ON taken.subject_id = one.subject_id AND taken.buyer = one.buyer
        WHERE one.units <> COALESCE(taken.units, 0)
        """)
    ) { row in
      """
      limit of \(try row.name("subject_id")): a buyer has \(try row.number("units")) units, but their orders count for \
      \(try row.number("taken"))
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT DISTINCT limited_order.order_id AS order_id FROM limited_order
        LEFT JOIN limited_units ON limited_units.subject_id = limited_order.subject_id
          AND limited_units.buyer = limited_order.buyer
        WHERE limited_units.units IS NULL
        """)
    ) { row in "order \(try row.name("order_id")): counts towards a limit, and its buyer has nothing of it" }
    try expectNone(
      db.rows(
        """
        SELECT taken.order_id AS order_id, taken.units AS units, CAST(COALESCE(SUM(line.quantity), 0) AS BIGINT) AS bought
        FROM limited_order taken
        LEFT JOIN orders ON orders.id = taken.order_id
        LEFT JOIN order_line line ON line.order_id = taken.order_id
          AND (line.variant_id = taken.subject_id OR line.product_id = taken.subject_id)
        GROUP BY taken.order_id, taken.subject_id, taken.units, orders.state, orders.refunded_minor
        HAVING taken.units > COALESCE(SUM(line.quantity), 0)
          OR taken.units > 0 AND COALESCE(orders.state, 'expired') IN ('expired', 'cancelled')
          OR taken.units <> COALESCE(SUM(line.quantity), 0) AND orders.refunded_minor = 0
            AND orders.state NOT IN ('expired', 'cancelled')
        """)
    ) { row in
      """
      order \(try row.name("order_id")): counts for \(try row.number("units")) units towards a limit, and has \
      \(try row.number("bought"))
      """
    }
  }
}
