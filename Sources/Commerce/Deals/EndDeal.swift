import Store

extension Commerce {
  /// Ends a deal before its time is over, or calls it off before it starts. For the channel's owners and hosts. Ended
  /// already, nothing happens. Viewers who saw it are still served for `Policy.offerGraceSeconds`.
  @discardableResult
  public func endDeal(
    _ id: ID<Deal>, by caller: Caller, show: ID<Show>, mediaTime: Int64? = nil
  ) async throws -> Deal {
    try await writeAndTell { db in
      let (_, occasion) = try changing(show, by: caller, in: db)
      let deal = try Deal.require(id, of: show, in: db)
      guard deal.ended == nil else { return deal }
      try end(deal, deal.ends <= occasion.at ? .time : .host, mediaTime: mediaTime, on: occasion, in: db)
      return try Deal.require(id, of: show, in: db)
    }
  }

  /// The deals of a show, the newest first, at most `limit`. For the channel's members.
  public func deals(of show: ID<Show>, by caller: Caller, limit: Int = 100) async throws -> [Deal] {
    try policy.check(limit: limit)
    return try await database.read { db in
      try Membership.require(.look, of: Show.require(show, in: db).channel, by: caller, "show", in: db)
      return try db.rows(
        """
        SELECT \(Deal.columns) FROM deal WHERE show_id = \(show) ORDER BY created_ms DESC, id DESC LIMIT \(limit)
        """
      ).map(Deal.init)
    }
  }

  /// Some deals as they are now, for those who are told that units were taken.
  public func deals(_ ids: [ID<Deal>]) async throws -> [Deal] {
    guard !ids.isEmpty else { return [] }
    return try await database.read { db in
      try db.rows("SELECT \(Deal.columns) FROM deal WHERE id IN \(list: ids) ORDER BY id").map(Deal.init)
    }
  }

  /// Writes down which deals' time is over, and tells their shows; gives how many. They ended without it: offers close by
  /// the clock.
  @discardableResult
  public func endDueDeals() async throws -> Int {
    let now = clock.now
    let shows = try await database.read { db in
      try db.rows("SELECT DISTINCT show_id FROM deal WHERE ended_why IS NULL AND ends_ms <= \(now)")
        .map { try $0.get("show_id", as: ID<Show>.self) }
    }
    var ended = 0
    for show in shows {
      ended += try await writeAndTell { db in
        // After all that happened in the show before, in its timeline too.
        let changed: Moment = try db.requireRow("SELECT changed_ms FROM show WHERE id = \(show)").get("changed_ms")
        let at = max(clock.now, changed.adding(milliseconds: 1))
        try db.run("UPDATE show SET changed_ms = \(at) WHERE id = \(show)")
        return try endDueDeals(of: show, on: Occasion(at: at, entropy: entropy), in: db)
      }
    }
    return ended
  }

  /// Forgets who has taken how much of deals that ended a day ago; gives of how many buyers.
  @discardableResult
  public func forgetDealBuyers() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.dealBuyerSeconds)
    return try await database.write { db in
      Int(
        try db.run(
          """
          DELETE FROM deal_buyer
          WHERE deal_id IN (SELECT id FROM deal WHERE ended_why IS NOT NULL AND ends_ms < \(before))
          """))
    }
  }

  @discardableResult
  func endDueDeals(of show: ID<Show>, on occasion: Occasion, in db: any Connection) throws -> Int {
    let due = try db.rows(
      """
      SELECT \(Deal.columns) FROM deal
      WHERE show_id = \(show) AND ended_why IS NULL AND ends_ms <= \(occasion.at) ORDER BY ends_ms, id
      """
    ).map(Deal.init)
    for deal in due { try end(deal, .time, mediaTime: deal.endMediaTime, on: occasion, in: db) }
    return due.count
  }

  /// The show is over, and its deals with it.
  func endDeals(of show: ID<Show>, mediaTime: Int64?, on occasion: Occasion, in db: any Connection) throws {
    let open = try db.rows(
      "SELECT \(Deal.columns) FROM deal WHERE show_id = \(show) AND ended_why IS NULL ORDER BY ends_ms, id"
    ).map(Deal.init)
    for deal in open { try end(deal, .show, mediaTime: mediaTime, on: occasion, in: db) }
  }

  private func end(
    _ deal: Deal, _ why: Deal.End, mediaTime: Int64?, on occasion: Occasion, in db: any Connection
  ) throws {
    let ends = min(deal.ends, max(deal.starts, occasion.at))
    try db.run("UPDATE deal SET ended_why = \(why), ends_ms = \(ends) WHERE id = \(deal.id)")
    try db.run("UPDATE offer SET closed_ms = \(ends) WHERE deal_id = \(deal.id) AND closed_ms > \(ends)")
    for row in try db.rows("SELECT DISTINCT variant_id FROM offer WHERE deal_id = \(deal.id)") {
      try Outbox.announce(.offer(row.get("variant_id")), in: db)
    }
    try Timeline.append(
      show: deal.show, kind: .dealEnded, mediaTime: mediaTime,
      payload: ["deal": "\(deal.id)", "product": "\(deal.product)", "why": why.rawValue], on: occasion, in: db)
  }
}
