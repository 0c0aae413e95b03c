import Store

extension Commerce {
  /// Says that a paid order was sent, and how it can be followed; for owners and fulfilment members of its channel.
  /// Said again, it corrects `tracking`.
  public func fulfil(_ id: ID<Order>, by caller: Caller, tracking: String? = nil) async throws -> Order {
    let tracking = tracking ?? ""
    guard tracking.count <= policy.trackingCharactersMax,
      tracking.utf8.count <= policy.trackingCharactersMax * policy.bytesPerCharacterMax,
      tracking.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
    else {
      throw GeneralRefusal.invalid(
        field: "tracking", why: "must be one line of at most \(policy.trackingCharactersMax) characters")
    }
    return try await writeAndTell { db in
      let order = try OrderAccess.requireSeller(of: id, by: caller, in: db)
      guard order.state == .paid || order.state == .fulfilled else { throw FulfilOrderRefusal.notPaid }
      // Its units may be going back on the shelf this moment.
      guard order.refunded != order.total else { throw FulfilOrderRefusal.refunded }
      try db.run(
        "UPDATE orders SET state = \(Order.State.fulfilled), tracking = \(tracking) WHERE id = \(id)")
      try Outbox.announce(.order(id), in: db)
      return try Order.require(id, in: db)
    }
  }
}

/// Why an order is not fulfilled.
public enum FulfilOrderRefusal: Refusal, Equatable {
  case notPaid
  case refunded

  public var code: String {
    switch self {
    case .notPaid: "order_not_paid"
    case .refunded: "order_refunded"
    }
  }

  public var sentence: String {
    switch self {
    case .notPaid: "Only a paid order can be fulfilled. Wait for its payment."
    case .refunded: "The whole order is being refunded: do not send it."
    }
  }

  public var kind: RefusalKind { .conflict }
}
