import Store

/// One of a partner's people: they see its pages, make its keys, and say where its money goes.
public struct PartnerMember: Sendable, Equatable, Codable {
  public let account: ID<Account>
  public let email: String
  public let name: String
  public let since: Moment
}

/// A partner's program's way in: it reads what is the partner's, and nothing else, until it is revoked.
public struct PartnerKey: Sendable, Equatable, Codable {
  public let id: ID<PartnerKey>
  public let name: String
  public let createdAt: Moment
}

extension Commerce {
  /// Makes a person with an account one of a partner's people; for its people and the operator. Again, nothing happens.
  ///
  /// Throws `ChannelRefusal.noSuchPerson`, `GeneralRefusal.tooMany`.
  @discardableResult
  public func addPartnerMember(
    of partner: ID<Partner>, by caller: Caller, email: String
  ) async throws -> PartnerMember {
    let email = try policy.email(email)
    return try await database.write { [policy] db in
      try Partner.require(partner, .change, by: caller, in: db)
      guard let row = try db.row("SELECT id FROM account WHERE email = \(email)") else {
        throw ChannelRefusal.noSuchPerson
      }
      let account: ID<Account> = try row.get("id")
      let members = try Self.partnerMembers(of: partner, in: db)
      if let member = members.first(where: { $0.account == account }) { return member }
      guard members.count < policy.membersPerPartnerMax else {
        throw GeneralRefusal.tooMany(what: "people of one partner", limit: policy.membersPerPartnerMax)
      }
      try db.run(
        """
        INSERT INTO partner_member (partner_id, account_id, created_ms) VALUES (\(partner), \(account), \(clock.now))
        """)
      guard let made = try Self.partnerMembers(of: partner, in: db).first(where: { $0.account == account }) else {
        throw MissingRow()
      }
      return made
    }
  }

  /// Takes somebody out of a partner's people; for them and the operator. Who is not one is left alone.
  public func removePartnerMember(of partner: ID<Partner>, by caller: Caller, account: ID<Account>) async throws {
    try await database.write { db in
      try Partner.require(partner, .change, by: caller, in: db)
      try db.run("DELETE FROM partner_member WHERE partner_id = \(partner) AND account_id = \(account)")
    }
  }

  /// A partner's people, first come first, at most `Policy.membersPerPartnerMax`; for them and the operator.
  public func partnerMembers(of partner: ID<Partner>, by caller: Caller) async throws -> [PartnerMember] {
    try await database.read { db in
      try Partner.require(partner, .change, by: caller, in: db)
      return try Self.partnerMembers(of: partner, in: db)
    }
  }

  private static func partnerMembers(of partner: ID<Partner>, in db: any Connection) throws -> [PartnerMember] {
    try db.rows(
      """
      SELECT account.id AS id, account.email AS email, account.name AS name, people.created_ms AS since_ms
      FROM partner_member people JOIN account ON account.id = people.account_id
      WHERE people.partner_id = \(partner) ORDER BY people.created_ms, account.id
      """
    ).map {
      PartnerMember(
        account: try $0.get("id"), email: try $0.get("email"), name: try $0.get("name"), since: try $0.get("since_ms"))
    }
  }

  /// Makes a key for a partner's programs; for its people. The secret is shown this once.
  public func makePartnerKey(
    of partner: ID<Partner>, by caller: Caller, name: String
  ) async throws -> (PartnerKey, Secret) {
    let name = try policy.text(name, "name", max: policy.nameCharactersMax)
    let secret = Secret(prefix: PartnerKey.prefix, entropy: entropy)
    let id = makeID(PartnerKey.self)
    let key = try await database.write { [policy] db in
      guard let account = try Partner.require(partner, .own, by: caller, in: db) else {
        throw GeneralRefusal.signInNeeded
      }
      guard try PartnerKey.all(of: partner, in: db).count < policy.keysPerPartnerMax else {
        throw GeneralRefusal.tooMany(what: "keys of one partner", limit: policy.keysPerPartnerMax)
      }
      try db.run(
        """
        INSERT INTO partner_key (id, partner_id, name, token_hash, account_id, created_ms, revoked_ms)
        VALUES (\(id), \(partner), \(name), \(secret.hash), \(account), \(clock.now), NULL)
        """)
      return PartnerKey(id: id, name: name, createdAt: clock.now)
    }
    return (key, secret)
  }

  /// A partner's keys that work, the newest first, at most `Policy.keysPerPartnerMax`; for its people and the operator.
  public func partnerKeys(of partner: ID<Partner>, by caller: Caller) async throws -> [PartnerKey] {
    try await database.read { db in
      try Partner.require(partner, .change, by: caller, in: db)
      return try PartnerKey.all(of: partner, in: db)
    }
  }

  /// Ends a partner's key; for its people and the operator. Again, nothing happens.
  public func revokePartnerKey(_ id: ID<PartnerKey>, of partner: ID<Partner>, by caller: Caller) async throws {
    try await database.write { db in
      try Partner.require(partner, .change, by: caller, in: db)
      guard try db.row("SELECT 1 FROM partner_key WHERE id = \(id) AND partner_id = \(partner)") != nil else {
        throw GeneralRefusal.notFound("API key")
      }
      try db.run("UPDATE partner_key SET revoked_ms = \(clock.now) WHERE id = \(id) AND revoked_ms IS NULL")
    }
  }
}

extension PartnerKey {
  static let prefix = "haat_partner_"

  fileprivate static func all(of partner: ID<Partner>, in db: any Connection) throws -> [PartnerKey] {
    try db.rows(
      """
      SELECT id, name, created_ms FROM partner_key WHERE partner_id = \(partner) AND revoked_ms IS NULL
      ORDER BY created_ms DESC, id DESC
      """
    ).map { PartnerKey(id: try $0.get("id"), name: try $0.get("name"), createdAt: try $0.get("created_ms")) }
  }

  /// Who a key is; nil when it is unknown or revoked.
  static func caller(_ secret: Secret, in db: any Connection) throws -> Caller? {
    try db.row("SELECT partner_id FROM partner_key WHERE token_hash = \(secret.hash) AND revoked_ms IS NULL")
      .map { Caller(partner: try $0.get("partner_id")) }
  }
}
