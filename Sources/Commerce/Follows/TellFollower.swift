import Store

/// Whether a follower is told that a show of the channel is on air, and where.
public struct LiveNotices: Sendable, Equatable {
  public var mail: Bool
  public var push: Bool
  /// Whether a mail asks first, because whoever reads that address has not said yes yet.
  public let isMailed: Bool

  public init(mail: Bool, push: Bool, isMailed: Bool = false) {
    self.mail = mail
    self.push = push
    self.isMailed = isMailed
  }
}

extension Commerce {
  /// How the caller is told that shows of a channel are on air; not at all where they do not follow it.
  public func liveNotices(of channel: ID<Channel>, by caller: Caller) async throws -> LiveNotices {
    try await database.read { db in
      try Self.liveNotices(of: channel, to: caller.requireAccount(), in: db)
    }
  }

  /// Tells the caller from now on that shows of a channel they follow are on air, or does so no longer.
  ///
  /// Throws `GeneralRefusal.signInNeeded`, `FollowRefusal.notFollowed`.
  @discardableResult
  public func setLiveNotices(
    of channel: ID<Channel>, by caller: Caller, mail: Bool, push: Bool, language: String
  ) async throws -> LiveNotices {
    try Self.check(language: language)
    let fresh = makeID(Recipient.self)
    return try await database.write { [clock] db in
      let account = try caller.requireAccount()
      let changed = try db.run(
        """
        UPDATE follow SET mail_live = \(mail), push_live = \(push)
        WHERE channel_id = \(channel) AND account_id = \(account)
        """)
      guard changed == 1 else { throw FollowRefusal.notFollowed }
      if mail, let person = try Account.find(account, in: db), let channel = try Channel.find(channel, in: db) {
        let recipient = try Recipient.ofMail(
          to: person, language: language, or: fresh, at: clock.now, in: db)
        if recipient.confirmed == nil, try mayAsk(recipient, at: clock.now, in: db) {
          try Mail.queue(.followConfirm, of: channel, to: recipient, at: clock.now, in: db)
        }
      }
      return try Self.liveNotices(of: channel, to: account, in: db)
    }
  }

  /// The channels that the caller follows and is told of, the last followed first, at most `Policy.pageLimitMax`.
  public func toldChannels(by caller: Caller) async throws -> [(channel: Channel, notices: LiveNotices)] {
    try await database.read { [policy] db in
      let account = try caller.requireAccount()
      return try db.rows(
        """
        SELECT \(Channel.columns), follow.mail_live, follow.push_live
        FROM follow JOIN channel ON channel.id = follow.channel_id
        WHERE follow.account_id = \(account) AND (follow.mail_live = 1 OR follow.push_live = 1)
        ORDER BY follow.since_ms DESC, follow.channel_id DESC LIMIT \(policy.pageLimitMax)
        """
      ).map { row in
        (try Channel(row: row), LiveNotices(mail: try row.get("mail_live"), push: try row.get("push_live")))
      }
    }
  }

  private static func liveNotices(
    of channel: ID<Channel>, to account: ID<Account>, in db: any Connection
  ) throws -> LiveNotices {
    guard
      let row = try db.row(
        "SELECT mail_live, push_live FROM follow WHERE channel_id = \(channel) AND account_id = \(account)")
    else { return LiveNotices(mail: false, push: false) }
    let mail: Bool = try row.get("mail_live")
    let isConfirmed =
      try db.row(
        """
        SELECT 1 FROM recipient WHERE account_id = \(account) AND way = 'mail' AND confirmed_ms IS NOT NULL
        """) != nil
    return LiveNotices(mail: mail, push: try row.get("push_live"), isMailed: mail && !isConfirmed)
  }
}
