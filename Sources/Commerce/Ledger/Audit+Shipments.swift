import Store

extension Audit {
  /// No more of a line was sent than was bought; an order is `fulfilled` once all of it was sent but
  /// for what was refunded instead, and `delivered` once
  /// all of it arrived.
  mutating func shipments(in db: any Connection) throws {
    if let row = try db.row("SELECT COUNT(*) AS count FROM shipment") {
      note("Shipments: \(try row.number("count")).")
    }
    try expectNone(
      db.rows(
        """
        SELECT line.order_id AS order_id, orders.state AS state, CAST(line.quantity AS BIGINT) AS quantity,
          CAST(COALESCE(sent.quantity, 0) AS BIGINT) AS sent, CAST(COALESCE(kept.quantity, 0) AS BIGINT) AS kept
        FROM order_line line JOIN orders ON orders.id = line.order_id LEFT JOIN (
          SELECT shipment.order_id AS order_id, shipment_line.position AS position,
            SUM(shipment_line.quantity) AS quantity
          FROM shipment JOIN shipment_line ON shipment_line.shipment_id = shipment.id
          GROUP BY shipment.order_id, shipment_line.position
        ) sent ON sent.order_id = line.order_id AND sent.position = line.position LEFT JOIN (
          SELECT refund.order_id AS order_id, refund_line.position AS position, SUM(refund_line.unsent) AS quantity
          FROM refund JOIN refund_line ON refund_line.refund_id = refund.id WHERE refund.state = 'succeeded'
          GROUP BY refund.order_id, refund_line.position
        ) kept ON kept.order_id = line.order_id AND kept.position = line.position
        WHERE COALESCE(sent.quantity, 0) + COALESCE(kept.quantity, 0) > line.quantity
          OR (orders.state IN ('fulfilled', 'delivered', 'settled') AND COALESCE(orders.part, '') <> 'deposit'
            AND COALESCE(sent.quantity, 0) + COALESCE(kept.quantity, 0) <> line.quantity)
          OR (orders.state IN ('placed', 'expired', 'cancelled') AND COALESCE(sent.quantity, 0) <> 0)
        """)
    ) { row in
      """
      order \(try row.name("order_id")) is \(try row.get("state", as: String.self)), but of \
      \(try row.number("quantity")) units of a line \(try row.number("sent")) were sent and \
      \(try row.number("kept")) refunded without
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT shipment.id AS id FROM shipment LEFT JOIN shipment_line line ON line.shipment_id = shipment.id
        LEFT JOIN order_line ON order_line.order_id = shipment.order_id AND order_line.position = line.position
        WHERE order_line.order_id IS NULL
        """)
    ) { row in "shipment \(try row.name("id")): holds nothing, or a line that its order has not" }
    try expectNone(
      db.rows(
        """
        SELECT id, state FROM orders
        WHERE state IN ('delivered', 'settled') AND (delivered_ms IS NULL
          OR id IN (SELECT order_id FROM shipment WHERE delivered_ms IS NULL))
        """)
    ) { row in
      "order \(try row.name("id")): is \(try row.get("state", as: String.self)), but not all of it has arrived"
    }
  }
}
