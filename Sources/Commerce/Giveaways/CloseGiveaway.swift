import Store

extension Commerce {
  /// Says that entries are over now. For the channel's owners and hosts. Those whose picture is behind still have their
  /// grace; then the list is closed and published. Over already, nothing happens.
  @discardableResult
  public func endEntries(_ id: ID<Giveaway>, by caller: Caller, show: ID<Show>) async throws -> Giveaway {
    try await writeAndTell { db in
      _ = try changing(show, by: caller, in: db)
      let giveaway = try Giveaway.require(id, of: show, in: db)
      let now = max(giveaway.opened, clock.now)
      guard giveaway.state == .open, giveaway.ends > now else { return giveaway }
      try db.run("UPDATE giveaway SET ends_ms = \(now) WHERE id = \(id)")
      try Outbox.announce(.giveaway(id), in: db)
      return try Giveaway.require(id, in: db)
    }
  }

  /// Closes the lists of giveaways whose time is over, and draws those that nobody drew in time; gives how many.
  @discardableResult
  public func advanceGiveaways() async throws -> Int {
    let now = clock.now
    let due = try await database.read { [policy] db in
      try db.rows("SELECT \(Giveaway.columns) FROM giveaway WHERE state <> 'drawn'").map(Giveaway.init).filter {
        $0.state == .open ? $0.closing(policy) <= now : ($0.drawDue ?? now) <= now
      }
    }
    for giveaway in due {
      try await writeAndTell { [policy] db in
        let giveaway = try Giveaway.require(giveaway.id, in: db)
        let now = clock.now
        switch giveaway.state {
        case .open where giveaway.closing(policy) <= now:
          try close(giveaway, mediaTime: nil, on: houseOccasion(in: giveaway.show, db), in: db)
        case .closed where giveaway.drawDue ?? now <= now:
          try draw(giveaway, word: "", mediaTime: nil, on: houseOccasion(in: giveaway.show, db), in: db)
        default: break
        }
      }
    }
    return due.count
  }

  /// The show is over: the list of its giveaway is closed with it, and is drawn soon after.
  func endGiveaway(of show: ID<Show>, mediaTime: Int64?, on occasion: Occasion, in db: any Connection) throws {
    guard let giveaway = try Giveaway.latest(of: show, in: db), giveaway.state != .drawn else { return }
    // A little before the end, or no replay would get there.
    let end = try mediaTime ?? Timeline.mediaTime(of: show, at: occasion.at, in: db)
    let last = max(giveaway.openMediaTime, end - Giveaway.beforeEndMilliseconds)
    if giveaway.state == .open { try close(giveaway, mediaTime: last, on: occasion, in: db) }
    try db.run("UPDATE giveaway SET draw_due_ms = \(occasion.at) WHERE id = \(giveaway.id)")
  }

  /// When what happens after a show's end is seen in its replay, on its own clock: not before the list was closed. Nil as
  /// long as the show has not ended.
  func lastMediaTime(of show: ID<Show>, in db: any Connection) throws -> Int64? {
    func last(_ kind: TimelineEvent.Kind) throws -> Int64? {
      try db.row(
        """
        SELECT media_time_ms FROM timeline_event WHERE show_id = \(show) AND kind = \(kind) ORDER BY at_ms DESC LIMIT 1
        """)?.get("media_time_ms")
    }
    guard let end = try last(.showEnded) else { return nil }
    return max(try last(.giveawayClosed) ?? 0, end - Giveaway.beforeEndMilliseconds)
  }

  /// After all that happened in the show before, in its timeline too.
  func houseOccasion(in show: ID<Show>, _ db: any Connection) throws -> Occasion {
    let changed: Moment = try db.requireRow("SELECT changed_ms FROM show WHERE id = \(show)").get("changed_ms")
    let at = max(clock.now, changed.adding(milliseconds: 1))
    try db.run("UPDATE show SET changed_ms = \(at) WHERE id = \(show)")
    return Occasion(at: at, entropy: entropy)
  }

  /// The list is what it is from now on, and everybody is told its hash: before anything of the draw.
  private func close(
    _ giveaway: Giveaway, mediaTime: Int64?, on occasion: Occasion, in db: any Connection
  ) throws {
    let hashes = try db.rows("SELECT entrant FROM giveaway_entrant WHERE giveaway_id = \(giveaway.id)").map {
      Leaf(of: try $0.get("entrant"), giveaway: giveaway.id, saltKey: giveaway.saltKey).hash
    }
    let leaves = Lot.list(of: hashes)
    let root = Lot.root(of: leaves)
    try db.run("INSERT INTO giveaway_list (giveaway_id, leaves) VALUES (\(giveaway.id), \(leaves))")
    try db.run(
      """
      UPDATE giveaway SET state = 'closed', root = \(root), closed_ms = \(occasion.at),
        ends_ms = \(min(giveaway.ends, occasion.at)),
        draw_due_ms = \(occasion.at.adding(seconds: policy.giveawayDrawSeconds))
      WHERE id = \(giveaway.id)
      """)
    try Timeline.append(
      show: giveaway.show, kind: .giveawayClosed, mediaTime: mediaTime,
      payload: [
        "giveaway": "\(giveaway.id)", "entrants": "\(hashes.count)", "root": Hexadecimal.text(root),
      ], on: occasion, in: db)
  }
}
