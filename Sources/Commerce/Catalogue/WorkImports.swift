import Store

extension Commerce {
  /// How long a worker that says nothing keeps others from its job.
  private static let leaseSeconds: Int64 = 30
  private static let checkedAtOnce = 100
  private static let importedAtOnce = 32

  /// Works on the oldest import that waits for it, to the end of its check or of its import. False when none waits.
  ///
  /// It goes on from where the last worker was: each product is done once, and noted in the same transaction. A task that
  /// is cancelled lets go of the job; a process that dies, after half a minute.
  ///
  /// - Parameter batchesMax: stops there and keeps the job, as a process does that dies.
  public func workImport(batchesMax: Int = .max) async throws -> Bool {
    let worker = entropy.bytes(16)
    guard let job = try await claimImport(for: worker) else { return false }
    do {
      guard let file = try await importFile(of: job, worker) else { return true }
      for _ in 0..<batchesMax {
        try Task.checkCancellation()
        let goesOn =
          job.state == .checking
          ? try await checkSome(of: job, file, worker) : try await importSome(of: job, file, worker)
        guard goesOn else { return true }
      }
      return true
    } catch is LeaseLost {
      // Discarded, or another worker has it: this one was thought dead.
      return true
    } catch {
      // Whoever comes next may have it at once.
      _ = try? await database.write { db in
        try db.run("UPDATE import_job SET lease = NULL WHERE id = \(job.id) AND lease = \(worker)")
      }
      throw error
    }
  }

  private func claimImport(for worker: [UInt8]) async throws -> ImportJob? {
    let isWaiting: SQL = "state IN ('checking', 'importing')"
    let waiting = try await database.read { db in
      try db.row("SELECT id FROM import_job WHERE \(isWaiting) LIMIT 1") != nil
    }
    guard waiting else { return nil }
    return try await database.write { [clock] db in
      let row = try db.row(
        """
        SELECT \(ImportJob.columns) FROM import_job
        WHERE \(isWaiting) AND (lease IS NULL OR leased_ms <= \(clock.now)) ORDER BY created_ms, id LIMIT 1
        """)
      guard let job = try row.map(ImportJob.init) else { return nil }
      let until = clock.now.adding(seconds: Self.leaseSeconds)
      try db.run("UPDATE import_job SET lease = \(worker), leased_ms = \(until) WHERE id = \(job.id)")
      return job
    }
  }

  /// The file, read again; nil when the job ended because it cannot go on.
  private func importFile(of job: ImportJob, _ worker: [UInt8]) async throws -> ShopifyFile? {
    do {
      let caller = Caller(account: job.account)
      let market = try await importMarket(job.market, by: caller, channel: job.channel)
      let bytes = try await database.read { db in
        try db.rows("SELECT bytes FROM import_chunk WHERE job_id = \(job.id) ORDER BY position")
          .flatMap { try $0.get("bytes", as: [UInt8].self) }
      }
      return try ShopifyFile(bytes, market: market, policy: policy)
    } catch let refusal as any Refusal {
      try await database.write { db in
        try keep(job, worker, in: db)
        try db.run(
          """
          UPDATE import_job SET state = 'failed', why = \(refusal.sentence), lease = NULL, changed_ms = \(clock.now)
          WHERE id = \(job.id)
          """)
        try db.run("DELETE FROM import_chunk WHERE job_id = \(job.id)")
      }
      return nil
    }
  }

  /// Throws `LeaseLost` unless the worker still has the job, and keeps it for a while longer.
  private func keep(_ job: ImportJob, _ worker: [UInt8], in db: any Connection) throws {
    let until = clock.now.adding(seconds: Self.leaseSeconds)
    let kept = try db.run(
      """
      UPDATE import_job SET leased_ms = \(until)
      WHERE id = \(job.id) AND lease = \(worker) AND state = \(job.state)
      """)
    guard kept == 1 else { throw LeaseLost() }
  }

  // MARK: Checking

