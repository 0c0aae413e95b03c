import Store

/// An order that a partner brought, as the partner sees it: nothing of its buyer.
public struct PartnerOrder: Sendable, Equatable {
  public let id: ID<Order>
  public let state: Order.State
  public let placed: Moment
  public let source: OrderSource
  public let show: ID<Show>?
  /// Empty without a show.
  public let showTitle: String
  /// What the buyer paid.
  public let total: Money
  /// The platform's commission of it, and the partner's part of that.
  public let commission: Money
  public let share: Money
  /// What the partner gave back of its part, for refunds.
  public let givenBack: Money

  public var number: String { id.orderNumber }

  static let source: SQL = "orders LEFT JOIN show ON show.id = orders.show_id"

  static let columns: SQL = """
    orders.id AS id, orders.state AS state, orders.placed_ms AS placed_ms, orders.source AS source,
    orders.via AS via, orders.site AS site, orders.media_time_ms AS media_time_ms, orders.clip_id AS clip_id, orders.show_id AS show_id,
    COALESCE(show.title, '') AS show_title, orders.currency AS currency, orders.total_minor AS total_minor,
    (SELECT CAST(SUM(commission_minor) AS BIGINT) FROM order_line WHERE order_id = orders.id) AS commission_minor,
    (SELECT CAST(SUM(partner_minor) AS BIGINT) FROM order_line WHERE order_id = orders.id) AS share_minor,
    (SELECT CAST(COALESCE(SUM(partner_minor), 0) AS BIGINT) FROM refund
      WHERE order_id = orders.id AND kind = 'sale' AND state = 'succeeded') AS back_minor
    """

  static func require(_ id: ID<Order>, in db: any Connection) throws -> PartnerOrder {
    try PartnerOrder(row: db.requireRow("SELECT \(columns) FROM \(source) WHERE orders.id = \(id)"))
  }

  init(row: Row) throws {
    let currency: Currency = try row.get("currency")
    func money(_ column: String) throws -> Money { Money(minor: try row.get(column), currency: currency) }
    id = try row.get("id")
    state = try row.get("state")
    placed = try row.get("placed_ms")
    source = try OrderSource(row: row)
    show = try row.get("show_id")
    showTitle = try row.get("show_title")
    total = try money("total_minor")
    commission = try money("commission_minor")
    share = try money("share_minor")
    givenBack = try money("back_minor")
  }
}

/// What a partner brought in one currency.
public struct PartnerSum: Sendable, Equatable {
  public let partner: ID<Partner>
  /// Orders that were paid, and their totals.
  public let orders: Int64
  public let sold: Money
  /// The partner's share of them, less what it gave back.
  public let earned: Money
}

extension Commerce {
  /// The paid orders that a partner brought, the latest first; for its people, its keys and the operator.
  public func orders(
    of partner: ID<Partner>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50
  ) async throws -> Page<PartnerOrder> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try Partner.require(partner, .look, by: caller, in: db)
      let (time, id) = (cursor?.key ?? .max, cursor?.id ?? [])
      let rows = try db.rows(
        """
        SELECT \(PartnerOrder.columns) FROM \(PartnerOrder.source)
        WHERE orders.partner_id = \(partner) AND orders.paid_ms IS NOT NULL
          AND (orders.placed_ms, orders.id) < (\(time), \(id))
        ORDER BY orders.placed_ms DESC, orders.id DESC LIMIT \(limit + 1)
        """)
      return Page(try rows.map(PartnerOrder.init), limit: limit) { Cursor($0.placed.milliseconds, $0.id) }
    }
  }

  /// What some partners brought, by partner and currency; for the operator, and for each for its people and keys.
  public func partnerSums(of partners: [ID<Partner>], by caller: Caller) async throws -> [PartnerSum] {
    guard !partners.isEmpty else { return [] }
    return try await database.read { db in
      for partner in Set(partners) { try Partner.require(partner, .look, by: caller, in: db) }
      let accounts = partners.map { LedgerAccount.partner($0).description }
      var earned: [String: Int64] = [:]
      for row in try db.rows(
        """
        SELECT entry.account AS account, entry.currency AS currency, CAST(SUM(entry.amount_minor) AS BIGINT) AS minor
        FROM ledger_entry entry JOIN ledger_transfer transfer ON transfer.id = entry.transfer_id
        WHERE entry.account IN \(list: accounts) AND transfer.order_id IS NOT NULL
        GROUP BY entry.account, entry.currency
        """)
      {
        let key = "\(try row.get("account", as: String.self)) \(try row.get("currency", as: String.self))"
        earned[key] = try row.number("minor")
      }
      return try db.rows(
        """
        SELECT partner_id, currency, COUNT(*) AS orders, CAST(SUM(total_minor) AS BIGINT) AS sold FROM orders
        WHERE partner_id IN \(list: partners) AND paid_ms IS NOT NULL
        GROUP BY partner_id, currency ORDER BY partner_id, currency
        """
      ).map { row in
        let (partner, currency): (ID<Partner>, Currency) = (try row.get("partner_id"), try row.get("currency"))
        return PartnerSum(
          partner: partner, orders: try row.number("orders"),
          sold: Money(minor: try row.number("sold"), currency: currency),
          earned: Money(
            minor: earned["\(LedgerAccount.partner(partner)) \(currency)"] ?? 0, currency: currency))
      }
    }
  }
}
