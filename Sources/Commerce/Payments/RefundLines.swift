import Store

extension Refund {
  /// So many units of one of the order's lines, and what goes back for them.
  public struct Line: Sendable, Equatable {
    /// The line's place in `Order.lines`, from 0.
    public let position: Int
    public let quantity: Int64
    public let amount: Money
  }

  /// So many units of one of the order's lines, as asked for.
  public struct Units: Sendable, Equatable {
    public let position: Int
    public let quantity: Int64

    public init(position: Int, quantity: Int64) {
      self.position = position
      self.quantity = quantity
    }
  }
}

extension Order {
  /// What goes back for some units of its lines, in the order of the lines.
  ///
  /// Of a line of which `n` of `q` units were refunded, `n/q` of what the buyer paid for it went back, rounded down. So
  /// no line gives back more than was paid for it, and the refunds of all its units sum to exactly that. Only units
  /// that were sent can be named: what was not goes back with a refund of the whole order, or is sent first.
  func refundLines(_ wanted: [Refund.Units], in db: any Connection) throws -> [Refund.Line] {
    guard !wanted.isEmpty, Set(wanted.map(\.position)).count == wanted.count else {
      throw GeneralRefusal.invalid(field: "lines", why: "must name at least one line, and each once")
    }
    let unsent = unsent(after: try Shipment.all(of: id, in: db))
    let before = try refundedLines(in: db)
    return try wanted.sorted { $0.position < $1.position }.map { units in
      guard lines.indices.contains(units.position) else {
        throw GeneralRefusal.invalid(field: "lines", why: "must be lines of the order, counted from 0")
      }
      guard units.quantity > 0 else { throw GeneralRefusal.invalid(field: "quantity", why: "must be 1 or more") }
      let line = lines[units.position]
      let done = before[units.position, default: (0, 0)]
      let left = max(0, line.quantity - unsent[units.position] - done.quantity)
      guard units.quantity <= left else { throw RefundRefusal.moreThanSent(position: units.position, left: left) }
      // At most 99 units of at most 10^12 minor units each.
      let due = line.paid.minor * (done.quantity + units.quantity) / line.quantity
      return Refund.Line(
        position: units.position, quantity: units.quantity,
        amount: Money(minor: max(0, due - done.amount), currency: total.currency))
    }
  }

  /// By position: what of each line was refunded by name, or is on its way back.
  private func refundedLines(in db: any Connection) throws -> [Int: (quantity: Int64, amount: Int64)] {
    var sums: [Int: (quantity: Int64, amount: Int64)] = [:]
    for row in try db.rows(
      """
      SELECT line.position AS position, CAST(SUM(line.quantity) AS BIGINT) AS quantity,
        CAST(SUM(line.amount_minor) AS BIGINT) AS amount
      FROM refund_line line JOIN refund ON refund.id = line.refund_id
      WHERE refund.order_id = \(id) AND refund.state <> 'failed' GROUP BY line.position
      """)
    {
      sums[try row.get("position")] = (try row.get("quantity"), try row.get("amount"))
    }
    return sums
  }
}

extension OrderLine {
  /// What the buyer paid for it.
  public var paid: Money { Money(minor: total.minor - discount.minor, currency: total.currency) }
}

extension Refund {
  func insertLines(in db: any Connection) throws {
    guard !lines.isEmpty else { return }
    let rows: [[any ValueConvertible]] = lines.map { [id, $0.position, $0.quantity, $0.amount.minor] }
    try db.run("INSERT INTO refund_line (refund_id, position, quantity, amount_minor) VALUES \(rows: rows)")
  }

  /// The same refunds with their lines, in one statement.
  static func withLines(_ refunds: [Refund], in db: any Connection) throws -> [Refund] {
    guard !refunds.isEmpty else { return [] }
    var lines: [ID<Refund>: [(position: Int, quantity: Int64, minor: Int64)]] = [:]
    for row in try db.rows(
      """
      SELECT refund_id, position, quantity, amount_minor FROM refund_line WHERE refund_id IN \(list: refunds.map(\.id))
      ORDER BY refund_id, position
      """)
    {
      lines[try row.get("refund_id"), default: []].append(
        (try row.get("position"), try row.get("quantity"), try row.get("amount_minor")))
    }
    return refunds.map { refund in
      var refund = refund
      refund.lines = lines[refund.id, default: []].map {
        Line(
          position: $0.position, quantity: $0.quantity,
          amount: Money(minor: $0.minor, currency: refund.amount.currency))
      }
      return refund
    }
  }
}
