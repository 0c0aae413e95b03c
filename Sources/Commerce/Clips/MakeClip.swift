import Store

extension Commerce {
  /// Makes a clip of a show's recording; for its channel's owners and hosts. Its file is made afterwards: `clipsToMake`.
  ///
  /// `check` is asked whether it can be cut, once the caller is known to be one who may make it, and before it is made.
  ///
  /// Throws what `check` throws, `RecordingRefusal` unless the recording is ready, `ClipRefusal.outside`, `.notInRun`, `IDTaken`,
  /// `GeneralRefusal.invalid`, and `.tooMany` beyond `Policy.clipsPerShowMax`.
  public func makeClip(
    _ id: ID<Clip>, of show: ID<Show>, by caller: Caller, _ draft: ClipDraft, check: () async throws -> Void = {}
  ) async throws -> Clip {
    try await database.read { db in
      _ = try Membership.require(.shows, of: Show.require(show, in: db).channel, by: caller, "show", in: db)
    }
    let fingerprint = try MadeHash.of(draft, by: caller, for: show.description)
    let (from, until) = (draft.fromMediaTime, draft.untilMediaTime)
    guard (0...Timeline.mediaTimeMax).contains(from), (0...Timeline.mediaTimeMax).contains(until) else {
      throw GeneralRefusal.invalid(field: "fromMediaTime", why: "must be a moment of the show")
    }
    guard (Clip.seconds.lowerBound * 1000...Clip.seconds.upperBound * 1000).contains(until - from) else {
      throw GeneralRefusal.invalid(
        field: "untilMediaTime",
        why: "must be \(Clip.seconds.lowerBound) to \(Clip.seconds.upperBound) seconds after the beginning")
    }
    let title = try policy.text(draft.title, "title", max: policy.titleCharactersMax, required: false)
    try await database.read { db in try Recording.requireReady(show, from: from, until: until, in: db) }
    try await check()
    return try await database.write { [policy, clock] db in
      let found = try Show.require(show, in: db)
      let account = try Membership.require(.shows, of: found.channel, by: caller, "show", in: db)
      if let row = try db.row("SELECT made_hash FROM clip WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "clip") }
        return try Clip.require(id, in: db)
      }
      try switches.require(.clips)
      let now = clock.now
      try policy.checkNew(id, at: now)
      try Recording.requireReady(show, from: from, until: until, in: db)
      let product = try db.row(
        """
        SELECT product.title AS title FROM show_product JOIN product ON product.id = show_product.product_id
        WHERE show_product.show_id = \(show) AND show_product.product_id = \(draft.product)
        """)
      guard let product else { throw ClipRefusal.notInRun }
      let count: Int = try db.requireRow(
        "SELECT COUNT(*) AS clips FROM clip WHERE show_id = \(show) AND state <> 'removed'"
      ).get("clips")
      guard count < policy.clipsPerShowMax else {
        throw GeneralRefusal.tooMany(what: "clips of one show", limit: policy.clipsPerShowMax)
      }
      try db.run(
        """
        INSERT INTO clip (id, show_id, channel_id, product_id, title, from_media_ms, until_media_ms, state, tries, bytes,
          duration_ms, account_id, made_hash, created_ms)
        VALUES (\(id), \(show), \(found.channel), \(draft.product),
          \(title.isEmpty ? try product.get("title", as: String.self) : title), \(from), \(until), 'making', 0, 0, 0,
          \(account), \(fingerprint), \(now))
        """)
      return try Clip.require(id, in: db)
    }
  }

  /// Removes a clip; for its channel's owners and hosts. What was bought from it stays as it is. Removed already, nothing
  /// happens. Its file goes afterwards: until then nobody is shown it.
  @discardableResult
  public func removeClip(_ id: ID<Clip>, by caller: Caller) async throws -> Clip {
    try await database.write { [clock] db in
      let clip = try Clip.require(id, in: db)
      try Membership.require(.shows, of: clip.channel, by: caller, "clip", in: db)
      try db.run(
        "UPDATE clip SET state = 'removed', removed_ms = \(clock.now) WHERE id = \(id) AND state <> 'removed'")
      return try Clip.require(id, in: db)
    }
  }

  // MARK: What the media side is asked, and told

  /// The clips whose files are to be made, the oldest first.
  public func clipsToMake(limit: Int = 1) async throws -> [Clip] {
    try await database.read { db in
      try db.rows(
        "SELECT \(Clip.columns) FROM clip WHERE state = 'making' ORDER BY created_ms, id LIMIT \(limit)"
      ).map(Clip.init)
    }
  }

  /// A clip's file is made. One that was removed meanwhile stays so.
  public func clipMade(_ id: ID<Clip>, bytes: Int64, durationMilliseconds: Int64) async throws {
    try await database.write { [clock] db in
      try db.run(
        """
        UPDATE clip SET state = 'ready', ready_ms = \(clock.now), bytes = \(bytes), duration_ms = \(durationMilliseconds)
        WHERE id = \(id) AND state = 'making'
        """)
    }
  }

  /// A clip's file could not be made: it is tried again, `Policy.clipTriesMax` times in all.
  public func clipFailed(_ id: ID<Clip>) async throws {
    try await database.write { [policy] db in
      try db.run(
        """
        UPDATE clip SET tries = tries + 1,
          state = CASE WHEN tries + 1 >= \(policy.clipTriesMax) THEN 'failed' ELSE 'making' END
        WHERE id = \(id) AND state = 'making'
        """)
    }
  }

  /// Those of some clips that were removed: their files are of no use. One that no row speaks of is left alone, as it may
  /// be another database's.
  public func removedClips(among ids: [ID<Clip>]) async throws -> [ID<Clip>] {
    guard !ids.isEmpty else { return [] }
    return try await database.read { db in
      try db.rows("SELECT id FROM clip WHERE state = 'removed' AND id IN \(list: ids) ORDER BY id").map {
        try $0.get("id")
      }
    }
  }
}

extension Recording {
  /// Throws unless a show's recording is there, and holds all of that stretch.
  fileprivate static func requireReady(
    _ show: ID<Show>, from: Int64, until: Int64, in db: any Connection
  ) throws {
    guard let recording = try find(show, in: db) else { throw RecordingRefusal.none }
    switch recording.state {
    case .ready: break
    case .recording: throw RecordingRefusal.notReady
    case .empty: throw RecordingRefusal.none
    case .deleted: throw RecordingRefusal.deleted
    }
    guard from >= recording.startMediaTime, until <= recording.endMediaTime else {
      throw ClipRefusal.outside(from: recording.startMediaTime, until: recording.endMediaTime)
    }
  }
}
