import Store

/// What happens to one channel in one market, with everything that follows from it: the permission, the channel's state,
/// the history, word to its owners and to those who watch.
struct Gate {
  let channel: ID<Channel>
  let market: String
  let occasion: Occasion

  init(channel: ID<Channel>, market: String, on occasion: Occasion) {
    self.channel = channel
    self.market = market
    self.occasion = occasion
  }

  /// It may sell there; if it was let in nowhere before, it is in now.
  ///
  /// - Parameter writes: whether its owners are told by mail. Who got in at once sees it.
  func approve(
    _ reason: AdmissionReason, words: String = "", isFinal: Bool = false, writes: Bool = true, in db: any Connection
  ) throws {
    try MarketPermission.approved.put(channel, in: market, at: occasion.at, db: db)
    try db.run(
      "UPDATE channel SET state = 'approved' WHERE id = \(channel) AND state IN ('applied', 'rejected')")
    try Review.close(channel, market, granted: true, at: occasion.at, in: db)
    let event = try AdmissionEvent.add(
      .approved, channel, market: market, reason, words: words, isFinal: isFinal, on: occasion, in: db)
    if writes { try Mail.queue(event, of: channel, at: occasion.at, in: db) }
    try Outbox.announce(.selling(channel), in: db)
  }

  /// It may not sell there, or not any more. What it sold stays sold. A channel that waits for nothing else is rejected.
  func refuse(_ verdict: Verdict, isFinal: Bool = false, in db: any Connection) throws {
    try MarketPermission.refused.put(channel, in: market, at: occasion.at, db: db)
    try db.run(
      """
      UPDATE channel SET state = 'rejected' WHERE id = \(channel) AND state = 'applied' AND NOT EXISTS (
        SELECT 1 FROM channel_market WHERE channel_id = \(channel) AND state = 'applied')
      """)
    try Review.close(channel, market, granted: false, at: occasion.at, in: db)
    let event = try AdmissionEvent.add(
      .refused, channel, market: market, verdict.reason, words: verdict.words, isFinal: isFinal, on: occasion, in: db)
    try Mail.queue(event, of: channel, at: occasion.at, in: db)
    try Outbox.announce(.selling(channel), in: db)
  }

  /// It waits for an operator.
  func apply(_ id: ID<Review>, _ application: ChannelApplication, in db: any Connection) throws {
    try MarketPermission.applied.put(channel, in: market, at: occasion.at, db: db)
    try Review.insert(
      id, channel, market, .application, application, by: occasion.by, at: occasion.at, in: db)
    try AdmissionEvent.add(.applied, channel, market: market, on: occasion, in: db)
  }

  /// By the market's policy, or by an invitation: in at once, or waiting.
  ///
  /// Throws `AdmissionRefusal`, and `GeneralRefusal.invalid` for an application that says nothing.
  func enter(
    _ market: Market, _ application: ChannelApplication, invitation: Secret?, policy: Policy, in db: any Connection
  ) throws {
    if let invitation {
      try Invitation.use(invitation, for: channel, in: market.code, on: occasion, db: db)
      return try approve(.invited, writes: false, in: db)
    }
    switch market.admission(policy) {
    case .open: try approve(.openMarket, writes: false, in: db)
    case .application:
      let application = try application.checked(isNeeded: true, policy)
      try apply(ID(at: occasion.at, entropy: occasion.entropy), application, in: db)
    case .invite: throw AdmissionRefusal.invitationNeeded(market.code)
    }
  }
}

extension Commerce {
  func gate(_ channel: ID<Channel>, _ market: String, by account: ID<Account>?) -> Gate {
    Gate(channel: channel, market: market, on: occasion(by: account))
  }
}
