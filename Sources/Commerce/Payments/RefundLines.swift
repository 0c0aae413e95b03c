import Store

extension Refund {
  /// So many units of one of the order's lines, and what goes back for them.
  public struct Line: Sendable, Equatable {
    /// The line's place in `Order.lines`, from 0.
    public let position: Int
    public let quantity: Int64
    /// Those of `quantity` that were never sent: once the money is back they are on the shelf, and they are not to be
    /// sent any more.
    public let unsent: Int64
    public let amount: Money
  }

  /// So many units of one of the order's lines, as asked for.
  public struct Units: Sendable, Equatable {
    public let position: Int
    public let quantity: Int64
    /// How many of them were never sent; nil leaves it to the rule (`LineUnits.unsent(of:)`).
    public let unsent: Int64?

    public init(position: Int, quantity: Int64, unsent: Int64? = nil) {
      self.position = position
      self.quantity = quantity
      self.unsent = unsent
    }

    func isAsked(by line: Line) -> Bool {
      line.position == position && line.quantity == quantity && (unsent == nil || unsent == line.unsent)
    }
  }
}

extension LineUnits {
  /// Which of so many units are those that were never sent, when nobody says: as many as there are. A buyer is rather
  /// spared a parcel than left with the goods and the money.
  func unsent(of quantity: Int64) -> Int64 { min(quantity, toSend) }
}

extension Order {
  /// What goes back for some units of its lines, in the order of the lines.
  ///
  /// Of a line of which `n` of `q` units were refunded, `n/q` of what the buyer paid for it went back, rounded down. So
  /// no line gives back more than was paid for it, and the refunds of all its units sum to exactly that; less what
  /// refunds of an amount took of the line before.
  func refundLines(_ wanted: [Refund.Units], _ units: [LineUnits], after refunds: [Refund], left: [Int: Int64]) throws
    -> [Refund.Line]
  {
    guard Set(wanted.map(\.position)).count == wanted.count else {
      throw GeneralRefusal.invalid(field: "lines", why: "must name each line once")
    }
    var whole = left[Pots.whole]
    return try wanted.sorted { $0.position < $1.position }.map { wanted in
      let position = wanted.position
      guard lines.indices.contains(position) else {
        throw GeneralRefusal.invalid(field: "lines", why: "must be lines of the order, counted from 0")
      }
      let (quantity, line, units) = (wanted.quantity, lines[position], units[position])
      guard quantity > 0 else { throw GeneralRefusal.invalid(field: "quantity", why: "must be 1 or more") }
      guard quantity <= line.quantity else {
        throw RefundRefusal.tooManyUnits(position: position, unsent: units.toSend, sent: units.refundable)
      }
      let unsent = wanted.unsent ?? units.unsent(of: quantity)
      guard (0...quantity).contains(unsent) else {
        throw GeneralRefusal.invalid(field: "unsent", why: "must be between 0 and the quantity")
      }
      guard unsent <= units.toSend, quantity - unsent <= units.refundable else {
        throw RefundRefusal.tooManyUnits(position: position, unsent: units.toSend, sent: units.refundable)
      }
      let before = refunds.filter { $0.state != .failed }.flatMap(\.lines).filter { $0.position == position }
      let done = before.reduce(0) { $0 + $1.quantity }
      // At most 99 units of at most 10^12 minor units each.
      let due = line.paid.minor * (done + quantity) / line.quantity - before.reduce(0) { $0 + $1.amount.minor }
      let amount = max(0, min(due, whole ?? left[position] ?? 0))
      whole? -= amount
      return Refund.Line(
        position: position, quantity: quantity, unsent: unsent,
        amount: Money(minor: amount, currency: total.currency))
    }
  }
}

extension OrderLine {
  /// What the buyer paid for it, tax and all.
  public var paid: Money {
    Money(minor: total.minor - discount.minor + taxAdded.minor, currency: total.currency)
  }
}

extension Refund {
  func insertLines(in db: any Connection) throws {
    if !lines.isEmpty {
      let rows: [[any ValueConvertible]] = lines.map { [id, $0.position, $0.quantity, $0.unsent, $0.amount.minor] }
      try db.run("INSERT INTO refund_line (refund_id, position, quantity, unsent, amount_minor) VALUES \(rows: rows)")
    }
    if !parts.isEmpty {
      let rows: [[any ValueConvertible]] = parts.sorted { $0.key < $1.key }.map { [id, $0.key, $0.value] }
      try db.run("INSERT INTO refund_part (refund_id, pot, amount_minor) VALUES \(rows: rows)")
    }
  }

  /// The same refunds with their lines and parts, in two statements.
  static func withLines(_ refunds: [Refund], in db: any Connection) throws -> [Refund] {
    guard !refunds.isEmpty else { return [] }
    var found = Dictionary(refunds.map { ($0.id, $0) }) { first, _ in first }
    for row in try db.rows(
      """
      SELECT refund_id, position, quantity, unsent, amount_minor FROM refund_line
      WHERE refund_id IN \(list: refunds.map(\.id)) ORDER BY refund_id, position
      """)
    {
      let id: ID<Refund> = try row.get("refund_id")
      guard let currency = found[id]?.amount.currency else { continue }
      found[id]?.lines.append(
        Line(
          position: try row.get("position"), quantity: try row.get("quantity"), unsent: try row.get("unsent"),
          amount: Money(minor: try row.get("amount_minor"), currency: currency)))
    }
    for row in try db.rows(
      "SELECT refund_id, pot, amount_minor FROM refund_part WHERE refund_id IN \(list: refunds.map(\.id))")
    {
      found[try row.get("refund_id")]?.parts[try row.get("pot")] = try row.get("amount_minor")
    }
    return refunds.map { found[$0.id] ?? $0 }
  }
}
