import Store

extension Commerce {
  /// Asks that a channel may sell in a market; for its owners. By the market's policy it may at once, or waits for an
  /// operator; with an invitation for that market it may at once. Where it sells or waits already, nothing happens.
  ///
  /// Throws `AdmissionRefusal`, and `GeneralRefusal.invalid` for an application that says nothing.
  public func askForMarket(
    _ code: String, for id: ID<Channel>, by caller: Caller, _ application: ChannelApplication = ChannelApplication(),
    invitation: String? = nil, language: String = ""
  ) async throws -> AdmissionStanding {
    let invitation = try Invitation.secret(invitation)
    return try await writeAndTell { [policy] db in
      let account = try Membership.require(.everything, of: id, by: caller, in: db)
      guard let channel = try Channel.find(id, in: db) else { throw GeneralRefusal.notFound("channel") }
      guard channel.state != .suspended else { throw AdmissionRefusal.suspended }
      let market = try Market.require(code, in: db)
      let permission = try MarketPermission.of(id, in: code, db: db)
      guard permission != .refused else { throw AdmissionRefusal.refusedThere(code) }
      let sells = channel.state == .approved && market.admission(policy).lets(permission)
      if !sells, permission != .applied || invitation != nil {
        try Channel.setLanguage(language, of: id, in: db)
        try gate(id, code, by: account).enter(market, application, invitation: invitation, policy: policy, in: db)
      }
      return try AdmissionStanding(of: id, at: clock.now, policy, in: db)
    }
  }

  /// Tells the operator that a channel's owner does not agree: with a refusal in a market, or (nil) with the channel's
  /// suspension; for its owners. Each decision can be appealed to once, and the answer is final.
  ///
  /// Throws `AdmissionRefusal.nothingToAppeal`, `.appealWaits`.
  public func appeal(
    _ id: ID<Review>, for channel: ID<Channel>, market code: String?, by caller: Caller, words: String,
    language: String = ""
  ) async throws -> AdmissionStanding {
    let words = try policy.text(words, "words", max: policy.applicationCharactersMax, lines: true)
    return try await writeAndTell { [policy] db in
      let account = try Membership.require(.everything, of: channel, by: caller, in: db)
      let market = code ?? ""
      let occasion = occasion(by: account)
      if let row = try db.row("SELECT channel_id, market, note FROM review WHERE id = \(id)") {
        guard try row.get("channel_id") == channel, try row.get("market") == market, try row.get("note") == words
        else { throw IDTaken(what: "review") }
        return try AdmissionStanding(of: channel, at: occasion.at, policy, in: db)
      }
      try policy.checkNew(id, at: occasion.at)
      guard try Review.open(channel, market, in: db)?.kind != .appeal else { throw AdmissionRefusal.appealWaits }
      guard try AdmissionStanding.canAppeal(channel, market, in: db) else { throw AdmissionRefusal.nothingToAppeal }
      try Channel.setLanguage(language, of: channel, in: db)
      try Review.insert(
        id, channel, market, .appeal, ChannelApplication(note: words), by: account, at: occasion.at, in: db)
      try AdmissionEvent.add(.appealed, channel, market: market, words: words, on: occasion, in: db)
      return try AdmissionStanding(of: channel, at: occasion.at, policy, in: db)
    }
  }
}

extension Channel {
  /// In which its owners are written to from now on; nothing changes for none.
  static func setLanguage(_ language: String, of channel: ID<Channel>, in db: any Connection) throws {
    guard !language.isEmpty, language.utf8.count <= 35 else { return }
    try db.run("UPDATE channel SET language = \(language) WHERE id = \(channel)")
  }
}
