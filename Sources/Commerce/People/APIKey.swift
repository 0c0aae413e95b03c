import Store

/// A program's way in: it acts as its account, until it is revoked.
public struct APIKey: Sendable, Equatable, Codable {
  public let id: ID<APIKey>
  public let name: String
  public let createdAt: Moment
  public let revokedAt: Moment?

  static let columns: SQL = "id, name, created_ms, revoked_ms"

  init(row: Row) throws {
    id = try row.get("id")
    name = try row.get("name")
    createdAt = try row.get("created_ms")
    revokedAt = try row.get("revoked_ms")
  }
}

extension Commerce {
  /// Makes a key for the caller's own account. The secret is shown this once.
  public func makeAPIKey(by caller: Caller, name: String) async throws -> (APIKey, Secret) {
    let name = try policy.text(name, "name", max: policy.nameCharactersMax)
    let secret = Secret(prefix: "haat_key_", entropy: entropy)
    let id = makeID(APIKey.self)
    let key = try await database.write { [clock, policy] db in
      let account = try caller.requireAccount()
      let row = try db.row(
        "SELECT COUNT(*) AS keys FROM api_key WHERE account_id = \(account) AND revoked_ms IS NULL")
      guard try row?.get("keys", as: Int.self) ?? 0 < policy.apiKeysPerAccountMax else {
        throw PeopleRefusal.tooManyKeys(limit: policy.apiKeysPerAccountMax)
      }
      try db.run(
        """
        INSERT INTO api_key (id, account_id, name, token_hash, created_ms, revoked_ms)
        VALUES (\(id), \(account), \(name), \(secret.hash), \(clock.now), NULL)
        """)
      return try APIKey(row: db.requireRow("SELECT \(APIKey.columns) FROM api_key WHERE id = \(id)"))
    }
    return (key, secret)
  }

  /// Who a key acts as; nil when it is unknown or revoked.
  public func caller(apiKey: String) async throws -> Caller? {
    guard let secret = Secret(presented: apiKey) else { return nil }
    return try await database.read { db in
      if apiKey.hasPrefix(PartnerKey.prefix) { return try PartnerKey.caller(secret, in: db) }
      return try db.row(
        """
        SELECT \(Account.columns) FROM api_key JOIN account ON account.id = api_key.account_id
        WHERE api_key.token_hash = \(secret.hash) AND api_key.revoked_ms IS NULL
        """
      ).map { Caller(try Account(row: $0)) }
    }
  }

  /// The caller's keys that work, newest first; there are at most `Policy.apiKeysPerAccountMax`.
  public func apiKeys(by caller: Caller) async throws -> [APIKey] {
    try await database.read { db in
      let account = try caller.requireAccount()
      return try db.rows(
        """
        SELECT \(APIKey.columns) FROM api_key WHERE account_id = \(account) AND revoked_ms IS NULL
        ORDER BY created_ms DESC, id DESC
        """
      ).map(APIKey.init)
    }
  }

  /// Ends a key of the caller's. Again, nothing happens.
  public func revokeAPIKey(by caller: Caller, id: ID<APIKey>) async throws {
    try await database.write { [clock] db in
      let account = try caller.requireAccount()
      guard try db.row("SELECT id FROM api_key WHERE id = \(id) AND account_id = \(account)") != nil else {
        throw GeneralRefusal.notFound("API key")
      }
      try db.run("UPDATE api_key SET revoked_ms = \(clock.now) WHERE id = \(id) AND revoked_ms IS NULL")
    }
  }
}
