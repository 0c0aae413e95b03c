import Store

extension Audit {
  /// What is on hand and reserved is what the journal's movements come to, and what is reserved is what open orders,
  /// prizes, auctions, offers of waitlists and claims hold. Each order's movements are those of its state.
  mutating func stock(in db: any Connection) throws {
    let count = try db.row(
      """
      SELECT COUNT(*) AS variants, CAST(COALESCE(SUM(on_hand), 0) AS BIGINT) AS on_hand,
        CAST(COALESCE(SUM(reserved), 0) AS BIGINT) AS reserved FROM stock
      """)
    if let count {
      note(
        """
        Stock: \(try count.number("variants")) variants, \(try count.number("on_hand")) units on hand, \
        \(try count.number("reserved")) of them reserved.
        """)
    }
    try expectNone(
      db.rows(
        """
        SELECT stock.variant_id AS variant_id, stock.on_hand AS on_hand, stock.reserved AS reserved,
          CAST(COALESCE(journal.on_hand, 0) AS BIGINT) AS journal_on_hand,
          CAST(COALESCE(journal.reserved, 0) AS BIGINT) AS journal_reserved
        FROM stock LEFT JOIN (
          SELECT variant_id, SUM(on_hand_change) AS on_hand, SUM(reserved_change) AS reserved
          FROM stock_movement GROUP BY variant_id
        ) journal ON journal.variant_id = stock.variant_id
        WHERE stock.on_hand <> COALESCE(journal.on_hand, 0) OR stock.reserved <> COALESCE(journal.reserved, 0)
        """)
    ) { row in
      """
      variant \(try row.name("variant_id")): \(try row.number("on_hand")) on hand and \
      \(try row.number("reserved")) reserved, but its movements come to \(try row.number("journal_on_hand")) and \
      \(try row.number("journal_reserved"))
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT DISTINCT variant_id FROM stock_movement
        WHERE variant_id NOT IN (SELECT variant_id FROM stock)
        """)
    ) { row in "variant \(try row.name("variant_id")): has movements and no stock" }
    try expectNone(
      db.rows(
        """
        SELECT stock.variant_id AS variant_id, stock.reserved AS reserved,
          CAST(COALESCE(held.quantity, 0) AS BIGINT) AS held
        FROM stock LEFT JOIN (
          SELECT variant_id, SUM(quantity) AS quantity FROM (
            SELECT order_line.variant_id AS variant_id, order_line.quantity AS quantity
            FROM order_line JOIN orders ON orders.id = order_line.order_id
            WHERE orders.state = 'placed' AND (orders.part IS NULL OR orders.part <> 'deposit')
            UNION ALL
            SELECT variant_id, units_held AS quantity FROM giveaway WHERE units_held > 0
            UNION ALL
            SELECT variant_id, units_held AS quantity FROM auction WHERE units_held > 0
            UNION ALL
            SELECT variant_id, units_held AS quantity FROM wish WHERE units_held > 0
            UNION ALL
            SELECT variant_id, units_held AS quantity FROM claim WHERE units_held > 0
          ) holds GROUP BY variant_id
        ) held ON held.variant_id = stock.variant_id
        WHERE stock.reserved <> COALESCE(held.quantity, 0)
        """)
    ) { row in
      """
      variant \(try row.name("variant_id")): \(try row.number("reserved")) reserved, but open orders, prizes, auctions, \
      claims and waitlists hold \
      \(try row.number("held"))
      """
    }
    try movementsOfOrders(in: db)
  }

  /// An order's movements net to: reserved while it is placed; sold once it is paid; nothing once it has ended.
  private mutating func movementsOfOrders(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT line.order_id AS order_id, line.variant_id AS variant_id, line.state AS state,
          CAST(line.quantity AS BIGINT) AS quantity,
          CAST(COALESCE(journal.reserved, 0) AS BIGINT) AS reserved,
          CAST(COALESCE(journal.sold, 0) AS BIGINT) AS sold,
          CAST(COALESCE(journal.returned, 0) AS BIGINT) AS returned
        FROM (
          SELECT order_line.order_id AS order_id, order_line.variant_id AS variant_id, orders.state AS state,
            SUM(order_line.quantity) AS quantity
          FROM order_line JOIN orders ON orders.id = order_line.order_id
          WHERE orders.part IS NULL OR orders.part <> 'deposit'
          GROUP BY order_line.order_id, order_line.variant_id, orders.state
        ) line LEFT JOIN (
          SELECT order_id, variant_id, SUM(reserved_change) AS reserved,
            SUM(CASE WHEN kind = 'sold' THEN -on_hand_change ELSE 0 END) AS sold,
            SUM(CASE WHEN kind = 'returned' THEN on_hand_change ELSE 0 END) AS returned
          FROM stock_movement WHERE order_id IS NOT NULL GROUP BY order_id, variant_id
        ) journal ON journal.order_id = line.order_id AND journal.variant_id = line.variant_id
        WHERE COALESCE(journal.reserved, 0) <> CASE WHEN line.state = 'placed' THEN line.quantity ELSE 0 END
          OR COALESCE(journal.sold, 0)
            <> CASE WHEN line.state IN ('placed', 'expired', 'cancelled') THEN 0 ELSE line.quantity END
          OR COALESCE(journal.returned, 0) > COALESCE(journal.sold, 0)
        """)
    ) { row in
      """
      order \(try row.name("order_id")) is \(try row.get("state", as: String.self)) with \
      \(try row.number("quantity")) of variant \(try row.name("variant_id")), but its movements reserved \
      \(try row.number("reserved")), sold \(try row.number("sold")) and took back \(try row.number("returned"))
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT DISTINCT order_id FROM stock_movement WHERE order_id IN (SELECT id FROM orders WHERE part = 'deposit')
        """)
    ) { row in "order \(try row.name("order_id")): has stock movements and is a deposit" }
    try expectNone(
      db.rows(
        """
        SELECT DISTINCT order_id FROM stock_movement
        WHERE order_id IS NOT NULL AND order_id NOT IN (SELECT id FROM orders)
        """)
    ) { row in "order \(try row.name("order_id")): has stock movements and does not exist" }
  }
}
