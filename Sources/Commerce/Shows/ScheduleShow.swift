import Store

extension Commerce {
  /// Schedules a show of a channel. For its owners and hosts.
  ///
  /// Throws `GeneralRefusal.invalid`, `ShowRefusal.tooManyShows`, `IDTaken`.
  public func scheduleShow(
    _ id: ID<Show>, by caller: Caller, channel: ID<Channel>, _ draft: ShowDraft
  ) async throws -> Show {
    let fingerprint = try MadeHash.of(draft, by: caller, for: channel.description)
    let draft = try draft.checked(policy)
    return try await database.write { [clock, policy] db in
      try Membership.require(.shows, of: channel, by: caller, in: db)
      if let row = try db.row("SELECT made_hash FROM show WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "show") }
        return try Show.require(id, in: db)
      }
      let now = clock.now
      try policy.checkNew(id, at: now)
      try draft.requireTime(near: now, policy)
      try draft.requireMarkets(in: db)
      let row = try db.requireRow(
        "SELECT COUNT(*) AS shows FROM show WHERE channel_id = \(channel) AND state <> 'ended'")
      guard try row.get("shows", as: Int.self) < policy.openShowsPerChannelMax else {
        throw ShowRefusal.tooManyShows(limit: policy.openShowsPerChannelMax)
      }
      try db.run(
        """
        INSERT INTO show (id, channel_id, title, description, orientation, state, scheduled_ms, started_ms, ended_ms,
          media_epoch_ms, stream_key_hash, pinned_product_id, sequence, changed_ms, made_hash, created_ms)
        VALUES (\(id), \(channel), \(draft.title), \(draft.description), \(draft.orientation), 'scheduled',
          \(draft.scheduledAt), NULL, NULL, NULL, NULL, NULL, 0, \(now), \(fingerprint), \(now))
        """)
      try draft.insertMarkets(of: id, in: db)
      return try Show.require(id, in: db)
    }
  }

  /// Changes what the change names of what a show says of itself, until it has ended; its time only until it has begun.
  ///
  /// - Parameter seen: what the change was made from. Throws `ChangedMeanwhile` when the show is another by now.
  public func changeShow(
    _ id: ID<Show>, by caller: Caller, _ change: ShowChange, seen: Revision? = nil
  ) async throws -> Show {
    try await database.write { [policy] db in
      let (show, occasion) = try changing(id, by: caller, in: db)
      try show.revision.require(seen, "show")
      let draft = try change.draft(of: show).checked(policy)
      guard show.state != .ended else { throw ShowRefusal.ended }
      if draft.scheduledAt != show.scheduledAt {
        guard show.state == .scheduled else {
          throw GeneralRefusal.invalid(field: "scheduledAt", why: "cannot be changed once the show has begun")
        }
        try draft.requireTime(near: occasion.at, policy)
      }
      try draft.requireMarkets(in: db)
      try db.run(
        """
        UPDATE show SET title = \(draft.title), description = \(draft.description),
          orientation = \(draft.orientation), scheduled_ms = \(draft.scheduledAt), indexed = 0
        WHERE id = \(id)
        """)
      if draft.scheduledAt != show.scheduledAt {
        try db.run("UPDATE show SET calendar_sequence = calendar_sequence + 1 WHERE id = \(id)")
        try ShowNotice.moved(id, to: draft.scheduledAt, at: occasion.at, in: db)
      }
      try db.run("DELETE FROM show_market WHERE show_id = \(id)")
      try draft.insertMarkets(of: id, in: db)
      return try Show.require(id, in: db)
    }
  }

  /// The show, for a caller who may change it, and the occasion to do it on: later than every change of it before, so
  /// that the timeline keeps their order even within a millisecond.
  func changing(_ id: ID<Show>, by caller: Caller, in db: any Connection) throws -> (Show, Occasion) {
    let show = try Show.require(id, in: db)
    let account = try Membership.require(.shows, of: show.channel, by: caller, "show", in: db)
    let changed: Moment = try db.requireRow("SELECT changed_ms FROM show WHERE id = \(id)").get("changed_ms")
    let now = max(clock.now, changed.adding(milliseconds: 1))
    try db.run("UPDATE show SET changed_ms = \(now) WHERE id = \(id)")
    return (show, Occasion(at: now, entropy: entropy, by: account))
  }
}

extension ShowDraft {
  fileprivate func checked(_ policy: Policy) throws -> ShowDraft {
    guard (1...policy.marketsPerShowMax).contains(markets.count), Set(markets).count == markets.count else {
      throw GeneralRefusal.invalid(
        field: "markets", why: "must name 1 to \(policy.marketsPerShowMax) markets, each once")
    }
    var draft = self
    draft.title = try policy.text(title, "title", max: policy.titleCharactersMax)
    draft.description = try policy.text(
      description, "description", max: policy.descriptionCharactersMax, required: false, lines: true)
    return draft
  }

  /// Yesterday is well enough: a show may be written down after it should have begun.
  fileprivate func requireTime(near now: Moment, _ policy: Policy) throws {
    let days = policy.scheduleAheadSeconds / 86_400
    guard scheduledAt >= now.adding(seconds: -86_400), scheduledAt <= now.adding(seconds: policy.scheduleAheadSeconds)
    else {
      throw GeneralRefusal.invalid(field: "scheduledAt", why: "must be within the next \(days) days")
    }
  }

  fileprivate func requireMarkets(in db: any Connection) throws {
    let known = try Set(Market.all(in: db).map(\.code))
    guard let unknown = markets.first(where: { !known.contains($0) }) else { return }
    throw GeneralRefusal.invalid(
      field: "markets", why: "names “\(unknown.prefix(16))”, which is no market of this installation")
  }

  fileprivate func insertMarkets(of show: ID<Show>, in db: any Connection) throws {
    let rows: [[any ValueConvertible]] = markets.map { [show, $0] }
    try db.run("INSERT INTO show_market (show_id, market) VALUES \(rows: rows)")
  }
}
