import Store

extension Commerce {
  /// Asks to be reminded of a scheduled show in the browser that subscribed. Asking again changes nothing. The browser is
  /// known again by the token.
  ///
  /// - Parameter address: the network address it comes from, for the limit on what guests ask for.
  /// - Throws: `ReminderRefusal`, `GeneralRefusal.invalid`, `.notFound`.
  public func remindByPush(
    _ id: ID<Reminder>, of show: ID<Show>, by caller: Caller, at subscription: PushSubscription, language: String,
    address: String? = nil
  ) async throws -> (reminder: Reminder, token: Secret) {
    try Self.check(language: language)
    try switches.require(.push)
    let fresh = makeID(Recipient.self)
    return try await database.write { [clock, policy] db in
      let now = clock.now
      try policy.checkNew(id, at: now)
      let account = try caller.account.flatMap { try Account.find($0, in: db) }?.id
      let subject = try remindable(show, to: caller, in: db)
      let recipient = try Recipient.ofPush(
        to: subscription, account: account, language: language, or: fresh, at: now, in: db)
      let from = account == nil ? Holder(account: nil, email: "", address: address).address : nil
      let reminder = try remind(id, of: subject, at: recipient, isOn: true, from: from, in: db)
      return (reminder, token(of: recipient.id))
    }
  }

  /// By what push services know this installation: made once, and kept sealed. One that was sealed with another secret
  /// is made anew, and browsers that subscribed with the old one have to again.
  public func pushKey() async throws -> PushKey {
    if let known = try await database.read({ db in try storedPushKey(in: db)?.key }) { return known }
    let fresh = try PushKey.make(entropy)
    let sealed = try vault.seal(fresh.sealable, for: PushKey.name)
    return try await database.write { [clock] db in
      let stored = try storedPushKey(in: db)
      if let key = stored?.key { return key }
      if let stored {
        try db.run(
          """
          UPDATE push_key SET sealed_key = \(sealed), made_ms = \(clock.now)
          WHERE name = \(PushKey.name) AND sealed_key = \(stored.sealed)
          """)
      } else {
        try db.run(
          """
          INSERT INTO push_key (name, sealed_key, made_ms) VALUES (\(PushKey.name), \(sealed), \(clock.now))
          ON CONFLICT (name) DO NOTHING
          """)
      }
      guard let key = try storedPushKey(in: db)?.key else { throw MissingRow() }
      return key
    }
  }

  private func storedPushKey(in db: any Connection) throws -> (sealed: [UInt8], key: PushKey?)? {
    guard let row = try db.row("SELECT sealed_key FROM push_key WHERE name = \(PushKey.name)") else { return nil }
    let sealed: [UInt8] = try row.get("sealed_key")
    return (sealed, vault.open(sealed, for: PushKey.name).flatMap(PushKey.init(sealable:)))
  }
}

extension Recipient {
  /// Browsers in which one account is reminded.
  fileprivate static let browsersPerAccountMax = 20

  /// The recipient of a browser. Of whoever subscribed last in it; the keys of a subscription never change.
  fileprivate static func ofPush(
    to subscription: PushSubscription, account: ID<Account>?, language: String, or id: ID<Recipient>, at now: Moment,
    in db: any Connection
  ) throws -> Recipient {
    try db.run(
      """
      INSERT INTO recipient (id, way, holder, account_id, email, language, confirmed_ms, blocked_ms, created_ms, endpoint,
        public_key, auth)
      VALUES (\(id), \(Way.push), \(subscription.holder), \(account), '', \(language), \(now), NULL, \(now),
        \(subscription.endpoint), \(subscription.publicKey), \(subscription.auth))
      ON CONFLICT (way, holder) DO NOTHING
      """)
    guard let known = try find(.push, of: subscription.holder, in: db) else { throw MissingRow() }
    guard known.subscription == subscription else {
      throw GeneralRefusal.invalid(field: "auth", why: "is not the one this browser subscribed with")
    }
    try db.run("UPDATE recipient SET account_id = \(account), language = \(language) WHERE id = \(known.id)")
    // People come with new browsers, and the old ones go.
    let others = try account.map { try all(of: $0, in: db).filter { $0.way == .push && $0.id != known.id } } ?? []
    for old in others.dropLast(browsersPerAccountMax - 1) { try old.forget(in: db) }
    return try find(.push, of: subscription.holder, in: db) ?? known
  }
}
