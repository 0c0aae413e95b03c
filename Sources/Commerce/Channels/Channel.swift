public import Store

/// A seller's presence: a brand or a creator.
public struct Channel: Sendable, Equatable, Codable {
  public let id: ID<Channel>
  /// Unique, `[a-z0-9-]{3,30}`, in the address of its page.
  public let handle: String
  public let name: String
  public let about: String
  /// The code of its home market.
  public let market: String
  public let state: ChannelState
  public let createdAt: Moment

  static let columns: SQL = """
    channel.id, channel.handle, channel.name, channel.about, channel.market, channel.state, channel.created_ms
    """

  init(row: Row) throws {
    id = try row.get("id")
    handle = try row.get("handle")
    name = try row.get("name")
    about = try row.get("about")
    market = try row.get("market")
    state = try row.get("state")
    createdAt = try row.get("created_ms")
  }

  static func find(_ id: ID<Channel>, in db: any Connection) throws -> Channel? {
    try db.row("SELECT \(columns) FROM channel WHERE id = \(id)").map(Channel.init)
  }
}

/// `applied → approved → suspended`, or `rejected`. Only an approved channel is seen by others.
public enum ChannelState: String, Sendable, Codable, CaseIterable, ValueConvertible {
  case applied, approved, suspended, rejected

  /// What the operator may make of it.
  public var turns: [ChannelState] {
    switch self {
    case .applied: [.approved, .rejected]
    case .approved: [.suspended]
    case .suspended, .rejected: [.approved]
    }
  }
}

/// What a channel is made from, and changed to.
public struct ChannelDraft: Sendable, Codable, Equatable {
  public var handle: String
  public var name: String
  public var about: String
  public var market: String
  /// For an operator, where one decides.
  public var application: ChannelApplication
  /// What an invitation's link has in it.
  public var invitation: String?
  /// In which its owners are written to; empty for that of its market.
  public var language: String

  public init(
    handle: String, name: String, about: String = "", market: String,
    application: ChannelApplication = ChannelApplication(), invitation: String? = nil, language: String = ""
  ) {
    self.handle = handle
    self.name = name
    self.about = about
    self.market = market
    self.application = application
    self.invitation = invitation
    self.language = language
  }
}

/// What of a channel is to be another; nil stays as it is.
public struct ChannelChange: Sendable, Equatable {
  public var handle: String?
  public var name: String?
  public var about: String?
  public var market: String?

  public init(handle: String? = nil, name: String? = nil, about: String? = nil, market: String? = nil) {
    self.handle = handle
    self.name = name
    self.about = about
    self.market = market
  }

  func draft(of channel: Channel) -> ChannelDraft {
    ChannelDraft(
      handle: handle ?? channel.handle, name: name ?? channel.name, about: about ?? channel.about,
      market: market ?? channel.market)
  }
}

/// What someone may do in a channel.
public enum Role: String, Sendable, Codable, CaseIterable, ValueConvertible {
  case owner, host, moderator, fulfilment

  /// Whether what the channel's shows have sold is told to them.
  public var seesSales: Bool { may(.sales) }

  /// The owner may all.
  func may(_ permission: Permission) -> Bool {
    switch (self, permission) {
    case (.owner, _), (_, .look), (.host, .shows), (.host, .chat), (.moderator, .chat), (.fulfilment, .orders),
      (.host, .sales), (.fulfilment, .sales):
      true
    default: false
    }
  }
}

/// What a verb needs of its caller.
enum Permission {
  /// To see what is private to the channel.
  case look
  /// The channel itself, its members, its products and prices.
  case everything
  case shows, chat, orders
  /// To see what was sold for how much.
  case sales

  var need: String {
    switch self {
    case .look: "a member of the channel"
    case .everything: "an owner of the channel"
    case .shows: "an owner or host of the channel"
    case .chat: "an owner, host or moderator of the channel"
    case .orders: "an owner or fulfilment member of the channel"
    case .sales: "an owner, host or fulfilment member of the channel"
    }
  }
}

/// A person's role on a channel.
public struct Member: Sendable, Equatable, Codable {
  public let account: ID<Account>
  public let email: String
  public let name: String
  public let role: Role
  public let createdAt: Moment

  init(row: Row) throws {
    account = try row.get("id")
    email = try row.get("email")
    name = try row.get("name")
    role = try row.get("role")
    createdAt = try row.get("member_ms")
  }
}

enum Membership {
  /// The caller's role, or nil.
  static func role(of caller: Caller, in channel: ID<Channel>, in db: any Connection) throws -> Role? {
    guard let account = caller.account else { return nil }
    return try db.row(
      "SELECT role FROM member WHERE channel_id = \(channel) AND account_id = \(account)"
    )?.get("role")
  }

  /// Throws unless the caller may do this in the channel. To someone who is no member it says that there is no such
  /// thing (`what`), so that ids cannot be tried out.
  @discardableResult
  static func require(
    _ permission: Permission, of channel: ID<Channel>, by caller: Caller, _ what: String = "channel",
    in db: any Connection
  ) throws -> ID<Account> {
    let account = try caller.requireAccount()
    guard let role = try role(of: caller, in: channel, in: db) else { throw GeneralRefusal.notFound(what) }
    guard role.may(permission) else { throw GeneralRefusal.notAllowed(need: permission.need) }
    return account
  }
}
