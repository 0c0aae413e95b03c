import Store

/// An entry of a buyer's address book.
public struct SavedAddress: Sendable, Equatable {
  public let id: ID<SavedAddress>
  /// May be empty.
  public let phone: String
  public let address: Buyer.Address
}

/// What an entry is to hold.
public struct SavedAddressDraft: Sendable, Equatable {
  public var phone: String
  public var address: Buyer.Address

  public init(phone: String = "", address: Buyer.Address) {
    self.phone = phone
    self.address = address
  }

  /// Throws `GeneralRefusal.invalid` naming the first field that cannot be.
  func checked(_ policy: Policy) throws -> SavedAddressDraft {
    SavedAddressDraft(
      phone: try Buyer.phone(phone, "phone", policy), address: try address.checked(policy, "address", for: nil))
  }
}

extension Commerce {
  /// The caller's address book, the one used last first; at most `Policy.savedAddressesMax`.
  public func savedAddresses(by caller: Caller) async throws -> [SavedAddress] {
    try await database.read { db in try SavedAddress.all(of: caller.requireAccount(), in: db) }
  }

  /// Adds an entry, or finds the one that says the same; either is then the one used last.
  ///
  /// Throws `GeneralRefusal.invalid`, and `.tooMany` beyond `Policy.savedAddressesMax`.
  public func saveAddress(
    _ id: ID<SavedAddress>, by caller: Caller, _ draft: SavedAddressDraft
  ) async throws -> SavedAddress {
    let draft = try draft.checked(policy)
    return try await database.write { [policy] db in
      let account = try caller.requireAccount()
      let now = clock.now
      let known = try SavedAddress.all(of: account, in: db)
      if let same = known.first(where: { $0.id == id || $0.draft == draft }) {
        guard same.draft == draft else { throw IDTaken(what: "address") }
        try SavedAddress.use(same.id, of: account, at: now, in: db)
        return same
      }
      try policy.checkNew(id, at: now)
      guard known.count < policy.savedAddressesMax else {
        throw GeneralRefusal.tooMany(what: "addresses", limit: policy.savedAddressesMax)
      }
      guard try db.row("SELECT 1 FROM saved_address WHERE id = \(id)") == nil else { throw IDTaken(what: "address") }
      let (to, phone) = (draft.address, draft.phone)
      try db.run(
        """
        INSERT INTO saved_address (id, account_id, name, phone, line1, line2, city, region, postal_code, country,
          made_ms, used_ms)
        VALUES (\(id), \(account), \(to.name), \(phone), \(to.line1), \(to.line2), \(to.city), \(to.region),
          \(to.postalCode), \(to.country), \(now), \(now))
        """)
      try SavedAddress.use(id, of: account, at: now, in: db)
      return SavedAddress(id: id, phone: phone, address: to)
    }
  }

  /// Changes an entry; orders that were sent there stay as they are.
  public func changeAddress(
    _ id: ID<SavedAddress>, by caller: Caller, _ draft: SavedAddressDraft
  ) async throws -> SavedAddress {
    let draft = try draft.checked(policy)
    return try await database.write { db in
      let to = draft.address
      let changed = try db.run(
        """
        UPDATE saved_address SET name = \(to.name), phone = \(draft.phone), line1 = \(to.line1), line2 = \(to.line2),
          city = \(to.city), region = \(to.region), postal_code = \(to.postalCode), country = \(to.country)
        WHERE id = \(id) AND account_id = \(caller.requireAccount())
        """)
      guard changed == 1 else { throw GeneralRefusal.notFound("address") }
      return SavedAddress(id: id, phone: draft.phone, address: to)
    }
  }

  /// Makes it the one that comes first.
  public func preferAddress(_ id: ID<SavedAddress>, by caller: Caller) async throws {
    try await database.write { db in
      try SavedAddress.use(id, of: caller.requireAccount(), at: clock.now, in: db)
    }
  }

  public func removeAddress(_ id: ID<SavedAddress>, by caller: Caller) async throws {
    try await database.write { db in
      let removed = try db.run(
        "DELETE FROM saved_address WHERE id = \(id) AND account_id = \(caller.requireAccount())")
      guard removed == 1 else { throw GeneralRefusal.notFound("address") }
    }
  }
}

extension SavedAddress {
  fileprivate var draft: SavedAddressDraft { SavedAddressDraft(phone: phone, address: address) }

  static func all(of account: ID<Account>, in db: any Connection) throws -> [SavedAddress] {
    try db.rows(
      """
      SELECT id, name, phone, line1, line2, city, region, postal_code, country FROM saved_address
      WHERE account_id = \(account) ORDER BY used_ms DESC, id DESC
      """
    ).map { row in
      SavedAddress(
        id: try row.get("id"), phone: try row.get("phone"),
        address: Buyer.Address(
          name: try row.get("name"), line1: try row.get("line1"), line2: try row.get("line2"),
          city: try row.get("city"), region: try row.get("region"), postalCode: try row.get("postal_code"),
          country: try row.get("country")))
    }
  }

  /// Later than all the others, whatever the clock says.
  fileprivate static func use(
    _ id: ID<SavedAddress>, of account: ID<Account>, at now: Moment, in db: any Connection
  ) throws {
    let last = try db.row("SELECT MAX(used_ms) AS last FROM saved_address WHERE account_id = \(account)")
    let after = try last?.get("last", as: Moment?.self)?.adding(milliseconds: 1) ?? now
    let used = try db.run(
      "UPDATE saved_address SET used_ms = \(max(now, after)) WHERE id = \(id) AND account_id = \(account)")
    guard used == 1 else { throw GeneralRefusal.notFound("address") }
  }
}
