import Store

extension Commerce {
  /// Ends an order that is not paid and gives its stock back; for its buyer, and for owners and fulfilment members of
  /// its channel. Its buyer ends those with it that would be paid together with it: they are one bag. An order that was
  /// cancelled before stays so. Money that still comes for it is refunded by itself.
  public func cancelOrder(_ id: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil) async throws -> Order {
    try await writeAndTell { db in
      let order = try OrderAccess.requireParty(of: id, by: caller, token: token, in: db)
      switch order.state {
      case .placed: break
      case .cancelled: return order
      case .expired: throw CancelOrderRefusal.expired
      case .paid, .fulfilled, .delivered, .settled, .refunded: throw CancelOrderRefusal.paid
      }
      let isBuyer = try OrderAccess.isBuyer(of: order, by: caller, token: token, in: db)
      let ended = try isBuyer ? order.paidTogether(in: db).filter { $0.state == .placed } : [order]
      try endUnpaid(ended, as: .cancelled, on: occasion(by: caller.account, order: id, note: "cancelled"), in: db)
      return try Order.require(id, in: db)
    }
  }

  /// Ends the orders that were not paid in time and gives their stock back; gives how many.
  ///
  /// It does so in batches, each a transaction of its own, so that a rush of abandoned orders does not hold up those
  /// who are buying.
  @discardableResult
  public func expireOrders() async throws -> Int {
    let now = clock.now
    let isDue = try await database.read { db in
      try db.row("SELECT 1 FROM orders WHERE state = 'placed' AND expires_ms <= \(now) LIMIT 1") != nil
    }
    guard isDue else { return 0 }
    var ended = 0
    while true {
      let batch = try await expireBatch(at: now)
      ended += batch
      if batch < Self.expireBatchMax { return ended }
    }
  }

  private static var expireBatchMax: Int { 100 }

  private func expireBatch(at now: Moment) async throws -> Int {
    try await writeAndTell { db in
      let rows = try db.rows(
        """
        SELECT \(Order.columns) FROM orders WHERE state = 'placed' AND expires_ms <= \(now)
        ORDER BY expires_ms LIMIT \(Self.expireBatchMax)
        """)
      let orders = try Order.with(rows: rows, in: db)
      try endUnpaid(orders, as: .expired, on: occasion(note: "not paid in time"), in: db)
      return orders.count
    }
  }

  func endUnpaid(_ orders: [Order], as state: Order.State, on occasion: Occasion, in db: any Connection) throws {
    guard !orders.isEmpty else { return }
    // Before it is forgotten who held them.
    try Deal.giveBack(orders, in: db)
    try Coupon.giveBack(orders, in: db)
    try UnitLimits.giveBack(orders, in: db)
    try DailyOrders.giveBack(orders, in: db)
    let auctioned = try Auction.takeBack(orders, on: occasion, in: db)
    try db.run(
      """
      UPDATE orders SET state = \(state), closed_ms = \(occasion.at), hold_buyer = NULL, hold_address = NULL,
        quota_day = NULL
      WHERE id IN \(list: orders.map(\.id)) AND state = 'placed'
      """)
    try HeldOrders.at(occasion.at, in: db)?.forget(orders.map(\.id))
    for order in orders {
      if !auctioned.contains(order.id) { try Stock.release(order.units, on: occasion.of(order.id), in: db) }
      try Outbox.announce(.order(order.id), in: db)
    }
    try endPlaces(of: orders, on: occasion, in: db)
  }
}

/// Why an order is not cancelled.
public enum CancelOrderRefusal: Refusal, Equatable {
  case paid
  case notPaid
  case expired
  /// It has ended, or all its money is on its way back.
  case over
  case sent
  /// A buyer's request is open.
  case asked
  case answered
  case tooManyUnits(position: Int, left: Int64)
  case otherCancellation

  public var code: String {
    switch self {
    case .paid: "order_paid"
    case .notPaid: "order_not_paid"
    case .expired: "order_expired"
    case .over: "order_over"
    case .sent: "order_sent"
    case .asked: "cancellation_asked"
    case .answered: "cancellation_answered"
    case .tooManyUnits: "more_than_left"
    case .otherCancellation: "idempotency_mismatch"
    }
  }

  public var sentence: String {
    switch self {
    case .paid: "The order is paid: ask its seller to cancel it, with a cancellation request."
    case .notPaid: "The order is not paid yet: cancel it without asking."
    case .expired: "The order was not paid in time, and has ended by itself."
    case .over: "The order has ended, or all of its money is on its way back already."
    case .sent: "Some of the order was sent. When it has arrived, ask to send it back."
    case .asked: "Its buyer has asked to cancel this order. That request has to be answered first."
    case .answered: "This request was answered already."
    case .tooManyUnits(let position, let left): "Only \(left) of line \(position + 1) are left that were not sent."
    case .otherCancellation: "This cancellation's id was used for another one. Take a new one."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .otherCancellation: .mismatch
    case .tooManyUnits: .invalid
    default: .conflict
    }
  }

  public var field: String? { if case .tooManyUnits = self { "lines" } else { nil } }
}
