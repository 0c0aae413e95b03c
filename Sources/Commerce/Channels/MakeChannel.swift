import Store

extension Commerce {
  /// Makes a channel with the caller as its owner: approved at once where admission is open, else for an operator to
  /// decide.
  ///
  /// Throws `GeneralRefusal.invalid`, `ChannelRefusal.handleTaken`, `.tooManyChannels`, and `IDTaken`.
  public func makeChannel(_ id: ID<Channel>, by caller: Caller, _ draft: ChannelDraft) async throws -> Channel {
    let fingerprint = try MadeHash.of(draft, by: caller)
    let draft = try draft.checked(policy)
    return try await database.write { [clock, policy] db in
      let account = try caller.requireAccount()
      if let row = try db.row("SELECT \(Channel.columns), made_hash FROM channel WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "channel") }
        return try Channel(row: row)
      }
      try policy.checkNew(id, at: clock.now)
      try draft.requireMarket(in: db)
      let count = try db.requireRow("SELECT COUNT(*) AS channels FROM member WHERE account_id = \(account)")
      guard try count.get("channels", as: Int.self) < policy.channelsPerAccountMax else {
        throw ChannelRefusal.tooManyChannels(limit: policy.channelsPerAccountMax)
      }
      let now = clock.now
      let state: ChannelState = policy.admission == .open ? .approved : .applied
      let made = try db.run(
        """
        INSERT INTO channel (id, handle, name, about, market, state, made_hash, created_ms)
        VALUES (\(id), \(draft.handle), \(draft.name), \(draft.about), \(draft.market), \(state), \(fingerprint), \(now))
        ON CONFLICT DO NOTHING
        """)
      guard made == 1 else { throw ChannelRefusal.handleTaken }
      try db.run(
        """
        INSERT INTO member (channel_id, account_id, role, created_ms)
        VALUES (\(id), \(account), \(Role.owner), \(now))
        """)
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

  /// Approves, rejects or suspends a channel. Only for the operator; to what it is already, nothing happens.
  @discardableResult
  public func admitChannel(_ id: ID<Channel>, by caller: Caller, as state: ChannelState) async throws -> Channel {
    try await database.write { db in
      try caller.requireOperator(in: db)
      guard let channel = try Channel.find(id, in: db) else { throw GeneralRefusal.notFound("channel") }
      if channel.state == state { return channel }
      guard channel.state.turns.contains(state) else { throw ChannelRefusal.wrongTurn(from: channel.state, to: state) }
      try db.run("UPDATE channel SET state = \(state) WHERE id = \(id)")
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
      market: market)
  }

  fileprivate func requireMarket(in db: any Connection) throws {
    guard try Market.find(market, in: db) != nil else {
      throw GeneralRefusal.invalid(field: "market", why: "must be the code of a market of this installation")
    }
  }
}
