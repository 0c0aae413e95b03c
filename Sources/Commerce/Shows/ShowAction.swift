public import Store

/// Something that one of those who run a show did in it: the others see it at once, on whatever device they have at hand
/// (docs/decisions/0052).
public struct ShowAction: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable, ValueConvertible {
    case showStarted = "show_started"
    case showEnded = "show_ended"
    case runChanged = "run_changed"
    case pinned, unpinned
    case dealOpened = "deal_opened"
    case dealEnded = "deal_ended"
    case couponShown = "coupon_shown"
    case couponHidden = "coupon_hidden"
    case giveawayOpened = "giveaway_opened"
    case giveawayClosed = "giveaway_closed"
    case giveawayDrawn = "giveaway_drawn"
    case auctionOpened = "auction_opened"
    case auctionCancelled = "auction_cancelled"
    case pollOpened = "poll_opened"
    case pollClosed = "poll_closed"
    case pollRemoved = "poll_removed"
    case bannerShown = "banner_shown"
    case bannerHidden = "banner_hidden"
    case claimOpened = "claim_opened"
    case claimClosed = "claim_closed"
    case questionPinned = "question_pinned"
    case questionUnpinned = "question_unpinned"
    case questionAnswered = "question_answered"
    case questionReopened = "question_reopened"
    // What the chat's log has of it.
    case messageRemoved = "message_removed"
    case muted, banned, lifted
    case messageApproved = "message_approved"
    case messageRefused = "message_refused"
    case reportSettled = "report_settled"
    case chatChanged = "chat_changed"

    init?(_ event: TimelineEvent.Kind) {
      // Those that people do, and not the house or a buyer, and that the chat's log does not have.
      switch event {
      case .message, .messageRemoved, .soldOut, .backInStock, .auctionEnded, .auctionSold, .auctionUnsold: return nil
      default: self.init(rawValue: event.rawValue)
      }
    }

    fileprivate init?(_ chat: ChatAction.Kind) {
      switch chat {
      case .remove: self = .messageRemoved
      case .mute: self = .muted
      case .ban: self = .banned
      case .lift: self = .lifted
      case .approve: self = .messageApproved
      case .refuse: self = .messageRefused
      case .settle: self = .reportSettled
      case .mode: self = .chatChanged
      case .addWord, .removeWord: return nil
      }
    }
  }

  public let id: ID<ShowAction>
  public let kind: Kind
  public let at: Moment
  /// Who did it, as they are called now.
  public let by: String
  /// Nil for who is no member any more.
  public let role: Role?
  /// What, or whom, it was about, in words: a product's title, a poll's question. Empty where it is about nothing, or that
  /// is gone.
  public let subject: String

  /// Notes what a member did. What the house does by itself, and a viewer who buys or speaks, are none of it.
  static func note(
    _ kind: Kind, in show: ID<Show>, about subject: [UInt8]? = nil, on occasion: Occasion, _ db: any Connection
  ) throws {
    guard let account = occasion.by else { return }
    let id = ID<ShowAction>(at: occasion.at, entropy: occasion.entropy)
    let noted = try db.run(
      """
      INSERT INTO show_action (id, show_id, account_id, kind, subject_id, at_ms)
      SELECT \(id), \(show), \(account), \(kind), \(subject), \(occasion.at) FROM member
      JOIN show ON show.channel_id = member.channel_id
      WHERE show.id = \(show) AND member.account_id = \(account)
      """)
    if noted > 0 { try Outbox.announce(.crew(show), in: db) }
  }

  /// Of a timeline's event.
  static func note(
    _ event: TimelineEvent.Kind, _ payload: [String: String], in show: ID<Show>, on occasion: Occasion,
    _ db: any Connection
  ) throws {
    // Deals end by themselves too: with their last unit, or their time.
    guard let kind = Kind(event), occasion.by != nil, occasion.order == nil,
      event != .dealEnded || payload["why"] == Deal.End.host.rawValue
    else { return }
    let subject = subjects.lazy.compactMap { payload[$0] }.first.flatMap { ID<Product>($0)?.bytes }
    try note(kind, in: show, about: subject, on: occasion, db)
  }

  /// Which member of a payload says what it is about, the most telling first.
  private static let subjects = ["product", "coupon", "giveaway", "auction", "poll", "banner", "claimWord", "message"]

  fileprivate init(row: Row) throws {
    id = try row.get("id")
    kind = try row.get("kind")
    at = try row.get("at_ms")
    by = try row.get("by_name")
    role = try row.get("role")
    subject = try row.get("subject", as: String?.self) ?? ""
  }

  fileprivate init?(chat row: Row) throws {
    guard let kind = Kind(try row.get("kind", as: ChatAction.Kind.self)) else { return nil }
    self.kind = kind
    id = try row.get("id")
    at = try row.get("at_ms")
    by = try row.get("by_name")
    role = try row.get("role")
    subject = try row.get("subject")
  }
}

