import Store

extension Audit {
  /// A refund's lines and parts sum to it. Of no line more units were refunded as sent than sent, nor as never sent than
  /// the others, nor more money than was paid.
  mutating func refundLines(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT refund.id AS id, refund.amount_minor AS amount,
          CAST(COALESCE(SUM(line.amount_minor), 0) + refund.shipping_minor AS BIGINT) AS lines
        FROM refund LEFT JOIN refund_line line ON line.refund_id = refund.id
        GROUP BY refund.id, refund.amount_minor, refund.shipping_minor
        HAVING (COUNT(line.position) > 0 OR refund.shipping_minor > 0)
          AND COALESCE(SUM(line.amount_minor), 0) + refund.shipping_minor <> refund.amount_minor
        """)
    ) { row in
      "refund \(try row.name("id")): is of \(try row.number("amount")), but its lines come to \(try row.number("lines"))"
    }
    try expectNone(
      db.rows(
        """
        SELECT refund.id AS id, refund.amount_minor AS amount, CAST(SUM(part.amount_minor) AS BIGINT) AS parts
        FROM refund JOIN refund_part part ON part.refund_id = refund.id
        GROUP BY refund.id, refund.amount_minor HAVING SUM(part.amount_minor) <> refund.amount_minor
        """)
    ) { row in
      "refund \(try row.name("id")): is of \(try row.number("amount")), but its parts come to \(try row.number("parts"))"
    }
    try expectNone(
      db.rows(
        """
        SELECT given.order_id AS order_id, given.quantity AS quantity, given.unsent AS unsent, given.amount AS amount,
          CAST(COALESCE(line.quantity, 0) AS BIGINT) AS bought,
          CAST(COALESCE(sent.quantity, 0) AS BIGINT) AS sent,
          COALESCE(line.total_minor - line.discount_minor + line.tax_added_minor, 0) AS paid
        FROM (
          SELECT refund.order_id AS order_id, refund_line.position AS position,
            CAST(SUM(refund_line.quantity) AS BIGINT) AS quantity,
            CAST(SUM(refund_line.unsent) AS BIGINT) AS unsent,
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
        WHERE given.quantity - given.unsent > COALESCE(sent.quantity, 0)
          OR given.unsent + COALESCE(sent.quantity, 0) > COALESCE(line.quantity, 0)
          OR given.amount > COALESCE(line.total_minor - line.discount_minor + line.tax_added_minor, 0)
        """)
    ) { row in
      """
      order \(try row.name("order_id")): of a line of \(try row.number("bought")) units \(try row.number("quantity")) \
      and \(try row.number("amount")) were refunded, \(try row.number("unsent")) of them not sent, but \
      \(try row.number("sent")) were sent and \(try row.number("paid")) paid
      """
    }
  }
}
