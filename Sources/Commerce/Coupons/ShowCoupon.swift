import Store

extension Commerce {
  /// Puts a coupon on every viewer's screen, instead of the one that is there, or takes it off (`nil`). For owners and
  /// hosts of a show on air. The same again, nothing happens.
  ///
  /// Throws `ShowRefusal.notLive`, `.ended`, `CouponRefusal.ended`, `.allClaimed`, and `GeneralRefusal.notFound` for
  /// another channel's coupon or one of a market that the show does not sell in.
  public func showCoupon(
    by caller: Caller, show id: ID<Show>, _ coupon: ID<Coupon>?, mediaTime: Int64? = nil
  ) async throws {
    try await writeAndTell { db in
      let (show, occasion) = try changing(id, by: caller, in: db)
      let shown: ID<Coupon>? = try db.requireRow("SELECT coupon_id FROM show WHERE id = \(id)").get("coupon_id")
      guard shown != coupon else { return }
      if let coupon {
        try show.requireLive()
        guard let found = try Coupon.find(coupon, in: db), found.channel == nil || found.channel == show.channel,
          show.markets.contains(found.market)
        else { throw GeneralRefusal.notFound("coupon") }
        guard occasion.at < found.ends else { throw CouponRefusal.ended }
        guard found.left > 0 else { throw CouponRefusal.allClaimed }
        try db.run("UPDATE show SET coupon_id = \(coupon) WHERE id = \(id)")
        try Timeline.append(
          show: id, kind: .couponShown, mediaTime: mediaTime, payload: found.told, on: occasion, in: db)
      } else if let shown {
        try hideCoupon(shown, of: id, mediaTime: mediaTime, on: occasion, in: db)
      }
    }
  }

  /// Takes the coupon off the screen of a show that ends.
  func hideCoupon(of show: ID<Show>, mediaTime: Int64?, on occasion: Occasion, in db: any Connection) throws {
    let row = try db.requireRow("SELECT coupon_id FROM show WHERE id = \(show)")
    guard let shown = try row.get("coupon_id", as: ID<Coupon>?.self) else { return }
    try hideCoupon(shown, of: show, mediaTime: mediaTime, on: occasion, in: db)
  }

  private func hideCoupon(
    _ coupon: ID<Coupon>, of show: ID<Show>, mediaTime: Int64?, on occasion: Occasion, in db: any Connection
  ) throws {
    try db.run("UPDATE show SET coupon_id = NULL WHERE id = \(show)")
    try Timeline.append(
      show: show, kind: .couponHidden, mediaTime: mediaTime, payload: ["coupon": "\(coupon)"], on: occasion, in: db)
  }
}
