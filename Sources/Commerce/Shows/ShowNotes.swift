import Store

/// What a host wants to say in a show: read from a prompter while on air, by the channel's people and nobody else.
public struct ShowNotes: Sendable, Equatable {
  /// Characters, as people count them.
  public static let lengthMax = 10_000

  public let text: String
  /// Counts up with each change; 0 where nothing was written yet.
  public let edition: Int64
  public let changed: Moment?

  static func find(of show: ID<Show>, in db: any Connection) throws -> ShowNotes {
    let row = try db.row("SELECT text, edition, changed_ms FROM show_notes WHERE show_id = \(show)")
    guard let row else { return ShowNotes(text: "", edition: 0, changed: nil) }
    return ShowNotes(
      text: try row.get("text"), edition: try row.get("edition"), changed: try row.get("changed_ms"))
  }
}

extension Commerce {
  /// The notes of a show, for the channel's members. Throws `GeneralRefusal.notFound` to others.
  public func notes(of show: ID<Show>, by caller: Caller) async throws -> ShowNotes {
    try await database.read { db in
      let show = try Show.require(show, in: db)
      try Membership.require(.look, of: show.channel, by: caller, "show", in: db)
      return try ShowNotes.find(of: show.id, in: db)
    }
  }

  /// Writes the notes of a show anew; they can be written after it too, for the next time.
  ///
  /// - Parameter known: the edition that the caller's text was made from; nil overwrites whatever there is.
  /// - Throws: `ShowRefusal.notesChanged` when somebody else has written meanwhile, `GeneralRefusal.invalid` for more
  ///   than `ShowNotes.lengthMax` characters.
  @discardableResult
  public func putNotes(
    _ text: String, of show: ID<Show>, by caller: Caller, from known: Int64? = nil
  ) async throws -> ShowNotes {
    let text = try policy.text(text, "text", max: ShowNotes.lengthMax, required: false, lines: true)
    return try await database.write { [clock] db in
      let show = try Show.require(show, in: db)
      let account = try Membership.require(.shows, of: show.channel, by: caller, "show", in: db)
      let before = try ShowNotes.find(of: show.id, in: db)
      if let known, known != before.edition { throw ShowRefusal.notesChanged }
      guard text != before.text else { return before }
      try db.run(
        """
        INSERT INTO show_notes (show_id, text, edition, changed_by, changed_ms)
        VALUES (\(show.id), \(text), 1, \(account), \(clock.now))
        ON CONFLICT (show_id) DO UPDATE SET text = excluded.text, edition = show_notes.edition + 1,
          changed_by = excluded.changed_by, changed_ms = excluded.changed_ms
        """)
      return try ShowNotes.find(of: show.id, in: db)
    }
  }
}
