import Store

extension Commerce {
  /// Removes a reminder, for its account or a holder of its recipient's token; what waits to be sent of it is not sent.
  ///
  /// Throws `GeneralRefusal.notFound` for anyone else.
  public func endReminder(_ id: ID<Reminder>, by caller: Caller = .nobody, token: Secret? = nil) async throws {
    try await database.write { db in
      let reminder = try requireReminder(id, by: caller, token: token, in: db)
      try db.run("DELETE FROM reminder WHERE id = \(id)")
      try reminder.recipient.withdraw(reminder.show.id, in: db)
    }
  }

  /// Nothing more is sent to a recipient: its reminders end, and no channel it follows is told of. Whoever never said
  /// that they want it is asked by nobody any more. Done before, nothing happens.
  ///
  /// Throws `GeneralRefusal.notFound`.
  @discardableResult
  public func stopReminders(token: Secret?) async throws -> Recipient {
    try await database.write { [clock] db in
      let recipient = try requireRecipient(token, in: db)
      guard recipient.way == .mail else {
        try recipient.forget(in: db)
        return recipient
      }
      try recipient.withdraw(in: db)
      try db.run("DELETE FROM reminder WHERE recipient_id = \(recipient.id)")
      if let account = recipient.account {
        try db.run("UPDATE follow SET mail_live = 0 WHERE account_id = \(account) AND mail_live = 1")
      }
      if recipient.confirmed == nil {
        try db.run("UPDATE recipient SET blocked_ms = COALESCE(blocked_ms, \(clock.now)) WHERE id = \(recipient.id)")
      }
      return try Recipient.find(recipient.id, in: db) ?? recipient
    }
  }

  /// May be asked again, by the word of whoever reads the mail.
  ///
  /// Throws `GeneralRefusal.notFound`.
  public func allowReminders(token: Secret?) async throws {
    try await database.write { db in
      let recipient = try requireRecipient(token, in: db)
      try db.run("UPDATE recipient SET blocked_ms = NULL WHERE id = \(recipient.id)")
    }
  }

  func requireReminder(
    _ id: ID<Reminder>, by caller: Caller, token: Secret?, in db: any Connection
  ) throws -> Reminder {
    guard let reminder = try Reminder.all("reminder.id = \(id)", in: db).first else {
      throw GeneralRefusal.notFound("reminder")
    }
    if let account = reminder.recipient.account, account == caller.account { return reminder }
    guard try recipient(of: token, in: db)?.id == reminder.recipient.id else {
      throw GeneralRefusal.notFound("reminder")
    }
    return reminder
  }
}
