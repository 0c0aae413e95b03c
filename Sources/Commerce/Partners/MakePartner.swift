import Store

/// What a partner is made from.
public struct PartnerDraft: Sendable, Codable, Equatable {
  public var name: String
  /// What their links carry: 3 to 30 small letters, digits and hyphens. Nil has one made.
  public var via: String?
  /// Origins such as `https://blog.example`.
  public var sites: [String]
  /// Their part of the commission: 0…10 000.
  public var rateBasisPoints: Int64
  /// From when on they earn; nil from now.
  public var starts: Moment?
  /// In which its people are written to; nil for English.
  public var language: String?

  public init(
    name: String, via: String? = nil, sites: [String] = [], rateBasisPoints: Int64, starts: Moment? = nil,
    language: String? = nil
  ) {
    self.name = name
    self.via = via
    self.sites = sites
    self.rateBasisPoints = rateBasisPoints
    self.starts = starts
    self.language = language
  }
}

extension Commerce {
  /// Makes a partner with its first terms; for the operator.
  ///
  /// Throws `GeneralRefusal`, `PartnerRefusal.viaTaken`, `IDTaken`.
  public func makePartner(_ id: ID<Partner>, by caller: Caller, _ draft: PartnerDraft) async throws -> Partner {
    let fingerprint = try MadeHash.of(draft, by: caller, for: "partner")
    let name = try policy.text(draft.name, "name", max: policy.nameCharactersMax)
    let sites = try policy.sites(draft.sites)
    let rate = try PartnerTerms.rate(draft.rateBasisPoints)
    let language = try draft.language.map { try Partner.readLanguage($0) } ?? ""
    let via: String
    if let wanted = draft.via {
      guard let read = Partner.readVia(wanted) else {
        throw GeneralRefusal.invalid(field: "via", why: "must be 3 to 30 letters a to z, digits and hyphens")
      }
      via = read
    } else {
      via = String(Secret(prefix: "", entropy: entropy).text.prefix(10))
    }
    return try await database.write { [policy] db in
      let account = try caller.requireOperator(in: db)
      let now = clock.now
      if let row = try db.row("SELECT made_hash FROM partner WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint,
          let partner = try Partner.find(id, at: now, in: db)
        else { throw IDTaken(what: "partner") }
        return partner
      }
      try policy.checkNew(id, at: now)
      let open: Int = try db.requireRow("SELECT COUNT(*) AS partners FROM partner WHERE state <> 'ended'")
        .get("partners")
      guard open < policy.partnersMax else {
        throw GeneralRefusal.tooMany(what: "partners", limit: policy.partnersMax)
      }
      guard try db.row("SELECT 1 FROM partner WHERE via = \(via)") == nil else { throw PartnerRefusal.viaTaken }
      try db.run(
        """
        INSERT INTO partner (id, name, via, sites, state, reason, account_id, made_hash, created_ms, language)
        VALUES (\(id), \(name), \(via), \(try TextList.text(of: sites)), \(Partner.State.active), '', \(account),
          \(fingerprint), \(now), \(language))
        """)
      try PartnerTerms.insert(
        ID(at: now, entropy: entropy), of: id, rate, starts: draft.starts, by: account, fingerprint, at: now, in: db)
      guard let partner = try Partner.find(id, at: now, in: db) else { throw MissingRow() }
      return partner
    }
  }

  /// Gives a partner another name, or other sites; for the operator. What is nil stays.
  public func changePartner(
    _ id: ID<Partner>, by caller: Caller, name: String? = nil, sites: [String]? = nil
  ) async throws -> Partner {
    let name = try name.map { try policy.text($0, "name", max: policy.nameCharactersMax) }
    let sites = try sites.map { try TextList.text(of: policy.sites($0)) }
    return try await database.write { db in
      try caller.requireOperator(in: db)
      try db.run(
        """
        UPDATE partner SET name = COALESCE(\(name.sqlValue), name), sites = COALESCE(\(sites.sqlValue), sites)
        WHERE id = \(id)
        """)
      guard let partner = try Partner.find(id, at: clock.now, in: db) else { throw GeneralRefusal.notFound("partner") }
      return partner
    }
  }

  /// Says in which language a partner's people are written to; for them and the operator.
  @discardableResult
  public func setPartnerLanguage(
    _ id: ID<Partner>, by caller: Caller, _ language: String
  ) async throws -> Partner {
    let language = try Partner.readLanguage(language)
    return try await database.write { db in
      try Partner.require(id, .change, by: caller, in: db)
      try db.run("UPDATE partner SET language = \(language) WHERE id = \(id)")
      guard let partner = try Partner.find(id, at: clock.now, in: db) else { throw MissingRow() }
      return partner
    }
  }

  /// Suspends a partner, takes it back, or ends it for good, and writes so to its people, with the reason; for the
  /// operator. Said again in the same words, nothing happens.
  ///
  /// Throws `PartnerRefusal.ended`.
  @discardableResult
  public func setPartnerState(
    _ id: ID<Partner>, by caller: Caller, _ state: Partner.State, reason: String = ""
  ) async throws -> Partner {
    let reason = try policy.text(
      state == .active ? "" : reason, "reason", max: policy.reasonCharactersMax, required: state != .active)
    return try await database.write { db in
      try caller.requireOperator(in: db)
      guard let partner = try Partner.find(id, at: clock.now, in: db) else { throw GeneralRefusal.notFound("partner") }
      guard partner.state != .ended || state == .ended else { throw PartnerRefusal.ended }
      guard partner.state != state || partner.reason != reason else { return partner }
      try db.run("UPDATE partner SET state = \(state), reason = \(reason) WHERE id = \(id)")
      let now = clock.now
      try Mail.queue(.partnership, of: id, because: Mail.cause(state, at: now), at: now, in: db)
      guard let changed = try Partner.find(id, at: clock.now, in: db) else { throw MissingRow() }
      return changed
    }
  }
}

extension Policy {
  /// Origins in their one spelling, each once. Throws `GeneralRefusal`.
  func sites(_ texts: [String]) throws -> [String] {
    guard texts.count <= sitesPerPartnerMax else {
      throw GeneralRefusal.tooMany(what: "sites of one partner", limit: sitesPerPartnerMax)
    }
    var sites: [String] = []
    for text in texts {
      guard let site = SiteOrigin.read(text) else {
        throw GeneralRefusal.invalid(
          field: "sites", why: "must be origins such as https://blog.example, without a path")
      }
      if !sites.contains(site) { sites.append(site) }
    }
    return sites
  }
}
