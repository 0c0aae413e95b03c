import Store

/// A card that a payment provider keeps for an account, so that it is not typed again. Its number is never ours.
public struct SavedCard: Sendable, Equatable {
  public let id: ID<SavedCard>
  public let account: ID<Account>
  public let provider: String
  /// The provider's name for it.
  let method: String
  /// Such as `Visa`.
  public let brand: String
  public let last4: String
  /// 1…12.
  public let expMonth: Int
  public let expYear: Int
}

extension Commerce {
  /// The caller's cards at the provider that takes new payments, the one used last first. At most
  /// `Policy.savedCardsMax`.
  public func savedCards(by caller: Caller) async throws -> [SavedCard] {
    try await database.read { db in
      let account = try caller.requireAccount()
      guard let provider = providers.current?.name else { return [] }
      return try SavedCard.all(of: account, provider: provider, in: db)
    }
  }

  /// Makes it the one that comes first.
  public func preferCard(_ id: ID<SavedCard>, by caller: Caller) async throws {
    try await database.write { db in
      let card = try SavedCard.require(id, of: caller.requireAccount(), in: db)
      try card.use(at: clock.now, in: db)
    }
  }

  /// Forgets a card, here and at its provider. What the provider does not hear now is of no use to anybody: its name is
  /// gone with the row.
  public func removeCard(_ id: ID<SavedCard>, by caller: Caller) async throws {
    let card = try await database.write { db in
      let card = try SavedCard.require(id, of: caller.requireAccount(), in: db)
      try db.run("DELETE FROM saved_card WHERE id = \(id)")
      return card
    }
    guard let provider = providers[card.provider] else { return }
    do { try await provider.forget(card.method) } catch {
      troubles.note(.cardNotForgotten, provider: provider.name, error)
    }
  }
}

extension SavedCard {
  static let columns: SQL = "id, account_id, provider, method, brand, last4, exp_month, exp_year"

  init(row: Row) throws {
    id = try row.get("id")
    account = try row.get("account_id")
    provider = try row.get("provider")
    method = try row.get("method")
    brand = try row.get("brand")
    last4 = try row.get("last4")
    expMonth = try row.get("exp_month")
    expYear = try row.get("exp_year")
  }

  static func all(of account: ID<Account>, provider: String, in db: any Connection) throws -> [SavedCard] {
    try db.rows(
      """
      SELECT \(columns) FROM saved_card WHERE account_id = \(account) AND provider = \(provider)
      ORDER BY used_ms DESC, id DESC
      """
    ).map(SavedCard.init)
  }

  /// To another account it does not exist.
  static func require(_ id: ID<SavedCard>, of account: ID<Account>, in db: any Connection) throws -> SavedCard {
    guard
      let row = try db.row("SELECT \(columns) FROM saved_card WHERE id = \(id) AND account_id = \(account)")
    else { throw GeneralRefusal.notFound("card") }
    return try SavedCard(row: row)
  }

  /// Later than all the others, whatever the clock says.
  func use(at now: Moment, in db: any Connection) throws {
    let last = try db.row("SELECT MAX(used_ms) AS last FROM saved_card WHERE account_id = \(account)")
    let after = try last?.get("last", as: Moment?.self)?.adding(milliseconds: 1) ?? now
    try db.run("UPDATE saved_card SET used_ms = \(max(now, after)) WHERE id = \(id)")
  }

  /// Keeps what a provider says it keeps. The same card again is the same row, by whatever name; gives nil when the
  /// account has as many as it may.
  static func keep(
    _ card: ProviderCard, of account: ID<Account>, provider: String, on occasion: Occasion, _ policy: Policy,
    in db: any Connection
  ) throws -> SavedCard? {
    let known = try all(of: account, provider: provider, in: db)
    func isSame(_ one: SavedCard) -> Bool {
      one.method == card.method
        || one.brand == card.brand && one.last4 == card.last4
          && one.expMonth == card.expMonth && one.expYear == card.expYear
    }
    if let same = known.first(where: isSame) {
      try db.run("UPDATE saved_card SET method = \(card.method) WHERE id = \(same.id)")
      try same.use(at: occasion.at, in: db)
      return try require(same.id, of: account, in: db)
    }
    // Somebody else's, one too many, or of who deleted their account meanwhile: it is not kept, and the payment counts all
    // the same.
    guard known.count < policy.savedCardsMax,
      try db.row("SELECT 1 FROM account WHERE id = \(account) AND deleted_ms IS NOT NULL") == nil,
      try db.row("SELECT 1 FROM saved_card WHERE provider = \(provider) AND method = \(card.method)") == nil
    else { return nil }
    let id = ID<SavedCard>(at: occasion.at, entropy: occasion.entropy)
    try db.run(
      """
      INSERT INTO saved_card (id, account_id, provider, method, brand, last4, exp_month, exp_year, made_ms, used_ms)
      VALUES (\(id), \(account), \(provider), \(card.method), \(card.brand), \(card.last4), \(card.expMonth),
        \(card.expYear), \(occasion.at), \(occasion.at))
      """)
    let made = try require(id, of: account, in: db)
    try made.use(at: occasion.at, in: db)
    return made
  }
}
