import Store

extension Coupon {
  /// Claims it once for a buyer. Each limit is kept by one statement, so that two buyers cannot both have the last one.
  ///
  /// Throws `CouponRefusal.allClaimed`, `.usedUp`.
  func claim(for buyer: [UInt8], in db: any Connection) throws {
    let mine = try db.run(
      """
      INSERT INTO coupon_buyer (coupon_id, buyer, claims) VALUES (\(id), \(buyer), 1)
      ON CONFLICT (coupon_id, buyer) DO UPDATE SET claims = coupon_buyer.claims + 1
        WHERE coupon_buyer.claims < \(claimsPerBuyerMax)
      """)
    guard mine == 1 else { throw CouponRefusal.usedUp(limit: claimsPerBuyerMax) }
    let all = try db.run("UPDATE coupon SET taken = taken + 1 WHERE id = \(id) AND taken < claims_max")
    guard all == 1 else { throw CouponRefusal.allClaimed }
    try Outbox.announce(.coupon(id), in: db)
  }

  /// Gives back what orders that were not paid had claimed.
  static func giveBack(_ orders: [Order], in db: any Connection) throws {
    for order in orders {
      guard let coupon = order.coupon else { continue }
      try db.run("UPDATE coupon SET taken = taken - 1 WHERE id = \(coupon)")
      let holder = try db.requireRow("SELECT hold_buyer FROM orders WHERE id = \(order.id)")
      if let buyer = try holder.get("hold_buyer", as: [UInt8]?.self) {
        try db.run(
          "UPDATE coupon_buyer SET claims = claims - 1 WHERE coupon_id = \(coupon) AND buyer = \(buyer)")
      }
      try Outbox.announce(.coupon(coupon), in: db)
    }
  }
}

/// Why a coupon is not made, or takes nothing off.
public enum CouponRefusal: Refusal, Equatable {
  case unknown(String)
  case notStarted
  case ended
  case allClaimed
  case usedUp(limit: Int64)
  case belowMinimum(Money)
  case nothingToTakeFrom
  case codeTaken(String)

  public var code: String {
    switch self {
    case .unknown: "coupon_unknown"
    case .notStarted: "coupon_not_started"
    case .ended: "coupon_ended"
    case .allClaimed: "coupon_all_claimed"
    case .usedUp: "coupon_used_up"
    case .belowMinimum: "coupon_minimum"
    case .nothingToTakeFrom: "coupon_not_for_these"
    case .codeTaken: "coupon_code_taken"
    }
  }

  public var sentence: String {
    switch self {
    case .unknown(let code): "There is no coupon “\(code)” for this seller. Check the code, or order without it."
    case .notStarted: "This coupon cannot be used yet. Order later, or without it."
    case .ended: "This coupon has ended. Order without it."
    case .allClaimed: "This coupon was used as often as it can be. Order without it."
    case .usedUp(let limit):
      limit == 1
        ? "This coupon can be used once, and you have used it. Order without it."
        : "This coupon can be used \(limit) times, and you have. Order without it."
    case .belowMinimum(let minimum):
      "This coupon is for orders from \(minimum.plain). Add something, or order without it."
    case .nothingToTakeFrom: "This coupon takes nothing off live deals. Order without it."
    case .codeTaken(let code): "There is, or was, a coupon “\(code)” in this market. Choose another code."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .unknown: .notFound
    case .ended: .gone
    case .notStarted, .allClaimed, .usedUp, .codeTaken: .conflict
    case .belowMinimum, .nothingToTakeFrom: .invalid
    }
  }

  public var field: String? {
    if case .codeTaken = self { "code" } else { "coupon" }
  }
}
