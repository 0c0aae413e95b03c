import Store

/// Who may open an order: its buyer when signed in, whoever holds a token of it, and the seller's people.
enum OrderAccess {
  /// The order, for its buyer or a holder of its token. To anyone else it does not exist.
  static func requireBuyer(
    of id: ID<Order>, by caller: Caller, token: Secret?, in db: any Connection
  ) throws -> Order {
    guard let order = try Order.find(id, in: db), try isBuyer(of: order, by: caller, token: token, in: db) else {
      throw GeneralRefusal.notFound("order")
    }
    return order
  }

  /// The order, for its buyer and for members of its channel who deal with orders: it says where a buyer lives, which is
  /// no business of a host's or a moderator's.
  static func requireParty(
    of id: ID<Order>, by caller: Caller, token: Secret?, in db: any Connection
  ) throws -> Order {
    guard let order = try Order.find(id, in: db) else { throw GeneralRefusal.notFound("order") }
    if try isBuyer(of: order, by: caller, token: token, in: db) { return order }
    guard caller.account != nil else { throw GeneralRefusal.notFound("order") }
    try Membership.require(.orders, of: order.channel, by: caller, "order", in: db)
    return order
  }

  /// The order, for members of its channel who deal with orders.
  static func requireSeller(of id: ID<Order>, by caller: Caller, in db: any Connection) throws -> Order {
    _ = try caller.requireAccount()
    guard let order = try Order.find(id, in: db) else { throw GeneralRefusal.notFound("order") }
    try Membership.require(.orders, of: order.channel, by: caller, "order", in: db)
    return order
  }

  /// A token's hash is looked up, never compared byte by byte: how long that takes says nothing about the token. A
  /// `Secret` cannot be empty.
  static func isBuyer(
    of order: Order, by caller: Caller, token: Secret?, in db: any Connection
  ) throws -> Bool {
    if let account = caller.account, account == order.buyer.account { return true }
    guard let token else { return false }
    var orders = [order.id]
    // Deposit and balance are one thing to their buyer.
    if let place = try order.part.flatMap({ _ in try Preorder.Place.of(order.id, in: db) }) {
      orders = [place.order] + [place.balanceOrder].compactMap(\.self)
    }
    return try db.row(
      """
      SELECT 1 FROM orders WHERE id IN \(list: orders) AND access_hash = \(token.hash)
      UNION ALL SELECT 1 FROM order_access WHERE order_id IN \(list: orders) AND access_hash = \(token.hash)
      UNION ALL SELECT 1 FROM mail_access WHERE order_id IN \(list: orders) AND access_hash = \(token.hash)
      """) != nil
  }
}
