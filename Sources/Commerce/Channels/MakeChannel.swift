import Store

extension Commerce {
  /// Makes a channel with the caller as its owner. How it gets into its home market is that market's policy: at once, by
  /// an operator's decision, or with an invitation, which lets it in everywhere it is for. It begins in the first tier,
  /// or that of the invitation. The operator's own is in at once, and has no limit.
  ///
  /// Throws `GeneralRefusal.invalid`, `ChannelRefusal.handleTaken`, `.tooManyChannels`, `AdmissionRefusal`, and `IDTaken`.
  public func makeChannel(_ id: ID<Channel>, by caller: Caller, _ draft: ChannelDraft) async throws -> Channel {
    let fingerprint = try MadeHash.of(draft, by: caller)
    let invitation = try Invitation.secret(draft.invitation)
    let draft = try draft.checked(policy)
    return try await writeAndTell { [clock, policy] db in
      let account = try caller.requireAccount()
      if let row = try db.row("SELECT \(Channel.columns), made_hash FROM channel WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "channel") }
        return try Channel(row: row)
      }
      try switches.require(.channels)
      try policy.checkNew(id, at: clock.now)
      let market = try Market.require(draft.market, in: db)
      let count = try db.requireRow("SELECT COUNT(*) AS channels FROM member WHERE account_id = \(account)")
      guard try count.get("channels", as: Int.self) < policy.channelsPerAccountMax else {
        throw ChannelRefusal.tooManyChannels(limit: policy.channelsPerAccountMax)
      }
      let now = clock.now
      let isOperator = try Account.find(account, in: db)?.isOperator == true
      let invited = try invitation.flatMap { try Invitation.find($0, in: db)?.tier }
      let level = isOperator ? ChannelTier.levels.upperBound : invited ?? ChannelTier.levels.lowerBound
      let made = try db.run(
        """
        INSERT INTO channel (id, handle, name, about, market, state, made_hash, created_ms, tier, daily_orders_max,
          language)
        SELECT \(id), \(draft.handle), \(draft.name), \(draft.about), \(draft.market), 'applied', \(fingerprint),
          CAST(\(now) AS BIGINT), level, daily_orders_max, \(draft.language)
        FROM tier WHERE level = \(level)
        ON CONFLICT DO NOTHING
        """)
      guard made == 1 else { throw ChannelRefusal.handleTaken }
      try db.run(
        """
        INSERT INTO member (channel_id, account_id, role, created_ms)
        VALUES (\(id), \(account), \(Role.owner), \(now))
        """)
      let gate = gate(id, market.code, by: account)
      if isOperator {
        try gate.approve(.ownChannel, writes: false, in: db)
      } else {
        try gate.enter(market, draft.application, invitation: invitation, policy: policy, in: db)
      }
      return try Channel(row: db.requireRow("SELECT \(Channel.columns) FROM channel WHERE id = \(id)"))
    }
  }

  /// Changes what the change names of what the channel says of itself. Only for its owners.
  ///
  /// - Parameter seen: what the change was made from. Throws `ChangedMeanwhile` when the channel is another by now.
  public func changeChannel(
    _ id: ID<Channel>, by caller: Caller, _ change: ChannelChange, seen: Revision? = nil
  ) async throws -> Channel {
    try await database.write { [policy] db in
      try Membership.require(.everything, of: id, by: caller, in: db)
      guard let channel = try Channel.find(id, in: db) else { throw GeneralRefusal.notFound("channel") }
      try channel.revision.require(seen, "channel")
      let draft = try change.draft(of: channel).checked(policy)
      try draft.requireMarket(in: db)
      let taken = try db.row("SELECT id FROM channel WHERE handle = \(draft.handle) AND id <> \(id)")
      guard taken == nil else { throw ChannelRefusal.handleTaken }
      try db.run(
        """
        UPDATE channel SET handle = \(draft.handle), name = \(draft.name), about = \(draft.about),
          market = \(draft.market)
        WHERE id = \(id)
        """)
      if draft.name != channel.name {
        // A seller's things are found by the seller's name too.
        try db.run("UPDATE product SET indexed = 0 WHERE channel_id = \(id)")
        try db.run("UPDATE show SET indexed = 0 WHERE channel_id = \(id)")
      }
      return try Channel(row: db.requireRow("SELECT \(Channel.columns) FROM channel WHERE id = \(id)"))
    }
  }
}

extension ChannelDraft {
  fileprivate func checked(_ policy: Policy) throws -> ChannelDraft {
    try Handle.check(handle, policy: policy)
    return ChannelDraft(
      handle: handle, name: try policy.text(name, "name", max: policy.nameCharactersMax),
      about: try policy.text(about, "about", max: policy.aboutCharactersMax, required: false, lines: true),
      market: market, application: try application.checked(isNeeded: false, policy), invitation: invitation,
      language: String(language.prefix(35)))
  }

  fileprivate func requireMarket(in db: any Connection) throws {
    guard try Market.find(market, in: db) != nil else {
      throw GeneralRefusal.invalid(field: "market", why: "must be the code of a market of this installation")
    }
  }
}
