import Commerce
import Store
import TestKit
import Testing

@Suite struct PeopleTests {
  @Test(arguments: Engine.allCases)
  func `the first operator is made once, with a token that works once`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    #expect(try await square.commerce.setupToken() == nil)
    await #expect(throws: PeopleRefusal.setupTokenUnknown) {
      try await square.commerce.makeOperator(
        token: "haat_setup_00000000000000000000000000000000", email: "eve@example.com", name: "Eve",
        password: MarketSquare.password)
    }
    await #expect(throws: PeopleRefusal.setupTokenUnknown) {
      try await square.commerce.makeOperator(
        token: "", email: "eve@example.com", name: "Eve", password: MarketSquare.password)
    }
  }

  @Test(arguments: Engine.allCases)
  func `an old setup token dies when a new one is made, and with time`(engine: Engine) async throws {
    let database = try await engine.database(Commerce.migrations)
    let clock = SettableClock()
    let commerce = Commerce(
      database: database.database, clock: clock.wallClock, policy: MarketSquare.policy, providers: .none)
    let first = try #require(try await commerce.setupToken())
    let second = try #require(try await commerce.setupToken())
    await #expect(throws: PeopleRefusal.setupTokenUnknown) {
      try await commerce.makeOperator(
        token: first.text, email: "o@example.com", name: "O", password: MarketSquare.password)
    }
    clock.advance(days: 1)
    await #expect(throws: PeopleRefusal.setupTokenUnknown) {
      try await commerce.makeOperator(
        token: second.text, email: "o@example.com", name: "O", password: MarketSquare.password)
    }
    let third = try #require(try await commerce.setupToken())
    let made = try await commerce.makeOperator(
      token: third.text, email: "o@example.com", name: "O", password: MarketSquare.password)
    #expect(made.isOperator)
    #expect(try await commerce.setupToken() == nil)
  }

  @Test(arguments: Engine.allCases)
  func `an account asked for twice is made once, and its id makes no other`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let id = commerce.makeID(Account.self)
    let first = try await commerce.makeAccount(
      id, email: "Ännä@Example.com ", name: "Ann", password: "a long password")
    #expect(first.email == "ännä@example.com")
    let again = try await commerce.makeAccount(
      id, email: "ännä@example.com", name: "Ann", password: "a long password")
    #expect(again == first)
    await #expect(throws: IDTaken(what: "account")) {
      try await commerce.makeAccount(id, email: "ännä@example.com", name: "Ann", password: "another password")
    }
    await #expect(throws: PeopleRefusal.emailTaken) {
      try await commerce.makeAccount(
        commerce.makeID(), email: "ÄNNÄ@example.com", name: "Other", password: "a long password")
    }
  }

  @Test(arguments: Engine.allCases)
  func `an account's password cannot be tried out by asking for the account again`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let id = commerce.makeID(Account.self)
    func attempt(_ password: String) async throws {
      _ = try await commerce.makeAccount(
        id, email: "ann@example.com", name: "Ann", password: password, address: "192.0.2.1")
    }
    try await attempt("a long password")
    for number in 1...commerce.policy.signInBurst {
      #expect(try await refusal { try await attempt("a wrong password \(number)") } == "id_taken")
    }
    #expect(try await refusal { try await attempt("a long password") } == "too_many_attempts")
    let signIn = { try await commerce.signIn(email: "ann@example.com", password: "a long password", address: "::1") }
    #expect(try await refusal(signIn) == "too_many_attempts", "it is one limit with the sign-in's")
  }

  @Test(arguments: [
    ("", "a long password", "email"), ("a@b@c", "a long password", "email"), ("a b@c.de", "a long password", "email"),
    ("@example.com", "a long password", "email"), ("a@-b.de", "a long password", "email"),
    ("a@b..de", "a long password", "email"), ("a\u{0}@b.de", "a long password", "email"),
    ("ann@example.com", "short", "password"),
    ("ann@example.com", String(repeating: "x", count: 1025), "password"),
    (String(repeating: "x", count: 250) + "@b.de", "a long password", "email"),
  ])
  func `a wrong field is named`(email: String, password: String, field: String) async throws {
    let square = try await MarketSquare(.sqlite)
    let refusal = await #expect(throws: GeneralRefusal.self) {
      try await square.commerce.makeAccount(square.commerce.makeID(), email: email, name: "Ann", password: password)
    }
    #expect(refusal?.field == field)
  }

  @Test(arguments: Engine.allCases)
  func `one signs in with any spelling of the address, and is refused in the same words`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let signedIn = try await square.commerce.signIn(
      email: " OWNER@example.com", password: MarketSquare.password, address: "192.0.2.1")
    #expect(signedIn.account.id == square.owner.account)
    for (email, password) in [
      (MarketSquare.ownerEmail, "not the password"), ("nobody@example.com", MarketSquare.password), ("", ""),
      ("owner@example.com", ""),
    ] {
      await #expect(throws: PeopleRefusal.wrongEmailOrPassword) {
        try await square.commerce.signIn(email: email, password: password, address: "192.0.2.2")
      }
    }
  }

  @Test func `attempts are limited by where they come from and by whose account they are on`() async throws {
    let square = try await MarketSquare(.sqlite)
    func attempt(_ email: String, from address: String) async throws {
      _ = try await square.commerce.signIn(email: email, password: "wrong password", address: address)
    }
    for number in 0..<square.commerce.policy.signInBurst {
      await #expect(throws: PeopleRefusal.wrongEmailOrPassword) {
        try await attempt("n\(number)@example.com", from: "192.0.2.1")
      }
    }
    await #expect(throws: PeopleRefusal.tooManyAttempts(seconds: 6)) {
      try await attempt("x@example.com", from: "192.0.2.1")
    }
    for number in 0..<square.commerce.policy.signInBurst {
      await #expect(throws: PeopleRefusal.wrongEmailOrPassword) {
        try await attempt("victim@example.com", from: "198.51.100.\(number)")
      }
    }
    await #expect(throws: PeopleRefusal.tooManyAttempts(seconds: 30)) {
      try await attempt("victim@example.com", from: "203.0.113.1")
    }
    square.clock.advance(seconds: 30)
    await #expect(throws: PeopleRefusal.wrongEmailOrPassword) {
      try await attempt("victim@example.com", from: "203.0.113.1")
    }
  }

  @Test func `more sign-ins at once than may wait are refused as busy`() async throws {
    var policy = MarketSquare.policy
    policy.scryptAtOnceMax = 1
    policy.scryptWaitingMax = 1
    policy.scryptRounds = 16_384
    policy.signInBurst = 1000
    let square = try await MarketSquare(.sqlite, policy: policy)
    let outcomes = await withTaskGroup(of: PeopleRefusal?.self) { group in
      for number in 0..<20 {
        group.addTask {
          do {
            _ = try await square.commerce.signIn(
              email: "nobody\(number)@example.com", password: "whatever it is", address: "192.0.2.1")
            return nil
          } catch { return error as? PeopleRefusal }
        }
      }
      return await group.reduce(into: [PeopleRefusal?]()) { $0.append($1) }
    }
    #expect(outcomes.contains(.wrongEmailOrPassword))
    #expect(outcomes.contains(.busy))
    #expect(!outcomes.contains(nil))
    await #expect(throws: PeopleRefusal.wrongEmailOrPassword) {
      _ = try await square.commerce.signIn(email: "n@example.com", password: "whatever it is", address: "192.0.2.1")
    }
  }

  @Test(arguments: Engine.allCases)
  func `a session's token is replaced after a day, and the old one lives on for the grace`(engine: Engine) async throws
  {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let signedIn = try await commerce.signIn(
      email: MarketSquare.ownerEmail, password: MarketSquare.password, address: "192.0.2.1")
    let token = signedIn.token.text
    let fresh = try #require(try await commerce.session(token: token))
    #expect(fresh.newToken == nil)
    #expect(fresh.caller == square.owner)

    square.clock.advance(days: 1)
    let rotated = try #require(try await commerce.session(token: token))
    let newToken = try #require(rotated.newToken).text
    #expect(rotated.expires == signedIn.expires)
    let parallel = try #require(try await commerce.session(token: token))
    #expect(parallel.newToken == nil)
    #expect(try await commerce.session(token: newToken)?.newToken == nil)

    square.clock.advance(seconds: 60)
    #expect(try await commerce.session(token: token) == nil)
    #expect(try await commerce.session(token: newToken) != nil)

    square.clock.advance(days: 29)
    #expect(try await commerce.session(token: newToken) == nil)
    #expect(try await commerce.forgetOldSessions() == 2)
  }

  @Test(arguments: Engine.allCases)
  func `signing out ends every token of that sign-in and no other`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    func signIn() async throws -> String {
      try await commerce.signIn(
        email: MarketSquare.ownerEmail, password: MarketSquare.password, address: "192.0.2.1"
      ).token.text
    }
    let (here, elsewhere) = (try await signIn(), try await signIn())
    square.clock.advance(days: 2)
    let replaced = try #require(try await commerce.session(token: here)?.newToken).text
    try await commerce.signOut(token: here)
    #expect(try await commerce.session(token: here) == nil)
    #expect(try await commerce.session(token: replaced) == nil)
    #expect(try await commerce.session(token: elsewhere) != nil)
    try await commerce.signOut(token: "nobody's")
    try await commerce.signOut(token: "")
  }

  @Test func `the oldest sign-in ends when there are too many`() async throws {
    var policy = MarketSquare.policy
    policy.sessionsPerAccountMax = 2
    let square = try await MarketSquare(.sqlite, policy: policy)
    var tokens: [String] = []
    for _ in 0..<3 {
      square.clock.advance(seconds: 1)
      tokens.append(
        try await square.commerce.signIn(
          email: MarketSquare.ownerEmail, password: MarketSquare.password, address: "192.0.2.1"
        ).token.text)
    }
    #expect(try await square.commerce.session(token: tokens[0]) == nil)
    #expect(try await square.commerce.session(token: tokens[1]) != nil)
    #expect(try await square.commerce.session(token: tokens[2]) != nil)
  }

  @Test(arguments: Engine.allCases)
  func `no token is kept as it is`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let session = try await square.commerce.signIn(
      email: MarketSquare.ownerEmail, password: MarketSquare.password, address: "192.0.2.1")
    let (_, key) = try await square.commerce.makeAPIKey(by: square.owner, name: "till")
    let streamKey = try await square.commerce.makeStreamKey(by: square.owner, show: square.show.id)
    let kept = try await square.commerce.database.read { db in
      try db.rows("SELECT token_hash AS kept FROM session").map { try $0.get("kept", as: [UInt8].self) }
        + db.rows("SELECT token_hash AS kept FROM api_key").map { try $0.get("kept", as: [UInt8].self) }
        + db.rows("SELECT stream_key_hash AS kept FROM show").map { try $0.get("kept", as: [UInt8].self) }
    }
    #expect(Set(kept) == [session.token.hash, key.hash, streamKey.hash])
    let passwords = try await square.commerce.database.read { db in
      try db.rows("SELECT password_hash FROM account").map { try $0.get("password_hash", as: String.self) }
    }
    #expect(passwords.allSatisfy { $0.hasPrefix("$scrypt$ln=4,r=8,p=1$") })
    #expect(Set(passwords).count == passwords.count, "each has a salt of its own")
  }

  @Test(arguments: Engine.allCases)
  func `an API key acts as its account until it is revoked`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let (key, secret) = try await commerce.makeAPIKey(by: square.owner, name: "till")
    #expect(try await commerce.caller(apiKey: secret.text) == square.owner)
    #expect(try await commerce.apiKeys(by: square.owner) == [key])
    let stranger = try await square.person("Sam")
    #expect(try await commerce.apiKeys(by: stranger).isEmpty)
    await #expect(throws: GeneralRefusal.notFound("API key")) {
      try await commerce.revokeAPIKey(by: stranger, id: key.id)
    }
    try await commerce.revokeAPIKey(by: square.owner, id: key.id)
    #expect(try await commerce.caller(apiKey: secret.text) == nil)
    #expect(try await commerce.caller(apiKey: "") == nil)
    #expect(try await commerce.apiKeys(by: square.owner).isEmpty)
    await #expect(throws: GeneralRefusal.signInNeeded) { try await commerce.makeAPIKey(by: .nobody, name: "till") }
  }

  @Test func `an account has only so many keys`() async throws {
    let square = try await MarketSquare(.sqlite)
    for number in 0..<square.commerce.policy.apiKeysPerAccountMax {
      _ = try await square.commerce.makeAPIKey(by: square.owner, name: "key \(number)")
    }
    await #expect(throws: PeopleRefusal.tooManyKeys(limit: 20)) {
      try await square.commerce.makeAPIKey(by: square.owner, name: "one more")
    }
  }
}
