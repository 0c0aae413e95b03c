public import Store

/// A mute or a ban: somebody who may watch a channel's shows and not speak in them.
public struct ChatRestriction: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable, ValueConvertible { case mute, ban }

  public let id: ID<ChatRestriction>
  public let channel: ID<Channel>
  /// Where the message was that it was for.
  public let show: ID<Show>
  public let kind: Kind
  /// What they were called.
  public let name: String
  /// False for a guest.
  public let isAccount: Bool
  public let reason: ChatReason
  /// The moderator's own words.
  public let note: String
  /// Nil for a ban.
  public let until: Moment?
  public let createdAt: Moment
  public let lifted: Moment?

  init(row: Row) throws {
    id = try row.get("id")
    channel = try row.get("channel_id")
    show = try row.get("show_id")
    kind = try row.get("kind")
    name = try row.get("name")
    isAccount = try row.get("account_id", as: ID<Account>?.self) != nil
    reason = try row.get("reason")
    note = try row.get("note")
    until = try row.get("until_ms")
    createdAt = try row.get("created_ms")
    lifted = try row.get("lifted_ms")
  }

  public func isInForce(at now: Moment) -> Bool { lifted == nil && (until.map { $0 > now } ?? true) }
}

/// Why something is done about a message, or reported.
public enum ChatReason: String, Sendable, Codable, CaseIterable, ValueConvertible {
  case spam, abuse, hate, scam, privacy
  case offTopic = "off_topic"
  case other
}

/// Something that moderators did.
public struct ChatAction: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case remove, mute, ban, lift, approve, refuse, settle, mode
    case addWord = "add_word"
    case removeWord = "remove_word"
  }

  public let id: ID<ChatAction>
  public let kind: Kind
  public let show: ID<Show>?
  /// Who did it, as they are called now.
  public let by: String
  /// Whom it was about, as they were called; empty where it was about nobody.
  public let target: String
  /// Nil where none is asked for.
  public let reason: ChatReason?
  public let note: String
  /// A mute's minutes, a word of the list, or how the chat was run from then on.
  public let detail: String
  public let restriction: ID<ChatRestriction>?
  /// Whether the mute or ban it made can still be lifted.
  public let isInForce: Bool
  public let at: Moment

  static let columns: SQL = """
    chat_action.id, chat_action.kind, chat_action.show_id, chat_action.target, chat_action.reason, chat_action.note,
    chat_action.detail, chat_action.restriction_id, chat_action.created_ms, account.name AS by_name,
    chat_restriction.until_ms, chat_restriction.lifted_ms
    """

  init(row: Row, at now: Moment) throws {
    id = try row.get("id")
    kind = try row.get("kind")
    show = try row.get("show_id")
    by = try row.get("by_name")
    target = try row.get("target")
    reason = ChatReason(rawValue: try row.get("reason"))
    note = try row.get("note")
    detail = try row.get("detail")
    restriction = try row.get("restriction_id")
    at = try row.get("created_ms")
    let until: Moment? = try row.get("until_ms")
    isInForce =
      try [.mute, .ban].contains(kind) && row.get("lifted_ms", as: Moment?.self) == nil
      && (until.map { $0 > now } ?? true)
  }
}

/// A message that viewers reported.
public struct ReportedMessage: Sendable, Equatable {
  public let message: Message
  public let reports: Int64
  /// What most of them said.
  public let reason: ChatReason
}

/// What was said and waits for a moderator.
public struct HeldMessage: Sendable, Equatable {
  public let message: Message
  /// The word it was held for.
  public let word: String

  init(row: Row) throws {
    message = try Message(row: row, isHeld: true)
    word = try row.get("word")
  }
}

/// A word, or a few in a row, that a channel does not want in its chats.
public struct ChatWord: Sendable, Equatable {
  public enum Action: String, Sendable, Codable, CaseIterable, ValueConvertible {
    /// It is not said, and who wanted to say it is told so.
    case hide
    /// A moderator looks at it first.
    case hold
  }

  public let id: ID<ChatWord>
  /// As it was typed.
  public let word: String
  public let action: Action

  init(row: Row) throws {
    id = try row.get("id")
    word = try row.get("word")
    action = try row.get("action")
  }
}

/// How a show's chat is run.
public struct ChatMode: Sendable, Equatable {
  /// Who may speak, beside the channel's own people.
  public enum Audience: String, Sendable, Codable, CaseIterable, ValueConvertible { case everyone, followers, buyers }

  /// Between two messages of one viewer, 3 to 300; 0 for no pause.
  public let slowSeconds: Int64
  public let audience: Audience
  public let allowsLinks: Bool

  public static let open = ChatMode()

  public init(slowSeconds: Int64 = 0, audience: Audience = .everyone, allowsLinks: Bool = false) {
    self.slowSeconds = slowSeconds
    self.audience = audience
    self.allowsLinks = allowsLinks
  }

  static func find(_ show: ID<Show>, in db: any Connection) throws -> ChatMode {
    guard let row = try db.row("SELECT * FROM chat_mode WHERE show_id = \(show)") else { return .open }
    return ChatMode(
      slowSeconds: try row.get("slow_seconds"), audience: try row.get("audience"),
      allowsLinks: try row.get("allows_links"))
  }
}
