import Store

extension Commerce {
  /// Says that a parcel arrived; for its buyer, and for owners and fulfilment members of the channel. Once everything
  /// was sent and has arrived, the order is `delivered`. Said again, it changes nothing.
  public func deliver(
    _ shipment: ID<Shipment>, of order: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil
  ) async throws -> Order {
    try await writeAndTell { db in
      let found = try OrderAccess.requireParty(of: order, by: caller, token: token, in: db)
      let shipments = try Shipment.all(of: order, in: db)
      guard shipments.contains(where: { $0.id == shipment }) else { throw GeneralRefusal.notFound("shipment") }
      let now = clock.now
      let isFirst = try db.run(
        "UPDATE shipment SET delivered_ms = \(now) WHERE id = \(shipment) AND delivered_ms IS NULL")
      guard isFirst == 1 else { return found }
      // Of an order that is partly sent, or refunded, the parcel arrives and the order stays what it is.
      if shipments.allSatisfy({ $0.id == shipment || $0.delivered != nil }) {
        let isWhole = try db.run(
          """
          UPDATE orders SET state = \(Order.State.delivered), delivered_ms = \(now)
          WHERE id = \(order) AND state = \(Order.State.fulfilled)
          """)
        if isWhole == 1 {
          try found.deliverDeposit(at: now, in: db)
          try Mail.queue(.delivered, of: found, because: order, at: now, in: db)
          try WebhookMessage.queue(.orderDelivered, of: order, because: order, at: now, in: db)
          try ChannelTier.raise(found.channel, on: occasion(order: order), in: db)
        }
      }
      try Outbox.announce(.order(order), in: db)
      return try Order.require(order, in: db)
    }
  }
}
