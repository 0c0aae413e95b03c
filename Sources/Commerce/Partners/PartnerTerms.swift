import Store

/// What part of the commission is a partner's, from a moment on until later terms begin. An order keeps what it was sold
/// under.
public struct PartnerTerms: Sendable, Equatable {
  public let id: ID<PartnerTerms>
  public let partner: ID<Partner>
  public let rate: Rate
  public let starts: Moment

  init(row: Row) throws {
    id = try row.get("id")
    partner = try row.get("partner_id")
    rate = try row.get("rate_bp")
    starts = try row.get("starts_ms")
  }

  static func rate(_ basisPoints: Int64) throws -> Rate {
    guard let rate = Rate(basisPoints: basisPoints) else {
      throw GeneralRefusal.invalid(
        field: "rateBasisPoints", why: "must be 0 to 10000, which is all of the commission")
    }
    return rate
  }

  static func insert(
    _ id: ID<PartnerTerms>, of partner: ID<Partner>, _ rate: Rate, starts: Moment?, by account: ID<Account>,
    _ fingerprint: [UInt8], at now: Moment, in db: any Connection
  ) throws {
    // An order that was placed keeps its rate: terms from before now would look as if it had not.
    guard starts.map({ $0 >= now }) ?? true else {
      throw GeneralRefusal.invalid(field: "startsAt", why: "must not be before now; leave it out for now")
    }
    try db.run(
      """
      INSERT INTO partner_terms (id, partner_id, rate_bp, starts_ms, account_id, made_hash, created_ms)
      VALUES (\(id), \(partner), \(rate), \(starts ?? now), \(account), \(fingerprint), \(now))
      """)
  }

  static func find(_ id: ID<PartnerTerms>, in db: any Connection) throws -> PartnerTerms? {
    try all([id], in: db).first
  }

  static func all(_ ids: [ID<PartnerTerms>], in db: any Connection) throws -> [PartnerTerms] {
    guard !ids.isEmpty else { return [] }
    return try db.rows("SELECT id, partner_id, rate_bp, starts_ms FROM partner_terms WHERE id IN \(list: ids)")
      .map(PartnerTerms.init)
  }

  static func all(of partner: ID<Partner>, in db: any Connection) throws -> [PartnerTerms] {
    try db.rows(
      """
      SELECT id, partner_id, rate_bp, starts_ms FROM partner_terms WHERE partner_id = \(partner)
      ORDER BY starts_ms DESC, created_ms DESC, id DESC
      """
    ).map(PartnerTerms.init)
  }
}

extension Commerce {
  /// Gives a partner another part of the commission, from a moment on, and writes so to its people; for the operator. Of terms that start at one
  /// moment the last made hold, so that terms that were a mistake can be replaced before they begin.
  ///
  /// Throws `GeneralRefusal`, `PartnerRefusal.ended`, `IDTaken`.
  public func makePartnerTerms(
    _ id: ID<PartnerTerms>, of partner: ID<Partner>, by caller: Caller, rateBasisPoints: Int64, starts: Moment? = nil
  ) async throws -> PartnerTerms {
    struct Draft: Encodable {
      let rateBasisPoints: Int64
      let starts: Moment?
    }
    let fingerprint = try MadeHash.of(
      Draft(rateBasisPoints: rateBasisPoints, starts: starts), by: caller, for: "terms of \(partner)")
    let rate = try PartnerTerms.rate(rateBasisPoints)
    return try await database.write { [policy] db in
      let account = try caller.requireOperator(in: db)
      let now = clock.now
      guard let found = try Partner.find(partner, at: now, in: db) else { throw GeneralRefusal.notFound("partner") }
      if let row = try db.row("SELECT made_hash FROM partner_terms WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "terms") }
      } else {
        try policy.checkNew(id, at: now)
        guard found.state != .ended else { throw PartnerRefusal.ended }
        guard try PartnerTerms.all(of: partner, in: db).count < policy.termsPerPartnerMax else {
          throw GeneralRefusal.tooMany(what: "terms of one partner", limit: policy.termsPerPartnerMax)
        }
        try PartnerTerms.insert(id, of: partner, rate, starts: starts, by: account, fingerprint, at: now, in: db)
        try Mail.queue(.partnerTerms, of: partner, because: id.bytes, at: now, in: db)
      }
      guard let made = try PartnerTerms.all(of: partner, in: db).first(where: { $0.id == id }) else {
        throw MissingRow()
      }
      return made
    }
  }

  /// A partner's terms, the latest start first; for its people, its keys and the operator.
  public func partnerTerms(of partner: ID<Partner>, by caller: Caller) async throws -> [PartnerTerms] {
    try await database.read { db in
      try Partner.require(partner, .look, by: caller, in: db)
      return try PartnerTerms.all(of: partner, in: db)
    }
  }
}
