import Store

extension Commerce {
  /// Says that all that was not sent yet of a paid order was sent, and how it can be followed; for owners and fulfilment
  /// members of its channel. Said again, it corrects `tracking` of the last parcel.
  public func fulfil(_ id: ID<Order>, by caller: Caller, tracking: String? = nil) async throws -> Order {
    let tracking = tracking ?? ""
    guard tracking.count <= policy.trackingCharactersMax,
      tracking.utf8.count <= policy.trackingCharactersMax * policy.bytesPerCharacterMax,
      tracking.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
    else {
      throw GeneralRefusal.invalid(
        field: "tracking", why: "must be one line of at most \(policy.trackingCharactersMax) characters")
    }
    let shipment: ID<Shipment> = makeID()
    return try await writeAndTell { db in
      let order = try OrderAccess.requireSeller(of: id, by: caller, in: db)
      guard order.state == .paid || order.state == .fulfilled else {
        throw order.state == .placed ? FulfilOrderRefusal.notPaid : FulfilOrderRefusal.over(order.state)
      }
      guard order.part != .deposit else { throw FulfilOrderRefusal.preorder }
      // Its units may be going back on the shelf this moment.
      guard order.refunded != order.total else { throw FulfilOrderRefusal.refunded }
      let sent = try Shipment.all(of: id, in: db)
      let left = try order.lineUnits(in: db).map(\.toSend)
      guard order.state == .fulfilled || left.contains(where: { $0 > 0 }) else { throw ShipOrderRefusal.nothing }
      try db.run("UPDATE orders SET tracking = \(tracking) WHERE id = \(id)")
      if order.state == .paid {
        try Shipment(
          id: shipment, order: id, carrier: "", tracking: tracking, link: "",
          lines: left.enumerated().filter { $1 > 0 }.map { .init(position: $0, quantity: $1) }, sent: clock.now,
          delivered: nil
        ).insert(by: caller.account, in: db)
        try Cancellation.end(of: order, as: .overtaken, by: caller.account, on: occasion(order: id), in: db)
        try Mail.queue(.sent, of: order, because: shipment, at: clock.now, in: db)
        try order.endSending(at: clock.now, in: db)
        try WebhookMessage.queue(.orderShipped, of: id, because: shipment, shipment: shipment, at: clock.now, in: db)
      } else if let last = sent.last {
        try db.run("UPDATE shipment SET tracking = \(tracking) WHERE id = \(last.id)")
      }
      try Outbox.announce(.order(id), in: db)
      return try Order.require(id, in: db)
    }
  }
}

/// Why an order is not fulfilled.
public enum FulfilOrderRefusal: Refusal, Equatable {
  case notPaid
  case refunded
  /// It is the deposit of a preorder.
  case preorder
  /// It is past being sent.
  case over(Order.State)

  public var code: String {
    switch self {
    case .notPaid: "order_not_paid"
    case .refunded: "order_refunded"
    case .preorder: "order_deposit"
    case .over: "order_not_to_send"
    }
  }

  public var sentence: String {
    switch self {
    case .notPaid: "Only a paid order can be fulfilled. Wait for its payment."
    case .refunded: "The whole order is being refunded: do not send it."
    case .preorder:
      "Only the deposit of this preorder is paid. It is sent with the order for its balance, once that is paid."
    case .over(let state): "The order is \(state.rawValue): there is nothing left to send."
    }
  }

  public var kind: RefusalKind { .conflict }
}
