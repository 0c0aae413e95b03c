import Crypto
import Store

extension Commerce {
  /// Takes a product file in, to be compared with the catalogue. Nothing is imported until `confirmImport`. For the
  /// channel's owners.
  ///
  /// Throws `CSVRefusal` for a file that cannot be read, `ImportRefusal.tooManyOpen`, `IDTaken`, `GeneralRefusal`.
  public func startImport(
    _ id: ID<ImportJob>, by caller: Caller, channel: ID<Channel>, csv: [UInt8], market code: String,
    fileName: String = "", keepsStock: Bool = false
  ) async throws -> ImportJob {
    let market = try await importMarket(code, by: caller, channel: channel)
    let name = try policy.text(fileName, "name", max: policy.titleCharactersMax, required: false)
    // A file that cannot be read is refused now, while whoever sent it is looking.
    let file = try ShopifyFile(csv, market: market, policy: policy)
    let hash = Hexadecimal.text(SHA256.hash(data: csv))
    let fingerprint = try MadeHash.of([hash, code, name, "\(keepsStock)"], by: caller, for: channel.description)
    let begun = try await database.write { [clock, policy] db in
      let account = try Membership.require(.everything, of: channel, by: caller, in: db)
      if let row = try db.row("SELECT made_hash FROM import_job WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "import") }
        return try ImportJob.require(id, in: db)
      }
      try policy.checkNew(id, at: clock.now)
      let open = try db.requireRow(
        """
        SELECT COUNT(*) AS jobs FROM import_job
        WHERE channel_id = \(channel) AND state IN ('receiving', 'checking', 'ready', 'importing')
        """)
      guard try open.get("jobs", as: Int.self) < policy.openImportsPerChannelMax else {
        throw ImportRefusal.tooManyOpen(limit: policy.openImportsPerChannelMax)
      }
      let now = clock.now
      try db.run(
        """
        INSERT INTO import_job
          (id, channel_id, account_id, market, file_name, keeps_stock, state, why, row_count, product_count, done_count,
            new_count, changed_count, unchanged_count, refused_count, made_hash, lease, leased_ms, created_ms, changed_ms)
        VALUES (\(id), \(channel), \(account), \(code), \(name), \(keepsStock), 'receiving', '', \(file.rowCount),
          \(file.entries.count), 0, 0, 0, 0, 0, \(fingerprint), NULL, 0, \(now), \(now))
        """)
      return try ImportJob.require(id, in: db)
    }
    guard begun.state == .receiving else { return begun }
    // In pieces: a commit of many megabytes would hold up everybody's orders.
    let pieceBytes = 256 * 1024
    for (position, start) in stride(from: 0, to: csv.count, by: pieceBytes).enumerated() {
      let piece = Array(csv[start..<min(start + pieceBytes, csv.count)])
      try await database.write { db in
        try db.run(
          """
          INSERT INTO import_chunk (job_id, position, bytes) VALUES (\(id), \(position), \(piece)) ON CONFLICT DO NOTHING
          """)
      }
    }
    return try await database.write { [clock] db in
      try db.run(
        """
        UPDATE import_job SET state = 'checking', changed_ms = \(clock.now) WHERE id = \(id) AND state = 'receiving'
        """)
      return try ImportJob.require(id, in: db)
    }
  }

  /// Imports what a check has found, from now on and by itself. Asking twice does it once. For the channel's owners.
  ///
  /// A product that somebody changed after the check is refused, rather than changed to what nobody has seen.
  public func confirmImport(_ id: ID<ImportJob>, by caller: Caller) async throws -> ImportJob {
    try await database.write { [clock] db in
      let job = try ImportJob.require(id, in: db)
      try Membership.require(.everything, of: job.channel, by: caller, "import", in: db)
      if [.importing, .done].contains(job.state) { return job }
      let changed = try db.run(
        """
        UPDATE import_job SET state = 'importing', done_count = 0, changed_ms = \(clock.now)
        WHERE id = \(id) AND state = 'ready'
        """)
      guard changed == 1 else { throw ImportRefusal.notReady(job.state) }
      return try ImportJob.require(id, in: db)
    }
  }

  /// Forgets a file that has not been confirmed; nothing of it was imported. For the channel's owners.
  public func discardImport(_ id: ID<ImportJob>, by caller: Caller) async throws -> ImportJob {
    try await database.write { [clock] db in
      let job = try ImportJob.require(id, in: db)
      try Membership.require(.everything, of: job.channel, by: caller, "import", in: db)
      if job.state == .discarded { return job }
      guard [.receiving, .checking, .ready].contains(job.state) else { throw ImportRefusal.notReady(job.state) }
      try db.run(
        """
        UPDATE import_job SET state = 'discarded', lease = NULL, changed_ms = \(clock.now) WHERE id = \(id)
        """)
      try db.run("DELETE FROM import_chunk WHERE job_id = \(id)")
      return try ImportJob.require(id, in: db)
    }
  }

  /// How far an import is. For the channel's members.
  public func importJob(_ id: ID<ImportJob>, by caller: Caller) async throws -> ImportJob {
    try await database.read { db in
      let job = try ImportJob.require(id, in: db)
      try Membership.require(.look, of: job.channel, by: caller, "import", in: db)
      return job
    }
  }

  /// A channel's imports, newest first. For its members.
  public func importJobs(
    of channel: ID<Channel>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<ImportJob> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      let place: SQL =
        cursor.map { "AND (created_ms < \($0.key) OR (created_ms = \($0.key) AND id < \($0.id)))" } ?? ""
      let rows = try db.rows(
        """
        SELECT \(ImportJob.columns) FROM import_job WHERE channel_id = \(channel) \(place)
        ORDER BY created_ms DESC, id DESC LIMIT \(limit + 1)
        """)
      return Page(try rows.map(ImportJob.init), limit: limit) { Cursor($0.createdAt.milliseconds, $0.id) }
    }
  }

  /// The products of an import, in the order of the file: all, or those of which that becomes. For the channel's members.
  public func importItems(
    of id: ID<ImportJob>, by caller: Caller, outcome: ImportItem.Outcome? = nil, after cursor: Cursor? = nil,
    limit: Int = 20
  ) async throws -> Page<ImportItem> {
    try policy.check(limit: limit)
    return try await database.read { db in
      let job = try ImportJob.require(id, in: db)
      try Membership.require(.look, of: job.channel, by: caller, "import", in: db)
      let which: SQL = outcome.map { "AND outcome = \($0)" } ?? ""
      let rows = try db.rows(
        """
        SELECT \(ImportItem.columns) FROM import_item
        WHERE job_id = \(id) AND position > \(cursor?.key ?? -1) \(which) ORDER BY position LIMIT \(limit + 1)
        """)
      return Page(try rows.map(ImportItem.init), limit: limit) { Cursor(Int64($0.position), id) }
    }
  }

  /// Deletes imports that were begun more than `Policy.importDays` ago, with their files and reports; gives how many.
  public func forgetOldImports() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.importDays * 86_400)
    return try await database.write { db in
      let old = try db.rows(
        "SELECT id FROM import_job WHERE created_ms < \(before) AND state <> 'importing' ORDER BY created_ms LIMIT 1"
      ).map { try $0.get("id", as: ID<ImportJob>.self) }
      for id in old {
        try db.run("DELETE FROM import_chunk WHERE job_id = \(id)")
        try db.run("DELETE FROM import_item WHERE job_id = \(id)")
        try db.run("DELETE FROM import_job WHERE id = \(id)")
      }
      return old.count
    }
  }
}
