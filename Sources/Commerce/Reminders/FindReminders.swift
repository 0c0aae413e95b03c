import Store

/// What one recipient is reminded of.
public struct RecipientReminders: Sendable {
  public let recipient: Recipient
  /// Of shows that are to come or on air, the soonest first.
  public let reminders: [Reminder]
}

/// How many want to be reminded of a show.
public struct RemindedCount: Sendable, Equatable {
  /// Recipients, confirmed.
  public let reminders: Int64
  /// Followers who are told that it is on air.
  public let followers: Int64
}

extension Commerce {
  /// The caller's reminders of shows that have not ended, the soonest first, at most `Policy.pageLimitMax`.
  public func reminders(by caller: Caller) async throws -> [Reminder] {
    try await database.read { [policy] db in
      let account = try caller.requireAccount()
      return try Reminder.coming("recipient.account_id = \(account)", limit: policy.pageLimitMax, in: db)
    }
  }

  /// The caller's recipients.
  public func recipients(by caller: Caller) async throws -> [Recipient] {
    try await database.read { db in try Recipient.all(of: caller.requireAccount(), in: db) }
  }

  /// A reminder, for its account or a holder of its recipient's token. Throws `GeneralRefusal.notFound`.
  public func reminder(_ id: ID<Reminder>, by caller: Caller, token: Secret? = nil) async throws -> Reminder {
    try await database.read { db in try requireReminder(id, by: caller, token: token, in: db) }
  }

  /// What a token opens. Throws `GeneralRefusal.notFound`.
  public func reminders(token: Secret?) async throws -> RecipientReminders {
    try await database.read { [policy] db in
      let recipient = try requireRecipient(token, in: db)
      return RecipientReminders(
        recipient: recipient,
        reminders: try Reminder.coming("recipient.id = \(recipient.id)", limit: policy.pageLimitMax, in: db))
    }
  }

  /// How many want to be told of a show. For the channel's members.
  public func reminded(of show: ID<Show>, by caller: Caller) async throws -> RemindedCount {
    try await database.read { db in
      let channel = try Show.require(show, in: db).channel
      try Membership.require(.look, of: channel, by: caller, "show", in: db)
      return RemindedCount(
        reminders: try db.requireRow(
          "SELECT COUNT(*) AS count FROM reminder WHERE show_id = \(show) AND is_on = 1"
        ).get("count"),
        followers: try db.requireRow(
          """
          SELECT COUNT(*) AS count FROM follow WHERE channel_id = \(channel) AND (mail_live = 1 OR push_live = 1)
          """
        ).get("count"))
    }
  }
}

extension Reminder {
  fileprivate static func coming(_ whose: SQL, limit: Int, in db: any Connection) throws -> [Reminder] {
    try all(
      """
      \(whose) AND reminder.show_id IN (SELECT id FROM show WHERE state <> 'ended') ORDER BY reminder.id LIMIT \(limit)
      """, in: db
    ).sorted { ($0.show.scheduledAt, $0.id) < ($1.show.scheduledAt, $1.id) }
  }
}
