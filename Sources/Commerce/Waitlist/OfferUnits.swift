import Store

extension Stock {
  /// Holds what is left of a variant for those who wait for it, first in, first offered, in the transaction in which it
  /// came free: nobody else ever sees it. Gives the stock that is left.
  static func offer(
    _ variant: ID<Variant>, _ level: StockLevel, on occasion: Occasion, in db: any Connection
  ) throws -> StockLevel {
    guard level.available > 0 else { return level }
    let wishes = try Wish.next(of: variant, atMost: level.available, in: db)
    guard !wishes.isEmpty else { return level }
    let count = Int64(wishes.count)
    let row = try db.row(
      """
      UPDATE stock SET reserved = reserved + \(count) WHERE variant_id = \(variant) AND on_hand - reserved >= \(count)
      RETURNING on_hand, reserved
      """)
    guard let row else { throw StockFault.noStock(variant) }
    let after = try StockLevel(row: row)
    let noted = Occasion(at: occasion.at, entropy: occasion.entropy, by: occasion.by, note: Wish.stockNote)
    try journal(
      [Movement(variant: variant, kind: .reserved, onHand: 0, reserved: count, after: after)], on: noted, in: db)
    for wish in wishes { try wish.offer(at: occasion.at, in: db) }
    return after
  }
}

extension Wish {
  /// Whether it can be bought where the wish is from: tables and a condition.
  private static let buyable: SQL = """
    JOIN variant ON variant.id = wish.variant_id AND variant.retired_ms IS NULL AND variant.preorder_id IS NULL
    JOIN product ON product.id = variant.product_id
    JOIN channel ON channel.id = product.channel_id AND channel.state = 'approved'
    JOIN market ON market.code = wish.market AND market.is_open = 1
    JOIN offer ON offer.variant_id = wish.variant_id AND offer.market = wish.market AND offer.kind = 'list'
      AND offer.closed_ms = 9223372036854775807
    LEFT JOIN channel_market ON channel_market.channel_id = channel.id AND channel_market.market = wish.market
    """
  private static let isLetIn: SQL = """
    (channel_market.state = 'approved' OR channel_market.state IS NULL AND COALESCE(market.admission, 'open') = 'open')
    """

  /// The first of the list who could buy, at most so many.
  fileprivate static func next(of variant: ID<Variant>, atMost limit: Int64, in db: any Connection) throws -> [Wish] {
    // Mostly nobody waits, and this is all it takes.
    guard try db.row("SELECT 1 FROM wish WHERE variant_id = \(variant) AND state = 'waiting' LIMIT 1") != nil else {
      return []
    }
    return try db.rows(
      """
      SELECT \(columns) FROM wish \(buyable)
      WHERE wish.variant_id = \(variant) AND wish.state = 'waiting' AND \(isLetIn)
      ORDER BY wish.since_ms, wish.id LIMIT \(limit)
      """
    ).map(Wish.init)
  }

  fileprivate func offer(at now: Moment, in db: any Connection) throws {
    let changed = try db.run(
      """
      UPDATE wish SET state = 'offered', units_held = 1, offers = offers + 1,
        until_ms = \(now.adding(seconds: offerSeconds)), changed_ms = \(now)
      WHERE id = \(id) AND state = 'waiting'
      """)
    guard changed == 1, let offered = try Wish.find(id, in: db) else { throw MissingRow() }
    try Mail.queue(.waitlistOffer, of: offered, at: now, in: db)
  }

  /// It is over, or waits on: a unit that was held for it is free, and the next one's.
  func end(as state: State, on occasion: Occasion, in db: any Connection) throws {
    let changed = try db.run(
      """
      UPDATE wish SET state = \(state), units_held = 0, changed_ms = \(occasion.at), address = NULL
      WHERE id = \(id) AND state = \(self.state)
      """)
    guard changed == 1 else { throw MissingRow() }
    guard self.state == .offered else { return }
    let noted = Occasion(at: occasion.at, entropy: occasion.entropy, by: occasion.by, note: Self.stockNote)
    try Stock.release([Stock.Units(variant: variant, count: 1)], on: noted, in: db)
  }

  /// The order that takes its offer has the unit from now on: the shelf does not notice.
  func take(by order: ID<Order>, _ units: [Stock.Units], on occasion: Occasion, in db: any Connection) throws {
    guard units == [Stock.Units(variant: variant, count: 1)] else { throw WaitlistRefusal.otherVariant }
    guard state == .offered else { throw state == .lapsed ? WaitlistRefusal.offerOver : .noOffer }
    let taken = try db.run(
      """
      UPDATE wish SET state = 'taken', units_held = 0, order_id = \(order), changed_ms = \(occasion.at)
      WHERE id = \(id) AND state = 'offered' AND until_ms > \(occasion.at)
      """)
    guard taken == 1 else { throw WaitlistRefusal.offerOver }
    try Stock.pass(units[0], from: nil, to: order, on: occasion, in: db)
  }

