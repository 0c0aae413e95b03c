import Store

/// A question of a show's chat, as whoever runs the show sees it.
public struct AskedQuestion: Sendable, Equatable {
  public let message: Message
  /// Whether it is above the chat now.
  public let isPinned: Bool
}

/// The question above a show's chat.
public struct PinnedQuestion: Sendable, Equatable {
  public let message: ID<Message>
  public let name: String
  public let text: String

  /// As its event tells it.
  public var told: [String: String] { ["message": "\(message)", "name": name, "text": text] }

  static func find(in show: ID<Show>, _ db: any Connection) throws -> PinnedQuestion? {
    let row = try db.row(
      """
      SELECT message.id AS id, message.name AS name, message.body AS body FROM chat_pin
      JOIN message ON message.id = chat_pin.message_id
      WHERE chat_pin.show_id = \(show) AND chat_pin.unpinned_ms IS NULL
      """)
    return try row.map { row in
      PinnedQuestion(message: try row.get("id"), name: try row.get("name"), text: try row.get("body"))
    }
  }
}

extension Commerce {
  /// The questions of a show, at most 100: those that are open, the first asked first; or those that were answered, the
  /// last asked first. For owners, hosts and moderators.
  public func questions(
    of show: ID<Show>, _ state: Message.Question = .open, by caller: Caller
  ) async throws -> [AskedQuestion] {
    try await database.read { db in
      let show = try Show.require(show, in: db)
      try Membership.require(.chat, of: show.channel, by: caller, "show", in: db)
      let pinned = try PinnedQuestion.find(in: show.id, db)?.message
      let order: SQL = state == .open ? "created_ms, id" : "created_ms DESC, id DESC"
      return try db.rows(
        """
        SELECT * FROM message WHERE show_id = \(show.id) AND question = \(state) AND removed_ms IS NULL
        ORDER BY \(order) LIMIT 100
        """
      ).map { row in
        let message = try Message(row: row)
        return AskedQuestion(message: message, isPinned: message.id == pinned)
      }
    }
  }

  /// Says that a question was answered, or that it was not: everybody is told. What is answered does not stay above the
  /// chat. So already, nothing happens. For owners, hosts and moderators.
  ///
  /// - Throws: `GeneralRefusal.notFound` for what is no question, `ShowRefusal.ended`.
  @discardableResult
  public func markQuestion(
    _ state: Message.Question, by caller: Caller, show: ID<Show>, message id: ID<Message>, mediaTime: Int64? = nil
  ) async throws -> AskedQuestion {
    try await writeAndTell { db in
      let (show, question, occasion) = try asked(id, in: show, by: caller, db)
      if question.question != state {
        guard show.state != .ended else { throw ShowRefusal.ended }
        try db.run("UPDATE message SET question = \(state) WHERE id = \(id)")
        try Message.find(id, in: show.id, db)?.retell(in: db)
        try Timeline.append(
          show: show.id, kind: state == .answered ? .questionAnswered : .questionReopened, mediaTime: mediaTime,
          payload: ["message": "\(id)"], on: occasion, in: db)
        if state == .answered {
          try unpinQuestion(id, of: show.id, mediaTime: mediaTime, on: occasion, in: db)
        }
      }
      return try found(id, in: show, db)
    }
  }

  /// Puts a question above the chat, for everybody, in the place of one that is there; nil takes it down. So already,
  /// nothing happens. For owners, hosts and moderators.
  ///
  /// - Throws: `GeneralRefusal.notFound` for what is no question, `ShowRefusal.ended`.
  public func pinQuestion(
    by caller: Caller, show: ID<Show>, message id: ID<Message>?, mediaTime: Int64? = nil
  ) async throws {
    try await writeAndTell { db in
      guard let id else {
        let show = try Show.require(show, in: db)
        let account = try Membership.require(.chat, of: show.channel, by: caller, "show", in: db)
        try unpinQuestion(of: show.id, mediaTime: mediaTime, on: occasion(by: account), in: db)
        return
      }
      let (show, question, occasion) = try asked(id, in: show, by: caller, db)
      guard show.state != .ended else { throw ShowRefusal.ended }
      guard try PinnedQuestion.find(in: show.id, db)?.message != id else { return }
      try db.run(
        "UPDATE chat_pin SET unpinned_ms = \(occasion.at) WHERE show_id = \(show.id) AND unpinned_ms IS NULL")
      let event: ID<TimelineEvent> = ID(at: occasion.at, entropy: occasion.entropy)
      try db.run(
        """
        INSERT INTO chat_pin (id, show_id, message_id, pinned_ms, unpinned_ms)
        VALUES (\(event), \(show.id), \(id), \(occasion.at), NULL)
        """)
      try Timeline.append(
        show: show.id, kind: .questionPinned, mediaTime: mediaTime,
        payload: PinnedQuestion(message: id, name: question.name, text: question.text).told, on: occasion, id: event,
        in: db)
    }
  }

  private func found(_ id: ID<Message>, in show: Show, _ db: any Connection) throws -> AskedQuestion {
    guard let message = try Message.find(id, in: show.id, db) else { throw GeneralRefusal.notFound("question") }
    return AskedQuestion(message: message, isPinned: try PinnedQuestion.find(in: show.id, db)?.message == id)
  }

  private func asked(
    _ id: ID<Message>, in show: ID<Show>, by caller: Caller, _ db: any Connection
  ) throws -> (show: Show, question: Message, occasion: Occasion) {
    let show = try Show.require(show, in: db)
    let account = try Membership.require(.chat, of: show.channel, by: caller, "question", in: db)
    guard let message = try Message.find(id, in: show.id, db), message.question != nil else {
      throw GeneralRefusal.notFound("question")
    }
    return (show, message, occasion(by: account))
  }

  /// Takes down what is above the chat, if it is `question` or that is nil.
  func unpinQuestion(
    _ question: ID<Message>? = nil, of show: ID<Show>, mediaTime: Int64?, on occasion: Occasion, in db: any Connection
  ) throws {
    let which: SQL = question.map { "AND message_id = \($0)" } ?? ""
    let unpinned = try db.run(
      "UPDATE chat_pin SET unpinned_ms = \(occasion.at) WHERE show_id = \(show) AND unpinned_ms IS NULL \(which)")
    guard unpinned > 0 else { return }
    try Timeline.append(show: show, kind: .questionUnpinned, mediaTime: mediaTime, on: occasion, in: db)
  }

  /// What was said of a removed message elsewhere: in replies to it, and where it was above the chat.
  func forgetTraces(
    of message: ID<Message>, in show: ID<Show>, mediaTime: Int64?, on occasion: Occasion, _ db: any Connection
  ) throws {
    let replies = try db.rows("SELECT * FROM message WHERE reply_to = \(message)").map { try Message(row: $0) }
    try db.run("UPDATE message SET reply_to = NULL WHERE reply_to = \(message)")
    for reply in replies {
      let text = Timeline.text(of: reply.payload())
      try db.run("UPDATE timeline_event SET payload = \(text) WHERE id = \(reply.id) AND kind = 'message'")
    }
    let bare = Timeline.text(of: ["message": "\(message)"])
    try db.run(
      """
      UPDATE timeline_event SET payload = \(bare)
      WHERE kind = 'question_pinned' AND id IN (SELECT id FROM chat_pin WHERE message_id = \(message))
      """)
    try unpinQuestion(message, of: show, mediaTime: mediaTime, on: occasion, in: db)
  }
}
