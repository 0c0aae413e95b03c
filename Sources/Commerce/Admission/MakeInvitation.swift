import Store

/// What an invitation is made from.
public struct InvitationDraft: Sendable, Codable, Equatable {
  /// For the operator: whom it is for.
  public var note: String
  /// Codes; empty for every market.
  public var markets: [String]
  /// The tier that a new channel begins in; nil for the first.
  public var tier: Int64?
  public var usesMax: Int64
  public var days: Int64

  public init(note: String = "", markets: [String] = [], tier: Int64? = nil, usesMax: Int64 = 1, days: Int64 = 14) {
    self.note = note
    self.markets = markets
    self.tier = tier
    self.usesMax = usesMax
    self.days = days
  }
}

extension Commerce {
  /// Makes an invitation; for the operator. What opens it is shown this once, and only its hash is kept: made again with
  /// the same id, it gets another one, and the one before opens nothing.
  ///
  /// Throws `GeneralRefusal`, `IDTaken`.
  public func makeInvitation(
    _ id: ID<Invitation>, by caller: Caller, _ draft: InvitationDraft
  ) async throws -> (invitation: Invitation, token: Secret) {
    let fingerprint = try MadeHash.of(draft, by: caller, for: "invitation")
    let note = try policy.text(draft.note, "note", max: policy.titleCharactersMax, required: false)
    let token = Secret(prefix: Invitation.prefix, entropy: entropy)
    for (field, value, bounds) in [
      ("usesMax", draft.usesMax, 1...policy.invitationUsesMax), ("days", draft.days, 1...policy.invitationDaysMax),
      ("tier", draft.tier ?? 1, ChannelTier.levels),
    ] where !bounds.contains(value) {
      throw GeneralRefusal.invalid(field: field, why: "must be \(bounds.lowerBound) to \(bounds.upperBound)")
    }
    return try await database.write { [policy] db in
      let account = try caller.requireOperator(in: db)
      if let row = try db.row("SELECT made_hash FROM invitation WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "invitation") }
        try db.run("UPDATE invitation SET token_hash = \(token.hash) WHERE id = \(id)")
        return (try Invitation.require(id, in: db), token)
      }
      let now = clock.now
      try policy.checkNew(id, at: now)
      let markets = Array(Set(draft.markets)).sorted()
      guard markets.count <= policy.marketsPerShowMax else {
        throw GeneralRefusal.tooMany(what: "markets of one invitation", limit: policy.marketsPerShowMax)
      }
      for market in markets { _ = try Market.require(market, "markets", in: db) }
      let open: Int = try db.requireRow(
        """
        SELECT COUNT(*) AS open FROM invitation
        WHERE revoked_ms IS NULL AND expires_ms > \(now) AND uses < uses_max
        """
      ).get("open")
      guard open < policy.openInvitationsMax else {
        throw GeneralRefusal.tooMany(what: "open invitations", limit: policy.openInvitationsMax)
      }
      try db.run(
        """
        INSERT INTO invitation (id, token_hash, note, markets, tier, uses_max, uses, expires_ms, revoked_ms, account_id,
          made_hash, created_ms)
        VALUES (\(id), \(token.hash), \(note), \(markets.joined(separator: ",")), \(draft.tier.sqlValue),
          \(draft.usesMax), 0, \(now.adding(seconds: draft.days * 86_400)), NULL, \(account), \(fingerprint), \(now))
        """)
      return (try Invitation.require(id, in: db), token)
    }
  }

  /// The newest first; for the operator.
  public func invitations(
    by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<Invitation> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try caller.requireOperator(in: db)
      let rows = try db.rows(
        """
        SELECT \(Invitation.columns) FROM invitation
        WHERE (created_ms, id) < (\(cursor?.key ?? .max), \(cursor?.id ?? []))
        ORDER BY created_ms DESC, id DESC LIMIT \(limit + 1)
        """)
      return Page(try Invitation.read(rows, in: db), limit: limit) { Cursor($0.made.milliseconds, $0.id) }
    }
  }

  /// Takes it back: it opens nothing any more, and who came in by it stays. For the operator; again, nothing happens.
  @discardableResult
  public func revokeInvitation(_ id: ID<Invitation>, by caller: Caller) async throws -> Invitation {
    try await database.write { db in
      try caller.requireOperator(in: db)
      _ = try Invitation.require(id, in: db)
      try db.run("UPDATE invitation SET revoked_ms = \(clock.now) WHERE id = \(id) AND revoked_ms IS NULL")
      return try Invitation.require(id, in: db)
    }
  }

  /// What a link opens, for whoever has it. Throws `AdmissionRefusal.invitationUnknown`, `.invitationOver`.
  public func invitation(token: String) async throws -> Invitation {
    guard let token = try Invitation.secret(token) else { throw AdmissionRefusal.invitationUnknown }
    return try await database.read { db in
      guard let found = try Invitation.find(token, in: db) else { throw AdmissionRefusal.invitationUnknown }
      guard found.state(at: clock.now) == .open else { throw AdmissionRefusal.invitationOver }
      return found
    }
  }
}
