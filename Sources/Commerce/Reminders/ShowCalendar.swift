import Store

/// A show as a calendar has it.
public struct CalendarShow: Sendable, Equatable {
  public let show: Show
  /// How often its time became another, or it was called off.
  public let sequence: Int64
  /// When it was made, and when anything of it became another.
  public let made: Moment
  public let changed: Moment
}

extension Commerce {
  /// Throws `GeneralRefusal.notFound`.
  public func calendarShow(_ id: ID<Show>, by caller: Caller = .nobody) async throws -> CalendarShow {
    try await database.read { db in
      let show = try Show.require(id, in: db)
      try requireVisible(show, to: caller, in: db)
      guard let found = try CalendarShow.all([show], in: db).first else { throw MissingRow() }
      return found
    }
  }

  /// A channel's shows that are to come or on air, the soonest first, and what was called off of late, at most 200; as
  /// everybody sees them.
  public func calendarShows(of channel: ID<Channel>) async throws -> [CalendarShow] {
    let since = clock.now.adding(seconds: -30 * 86_400)
    return try await database.read { db in
      let rows = try db.rows(
        """
        SELECT \(Show.columns) FROM \(Show.source)
        WHERE show.channel_id = \(channel) AND channel.state = 'approved'
          AND (show.state <> 'ended' OR show.called_off_ms > \(since))
        ORDER BY show.scheduled_ms, show.id LIMIT 200
        """)
      return try CalendarShow.all(Show.read(rows, in: db), in: db)
    }
  }
}

extension CalendarShow {
  fileprivate static func all(_ shows: [Show], in db: any Connection) throws -> [CalendarShow] {
    guard !shows.isEmpty else { return [] }
    let rows = try db.rows(
      "SELECT id, calendar_sequence, created_ms, changed_ms FROM show WHERE id IN \(list: shows.map(\.id))")
    let known = try Dictionary(uniqueKeysWithValues: rows.map { (try $0.get("id", as: ID<Show>.self), $0) })
    return try shows.compactMap { show in
      guard let row = known[show.id] else { return nil }
      return CalendarShow(
        show: show, sequence: try row.get("calendar_sequence"), made: try row.get("created_ms"),
        changed: try row.get("changed_ms"))
    }
  }
}
