import Store

/// Somebody's account at a payment provider, for money to be sent to.
public struct ProviderPayee: Sendable, Equatable {
  public let provider: String
  /// The provider's name for it; empty until the provider has answered.
  public let account: String
  /// ISO 3166.
  public let country: String
  /// Whether the provider would take money for it when it was last asked.
  public let isReady: Bool

  /// What is shown of its name.
  var ending: String { String(account.suffix(4)) }
}

extension Commerce {
  /// Opens an account for a payee at the provider that pays out, and gives the address at which they tell it who they are;
  /// for a channel's owners and a partner's people. Asked again, it is a new address for the same account.
  ///
  /// `country` is where they are at home (ISO 3166), for good: providers do not move accounts. `back` is a path of ours
  /// that they come back to. Throws `GeneralRefusal` and `PayoutRefusal`.
  public func connectPayee(
    _ payee: Payee, by caller: Caller, country: String, back: String
  ) async throws -> String {
    _ = try await database.read { db in try payee.require(caller, in: db) }
    guard let provider = providers.payingOut else { throw PayoutRefusal.noProvider }
    let country = country.uppercased()
    guard country.utf8.count == 2, country.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
      throw GeneralRefusal.invalid(field: "country", why: "must be a country's two letters, such as IN")
    }
    let known = try await database.write { db in
      try payee.require(caller, in: db)
      try db.run(
        """
        INSERT INTO provider_payee (payee, provider, account, country, is_ready, made_ms, asked_ms)
        VALUES (\(payee), \(provider.name), '', \(country), 0, \(clock.now), 0)
        ON CONFLICT (payee, provider) DO UPDATE SET country = CASE WHEN provider_payee.account = ''
          THEN excluded.country ELSE provider_payee.country END
        """)
      guard let made = try ProviderPayee.find(payee, provider.name, in: db) else { throw MissingRow() }
      return made
    }
    do {
      var account = known.account
      if account.isEmpty {
        account = try await provider.makePayee(payee, country: known.country)
        account = try await name(payee, account, at: provider.name)
      }
      return try await provider.onboarding(account, back: back)
    } catch let refused as ProviderRefused {
      troubles.note(.payeeRefused, provider: provider.name, refused)
      throw PayoutRefusal.payeeRefused
    } catch {
      troubles.note(.payeeUnanswered, provider: provider.name, error)
      throw PayoutRefusal.unanswered
    }
  }

  /// Keeps the first name there is: of two that asked at once, one made an account that is never used.
  private func name(_ payee: Payee, _ account: String, at provider: String) async throws -> String {
    try await database.write { db in
      try db.run(
        """
        UPDATE provider_payee SET account = \(account)
        WHERE payee = \(payee) AND provider = \(provider) AND account = ''
        """)
      guard let made = try ProviderPayee.find(payee, provider, in: db) else { throw MissingRow() }
      return made.account
    }
  }

  /// A payee's account at the provider that pays out; nil without one. For those who may see where the money goes.
  public func providerPayee(of payee: Payee, by caller: Caller) async throws -> ProviderPayee? {
    try await database.read { [provider = providers.payingOut] db in
      try payee.requireOrOperator(caller, in: db)
      guard let provider else { return nil }
      return try ProviderPayee.find(payee, provider.name, in: db)
    }
  }

  /// Asks the provider how a payee's account stands, and pays to it from now on once it is ready: at once when there was
  /// no other way, after `Policy.payoutChangeHours` when there was. For those who may say where the money goes. Gives nil
  /// when there is no account.
  @discardableResult
  public func refreshPayee(_ payee: Payee, by caller: Caller) async throws -> ProviderPayee? {
    let provider = providers.payingOut
    let (person, known) = try await database.read { db in
      (
        try payee.require(caller, in: db),
        try provider.flatMap { try ProviderPayee.find(payee, $0.name, in: db) }
      )
    }
    guard let provider, let known, !known.account.isEmpty else { return known }
    // A page can be reloaded for ever.
    guard refreshes.take("payee \(payee)", at: clock.now) == nil else { return known }
    let isReady: Bool
    do {
      isReady = try await provider.isReady(known.account)
    } catch {
      troubles.note(.payeeUnanswered, provider: provider.name, error)
      throw PayoutRefusal.unanswered
    }
    return try await database.write { db in
      try ProviderPayee.note(payee, provider.name, isReady: isReady, at: clock.now, in: db)
      if isReady { try setDestination(of: payee, to: known, by: person, in: db) }
      return try ProviderPayee.find(payee, provider.name, in: db)
    }
  }

  /// Nothing changes when it is where the money goes already.
  private func setDestination(
    of payee: Payee, to account: ProviderPayee, by person: ID<Account>, in db: any Connection
  ) throws {
    let now = clock.now
    let found = try PayoutDestination.find(payee, in: db)?.destination
    if found?.provider == account.provider, found?.providerAccount == account.account { return }
    let usable = found == nil ? now : now.adding(seconds: policy.payoutChangeHours * 3600)
    try db.run(
      """
      INSERT INTO payout_destination (payee, holder, sealed, ending, changed_ms, usable_ms, account_id, provider,
        provider_account)
      VALUES (\(payee), \(try payee.name(in: db)), \([UInt8]()), \(account.ending), \(now), \(usable), \(person),
        \(account.provider), \(account.account))
      ON CONFLICT (payee) DO UPDATE SET holder = excluded.holder, sealed = excluded.sealed,
        ending = excluded.ending, changed_ms = excluded.changed_ms, usable_ms = excluded.usable_ms,
        account_id = excluded.account_id, provider = excluded.provider, provider_account = excluded.provider_account
      """)
  }
}

extension ProviderPayee {
  static func find(_ payee: Payee, _ provider: String, in db: any Connection) throws -> ProviderPayee? {
    try db.row(
      "SELECT account, country, is_ready FROM provider_payee WHERE payee = \(payee) AND provider = \(provider)"
    ).map { row in
      ProviderPayee(
        provider: provider, account: try row.get("account"), country: try row.get("country"),
        isReady: try row.number("is_ready") == 1)
    }
  }

  static func note(
    _ payee: Payee, _ provider: String, isReady: Bool, at now: Moment, in db: any Connection
  ) throws {
    try db.run(
      """
      UPDATE provider_payee SET is_ready = \(isReady ? 1 : 0), asked_ms = \(now)
      WHERE payee = \(payee) AND provider = \(provider)
      """)
  }
}
