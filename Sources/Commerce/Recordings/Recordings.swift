import Store

extension Commerce {
  /// The recording of a show that `caller` may see; nil for a show that never began.
  public func recording(_ show: ID<Show>, by caller: Caller = .nobody) async throws -> Recording? {
    try await database.read { db in
      try requireVisible(Show.require(show, in: db), to: caller, in: db)
      return try Recording.find(show, in: db)
    }
  }

  /// Which of these shows can be watched again.
  public func replays(among shows: [ID<Show>]) async throws -> Set<ID<Show>> {
    guard !shows.isEmpty else { return [] }
    return try await database.read { db in
      try Set(
        db.rows("SELECT show_id FROM recording WHERE state = 'ready' AND show_id IN \(list: shows)").map {
          try $0.get("show_id", as: ID<Show>.self)
        })
    }
  }

  /// The recording as it may be downloaded: by the channel's owners and hosts, and by everybody where the channel says
  /// so.
  ///
  /// Throws `RecordingRefusal`, `GeneralRefusal.notAllowed`.
  public func recordingForDownload(_ id: ID<Show>, by caller: Caller) async throws -> (Show, Recording) {
    try await database.read { [policy] db in
      let show = try Show.require(id, in: db)
      try requireVisible(show, to: caller, in: db)
      let terms = try RecordingTerms.read(show.channel, policy, in: db)
      if !terms.isDownloadOpen { try Membership.require(.shows, of: show.channel, by: caller, "show", in: db) }
      guard let recording = try Recording.find(id, in: db) else { throw RecordingRefusal.none }
      switch recording.state {
      case .ready: return (show, recording)
      case .recording: throw RecordingRefusal.notReady
      case .empty: throw RecordingRefusal.none
      case .deleted: throw RecordingRefusal.deleted
      }
    }
  }

  /// Whether everybody may download a channel's recordings.
  public func isDownloadOpen(of channel: ID<Channel>) async throws -> Bool {
    try await database.read { [policy] db in try RecordingTerms.read(channel, policy, in: db).isDownloadOpen }
  }

