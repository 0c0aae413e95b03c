import Store

/// What a show has sold so far.
public struct Sales: Sendable, Equatable {
  /// Paid orders.
  public let orders: Int64
  /// Their totals, by currency.
  public let totals: [Money]
}

/// What came to a show's sales by one way.
public struct SalesSource: Sendable, Equatable {
  public let kind: OrderSource.Kind
  /// Who is credited; nil for what nobody is.
  public let partner: ID<Partner>?
  public let partnerName: String
  /// The link's key and the embedding page's origin, as told; empty without one.
  public let via: String
  public let site: String
  /// Paid orders, and their totals.
  public let orders: Int64
  public let total: Money
}

/// Which product a show had on screen at the moment an order was made at.
public struct OrderMoment: Sendable, Equatable {
  /// In milliseconds on the show's media clock.
  public let mediaTime: Int64
  /// Nil when nothing was pinned.
  public let pin: ID<Product>?
  public let pinTitle: String
}

extension Commerce {
  /// Where a show's paid orders came from, the most worth first, at most 100 ways; for members of its channel who see
  /// what is sold.
  public func salesSources(of show: ID<Show>, by caller: Caller) async throws -> [SalesSource] {
    try await database.read { db in
      let show = try Show.require(show, in: db)
      try Membership.require(.sales, of: show.channel, by: caller, "show", in: db)
      return try db.rows(
        """
        SELECT sold.source AS source, sold.via AS via, sold.site AS site, sold.partner_id AS partner_id,
          COALESCE(partner.name, '') AS partner_name, sold.currency AS currency, sold.orders AS orders,
          sold.total_minor AS total_minor
        FROM (
          SELECT source, via, site, partner_id, currency, \(Self.salesCount) AS orders,
            CAST(SUM(total_minor) AS BIGINT) AS total_minor
          FROM orders
          WHERE (channel_id = \(show.channel) OR creator_id = \(show.channel)) AND show_id = \(show.id)
            AND paid_ms IS NOT NULL
          GROUP BY source, via, site, partner_id, currency
        ) sold LEFT JOIN partner ON partner.id = sold.partner_id
        ORDER BY sold.total_minor DESC, sold.source, sold.via, sold.site LIMIT 100
        """
      ).map { row in
        SalesSource(
          kind: try row.get("source"), partner: try row.get("partner_id"), partnerName: try row.get("partner_name"),
          via: try row.get("via"), site: try row.get("site"), orders: try row.get("orders"),
          total: Money(minor: try row.get("total_minor"), currency: try row.get("currency")))
      }
    }
  }

  /// What was on screen when an order was made, by the show's own timeline; nil for an order of no moment. For members of
  /// the order's channel who deal with orders.
  public func moment(of order: ID<Order>, by caller: Caller) async throws -> OrderMoment? {
    try await database.read { db in
      let order = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      guard let show = order.show, let mediaTime = order.source.mediaTime else { return nil }
      let event = try db.row(
        """
        SELECT \(TimelineEvent.columns) FROM timeline_event
        WHERE show_id = \(show) AND kind IN ('pinned', 'unpinned') AND media_time_ms <= \(mediaTime)
        ORDER BY media_time_ms DESC, at_ms DESC, id DESC LIMIT 1
        """
      ).map(TimelineEvent.init)
      let pin = event.flatMap { $0.kind == .pinned ? $0.product : nil }
      let title = try pin.flatMap { try db.row("SELECT title FROM product WHERE id = \($0)") }
      return OrderMoment(mediaTime: mediaTime, pin: pin, pinTitle: try title?.get("title") ?? "")
    }
  }
}

extension Commerce {
  /// The balance of a preorder is no order of its own to who counts them.
  private static var salesCount: SQL { "SUM(CASE WHEN part = 'balance' THEN 0 ELSE 1 END)" }

  /// What was paid for in a show, for members of its channel.
  public func sales(of show: ID<Show>, by caller: Caller) async throws -> Sales {
    try await database.read { db in
      let show = try Show.require(show, in: db)
      try Membership.require(.sales, of: show.channel, by: caller, "show", in: db)
      let rows = try db.rows(
        """
        SELECT currency, \(Self.salesCount) AS orders, CAST(SUM(total_minor) AS BIGINT) AS total_minor FROM orders
        WHERE (channel_id = \(show.channel) OR creator_id = \(show.channel)) AND show_id = \(show.id)
          AND paid_ms IS NOT NULL
        GROUP BY currency ORDER BY currency
        """)
      return Sales(
        orders: try rows.reduce(0) { $0 + (try $1.get("orders", as: Int64.self)) },
        totals: try rows.map { Money(minor: try $0.get("total_minor"), currency: try $0.get("currency")) })
    }
  }
}
