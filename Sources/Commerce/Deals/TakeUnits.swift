import Store

extension Deal {
  /// Units of a deal that one order wants, or gives back.
  struct Units {
    let deal: ID<Deal>
    let count: Int64
    /// For people.
    let title: String
  }

  /// Takes units for a buyer. Each limit is kept by one statement, so that two buyers cannot both win the last unit.
  ///
  /// Throws `BagRefusal.dealTaken` when the deal has too few left, `.dealLimit` when it is more than a buyer may have.
  static func take(_ units: [Units], for buyer: [UInt8], in db: any Connection) throws {
    for unit in units {
      let row = try db.requireRow(
        "SELECT units_max, taken, units_per_buyer_max FROM deal WHERE id = \(unit.deal)")
      let limit: Int64 = try row.get("units_per_buyer_max")
      let mine =
        unit.count > limit
        ? 0
        : try db.run(
          """
          INSERT INTO deal_buyer (deal_id, buyer, units) VALUES (\(unit.deal), \(buyer), \(unit.count))
          ON CONFLICT (deal_id, buyer) DO UPDATE SET units = deal_buyer.units + \(unit.count)
            WHERE deal_buyer.units + \(unit.count) <= \(limit)
          """)
      guard mine == 1 else { throw BagRefusal.dealLimit(title: unit.title, limit: limit) }
      let all = try db.run(
        """
        UPDATE deal SET taken = taken + \(unit.count) WHERE id = \(unit.deal) AND taken + \(unit.count) <= units_max
        """)
      guard all == 1 else {
        let left = try row.get("units_max", as: Int64.self) - row.get("taken", as: Int64.self)
        throw BagRefusal.dealTaken(title: unit.title, left: max(0, left))
      }
      try Outbox.announce(.deal(unit.deal), in: db)
    }
  }

  /// Gives back what orders that were not paid had taken.
  static func giveBack(_ orders: [Order], in db: any Connection) throws {
    let offers = Set(orders.flatMap { $0.lines.map(\.offer) })
    var deals: [ID<Offer>: ID<Deal>] = [:]
    for row in try db.rows(
      "SELECT id, deal_id FROM offer WHERE deal_id IS NOT NULL AND id IN \(list: offers.sorted())")
    { deals[try row.get("id")] = try row.get("deal_id") }
    guard !deals.isEmpty else { return }
    for order in orders {
      let units = Units.summed(order.lines.compactMap { line in deals[line.offer].map { ($0, line.quantity, "") } })
      guard !units.isEmpty else { continue }
      let holder = try db.requireRow("SELECT hold_buyer FROM orders WHERE id = \(order.id)")
      let buyer = try holder.get("hold_buyer", as: [UInt8]?.self)
      for unit in units {
        try db.run("UPDATE deal SET taken = taken - \(unit.count) WHERE id = \(unit.deal)")
        if let buyer {
          try db.run(
            """
            UPDATE deal_buyer SET units = units - \(unit.count) WHERE deal_id = \(unit.deal) AND buyer = \(buyer)
            """)
        }
        try Outbox.announce(.deal(unit.deal), in: db)
      }
    }
  }
}

extension Deal.Units {
  static func summed(_ parts: [(deal: ID<Deal>, count: Int64, title: String)]) -> [Self] {
    var counts: [ID<Deal>: (count: Int64, title: String)] = [:]
    for part in parts { counts[part.deal, default: (0, part.title)].count += part.count }
    // In one order for all, so that two who take of the same two deals do not wait for each other.
    return counts.sorted { $0.key < $1.key }.map { Self(deal: $0.key, count: $0.value.count, title: $0.value.title) }
  }
}

extension Quote {
  /// What it takes of deals. Two offers of one deal are one wish.
  var dealUnits: [Deal.Units] {
    Deal.Units.summed(lines.compactMap { line in line.deal.map { ($0, line.quantity, line.title) } })
  }
}
