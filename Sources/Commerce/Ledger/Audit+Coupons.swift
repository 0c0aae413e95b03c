import Store

extension Audit {
  /// What was claimed of every coupon is what its orders have, no more than its limits.
  mutating func coupons(in db: any Connection) throws {
    let count: Int64 = try db.requireRow("SELECT COUNT(*) AS coupons FROM coupon").get("coupons")
    note("Coupons: \(count).")
    try expectNone(
      try db.rows(
        """
        SELECT coupon.id AS id, coupon.taken AS taken, COUNT(orders.id) AS used
        FROM coupon
        LEFT JOIN orders ON orders.coupon_id = coupon.id AND orders.state NOT IN ('expired', 'cancelled')
        GROUP BY coupon.id, coupon.taken HAVING coupon.taken <> COUNT(orders.id)
        """)
    ) { row in
      "coupon \(try row.name("id")): \(try row.number("taken")) claims, but \(try row.number("used")) orders have it"
    }
    try expectNone(
      try db.rows(
        """
        SELECT DISTINCT coupon.id AS id FROM coupon JOIN coupon_buyer ON coupon_buyer.coupon_id = coupon.id
        WHERE coupon_buyer.claims > coupon.claims_per_buyer_max
        """)
    ) { row in "coupon \(try row.name("id")): a buyer has claimed it more often than a buyer may" }
    try expectNone(
      try db.rows(
        """
        SELECT orders.id AS id FROM orders LEFT JOIN coupon ON coupon.id = orders.coupon_id
        WHERE (orders.coupon_id IS NOT NULL AND coupon.id IS NULL)
          OR (orders.coupon_id IS NULL AND orders.discount_minor <> 0)
          OR orders.promotion_minor <> CASE WHEN orders.coupon_id IS NOT NULL AND coupon.channel_id IS NULL
            THEN orders.discount_minor ELSE 0 END
        """)
    ) { row in "order \(try row.name("id")): its discount is not its coupon's" }
  }
}
