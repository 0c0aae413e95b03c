public import Store

/// Money on its way back to a buyer, stored before the provider is asked.
public struct Refund: Sendable, Equatable {
  public enum Kind: String, Sendable {
    /// Part or whole of a paid order, asked for by the seller.
    case sale
    /// Money that came for an order which had ended, or was paid already: refunded by itself.
    case stray
  }

  public enum State: String, Sendable { case pending, succeeded, failed }

  public let id: ID<Refund>
  public let order: ID<Order>
  public let attempt: ID<PaymentAttempt>
  /// Whose the payment was, and through whom it goes back.
  public let provider: String
  public let kind: Kind
  public let amount: Money
  public let reason: String
  public let state: State
  public let made: Moment
  /// What the provider calls it; empty until it answered.
  public var providerID = ""
  /// The how manieth refund of its order it was to go through; 0 until it did.
  var place: Int64 = 0
  /// What it is for, when it was asked for by line; else nothing. With `shipping`, their amounts sum to `amount`.
  public internal(set) var lines: [Line] = []
  /// What of it was asked for as shipping.
  public internal(set) var shipping: Money
  /// How much each of the order's pots gives (`Pots`); nothing for a refund from before there were pots.
  var parts: [Int: Int64] = [:]

  /// Whether it was asked for by line, or for the shipping: then it says what it is for.
  public var isApart: Bool { !lines.isEmpty || shipping.minor > 0 }
}

extension Refund.Kind: ValueConvertible {}
extension Refund.State: ValueConvertible {}

extension Refund {
  func insert(by account: ID<Account>?, in db: any Connection) throws {
    try db.run(
      """
      INSERT INTO refund (id, order_id, attempt_id, kind, amount_minor, reason, account_id, state, refund_id, failure,
        tax_minor, commission_minor, seller_minor, shipping_minor, place, made_ms, asked_ms)
      VALUES (\(id), \(order), \(attempt), \(kind), \(amount.minor), \(reason), \(account.sqlValue), \(state), '', '', 0, 0, 0,
        \(shipping.minor), 0, \(made), \(made))
      """)
    try insertLines(in: db)
  }

  static func find(_ id: ID<Refund>, in db: any Connection) throws -> Refund? {
    let found = try db.rows("SELECT \(columns) FROM \(tables) WHERE refund.id = \(id)").map(Refund.init)
    return try withLines(found, in: db).first
  }

  static func all(of order: ID<Order>, in db: any Connection) throws -> [Refund] {
    let found = try db.rows(
      "SELECT \(columns) FROM \(tables) WHERE refund.order_id = \(order) ORDER BY refund.made_ms, refund.id")
    return try withLines(found.map(Refund.init), in: db)
  }

  static func all(_ ids: [ID<Refund>], in db: any Connection) throws -> [Refund] {
    guard !ids.isEmpty else { return [] }
    let found = try db.rows("SELECT \(columns) FROM \(tables) WHERE refund.id IN \(list: ids)")
    return try withLines(found.map(Refund.init), in: db)
  }

  /// Those that are still pending although they were asked for before `before`, the oldest first.
  static func waiting(since before: Moment, limit: Int, in db: any Connection) throws -> [Refund] {
    let found = try db.rows(
      """
      SELECT \(columns) FROM \(tables) WHERE refund.state = 'pending' AND refund.made_ms <= \(before)
      ORDER BY refund.made_ms, refund.id LIMIT \(limit)
      """)
    return try withLines(found.map(Refund.init), in: db)
  }

  private static let columns: SQL = """
    refund.id AS id, refund.order_id AS order_id, refund.attempt_id AS attempt_id, refund.kind AS kind,
    refund.amount_minor AS amount_minor, orders.currency AS currency, refund.reason AS reason, refund.state AS state,
    refund.made_ms AS made_ms, refund.refund_id AS provider_id, refund.shipping_minor AS shipping_minor,
    refund.place AS place, payment_attempt.provider AS provider
    """
  private static let tables: SQL = """
    refund JOIN orders ON orders.id = refund.order_id
    JOIN payment_attempt ON payment_attempt.id = refund.attempt_id
    """

  private init(row: Row) throws {
    id = try row.get("id")
    order = try row.get("order_id")
    attempt = try row.get("attempt_id")
    provider = try row.get("provider")
    kind = try row.get("kind")
    amount = Money(minor: try row.get("amount_minor"), currency: try row.get("currency"))
    reason = try row.get("reason")
    state = try row.get("state")
    made = try row.get("made_ms")
    providerID = try row.get("provider_id")
    shipping = Money(minor: try row.get("shipping_minor"), currency: amount.currency)
    place = try row.get("place")
  }
}
