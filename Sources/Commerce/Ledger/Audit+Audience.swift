import Store

extension Audit {
  /// What was watched had somebody who watched it, and neither time nor taps are of a show that was never on air.
  mutating func audience(in db: any Connection) throws {
    let count = try db.requireRow("SELECT COUNT(*) AS shows FROM show_attendance").number("shows")
    note("Shows that were watched on air: \(count).")
    try expectNone(db.rows("SELECT show_id AS id FROM show_attendance WHERE watched_ms > 0 AND peak = 0")) { row in
      "show \(try row.name("id")): was watched, and by nobody at once"
    }
    try expectNone(
      db.rows(
        """
        SELECT show.id AS id FROM show WHERE show.started_ms IS NULL AND (
          EXISTS (SELECT 1 FROM show_attendance WHERE show_attendance.show_id = show.id AND watched_ms > 0)
          OR EXISTS (SELECT 1 FROM show_reaction WHERE show_reaction.show_id = show.id AND taps > 0))
        """)
    ) { row in "show \(try row.name("id")): was watched or tapped at, and never on air" }
  }
}
