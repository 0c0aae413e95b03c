import Store

extension Commerce {
  /// What came of asking to be told.
  public enum Wished: Sendable, Equatable {
    case waits(Wish)
    /// A guest was sent a link to confirm it with, or waits already: whoever asks with another's address learns neither.
    case mailed
  }

  /// Asks to be told when a sold-out variant can be had again. Who is signed in is in the list at once, a guest when
  /// they open the link that is sent to `email`. Asking again changes nothing; an open wish keeps its place.
  ///
  /// `address` is the network address it comes from, for the limit on what guests leave unconfirmed.
  ///
  /// Throws `WaitlistRefusal`, `BagRefusal` where nothing is sold, `GeneralRefusal.invalid`, `.notFound`.
  public func joinWaitlist(
    _ id: ID<Wish>, of variant: ID<Variant>, by caller: Caller, market: String, email: String? = nil,
    language: String, address: String? = nil
  ) async throws -> Wished {
    guard language.utf8.count <= 35 else {
      throw GeneralRefusal.invalid(field: "language", why: "must be a language tag, such as hi")
    }
    let given = try caller.account == nil ? policy.email(email ?? "") : ""
    return try await writeAndTell { [policy] db in
      let now = clock.now
      try policy.checkNew(id, at: now)
      let person = try caller.account.flatMap { try Account.find($0, in: db) }
      let email = person?.email ?? given
      guard !email.isEmpty else { throw GeneralRefusal.signInNeeded }
      let holder = Holder(account: person?.id, email: email, address: address)
      try requireSoldOut(variant, in: market, db)
      if let known = try Wish.all(
        "wish.variant_id = \(variant) AND wish.buyer = \(holder.buyer) AND wish.state IN ('unconfirmed', 'waiting', 'offered')",
        in: db
      ).first {
        if known.state == .unconfirmed { try askAgain(known, at: now, in: db) }
        return person == nil ? .mailed : .waits(known)
      }
      try requireRoom(for: holder, in: variant, isGuest: person == nil, db)
      let state: Wish.State = person == nil ? .unconfirmed : .waiting
      try db.run(
        """
        INSERT INTO wish (id, variant_id, market, buyer, account_id, email, language, state, since_ms, offer_seconds,
          offers, until_ms, units_held, order_id, asked, address, created_ms, changed_ms)
        VALUES (\(id), \(variant), \(market), \(holder.buyer), \((person?.id).sqlValue), \(email), \(language), \(state),
          \(now), \(policy.waitlistOfferMinutes * 60), 0, NULL, 0, NULL, \(person == nil ? 1 : 0),
          \((person == nil ? holder.address : nil).sqlValue), \(now), \(now))
        """)
      guard let wish = try Wish.find(id, in: db) else { throw MissingRow() }
      guard person == nil else { return .waits(wish) }
      try Mail.queue(.waitlistConfirm, of: wish, at: now, in: db)
      return .mailed
    }
  }

  /// Sends the link once more, a few times at most: an address is not to be flooded by others.
  private func askAgain(_ wish: Wish, at now: Moment, in db: any Connection) throws {
    let counted = try db.run(
      "UPDATE wish SET asked = asked + 1 WHERE id = \(wish.id) AND asked < \(policy.waitlistConfirmationsMax)")
    guard counted == 1, let wish = try Wish.find(wish.id, in: db) else { return }
    try Mail.queue(.waitlistConfirm, of: wish, at: now, in: db)
  }

  private func requireSoldOut(_ variant: ID<Variant>, in market: String, _ db: any Connection) throws {
    let row = try db.row(
      """
      SELECT product.channel_id AS channel_id, channel.state AS state, variant.is_bundle AS is_bundle FROM variant
      JOIN product ON product.id = variant.product_id JOIN channel ON channel.id = product.channel_id
      WHERE variant.id = \(variant) AND variant.retired_ms IS NULL
      """)
    guard let row, try row.get("state", as: ChannelState.self) == .approved else {
      throw GeneralRefusal.notFound("variant")
    }
    guard try !row.get("is_bundle", as: Bool.self) else { throw WaitlistRefusal.bundle }
    guard Market.isCode(market), try Market.find(market, in: db) != nil else {
      throw GeneralRefusal.invalid(field: "market", why: "must be the code of a market of this installation")
    }
    try requireSelling(row.get("channel_id"), in: market, db)
    guard try Offers.list(of: variant, market: market, in: db) != nil else { throw WaitlistRefusal.notSold }
    // Of what is on preorder, the shelf is its buyers'.
    if let preorder = try Preorder.current(of: [variant], at: clock.now, in: db)[variant] {
      guard preorder.left(at: clock.now) == 0 else { throw WaitlistRefusal.available }
      return
    }
    guard try Stock.levels(of: [variant], in: db)[variant]?.available ?? 0 <= 0 else { throw WaitlistRefusal.available }
  }