  /// A channel's recordings with their shows, the latest first. For its members.
  public func recordings(
    of channel: ID<Channel>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<(recording: Recording, show: Show)> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      let rest: SQL =
        cursor.map {
          "AND (show.scheduled_ms < \($0.key) OR (show.scheduled_ms = \($0.key) AND show.id < \($0.id)))"
        } ?? ""
      let rows = try db.rows(
        """
        SELECT \(Recording.columns) FROM recording JOIN show ON show.id = recording.show_id
        WHERE recording.channel_id = \(channel) \(rest)
        ORDER BY show.scheduled_ms DESC, show.id DESC LIMIT \(limit + 1)
        """)
      let found = try rows.map(Recording.init)
      guard !found.isEmpty else {
        return Page([], limit: limit) { Cursor($0.show.scheduledAt.milliseconds, $0.show.id) }
      }
      let shows = try Show.read(
        db.rows("SELECT \(Show.columns) FROM \(Show.source) WHERE show.id IN \(list: found.map(\.show))"), in: db)
      let byID = Dictionary(shows.map { ($0.id, $0) }) { first, _ in first }
      let items = found.compactMap { recording in byID[recording.show].map { (recording: recording, show: $0) } }
      return Page(items, limit: limit) { Cursor($0.show.scheduledAt.milliseconds, $0.show.id) }
    }
  }

  // MARK: What the media side is asked, and told

  /// The shows on air, at most so many: what is to be recorded now.
  public func recordingsUnderWay(limit: Int = 10_000) async throws -> [ID<Show>] {
    try await database.read { db in
      try db.rows(
        """
        SELECT recording.show_id FROM recording JOIN show ON show.id = recording.show_id
        WHERE recording.state = 'recording' AND show.state = 'live' ORDER BY recording.show_id LIMIT \(limit)
        """
      ).map { try $0.get("show_id") }
    }
  }

  /// Whether the show is on air and to be recorded.
  public func isRecordingUnderWay(_ show: ID<Show>) async throws -> Bool {
    try await database.read { db in
      try db.row(
        """
        SELECT recording.show_id FROM recording JOIN show ON show.id = recording.show_id
        WHERE recording.show_id = \(show) AND recording.state = 'recording' AND show.state = 'live'
        """) != nil
    }
  }

  /// So many bytes of a recording under way are safe: from now on a disk without them is not the recording's disk.
  /// Told again, nothing happens.
  public func recordingBegan(_ show: ID<Show>, bytes: Int64) async throws {
    try await database.write { db in
      try db.run(
        "UPDATE recording SET bytes = \(bytes) WHERE show_id = \(show) AND state = 'recording' AND bytes = 0")
    }
  }

  /// The shows that have ended and whose recording is not yet known to be complete, at most so many: with whether
  /// anything of it is known to have been written.
  /// - Parameter others: those that are not asked about now.
  public func recordingsToFinish(
    but others: [ID<Show>] = [], limit: Int = 20
  ) async throws -> [(show: ID<Show>, hasBytes: Bool)] {
    try await database.read { db in
      let rest: SQL = others.isEmpty ? "" : "AND recording.show_id NOT IN \(list: others)"
      return try db.rows(
        """
        SELECT recording.show_id, recording.bytes FROM recording JOIN show ON show.id = recording.show_id
        WHERE recording.state = 'recording' AND show.state = 'ended' \(rest)
        ORDER BY recording.show_id LIMIT \(limit)
        """
      ).map { (show: try $0.get("show_id"), hasBytes: try $0.get("bytes", as: Int64.self) > 0) }
    }
  }

  /// A show's recording is complete; nil figures say that nothing was recorded. Told again, nothing happens.
  public func recordingFinished(_ show: ID<Show>, _ figures: RecordingFigures?) async throws {
    try await database.write { [clock] db in
      let state: RecordingState = figures == nil ? .empty : .ready
      try db.run(
        """
        UPDATE recording SET state = \(state), ready_ms = \(clock.now),
          start_media_ms = \(figures?.startMediaTime ?? 0), end_media_ms = \(figures?.endMediaTime ?? 0),
          duration_ms = \(figures?.durationMilliseconds ?? 0), bytes = \(figures?.bytes ?? 0),
          lost_ms = \(figures?.lostMilliseconds ?? 0)
        WHERE show_id = \(show) AND state = 'recording'
        """)
    }
  }

  /// The recordings that are complete and kept, with their sizes: what `haat recordings verify` expects on disk.
  public func keptRecordings() async throws -> [Recording] {
    try await database.read { db in
      try db.rows("SELECT \(Recording.columns) FROM recording WHERE state = 'ready' ORDER BY show_id").map(
        Recording.init)
    }
  }

  // MARK: Keeping and deleting

  /// How a channel keeps its recordings. For its members.
  public func recordingTerms(of channel: ID<Channel>, by caller: Caller) async throws -> RecordingTerms {
    try await database.read { [policy] db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      return try RecordingTerms.read(channel, policy, in: db)
    }
  }

  /// Says how a channel keeps its recordings, those it has already too. Only for its owners.
  public func putRecordingTerms(of channel: ID<Channel>, by caller: Caller, _ terms: RecordingTerms) async throws {
    guard (0...policy.recordingDaysMax).contains(terms.keepDays) else {
      throw GeneralRefusal.invalid(field: "keepDays", why: "must be 0, for ever, to \(policy.recordingDaysMax)")
    }
    try await database.write { db in
      try Membership.require(.everything, of: channel, by: caller, in: db)
      let isOpen: Int64 = terms.isDownloadOpen ? 1 : 0
      try db.run(
        """
        INSERT INTO recording_terms (channel_id, keep_days, is_download_open)
        VALUES (\(channel), \(terms.keepDays), \(isOpen))
        ON CONFLICT (channel_id) DO UPDATE SET keep_days = \(terms.keepDays), is_download_open = \(isOpen)
        """)
    }
  }

  /// How many recordings a channel has, and their bytes. For its members.
  public func recordingUse(of channel: ID<Channel>, by caller: Caller) async throws -> (count: Int64, bytes: Int64) {
    try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      let row = try db.requireRow(
        """
        SELECT COUNT(*) AS recordings, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes FROM recording
        WHERE channel_id = \(channel) AND state = 'ready'
        """)
      return (try row.get("recordings"), try row.get("bytes"))
    }
  }

  /// The recording is no more. Only for the channel's owners; deleted already, nothing happens. Its files are removed
  /// afterwards: until then nobody is shown them. One that cannot be completed, because its disk is gone, can be deleted
  /// as soon as its show has ended.
  ///
  /// Throws `RecordingRefusal`.
  public func deleteRecording(_ id: ID<Show>, by caller: Caller) async throws {
    try await database.write { [clock] db in
      let show = try Show.require(id, in: db)
      try Membership.require(.everything, of: show.channel, by: caller, "show", in: db)
      guard let recording = try Recording.find(id, in: db) else { throw RecordingRefusal.none }
      switch recording.state {
      case .deleted: return
      case .recording where show.state != .ended: throw RecordingRefusal.notReady
      case .empty: throw RecordingRefusal.none
      case .ready, .recording: try Self.delete(id, because: .owner, at: clock.now, in: db)
      }
    }
  }

  /// Marks those recordings deleted that were kept for as long as their channel wants, at most so many, and gives them.
  public func expireRecordings(limit: Int = 100) async throws -> [ID<Show>] {
    let due = try await database.read { [clock, policy] db in
      try db.rows(
        """
        SELECT recording.show_id FROM recording
        LEFT JOIN recording_terms ON recording_terms.channel_id = recording.channel_id
        WHERE recording.state = 'ready' AND COALESCE(recording_terms.keep_days, \(policy.recordingDays)) > 0
          AND recording.ready_ms + COALESCE(recording_terms.keep_days, \(policy.recordingDays)) * 86400000
            <= \(clock.now)
        ORDER BY recording.ready_ms, recording.show_id LIMIT \(limit)
        """
      ).map { try $0.get("show_id", as: ID<Show>.self) }
    }
    guard !due.isEmpty else { return [] }
    try await database.write { [clock] db in
      for show in due { try Self.delete(show, because: .retention, at: clock.now, in: db) }
    }
    return due
  }

  /// What is known of a show's recording, whoever may see it; nil for what is no show, or one that never began.
  public func recordingState(_ show: ID<Show>) async throws -> RecordingState? {
    try await database.read { db in try Recording.find(show, in: db)?.state }
  }

  private static func delete(_ show: ID<Show>, because reason: DeletionReason, at now: Moment, in db: any Connection)
    throws
  {
    try db.run(
      """
      UPDATE recording SET state = 'deleted', deleted_ms = \(now), deleted_why = \(reason)
      WHERE show_id = \(show) AND state IN ('ready', 'recording')
      """)
  }

  /// The show goes on air, and so begins its recording.
  static func beginRecording(_ show: Show, in db: any Connection) throws {
    try db.run(
      """
      INSERT INTO recording (show_id, channel_id, state, start_media_ms, end_media_ms, duration_ms, bytes, lost_ms,
        ready_ms, deleted_ms, deleted_why)
      VALUES (\(show.id), \(show.channel), 'recording', 0, 0, 0, 0, 0, NULL, NULL, NULL)
      ON CONFLICT (show_id) DO NOTHING
      """)
  }
}

extension RecordingTerms {
  static func read(_ channel: ID<Channel>, _ policy: Policy, in db: any Connection) throws -> RecordingTerms {
    guard
      let row = try db.row(
        "SELECT keep_days, is_download_open FROM recording_terms WHERE channel_id = \(channel)")
    else { return RecordingTerms(keepDays: policy.recordingDays, isDownloadOpen: false) }
    return RecordingTerms(
      keepDays: try row.get("keep_days"), isDownloadOpen: try row.get("is_download_open", as: Int64.self) == 1)
  }
}
