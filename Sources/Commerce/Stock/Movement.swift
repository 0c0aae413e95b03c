public import Store

extension Stock {
  /// One row of the journal.
  public struct Movement {
    public enum Kind: String, Sendable, Codable, CaseIterable, ValueConvertible {
      case received, corrected, reserved, released, sold, returned
    }

    let variant: ID<Variant>
    let kind: Kind
    let onHand: Int64
    let reserved: Int64
    /// The stock once it had happened.
    let after: StockLevel
    /// Whether bundles may have it as a part: what is left of them is another then.
    var isPart = true

    /// How much more is available than before.
    var availableChange: Int64 { onHand - reserved }
  }

  /// Journals what was done to stock, and tells who needs to know.
  @discardableResult
  static func record(_ movements: [Movement], on occasion: Occasion, in db: any Connection) throws -> [StockLevel] {
    guard !movements.isEmpty else { return [] }
    try journal(movements, on: occasion, in: db)
    var before: [ID<Variant>: Int64] = [:]
    let levels = try movements.map { movement in
      // What comes free is offered to those who wait for it before anybody else hears of it.
      let after =
        movement.availableChange > 0
        ? try offer(movement.variant, movement.after, on: occasion, in: db) : movement.after
      let was = movement.after.available - movement.availableChange
      guard after.available != was else { return after }
      if movement.isPart { before[movement.variant] = was }
      try Outbox.announce(.stock(movement.variant), in: db)
      try tellShows(of: movement.variant, from: was, to: after.available, on: occasion, in: db)
      return after
    }
    try tellBundles(with: before, on: occasion, in: db)
    return levels
  }

  /// What is left of the bundles that some variants are parts of, of which so much was left before.
  private static func tellBundles(
    with before: [ID<Variant>: Int64], on occasion: Occasion, in db: any Connection
  ) throws {
    guard !before.isEmpty else { return }
    let bundles = try ProductBundle.holding(before.keys.sorted(), in: db)
    let parts = try ProductBundle.parts(of: bundles, market: nil, in: db)
    for bundle in bundles {
      let made = parts[bundle] ?? []
      let was = made.map { (before[$0.variant] ?? $0.available) / $0.quantity }.min() ?? 0
      try Outbox.announce(.stock(bundle), in: db)
      try tellShows(of: bundle, from: was, to: made.available, on: occasion, in: db)
    }
  }

  /// Offers what is left of a variant to those who wait for it by now, and could not be offered it when it came free.
  static func offerAgain(_ variant: ID<Variant>, on occasion: Occasion, in db: any Connection) throws {
    let before = try levels(of: [variant], in: db)[variant] ?? .none
    let after = try offer(variant, before, on: occasion, in: db)
    guard after.available != before.available else { return }
    try Outbox.announce(.stock(variant), in: db)
    try tellShows(of: variant, from: before.available, to: after.available, on: occasion, in: db)
    try tellBundles(with: [variant: before.available], on: occasion, in: db)
  }

  /// Held units go from one order to another, or from and to what holds them without one: the shelf does not notice.
  static func pass(
    _ units: Units, from holder: ID<Order>?, to order: ID<Order>?, on occasion: Occasion, in db: any Connection
  ) throws {
    guard let level = try levels(of: [units.variant], in: db)[units.variant] else {
      throw StockFault.noStock(units.variant)
    }
    for (order, kind, change) in [(holder, Movement.Kind.released, -units.count), (order, .reserved, units.count)] {
      let noted = Occasion(
        at: occasion.at, entropy: occasion.entropy, by: occasion.by, order: order, note: occasion.note)
      try journal(
        [Movement(variant: units.variant, kind: kind, onHand: 0, reserved: change, after: level)], on: noted, in: db)
    }
  }

  static func journal(_ movements: [Movement], on occasion: Occasion, in db: any Connection) throws {
    let rows: [[any ValueConvertible]] = movements.map { movement in
      [
        movement.variant, ID<Movement>(at: occasion.at, entropy: occasion.entropy), movement.kind.rawValue,
        movement.onHand, movement.reserved, occasion.order, occasion.by, occasion.note, occasion.at,
      ]
    }
    try db.send(
      """
      INSERT INTO stock_movement
        (variant_id, id, kind, on_hand_change, reserved_change, order_id, account_id, note, at_ms)
      VALUES \(rows: rows)
      """)
  }

  /// A sold-out product, or one that is back, is an event of every live show that sells it.
  private static func tellShows(
    of variant: ID<Variant>, from before: Int64, to now: Int64, on occasion: Occasion, in db: any Connection
  ) throws {
    guard (now == 0) != (before == 0) else { return }
    let shows = try db.rows(
      """
      SELECT show.id AS show_id, variant.product_id AS product_id
      FROM variant
      JOIN show_product ON show_product.product_id = variant.product_id
      JOIN show ON show.id = show_product.show_id
      WHERE variant.id = \(variant) AND variant.preorder_id IS NULL AND show.state = 'live'
      """)
    for row in shows {
      let product: ID<Product> = try row.get("product_id")
      try Timeline.append(
        show: try row.get("show_id"), kind: now == 0 ? .soldOut : .backInStock, mediaTime: nil,
        payload: ["product": product.description, "variant": variant.description], on: occasion, in: db)
    }
  }
}