  /// Offers that cannot be taken any more, because nothing is sold there, end; their wishes keep their place, for when
  /// it is sold again, unless the variant is gone for good.
  static func endUnbuyable(of market: String? = nil, on occasion: Occasion, in db: any Connection) throws -> Int {
    let place: SQL = market.map { "AND wish.market = \($0)" } ?? ""
    let lost = try all(
      """
      wish.state = 'offered' \(place) AND wish.id NOT IN (
        SELECT wish.id FROM wish \(buyable) WHERE wish.state = 'offered' AND \(isLetIn))
      ORDER BY wish.variant_id, wish.id LIMIT 1000
      """, in: db)
    for wish in lost {
      let row = try db.row("SELECT 1 FROM variant WHERE id = \(wish.variant) AND retired_ms IS NOT NULL")
      try wish.end(as: row == nil ? .waiting : .ended, on: occasion, in: db)
    }
    return lost.count
  }

  /// Variants that somebody waits for who could buy what is left of them.
  fileprivate static func overlooked(in db: any Connection) throws -> [ID<Variant>] {
    try db.rows(
      """
      SELECT DISTINCT wish.variant_id AS variant_id FROM wish \(buyable)
      JOIN stock ON stock.variant_id = wish.variant_id AND stock.on_hand > stock.reserved
      WHERE wish.state = 'waiting' AND \(isLetIn) ORDER BY wish.variant_id LIMIT 100
      """
    ).map { try $0.get("variant_id") }
  }
}

extension Commerce {
  /// Ends offers whose time is over, and those that cannot be taken any more; offers what is left where somebody waits
  /// (a market was opened again); and ends wishes nobody can fulfil, or that waited for too long. Gives how many.
  @discardableResult
  public func advanceWaitlists() async throws -> Int {
    let now = clock.now
    let isDue = try await database.read { db in
      try db.row("SELECT 1 FROM wish WHERE state IN ('unconfirmed', 'waiting', 'offered') LIMIT 1") != nil
    }
    guard isDue else { return 0 }
    var moved = 0
    while true {
      let batch = try await writeAndTell { db in
        let due = try Wish.all(
          "wish.state = 'offered' AND wish.until_ms <= \(now) ORDER BY wish.until_ms, wish.id LIMIT 100", in: db)
        for wish in due { try wish.end(as: .lapsed, on: occasion(), in: db) }
        return due.count
      }
      moved += batch
      if batch < 100 { break }
    }
    let (oldest, unconfirmed) = (
      now.adding(seconds: -policy.waitlistDays * 86_400), now.adding(seconds: -policy.waitlistConfirmHours * 3600)
    )
    return try await moved
      + writeAndTell { db in
        var moved = try Wish.endUnbuyable(on: occasion(), in: db)
        for (state, which) in [
          (.ended, "wish.state IN ('unconfirmed', 'waiting') AND variant.retired_ms IS NOT NULL"),
          (.lapsed, "wish.state = 'waiting' AND wish.since_ms < \(oldest)"),
          (.lapsed, "wish.state = 'unconfirmed' AND wish.changed_ms < \(unconfirmed)"),
        ] as [(Wish.State, SQL)] {
          let over = try Wish.all("\(which) ORDER BY wish.id LIMIT 100", in: db)
          for wish in over { try wish.end(as: state, on: occasion(), in: db) }
          moved += over.count
        }
        for variant in try Wish.overlooked(in: db) {
          try Stock.offerAgain(variant, on: occasion(), in: db)
          moved += 1
        }
        return moved
      }
  }

  /// Deletes wishes that were over before `Policy.mailDays`; gives how many.
  public func forgetWishes() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.mailDays * 86_400)
    return try await database.write { db in
      let ids = try db.rows(
        """
        SELECT id FROM wish WHERE state IN ('taken', 'lapsed', 'left', 'ended') AND changed_ms < \(before)
        ORDER BY changed_ms LIMIT 1000
        """
      ).map { try $0.get("id", as: ID<Wish>.self) }
      guard !ids.isEmpty else { return 0 }
      try db.run("DELETE FROM mail WHERE order_id IS NULL AND cause_id IN \(list: ids)")
      try db.run("DELETE FROM wish_access WHERE wish_id IN \(list: ids)")
      return try db.run("DELETE FROM wish WHERE id IN \(list: ids)")
    }
  }
}
