import Store

/// Somebody just signed in.
public struct SignedIn: Sendable {
  public let account: Account
  /// For the cookie; shown to nobody else.
  public let token: Secret
  public let expires: Moment
}

extension Commerce {
  /// Lets someone in who knows the password.
  ///
  /// An unknown e-mail address takes as long to refuse as a wrong password, and is refused in the same words.
  /// - Parameter address: where the attempt comes from, for the limit on attempts.
  /// - Throws: `PeopleRefusal.wrongEmailOrPassword`, `.tooManyAttempts`, `.busy`.
  public func signIn(email: String, password: String, address: String) async throws -> SignedIn {
    guard let email = try? policy.email(email), password.utf8.count <= policy.passwordBytesMax else {
      throw PeopleRefusal.wrongEmailOrPassword
    }
    try attempts.take(address: address, email: email, at: clock.now)
    let found = try await database.read { db in
      try db.row("SELECT \(Account.columns), password_hash FROM account WHERE email = \(email)").map { row in
        (try Account(row: row), try row.get("password_hash", as: String.self))
      }
    }
    let right = try await passwords.verify(password, against: found?.1)
    guard right, let account = found?.0 else { throw PeopleRefusal.wrongEmailOrPassword }
    return try await beginSession(of: account)
  }

  private func beginSession(of account: Account) async throws -> SignedIn {
    let token = Secret(prefix: "haat_session_", entropy: entropy)
    let family = makeID(Session.self)
    return try await database.write { [clock, policy] db in
      let now = clock.now
      let end = now.adding(seconds: policy.sessionSeconds)
      try db.run("DELETE FROM session WHERE account_id = \(account.id) AND expires_ms <= \(now)")
      let families = try db.rows(
        """
        SELECT family, MIN(created_ms) AS since FROM session WHERE account_id = \(account.id)
        GROUP BY family ORDER BY since DESC, family
        """)
      for row in families.dropFirst(policy.sessionsPerAccountMax - 1) {
        try db.run("DELETE FROM session WHERE family = \(try row.get("family", as: [UInt8].self))")
      }
      try Session.insert(token, family: family, account: account.id, at: now, until: end, in: db)
      return SignedIn(account: account, token: token, expires: end)
    }
  }
}
