import Store

/// Keeping cards for later payments.
extension SandboxProvider {
  /// The sandbox keeps no customers: the account is its own name.
  public func makeCustomer(_ account: ID<Account>) async throws -> String { try await asIfFarAway { "cus_\(account)" } }

  public func keep(_ request: CardRequest) async throws -> ProviderSetup {
    try await asIfFarAway {
      try await self.database.write { db in
        if let known = try SandboxSetup.find("setup", request.setup, in: db) { return known.answer }
        let card = try SandboxCard.find(request.method, in: db)
        let setup = SandboxSetup(
          id: Secret(prefix: "set_", entropy: self.entropy).text, method: request.method, card: card)
        try setup.insert(request.setup, in: db)
        if setup.state == .succeeded { try card?.keep(in: db) }
        return setup.answer
      }
    }
  }

  public func setup(_ id: String) async throws -> ProviderSetup {
    try await asIfFarAway {
      try await self.database.read { db in
        guard let setup = try SandboxSetup.find("id", id, in: db) else { throw Self.unknownPayment }
        return setup.answer
      }
    }
  }

  public func forget(_ method: String) async throws {
    try await asIfFarAway {
      _ = try await self.database.write { db in try db.run("DELETE FROM sandbox_method WHERE id = \(method)") }
    }
  }
}

/// The keeping of a card, as the sandbox knows it.
struct SandboxSetup: Sendable {
  let id: String
  let method: String
  let state: ProviderPayment.State
  let failure: ProviderPayment.Failure?
  private let card: SandboxCard?

  /// `card` is nil for a method nobody made.
  init(id: String, method: String, card: SandboxCard?) {
    self.id = id
    self.method = method
    self.card = card
    switch card?.conduct {
    case .succeeds, .isSlow: (state, failure) = (.succeeded, nil)
    case .needsAuthentication, .alwaysNeedsAuthentication: (state, failure) = (.requiresAction, nil)
    case .declines, .lacksFunds, .expired, .wrongCode: (state, failure) = (.declined, card?.conduct.failure)
    case nil: (state, failure) = (.declined, SandboxPayment.unknownMethod)
    }
  }

  var answer: ProviderSetup {
    ProviderSetup(
      id: id, state: state, actionURL: state == .requiresAction ? "/sandbox/authentications/\(id)" : nil,
      failure: failure, card: state == .succeeded ? card?.answer : nil)
  }

  static func find(_ column: SQL, _ value: some ValueConvertible, in db: any Connection) throws -> SandboxSetup? {
    try db.row(
      "SELECT id, method, state, failure_code, failure_sentence FROM sandbox_setup WHERE \(column) = \(value)"
    ).map { try SandboxSetup(row: $0, in: db) }
  }

  private init(row: Row, in db: any Connection) throws {
    id = try row.get("id")
    method = try row.get("method")
    state = try row.get("state")
    let code: String = try row.get("failure_code")
    failure = code.isEmpty ? nil : .init(code: code, sentence: try row.get("failure_sentence"))
    card = try SandboxCard.find(method, in: db)
  }

  fileprivate func insert(_ setup: ID<CardSetup>, in db: any Connection) throws {
    try db.run(
      """
      INSERT INTO sandbox_setup (id, setup, method, state, failure_code, failure_sentence)
      VALUES (\(id), \(setup), \(method), \(state), \(failure?.code ?? ""), \(failure?.sentence ?? ""))
      """)
  }

  /// The buyer's answer to the second step. Nothing happens to one that does not wait for it (any more).
  func answer(approved: Bool, failure: ProviderPayment.Failure, in db: any Connection) throws {
    guard state == .requiresAction else { return }
    let (code, sentence) = approved ? ("", "") : (failure.code, failure.sentence)
    try db.run(
      """
      UPDATE sandbox_setup SET state = \(approved ? ProviderPayment.State.succeeded : .declined),
        failure_code = \(code), failure_sentence = \(sentence)
      WHERE id = \(id)
      """)
    if approved { try card?.keep(in: db) }
  }
}
