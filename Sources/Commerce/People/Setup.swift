import Store

extension Commerce {
  /// A fresh one-time token with which the first operator is made; nil once there is an operator.
  ///
  /// The tokens given before no longer work. Only a hash is kept.
  public func setupToken() async throws -> Secret? {
    let token = Secret(prefix: "haat_setup_", entropy: entropy)
    return try await database.write { [clock, policy] db in
      guard try db.row("SELECT id FROM account WHERE is_operator = 1 LIMIT 1") == nil else { return nil }
      try db.run("DELETE FROM setup_token")
      let end = clock.now.adding(seconds: policy.setupTokenSeconds)
      try db.run("INSERT INTO setup_token (token_hash, expires_ms) VALUES (\(token.hash), \(end))")
      return token
    }
  }

  /// Makes the operator's account and uses the token up.
  ///
  /// Throws `PeopleRefusal.setupTokenUnknown`, `.emailTaken`, `.busy`, and `GeneralRefusal.invalid`.
  public func makeOperator(token: String, email: String, name: String, password: String) async throws -> Account {
    let person = try NewPerson(email: email, name: name, password: password, policy: policy)
    guard let secret = Secret(presented: token) else { throw PeopleRefusal.setupTokenUnknown }
    // Looked at first, so that nobody makes us hash without one.
    let known = try await database.read { [clock] db in
      try db.row(
        "SELECT expires_ms FROM setup_token WHERE token_hash = \(secret.hash) AND expires_ms > \(clock.now)") != nil
    }
    guard known else { throw PeopleRefusal.setupTokenUnknown }
    let hash = try await passwords.hash(password)
    return try await database.write { [clock, entropy] db in
      let now = clock.now
      let used = try db.run("DELETE FROM setup_token WHERE token_hash = \(secret.hash) AND expires_ms > \(now)")
      guard used == 1 else { throw PeopleRefusal.setupTokenUnknown }
      return try person.insert(ID(at: now, entropy: entropy), hash: hash, isOperator: true, at: now, in: db)
    }
  }
}
