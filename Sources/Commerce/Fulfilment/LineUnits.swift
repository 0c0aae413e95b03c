import Store

/// What became of the units of one of an order's lines.
public struct LineUnits: Sendable, Equatable {
  public let bought: Int64
  /// In any parcel.
  public internal(set) var sent: Int64 = 0
  /// In a parcel that arrived.
  public internal(set) var arrived: Int64 = 0
  /// Refunded, or on the way to be, without having been sent: they are not to be sent any more.
  public internal(set) var withdrawn: Int64 = 0
  /// Those of `withdrawn` whose refund is not through. Should it fail, they are to be sent again.
  public internal(set) var withdrawing: Int64 = 0
  /// Refunded, or on the way to be, after they were sent.
  public internal(set) var refunded: Int64 = 0
  /// In a return that is under way.
  public internal(set) var returning: Int64 = 0
  /// Those of `refunded` that did not come back for it.
  private var kept: Int64 = 0
  /// Received back.
  public internal(set) var returned: Int64 = 0

  init(bought: Int64) { self.bought = bought }

  public var toSend: Int64 { bought - sent - withdrawn }
  /// Sent units that can be refunded by line: those in a return are refunded when they come back.
  public var refundable: Int64 { max(0, sent - refunded - returning) }
  /// Units that the buyer can ask to send back.
  public var returnable: Int64 { max(0, arrived - kept - returned - returning) }
}

extension Order {
  /// What became of the units of each line, in the order of the lines, by all the order's parcels, refunds and returns.
  public func lineUnits(_ shipments: [Shipment], _ refunds: [Refund], _ returns: [Return]) -> [LineUnits] {
    var units = lines.map { LineUnits(bought: $0.quantity) }
    func change(_ position: Int, _ change: (inout LineUnits) -> Void) {
      if units.indices.contains(position) { change(&units[position]) }
    }
    for shipment in shipments {
      for line in shipment.lines {
        change(line.position) {
          $0.sent += line.quantity
          if shipment.delivered != nil { $0.arrived += line.quantity }
        }
      }
    }
    let ofReturns = Set(returns.map { $0.id.named(Refund.self) })
    for refund in refunds where refund.state != .failed {
      for line in refund.lines {
        change(line.position) {
          $0.withdrawn += line.unsent
          if refund.state == .pending { $0.withdrawing += line.unsent }
          $0.noteRefunded(line.quantity - line.unsent, isKept: !ofReturns.contains(refund.id))
        }
      }
    }
    for goods in returns {
      for line in goods.lines {
        change(line.position) {
          if goods.state.isOpen { $0.returning += line.quantity }
          if goods.state == .received { $0.returned += line.received }
        }
      }
    }
    return units
  }

  func lineUnits(in db: any Connection) throws -> [LineUnits] {
    try lineUnits(Shipment.all(of: id, in: db), Refund.all(of: id, in: db), Return.all(of: id, in: db))
  }

  /// A paid order of which nothing is left to send is `fulfilled`; `delivered`, when all its parcels have arrived.
  func endSending(at now: Moment, in db: any Connection) throws {
    guard state == .paid else { return }
    let shipments = try Shipment.all(of: id, in: db)
    let units = lineUnits(shipments, try Refund.all(of: id, in: db), [])
    // What is on its way back to the shelf may have to be sent after all.
    guard !shipments.isEmpty, units.allSatisfy({ $0.toSend == 0 && $0.withdrawing == 0 }) else { return }
    let arrived = shipments.compactMap(\.delivered)
    let hasArrived = arrived.count == shipments.count
    try db.run(
      """
      UPDATE orders SET state = \(hasArrived ? Order.State.delivered : .fulfilled),
        delivered_ms = \((hasArrived ? arrived.max() : nil).sqlValue)
      WHERE id = \(id) AND state = \(Order.State.paid)
      """)
    if let last = arrived.max(), hasArrived { try deliverDeposit(at: last, in: db) }
    guard hasArrived else { return }
    try Mail.queue(.delivered, of: self, because: id, at: now, in: db)
    try WebhookMessage.queue(.orderDelivered, of: id, because: id, at: now, in: db)
  }

  /// So many units of some lines, by variant.
  func stockUnits(_ counts: [(position: Int, count: Int64)]) -> [Stock.Units] {
    Stock.Units.summed(
      counts.filter { $0.count > 0 && lines.indices.contains($0.position) }.map {
        (lines[$0.position].variant, $0.count)
      })
  }
}

extension LineUnits {
  fileprivate mutating func noteRefunded(_ count: Int64, isKept: Bool) {
    refunded += count
    if isKept { kept += count }
  }
}
