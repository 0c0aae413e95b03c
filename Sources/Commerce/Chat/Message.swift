public import Store

/// What somebody said in a show.
public struct Message: Sendable, Equatable, Codable {
  public let id: ID<Message>
  public let show: ID<Show>
  /// Nil for a guest.
  public let account: ID<Account>?
  public let name: String
  /// Empty once removed.
  public let text: String
  public let role: Speaker
  public let at: Moment
  /// Whether it waits for a moderator, and nobody has read it yet.
  public let isHeld: Bool
  /// Nil for what is no question.
  public let question: Question?
  /// The message it answers; forgotten with that.
  public let replyTo: ID<Message>?

  /// Whether it reserved something.
  public let isClaim: Bool

  /// As whom: a role on the show's channel, a viewer with an account, or a guest.
  public enum Speaker: String, Sendable, Codable, ValueConvertible {
    case owner, host, moderator, viewer, guest

    /// Whether they speak for the channel: none of the chat's rules is for them.
    var isStaff: Bool { [.owner, .host, .moderator].contains(self) }
  }

  /// What became of a question.
  public enum Question: String, Sendable, Codable, CaseIterable, ValueConvertible { case open, answered }

  init(
    id: ID<Message>, show: ID<Show>, account: ID<Account>?, name: String, text: String, role: Speaker, at: Moment,
    isHeld: Bool = false, question: Question? = nil, replyTo: ID<Message>? = nil, isClaim: Bool = false
  ) {
    self.id = id
    self.show = show
    self.account = account
    self.name = name
    self.text = text
    self.role = role
    self.at = at
    self.isHeld = isHeld
    self.question = question
    self.replyTo = replyTo
    self.isClaim = isClaim
  }

  init(row: Row, isHeld: Bool = false) throws {
    self.isHeld = isHeld
    id = try row.get("id")
    show = try row.get("show_id")
    account = try row.get("account_id")
    name = try row.get("name")
    text = try row.get("body")
    role = try row.get("role")
    at = try row.get("created_ms")
    replyTo = try row.get("reply_to")
    isClaim = try isHeld ? false : row.get("is_claim")
    question = try isHeld ? (row.get("is_question", as: Bool.self) ? .open : nil) : row.get("question")
  }

  /// The same, for a moderator to look at first.
  var held: Message {
    Message(
      id: id, show: show, account: account, name: name, text: text, role: role, at: at, isHeld: true,
      question: question, replyTo: replyTo)
  }

  /// The same, which reserves something.
  var claiming: Message {
    Message(
      id: id, show: show, account: account, name: name, text: text, role: role, at: at, question: question,
      replyTo: replyTo, isClaim: true)
  }
}

extension Message {
  /// Characters of a message that a reply to it shows.
  private static let quoteCharactersMax = 80

  /// What a reply shows of the message that it answers.
  var quote: [String: String] {
    let short = String(text.prefix(Self.quoteCharactersMax))
    return ["replyTo": "\(id)", "quoteName": name, "quoteText": short.count < text.count ? short + "…" : short]
  }

  /// What viewers are told; `quote` of the message it answers.
  func payload(quoting quote: [String: String] = [:]) -> [String: String] {
    var told = ["id": id.description, "name": name, "text": text, "role": role.rawValue]
    told["question"] = question?.rawValue
    if isClaim { told["claimed"] = "yes" }
    return told.merging(quote) { $1 }
  }

  /// Tells those who come from now on of the message as it is now. Its place in the timeline stays, or the numbers would
  /// have a gap.
  func retell(in db: any Connection) throws {
    let quoted = try replyTo.flatMap { try Message.find($0, in: show, db) }
    let text = Timeline.text(of: payload(quoting: quoted?.quote ?? [:]))
    try db.run("UPDATE timeline_event SET payload = \(text) WHERE id = \(id) AND kind = 'message'")
  }

  /// A message that everybody may read; nil for one that was removed.
  static func find(_ id: ID<Message>, in show: ID<Show>, _ db: any Connection) throws -> Message? {
    try db.row("SELECT * FROM message WHERE id = \(id) AND show_id = \(show) AND removed_ms IS NULL")
      .map { try Message(row: $0) }
  }
}
