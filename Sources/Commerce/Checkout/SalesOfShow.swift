import Store

/// What a show has sold so far.
public struct Sales: Sendable, Equatable {
  /// Paid orders.
  public let orders: Int64
  /// Their totals, by currency.
  public let totals: [Money]
}

extension Commerce {
  /// What was paid for in a show, for members of its channel.
  public func sales(of show: ID<Show>, by caller: Caller) async throws -> Sales {
    try await database.read { db in
      let show = try Show.require(show, in: db)
      try Membership.require(.look, of: show.channel, by: caller, "show", in: db)
      let rows = try db.rows(
        """
        SELECT currency, COUNT(*) AS orders, CAST(SUM(total_minor) AS BIGINT) AS total_minor FROM orders
        WHERE (channel_id = \(show.channel) OR creator_id = \(show.channel)) AND show_id = \(show.id)
          AND state IN ('paid', 'fulfilled', 'delivered', 'settled')
        GROUP BY currency ORDER BY currency
        """)
      return Sales(
        orders: try rows.reduce(0) { $0 + (try $1.get("orders", as: Int64.self)) },
        totals: try rows.map { Money(minor: try $0.get("total_minor"), currency: try $0.get("currency")) })
    }
  }
}
