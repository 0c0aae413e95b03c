import Store

extension Commerce {
  /// Says something in a show that has not ended. With the same id again, it was said once.
  ///
  /// Whether the speaker may is looked at in the transaction that says it: what a moderator or the host has decided by
  /// then holds. With a word that the channel holds for review nobody reads it before a moderator has (`isHeld`).
  ///
  /// - Parameters:
  ///   - name: what a guest calls themselves, “Guest” without; somebody signed in goes by their account's name.
  ///   - visitor: the secret of the speaker's browser, by which a guest takes part in a giveaway, and who is banned is
  ///     known again.
  ///   - address: the network address it came from, for the same.
  ///   - text: 1 to `Policy.messageCharactersMax` characters; control and direction-changing characters are dropped.
  ///   - isQuestion: whether the host is asked something that should not go by.
  ///   - replyTo: the message of this show that it answers.
  /// - Throws: `GeneralRefusal.invalid`, `.notFound`, `ShowRefusal.ended`, `ChatRefusal`, `IDTaken`.
  public func say(
    _ id: ID<Message>, by caller: Caller, show: ID<Show>, name: String? = nil, text: String, mediaTime: Int64? = nil,
    visitor: String? = nil, address: String? = nil, isQuestion: Bool = false, replyTo: ID<Message>? = nil
  ) async throws -> Message {
    try await speak(
      id, by: caller, show: show, name: name, text: text, mediaTime: mediaTime, visitor: visitor, address: address,
      isQuestion: isQuestion, replyTo: replyTo
    ).message
  }

  /// The same, and what came of it where it is what the host asks to be said to reserve something: that is for whoever
  /// says it, and nobody else.
  public func speak(
    _ id: ID<Message>, by caller: Caller, show: ID<Show>, name: String? = nil, text: String, mediaTime: Int64? = nil,
    visitor: String? = nil, address: String? = nil, isQuestion: Bool = false, replyTo: ID<Message>? = nil
  ) async throws -> (message: Message, claim: ClaimOutcome?) {
    let words = Words(
      name: name, text: text, mediaTime: mediaTime, visitor: visitor, address: address, isQuestion: isQuestion,
      replyTo: replyTo)
    return try await writeAndTell(speaking(id, by: caller, show: show, words))
  }

  /// The same, for a caller that waits in no task: `tell` is told what became of it, on a thread that it must not hold up.
  /// What can be refused at once is thrown instead.
  public func speak(
    _ id: ID<Message>, by caller: Caller, show: ID<Show>, name: String?, text: String, mediaTime: Int64?,
    visitor: String?, address: String?, isQuestion: Bool, replyTo: ID<Message>?,
    then tell: @escaping @Sendable (Result<(message: Message, claim: ClaimOutcome?), any Error>) -> Void
  ) throws {
    let words = Words(
      name: name, text: text, mediaTime: mediaTime, visitor: visitor, address: address, isQuestion: isQuestion,
      replyTo: replyTo)
    writeAndTell(try speaking(id, by: caller, show: show, words), then: tell)
  }

  private struct Words {
    var name: String?
    var text: String
    let mediaTime: Int64?
    let visitor: String?
    let address: String?
    let isQuestion: Bool
    let replyTo: ID<Message>?
  }

