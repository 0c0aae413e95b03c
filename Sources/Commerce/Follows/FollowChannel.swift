import Store

extension Commerce {
  /// Follows a channel from now on. Followed already, nothing happens.
  ///
  /// Throws `GeneralRefusal.signInNeeded`, `.notFound`, `ChannelRefusal.notApproved` to those who see a channel that
  /// nobody else does, and `FollowRefusal.tooMany` beyond `Policy.followsPerAccountMax`.
  @discardableResult
  public func follow(_ id: ID<Channel>, by caller: Caller) async throws -> Following {
    try await database.write { [clock, policy] db in
      let account = try caller.requireAccount()
      let channel = try visible(Channel.find(id, in: db), to: caller, in: db)
      let known = try db.row("SELECT 1 FROM follow WHERE channel_id = \(id) AND account_id = \(account)")
      if known == nil {
        guard channel.state == .approved else { throw ChannelRefusal.notApproved }
        let follows: Int64 = try db.requireRow(
          "SELECT COUNT(*) AS follows FROM follow WHERE account_id = \(account)"
        ).get("follows")
        guard follows < policy.followsPerAccountMax else {
          throw FollowRefusal.tooMany(limit: policy.followsPerAccountMax)
        }
        let made = try db.run(
          """
          INSERT INTO follow (channel_id, account_id, since_ms) VALUES (\(id), \(account), \(clock.now))
          ON CONFLICT DO NOTHING
          """)
        if made == 1 { try db.run("UPDATE channel SET followers = followers + 1 WHERE id = \(id)") }
      }
      return try following(id, by: caller, in: db)
    }
  }

  /// Follows a channel no longer, whatever its state. Who does not follow it is left alone.
  ///
  /// Throws `GeneralRefusal.signInNeeded`, and `.notFound` of what the caller neither follows nor sees.
  @discardableResult
  public func unfollow(_ id: ID<Channel>, by caller: Caller) async throws -> Following {
    try await database.write { db in
      let account = try caller.requireAccount()
      let ended = try db.run("DELETE FROM follow WHERE channel_id = \(id) AND account_id = \(account)")
      if ended == 1 {
        try db.run("UPDATE channel SET followers = followers - 1 WHERE id = \(id)")
      } else {
        _ = try visible(Channel.find(id, in: db), to: caller, in: db)
      }
      return try following(id, by: caller, in: db)
    }
  }

  /// The channels that the caller follows, the last first, also those that are suspended by now.
  public func follows(by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20) async throws -> Page<Follow> {
    try policy.check(limit: limit)
    return try await database.read { db in
      let account = try caller.requireAccount()
      let before: SQL =
        cursor.map {
          "AND (follow.since_ms < \($0.key) OR (follow.since_ms = \($0.key) AND follow.channel_id < \($0.id)))"
        } ?? ""
      let found = try db.rows(
        """
        SELECT \(Channel.columns), follow.since_ms FROM follow JOIN channel ON channel.id = follow.channel_id
        WHERE follow.account_id = \(account) \(before)
        ORDER BY follow.since_ms DESC, follow.channel_id DESC LIMIT \(limit + 1)
        """
      ).map { Follow(channel: try Channel(row: $0), since: try $0.get("since_ms")) }
      return Page(found, limit: limit) { Cursor($0.since.milliseconds, $0.channel.id) }
    }
  }

  /// How some channels are followed, that the caller has been shown.
  public func followings(of channels: [ID<Channel>], by caller: Caller) async throws -> [ID<Channel>: Following] {
    try await database.read { db in try Following.all(channels, by: caller, in: db) }
  }

  /// How a channel is followed. Throws `GeneralRefusal.notFound`.
  public func following(_ id: ID<Channel>, by caller: Caller) async throws -> Following {
    try await database.read { db in
      _ = try visible(Channel.find(id, in: db), to: caller, in: db)
      return try following(id, by: caller, in: db)
    }
  }

  private func following(_ id: ID<Channel>, by caller: Caller, in db: any Connection) throws -> Following {
    guard let following = try Following.all([id], by: caller, in: db)[id] else {
      throw GeneralRefusal.notFound("channel")
    }
    return following
  }
}
