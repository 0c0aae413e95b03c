import Store

extension Commerce {
  /// A viewer says that a message should be looked at. Said again, nothing happens, and it is not counted again.
  ///
  /// - Parameter visitor: the secret of a guest's browser.
  /// - Throws: `GeneralRefusal.notFound`, `ChatRefusal.noReporter`.
  public func reportMessage(
    by caller: Caller, show: ID<Show>, message id: ID<Message>, _ reason: ChatReason, visitor: String? = nil
  ) async throws {
    try await database.write { [clock] db in
      let show = try Show.require(show, in: db)
      try requireVisible(show, to: caller, in: db)
      guard let reporter = Entrant(caller, visitor: visitor) else { throw ChatRefusal.noReporter }
      guard
        try db.row("SELECT 1 FROM message WHERE id = \(id) AND show_id = \(show.id) AND removed_ms IS NULL") != nil
      else { throw GeneralRefusal.notFound("message") }
      let made = try db.run(
        """
        INSERT INTO chat_report (message_id, reporter, reason, created_ms)
        VALUES (\(id), \(reporter.bytes), \(reason), \(clock.now)) ON CONFLICT DO NOTHING
        """)
      if made == 1 { try db.run("UPDATE message SET reports = reports + 1 WHERE id = \(id)") }
    }
  }

  /// A moderator has looked at a message and found nothing wrong: it is not shown among the reported any more, whoever
  /// reports it yet.
  public func settleReports(by caller: Caller, show: ID<Show>, message id: ID<Message>) async throws {
    try await database.write { db in
      let show = try Show.require(show, in: db)
      let account = try Membership.require(.chat, of: show.channel, by: caller, "message", in: db)
      guard let row = try db.row("SELECT * FROM message WHERE id = \(id) AND show_id = \(show.id)") else {
        throw GeneralRefusal.notFound("message")
      }
      guard try row.get("settled_ms", as: Moment?.self) == nil else { return }
      let occasion = occasion(by: account)
      try db.run("UPDATE message SET settled_ms = \(occasion.at) WHERE id = \(id)")
      try record(
        .settle, in: show.channel, show: show.id, by: account, target: try row.get("name"), on: occasion, db)
    }
  }

  /// The channel's messages that viewers reported and no moderator has looked at, at most 100: first those with
  /// `Policy.chatReportsFirst` reports or more, the most reported before; then the others, the newest before.
  ///
  /// - Parameter show: only of this show; nil for all.
  public func reportedMessages(
    of channel: ID<Channel>, show: ID<Show>? = nil, by caller: Caller
  ) async throws -> [ReportedMessage] {
    try await database.read { [policy] db in
      try Membership.require(.chat, of: channel, by: caller, in: db)
      let inShow: SQL = show.map { "AND message.show_id = \($0)" } ?? ""
      let rows = try db.rows(
        """
        SELECT message.* FROM message JOIN show ON show.id = message.show_id
        WHERE show.channel_id = \(channel) \(inShow) AND message.reports > 0 AND message.removed_ms IS NULL
          AND message.settled_ms IS NULL
        ORDER BY CASE WHEN message.reports >= \(policy.chatReportsFirst) THEN message.reports ELSE 0 END DESC,
          message.created_ms DESC, message.id DESC
        LIMIT 100
        """)
      return try rows.map { row in
        let message = try Message(row: row)
        let reasons = try db.rows("SELECT reason FROM chat_report WHERE message_id = \(message.id) LIMIT 1000")
        let counts = Dictionary(grouping: try reasons.map { try $0.get("reason", as: ChatReason.self) }) { $0 }
        // Of as many, the one that is named first.
        let most = ChatReason.allCases.max { counts[$0]?.count ?? 0 < counts[$1]?.count ?? 0 }
        return ReportedMessage(message: message, reports: try row.get("reports"), reason: most ?? .other)
      }
    }
  }

  // MARK: What waits

  /// What waits for a moderator in a channel's chats, at most 100, the oldest first.
  public func heldMessages(
    of channel: ID<Channel>, show: ID<Show>? = nil, by caller: Caller
  ) async throws -> [HeldMessage] {
    try await database.read { db in
      try Membership.require(.chat, of: channel, by: caller, in: db)
      let inShow: SQL = show.map { "AND show_id = \($0)" } ?? ""
      return try db.rows(
        """
        SELECT * FROM chat_held WHERE channel_id = \(channel) \(inShow) ORDER BY created_ms, id LIMIT 100
        """
      ).map(HeldMessage.init)
    }
  }

  /// Lets what was held be read by everybody, or by nobody. Decided already, there is no such message.
  ///
  /// - Throws: `GeneralRefusal.notFound`, `ShowRefusal.ended` for a message that would come after the show's end.
  public func decideHeld(_ id: ID<Message>, approve: Bool, by caller: Caller) async throws {
    try await writeAndTell { db in
      guard let row = try db.row("SELECT * FROM chat_held WHERE id = \(id)") else {
        throw GeneralRefusal.notFound("message")
      }
      let held = try HeldMessage(row: row).message
      let show = try Show.require(held.show, in: db)
      let account = try Membership.require(.chat, of: show.channel, by: caller, "message", in: db)
      if approve, show.state == .ended { throw ShowRefusal.ended }
      let occasion = occasion(by: account)
      try db.run("DELETE FROM chat_held WHERE id = \(id)")
      if approve {
        let message = Message(
          id: id, show: held.show, account: held.account, name: held.name, text: held.text, role: held.role,
          at: occasion.at, question: held.question, replyTo: held.replyTo)
        try publish(message, Voice(row: row), mediaTime: nil, on: occasion, in: db)
      }
      try record(
        approve ? .approve : .refuse, in: show.channel, show: show.id, by: account, target: held.name,
        detail: try row.get("word"), on: occasion, db)
    }
  }

  // MARK: Forgetting

  /// Forgets from where something was said, once its show is over, and from which browser after `Policy.chatVisitorDays`;
  /// and what waited for a moderator in a show that ended as long ago.
  @discardableResult
  public func forgetSpeakers() async throws -> Int {
    let old = clock.now.adding(seconds: -policy.chatVisitorDays * 86_400)
    return try await database.write { db in
      let ended: SQL = "SELECT id FROM show WHERE state = 'ended'"
      var count = try db.run(
        "UPDATE message SET address = NULL WHERE address IS NOT NULL AND show_id IN (\(ended))")
      count += try db.run("UPDATE message SET visitor = NULL WHERE visitor IS NOT NULL AND created_ms < \(old)")
      count += try db.run("DELETE FROM chat_pause WHERE show_id IN (\(ended))")
      count += try db.run("DELETE FROM chat_held WHERE created_ms < \(old)")
      count += try db.run(
        """
        UPDATE chat_restriction SET address = NULL WHERE address IS NOT NULL AND show_id IN (\(ended))
          AND (account_id IS NOT NULL OR visitor IS NOT NULL)
        """)
      return Int(count)
    }
  }
}
