import Store

extension Commerce {
  /// Whoever reads the mail says yes. At a guest's address that is of this one show; at an account's, of everything it
  /// asked for. Said before, nothing happens.
  ///
  /// Throws `GeneralRefusal.notFound`.
  @discardableResult
  public func confirmReminder(_ id: ID<Reminder>, token: Secret?) async throws -> Reminder {
    try await database.write { [clock] db in
      let recipient = try requireRecipient(token, in: db)
      guard let reminder = try Reminder.all("reminder.id = \(id)", in: db).first, reminder.recipient.id == recipient.id
      else { throw GeneralRefusal.notFound("reminder") }
      try recipient.confirm(at: clock.now, in: db)
      try recipient.turnOn(id, at: clock.now, in: db)
      guard let reminder = try Reminder.all("reminder.id = \(id)", in: db).first else { throw MissingRow() }
      return reminder
    }
  }

  /// The same of everything that the recipient of an account was asked for: that a channel it follows is on air, too.
  ///
  /// Throws `GeneralRefusal.notFound`, also for a guest's, who says yes to each show.
  public func confirmAddress(token: Secret?) async throws {
    try await database.write { [clock] db in
      let recipient = try requireRecipient(token, in: db)
      guard recipient.account != nil else { throw GeneralRefusal.notFound("reminder") }
      try recipient.confirm(at: clock.now, in: db)
    }
  }
}

extension Recipient {
  fileprivate func confirm(at now: Moment, in db: any Connection) throws {
    try db.run(
      "UPDATE recipient SET confirmed_ms = COALESCE(confirmed_ms, \(now)), blocked_ms = NULL WHERE id = \(id)")
    guard account != nil else { return }
    // The account asked for all of them itself.
    for reminder in try Reminder.all("reminder.recipient_id = \(id) AND reminder.is_on = 0", in: db) {
      try turnOn(reminder.id, at: now, in: db)
    }
  }

  /// From now on, and with the start that the page where it is said shows.
  fileprivate func turnOn(_ reminder: ID<Reminder>, at now: Moment, in db: any Connection) throws {
    try db.run(
      """
      UPDATE reminder SET is_on = 1, since_ms = \(now), address = NULL,
        start_ms = (SELECT scheduled_ms FROM show WHERE show.id = reminder.show_id)
      WHERE id = \(reminder) AND is_on = 0
      """)
  }
}
