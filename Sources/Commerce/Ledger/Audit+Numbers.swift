import Store

extension Audit {
  private static let reportsMax = 50

  /// What the reports of the latest shows say was sold is what their orders come to; and what rooms have kept can have
  /// happened.
  mutating func numbers(in db: any Connection) throws {
    let sold = try db.rows(
      """
      SELECT orders.show_id AS id, orders.currency AS currency, CAST(SUM(orders.total_minor) AS BIGINT) AS gross,
        CAST(SUM(orders.refunded_minor) AS BIGINT) AS back, CAST(SUM(orders.shipping_minor) AS BIGINT) AS shipping
      FROM orders JOIN show ON show.id = orders.show_id
      WHERE orders.paid_ms IS NOT NULL
        AND (orders.channel_id = show.channel_id OR orders.creator_id = show.channel_id)
      GROUP BY orders.show_id, orders.currency ORDER BY orders.show_id DESC, orders.currency
      """)
    let ids = try sold.map { try $0.get("id", as: ID<Show>.self) }
    var latest: [ID<Show>] = []
    for id in ids where latest.last != id { latest.append(id) }
    note("Shows that sold something: \(latest.count).")
    for id in latest.prefix(Self.reportsMax) {
      let report = try ShowReport.make(of: id, at: .never, in: db)
      let rows = zip(ids, sold).filter { $0.0 == id }.map(\.1)
      if report.takings.count != rows.count { differ("show \(id): its report has \(report.takings.count) currencies") }
      for row in rows {
        let currency: Currency = try row.get("currency")
        let said = report.takings.first { $0.currency == currency } ?? .init(currency: currency)
        let shipping = report.shipping.first { $0.currency == currency }?.grossMinor ?? 0
        let expected = [try row.number("gross"), try row.number("back"), try row.number("shipping")]
        let found = [said.grossMinor, said.cancelledMinor + said.refundedMinor, shipping]
        if found != expected { differ("show \(id): its report says \(found) \(currency), its orders say \(expected)") }
      }
    }
    try expectNone(
      db.rows(
        """
        SELECT show_minute.show_id AS id, show_minute.minute AS minute FROM show_minute
        LEFT JOIN show_attendance ON show_attendance.show_id = show_minute.show_id
        WHERE show_minute.viewers > COALESCE(show_attendance.peak, 0)
        """)
    ) { row in "show \(try row.name("id")): had more viewers in minute \(try row.number("minute")) than at once at all"
    }
    try expectNone(
      db.rows(
        """
        SELECT show_reach.show_id AS id FROM show_reach JOIN show ON show.id = show_reach.show_id
        WHERE show_reach.sketch IS NOT NULL AND show.state <> 'live'
        """)
    ) { row in "show \(try row.name("id")): is not on air, and who watched it is still told apart" }
  }
}
