import Store

extension Commerce {
  /// Adds a place that a show's stream is pushed on to while the show is on air. For the channel's owners and hosts.
  ///
  /// - Parameters:
  ///   - address: `rtmp://host/app` or `rtmps://…`, without the key.
  ///   - key: What the other side calls stream key. It is kept sealed and given to nobody again.
  /// - Throws: `GeneralRefusal.invalid`, `.tooMany`, `ShowRefusal.ended`, `IDTaken`.
  @discardableResult
  public func addSimulcastTarget(
    _ id: ID<SimulcastTarget>, by caller: Caller, show: ID<Show>, address: String, key: String
  ) async throws -> SimulcastTarget {
    guard let place = SimulcastAddress(address) else {
      throw GeneralRefusal.invalid(
        field: "address",
        why: "must be an RTMP address without its key, like rtmps://live.example.com/app, "
          + "of at most \(SimulcastAddress.bytesMax) bytes")
    }
    let isPlain = key.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    guard isPlain, (1...policy.simulcastKeyBytesMax).contains(key.utf8.count) else {
      throw GeneralRefusal.invalid(
        field: "key", why: "must be 1 to \(policy.simulcastKeyBytesMax) letters, digits and signs without spaces")
    }
    let fingerprint = try MadeHash.of([place.description, key], by: caller, for: show.description)
    let sealed = try vault.seal(key, for: id.description)
    return try await database.write { [clock, policy] db in
      let row = try Show.require(show, in: db)
      try Membership.require(.shows, of: row.channel, by: caller, "show", in: db)
      if let made = try db.row("SELECT made_hash FROM simulcast_target WHERE id = \(id)") {
        guard try made.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "target") }
        return try SimulcastTarget.require(id, of: show, in: db)
      }
      try switches.require(.simulcast)
      guard row.state != .ended else { throw ShowRefusal.ended }
      try policy.checkNew(id, at: clock.now)
      let count = try db.requireRow("SELECT COUNT(*) AS targets FROM simulcast_target WHERE show_id = \(show)")
      guard try count.get("targets", as: Int.self) < policy.simulcastTargetsPerShowMax else {
        throw GeneralRefusal.tooMany(what: "simulcast targets of a show", limit: policy.simulcastTargetsPerShowMax)
      }
      try db.run(
        """
        INSERT INTO simulcast_target (id, show_id, address, sealed_key, is_on, made_hash, created_ms)
        VALUES (\(id), \(show), \(place), \(sealed), 1, \(fingerprint), \(clock.now))
        """)
      return try SimulcastTarget.require(id, of: show, in: db)
    }
  }

  /// A show's targets, first come first; there are at most `Policy.simulcastTargetsPerShowMax`. For the channel's owners
  /// and hosts.
  public func simulcastTargets(of show: ID<Show>, by caller: Caller) async throws -> [SimulcastTarget] {
    try await database.read { db in
      try Membership.require(.shows, of: Show.require(show, in: db).channel, by: caller, "show", in: db)
      return try db.rows(
        """
        SELECT \(SimulcastTarget.columns) FROM simulcast_target WHERE show_id = \(show) ORDER BY created_ms, id
        """
      ).map(SimulcastTarget.init)
    }
  }

  /// Switches a target on or off. So already, nothing happens.
  @discardableResult
  public func switchSimulcastTarget(
    _ id: ID<SimulcastTarget>, by caller: Caller, show: ID<Show>, isOn: Bool
  ) async throws -> SimulcastTarget {
    try await database.write { db in
      try Membership.require(.shows, of: Show.require(show, in: db).channel, by: caller, "show", in: db)
      _ = try SimulcastTarget.require(id, of: show, in: db)
      if isOn { try switches.require(.simulcast) }
      try db.run("UPDATE simulcast_target SET is_on = \(isOn) WHERE id = \(id)")
      return try SimulcastTarget.require(id, of: show, in: db)
    }
  }

  /// Takes a target away, and its key with it. Again, nothing happens.
  public func removeSimulcastTarget(_ id: ID<SimulcastTarget>, by caller: Caller, show: ID<Show>) async throws {
    try await database.write { db in
      try Membership.require(.shows, of: Show.require(show, in: db).channel, by: caller, "show", in: db)
      try db.run("DELETE FROM simulcast_target WHERE id = \(id) AND show_id = \(show)")
    }
  }

  /// What is to be pushed where now: the targets that are on, of shows on air. For the house itself.
  ///
  /// One whose key cannot be opened any more is left out: whoever runs the show adds it again.
  public func simulcastPushes(limit: Int = 10_000) async throws -> [ID<Show>: [SimulcastPush]] {
    guard switches.isOn(.simulcast) else { return [:] }
    let rows = try await database.read { db in
      try db.rows(
        """
        SELECT simulcast_target.id, address, is_on, simulcast_target.created_ms, sealed_key, show_id
        FROM simulcast_target JOIN show ON show.id = simulcast_target.show_id
        JOIN channel ON channel.id = show.channel_id
        WHERE show.state = 'live' AND channel.state = 'approved' AND simulcast_target.is_on = 1
        ORDER BY simulcast_target.created_ms, simulcast_target.id LIMIT \(limit)
        """
      ).map { row in
        (
          show: try row.get("show_id", as: ID<Show>.self), target: try SimulcastTarget(row: row),
          sealed: try row.get("sealed_key", as: [UInt8].self)
        )
      }
    }
    var pushes: [ID<Show>: [SimulcastPush]] = [:]
    for (show, target, sealed) in rows {
      guard let key = vault.open(sealed, for: target.id.description) else { continue }
      pushes[show, default: []].append(SimulcastPush(target: target, key: key))
    }
    return pushes
  }
}

extension SimulcastTarget {
  static func require(
    _ id: ID<SimulcastTarget>, of show: ID<Show>, in db: any Connection
  ) throws -> SimulcastTarget {
    guard
      let row = try db.row(
        "SELECT \(columns) FROM simulcast_target WHERE id = \(id) AND show_id = \(show)")
    else { throw GeneralRefusal.notFound("target") }
    return try SimulcastTarget(row: row)
  }
}
