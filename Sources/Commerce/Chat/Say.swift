import Store

extension Commerce {
  /// Says something in a show that has not ended. With the same id again, it was said once.
  ///
  /// - Parameters:
  ///   - name: what a guest calls themselves, “Guest” without; somebody signed in goes by their account's name.
  ///   - visitor: the secret of a guest's browser, by which a guest takes part in a giveaway.
  ///   - address: the network address it came from, for the same.
  ///   - text: 1 to `Policy.messageCharactersMax` characters; control and direction-changing characters are dropped.
  /// - Throws: `GeneralRefusal.invalid`, `.notFound`, `ShowRefusal.ended`, `IDTaken`.
  public func say(
    _ id: ID<Message>, by caller: Caller, show: ID<Show>, name: String? = nil, text: String, mediaTime: Int64? = nil,
    visitor: String? = nil, address: String? = nil
  ) async throws -> Message {
    let text = try policy.text(text, "text", max: policy.messageCharactersMax)
    let guest = try policy.text(name ?? "", "name", max: policy.guestNameCharactersMax, required: false)
    return try await writeAndTell { db in
      let show = try Show.require(show, in: db)
      try requireVisible(show, to: caller, in: db)
      if let row = try db.row("SELECT * FROM message WHERE id = \(id)") {
        let said = try Message(row: row)
        let isRemoved = try row.get("removed_ms", as: Moment?.self) != nil
        guard said.show == show.id, said.account == caller.account, isRemoved || said.text == text else {
          throw IDTaken(what: "message")
        }
        return said
      }
      guard show.state != .ended else { throw ShowRefusal.ended }
      try policy.checkNew(id, at: clock.now)
      let speaker = try Speaker(caller, guest: guest, in: show.channel, db: db)
      let occasion = occasion(by: caller.account)
      let message = Message(
        id: id, show: show.id, account: caller.account, name: speaker.name, text: text, role: speaker.role,
        at: occasion.at)
      try db.run(
        """
        INSERT INTO message (id, show_id, account_id, name, body, role, created_ms, removed_ms)
        VALUES (\(id), \(show.id), \(caller.account.sqlValue), \(message.name), \(text), \(message.role),
          \(message.at), NULL)
        """)
      // A time ahead of the show would hold up everything behind the message in every viewer's player.
      let latest = show.mediaEpoch.map { max(0, occasion.at.milliseconds(since: $0)) } ?? .max
      try Timeline.append(
        show: show.id, kind: .message, mediaTime: mediaTime.map { min($0, latest) }, payload: message.payload,
        on: occasion,
        id: ID(bytes: id.bytes), in: db)
      try enterByComment(message, Entrant(caller, visitor: visitor), address: address, at: clock.now, in: db)
      return message
    }
  }

  /// Removes a message: its text is forgotten, and those who have read it are told to hide it. For the channel's
  /// owners, hosts and moderators, and for who wrote it. Removed already, nothing happens.
  public func removeMessage(by caller: Caller, show: ID<Show>, message id: ID<Message>) async throws {
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
      let emptied = Message(
        id: id, show: show.id, account: message.account, name: "", text: "", role: message.role, at: message.at)
      try db.run("UPDATE message SET body = '', name = '', removed_ms = \(occasion.at) WHERE id = \(id)")
      // Its place in the timeline stays, or the numbers would have a gap.
      try db.run("UPDATE timeline_event SET payload = \(try Timeline.text(of: emptied.payload)) WHERE id = \(id)")
      try Timeline.append(
        show: show.id, kind: .messageRemoved, mediaTime: nil, payload: ["message": id.description], on: occasion,
        in: db)
    }
  }
}

extension Message {
  fileprivate var payload: [String: String] {
    ["id": id.description, "name": name, "text": text, "role": role.rawValue]
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
