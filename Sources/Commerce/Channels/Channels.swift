import Store

extension Commerce {
  /// A channel by its handle, as `caller` sees it: one that is not approved is seen by its members and the operator.
  ///
  /// Throws `GeneralRefusal.notFound`.
  public func channel(handle: String, by caller: Caller = .nobody) async throws -> Channel {
    guard Handle.isWellFormed(handle, policy: policy) else { throw GeneralRefusal.notFound("channel") }
    return try await database.read { db in
      try visible(
        db.row("SELECT \(Channel.columns) FROM channel WHERE handle = \(handle)").map(Channel.init), to: caller, in: db)
    }
  }

  /// A channel by its id; seen and refused as by its handle.
  public func channel(_ id: ID<Channel>, by caller: Caller = .nobody) async throws -> Channel {
    try await database.read { db in try visible(Channel.find(id, in: db), to: caller, in: db) }
  }

  /// The channels the caller is a member of, by name; there are at most `Policy.channelsPerAccountMax` they made, and
  /// those they were added to.
  public func channels(by caller: Caller) async throws -> [(Channel, Role)] {
    try await database.read { db in
      let account = try caller.requireAccount()
      return try db.rows(
        """
        SELECT \(Channel.columns), member.role FROM member JOIN channel ON channel.id = member.channel_id
        WHERE member.account_id = \(account) ORDER BY channel.handle LIMIT 1000
        """
      ).map { (try Channel(row: $0), try $0.get("role")) }
    }
  }

  /// The channels in a state, newest first. Everybody may see the approved ones, the others only the operator.
  public func channels(
    state: ChannelState = .approved, by caller: Caller = .nobody, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<Channel> {
    try policy.check(limit: limit)
    return try await database.read { db in
      if state != .approved { try caller.requireOperator(in: db) }
      let before: SQL =
        cursor.map { "AND (created_ms < \($0.key) OR (created_ms = \($0.key) AND id < \($0.id)))" } ?? ""
      let found = try db.rows(
        """
        SELECT \(Channel.columns) FROM channel WHERE state = \(state) \(before)
        ORDER BY created_ms DESC, id DESC LIMIT \(limit + 1)
        """
      ).map(Channel.init)
      return Page(found, limit: limit) { Cursor($0.createdAt.milliseconds, $0.id) }
    }
  }

  /// A channel's shows that are on air or that an encoder may feed already, whatever state the channel is in: for the
  /// operator, who takes them off.
  public func openShows(of channel: ID<Channel>, by caller: Caller) async throws -> [ID<Show>] {
    try await database.read { db in
      try caller.requireOperator(in: db)
      return try db.rows("SELECT id FROM show WHERE channel_id = \(channel) AND state <> 'ended'").map {
        try $0.get("id")
      }
    }
  }

  /// Throws `notFound` unless the caller may know of it.
  func visible(_ channel: Channel?, to caller: Caller, in db: any Connection) throws -> Channel {
    guard let channel else { throw GeneralRefusal.notFound("channel") }
    if channel.state == .approved { return channel }
    if try Membership.role(of: caller, in: channel.id, in: db) != nil { return channel }
    if let account = caller.account, try Account.find(account, in: db)?.isOperator == true { return channel }
    throw GeneralRefusal.notFound("channel")
  }
}