  /// Compares the next products with the catalogue; false when there are none left.
  private func checkSome(of job: ImportJob, _ file: ShopifyFile, _ worker: [UInt8]) async throws -> Bool {
    let (start, market) = try await database.read { db in
      let done = try ImportJob.require(job.id, in: db).doneCount
      guard let market = try Market.find(job.market, in: db) else { throw GeneralRefusal.notFound("market") }
      return (done, market)
    }
    let end = min(start + Self.checkedAtOnce, file.entries.count)
    let entries = start < end ? Array(file.entries[start..<end]) : []
    let known = try await database.read { db in
      try Product.imported(entries.map(\.handle), of: job.channel, in: db)
    }
    let checked = entries.map { entry in
      entry.checked(against: known[entry.handle], market: market, keepsStock: job.keepsStock)
    }
    let details = try checked.map { try $0.detail.json }
    let counts = Dictionary(grouping: checked, by: \.outcome).mapValues(\.count)
    let isOver = end >= file.entries.count
    try await database.write { [clock] db in
      try keep(job, worker, in: db)
      let rows: [[any ValueConvertible]] = entries.indices.map { place in
        [
          job.id, start + place, entries[place].line, entries[place].handle, entries[place].title,
          checked[place].product, checked[place].outcome, false, details[place],
        ]
      }
      if !rows.isEmpty {
        try db.run(
          """
          INSERT INTO import_item (job_id, position, line, handle, title, product_id, outcome, is_done, detail)
          VALUES \(rows: rows)
          """)
      }
      try db.run(
        """
        UPDATE import_job SET done_count = \(end), new_count = new_count + \(counts[.new] ?? 0),
          changed_count = changed_count + \(counts[.changed] ?? 0),
          unchanged_count = unchanged_count + \(counts[.unchanged] ?? 0),
          refused_count = refused_count + \(counts[.refused] ?? 0), changed_ms = \(clock.now)
        WHERE id = \(job.id)
        """)
      if isOver { try db.run("UPDATE import_job SET state = 'ready', lease = NULL WHERE id = \(job.id)") }
    }
    return !isOver
  }

  // MARK: Importing

  /// Imports the next products; false when there are none left.
  private func importSome(of job: ImportJob, _ file: ShopifyFile, _ worker: [UInt8]) async throws -> Bool {
    let (rows, products) = try await database.read { db in
      (
        try db.rows(
          """
          SELECT position, outcome, detail FROM import_item WHERE job_id = \(job.id) AND is_done = 0
          ORDER BY position LIMIT \(Self.importedAtOnce)
          """),
        try db.requireRow("SELECT COUNT(*) AS products FROM product WHERE channel_id = \(job.channel)")
          .get("products", as: Int.self)
      )
    }
    let steps = try rows.map { row in
      ImportStep(
        position: try row.get("position"), outcome: try row.get("outcome"),
        detail: try ImportDetail(json: row.get("detail")),
        // Counting them for each product would take longer than making it.
        isNearFull: products + 2 * Self.importedAtOnce >= policy.productsPerChannelMax)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for step in steps where step.outcome == .new || step.outcome == .changed {
        guard file.entries.indices.contains(step.position) else { continue }
        group.addTask { try await take(step, file.entries[step.position], job, worker) }
      }
      try await group.waitForAll()
    }
    let last = steps.last?.position ?? file.entries.count
    try await database.write { [clock] db in
      try keep(job, worker, in: db)
      try db.run("UPDATE import_item SET is_done = 1 WHERE job_id = \(job.id) AND is_done = 0 AND position <= \(last)")
      try db.run(
        """
        UPDATE import_job SET done_count = \(min(last + 1, file.entries.count)), changed_ms = \(clock.now)
        WHERE id = \(job.id)
        """)
      guard steps.isEmpty else { return }
      try db.run("UPDATE import_job SET state = 'done', lease = NULL WHERE id = \(job.id)")
      try db.run("DELETE FROM import_chunk WHERE job_id = \(job.id)")
    }
    return !steps.isEmpty
  }

