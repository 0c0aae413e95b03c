import Store

extension Audit {
  /// What was cancelled is on its way back or is back, by a refund of units that were never sent; what is asked waits
  /// for an order of which nothing was sent.
  mutating func cancellations(in db: any Connection) throws {
    let count: Int64 = try db.requireRow("SELECT COUNT(*) AS cancellations FROM cancellation").get("cancellations")
    note("Cancellations: \(count).")
    try expectNone(
      db.rows(
        """
        SELECT cancellation.id AS id, cancellation.state AS state FROM cancellation
        JOIN orders ON orders.id = cancellation.order_id LEFT JOIN refund ON refund.id = cancellation.id
        WHERE (refund.id IS NOT NULL AND refund.order_id <> cancellation.order_id)
          OR (cancellation.state = 'accepted' AND orders.state <> 'refunded' AND COALESCE(refund.state, 'failed') = 'failed')
          OR (cancellation.state = 'failed' AND COALESCE(refund.state, '') <> 'failed')
          OR (cancellation.state IN ('requested', 'refused', 'overtaken') AND refund.id IS NOT NULL)
          OR (cancellation.state = 'requested'
            AND (orders.state <> 'paid' OR orders.id IN (SELECT order_id FROM shipment)))
          OR refund.id IN (SELECT refund_id FROM refund_line WHERE unsent <> quantity)
        """)
    ) { row in
      "cancellation \(try row.name("id")): is \(try row.get("state", as: String.self)), and its order and refund are not"
    }
    try events(of: "cancellation", in: db)
  }

