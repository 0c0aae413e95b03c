import Store

/// What a moderator decides about who said something.
public struct ChatRestrictionDraft: Sendable {
  public let kind: ChatRestriction.Kind
  /// Of a mute: 1 to 1440.
  public let minutes: Int64?
  public let reason: ChatReason
  /// In their own words.
  public let note: String

  public init(kind: ChatRestriction.Kind, minutes: Int64? = nil, reason: ChatReason, note: String = "") {
    self.kind = kind
    self.minutes = minutes
    self.reason = reason
    self.note = note
  }
}

extension Commerce {
  /// Mutes, or bans, whoever said this (or wants to, while it is held) from all of the channel's chats. A mute or ban they
  /// have is replaced. For owners, hosts and moderators.
  ///
  /// - Throws: `GeneralRefusal.invalid`, `.notFound`, `ChatRefusal.staff`, `.unknownSpeaker`.
  public func restrict(
    by caller: Caller, show: ID<Show>, message id: ID<Message>, _ draft: ChatRestrictionDraft
  ) async throws -> ChatRestriction {
    let note = try policy.text(draft.note, "note", max: policy.chatNoteCharactersMax, required: false)
    return try await writeAndTell { [policy] db in
      let show = try Show.require(show, in: db)
      let account = try Membership.require(.chat, of: show.channel, by: caller, "message", in: db)
      let minutes = draft.kind == .mute ? draft.minutes ?? 10 : nil
      if let minutes, !(1...policy.chatMuteMinutesMax).contains(minutes) {
        throw GeneralRefusal.invalid(field: "minutes", why: "must be between 1 and \(policy.chatMuteMinutesMax)")
      }
      let said = try db.row("SELECT * FROM message WHERE id = \(id) AND show_id = \(show.id)")
      let held = try db.row("SELECT * FROM chat_held WHERE id = \(id) AND show_id = \(show.id)")
      guard let row = said ?? held else { throw GeneralRefusal.notFound("message") }
      let (message, voice) = (try Message(row: row, isHeld: said == nil), try Voice(row: row))
      guard !voice.speaker.isEmpty else { throw ChatRefusal.unknownSpeaker }
      if let account = voice.account,
        let role = try Membership.role(of: Caller(account: account), in: show.channel, in: db), role.may(.chat)
      {
        throw ChatRefusal.staff
      }
      let occasion = occasion(by: account)
      try liftAll(of: voice, in: show, at: occasion.at, db)
      var name = message.name
      // What was removed has no name any more; whoever has an account does.
      if name.isEmpty { name = try voice.account.flatMap { try Account.find($0, in: db)?.name } ?? "Guest" }
      let restriction: ID<ChatRestriction> = ID(at: occasion.at, entropy: occasion.entropy)
      try db.run(
        """
        INSERT INTO chat_restriction (id, channel_id, kind, account_id, visitor, address, show_id, name, reason, note,
          until_ms, created_ms, lifted_ms)
        VALUES (\(restriction), \(show.channel), \(draft.kind), \(voice.account.sqlValue), \(voice.visitor.sqlValue),
          \(voice.address.sqlValue), \(show.id), \(name), \(draft.reason), \(note),
          \((minutes.map { occasion.at.adding(seconds: $0 * 60) }).sqlValue), \(occasion.at), NULL)
        """)
      try record(
        draft.kind == .ban ? .ban : .mute, in: show.channel, show: show.id, by: account, target: name, draft.reason,
        note: note, detail: minutes.map(String.init) ?? "", restriction: restriction, on: occasion, db)
      return try ChatRestriction(
        row: db.requireRow("SELECT * FROM chat_restriction WHERE id = \(restriction)"))
    }
  }

  /// The one before ends with a new one: only what is about the very same person, not what an address or a browser has in
  /// common with theirs.
  private func liftAll(of voice: Voice, in show: Show, at now: Moment, _ db: any Connection) throws {
    let same: SQL =
      if let account = voice.account {
        "account_id = \(account)"
      } else if let visitor = voice.visitor {
        "account_id IS NULL AND visitor = \(visitor)"
      } else {
        "account_id IS NULL AND visitor IS NULL AND show_id = \(show.id) AND address = \(voice.address)"
      }
    try db.run(
      """
      UPDATE chat_restriction SET lifted_ms = \(now)
      WHERE channel_id = \(show.channel) AND lifted_ms IS NULL AND \(same)
      """)
  }

