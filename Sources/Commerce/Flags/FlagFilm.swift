import Store

extension Commerce {
  /// As many are shown of what was flagged.
  private static let flaggedMax = 100
  private static let notesMax = 5

  /// A viewer says that a show or a clip ought not to be seen. Said again, it is what was said last; an operator who has
  /// looked at it meanwhile is not asked again by the same viewer.
  ///
  /// - Parameter visitor: the secret of a guest's browser.
  /// - Throws: `GeneralRefusal.notFound`, `.invalid`, `FlagRefusal.noReporter`.
  public func flag(
    _ subject: Flag.Subject, _ reason: Flag.Reason, note: String = "", by caller: Caller, visitor: String? = nil
  ) async throws {
    let note = try policy.text(note, "note", max: policy.returnNoteCharactersMax, required: false)
    try await database.write { [clock] db in
      let show: Show
      switch subject {
      case .show(let id): show = try Show.require(id, in: db)
      case .clip(let id):
        let clip = try Clip.require(id, in: db)
        guard clip.state == .ready else { throw GeneralRefusal.notFound("clip") }
        show = try Show.require(clip.show, in: db)
      }
      try requireVisible(show, to: caller, in: db)
      guard let reporter = Entrant(caller, visitor: visitor) else { throw FlagRefusal.noReporter }
      try db.run(
        """
        INSERT INTO flag (subject, kind, show_id, reporter, reason, note, created_ms)
        VALUES (\(subject.bytes), \(subject.kind), \(show.id), \(reporter.bytes), \(reason), \(note), \(clock.now))
        ON CONFLICT (subject, reporter) DO UPDATE
        SET reason = excluded.reason, note = excluded.note, created_ms = excluded.created_ms
        """)
    }
  }

  /// What was flagged and not looked at since, at most 100, what most have flagged first; for operators.
  public func flaggedFilms(by caller: Caller) async throws -> [FlaggedFilm] {
    try await database.read { db in
      try caller.requireOperator(in: db)
      let rows = try db.rows(
        """
        SELECT flagged.subject, flagged.kind, flagged.flags, flagged.last_ms,
          COALESCE(clip.title, show.title) AS title, channel.name AS channel_name, channel.handle AS channel_handle
        FROM (
          SELECT subject, kind, MIN(created_ms) AS first_ms, MAX(created_ms) AS last_ms, COUNT(*) AS flags
          FROM flag WHERE settled_ms IS NULL GROUP BY subject, kind
          ORDER BY COUNT(*) DESC, MAX(created_ms) DESC, subject LIMIT \(Self.flaggedMax)
        ) flagged
        LEFT JOIN clip ON clip.id = flagged.subject
        JOIN show ON show.id = COALESCE(clip.show_id, flagged.subject)
        JOIN channel ON channel.id = show.channel_id
        ORDER BY flagged.flags DESC, flagged.last_ms DESC, flagged.subject
        """)
      return try rows.map { row in
        let bytes: [UInt8] = try row.get("subject")
        let flags = try db.rows(
          """
          SELECT reason, note FROM flag WHERE subject = \(bytes) AND settled_ms IS NULL
          ORDER BY created_ms DESC, reporter LIMIT 1000
          """)
        let counts = Dictionary(grouping: try flags.map { try $0.get("reason", as: Flag.Reason.self) }) { $0 }
        return FlaggedFilm(
          subject: try row.get("kind", as: String.self) == "clip"
            ? .clip(try row.get("subject")) : .show(try row.get("subject")),
          title: try row.get("title"), channelName: try row.get("channel_name"),
          channelHandle: try row.get("channel_handle"), count: try row.get("flags"), last: try row.get("last_ms"),
          reasons: Flag.Reason.allCases.compactMap { reason in counts[reason].map { (reason, $0.count) } }
            .sorted { $0.count > $1.count },
          notes: Array(
            try flags.map { try $0.get("note", as: String.self) }.filter { !$0.isEmpty }.prefix(Self.notesMax)))
      }
    }
  }

  /// An operator has looked at it: it is not shown among the flagged until somebody else flags it. What is done about it,
  /// such as suspending the channel, is done elsewhere. Settled already, nothing happens.
  public func settleFlags(of subject: Flag.Subject, by caller: Caller) async throws {
    try await database.write { [clock] db in
      try caller.requireOperator(in: db)
      try db.run(
        "UPDATE flag SET settled_ms = \(clock.now) WHERE subject = \(subject.bytes) AND settled_ms IS NULL")
    }
  }
}