  /// Imports one product, and notes in the same transaction that it did.
  private func take(
    _ step: ImportStep, _ entry: ShopifyFile.Entry, _ job: ImportJob, _ worker: [UInt8]
  ) async throws {
    do {
      let draft = try entry.draft.get()
      try await writeAndTell { [policy] db in
        try keep(job, worker, in: db)
        let account = try Membership.require(.everything, of: job.channel, by: Caller(account: job.account), in: db)
        let occasion = occasion(by: account, note: job.fileName.isEmpty ? "import" : "import: \(job.fileName)")
        let known = try Product.imported([entry.handle], of: job.channel, in: db)[entry.handle]
        guard known?.revision == step.detail.revision else { throw ChangedSinceCheck() }
        let product: ID<Product>
        if let known {
          product = known.id
          _ = try draft.fitted(
            to: known, market: job.market, keepsStock: job.keepsStock, seen: step.detail.stock
          ).change(known, on: occasion, db: db)
        } else {
          if step.isNearFull { try Product.requireRoom(in: job.channel, policy, db: db) }
          product = ID(at: occasion.at, entropy: occasion.entropy)
          _ = try draft.make(
            product, in: job.channel, importHandle: entry.handle,
            fingerprint: try MadeHash.of(draft, by: Caller(account: job.account), for: job.channel.description),
            on: occasion, db: db)
        }
        let noted = try db.run(
          """
          UPDATE import_item SET is_done = 1, product_id = \(product)
          WHERE job_id = \(job.id) AND position = \(step.position) AND is_done = 0
          """)
        guard noted == 1 else { throw LeaseLost() }
      }
    } catch let refused as RefusedRows {
      try await refuse(step, refused, job, worker)
    } catch let refusal as any Refusal {
      try await refuse(step, RefusedRows(refusal, line: entry.line, handle: entry.handle), job, worker)
    }
  }

  private func refuse(
    _ step: ImportStep, _ refused: RefusedRows, _ job: ImportJob, _ worker: [UInt8]
  ) async throws {
    var detail = step.detail
    detail.refused = refused.rows.map(ImportItem.RefusedRow.init)
    let json = try detail.json
    try await database.write { db in
      try keep(job, worker, in: db)
      let refused = try db.run(
        """
        UPDATE import_item SET is_done = 1, outcome = 'refused', detail = \(json)
        WHERE job_id = \(job.id) AND position = \(step.position) AND is_done = 0
        """)
      guard refused == 1 else { return }
      let counted: SQL = step.outcome == .new ? "new_count = new_count - 1" : "changed_count = changed_count - 1"
      try db.run(
        "UPDATE import_job SET \(counted), refused_count = refused_count + 1 WHERE id = \(job.id)")
    }
  }
}

/// An item that is about to be imported.
private struct ImportStep: Sendable {
  let position: Int
  let outcome: ImportItem.Outcome
  let detail: ImportDetail
  /// Whether the channel may have as many products as it can by the end of this batch.
  let isNearFull: Bool
}

/// The job is not this worker's any more.
private struct LeaseLost: Error {}

/// Nobody has seen what importing this product would do now.
private struct ChangedSinceCheck: Refusal {
  var code: String { "changed_since_check" }
  var sentence: String {
    "This product was changed after the file was checked. Nothing of it was imported: send the file again to see "
      + "what differs now."
  }
  var kind: RefusalKind { .stale }
}

extension ShopifyFile.Entry {
  /// What importing it would do to the product that has its handle.
  fileprivate func checked(
    against known: Product?, market: Market, keepsStock: Bool
  ) -> (outcome: ImportItem.Outcome, product: ID<Product>?, detail: ImportDetail) {
    var detail = ImportDetail(pictures: pictures.map(\.address))
    switch draft {
    case .failure(let refused):
      detail.refused = refused.rows.map(ImportItem.RefusedRow.init)
      return (.refused, known?.id, detail)
    case .success(let draft):
      guard let known else {
        detail.changes = draft.changes(of: nil, in: market)
        return (.new, nil, detail)
      }
      detail.revision = known.revision
      for variant in known.variants { detail.stock[variant.id.description] = variant.onHand }
      detail.changes = draft.fitted(to: known, market: market.code, keepsStock: keepsStock)
        .changes(of: known, in: market)
      return (detail.changes.isEmpty ? .unchanged : .changed, known.id, detail)
    }
  }
}