  /// Lets somebody speak again. Lifted already, nothing happens. For owners, hosts and moderators.
  @discardableResult
  public func liftRestriction(_ id: ID<ChatRestriction>, by caller: Caller) async throws -> ChatRestriction {
    try await database.write { db in
      guard let row = try db.row("SELECT * FROM chat_restriction WHERE id = \(id)") else {
        throw GeneralRefusal.notFound("restriction")
      }
      let restriction = try ChatRestriction(row: row)
      let account = try Membership.require(.chat, of: restriction.channel, by: caller, "restriction", in: db)
      guard restriction.lifted == nil else { return restriction }
      let occasion = occasion(by: account)
      try db.run("UPDATE chat_restriction SET lifted_ms = \(occasion.at) WHERE id = \(id)")
      try record(
        .lift, in: restriction.channel, show: nil, by: account, target: restriction.name,
        detail: restriction.kind.rawValue, restriction: id, on: occasion, db)
      return try ChatRestriction(row: db.requireRow("SELECT * FROM chat_restriction WHERE id = \(id)"))
    }
  }

  /// The mutes and bans of a channel that are in force, the newest first. For owners, hosts and moderators.
  public func restrictions(
    of channel: ID<Channel>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<ChatRestriction> {
    try policy.check(limit: limit)
    return try await database.read { [clock] db in
      try Membership.require(.chat, of: channel, by: caller, in: db)
      let found = try db.rows(
        """
        SELECT * FROM chat_restriction WHERE channel_id = \(channel) AND lifted_ms IS NULL
          AND (until_ms IS NULL OR until_ms > \(clock.now)) \(Self.before(cursor, "created_ms", "id"))
        ORDER BY created_ms DESC, id DESC LIMIT \(limit + 1)
        """
      ).map(ChatRestriction.init)
      return Page(found, limit: limit) { Cursor($0.createdAt.milliseconds, $0.id) }
    }
  }

  // MARK: The log

  /// What was done in a channel's chats, the last first. For owners, hosts and moderators.
  public func chatLog(
    of channel: ID<Channel>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<ChatAction> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try Membership.require(.chat, of: channel, by: caller, in: db)
      let found = try actions(of: channel, after: cursor, limit: limit + 1, in: db)
      return Page(found, limit: limit) { Cursor($0.at.milliseconds, $0.id) }
    }
  }

  /// The last `Policy.chatLogRowsMax` of them as a table, for spreadsheets. For owners, hosts and moderators.
  public func chatLogFile(of channel: ID<Channel>, by caller: Caller) async throws -> [UInt8] {
    try await database.read { [policy] db in
      try Membership.require(.chat, of: channel, by: caller, in: db)
      var file = CSVWriter()
      file.add(["At", "Action", "By", "Whom", "Reason", "Note", "Detail", "Show"])
      for action in try actions(of: channel, after: nil, limit: policy.chatLogRowsMax, in: db) {
        file.add(
          [
            action.at.description, action.kind.rawValue, action.by, action.target, action.reason?.rawValue ?? "",
            action.note, action.detail, action.show?.description ?? "",
          ].map(CSVWriter.harmless))
      }
      return file.bytes
    }
  }

  private func actions(
    of channel: ID<Channel>, after cursor: Cursor?, limit: Int, in db: any Connection
  ) throws -> [ChatAction] {
    try db.rows(
      """
      SELECT \(ChatAction.columns) FROM chat_action JOIN account ON account.id = chat_action.account_id
      LEFT JOIN chat_restriction ON chat_restriction.id = chat_action.restriction_id
      WHERE chat_action.channel_id = \(channel) \(Self.before(cursor, "chat_action.created_ms", "chat_action.id"))
      ORDER BY chat_action.created_ms DESC, chat_action.id DESC LIMIT \(limit)
      """
    ).map { try ChatAction(row: $0, at: clock.now) }
  }

  private static func before(_ cursor: Cursor?, _ key: SQL, _ id: SQL) -> SQL {
    cursor.map { "AND (\(key) < \($0.key) OR (\(key) = \($0.key) AND \(id) < \($0.id)))" } ?? ""
  }

  /// Notes what a moderator did.
  func record(
    _ kind: ChatAction.Kind, in channel: ID<Channel>, show: ID<Show>?, by account: ID<Account>, target: String = "",
    _ reason: ChatReason? = nil, note: String = "", detail: String = "", restriction: ID<ChatRestriction>? = nil,
    on occasion: Occasion, _ db: any Connection
  ) throws {
    try db.run(
      """
      INSERT INTO chat_action (id, channel_id, show_id, kind, account_id, target, reason, note, detail, restriction_id,
        created_ms)
      VALUES (\(ID<ChatAction>(at: occasion.at, entropy: occasion.entropy)), \(channel), \(show.sqlValue), \(kind),
        \(account), \(target), \(reason?.rawValue ?? ""), \(note), \(detail), \(restriction.sqlValue), \(occasion.at))
      """)
    if let show { try Outbox.announce(.crew(show), in: db) }
  }
}
