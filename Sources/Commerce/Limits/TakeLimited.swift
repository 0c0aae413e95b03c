import Store

extension UnitLimits {
  /// What an order wants of a variant or a product, and the limits that there are on it.
  struct Wish {
    /// The variant's id, or the product's.
    let subject: [UInt8]
    /// For people.
    let title: String
    let limits: UnitLimits
    var count: Int64
  }

  /// What one order may never have, whoever buys. Throws `BagRefusal.orderLimit`, `.buyerLimit`.
  static func check(_ lines: [Quote.Line]) throws {
    for wish in wishes(lines) {
      if let limit = wish.limits.perOrder, wish.count > limit {
        throw BagRefusal.orderLimit(title: wish.title, limit: limit)
      }
      if let limit = wish.limits.perBuyer, wish.count > limit {
        throw BagRefusal.buyerLimit(title: wish.title, limit: limit)
      }
    }
  }

  /// Counts an order's units for its buyer. Each limit is kept by one statement, so that two orders of a buyer cannot both
  /// have the last unit. What has no limit for buyers is not counted, and costs no statement.
  ///
  /// Throws `BagRefusal.buyerLimit`.
  static func take(_ lines: [Quote.Line], for buyer: [UInt8], in order: ID<Order>, db: any Connection) throws {
    for wish in wishes(lines) {
      guard let limit = wish.limits.perBuyer else { continue }
      let isTaken = try db.run(
        """
        INSERT INTO limited_units (subject_id, buyer, units) VALUES (\(wish.subject), \(buyer), \(wish.count))
        ON CONFLICT (subject_id, buyer) DO UPDATE SET units = limited_units.units + \(wish.count)
          WHERE limited_units.units + \(wish.count) <= \(limit)
        """)
      guard isTaken == 1 else { throw BagRefusal.buyerLimit(title: wish.title, limit: limit) }
      try db.run(
        """
        INSERT INTO limited_order (order_id, subject_id, buyer, units)
        VALUES (\(order), \(wish.subject), \(buyer), \(wish.count))
        """)
    }
  }

  /// Gives back all that orders count for, which ended unpaid.
  static func giveBack(_ orders: [Order], in db: any Connection) throws {
    for taken in try Taken.all(of: orders.map(\.id), in: db) { try taken.giveBack(taken.units, in: db) }
  }

  /// Gives back units of an order that are not sent, and whose money is back.
  static func giveBack(_ units: [Stock.Units], of order: Order, in db: any Connection) throws {
    guard units.contains(where: { $0.count > 0 }) else { return }
    var counts: [[UInt8]: Int64] = [:]
    for unit in units {
      counts[unit.variant.bytes, default: 0] += unit.count
      guard let line = order.lines.first(where: { $0.variant == unit.variant }) else { continue }
      counts[line.product.bytes, default: 0] += unit.count
    }
    for taken in try Taken.all(of: [order.id], in: db) {
      try taken.giveBack(min(taken.units, counts[taken.subject, default: 0]), in: db)
    }
  }

  /// In one order for all, so that two who want the same two things do not wait for each other.
  private static func wishes(_ lines: [Quote.Line]) -> [Wish] {
    var wishes: [[UInt8]: Wish] = [:]
    for line in lines {
      for (subject, title, limits) in [
        (line.variant.bytes, line.title, line.limits), (line.product.bytes, line.productTitle, line.productLimits),
      ] where limits != .unlimited {
        wishes[subject, default: Wish(subject: subject, title: title, limits: limits, count: 0)].count += line.quantity
      }
    }
    return wishes.values.sorted { $0.subject.lexicographicallyPrecedes($1.subject) }
  }

  private struct Taken {
    let order: ID<Order>
    let subject: [UInt8]
    let buyer: [UInt8]
    let units: Int64

    static func all(of orders: [ID<Order>], in db: any Connection) throws -> [Taken] {
      guard !orders.isEmpty else { return [] }
      return try db.rows(
        """
        SELECT order_id, subject_id, buyer, units FROM limited_order
        WHERE order_id IN \(list: orders) AND units > 0 ORDER BY subject_id, order_id
        """
      ).map { row in
        Taken(
          order: try row.get("order_id"), subject: try row.get("subject_id"), buyer: try row.get("buyer"),
          units: try row.get("units"))
      }
    }

    func giveBack(_ count: Int64, in db: any Connection) throws {
      guard count > 0 else { return }
      try db.run(
        "UPDATE limited_order SET units = units - \(count) WHERE order_id = \(order) AND subject_id = \(subject)")
      try db.run(
        "UPDATE limited_units SET units = units - \(count) WHERE subject_id = \(subject) AND buyer = \(buyer)")
    }
  }
}
