import Store

/// A paid order of which something is left to send.
public struct OrderToSend: Sendable, Equatable {
  /// So many units of one of the order's lines.
  public struct Line: Sendable, Equatable {
    /// The line's place in `Order.lines`, from 0.
    public let position: Int
    public let left: Int64
  }

  public let order: Order
  /// Those of which something is left, in the order of the order's lines.
  public let lines: [Line]
  /// What the seller's people wrote down about it; may be empty.
  public let note: String
  /// The buyer asks for it to be cancelled, and nobody has answered.
  public let isCancelAsked: Bool

  /// How many orders one request may name, and one file of labels has.
  public static let ordersMax = 1_000

  /// Whether a part of it was sent, or is not to be sent any more.
  public var isRest: Bool { units < order.lines.reduce(0) { $0 + $1.quantity } }
  public var units: Int64 { lines.reduce(0) { $0 + $1.left } }
  public var grams: Int64 {
    lines.reduce(0) { $0 + $1.left.multipliedReportingOverflow(by: order.lines[$1.position].grams).partialValue }
  }
  /// What was paid for what is left, by whomever, with its tax and without shipping; of a unit among several the part
  /// that is whole minor units.
  public var value: Money {
    let minor = lines.reduce(Int64(0)) { sum, line in
      let bought = order.lines[line.position]
      let paid = bought.sold.minor + bought.taxAdded.minor
      return sum + (line.left == bought.quantity ? paid : paid / bought.quantity * line.left)
    }
    return Money(minor: minor, currency: order.total.currency)
  }
}

extension OrderToSend {
  /// Of rows of `orders`, in their order; those of which nothing is left are left out.
  static func of(rows: [Row], in db: any Connection) throws -> [OrderToSend] {
    let orders = try Order.with(rows: rows, in: db)
    guard !orders.isEmpty else { return [] }
    let ids = orders.map(\.id)
    var gone: [ID<Order>: [Int: Int64]] = [:]
    for row in try db.rows(
      """
      SELECT order_id, position, CAST(SUM(units) AS BIGINT) AS units FROM (
        SELECT shipment.order_id AS order_id, line.position AS position, line.quantity AS units
        FROM shipment JOIN shipment_line line ON line.shipment_id = shipment.id
        WHERE shipment.order_id IN \(list: ids)
        UNION ALL
        SELECT refund.order_id, line.position, line.unsent
        FROM refund JOIN refund_line line ON line.refund_id = refund.id
        WHERE refund.order_id IN \(list: ids) AND refund.state <> 'failed'
      ) gone GROUP BY order_id, position
      """)
    {
      gone[try row.get("order_id"), default: [:]][try row.get("position")] = try row.number("units")
    }
    var notes: [ID<Order>: String] = [:]
    for row in try db.rows("SELECT order_id, note FROM order_note WHERE order_id IN \(list: ids)") {
      notes[try row.get("order_id")] = try row.get("note")
    }
    let asked = Set(
      try db.rows("SELECT order_id FROM cancellation WHERE order_id IN \(list: ids) AND state = 'requested'")
        .map { try $0.get("order_id", as: ID<Order>.self) })
    return orders.compactMap { order in
      let lines = order.lines.enumerated().compactMap { position, line -> Line? in
        let left = line.quantity - (gone[order.id]?[position] ?? 0)
        return left > 0 ? Line(position: position, left: left) : nil
      }
      guard !lines.isEmpty else { return nil }
      return OrderToSend(
        order: order, lines: lines, note: notes[order.id] ?? "", isCancelAsked: asked.contains(order.id))
    }
  }

  /// Which orders of a channel wait to be sent: paid, no deposit, not refunded whole, and with a unit that is neither in
  /// a parcel nor withdrawn. The same as `LineUnits.toSend` says of one.
  static func waiting(of channel: ID<Channel>) -> SQL {
    """
    channel_id = \(channel) AND state = 'paid' AND (part IS NULL OR part <> 'deposit')
    AND refunded_minor < total_minor
    AND EXISTS (
      SELECT 1 FROM order_line line WHERE line.order_id = orders.id AND line.quantity > COALESCE((
        SELECT SUM(packed.quantity) FROM shipment JOIN shipment_line packed ON packed.shipment_id = shipment.id
        WHERE shipment.order_id = orders.id AND packed.position = line.position), 0)
      + COALESCE((
        SELECT SUM(back.unsent) FROM refund JOIN refund_line back ON back.refund_id = refund.id
        WHERE refund.order_id = orders.id AND back.position = line.position AND refund.state <> 'failed'), 0))
    """
  }
}

