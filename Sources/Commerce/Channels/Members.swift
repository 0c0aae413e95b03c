import Store

extension Commerce {
  /// Gives a person with an account a role on the channel, or another role than they had. Only for owners. What they
  /// may not feed any more by that has to be cut.
  ///
  /// Throws `ChannelRefusal.noSuchPerson`, `.tooManyMembers`, `.lastOwner`.
  @discardableResult
  public func addMember(
    by caller: Caller, channel: ID<Channel>, email: String, role: Role
  ) async throws -> (member: Member, cut: StreamCut) {
    let email = try policy.email(email)
    return try await database.write { [clock, policy] db in
      try Membership.require(.everything, of: channel, by: caller, in: db)
      guard let row = try db.row("SELECT id FROM account WHERE email = \(email)") else {
        throw ChannelRefusal.noSuchPerson
      }
      let account: ID<Account> = try row.get("id")
      let members = try Self.members(of: channel, in: db)
      if let member = members.first(where: { $0.account == account }) {
        if member.role == role { return (member, StreamCut(account: account)) }
        try Self.requireOwner(among: members, without: role == .owner ? nil : account)
      } else if members.count >= policy.membersPerChannelMax {
        throw ChannelRefusal.tooManyMembers(limit: policy.membersPerChannelMax)
      }
      try db.run(
        """
        INSERT INTO member (channel_id, account_id, role, created_ms)
        VALUES (\(channel), \(account), \(role), \(clock.now))
        ON CONFLICT (channel_id, account_id) DO UPDATE SET role = \(role)
        """)
      guard let member = try Self.members(of: channel, in: db).first(where: { $0.account == account }) else {
        throw MissingRow()
      }
      return (member, try StreamCut.make(account, of: channel, role: role, in: db))
    }
  }

  /// The channel's members, first come first; there are at most `Policy.membersPerChannelMax`. For members.
  public func members(of channel: ID<Channel>, by caller: Caller) async throws -> [Member] {
    try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      return try Self.members(of: channel, in: db)
    }
  }

  /// Takes somebody's role away. For owners, and for oneself. Who is no member already is left alone. What they may not
  /// feed any more has to be cut.
  @discardableResult
  public func removeMember(
    by caller: Caller, channel: ID<Channel>, account: ID<Account>
  ) async throws -> StreamCut {
    try await database.write { db in
      try Membership.require(caller.account == account ? .look : .everything, of: channel, by: caller, in: db)
      try Self.requireOwner(among: Self.members(of: channel, in: db), without: account)
      try db.run("DELETE FROM member WHERE channel_id = \(channel) AND account_id = \(account)")
      return try StreamCut.make(account, of: channel, role: nil, in: db)
    }
  }

  private static func requireOwner(among members: [Member], without account: ID<Account>?) throws {
    guard members.contains(where: { $0.role == .owner && $0.account != account }) else {
      throw ChannelRefusal.lastOwner
    }
  }

  private static func members(of channel: ID<Channel>, in db: any Connection) throws -> [Member] {
    try db.rows(
      """
      SELECT account.id, account.email, account.name, member.role, member.created_ms AS member_ms
      FROM member JOIN account ON account.id = member.account_id
      WHERE member.channel_id = \(channel) ORDER BY member.created_ms, account.id
      """
    ).map(Member.init)
  }
}
