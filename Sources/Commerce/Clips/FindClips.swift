import Store

/// A clip as it is shown in a list, with the names that go with it.
public struct ClipCard: Sendable, Equatable {
  public let clip: Clip
  public let productTitle: String
  public let channelName: String
  public let channelHandle: String
}

/// What a clip has sold.
public struct ClipSales: Sendable, Equatable {
  /// Orders that were paid, also those that were refunded since.
  public let orders: Int64
  /// What they came to without what was refunded, in minor units by currency.
  public let totals: [Money]
}

extension Commerce {
  /// A clip that is ready, for everybody who may see its show; in any other state for its channel's members.
  ///
  /// Throws `ClipRefusal.removed`, `.notReady` for others, and `GeneralRefusal.notFound`.
  public func clip(_ id: ID<Clip>, by caller: Caller = .nobody) async throws -> Clip {
    try await database.read { db in
      let clip = try Clip.require(id, in: db)
      if clip.state != .ready {
        guard try Membership.role(of: caller, in: clip.channel, in: db) != nil else {
          throw clip.state == .removed ? ClipRefusal.removed : ClipRefusal.notReady
        }
        return clip
      }
      try requireVisible(Show.require(clip.show, in: db), to: caller, in: db)
      return clip
    }
  }

  /// The clips that are ready, the newest first: of one channel, or of all that may sell.
  public func clips(
    of channel: ID<Channel>? = nil, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<ClipCard> {
    try policy.check(limit: limit)
    return try await database.read { db in
      let place: SQL =
        cursor.map { "AND (clip.ready_ms < \($0.key) OR (clip.ready_ms = \($0.key) AND clip.id < \($0.id)))" } ?? ""
      let only: SQL = channel.map { "AND clip.channel_id = \($0)" } ?? ""
      let rows = try db.rows(
        """
        SELECT \(Clip.columns), product.title AS product_title, channel.name AS channel_name,
          channel.handle AS channel_handle
        FROM clip
        JOIN product ON product.id = clip.product_id
        JOIN channel ON channel.id = clip.channel_id
        WHERE clip.state = 'ready' AND channel.state = 'approved' \(only) \(place)
        ORDER BY clip.ready_ms DESC, clip.id DESC LIMIT \(limit + 1)
        """)
      let cards = try rows.map { row in
        ClipCard(
          clip: try Clip(row: row), productTitle: try row.get("product_title"),
          channelName: try row.get("channel_name"), channelHandle: try row.get("channel_handle"))
      }
      return Page(cards, limit: limit) { Cursor($0.clip.readyAt?.milliseconds ?? 0, $0.clip.id) }
    }
  }

  /// A clip that is ready as it is shown in a list. Throws as `clip` does.
  public func clipCard(_ id: ID<Clip>, by caller: Caller = .nobody) async throws -> ClipCard {
    let clip = try await clip(id, by: caller)
    return try await database.read { db in
      let row = try db.requireRow(
        """
        SELECT product.title AS product_title, channel.name AS channel_name, channel.handle AS channel_handle
        FROM clip JOIN product ON product.id = clip.product_id JOIN channel ON channel.id = clip.channel_id
        WHERE clip.id = \(id)
        """)
      return ClipCard(
        clip: clip, productTitle: try row.get("product_title"), channelName: try row.get("channel_name"),
        channelHandle: try row.get("channel_handle"))
    }
  }

  /// The next older clip after one; nil after the last.
  public func clip(after clip: Clip) async throws -> ID<Clip>? {
    guard let ready = clip.readyAt else { return nil }
    return try await clips(after: Cursor(ready.milliseconds, clip.id), limit: 1).items.first?.clip.id
  }

  /// A show's clips, the newest first: those that are ready, and for its channel's members all that were not removed.
  public func clips(ofShow show: ID<Show>, by caller: Caller = .nobody) async throws -> [Clip] {
    try await database.read { [policy] db in
      let found = try Show.require(show, in: db)
      try requireVisible(found, to: caller, in: db)
      let isMember = try Membership.role(of: caller, in: found.channel, in: db) != nil
      let states: SQL = isMember ? "state <> 'removed'" : "state = 'ready'"
      return try db.rows(
        """
        SELECT \(Clip.columns) FROM clip WHERE show_id = \(show) AND \(states)
        ORDER BY created_ms DESC, id DESC LIMIT \(policy.clipsPerShowMax)
        """
      ).map(Clip.init)
    }
  }

  /// What each of a show's clips has sold; for its channel's members who see what is sold, and nothing to the others. One
  /// that has sold nothing is left out.
  public func clipSales(of show: ID<Show>, by caller: Caller) async throws -> [ID<Clip>: ClipSales] {
    try await database.read { db in
      let found = try Show.require(show, in: db)
      try Membership.require(.look, of: found.channel, by: caller, "show", in: db)
      guard try Membership.role(of: caller, in: found.channel, in: db)?.seesSales == true else { return [:] }
      var sales: [ID<Clip>: ClipSales] = [:]
      for row in try db.rows(
        """
        SELECT orders.clip_id AS clip_id, orders.currency AS currency, COUNT(*) AS sold,
          CAST(COALESCE(SUM(orders.total_minor - orders.refunded_minor), 0) AS BIGINT) AS total
        FROM orders JOIN clip ON clip.id = orders.clip_id
        WHERE clip.show_id = \(show) AND orders.paid_ms IS NOT NULL
        GROUP BY orders.clip_id, orders.currency ORDER BY orders.clip_id, orders.currency
        """)
      {
        let id: ID<Clip> = try row.get("clip_id")
        let before = sales[id]
        sales[id] = ClipSales(
          orders: (before?.orders ?? 0) + (try row.get("sold")),
          totals: (before?.totals ?? []) + [Money(minor: try row.get("total"), currency: try row.get("currency"))])
      }
      return sales
    }
  }
}
