import Store

/// Somebody's account at a payment provider, for money to be sent to.
public struct ProviderPayee: Sendable, Equatable {
  public let provider: String
  public let names: PayeeNames
  /// ISO 3166.
  public let country: String
  /// Whether the provider would take money for it when it was last asked.
  public let isReady: Bool
  /// How it stood then; nil until the provider has said.
  public let state: PayeeStanding.State?
  /// What the provider wanted then.
  public let requirements: [PayeeStanding.Requirement]
  /// The last four characters of the bank account that it is paid out to; empty where we were not told.
  public let bankEnding: String

  /// The provider's name for it; empty until the provider has answered.
  public var account: String { names.account }

  /// What is shown of where the money ends.
  var ending: String { bankEnding.isEmpty ? String(account.suffix(4)) : bankEnding }

  /// Whether the provider still takes details: while it looks at them, and once it has said yes or no, they are not
  /// changed from here. Whoever took over an account of ours could send an open one's money to another bank.
  public var takesDetails: Bool {
    switch state {
    case nil, .requested, .needsClarification: true
    case .underReview, .activated, .suspended, .rejected: false
    }
  }
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
    let provider: any PayeeAddresses
    switch providers.payingOut?.opening {
    case .address(let found): provider = found
    case .form(let found): throw PayoutRefusal.byForm(found.name)
    case nil: throw PayoutRefusal.noProvider
    }
    let country = country.uppercased()
    guard country.utf8.count == 2, country.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
      throw GeneralRefusal.invalid(field: "country", why: "must be a country's two letters, such as IN")
    }
    let known = try await begin(payee, by: caller, at: provider.name, country: country)
    do {
      var account = known.account
      if account.isEmpty {
        account = try await provider.makePayee(payee, country: known.country)
        account = try await learn(PayeeNames(account: account), of: payee, at: provider.name).account
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

  /// Passes on what a payee says of itself to a provider that has no pages for it, and pays to the account once it is
  /// ready; for a channel's owners and a partner's people. The details are not kept: what is kept is the account's names,
  /// how it stands, and the last four characters of the bank account. Said again, the same account gets the new details.
  ///
  /// Throws `GeneralRefusal`, `PayeeRefusal` for what has not the form it should have, and `PayoutRefusal`.
  @discardableResult
  public func tellPayee(
    _ payee: Payee, by caller: Caller, _ details: PayeeDetails
  ) async throws -> ProviderPayee {
    let person = try await database.read { db in try payee.require(caller, in: db) }
    guard let payingOut = providers.payingOut else { throw PayoutRefusal.noProvider }
    guard case .form(let provider) = payingOut.opening else { throw PayoutRefusal.atPages(payingOut.name) }
    let details = try details.checked(policy)
    let known = try await begin(payee, by: caller, at: provider.name, country: provider.country)
    guard known.takesDetails else { throw PayoutRefusal.detailsClosed }
    // Each is some calls to the provider.
    if let wait = refreshes.take("details \(payee)", at: clock.now) {
      throw PayoutRefusal.tooOften(seconds: wait / 1000 + 1)
    }
    do {
      let standing = try await provider.tell(details, of: payee, known: known.names) { names in
        try await learn(names, of: payee, at: provider.name)
      }
      return try await database.write { db in
        try payee.require(caller, in: db)
        try db.run(
          """
          UPDATE provider_payee SET ending = \(details.bank.ending)
          WHERE payee = \(payee) AND provider = \(provider.name)
          """)
        try ProviderPayee.note(standing, of: payee, at: provider.name, clock.now, in: db)
        guard let account = try ProviderPayee.find(payee, provider.name, in: db) else { throw MissingRow() }
        // Where it was paid to before, its bank account may be another one now: that waits like any other change.
        let isUsed = try PayoutDestination.find(payee, in: db)?.destination.providerAccount == account.account
        if standing.isReady || isUsed {
          try setDestination(of: payee, to: account, by: person, isChange: isUsed, in: db)
        }
        return account
      }
    } catch let refused as ProviderRefused {
      troubles.note(.payeeRefused, provider: provider.name, refused)
      throw PayoutRefusal.detailsRefused(provider: provider.name, refused.sentence)
    } catch let refusal as any Refusal {
      throw refusal
    } catch {
      troubles.note(.payeeUnanswered, provider: provider.name, error)
      throw PayoutRefusal.unanswered
    }
  }

  private func begin(
    _ payee: Payee, by caller: Caller, at provider: String, country: String
  ) async throws -> ProviderPayee {
    try await database.write { db in
      try payee.require(caller, in: db)
      try db.run(
        """
        INSERT INTO provider_payee (payee, provider, account, country, is_ready, made_ms, asked_ms)
        VALUES (\(payee), \(provider), '', \(country), 0, \(clock.now), 0)
        ON CONFLICT (payee, provider) DO UPDATE SET country = CASE WHEN provider_payee.account = ''
          THEN excluded.country ELSE provider_payee.country END
        """)
      guard let made = try ProviderPayee.find(payee, provider, in: db) else { throw MissingRow() }
      return made
    }
  }

  private func learn(_ names: PayeeNames, of payee: Payee, at provider: String) async throws -> PayeeNames {
    try await database.write { db in
      try ProviderPayee.learn(names, of: payee, at: provider, in: db)
      guard let made = try ProviderPayee.find(payee, provider, in: db) else { throw MissingRow() }
      return made.names
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
    let standing: PayeeStanding
    do {
      standing = try await provider.standing(known.names)
    } catch {
      troubles.note(.payeeUnanswered, provider: provider.name, error)
      throw PayoutRefusal.unanswered
    }
    return try await database.write { db in
      try ProviderPayee.note(standing, of: payee, at: provider.name, clock.now, in: db)
      if standing.isReady { try setDestination(of: payee, to: known, by: person, isChange: false, in: db) }
      return try ProviderPayee.find(payee, provider.name, in: db)
    }
  }

  /// Nothing changes when it is where the money goes already, unless it `isChange` of what is behind it.
  private func setDestination(
    of payee: Payee, to account: ProviderPayee, by person: ID<Account>, isChange: Bool, in db: any Connection
  ) throws {
    let now = clock.now
    let found = try PayoutDestination.find(payee, in: db)?.destination
    if !isChange, found?.provider == account.provider, found?.providerAccount == account.account { return }
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
    let row = try db.row(
      """
      SELECT account, person, product, country, is_ready, state, ending FROM provider_payee
      WHERE payee = \(payee) AND provider = \(provider)
      """)
    guard let row else { return nil }
    let requirements = try db.rows(
      """
      SELECT field, reason FROM provider_requirement WHERE payee = \(payee) AND provider = \(provider) ORDER BY position
      """
    ).map { PayeeStanding.Requirement(field: try $0.get("field"), reason: try $0.get("reason")) }
    return ProviderPayee(
      provider: provider,
      names: PayeeNames(
        account: try row.get("account"), person: try row.get("person"), product: try row.get("product")),
      country: try row.get("country"), isReady: try row.number("is_ready") == 1,
      state: PayeeStanding.State(rawValue: try row.get("state")), requirements: requirements,
      bankEnding: try row.get("ending"))
  }

  /// Keeps the first of each name there is: of two that asked at once, one made an account that is never used.
  static func learn(_ names: PayeeNames, of payee: Payee, at provider: String, in db: any Connection) throws {
    try db.run(
      """
      UPDATE provider_payee SET account = \(names.account)
      WHERE payee = \(payee) AND provider = \(provider) AND account = ''
      """)
    // The parts are parts of that very account.
    try db.run(
      """
      UPDATE provider_payee SET person = CASE WHEN person = '' THEN \(names.person) ELSE person END,
        product = CASE WHEN product = '' THEN \(names.product) ELSE product END
      WHERE payee = \(payee) AND provider = \(provider) AND account = \(names.account)
      """)
  }

  static func note(
    _ standing: PayeeStanding, of payee: Payee, at provider: String, _ now: Moment, in db: any Connection
  ) throws {
    let changed = try db.run(
      """
      UPDATE provider_payee SET is_ready = \(standing.isReady ? 1 : 0), state = \(standing.state.rawValue),
        asked_ms = \(now)
      WHERE payee = \(payee) AND provider = \(provider)
      """)
    guard changed == 1 else { return }
    try db.run("DELETE FROM provider_requirement WHERE payee = \(payee) AND provider = \(provider)")
    let rows: [[any ValueConvertible]] = standing.requirements.prefix(requirementsMax).enumerated().map {
      position, wanted in
      [payee, provider, position, String(wanted.field.prefix(100)), String(wanted.reason.prefix(100))]
    }
    guard !rows.isEmpty else { return }
    try db.run(
      "INSERT INTO provider_requirement (payee, provider, position, field, reason) VALUES \(rows: rows)")
  }

  private static let requirementsMax = 30
}
