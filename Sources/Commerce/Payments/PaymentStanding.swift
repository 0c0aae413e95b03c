import Store

/// How the last try to pay an order stands.
public struct PaymentStanding: Sendable, Equatable {
  public let order: Order
  /// Nil when nobody has tried yet.
  public let outcome: PaymentOutcome?
}

extension Commerce {
  /// How the order's last payment stands, for its buyer or whoever holds a token of it: what they ask when they come back
  /// from their bank. The provider is asked about what is open, as by `refreshPayment`.
  public func paymentStanding(
    _ id: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil
  ) async throws -> PaymentStanding {
    _ = try await lastPayment(of: id, by: caller, token: token)
    let order = try await refreshPayment(id, by: caller, token: token)
    if order.paid != nil { return PaymentStanding(order: order, outcome: .paid) }
    return PaymentStanding(order: order, outcome: try await lastPayment(of: id, by: caller, token: token))
  }

  /// What is known of the order's last payment, without asking anybody; nil when nobody has tried. For its buyer.
  public func lastPayment(
    of id: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil
  ) async throws -> PaymentOutcome? {
    try await database.read { db in
      let order = try OrderAccess.requireBuyer(of: id, by: caller, token: token, in: db)
      return try db.row(
        "SELECT \(PaymentAttempt.columns) FROM payment_attempt WHERE order_id = \(order.purchase ?? id) ORDER BY id DESC LIMIT 1"
      ).map { try PaymentAttempt(row: $0).outcome }
    }
  }
}
