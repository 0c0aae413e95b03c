import Store

extension Commerce {
  /// One order, for its buyer, a holder of its token, and owners and fulfilment members of its channel. To others it does
  /// not exist.
  public func order(_ id: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil) async throws -> Order {
    try await database.read { db in
      try OrderAccess.requireParty(of: id, by: caller, token: token, in: db)
    }
  }

  /// It and the orders that are paid together with it, the first of the bag first: for its buyer, or a holder of its
  /// token. A seller's people see theirs alone.
  public func paidTogether(
    _ id: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil
  ) async throws -> [Order] {
    try await database.read { db in
      let order = try OrderAccess.requireParty(of: id, by: caller, token: token, in: db)
      let isBuyer = try OrderAccess.isBuyer(of: order, by: caller, token: token, in: db)
      return try isBuyer ? order.paidTogether(in: db) : [order]
    }
  }

  /// Who sold an order, to those who may see the order. A buyer keeps this whatever becomes of the channel.
  public func seller(of id: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil) async throws -> Channel {
    try await database.read { db in
      let order = try OrderAccess.requireParty(of: id, by: caller, token: token, in: db)
      guard let channel = try Channel.find(order.channel, in: db) else { throw GeneralRefusal.notFound("channel") }
      return channel
    }
  }

  /// The caller's own orders, the latest first.
  public func orders(by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50) async throws -> Page<Order> {
    try await database.read { db in
      let account = try caller.requireAccount()
      return try page(of: "account_id = \(account)", after: cursor, limit: limit, in: db)
    }
  }

  /// A channel's orders, the latest first; for those of its members who deal with orders.
  public func orders(
    of channel: ID<Channel>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50
  ) async throws -> Page<Order> {
    try await database.read { db in
      try Membership.require(.orders, of: channel, by: caller, in: db)
      return try page(of: "channel_id = \(channel)", after: cursor, limit: limit, in: db)
    }
  }

  private func page(
    of whose: SQL, after cursor: Cursor?, limit: Int, in db: any Connection
  ) throws -> Page<Order> {
    try policy.check(limit: limit)
    let (time, id) = (cursor?.key ?? .max, cursor?.id ?? [])
    let rows = try db.rows(
      """
      SELECT \(Order.columns) FROM orders WHERE \(whose) AND (placed_ms, id) < (\(time), \(id))
      ORDER BY placed_ms DESC, id DESC LIMIT \(limit + 1)
      """)
    return Page(try Order.with(rows: rows, in: db), limit: limit) { Cursor($0.placed.milliseconds, $0.id) }
  }
}
