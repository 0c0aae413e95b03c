import Store

/// Something that waits for a seller's answer.
public struct OpenRequest: Sendable, Equatable {
  public enum Subject: Sendable, Equatable {
    case cancellation(Cancellation)
    case goods(Return)
  }

  public let subject: Subject
  public let order: Order
  public let made: Moment
}

/// A return before the operator.
public struct DisputedReturn: Sendable {
  public let goods: Return
  public let order: Order
  public let seller: Channel
  /// What the buyer wrote to the operator; empty when a time was up.
  public let complaint: String
}

extension Commerce {
  /// The returns of an order, the first first, for its buyer and for members of its channel who deal with orders.
  public func returns(of order: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil) async throws -> [Return] {
    try await database.read { db in
      let found = try OrderAccess.requireParty(of: order, by: caller, token: token, in: db)
      return try Return.all(of: found.id, in: db)
    }
  }

  /// What buyers of a channel asked for and is not over, the oldest first, at most `limit` cancellations and as many
  /// returns; for those of its members who deal with orders.
  public func openRequests(of channel: ID<Channel>, by caller: Caller, limit: Int = 50) async throws -> [OpenRequest] {
    try await database.read { [policy] db in
      try Membership.require(.orders, of: channel, by: caller, in: db)
      try policy.check(limit: limit)
      let cancellations = try db.rows(
        """
        SELECT \(Cancellation.columns) FROM cancellation WHERE channel_id = \(channel) AND state = 'requested'
        ORDER BY made_ms, id LIMIT \(limit)
        """
      ).map(Cancellation.init)
      let returns = try Return.withLines(
        db.rows(
          """
          SELECT \(Return.columns) FROM order_return
          WHERE channel_id = \(channel) AND state IN ('requested', 'approved', 'sent', 'disputed')
          ORDER BY made_ms, id LIMIT \(limit)
          """), in: db)
      let orders = try Order.all(cancellations.map(\.order) + returns.map(\.order), in: db)
      let open =
        cancellations.compactMap { asked in
          orders[asked.order].map { OpenRequest(subject: .cancellation(asked), order: $0, made: asked.made) }
        }
        + returns.compactMap { goods in
          orders[goods.order].map { OpenRequest(subject: .goods(goods), order: $0, made: goods.made) }
        }
      return open.sorted { $0.made < $1.made }
    }
  }

  /// The returns that the operator is to decide, the oldest first, each with its order; for the operator.
  public func disputedReturns(by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50) async throws
    -> Page<DisputedReturn>
  {
    try await database.read { [policy] db in
      try caller.requireOperator(in: db)
      try policy.check(limit: limit)
      let rows = try db.rows(
        """
        SELECT \(Return.columns) FROM order_return
        WHERE state = 'disputed' AND (changed_ms, id) > (\(cursor?.key ?? .min), \(cursor?.id ?? []))
        ORDER BY changed_ms, id LIMIT \(limit + 1)
        """)
      let page = Page(try Return.withLines(rows, in: db), limit: limit) { Cursor($0.changed.milliseconds, $0.id) }
      let orders = try Order.all(page.items.map(\.order), in: db)
      return Page(
        items: try page.items.compactMap { goods in
          guard let order = orders[goods.order], let seller = try Channel.find(order.channel, in: db) else {
            return nil
          }
          let row = try db.row(
            """
            SELECT note FROM order_event WHERE subject_id = \(goods.id) AND kind = 'return_disputed'
            ORDER BY place DESC LIMIT 1
            """)
          return DisputedReturn(goods: goods, order: order, seller: seller, complaint: try row?.get("note") ?? "")
        }, next: page.next)
    }
  }
}

extension Order {
  /// Orders by their ids, in two statements.
  static func all(_ ids: [ID<Order>], in db: any Connection) throws -> [ID<Order>: Order] {
    guard !ids.isEmpty else { return [:] }
    let rows = try db.rows("SELECT \(columns) FROM orders WHERE id IN \(list: Array(Set(ids)))")
    return Dictionary(try with(rows: rows, in: db).map { ($0.id, $0) }) { first, _ in first }
  }
}
