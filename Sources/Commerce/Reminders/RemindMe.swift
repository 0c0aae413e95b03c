import Store

extension Commerce {
  /// What came of asking to be reminded.
  public enum Reminded: Sendable, Equatable {
    case isOn(Reminder)
    /// A link to say yes with is on its way, or was before: whoever asks with another's address learns neither.
    case mailed
  }

  /// Asks to be reminded of a scheduled show by mail. Asking again changes nothing.
  ///
  /// A mail asks first whether its reader wants it: of a guest for every show, of an account once. It does not ask a guest
  /// whose `token`, of an earlier mail to the same address, is there.
  ///
  /// - Parameters:
  ///   - email: a guest's; not heeded of who is signed in.
  ///   - address: the network address it comes from, for the limit on what guests leave unconfirmed.
  /// - Throws: `ReminderRefusal`, `GeneralRefusal.invalid`, `.notFound`.
  public func remindByMail(
    _ id: ID<Reminder>, of show: ID<Show>, by caller: Caller, email: String? = nil, language: String,
    token: Secret? = nil, address: String? = nil
  ) async throws -> Reminded {
    try Self.check(language: language)
    let given = try caller.account == nil ? policy.email(email ?? "") : ""
    let fresh = makeID(Recipient.self)
    return try await database.write { [clock, policy] db in
      let now = clock.now
      try policy.checkNew(id, at: now)
      let person = try caller.account.flatMap { try Account.find($0, in: db) }
      guard person != nil || !given.isEmpty else { throw GeneralRefusal.signInNeeded }
      let subject = try remindable(show, to: caller, in: db)
      let recipient =
        try person.map { try Recipient.ofMail(to: $0, language: language, or: fresh, at: now, in: db) }
        ?? Recipient.ofMail(to: given, language: language, or: fresh, at: now, in: db)
      let isKnown =
        try person == nil ? self.recipient(of: token, in: db)?.id == recipient.id : recipient.confirmed != nil
      let from = isKnown ? nil : Holder(account: person?.id, email: recipient.email, address: address).address
      let reminder = try remind(id, of: subject, at: recipient, isOn: isKnown, from: from, in: db)
      if reminder.isOn, person != nil || isKnown { return .isOn(reminder) }
      if !reminder.isOn { try ask(reminder, at: now, in: db) }
      return .mailed
    }
  }

  /// The show, where one can be reminded of it.
  func remindable(_ id: ID<Show>, to caller: Caller, in db: any Connection) throws -> Show {
    let show = try Show.require(id, in: db)
    try requireVisible(show, to: caller, in: db)
    switch show.state {
    case .scheduled: return show
    case .live: throw ReminderRefusal.onAir
    case .ended: throw ReminderRefusal.ended
    }
  }

  static func check(language: String) throws {
    guard language.utf8.count <= 35 else {
      throw GeneralRefusal.invalid(field: "language", why: "must be a language tag, such as hi")
    }
  }

  /// The reminder, made unless it is there. Who is known to want it is asked no more.
  func remind(
    _ id: ID<Reminder>, of show: Show, at recipient: Recipient, isOn: Bool, from address: [UInt8]?,
    in db: any Connection
  ) throws -> Reminder {
    let now = clock.now
    let mine: SQL = "reminder.show_id = \(show.id) AND reminder.recipient_id = \(recipient.id)"
    if let known = try Reminder.all(mine, in: db).first {
      guard isOn, !known.isOn else { return known }
      try db.run(
        """
        UPDATE reminder SET is_on = 1, since_ms = \(now), start_ms = \(show.scheduledAt), address = NULL
        WHERE id = \(known.id)
        """)
    } else {
      try requireRoom(at: recipient, from: address, in: db)
      try db.run(
        """
        INSERT INTO reminder (id, show_id, recipient_id, is_on, start_ms, since_ms, address)
        VALUES (\(id), \(show.id), \(recipient.id), \(isOn), \(show.scheduledAt), \(now), \(address))
        """)
    }
    guard let reminder = try Reminder.all(mine, in: db).first else { throw MissingRow() }
    return reminder
  }

  private func requireRoom(at recipient: Recipient, from address: [UInt8]?, in db: any Connection) throws {
    func count(_ condition: SQL, upTo limit: Int64) throws -> Int64 {
      try db.requireRow(
        "SELECT COUNT(*) AS count FROM (SELECT 1 AS one FROM reminder WHERE \(condition) LIMIT \(limit)) AS found"
      ).get("count")
    }
    let mineMax = policy.remindersPerRecipientMax
    guard try count("recipient_id = \(recipient.id)", upTo: mineMax) < mineMax else {
      throw ReminderRefusal.tooMany(limit: mineMax)
    }
    guard let address else { return }
    let addressMax =
      recipient.way == .mail ? policy.remindersUnconfirmedPerAddressMax : policy.remindersByPushPerAddressMax
    guard try count("address = \(address)", upTo: addressMax) < addressMax else {
      throw ReminderRefusal.tooManyFromAddress
    }
  }

  /// Asks by mail whether its reader wants it: a few times at most for one show, and so often at most in a day, whoever
  /// asks for it, that an address cannot be flooded. The link in a mail that came before does as well.
  func ask(_ reminder: Reminder, at now: Moment, in db: any Connection) throws {
    guard try mayAsk(reminder.recipient, at: now, in: db) else { return }
    let asked: Int64 = try db.requireRow(
      """
      SELECT COUNT(*) AS asked FROM mail
      WHERE recipient_id = \(reminder.recipient.id) AND kind = \(Mail.Kind.reminderConfirm)
        AND cause_id = \(reminder.show.id)
      """
    ).get("asked")
    guard asked < policy.reminderConfirmationsMax else { return }
    try Mail.queue(
      .reminderConfirm, of: reminder.show, to: reminder.recipient, turn: "\(reminder.id) \(asked)",
      until: reminder.show.scheduledAt.adding(seconds: 86_400), at: now, in: db)
  }

  /// Whether one more mail may ask: of both kinds that do, and not within a minute, in which a button is pressed twice.
  func mayAsk(_ recipient: Recipient, at now: Moment, in db: any Connection) throws -> Bool {
    guard recipient.blocked == nil else { return false }
    let row = try db.requireRow(
      """
      SELECT COUNT(*) AS asked, COALESCE(MAX(made_ms), 0) AS last_ms FROM mail
      WHERE recipient_id = \(recipient.id) AND made_ms > \(now.adding(seconds: -86_400))
        AND kind IN (\(Mail.Kind.reminderConfirm), \(Mail.Kind.followConfirm))
      """)
    let last: Moment = try row.get("last_ms")
    return try row.get("asked", as: Int64.self) < policy.reminderQuestionsPerDayMax
      && now.milliseconds(since: last) >= 60_000
  }
}
