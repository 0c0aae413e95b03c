import Store

/// For how many days after their arrival things can be sent back, by market and time.
enum ReturnPeriod {
  static let daysRange: ClosedRange<Int64> = 0...365

  /// From now on a market's buyers have so many days; nil for what the installation says.
  static func begin(_ days: Int64?, in market: String, at now: Moment, _ db: any Connection) throws {
    try db.run(
      """
      INSERT INTO return_period (market, starts_ms, days) VALUES (\(market), \(now), \(days.sqlValue))
      ON CONFLICT (market, starts_ms) DO UPDATE SET days = excluded.days
      """)
  }

  /// What held in an order's market when it was placed.
  static func days(of order: Order, _ policy: Policy, in db: any Connection) throws -> Int64 {
    let row = try db.row(
      """
      SELECT days FROM return_period WHERE market = \(order.market) AND starts_ms <= \(order.placed)
      ORDER BY starts_ms DESC LIMIT 1
      """)
    return try row?.get("days", as: Int64?.self) ?? policy.returnDays
  }

  /// Until when the goods of these parcels can be sent back; nil when none has arrived, or nothing is taken back.
  static func end(of order: Order, _ shipments: [Shipment], _ policy: Policy, in db: any Connection) throws -> Moment? {
    guard let arrived = shipments.compactMap(\.delivered).max() else { return nil }
    let days = try days(of: order, policy, in: db)
    return days > 0 ? arrived.adding(seconds: days * 86_400) : nil
  }
}

extension Commerce {
  /// Until when the goods of an order's parcels can be sent back; nil when none has arrived, or nothing is taken back.
  public func returnsUntil(_ order: Order, _ shipments: [Shipment]) async throws -> Moment? {
    try await database.read { [policy] db in try ReturnPeriod.end(of: order, shipments, policy, in: db) }
  }
}
