import Store

extension Audit {
  /// A refund's lines sum to it. Of no line more units were refunded than sent, nor more money than was paid.
  mutating func refundLines(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT refund.id AS id, refund.amount_minor AS amount, CAST(SUM(line.amount_minor) AS BIGINT) AS lines
        FROM refund JOIN refund_line line ON line.refund_id = refund.id
        GROUP BY refund.id, refund.amount_minor HAVING SUM(line.amount_minor) <> refund.amount_minor
        """)
    ) { row in
      "refund \(try row.name("id")): is of \(try row.number("amount")), but its lines come to \(try row.number("lines"))"
    }
    try expectNone(
      db.rows(
        """
        SELECT given.order_id AS order_id, given.quantity AS quantity, given.amount AS amount,
          CAST(COALESCE(sent.quantity, 0) AS BIGINT) AS sent,
          COALESCE(line.total_minor - line.discount_minor, 0) AS paid
        FROM (
          SELECT refund.order_id AS order_id, refund_line.position AS position,
            CAST(SUM(refund_line.quantity) AS BIGINT) AS quantity,
            CAST(SUM(refund_line.amount_minor) AS BIGINT) AS amount
          FROM refund JOIN refund_line ON refund_line.refund_id = refund.id
          WHERE refund.state <> 'failed' GROUP BY refund.order_id, refund_line.position
        ) given LEFT JOIN order_line line ON line.order_id = given.order_id AND line.position = given.position
        LEFT JOIN (
          SELECT shipment.order_id AS order_id, shipment_line.position AS position,
            SUM(shipment_line.quantity) AS quantity
          FROM shipment JOIN shipment_line ON shipment_line.shipment_id = shipment.id
          GROUP BY shipment.order_id, shipment_line.position
        ) sent ON sent.order_id = given.order_id AND sent.position = given.position
        WHERE given.quantity > COALESCE(sent.quantity, 0)
          OR given.amount > COALESCE(line.total_minor - line.discount_minor, 0)
        """)
    ) { row in
      """
      order \(try row.name("order_id")): of a line \(try row.number("quantity")) units and \(try row.number("amount")) \
      were refunded, but \(try row.number("sent")) were sent and \(try row.number("paid")) paid
      """
    }
  }
}