extension Commerce {
  /// A channel's orders of which something is left to send, the first paid first; for owners and fulfilment members of
  /// it. With `only` those of them that wait: what is not the channel's, or was sent meanwhile, is left out.
  public func ordersToSend(
    of channel: ID<Channel>, by caller: Caller, only: [ID<Order>] = [], after cursor: Cursor? = nil, limit: Int = 50
  ) async throws -> Page<OrderToSend> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try Membership.require(.orders, of: channel, by: caller, in: db)
      let rows = try Self.rowsToSend(of: channel, only, after: cursor, limit: limit + 1, in: db)
      return Page(try OrderToSend.of(rows: rows, in: db), limit: limit) {
        Cursor($0.order.paid?.milliseconds ?? 0, $0.order.id)
      }
    }
  }

  /// How many of a channel's orders wait to be sent: at most `ordersMax` are counted. For owners and fulfilment members.
  public func countToSend(of channel: ID<Channel>, by caller: Caller) async throws -> Int64 {
    try await database.read { db in
      try Membership.require(.orders, of: channel, by: caller, in: db)
      return try db.requireRow(
        """
        SELECT COUNT(*) AS waiting FROM (
          SELECT id FROM orders WHERE \(OrderToSend.waiting(of: channel)) LIMIT \(OrderToSend.ordersMax)
        ) counted
        """
      ).number("waiting")
    }
  }

  private static func rowsToSend(
    of channel: ID<Channel>, _ only: [ID<Order>], after cursor: Cursor?, limit: Int, in db: any Connection
  ) throws -> [Row] {
    guard only.count <= OrderToSend.ordersMax else {
      throw GeneralRefusal.invalid(field: "order", why: "can be given \(OrderToSend.ordersMax) times")
    }
    let chosen: SQL = only.isEmpty ? "" : "AND id IN \(list: only)"
    let (time, id) = (cursor?.key ?? .min, cursor?.id ?? [])
    return try db.rows(
      """
      SELECT \(Order.columns) FROM orders WHERE \(OrderToSend.waiting(of: channel)) \(chosen)
        AND (paid_ms, id) > (\(time), \(id))
      ORDER BY paid_ms, id LIMIT \(limit)
      """)
  }

  /// A parcel's label a row, as carriers' tools take them, for the orders that `ordersToSend` gives, `ordersMax` at
  /// most. Filled in with carrier and tracking, it is what `sendOrders` takes. For owners and fulfilment members.
  public func labelsFile(of channel: ID<Channel>, by caller: Caller, only: [ID<Order>] = []) async throws -> [UInt8] {
    var file = CSVWriter(lineEnd: "\r\n")
    file.add(LabelRow.names)
    var (after, count) = (Cursor?.none, 0)
    while count < OrderToSend.ordersMax {
      try Task.checkCancellation()
      let (from, room) = (after, min(100, OrderToSend.ordersMax - count))
      let part = try await database.read { db in
        try Membership.require(.orders, of: channel, by: caller, in: db)
        let rows = try Self.rowsToSend(of: channel, only, after: from, limit: room, in: db)
        return try OrderToSend.of(rows: rows, in: db)
      }
      guard let last = part.last else { break }
      for waiting in part { file.add(LabelRow.fields(of: waiting)) }
      count += part.count
      after = Cursor(last.order.paid?.milliseconds ?? 0, last.order.id)
    }
    return file.bytes
  }
}

/// The columns of a file of labels.
private enum LabelRow {
  static let names = [
    "order", "name", "company", "address1", "address2", "city", "state", "postal_code", "country", "phone", "email",
    "weight_grams", "items", "contents", "value", "currency", "note", "order_id", "carrier", "tracking", "link",
  ]

  static func fields(of waiting: OrderToSend) -> [String] {
    let (order, to) = (waiting.order, waiting.order.buyer.address)
    let contents = waiting.lines.map { "\($0.left) × \(order.lines[$0.position].title)" }.joined(separator: "; ")
    let text = [
      order.number, to.name, "", to.line1, to.line2, to.city, to.region, to.postalCode, to.country,
    ].map(CSVWriter.harmless)
    return text + [phone(order.buyer.phone), CSVWriter.harmless(order.buyer.email), "\(waiting.grams)"]
      + ["\(waiting.units)", contents, waiting.value.plainNumber, order.total.currency.code]
      + [CSVWriter.harmless(waiting.note), order.id.description, "", "", ""]
  }

  /// Digits after a + where there was one: carriers' tools do not know it with an apostrophe before it, and with nothing
  /// but digits behind it there is nothing for a spreadsheet to compute.
  static func phone(_ text: String) -> String {
    (text.hasPrefix("+") ? "+" : "") + text.filter { ("0"..."9").contains($0) }
  }
}
