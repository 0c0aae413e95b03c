import Store

extension Commerce {
  /// Makes an account for anyone who asks. With the same id, e-mail address, name and password again, it is the same
  /// account.
  ///
  /// A repeated request has its password verified like a sign-in's, so it is limited like one: `address` is where it
  /// comes from.
  ///
  /// Throws `GeneralRefusal.invalid`, `PeopleRefusal.emailTaken`, `.tooManyAttempts`, `.busy`, `IDTaken`.
  public func makeAccount(
    _ id: ID<Account>, email: String, name: String, password: String, address: String = "here"
  ) async throws -> Account {
    let person = try NewPerson(email: email, name: name, password: password, policy: policy)
    if let made = try await madeAlready(id, person, from: address) { return made }
    try switches.require(.signUp)
    try policy.checkNew(id, at: clock.now)
    let hash = try await passwords.hash(password)
    do {
      return try await database.write { [clock] db in
        try person.insert(id, hash: hash, isOperator: false, at: clock.now, in: db)
      }
    } catch PeopleRefusal.emailTaken {
      // By the same request, sent twice at once?
      guard let made = try await madeAlready(id, person, from: address) else { throw PeopleRefusal.emailTaken }
      return made
    }
  }

  /// Refuses before the costly hash when the id or the e-mail address is taken.
  private func madeAlready(_ id: ID<Account>, _ person: NewPerson, from address: String) async throws -> Account? {
    let found = try await database.read { db in
      try db.row("SELECT \(Account.columns), password_hash FROM account WHERE id = \(id)").map { row in
        (try Account(row: row), try row.get("password_hash", as: String.self))
      }
    }
    guard let (account, hash) = found else { return nil }
    guard account.email == person.email, account.name == person.name else { throw IDTaken(what: "account") }
    try attempts.take(address: address, email: account.email, at: clock.now)
    guard try await passwords.verify(person.password, against: hash) else { throw IDTaken(what: "account") }
    return account
  }
}

/// What a person says of themselves, checked.
struct NewPerson: Sendable {
  let email: String
  let name: String
  let password: String

  init(email: String, name: String, password: String, policy: Policy) throws {
    self.email = try policy.email(email)
    self.name = try policy.text(name, "name", max: policy.nameCharactersMax)
    guard password.utf8.count <= policy.passwordBytesMax else {
      throw GeneralRefusal.invalid(field: "password", why: "is too long: at most \(policy.passwordBytesMax) bytes")
    }
    guard password.count >= policy.passwordCharactersMin else {
      throw GeneralRefusal.invalid(
        field: "password", why: "is too short: at least \(policy.passwordCharactersMin) characters")
    }
    self.password = password
  }

  /// Throws `PeopleRefusal.emailTaken`.
  func insert(_ id: ID<Account>, hash: String, isOperator: Bool, at now: Moment, in db: any Connection) throws
    -> Account
  {
    let inserted = try db.run(
      """
      INSERT INTO account (id, email, name, password_hash, is_operator, created_ms)
      VALUES (\(id), \(email), \(name), \(hash), \(isOperator), \(now))
      ON CONFLICT DO NOTHING
      """)
    guard inserted == 1, let account = try Account.find(id, in: db) else { throw PeopleRefusal.emailTaken }
    return account
  }
}
