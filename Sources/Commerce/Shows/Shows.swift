import Store

extension Commerce {
  /// A show as `caller` sees it: those of a channel that is not approved are seen by its members.
  ///
  /// Throws `GeneralRefusal.notFound`.
  public func show(_ id: ID<Show>, by caller: Caller = .nobody) async throws -> Show {
    try await database.read { db in
      let show = try Show.require(id, in: db)
      try requireVisible(show, to: caller, in: db)
      return show
    }
  }

  /// The show that a stream key opens; nil for an unknown key, an ended show, or a channel that is not approved.
  public func show(streamKey: String) async throws -> Show? {
    guard let secret = Secret(presented: streamKey) else { return nil }
    return try await database.read { db in
      let rows = try db.rows(
        """
        SELECT \(Show.columns) FROM \(Show.source)
        WHERE show.stream_key_hash = \(secret.hash) AND show.state <> 'ended' AND channel.state = 'approved'
        """)
      return try Show.read(rows, in: db).first
    }
  }

  /// Shows: the scheduled ones soonest first, all others latest first, by the time they were scheduled for.
  ///
  /// - Parameter channel: only its shows; its members see them before it is approved, and those that were called off;
  ///   everybody else those of approved channels that were not.
  public func shows(
    state: ShowState? = nil, channel: ID<Channel>? = nil, by caller: Caller = .nobody, after cursor: Cursor? = nil,
    limit: Int = 20
  ) async throws -> Page<Show> {
    try policy.check(limit: limit)
    return try await database.read { db in
      let isMember = try channel.map { try Membership.role(of: caller, in: $0, in: db) != nil } ?? false
      let seen: SQL = isMember ? "1 = 1" : "channel.state = 'approved' AND show.called_off_ms IS NULL"
      let ofChannel: SQL = channel.map { "AND show.channel_id = \($0)" } ?? ""
      let inState: SQL = state.map { "AND show.state = \($0)" } ?? ""
      let soonestFirst = state == .scheduled
      let order: SQL =
        soonestFirst ? "show.scheduled_ms, show.id" : "show.scheduled_ms DESC, show.id DESC"
      let rest: SQL =
        cursor.map { place in
          soonestFirst
            ? """
            AND (show.scheduled_ms > \(place.key) OR (show.scheduled_ms = \(place.key) AND show.id > \(place.id)))
            """
            : """
            AND (show.scheduled_ms < \(place.key) OR (show.scheduled_ms = \(place.key) AND show.id < \(place.id)))
            """
        } ?? ""
      let rows = try db.rows(
        """
        SELECT \(Show.columns) FROM \(Show.source) WHERE \(seen) \(ofChannel) \(inState) \(rest)
        ORDER BY \(order) LIMIT \(limit + 1)
        """)
      return Page(try Show.read(rows, in: db), limit: limit) { Cursor($0.scheduledAt.milliseconds, $0.id) }
    }
  }

  /// What a viewer who has just come in needs to know, all of one moment.
  ///
  /// Throws `GeneralRefusal.notFound`.
  public func liveState(_ id: ID<Show>, by caller: Caller = .nobody) async throws -> LiveState {
    try await database.read { [policy] db in
      let show = try Show.require(id, in: db)
      try requireVisible(show, to: caller, in: db)
      let messages = try db.rows(
        """
        SELECT \(TimelineEvent.columns) FROM timeline_event JOIN message ON message.id = timeline_event.id
        WHERE timeline_event.show_id = \(id) AND sequence > 0 AND kind = 'message' AND message.removed_ms IS NULL
        ORDER BY sequence DESC LIMIT \(policy.recentMessages)
        """
      ).reversed().map(TimelineEvent.init)
      var stock: [ID<Variant>: Int64] = [:]
      for row in try db.rows(
        """
        SELECT stock.variant_id, stock.on_hand - stock.reserved AS available
        FROM show_product
        JOIN variant ON variant.product_id = show_product.product_id AND variant.retired_ms IS NULL
        JOIN stock ON stock.variant_id = variant.id
        WHERE show_product.show_id = \(id)
        """)
      { stock[try row.get("variant_id")] = try row.get("available", as: Int64.self) }
      let deals = try db.rows(
        "SELECT \(Deal.columns) FROM deal WHERE show_id = \(id) AND ended_why IS NULL ORDER BY created_ms, id"
      ).map(Deal.init)
      let coupon = try db.row(
        "SELECT \(Coupon.columns) FROM show JOIN coupon ON coupon.id = show.coupon_id WHERE show.id = \(id)"
      ).map(Coupon.init)
      return LiveState(
        show: show, pinned: show.pinned, sequence: show.sequence, messages: messages, deals: deals, coupon: coupon,
        giveaway: try Giveaway.latest(of: id, in: db), auction: try Auction.latest(of: id, in: db),
        poll: try Poll.latest(of: id, in: db), banner: try Banner.latest(of: id, in: db),
        question: try PinnedQuestion.find(in: id, db),
        claimWords: try (switches.isOn(.claims) ? ClaimWord.open(in: id, db) : []).map { word in
          word.told(options: try ClaimWord.options(of: word.product, in: db))
        }, stock: stock)
    }
  }

  /// Throws `notFound` unless the caller may know of the show.
  func requireVisible(_ show: Show, to caller: Caller, in db: any Connection) throws {
    if try Channel.find(show.channel, in: db)?.state == .approved { return }
    guard try Membership.role(of: caller, in: show.channel, in: db) != nil else {
      throw GeneralRefusal.notFound("show")
    }
  }
}
