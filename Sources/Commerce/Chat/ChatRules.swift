import Store

extension Commerce {
  /// How a show's chat is run. For everybody who sees the show.
  public func chatMode(of id: ID<Show>, by caller: Caller = .nobody) async throws -> ChatMode {
    try await database.read { db in
      let show = try Show.require(id, in: db)
      try requireVisible(show, to: caller, in: db)
      return try ChatMode.find(id, in: db)
    }
  }

  /// How a show's chat is run, for the show's own room.
  public func chatModeOfRoom(_ id: ID<Show>) async throws -> ChatMode {
    try await database.read { db in try ChatMode.find(id, in: db) }
  }

  /// Runs a show's chat in another way, from the next message on. For owners and hosts.
  public func setChatMode(_ mode: ChatMode, by caller: Caller, show id: ID<Show>) async throws {
    try await writeAndTell { db in
      let show = try Show.require(id, in: db)
      let account = try Membership.require(.shows, of: show.channel, by: caller, "show", in: db)
      guard mode.slowSeconds == 0 || (3...300).contains(mode.slowSeconds) else {
        throw GeneralRefusal.invalid(field: "slowSeconds", why: "must be 0, for no pause, or between 3 and 300")
      }
      guard try ChatMode.find(id, in: db) != mode else { return }
      let occasion = occasion(by: account)
      try db.run(
        """
        INSERT INTO chat_mode (show_id, slow_seconds, audience, allows_links)
        VALUES (\(id), \(mode.slowSeconds), \(mode.audience), \(mode.allowsLinks))
        ON CONFLICT (show_id) DO UPDATE SET slow_seconds = \(mode.slowSeconds), audience = \(mode.audience),
          allows_links = \(mode.allowsLinks)
        """)
      let links = mode.allowsLinks ? "links" : "no links"
      try record(
        .mode, in: show.channel, show: id, by: account,
        detail: "\(mode.slowSeconds) s, \(mode.audience.rawValue), \(links)",
        on: occasion, db)
      try Outbox.announce(.chat(id), in: db)
    }
  }

  // MARK: Words

  /// The words a channel does not want, in the order of the alphabet. For owners, hosts and moderators.
  public func chatWords(of channel: ID<Channel>, by caller: Caller) async throws -> [ChatWord] {
    try await database.read { db in
      try Membership.require(.chat, of: channel, by: caller, in: db)
      return try db.rows("SELECT * FROM chat_word WHERE channel_id = \(channel) ORDER BY folded").map(ChatWord.init)
    }
  }

  /// Puts a word, or a few in a row, on a channel's list; one that is there gets the new action. One that ends in `*` is
  /// the beginning of a word. For owners, hosts and moderators.
  ///
  /// - Throws: `GeneralRefusal.invalid`, `.tooMany` beyond `Policy.chatWordsMax`.
  @discardableResult
  public func putChatWord(
    _ text: String, _ action: ChatWord.Action, by caller: Caller, channel: ID<Channel>
  ) async throws -> ChatWord {
    let text = try policy.text(text, "word", max: policy.chatWordCharactersMax)
    let folded = ChatText.entry(text)
    guard !folded.isEmpty else {
      throw GeneralRefusal.invalid(field: "word", why: "must have a letter or a digit")
    }
    return try await database.write { [policy] db in
      let account = try Membership.require(.chat, of: channel, by: caller, in: db)
      let known = try db.row("SELECT * FROM chat_word WHERE channel_id = \(channel) AND folded = \(folded)")
      if let known, try ChatWord(row: known).action == action { return try ChatWord(row: known) }
      let count: Int64 = try db.requireRow(
        "SELECT COUNT(*) AS words FROM chat_word WHERE channel_id = \(channel)"
      ).get("words")
      guard known != nil || count < Int64(policy.chatWordsMax) else {
        throw GeneralRefusal.tooMany(what: "words of a list", limit: policy.chatWordsMax)
      }
      let occasion = occasion(by: account)
      try db.run(
        """
        INSERT INTO chat_word (id, channel_id, word, folded, action, created_ms)
        VALUES (\(ID<ChatWord>(at: occasion.at, entropy: occasion.entropy)), \(channel), \(text), \(folded),
          \(action), \(occasion.at))
        ON CONFLICT (channel_id, folded) DO UPDATE SET action = \(action), word = \(text)
        """)
      try record(
        .addWord, in: channel, show: nil, by: account, detail: "\(text) (\(action.rawValue))", on: occasion, db)
      return try ChatWord(
        row: db.requireRow("SELECT * FROM chat_word WHERE channel_id = \(channel) AND folded = \(folded)"))
    }
  }

  /// Takes a word off a channel's list. Not on it, nothing happens. For owners, hosts and moderators.
  public func removeChatWord(_ id: ID<ChatWord>, by caller: Caller, channel: ID<Channel>) async throws {
    try await database.write { db in
      let account = try Membership.require(.chat, of: channel, by: caller, in: db)
      guard let row = try db.row("SELECT * FROM chat_word WHERE id = \(id) AND channel_id = \(channel)") else { return }
      try db.run("DELETE FROM chat_word WHERE id = \(id)")
      try record(
        .removeWord, in: channel, show: nil, by: account, detail: try row.get("word"), on: occasion(by: account), db)
    }
  }
}