  /// Of no line more comes back than was sent, or is refunded than came back; only what was received has a refund and is
  /// on the shelf again.
  mutating func returns(in db: any Connection) throws {
    let count: Int64 = try db.requireRow("SELECT COUNT(*) AS returns FROM order_return").get("returns")
    note("Returns: \(count).")
    try expectNone(
      db.rows(
        """
        SELECT market.code AS code FROM market
        WHERE COALESCE(market.return_days, -1) <> COALESCE((SELECT period.days FROM return_period period
          WHERE period.market = market.code ORDER BY period.starts_ms DESC LIMIT 1), -1)
        """)
    ) { row in
      "market \(try row.get("code", as: String.self)): its days to send something back are not the last that began"
    }
    try expectNone(
      db.rows(
        """
        SELECT goods.order_id AS order_id, goods.back AS back, CAST(COALESCE(sent.quantity, 0) AS BIGINT) AS sent
        FROM (
          SELECT order_return.order_id AS order_id, line.position AS position,
            CAST(SUM(CASE WHEN order_return.state = 'received' THEN line.restocked + line.written_off
              ELSE line.quantity END) AS BIGINT) AS back
          FROM order_return JOIN order_return_line line ON line.return_id = order_return.id
          WHERE order_return.state IN ('requested', 'approved', 'sent', 'disputed', 'received')
          GROUP BY order_return.order_id, line.position
        ) goods LEFT JOIN (
          SELECT shipment.order_id AS order_id, shipment_line.position AS position,
            SUM(shipment_line.quantity) AS quantity
          FROM shipment JOIN shipment_line ON shipment_line.shipment_id = shipment.id
          WHERE shipment.delivered_ms IS NOT NULL GROUP BY shipment.order_id, shipment_line.position
        ) sent ON sent.order_id = goods.order_id AND sent.position = goods.position
        WHERE goods.back > COALESCE(sent.quantity, 0)
        """)
    ) { row in
      """
      order \(try row.name("order_id")): \(try row.number("back")) units of a line come back, but \
      \(try row.number("sent")) arrived
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT order_return.id AS id, order_return.state AS state FROM order_return
        LEFT JOIN (
          SELECT return_id, SUM(quantity) AS quantity, SUM(restocked + written_off) AS received
          FROM order_return_line GROUP BY return_id
        ) lines ON lines.return_id = order_return.id
        LEFT JOIN (
          SELECT refund.id AS id, refund.order_id AS order_id, SUM(line.quantity) AS quantity, SUM(line.unsent) AS unsent
          FROM refund LEFT JOIN refund_line line ON line.refund_id = refund.id GROUP BY refund.id, refund.order_id
        ) refunded ON refunded.id = order_return.id
        WHERE COALESCE(lines.quantity, 0) = 0
          OR (order_return.state = 'received') <> (lines.received > 0)
          OR (refunded.id IS NOT NULL AND (order_return.state <> 'received' OR refunded.order_id <> order_return.order_id
            OR refunded.quantity > lines.received OR refunded.unsent <> 0))
        """)
    ) { row in
      "return \(try row.name("id")): is \(try row.get("state", as: String.self)), and its units and refund are not"
    }
    try events(of: "order_return", in: db)
    try restocked(in: db)
  }

  /// Each has its last event, which is that of its state.
  private mutating func events(of table: String, in db: any Connection) throws {
    let prefix = table == "cancellation" ? "cancellation_" : "return_"
    let rows =
      table == "cancellation"
      ? try db.rows("SELECT id, order_id, state FROM cancellation")
      : try db.rows("SELECT id, order_id, state FROM order_return")
    guard !rows.isEmpty else { return }
    var kinds: [ID<Order>: Set<String>] = [:]
    for row in try db.rows("SELECT subject_id, kind FROM order_event") {
      kinds[try row.get("subject_id"), default: []].insert(try row.get("kind"))
    }
    for row in rows {
      let state: String = try row.get("state")
      let expected = state == "accepted" ? "cancelled" : prefix + state
      if try !kinds[row.get("id"), default: []].contains(expected) {
        differ("\(table) \(try row.name("id")): is \(state), and no event of its order says so")
      }
    }
  }

  /// What is on the shelf again of an order is what was refunded without being sent, and what came back for it. Of one
  /// that is refunded whole, what was not sent by then is, too.
  private mutating func restocked(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT line.order_id AS order_id, line.state AS state, line.back AS back,
          CAST(COALESCE(journal.returned, 0) AS BIGINT) AS returned
        FROM (
          SELECT order_line.order_id AS order_id, order_line.variant_id AS variant_id, orders.state AS state,
            CAST(SUM(COALESCE(kept.quantity, 0) + COALESCE(goods.quantity, 0)) AS BIGINT) AS back
          FROM order_line JOIN orders ON orders.id = order_line.order_id LEFT JOIN (
            SELECT refund.order_id AS order_id, refund_line.position AS position, SUM(refund_line.unsent) AS quantity
            FROM refund JOIN refund_line ON refund_line.refund_id = refund.id WHERE refund.state = 'succeeded'
            GROUP BY refund.order_id, refund_line.position
          ) kept ON kept.order_id = order_line.order_id AND kept.position = order_line.position LEFT JOIN (
            SELECT order_return.order_id AS order_id, line.position AS position, SUM(line.restocked) AS quantity
            FROM order_return JOIN order_return_line line ON line.return_id = order_return.id
            WHERE order_return.state = 'received' GROUP BY order_return.order_id, line.position
          ) goods ON goods.order_id = order_line.order_id AND goods.position = order_line.position
          WHERE orders.part IS NULL OR orders.part <> 'deposit'
          GROUP BY order_line.order_id, order_line.variant_id, orders.state
        ) line LEFT JOIN (
          SELECT order_id, variant_id, SUM(on_hand_change) AS returned FROM stock_movement
          WHERE kind = 'returned' AND order_id IS NOT NULL GROUP BY order_id, variant_id
        ) journal ON journal.order_id = line.order_id AND journal.variant_id = line.variant_id
        WHERE COALESCE(journal.returned, 0) < line.back
          OR (line.state <> 'refunded' AND COALESCE(journal.returned, 0) > line.back)
        """)
    ) { row in
      """
      order \(try row.name("order_id")) is \(try row.get("state", as: String.self)): \(try row.number("returned")) units \
      went back on the shelf, but \(try row.number("back")) were refunded unsent or came back
      """
    }
  }
}
