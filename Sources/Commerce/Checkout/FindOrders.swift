import Store

extension Commerce {
  /// One order, for its buyer, a holder of its token, and its channel's people. To others it does not exist.
  public func order(_ id: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil) async throws -> Order {
    try await database.read { db in
      try OrderAccess.requireReader(of: id, by: caller, token: token, in: db)
    }
  }

  /// The caller's own orders, the latest first.
  public func orders(by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50) async throws -> Page<Order> {
    try policy.check(limit: limit)
    let before = cursor?.id ?? Self.afterAllIDs
    return try await database.read { db in
      let account = try caller.requireAccount()
      let rows = try db.rows(
        """
        SELECT \(Order.columns) FROM orders WHERE account_id = \(account) AND id < \(before)
        ORDER BY id DESC LIMIT \(limit + 1)
        """)
      return Page(try Order.with(rows: rows, in: db), limit: limit) { Cursor(0, $0.id) }
    }
  }

  /// A channel's orders, the latest first; for those of its members who deal with orders.
  public func orders(
    of channel: ID<Channel>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50
  ) async throws -> Page<Order> {
    try policy.check(limit: limit)
    let before = cursor?.id ?? Self.afterAllIDs
    return try await database.read { db in
      try Membership.require(.orders, of: channel, by: caller, in: db)
      let rows = try db.rows(
        """
        SELECT \(Order.columns) FROM orders WHERE channel_id = \(channel) AND id < \(before)
        ORDER BY id DESC LIMIT \(limit + 1)
        """)
      return Page(try Order.with(rows: rows, in: db), limit: limit) { Cursor(0, $0.id) }
    }
  }

  /// Where a list by falling id begins. An id begins with its time, so that order is the order in time.
  private static var afterAllIDs: [UInt8] { [UInt8](repeating: 0xFF, count: 16) }
}