  /// What is to be written, checked as far as it can be without the database.
  private func speaking(
    _ id: ID<Message>, by caller: Caller, show: ID<Show>, _ words: Words
  ) throws -> @Sendable (any Connection) throws -> (message: Message, claim: ClaimOutcome?) {
    let text = try policy.text(words.text, "text", max: policy.messageCharactersMax)
    let guest = try policy.text(words.name ?? "", "name", max: policy.guestNameCharactersMax, required: false)
    let voice = Voice(caller, visitor: words.visitor, address: words.address, show: show, vault)
    // A guest's name is read as what they say is. Here, and not on the one thread that every order shares.
    let hasLink = ChatText.hasLink(caller.account == nil ? "\(guest) \n \(text)" : text)
    return { db in
      let facts = try ChatFacts.of(show, at: clock.now, in: db)
      if !facts.isApproved { try requireVisible(facts.show, to: caller, in: db) }
      if let row = try db.row("SELECT * FROM message WHERE id = \(id)") {
        let said = try Message(row: row)
        let isRemoved = try row.get("removed_ms", as: Moment?.self) != nil
        guard said.show == show, said.account == caller.account, isRemoved || said.text == text else {
          throw IDTaken(what: "message")
        }
        return (said, try claimed(by: said, Entrant(caller, visitor: words.visitor), in: db))
      }
      if facts.hasHeld, let row = try db.row("SELECT * FROM chat_held WHERE id = \(id)") {
        let held = try HeldMessage(row: row).message
        guard held.show == show, held.account == caller.account, held.text == text else {
          throw IDTaken(what: "message")
        }
        return (held, nil)
      }
      guard facts.show.state != .ended else { throw ShowRefusal.ended }
      if caller.account == nil { try switches.require(.guestChat) }
      try policy.checkNew(id, at: clock.now)
      let speaker = try Speaker(caller, guest: guest, in: facts.show.channel, db: db)
      let occasion = occasion(by: caller.account)
      let message = Message(
        id: id, show: show, account: caller.account, name: speaker.name, text: text, role: speaker.role,
        at: occasion.at, question: words.isQuestion ? .open : nil, replyTo: words.replyTo)
      if let replyTo = words.replyTo, try Message.find(replyTo, in: show, db) == nil { throw ChatRefusal.replyGone }
      if !speaker.role.isStaff, let word = try admit(message, voice, hasLink: hasLink, facts, db) {
        return (try hold(message, voice, for: word, in: facts.show, db), nil)
      }
      // A time ahead of the show would hold up everything behind the message in every viewer's player.
      let latest = facts.show.mediaEpoch.map { max(0, occasion.at.milliseconds(since: $0)) } ?? .max
      let entrant = Entrant(caller, visitor: words.visitor)
      let claim =
        try speaker.role.isStaff || facts.claimWords.isEmpty
        ? nil
        : claim(
          by: message, entrant, address: words.address, among: facts.claimWords, in: facts.show, on: occasion, db)
      let said = if case .claimed = claim { message.claiming } else { message }
      try publish(said, voice, mediaTime: words.mediaTime.map { min($0, latest) }, on: occasion, in: db)
      if let giveaway = facts.giveaway {
        try enter(giveaway, by: message, entrant, address: words.address, at: clock.now, in: db)
      }
      return (said, claim)
    }
  }

  /// Everybody reads it from now on.
  func publish(
    _ message: Message, _ voice: Voice, mediaTime: Int64?, on occasion: Occasion, in db: any Connection
  ) throws {
    // What waited for a moderator may answer what is gone by now.
    let quoted = try message.replyTo.flatMap { try Message.find($0, in: message.show, db) }
    try db.run(
      """
      INSERT INTO message (id, show_id, account_id, visitor, address, name, body, role, created_ms, removed_ms, question,
        reply_to, is_claim)
      VALUES (\(message.id), \(message.show), \(message.account.sqlValue), \(voice.visitor.sqlValue),
        \(voice.address.sqlValue), \(message.name), \(message.text), \(message.role), \(message.at), NULL,
        \(message.question.sqlValue), \((quoted?.id).sqlValue), \(message.isClaim))
      """)
    try Timeline.append(
      show: message.show, kind: .message, mediaTime: mediaTime,
      payload: message.payload(quoting: quoted?.quote ?? [:]), on: occasion, id: ID(bytes: message.id.bytes), in: db)
  }