  private func requireRoom(
    for holder: Holder, in variant: ID<Variant>, isGuest: Bool, _ db: any Connection
  ) throws {
    func count(_ condition: SQL, upTo limit: Int64) throws -> Int64 {
      try db.requireRow(
        "SELECT COUNT(*) AS count FROM (SELECT 1 AS one FROM wish WHERE \(condition) LIMIT \(limit)) AS found"
      ).get("count")
    }
    let open: SQL = "state IN ('unconfirmed', 'waiting', 'offered')"
    let (lengthMax, mineMax) = (policy.waitlistLengthMax, policy.waitlistPerBuyerMax)
    guard try count("variant_id = \(variant) AND \(open)", upTo: lengthMax) < lengthMax else {
      throw WaitlistRefusal.full(limit: lengthMax)
    }
    guard try count("buyer = \(holder.buyer) AND \(open)", upTo: mineMax) < mineMax else {
      throw WaitlistRefusal.tooMany(limit: mineMax)
    }
    guard isGuest, let address = holder.address else { return }
    let guestsMax = policy.waitlistGuestsPerAddressMax
    guard try count("address = \(address) AND state = 'unconfirmed'", upTo: guestsMax) < guestsMax else {
      throw WaitlistRefusal.tooManyFromAddress
    }
  }

  /// A guest has opened the link in their mail: from now on they are in the list. Confirmed before, nothing happens.
  ///
  /// Throws `GeneralRefusal.notFound`.
  @discardableResult
  public func confirmWish(_ id: ID<Wish>, by caller: Caller = .nobody, token: Secret?) async throws -> Wish {
    try await writeAndTell { db in
      let wish = try Wish.require(id, by: caller, token: token, in: db)
      guard wish.state == .unconfirmed else { return wish }
      let occasion = occasion(by: wish.account, note: Wish.stockNote)
      try db.run(
        """
        UPDATE wish SET state = 'waiting', since_ms = \(occasion.at), changed_ms = \(occasion.at), address = NULL
        WHERE id = \(id) AND state = 'unconfirmed'
        """)
      // A unit may have come free while nobody waited.
      try Stock.offerAgain(wish.variant, on: occasion, in: db)
      return try Wish.require(id, by: caller, token: token, in: db)
    }
  }

  /// Leaves the list, whoever asked for it. A unit that was held goes to the next one. Left already, or over, nothing
  /// happens.
  ///
  /// Throws `GeneralRefusal.notFound`.
  @discardableResult
  public func leaveWaitlist(_ id: ID<Wish>, by caller: Caller = .nobody, token: Secret? = nil) async throws -> Wish {
    try await writeAndTell { db in
      let wish = try Wish.require(id, by: caller, token: token, in: db)
      guard wish.state.isOpen else { return wish }
      try wish.end(as: .left, on: occasion(by: wish.account, note: Wish.stockNote), in: db)
      return try Wish.require(id, by: caller, token: token, in: db)
    }
  }

  /// Throws `GeneralRefusal.notFound` for anyone but whose it is.
  public func wish(_ id: ID<Wish>, by caller: Caller = .nobody, token: Secret? = nil) async throws -> Wish {
    try await database.read { db in try Wish.require(id, by: caller, token: token, in: db) }
  }

  /// The caller's wishes, the newest first: the open ones, and those of the last days, at most 100.
  public func wishes(by caller: Caller) async throws -> [Wish] {
    let since = clock.now.adding(seconds: -7 * 86_400)
    return try await database.read { db in
      let account = try caller.requireAccount()
      return try Wish.all(
        """
        wish.account_id = \(account)
          AND (wish.state IN ('unconfirmed', 'waiting', 'offered') OR wish.changed_ms > \(since))
        ORDER BY wish.created_ms DESC, wish.id DESC LIMIT 100
        """, in: db)
    }
  }

  /// How many wait for each of some variants of a channel; who nobody waits for is left out. For the channel's members.
  public func waitlists(
    of variants: [ID<Variant>], in channel: ID<Channel>, by caller: Caller
  ) async throws -> [ID<Variant>: Waitlist] {
    try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      return try Wish.lengths(of: variants, in: channel, db)
    }
  }

  /// How many wait for a variant. For the members of its channel.
  public func waitlist(of variant: ID<Variant>, by caller: Caller) async throws -> Waitlist {
    try await database.read { db in
      let row = try db.row(
        """
        SELECT product.channel_id FROM variant JOIN product ON product.id = variant.product_id
        WHERE variant.id = \(variant)
        """)
      guard let row else { throw GeneralRefusal.notFound("variant") }
      let channel: ID<Channel> = try row.get("channel_id")
      try Membership.require(.look, of: channel, by: caller, "variant", in: db)
      return try Wish.lengths(of: [variant], in: channel, db)[variant] ?? .empty
    }
  }
}

extension Wish {
  fileprivate static func lengths(
    of variants: [ID<Variant>], in channel: ID<Channel>, _ db: any Connection
  ) throws -> [ID<Variant>: Waitlist] {
    guard !variants.isEmpty else { return [:] }
    var found: [ID<Variant>: Waitlist] = [:]
    for row in try db.rows(
      """
      SELECT wish.variant_id AS variant_id,
        SUM(CASE WHEN wish.state = 'waiting' THEN 1 ELSE 0 END) AS waiting,
        SUM(CASE WHEN wish.state = 'offered' THEN 1 ELSE 0 END) AS offered
      FROM \(tables)
      WHERE wish.variant_id IN \(list: variants) AND product.channel_id = \(channel)
        AND wish.state IN ('waiting', 'offered')
      GROUP BY wish.variant_id
      """)
    {
      found[try row.get("variant_id")] = Waitlist(
        waiting: try row.get("waiting"), offered: try row.get("offered"))
    }
    return found
  }
}
