import Store

extension Commerce {
  /// A buyer rates an order that arrived, or whose parcel was sent `Policy.ratingAfterDays` ago; once, and within
  /// `ratingDays` of its payment at most. Said again within `ratingChangeDays`, it is what was said last. What was refunded
  /// changes nothing of it (docs/decisions/0059).
  ///
  /// - Throws: `GeneralRefusal.notFound`, `.invalid`, `RatingRefusal`.
  public func rate(
    _ order: ID<Order>, stars: Int64, text: String = "", by caller: Caller = .nobody, token: Secret? = nil
  ) async throws -> Rating {
    guard Rating.stars.contains(stars) else {
      throw GeneralRefusal.invalid(field: "stars", why: "must be between 1 and 5")
    }
    let text = try policy.text(text, "text", max: policy.ratingCharactersMax, required: false, lines: true)
    guard !ChatText.hasLink(text) else { throw RatingRefusal.link }
    let made: ID<Rating> = makeID()
    return try await database.write { [clock, policy] db in
      let found = try OrderAccess.requireBuyer(of: order, by: caller, token: token, in: db)
      let now = clock.now
      if let rating = try Rating.of(order, in: db) {
        guard rating.hidden == nil else { throw RatingRefusal.hidden }
        guard now <= rating.changeable(policy) else { throw RatingRefusal.tooLate }
        try db.run(
          "UPDATE rating SET stars = \(stars), said = \(text), changed_ms = \(now) WHERE id = \(rating.id)")
        try Self.count(0, stars: stars - rating.stars, of: found.channel, in: db)
        return try Rating.require(rating.id, in: db)
      }
      try found.requireRateable(at: now, policy, in: db)
      try db.run(
        """
        INSERT INTO rating (id, order_id, channel_id, account_id, stars, said, name, hidden, answer, answered_ms,
          created_ms, changed_ms)
        VALUES (\(made), \(order), \(found.channel), \(found.buyer.account.sqlValue), \(stars), \(text),
          \(Rating.shownName(of: found.buyer.name)), NULL, '', NULL, \(now), \(now))
        """)
      try Self.count(1, stars: stars, of: found.channel, in: db)
      return try Rating.require(made, in: db)
    }
  }

  /// An order's rating, and whether its buyer may give or change it now; for its buyer, and for members of its channel
  /// who deal with orders.
  public func rating(
    of order: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil
  ) async throws -> RatingStanding {
    try await database.read { [clock, policy] db in
      let found = try OrderAccess.requireParty(of: order, by: caller, token: token, in: db)
      let rating = try Rating.of(order, in: db)
      guard try OrderAccess.isBuyer(of: found, by: caller, token: token, in: db) else {
        return RatingStanding(rating: rating, isOpen: false)
      }
      if let rating {
        return RatingStanding(rating: rating, isOpen: rating.hidden == nil && clock.now <= rating.changeable(policy))
      }
      do {
        try found.requireRateable(at: clock.now, policy, in: db)
        return RatingStanding(rating: nil, isOpen: true)
      } catch is RatingRefusal {
        return RatingStanding(rating: nil, isOpen: false)
      }
    }
  }

  /// The seller's one answer, for everybody to read; for owners of the channel.
  public func answer(_ rating: ID<Rating>, _ text: String, by caller: Caller) async throws -> Rating {
    let text = try policy.text(text, "text", max: policy.ratingCharactersMax, lines: true)
    guard !ChatText.hasLink(text) else { throw RatingRefusal.link }
    return try await database.write { [clock] db in
      _ = try caller.requireAccount()
      let found = try Rating.require(rating, in: db)
      try Membership.require(.everything, of: found.channel, by: caller, "rating", in: db)
      guard found.hidden == nil else { throw RatingRefusal.hidden }
      let changed = try db.run(
        "UPDATE rating SET answer = \(text), answered_ms = \(clock.now) WHERE id = \(rating) AND answer = ''")
      guard changed == 1 else { throw RatingRefusal.answered }
      return try Rating.require(rating, in: db)
    }
  }

  /// Somebody tells the operator that a rating ought not to be read. Said again, it is what was said last.
  ///
  /// - Parameter visitor: the secret of a guest's browser.
  public func flag(
    _ rating: ID<Rating>, note: String = "", by caller: Caller, visitor: String? = nil
  ) async throws {
    let note = try policy.text(note, "note", max: policy.returnNoteCharactersMax, required: false)
    try await database.write { [clock] db in
      guard try Rating.require(rating, in: db).hidden == nil else { throw GeneralRefusal.notFound("rating") }
      guard let reporter = Entrant(caller, visitor: visitor) else { throw RatingRefusal.noReporter }
      try db.run(
        """
        INSERT INTO rating_flag (rating_id, reporter, note, created_ms)
        VALUES (\(rating), \(reporter.bytes), \(note), \(clock.now))
        ON CONFLICT (rating_id, reporter) DO UPDATE SET note = excluded.note, created_ms = excluded.created_ms
        """)
    }
  }

  /// An operator has looked at a rating: with a reason it is taken down and counts no more, without one it stays, or is
  /// there again. What was told of it is settled.
  public func settle(_ rating: ID<Rating>, hiding reason: String?, by caller: Caller) async throws -> Rating {
    let reason = try reason.map { try policy.text($0, "reason", max: policy.reasonCharactersMax) }
    return try await database.write { [clock] db in
      try caller.requireOperator(in: db)
      let found = try Rating.require(rating, in: db)
      try db.run("UPDATE rating SET hidden = \(reason.sqlValue) WHERE id = \(rating)")
      if (found.hidden == nil) != (reason == nil) {
        let sign: Int64 = reason == nil ? 1 : -1
        try Self.count(sign, stars: sign * found.stars, of: found.channel, in: db)
      }
      try db.run(
        "UPDATE rating_flag SET settled_ms = \(clock.now) WHERE rating_id = \(rating) AND settled_ms IS NULL")
      return try Rating.require(rating, in: db)
    }
  }

  private static func count(_ ratings: Int64, stars: Int64, of channel: ID<Channel>, in db: any Connection) throws {
    guard ratings != 0 || stars != 0 else { return }
    try db.run(
      """
      UPDATE channel SET ratings = ratings + \(ratings), rating_stars = rating_stars + \(stars) WHERE id = \(channel)
      """)
  }
}

extension Order {
  /// Throws `RatingRefusal` unless its buyer may rate it now for the first time.
  fileprivate func requireRateable(at now: Moment, _ policy: Policy, in db: any Connection) throws {
    // The balance's order is the one whose goods are sent.
    guard part != .deposit, let paid else { throw RatingRefusal.notArrived }
    let long = now.adding(seconds: -policy.ratingAfterDays * 86_400)
    let arrived = try db.row(
      """
      SELECT 1 FROM shipment WHERE order_id = \(id) AND (delivered_ms IS NOT NULL OR sent_ms <= \(long)) LIMIT 1
      """)
    guard arrived != nil else { throw RatingRefusal.notArrived }
    guard now <= paid.adding(seconds: policy.ratingDays * 86_400) else { throw RatingRefusal.tooLate }
    // An own order shows nothing, with an account or without.
    let own = try db.row(
      """
      SELECT 1 FROM member JOIN account ON account.id = member.account_id
      WHERE member.channel_id = \(channel)
        AND (account.id = \(buyer.account.sqlValue) OR account.email = \(Policy.folded(buyer.email))) LIMIT 1
      """)
    guard own == nil else { throw RatingRefusal.own }
  }
}