  /// Throws `ChatRefusal` for who may not say this here now. Gives the word for which a moderator has to see it first.
  private func admit(
    _ message: Message, _ voice: Voice, hasLink: Bool, _ facts: ChatFacts, _ db: any Connection
  ) throws -> String? {
    let now = message.at
    let (show, mode) = (facts.show, facts.mode)
    if facts.hasRestrictions, let restriction = try voice.restrictions(in: show, at: now, in: db).first {
      guard let until = restriction.until else { throw ChatRefusal.banned }
      throw ChatRefusal.muted(seconds: (until.milliseconds(since: now) + 999) / 1000)
    }
    switch mode.audience {
    case .everyone: break
    case .followers:
      guard let account = voice.account, try Follow.exists(of: account, channelOf: show.id, in: db) else {
        throw ChatRefusal.followersOnly
      }
    case .buyers:
      guard let account = voice.account, try hasBought(account, from: show.channel, in: db) else {
        throw ChatRefusal.buyersOnly
      }
    }
    // A guest's name is read as what they say is.
    let said = message.account == nil ? "\(message.name) \n \(message.text)" : message.text
    if !mode.allowsLinks, hasLink { throw ChatRefusal.links }
    let word = try facts.heldWord(in: said)
    if message.question != nil { try requireRoomToAsk(voice, in: show, db) }
    // The last: what is refused for another reason costs nobody their turn.
    if mode.slowSeconds > 0 { try pause(voice, mode.slowSeconds, in: show, at: now, db) }
    return word
  }

  /// A host can answer so many; and whoever asks all the time keeps others from being heard.
  private func requireRoomToAsk(_ voice: Voice, in show: Show, _ db: any Connection) throws {
    let mine: SQL =
      if let account = voice.account {
        "account_id = \(account)"
      } else if let visitor = voice.visitor {
        "account_id IS NULL AND visitor = \(visitor)"
      } else {
        "account_id IS NULL AND visitor IS NULL AND address = \(voice.address.sqlValue)"
      }
    let open: SQL = "show_id = \(show.id) AND question = 'open' AND removed_ms IS NULL"
    let counts = try db.requireRow(
      """
      SELECT (SELECT COUNT(*) FROM message WHERE \(open)) AS everybody,
        (SELECT COUNT(*) FROM message WHERE \(open) AND \(mine)) AS mine
      """)
    guard try counts.get("mine", as: Int64.self) < policy.chatQuestionsPerSpeakerMax,
      try counts.get("everybody", as: Int64.self) < policy.chatQuestionsMax
    else { throw ChatRefusal.tooManyQuestions }
  }

  private func hasBought(_ account: ID<Account>, from channel: ID<Channel>, in db: any Connection) throws -> Bool {
    try db.row(
      """
      SELECT 1 FROM orders WHERE account_id = \(account) AND channel_id = \(channel) AND paid_ms IS NOT NULL
        AND state NOT IN ('cancelled', 'refunded') LIMIT 1
      """) != nil
  }

  /// Whoever spoke less than so many seconds ago waits, nobody else does.
  private func pause(_ voice: Voice, _ seconds: Int64, in show: Show, at now: Moment, _ db: any Connection) throws {
    let spoken = try db.run(
      """
      INSERT INTO chat_pause (show_id, speaker, last_ms) VALUES (\(show.id), \(voice.speaker), \(now))
      ON CONFLICT (show_id, speaker) DO UPDATE SET last_ms = \(now)
      WHERE chat_pause.last_ms <= \(now.adding(seconds: -seconds))
      """)
    guard spoken == 0 else { return }
    let last: Moment = try db.requireRow(
      "SELECT last_ms FROM chat_pause WHERE show_id = \(show.id) AND speaker = \(voice.speaker)"
    ).get("last_ms")
    let left = seconds * 1000 - now.milliseconds(since: last)
    throw ChatRefusal.slow(seconds: max(1, (left + 999) / 1000))
  }

