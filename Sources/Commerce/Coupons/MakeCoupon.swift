import Store

extension Commerce {
  /// Makes a coupon: a channel's, for its owners, who pay for it; or without a channel the platform's, for operators.
  ///
  /// Throws `CouponRefusal.codeTaken`, `GeneralRefusal.invalid`, `.notFound`, `IDTaken`.
  public func makeCoupon(
    _ id: ID<Coupon>, by caller: Caller, channel: ID<Channel>?, _ draft: CouponDraft
  ) async throws -> Coupon {
    let fingerprint = try MadeHash.of(draft, by: caller, for: channel?.description ?? "platform")
    let draft = try draft.checked(policy)
    return try await database.write { [policy] db in
      let account = try Self.requireMaker(of: channel, caller, in: db)
      if let row = try db.row("SELECT made_hash FROM coupon WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "coupon") }
        return try Coupon.require(id, in: db)
      }
      let now = clock.now
      try policy.checkNew(id, at: now)
      guard let market = try Market.find(draft.market, in: db) else { throw GeneralRefusal.notFound("market") }
      // At once is whatever a clock says that was set back.
      let starts = draft.starts ?? Moment(milliseconds: 0)
      let ends = draft.ends ?? .never
      guard ends > max(starts, now) else {
        throw GeneralRefusal.invalid(field: "endsAt", why: "must be after now and after the start")
      }
      let scope = channel?.bytes ?? []
      let same = try db.row(
        "SELECT 1 FROM coupon WHERE code = \(draft.code) AND market = \(draft.market) AND scope = \(scope)")
      guard same == nil else { throw CouponRefusal.codeTaken(draft.code) }
      let count: Int = try db.requireRow("SELECT COUNT(*) AS coupons FROM coupon WHERE scope = \(scope)")
        .get("coupons")
      guard count < policy.couponsPerChannelMax else {
        throw GeneralRefusal.tooMany(what: "coupons of one channel", limit: policy.couponsPerChannelMax)
      }
      try db.run(
        """
        INSERT INTO coupon (id, channel_id, scope, code, title, market, currency, percent_bp, amount_minor,
          discount_max_minor, minimum_minor, claims_max, claims_per_buyer_max, taken, starts_ms, ends_ms, account_id,
          made_hash, created_ms)
        VALUES (\(id), \(channel.sqlValue), \(scope), \(draft.code), \(draft.title), \(draft.market),
          \(market.currency), \(draft.percentBasisPoints.sqlValue), \(draft.amountMinor.sqlValue),
          \(draft.discountMaxMinor.sqlValue), \(draft.minimumMinor), \(draft.claimsMax), \(draft.claimsPerBuyerMax), 0,
          \(starts), \(ends), \(account), \(fingerprint), \(now))
        """)
      return try Coupon.require(id, in: db)
    }
  }

  /// Ends a coupon now; for whoever could make it. What was ordered with it stays as it is. Ended already, nothing
  /// happens.
  @discardableResult
  public func endCoupon(_ id: ID<Coupon>, by caller: Caller) async throws -> Coupon {
    try await writeAndTell { db in
      let coupon = try Coupon.require(id, in: db)
      _ = try Self.requireMaker(of: coupon.channel, caller, "coupon", in: db)
      let now = clock.now
      guard coupon.ends > now else { return coupon }
      try db.run("UPDATE coupon SET ends_ms = \(max(now, coupon.starts.adding(milliseconds: 1))) WHERE id = \(id)")
      try Outbox.announce(.coupon(id), in: db)
      return try Coupon.require(id, in: db)
    }
  }

  /// A channel's coupons, the newest first, for its members; or without a channel the platform's, for operators.
  public func coupons(
    of channel: ID<Channel>?, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50
  ) async throws -> Page<Coupon> {
    try policy.check(limit: limit)
    return try await database.read { db in
      if let channel {
        try Membership.require(.look, of: channel, by: caller, in: db)
      } else {
        try caller.requireOperator(in: db)
      }
      let before: SQL =
        cursor.map { "AND (created_ms < \($0.key) OR (created_ms = \($0.key) AND id < \($0.id)))" } ?? ""
      let rows = try db.rows(
        """
        SELECT \(Coupon.columns), coupon.created_ms AS created_ms FROM coupon
        WHERE scope = \(channel?.bytes ?? []) \(before) ORDER BY created_ms DESC, id DESC LIMIT \(limit + 1)
        """)
      let found = try rows.prefix(limit).map { (try Coupon(row: $0), try $0.get("created_ms", as: Moment.self)) }
      let next = rows.count > limit ? found.last.map { Cursor($0.1.milliseconds, $0.0.id) } : nil
      return Page(items: found.map(\.0), next: next)
    }
  }

  /// Some coupons as they are now, for those who are told that one was claimed.
  public func coupons(_ ids: [ID<Coupon>]) async throws -> [Coupon] {
    guard !ids.isEmpty else { return [] }
    return try await database.read { db in
      try db.rows("SELECT \(Coupon.columns) FROM coupon WHERE id IN \(list: ids) ORDER BY id").map(Coupon.init)
    }
  }

  /// Forgets who has used coupons that ended a day ago; gives of how many buyers.
  @discardableResult
  public func forgetCouponBuyers() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.dealBuyerSeconds)
    return try await database.write { db in
      Int(
        try db.run(
          """
          DELETE FROM coupon_buyer WHERE coupon_id IN (SELECT id FROM coupon WHERE ends_ms < \(before))
          """))
    }
  }

  private static func requireMaker(
    of channel: ID<Channel>?, _ caller: Caller, _ what: String = "channel", in db: any Connection
  ) throws -> ID<Account> {
    if let channel { return try Membership.require(.everything, of: channel, by: caller, what, in: db) }
    return try caller.requireOperator(in: db)
  }
}

extension CouponDraft {
  /// Cleaned. Throws `GeneralRefusal.invalid` for all that can be refused without a look at the database.
  fileprivate func checked(_ policy: Policy) throws -> CouponDraft {
    var draft = self
    draft.code = Coupon.normalized(code)
    let letters = draft.code.utf8.allSatisfy {
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        || $0 == UInt8(ascii: "-")
    }
    guard letters, (3...20).contains(draft.code.utf8.count) else {
      throw GeneralRefusal.invalid(field: "code", why: "must be 3 to 20 letters A to Z, digits or hyphens")
    }
    draft.title = try policy.text(title, "title", max: policy.titleCharactersMax, required: false)
    guard (percentBasisPoints == nil) != (amountMinor == nil) else {
      throw GeneralRefusal.invalid(field: "percent", why: "or an amount is needed, not both")
    }
    func check(_ value: Int64?, _ field: String, _ range: ClosedRange<Int64>) throws {
      guard value.map(range.contains) ?? true else {
        throw GeneralRefusal.invalid(field: field, why: "must be \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check(percentBasisPoints, "percentBasisPoints", 1...Discounts.shareMax.basisPoints)
    try check(amountMinor, "amountMinor", 1...Money.minorMax)
    try check(discountMaxMinor, "discountMaxMinor", 1...Money.minorMax)
    guard discountMaxMinor == nil || percentBasisPoints != nil else {
      throw GeneralRefusal.invalid(field: "discountMaxMinor", why: "is for a percentage only")
    }
    try check(minimumMinor, "minimumMinor", 0...Money.minorMax)
    try check(claimsMax, "claimsMax", 1...policy.couponClaimsMax)
    try check(claimsPerBuyerMax, "claimsPerBuyerMax", 1...claimsMax)
    return draft
  }
}
