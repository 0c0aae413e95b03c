import Store

/// What affiliate terms are made from.
public struct AffiliateTermsDraft: Sendable, Codable, Equatable {
  /// Nil for all of the seller's products.
  public var product: ID<Product>?
  /// A creator's handle; nil for every channel.
  public var creator: String?
  /// 100…8 000.
  public var rateBasisPoints: Int64
  public var ends: Moment?

  public init(product: ID<Product>? = nil, creator: String? = nil, rateBasisPoints: Int64, ends: Moment? = nil) {
    self.product = product
    self.creator = creator
    self.rateBasisPoints = rateBasisPoints
    self.ends = ends
  }
}

extension Commerce {
  /// Lets other channels sell a seller's products in their shows, for a share; for the seller's owners.
  ///
  /// Throws `GeneralRefusal`, `IDTaken`.
  public func makeAffiliateTerms(
    _ id: ID<AffiliateTerms>, by caller: Caller, channel: ID<Channel>, _ draft: AffiliateTermsDraft
  ) async throws -> AffiliateTerms {
    let fingerprint = try MadeHash.of(draft, by: caller, for: "terms of \(channel)")
    guard AffiliateTerms.rates.contains(draft.rateBasisPoints) else {
      throw GeneralRefusal.invalid(field: "rateBasisPoints", why: "must be 100 to 8000, which is 1 % to 80 %")
    }
    return try await database.write { [policy] db in
      let account = try Membership.require(.everything, of: channel, by: caller, in: db)
      if let row = try db.row("SELECT made_hash FROM affiliate_terms WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "affiliate terms") }
        return try AffiliateTerms.require(id, in: db)
      }
      let now = clock.now
      try policy.checkNew(id, at: now)
      if let product = draft.product { try Product.requireOwn(product, of: channel, in: db) }
      var creator: ID<Channel>?
      if let handle = draft.creator {
        let row = try db.row("SELECT id FROM channel WHERE handle = \(handle) AND state = 'approved'")
        guard let row else { throw GeneralRefusal.notFound("creator") }
        creator = try row.get("id")
        guard creator != channel else {
          throw GeneralRefusal.invalid(field: "creator", why: "must be another channel: your own shows need no terms")
        }
      }
      let ends = draft.ends ?? .never
      guard ends > now else { throw GeneralRefusal.invalid(field: "endsAt", why: "must be after now") }
      let open: Int = try db.requireRow(
        "SELECT COUNT(*) AS terms FROM affiliate_terms WHERE channel_id = \(channel) AND ends_ms > \(now)"
      ).get("terms")
      guard open < policy.affiliateTermsMax else {
        throw GeneralRefusal.tooMany(what: "open affiliate terms", limit: policy.affiliateTermsMax)
      }
      try db.run(
        """
        INSERT INTO affiliate_terms (id, channel_id, product_id, creator_id, rate_bp, starts_ms, ends_ms, account_id,
          made_hash, created_ms)
        VALUES (\(id), \(channel), \(draft.product.sqlValue), \(creator.sqlValue), \(draft.rateBasisPoints), \(now),
          \(ends), \(account), \(fingerprint), \(now))
        """)
      return try AffiliateTerms.require(id, in: db)
    }
  }

  /// Ends terms now; for the seller's owners. Shows that began with them go on selling on them. Ended already, nothing
  /// happens.
  @discardableResult
  public func endAffiliateTerms(_ id: ID<AffiliateTerms>, by caller: Caller) async throws -> AffiliateTerms {
    try await database.write { db in
      let terms = try AffiliateTerms.require(id, in: db)
      try Membership.require(.everything, of: terms.seller, by: caller, "affiliate terms", in: db)
      guard terms.ends > clock.now else { return terms }
      try db.run("UPDATE affiliate_terms SET ends_ms = \(clock.now) WHERE id = \(id)")
      return try AffiliateTerms.require(id, in: db)
    }
  }

  /// A seller's terms, those that have not ended first, at most 200; for its members.
  public func affiliateTerms(of channel: ID<Channel>, by caller: Caller) async throws -> [AffiliateTerms] {
    try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      return try db.rows(
        """
        \(AffiliateTerms.query) WHERE terms.channel_id = \(channel)
        ORDER BY CASE WHEN terms.ends_ms > \(clock.now) THEN 0 ELSE 1 END, terms.starts_ms DESC, terms.id DESC LIMIT 200
        """
      ).map(AffiliateTerms.init)
    }
  }

  /// What a channel may sell of others, the best share first, at most 200; for its members.
  public func affiliateOffers(for channel: ID<Channel>, by caller: Caller) async throws -> [AffiliateTerms] {
    try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      return try db.rows(
        """
        \(AffiliateTerms.query) WHERE terms.channel_id <> \(channel) AND terms.ends_ms > \(clock.now) AND (terms.creator_id IS NULL OR terms.creator_id = \(channel))
          AND seller.state = 'approved'
        ORDER BY terms.rate_bp DESC, terms.id LIMIT 200
        """
      ).map(AffiliateTerms.init)
    }
  }
}