  private func hold(
    _ message: Message, _ voice: Voice, for word: String, in show: Show, _ db: any Connection
  ) throws -> Message {
    let counts = try db.requireRow(
      """
      SELECT (SELECT COUNT(*) FROM chat_held WHERE channel_id = \(show.channel)) AS everybody,
        (SELECT COUNT(*) FROM chat_held WHERE show_id = \(show.id) AND speaker = \(voice.speaker)) AS mine
      """)
    guard try counts.get("everybody", as: Int64.self) < policy.chatHeldMax,
      try counts.get("mine", as: Int64.self) < policy.chatHeldPerSpeakerMax
    else { throw ChatRefusal.tooManyHeld }
    try db.run(
      """
      INSERT INTO chat_held (id, channel_id, show_id, account_id, visitor, address, speaker, name, body, role, word,
        created_ms, is_question, reply_to)
      VALUES (\(message.id), \(show.channel), \(show.id), \(message.account.sqlValue), \(voice.visitor.sqlValue),
        \(voice.address.sqlValue), \(voice.speaker), \(message.name), \(message.text), \(message.role), \(word),
        \(message.at), \(message.question == nil ? 0 : 1), \(message.replyTo.sqlValue))
      """)
    return message.held
  }

  /// Removes a message: its text is forgotten, also where others quote it, and those who have read it are told to hide it. For the channel's
  /// owners, hosts and moderators, and for who wrote it. Removed already, nothing happens.
  ///
  /// - Parameter why: a moderator's reason, and their own words.
  public func removeMessage(
    by caller: Caller, show: ID<Show>, message id: ID<Message>, why: ChatReason = .other, note: String = ""
  ) async throws {
    let note = try policy.text(note, "note", max: policy.chatNoteCharactersMax, required: false)
    try await writeAndTell { db in
      let show = try Show.require(show, in: db)
      let account = try caller.requireAccount()
      guard let row = try db.row("SELECT * FROM message WHERE id = \(id) AND show_id = \(show.id)") else {
        throw GeneralRefusal.notFound("message")
      }
      let message = try Message(row: row)
      if message.account != account {
        try Membership.require(.chat, of: show.channel, by: caller, "message", in: db)
      }
      guard try row.get("removed_ms", as: Moment?.self) == nil else { return }
      let occasion = occasion(by: account)
      if message.account != account {
        try record(
          .remove, in: show.channel, show: show.id, by: account, target: message.name, why, note: note, on: occasion, db
        )
      }
      let emptied = Message(
        id: id, show: show.id, account: message.account, name: "", text: "", role: message.role, at: message.at)
      try db.run(
        """
        UPDATE message SET body = '', name = '', removed_ms = \(occasion.at), question = NULL, reply_to = NULL
        WHERE id = \(id)
        """)
      // Its place in the timeline stays, or the numbers would have a gap.
      try db.run("UPDATE timeline_event SET payload = \(Timeline.text(of: emptied.payload())) WHERE id = \(id)")
      try Timeline.append(
        show: show.id, kind: .messageRemoved, mediaTime: nil, payload: ["message": id.description], on: occasion,
        in: db)
      try endClaim(of: id, as: message.account == account ? .left : .cancelled, on: occasion, in: db)
      try forgetTraces(of: id, in: show.id, mediaTime: nil, on: occasion, db)
    }
  }
}

/// Under which name and as what somebody speaks.
private struct Speaker {
  let name: String
  let role: Message.Speaker

  init(_ caller: Caller, guest: String, in channel: ID<Channel>, db: any Connection) throws {
    guard let id = caller.account, let account = try Account.find(id, in: db) else {
      name = guest.isEmpty ? "Guest" : guest
      role = .guest
      return
    }
    name = account.name
    switch try Membership.role(of: caller, in: channel, in: db) {
    case .owner: role = .owner
    case .host: role = .host
    case .moderator: role = .moderator
    case .fulfilment, nil: role = .viewer
    }
  }
}
