import Store

/// Somebody who has signed in and came back with the token.
public struct Session: Sendable {
  public let account: Account
  /// When the sign-in ends, however much it is used.
  public let expires: Moment
  /// Set when the token was due to be replaced: the browser must be given this one.
  public let newToken: Secret?

  public var caller: Caller { Caller(account) }

  static func insert(
    _ token: Secret, family: ID<Session>, account: ID<Account>, at now: Moment, until end: Moment,
    in db: any Connection
  ) throws {
    try db.run(
      """
      INSERT INTO session (token_hash, family, account_id, created_ms, rotated_ms, expires_ms)
      VALUES (\(token.hash), \(family), \(account), \(now), NULL, \(end))
      """)
  }
}

extension Commerce {
  /// Whose token this is; nil when it is unknown or over.
  ///
  /// A token older than `Policy.sessionRotationSeconds` is replaced, once, and lives on for `sessionGraceSeconds`.
  public func session(token: String) async throws -> Session? {
    guard let secret = Secret(presented: token) else { return nil }
    let now = clock.now
    let due = now.adding(seconds: -policy.sessionRotationSeconds)
    guard let found = try await database.read({ db in try StoredSession.find(secret, at: now, in: db) }) else {
      return nil
    }
    guard !found.isRotated, found.createdAt <= due else {
      return Session(account: found.account, expires: found.expires, newToken: nil)
    }
    let next = Secret(prefix: "haat_session_", entropy: entropy)
    return try await database.write { [policy] db in
      // Looked up again: of two requests at once, one replaces it, and one that signs out wins.
      guard let found = try StoredSession.find(secret, at: now, in: db) else { return nil }
      guard !found.isRotated else { return Session(account: found.account, expires: found.expires, newToken: nil) }
      let grace = min(found.expires, now.adding(seconds: policy.sessionGraceSeconds))
      try db.run(
        "UPDATE session SET rotated_ms = \(now), expires_ms = \(grace) WHERE token_hash = \(secret.hash)")
      try Session.insert(
        next, family: found.family, account: found.account.id, at: now, until: found.expires, in: db)
      return Session(account: found.account, expires: found.expires, newToken: next)
    }
  }

  /// Ends the sign-in this token belongs to, with the tokens it replaced and that replaced it. An unknown token is
  /// nobody's, and nothing happens.
  public func signOut(token: String) async throws {
    guard let secret = Secret(presented: token) else { return }
    try await database.write { db in
      let row = try db.row("SELECT family FROM session WHERE token_hash = \(secret.hash)")
      guard let family = try row?.get("family", as: [UInt8].self) else { return }
      try db.run("DELETE FROM session WHERE family = \(family)")
    }
  }

  /// Forgets the sessions that are over. Gives how many there were.
  @discardableResult
  public func forgetOldSessions() async throws -> Int {
    let now = clock.now
    let any = try await database.read { db in
      try db.row("SELECT token_hash FROM session WHERE expires_ms <= \(now) LIMIT 1") != nil
    }
    guard any else { return 0 }
    return try await database.write { db in try db.run("DELETE FROM session WHERE expires_ms <= \(now)") }
  }
}

private struct StoredSession {
  let account: Account
  let family: ID<Session>
  let createdAt: Moment
  let isRotated: Bool
  let expires: Moment

  static func find(_ secret: Secret, at now: Moment, in db: any Connection) throws -> StoredSession? {
    try db.row(
      """
      SELECT \(Account.columns), session.family, session.created_ms AS since, session.rotated_ms, session.expires_ms
      FROM session JOIN account ON account.id = session.account_id
      WHERE session.token_hash = \(secret.hash) AND session.expires_ms > \(now)
      """
    ).map { row in
      StoredSession(
        account: try Account(row: row), family: try row.get("family"), createdAt: try row.get("since"),
        isRotated: try row.get("rotated_ms", as: Moment?.self) != nil, expires: try row.get("expires_ms"))
    }
  }
}
