public import Store

/// How much of a variant there is.
public struct StockLevel: Hashable, Sendable {
  public let onHand: Int64
  /// Held for orders that are not paid yet.
  public let reserved: Int64

  /// What can still be ordered: never negative.
  public var available: Int64 { onHand - reserved }

  public static let none = StockLevel(onHand: 0, reserved: 0)
}

/// Changes stock inside the transaction of the verb that needs it. Each change has its row in the journal, is announced
/// when it changes what is available, and becomes an event of the live shows that sell the product when it sells out or
/// comes back.
public enum Stock {
  /// Puts more units on the shelf, and makes the stock of a new variant. `count` is 0 or more.
  @discardableResult
  public static func receive(_ count: Int64, of variant: ID<Variant>, on occasion: Occasion, in db: any Connection)
    throws
    -> StockLevel
  {
    guard count >= 0 else { throw GeneralRefusal.invalid(field: "onHand", why: "must be 0 or more") }
    if count > 0 { try ProductBundle.requireNone(variant, in: db) }
    let row = try db.row(
      """
      INSERT INTO stock (variant_id, on_hand, reserved) VALUES (\(variant), \(count), 0)
      ON CONFLICT (variant_id) DO UPDATE SET on_hand = stock.on_hand + \(count)
      RETURNING on_hand, reserved
      """)
    guard let row else { throw StockFault.noStock(variant) }
    return try record(
      [Movement(variant: variant, kind: .received, onHand: count, reserved: 0, after: try StockLevel(row: row))],
      on: occasion, in: db)[0]
  }

  /// Says how many units are on the shelf after counting them. Throws `StockRefusal.belowReserved` when that is fewer
  /// than are held for orders under way.
  @discardableResult
  public static func correct(
    onHand count: Int64, of variant: ID<Variant>, on occasion: Occasion, in db: any Connection
  ) throws -> StockLevel {
    guard count >= 0 else { throw GeneralRefusal.invalid(field: "onHand", why: "must be 0 or more") }
    guard let before = try levels(of: [variant], in: db)[variant] else {
      return try receive(count, of: variant, on: occasion, in: db)
    }
    guard count >= before.reserved else { throw StockRefusal.belowReserved(before.reserved) }
    guard count != before.onHand else { return before }
    try ProductBundle.requireNone(variant, in: db)
    try db.run("UPDATE stock SET on_hand = \(count) WHERE variant_id = \(variant)")
    let after = StockLevel(onHand: count, reserved: before.reserved)
    let change = Movement(variant: variant, kind: .corrected, onHand: count - before.onHand, reserved: 0, after: after)
    return try record([change], on: occasion, in: db)[0]
  }

  /// Holds units for orders. False, with nothing written to the journal, when one of them has too little left: the
  /// caller then throws, which gives the others back.
  ///
  /// One UPDATE decides each, so two buyers cannot both win the last unit.
  public static func reserve(_ wanted: [Units], on occasion: Occasion, in db: any Connection) throws -> Reservation {
    var movements: [Movement] = []
    // In the order of the ids, so that two bags with the same variants do not wait for each other in a circle.
    for units in wanted.sorted(by: { $0.variant < $1.variant }) {
      let row = try db.row(
        """
        UPDATE stock SET reserved = reserved + \(units.count)
        WHERE variant_id = \(units.variant) AND on_hand - reserved >= \(units.count)
        RETURNING on_hand, reserved, is_part
        """)
      guard let row else { return .tooFew(units.variant) }
      movements.append(
        Movement(
          variant: units.variant, kind: .reserved, onHand: 0, reserved: units.count, after: try StockLevel(row: row),
          isPart: try row.get("is_part")))
    }
    try record(movements, on: occasion, in: db)
    return .held
  }

  /// Gives held units back to the shelf.
  public static func release(_ held: [Units], on occasion: Occasion, in db: any Connection) throws {
    try change(held, kind: .released, on: occasion, in: db) { (0, -$0) }
  }

  /// Takes held units off the shelf for good.
  public static func sell(_ held: [Units], on occasion: Occasion, in db: any Connection) throws {
    try change(held, kind: .sold, on: occasion, in: db) { (-$0, -$0) }
  }

  /// Puts units that were sold back on the shelf.
  public static func takeBack(_ sold: [Units], on occasion: Occasion, in db: any Connection) throws {
    try change(sold, kind: .returned, on: occasion, in: db) { ($0, 0) }
  }

  /// The stock of some variants, in one statement; a variant without stock is left out.
  public static func levels(of variants: [ID<Variant>], in db: any Connection) throws -> [ID<Variant>: StockLevel] {
    guard !variants.isEmpty else { return [:] }
    let rows = try db.rows("SELECT variant_id, on_hand, reserved FROM stock WHERE variant_id IN \(list: variants)")
    var levels: [ID<Variant>: StockLevel] = [:]
    for row in rows { levels[try row.get("variant_id")] = try StockLevel(row: row) }
    return levels
  }

  private static func change(
    _ units: [Units], kind: Movement.Kind, on occasion: Occasion, in db: any Connection,
    by amounts: (Int64) -> (onHand: Int64, reserved: Int64)
  ) throws {
    var movements: [Movement] = []
    for units in units.sorted(by: { $0.variant < $1.variant }) {
      let (onHand, reserved) = amounts(units.count)
      let row = try db.row(
        """
        UPDATE stock SET on_hand = on_hand + \(onHand), reserved = reserved + \(reserved)
        WHERE variant_id = \(units.variant)
        RETURNING on_hand, reserved, is_part
        """)
      guard let row else { throw StockFault.noStock(units.variant) }
      movements.append(
        Movement(
          variant: units.variant, kind: kind, onHand: onHand, reserved: reserved, after: try StockLevel(row: row),
          isPart: try row.get("is_part")))
    }
    try record(movements, on: occasion, in: db)
  }
}

extension Stock {
  /// So many units of a variant.
  public struct Units: Hashable, Sendable {
    public let variant: ID<Variant>
    public let count: Int64

    public init(variant: ID<Variant>, count: Int64) {
      self.variant = variant
      self.count = count
    }
  }

  public enum Reservation: Hashable, Sendable {
    case held
    /// The first variant of which too little is left.
    case tooFew(ID<Variant>)
  }
}

extension StockLevel {
  init(row: Row) throws {
    self.init(onHand: try row.get("on_hand"), reserved: try row.get("reserved"))
  }
}

/// What must not be: it fails its transaction.
enum StockFault: Error { case noStock(ID<Variant>) }

/// Why stock cannot be changed as asked.
public enum StockRefusal: Refusal, Equatable {
  case belowReserved(Int64)

  public var code: String { "below_reserved" }

  public var sentence: String {
    switch self {
    case .belowReserved(let reserved):
      "\(reserved) units are held for orders under way: fewer than that cannot be on hand. Wait, or cancel the orders."
    }
  }

  public var kind: RefusalKind { .conflict }
  public var field: String? { "onHand" }
}
