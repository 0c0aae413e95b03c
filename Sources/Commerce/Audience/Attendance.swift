import Store

/// How a show on air was watched.
public struct Attendance: Sendable, Equatable {
  /// The most viewers at once.
  public var peak: Int64
  /// The time that all viewers watched, added up.
  public var watchedMilliseconds: Int64
  public var taps: Taps

  public init(peak: Int64 = 0, watchedMilliseconds: Int64 = 0, taps: Taps = Taps()) {
    self.peak = peak
    self.watchedMilliseconds = watchedMilliseconds
    self.taps = taps
  }

  static func find(of show: ID<Show>, in db: any Connection) throws -> Attendance {
    let row = try db.row("SELECT peak, watched_ms FROM show_attendance WHERE show_id = \(show)")
    var counts: [Reaction: Int64] = [:]
    for row in try db.rows("SELECT kind, taps FROM show_reaction WHERE show_id = \(show)") {
      // A kind this version does not know is a newer one's.
      guard let kind = Reaction(rawValue: try row.get("kind")) else { continue }
      counts[kind] = try row.get("taps")
    }
    return Attendance(
      peak: try row?.get("peak") ?? 0, watchedMilliseconds: try row?.get("watched_ms") ?? 0, taps: Taps(counts))
  }
}

extension Attendance {
  /// Adds a step to what is kept of a show: its time and taps to the sums, and its peak where it is the highest.
  func add(to show: ID<Show>, step: ID<ShowStep>?, in db: any Connection) throws {
    let (peak, watched) = (max(0, peak), max(0, watchedMilliseconds))
    try db.run(
      """
      INSERT INTO show_attendance (show_id, peak, watched_ms, step_id) VALUES (\(show), \(peak), \(watched), \(step))
      ON CONFLICT (show_id) DO UPDATE SET
        peak = CASE WHEN excluded.peak > show_attendance.peak THEN excluded.peak ELSE show_attendance.peak END,
        watched_ms = show_attendance.watched_ms + excluded.watched_ms, step_id = excluded.step_id
      """)
    for kind in Reaction.allCases where taps[kind] > 0 {
      try db.run(
        """
        INSERT INTO show_reaction (show_id, kind, taps) VALUES (\(show), \(kind), \(taps[kind]))
        ON CONFLICT (show_id, kind) DO UPDATE SET taps = show_reaction.taps + excluded.taps
        """)
    }
  }
}

extension Commerce {
  /// What was kept of a show, for members of its channel. Throws `GeneralRefusal.notFound` to others.
  public func attendance(of show: ID<Show>, by caller: Caller) async throws -> Attendance {
    try await database.read { db in
      let show = try Show.require(show, in: db)
      try Membership.require(.look, of: show.channel, by: caller, "show", in: db)
      return try Attendance.find(of: show.id, in: db)
    }
  }

  /// Whether somebody is of the channel of a show: they see how it is watched, and are none of its viewers.
  public func isMember(_ caller: Caller, ofChannelOf show: ID<Show>) async throws -> Bool {
    guard caller.account != nil else { return false }
    return try await database.read { db in
      guard let show = try Show.find(show, in: db) else { return false }
      return try Membership.role(of: caller, in: show.channel, in: db) != nil
    }
  }
}