/// One of those who run a show, as the others see them.
public struct CrewMember: Sendable, Equatable {
  public let account: ID<Account>
  public let name: String
  public let role: Role
}

extension Commerce {
  /// What was done in a show by those who run it, the last first, 1 to 100 of it. For the channel's members.
  ///
  /// Throws `GeneralRefusal.notFound` for everybody else.
  public func showActions(of id: ID<Show>, by caller: Caller, limit: Int = 20) async throws -> [ShowAction] {
    try policy.check(limit: limit)
    return try await database.read { db in
      let show = try Show.require(id, in: db)
      try Membership.require(.look, of: show.channel, by: caller, "show", in: db)
      return try actions(of: show, limit: limit, in: db)
    }
  }

  /// The same, for the room, which tells its members.
  public func showActionsForRoom(_ id: ID<Show>, limit: Int = 20) async throws -> [ShowAction] {
    try await database.read { db in try actions(of: Show.require(id, in: db), limit: limit, in: db) }
  }

  /// Those of these accounts that are members of the show's channel.
  public func crew(of id: ID<Show>, _ accounts: [ID<Account>]) async throws -> [CrewMember] {
    try await database.read { db in
      try db.rows(
        """
        SELECT account.id, account.name, member.role FROM member
        JOIN show ON show.channel_id = member.channel_id
        JOIN account ON account.id = member.account_id
        WHERE show.id = \(id) AND account.id IN \(list: accounts) ORDER BY member.created_ms, account.id
        """
      ).map { CrewMember(account: try $0.get("id"), name: try $0.get("name"), role: try $0.get("role")) }
    }
  }

  private func actions(of show: Show, limit: Int, in db: any Connection) throws -> [ShowAction] {
    let ofShow = try db.rows(
      """
      SELECT show_action.id, show_action.kind, show_action.at_ms, account.name AS by_name, member.role AS role,
        COALESCE(product.title, coupon.code, giveaway.prize, auction.title, poll.question, banner.text, claim_word.word,
          message.name) AS subject
      FROM show_action
      JOIN account ON account.id = show_action.account_id
      LEFT JOIN member ON member.channel_id = \(show.channel) AND member.account_id = show_action.account_id
      LEFT JOIN product ON product.id = show_action.subject_id
      LEFT JOIN coupon ON coupon.id = show_action.subject_id
      LEFT JOIN giveaway ON giveaway.id = show_action.subject_id
      LEFT JOIN auction ON auction.id = show_action.subject_id
      LEFT JOIN poll ON poll.id = show_action.subject_id
      LEFT JOIN banner ON banner.id = show_action.subject_id
      LEFT JOIN claim_word ON claim_word.id = show_action.subject_id
      LEFT JOIN message ON message.id = show_action.subject_id
      WHERE show_action.show_id = \(show.id)
      ORDER BY show_action.at_ms DESC, show_action.id DESC LIMIT \(limit)
      """
    ).map(ShowAction.init(row:))
    let ofChat = try db.rows(
      """
      SELECT chat_action.id, chat_action.kind, chat_action.created_ms AS at_ms, account.name AS by_name,
        member.role AS role, chat_action.target AS subject
      FROM chat_action
      JOIN account ON account.id = chat_action.account_id
      LEFT JOIN member ON member.channel_id = chat_action.channel_id AND member.account_id = chat_action.account_id
      WHERE chat_action.channel_id = \(show.channel) AND chat_action.show_id = \(show.id)
      ORDER BY chat_action.created_ms DESC, chat_action.id DESC LIMIT \(limit)
      """
    ).compactMap(ShowAction.init(chat:))
    let all = (ofShow + ofChat).sorted { ($1.at, $1.id) < ($0.at, $0.id) }
    return Array(all.prefix(limit))
  }
}
