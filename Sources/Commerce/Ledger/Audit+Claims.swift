import Store

extension Audit {
  /// What was claimed by comments is counted once, said by a message that says so, and bought as it was claimed; what is
  /// held is looked at with the stock.
  mutating func claims(in db: any Connection) throws {
    let counts = try db.requireRow(
      """
      SELECT (SELECT COUNT(*) FROM claim WHERE state = 'held') AS held,
        (SELECT COUNT(*) FROM claim WHERE state = 'taken') AS taken
      """)
    note("Claims: \(try counts.number("held")) hold units, \(try counts.number("taken")) were ordered.")
    try expectNone(
      db.rows(
        """
        SELECT claim_word.id AS id, claim_word.units_taken AS units,
          CAST(COALESCE(counted.units, 0) AS BIGINT) AS counted FROM claim_word
        LEFT JOIN (
          SELECT word_id, SUM(quantity) AS units FROM claim WHERE state IN ('held', 'taken') GROUP BY word_id
        ) counted ON counted.word_id = claim_word.id
        WHERE claim_word.units_taken <> COALESCE(counted.units, 0)
        """)
    ) { row in
      "claim word \(try row.name("id")): counts \(try row.number("units")) units, and has \(try row.number("counted"))"
    }
    try expectNone(
      db.rows(
        """
        SELECT claim.id AS id FROM claim LEFT JOIN message ON message.id = claim.message_id
        WHERE COALESCE(message.is_claim, 0) = 0
        UNION ALL
        SELECT message.id AS id FROM message LEFT JOIN claim ON claim.message_id = message.id
        WHERE message.is_claim = 1 AND claim.id IS NULL
        """)
    ) { row in "claim or message \(try row.name("id")): the one is there without the other" }
    try expectNone(
      db.rows(
        """
        SELECT claimed.order_id AS order_id FROM (
          SELECT order_id, variant_id, SUM(quantity) AS quantity FROM claim WHERE order_id IS NOT NULL
          GROUP BY order_id, variant_id
        ) claimed
        LEFT JOIN (
          SELECT order_id, variant_id, SUM(quantity) AS quantity FROM order_line GROUP BY order_id, variant_id
        ) line ON line.order_id = claimed.order_id AND line.variant_id = claimed.variant_id
        WHERE line.quantity IS NULL OR line.quantity <> claimed.quantity
        """)
    ) { row in "order \(try row.name("order_id")): is of something else than was claimed for it" }
    try expectNone(
      db.rows(
        """
        SELECT claim.id AS id, claim.order_id AS order_id FROM claim
        JOIN claim_bag ON claim_bag.id = claim.bag_id LEFT JOIN orders ON orders.id = claim.order_id
        WHERE claim.order_id IS NOT NULL AND (orders.id IS NULL OR orders.market <> claim_bag.market
          OR claim_bag.account_id IS NOT NULL
            AND COALESCE(orders.account_id, claim_bag.id) <> claim_bag.account_id)
        """)
    ) { row in "claim \(try row.name("id")): was taken by order \(try row.name("order_id")), which is another's" }
  }
}
