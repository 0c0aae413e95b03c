import Store

extension Commerce {
  /// Gives a show a port and a passphrase of its own for SRT. Again, it keeps the port and gets another passphrase; the
  /// one before opens nothing any more. For the channel's owners and hosts.
  ///
  /// Throws `SRTRefusal`, `ShowRefusal.ended`.
  public func openSRT(by caller: Caller, show: ID<Show>) async throws -> SRTInput {
    let passphrase = Secret(prefix: "", entropy: entropy)
    let sealed = try vault.seal(passphrase.text, for: "srt \(show)")
    return try await database.write { [clock, policy] db in
      let row = try Show.require(show, in: db)
      try Membership.require(.shows, of: row.channel, by: caller, "show", in: db)
      guard row.state != .ended else { throw ShowRefusal.ended }
      guard let ports = policy.srtPorts else { throw SRTRefusal.off }
      let taken = try db.rows("SELECT show_id, port FROM srt_input").map { row in
        (show: try row.get("show_id", as: ID<Show>.self), port: try row.get("port", as: Int.self))
      }
      let kept = taken.first { $0.show == show && ports.contains($0.port) }?.port
      let others = Set(taken.filter { $0.show != show }.map(\.port))
      guard let port = kept ?? ports.first(where: { !others.contains($0) }) else {
        throw SRTRefusal.noPort(count: ports.count)
      }
      try db.run("DELETE FROM srt_input WHERE show_id = \(show)")
      try db.run(
        """
        INSERT INTO srt_input (show_id, port, sealed_passphrase, created_ms)
        VALUES (\(show), \(Int64(port)), \(sealed), \(clock.now))
        """)
      return SRTInput(show: show, port: port, passphrase: passphrase.text)
    }
  }

  /// Takes a show's port and passphrase away. Again, nothing happens.
  public func closeSRT(by caller: Caller, show: ID<Show>) async throws {
    try await database.write { db in
      try Membership.require(.shows, of: Show.require(show, in: db).channel, by: caller, "show", in: db)
      try Self.closeSRT(of: show, in: db)
    }
  }

  static func closeSRT(of show: ID<Show>, in db: any Connection) throws {
    try db.run("DELETE FROM srt_input WHERE show_id = \(show)")
  }

  /// Where a show is sent to; nil while SRT is off for it. For the channel's owners and hosts.
  public func srtInput(of show: ID<Show>, by caller: Caller) async throws -> SRTInput? {
    let rows = try await database.read { db in
      try Membership.require(.shows, of: Show.require(show, in: db).channel, by: caller, "show", in: db)
      return try db.rows("SELECT show_id, port, sealed_passphrase FROM srt_input WHERE show_id = \(show)")
    }
    return try inputs(rows).first
  }

  /// Every show that is waited for by SRT. For the house itself.
  ///
  /// One whose passphrase cannot be opened any more, or whose port is no longer offered, is left out: whoever runs the
  /// show asks for another.
  public func srtInputs() async throws -> [SRTInput] {
    let rows = try await database.read { db in
      try db.rows(
        """
        SELECT show_id, port, sealed_passphrase FROM srt_input JOIN show ON show.id = srt_input.show_id
        JOIN channel ON channel.id = show.channel_id
        WHERE show.state <> 'ended' AND channel.state = 'approved' ORDER BY port
        """)
    }
    return try inputs(rows)
  }

  private func inputs(_ rows: [Row]) throws -> [SRTInput] {
    try rows.compactMap { row in
      let show: ID<Show> = try row.get("show_id")
      let port = try row.get("port", as: Int.self)
      guard policy.srtPorts?.contains(port) == true,
        let passphrase = vault.open(try row.get("sealed_passphrase"), for: "srt \(show)")
      else { return nil }
      return SRTInput(show: show, port: port, passphrase: passphrase)
    }
  }
}
