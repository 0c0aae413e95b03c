import Store

/// What came of saving a card without a payment.
public enum CardSetupOutcome: Sendable, Equatable {
  case saved(SavedCard)
  /// The buyer has to confirm with their bank at this address, and then come back.
  case requiresAction(url: String)
  /// The provider has not said yet: ask again.
  case processing
  case declined(code: String, sentence: String)
}

/// A card on its way to be saved.
public enum CardSetup {}

extension Commerce {
  /// Has the provider keep a card for later payments, without taking money: `method` is the provider's name for it, as
  /// for a payment. The same `id` again tells what came of it.
  ///
  /// Throws `PayOrderRefusal.noProvider`, `GeneralRefusal.invalid`, and `.tooMany` beyond `Policy.savedCardsMax`.
  public func saveCard(
    _ id: ID<CardSetup>, by caller: Caller, method: String
  ) async throws -> CardSetupOutcome {
    let account = try caller.requireAccount()
    try Self.check(method: method)
    guard let provider = providers.current else { throw PayOrderRefusal.noProvider }
    guard provider.means == .card else { throw PayOrderRefusal.cardsNotKept }
    let isNew = try await database.write { [policy] db in
      if let row = try db.row("SELECT account_id, method FROM card_setup WHERE id = \(id)") {
        guard try row.get("account_id") == account, try row.get("method") == method else {
          throw IDTaken(what: "card")
        }
        return false
      }
      try policy.checkNew(id, at: clock.now)
      guard try SavedCard.all(of: account, provider: provider.name, in: db).count < policy.savedCardsMax else {
        throw GeneralRefusal.tooMany(what: "cards", limit: policy.savedCardsMax)
      }
      let since = clock.now.adding(seconds: -3_600)
      let tries = try db.row(
        "SELECT COUNT(*) AS count FROM card_setup WHERE account_id = \(account) AND started_ms > \(since)")
      // Whoever tries out numbers that are not theirs does it here.
      guard try tries?.get("count", as: Int.self) ?? 0 < policy.cardSetupsPerHourMax else {
        throw GeneralRefusal.tooMany(what: "tries to save a card in an hour", limit: policy.cardSetupsPerHourMax)
      }
      try db.run(
        """
        INSERT INTO card_setup (id, account_id, provider, method, setup_id, state, started_ms)
        VALUES (\(id), \(account), \(provider.name), \(method), '', 'started', \(clock.now))
        """)
      return true
    }
    guard isNew else { return try await finishCardSetup(id, by: caller) }
    let customer = try await customer(of: account, at: provider)
    return try await setUp(id, of: account, method: method, customer: customer, at: provider)
  }

  /// How the saving of a card stands, asking the provider: for who comes back from their bank.
  public func finishCardSetup(_ id: ID<CardSetup>, by caller: Caller) async throws -> CardSetupOutcome {
    let account = try caller.requireAccount()
    let found = try await database.read { db -> (provider: String, setup: String, method: String, card: SavedCard?) in
      guard
        let row = try db.row(
          "SELECT provider, setup_id, method, card_id FROM card_setup WHERE id = \(id) AND account_id = \(account)")
      else { throw GeneralRefusal.notFound("card") }
      let card = try row.get("card_id", as: ID<SavedCard>?.self).map { try SavedCard.require($0, of: account, in: db) }
      return (try row.get("provider"), try row.get("setup_id"), try row.get("method"), card)
    }
    if let card = found.card { return .saved(card) }
    guard let provider = providers[found.provider] else { throw PayOrderRefusal.noProvider }
    guard !found.setup.isEmpty else {
      // The answer was lost: asking again with the same id is the same request.
      let customer = try await customer(of: account, at: provider)
      return try await setUp(id, of: account, method: found.method, customer: customer, at: provider)
    }
    do { return try await record(try await provider.setup(found.setup), as: id, of: account, from: provider) } catch {
      guard !(error is any Refusal) else { throw error }
      troubles.note(.cardUnanswered, provider: provider.name, error)
      return .processing
    }
  }

  private func setUp(
    _ id: ID<CardSetup>, of account: ID<Account>, method: String, customer: String, at provider: any PaymentProvider
  ) async throws -> CardSetupOutcome {
    do {
      let request = CardRequest(setup: id, account: account, customer: customer, method: method)
      return try await record(try await provider.keep(request), as: id, of: account, from: provider)
    } catch let refused as ProviderRefused {
      troubles.note(.cardRefused, provider: provider.name, refused)
      return .declined(
        code: "card_refused", sentence: "The card could not be saved. Try again later, or with another card.")
    } catch {
      guard !(error is any Refusal) else { throw error }
      troubles.note(.cardUnanswered, provider: provider.name, error)
      return .processing
    }
  }

  private func record(
    _ setup: ProviderSetup, as id: ID<CardSetup>, of account: ID<Account>, from provider: any PaymentProvider
  ) async throws -> CardSetupOutcome {
    try await database.write { [policy] db in
      var card: SavedCard?
      if setup.state == .succeeded, let kept = setup.card {
        card = try SavedCard.keep(
          kept, of: account, provider: provider.name, on: occasion(by: account), policy, in: db)
        guard card != nil else { throw GeneralRefusal.tooMany(what: "cards", limit: policy.savedCardsMax) }
      }
      try db.run(
        """
        UPDATE card_setup SET setup_id = \(setup.id), state = \(PaymentAttempt.State(setup.state)),
          card_id = \((card?.id).sqlValue)
        WHERE id = \(id)
        """)
      switch setup.state {
      case .succeeded: return card.map { .saved($0) } ?? .processing
      case .processing: return .processing
      case .requiresAction: return .requiresAction(url: setup.actionURL ?? "")
      case .declined:
        return .declined(
          code: setup.failure?.code ?? "card_declined", sentence: setup.failure?.sentence ?? "The card was declined.")
      }
    }
  }

  /// The provider's name for an account, made when it is first needed.
  func customer(of account: ID<Account>, at provider: any PaymentProvider) async throws -> String {
    @Sendable func find(_ db: any Connection) throws -> String? {
      try db.row(
        "SELECT customer FROM provider_customer WHERE account_id = \(account) AND provider = \(provider.name)"
      )?.get("customer")
    }
    if let known = try await database.read(find) { return known }
    let made = try await provider.makeCustomer(account)
    return try await database.write { db in
      try db.run(
        """
        INSERT INTO provider_customer (account_id, provider, customer) VALUES (\(account), \(provider.name), \(made))
        ON CONFLICT (account_id, provider) DO NOTHING
        """)
      return try find(db) ?? made
    }
  }

  static func check(method: String) throws {
    guard (1...255).contains(method.utf8.count), method.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw GeneralRefusal.invalid(field: "paymentMethod", why: "must have 1 to 255 printable ASCII characters")
    }
  }
}

extension Commerce {
  /// Whether the caller buys with one tap: with the card and the address used last, and no step to look once more.
  public func buysWithOneTap(by caller: Caller) async throws -> Bool {
    try await database.read { db in
      try db.row("SELECT 1 FROM one_tap WHERE account_id = \(caller.requireAccount())") != nil
    }
  }

  public func setOneTap(_ isOn: Bool, by caller: Caller) async throws {
    try await database.write { db in
      let account = try caller.requireAccount()
      if isOn {
        try db.run(
          """
          INSERT INTO one_tap (account_id, since_ms) VALUES (\(account), \(clock.now)) ON CONFLICT (account_id) DO NOTHING
          """)
      } else {
        try db.run("DELETE FROM one_tap WHERE account_id = \(account)")
      }
    }
  }
}
