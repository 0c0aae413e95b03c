import Store

/// One parcel of an order.
public struct Shipment: Sendable, Equatable {
  /// So many units of one of the order's lines.
  public struct Line: Sendable, Equatable {
    /// The line's place in `Order.lines`, from 0.
    public let position: Int
    public let quantity: Int64

    public init(position: Int, quantity: Int64) {
      self.position = position
      self.quantity = quantity
    }
  }

  public let id: ID<Shipment>
  public let order: ID<Order>
  /// Empty when the seller brings it, or did not say.
  public let carrier: String
  public let tracking: String
  /// Where it can be followed: an http or https address, or empty.
  public let link: String
  public let lines: [Line]
  public let sent: Moment
  public let delivered: Moment?
}

extension Shipment {
  /// The shipments of an order, in the order in which they were sent, in two statements.
  static func all(of order: ID<Order>, in db: any Connection) throws -> [Shipment] {
    let rows = try db.rows(
      """
      SELECT id, order_id, carrier, tracking, link, sent_ms, delivered_ms FROM shipment WHERE order_id = \(order)
      ORDER BY sent_ms, id
      """)
    guard !rows.isEmpty else { return [] }
    var lines: [ID<Shipment>: [Line]] = [:]
    let ids = try rows.map { try $0.get("id", as: ID<Shipment>.self) }
    for row in try db.rows(
      """
      SELECT shipment_id, position, quantity FROM shipment_line WHERE shipment_id IN \(list: ids)
      ORDER BY shipment_id, position
      """)
    {
      lines[try row.get("shipment_id"), default: []].append(
        Line(position: try row.get("position"), quantity: try row.get("quantity")))
    }
    return try rows.map { try Shipment(row: $0, lines: lines[$0.get("id"), default: []]) }
  }

  static func find(_ id: ID<Shipment>, in db: any Connection) throws -> Shipment? {
    guard let row = try db.row("SELECT order_id FROM shipment WHERE id = \(id)") else { return nil }
    return try all(of: row.get("order_id"), in: db).first { $0.id == id }
  }

  func insert(by account: ID<Account>?, in db: any Connection) throws {
    try db.run(
      """
      INSERT INTO shipment (id, order_id, carrier, tracking, link, account_id, sent_ms, delivered_ms)
      VALUES (\(id), \(order), \(carrier), \(tracking), \(link), \(account.sqlValue), \(sent), \(delivered.sqlValue))
      """)
    let rows: [[any ValueConvertible]] = lines.map { [id, $0.position, $0.quantity] }
    try db.run("INSERT INTO shipment_line (shipment_id, position, quantity) VALUES \(rows: rows)")
  }

  private init(row: Row, lines: [Line]) throws {
    id = try row.get("id")
    order = try row.get("order_id")
    carrier = try row.get("carrier")
    tracking = try row.get("tracking")
    link = try row.get("link")
    self.lines = lines
    sent = try row.get("sent_ms")
    delivered = try row.get("delivered_ms")
  }
}
