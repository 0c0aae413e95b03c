import Store

/// Everything that a draw is checked by, but for the list.
public struct GiveawayProof: Sendable, Equatable {
  public let giveaway: Giveaway
  /// 32 bytes for each entrant, in order; nil while it is open.
  public let leaves: [UInt8]?
}

/// What somebody is told about themselves.
public struct GiveawayEntry: Sendable, Equatable {
  public let giveaway: Giveaway
  /// Nil for who is not in it.
  public let leaf: Leaf?
  /// Nil for who did not win, or before the draw.
  public let winner: Giveaway.Winner?
  /// Whether they follow the channel; nil for a guest, and where one does not enter by following.
  public let isFollowing: Bool?
}

/// A winner as the channel knows them.
public struct Prize: Sendable, Equatable {
  public let winner: Giveaway.Winner
  /// Nil as long as it is not claimed.
  public let claim: PrizeClaim?
}

extension Commerce {
  /// Throws `GeneralRefusal.notFound`.
  public func giveaway(_ id: ID<Giveaway>, by caller: Caller = .nobody) async throws -> Giveaway {
    try await database.read { db in try visible(id, to: caller, in: db) }
  }

  /// Some giveaways as they are now, for those who are told of entries.
  public func giveaways(_ ids: [ID<Giveaway>]) async throws -> [Giveaway] {
    guard !ids.isEmpty else { return [] }
    return try await database.read { db in
      let rows = try db.rows("SELECT \(Giveaway.columns) FROM giveaway WHERE id IN \(list: ids) ORDER BY id")
      return try Giveaway.withWinners(rows.map(Giveaway.init), in: db)
    }
  }

  /// The giveaways of a show, the newest first; there are at most `Policy.giveawaysPerShowMax`.
  public func giveaways(of show: ID<Show>, by caller: Caller = .nobody) async throws -> [Giveaway] {
    try await database.read { db in
      try requireVisible(Show.require(show, in: db), to: caller, in: db)
      let rows = try db.rows(
        "SELECT \(Giveaway.columns) FROM giveaway WHERE show_id = \(show) ORDER BY created_ms DESC, id DESC")
      return try Giveaway.withWinners(rows.map(Giveaway.init), in: db)
    }
  }

  /// Everything that anyone needs to check a draw.
  public func giveawayProof(_ id: ID<Giveaway>, by caller: Caller = .nobody) async throws -> GiveawayProof {
    try await database.read { db in
      let giveaway = try visible(id, to: caller, in: db)
      let row = try db.row("SELECT leaves FROM giveaway_list WHERE giveaway_id = \(id)")
      return GiveawayProof(giveaway: giveaway, leaves: try row?.get("leaves"))
    }
  }

  /// What somebody is told about themselves: their leaf of the list with what it is made from, and what they won.
  public func giveawayEntry(
    _ id: ID<Giveaway>, _ entrant: Entrant, by caller: Caller = .nobody
  ) async throws -> GiveawayEntry {
    try await database.read { db in
      try visible(id, to: caller, in: db).entry(of: entrant, in: db)
    }
  }

  /// What somebody has won and not claimed yet, what was drawn last first, at most `limit`.
  public func prizesToClaim(by caller: Caller, limit: Int = 20) async throws -> [Giveaway] {
    let account = try caller.requireAccount()
    try policy.check(limit: limit)
    let now = clock.now
    return try await database.read { db in
      let rows = try db.rows(
        """
        SELECT \(Giveaway.columns) FROM giveaway_winner JOIN giveaway ON giveaway.id = giveaway_winner.giveaway_id
        WHERE giveaway_winner.entrant = \(account.bytes) AND giveaway_winner.state = 'waiting'
          AND giveaway_winner.claim_until_ms > \(now)
        ORDER BY giveaway.drawn_ms DESC, giveaway.id LIMIT \(limit)
        """)
      return try Giveaway.withWinners(rows.map(Giveaway.init), in: db)
    }
  }

  /// How the winners are reached. For the channel's owners and those who send its parcels.
  public func prizes(of id: ID<Giveaway>, by caller: Caller) async throws -> [Prize] {
    try await database.read { db in
      let giveaway = try Giveaway.require(id, in: db)
      try Membership.require(
        .orders, of: Show.require(giveaway.show, in: db).channel, by: caller, "giveaway", in: db)
      let rows = try db.rows("SELECT claim FROM giveaway_winner WHERE giveaway_id = \(id) ORDER BY place")
      return try zip(giveaway.winners, rows).map { winner, row in
        let text: String = try row.get("claim")
        return Prize(winner: winner, claim: text.isEmpty ? nil : try PrizeClaim(text: text))
      }
    }
  }

  /// Throws `notFound` unless the caller may know of its show.
  func visible(_ id: ID<Giveaway>, to caller: Caller, in db: any Connection) throws -> Giveaway {
    let giveaway = try Giveaway.require(id, in: db)
    do {
      try requireVisible(Show.require(giveaway.show, in: db), to: caller, in: db)
    } catch is GeneralRefusal {
      throw GeneralRefusal.notFound("giveaway")
    }
    return giveaway
  }
}

extension Giveaway {
  func entry(of entrant: Entrant, in db: any Connection) throws -> GiveawayEntry {
    let place: Int64? = try db.row(
      "SELECT place FROM giveaway_winner WHERE giveaway_id = \(id) AND entrant = \(entrant.bytes)"
    )?.get("place")
    let isIn = try place != nil || has(entrant, in: db)
    var isFollowing: Bool?
    if case .account(let account) = entrant, entry == .follow {
      isFollowing = try Follow.exists(of: account, channelOf: show, in: db)
    }
    return GiveawayEntry(
      giveaway: self, leaf: isIn ? Leaf(of: entrant.bytes, giveaway: id, saltKey: saltKey) : nil,
      winner: winners.first { $0.place == place }, isFollowing: isFollowing)
  }
}
