public import Logging

/// A database on either engine.
///
/// ```swift
/// let left = try await database.write { db in
///   try db.run("UPDATE stock SET reserved = reserved + 1 WHERE variant_id = \(variant) AND reserved < on_hand")
/// }
/// ```
public struct Database: Sendable {
  /// What keeps it.
  public var engine: DatabaseEngine {
    switch location {
    case .sqlite: .sqlite
    case .postgres: .postgres
    }
  }

  let location: DatabaseLocation
  private let writer: GroupCommit
  private let readers: Readers

  /// Opens the database, and makes the file when there is none.
  ///
  /// - Throws: ``StoreFault/storage(_:)`` or ``StoreFault/connection(_:)`` when it cannot be opened, or cannot promise
  ///   that what it committed survives a power cut.
  public static func open(
    _ location: DatabaseLocation, limits: DatabaseLimits = DatabaseLimits(), logger: Logger
  ) async throws -> Database {
    switch location {
    case .sqlite(let path):
      return try openSQLite(path, limits: limits, logger: logger)
    case .postgres(let url):
      let database = Database(
        location: location,
        writer: GroupCommit(source: PostgresSource(url: url), limits: limits, logger: logger),
        readers: Readers(
          sources: (0..<max(1, limits.readersMax)).map { _ in PostgresSource(url: url) },
          waitingMax: limits.readsWaitingMax))
      // Connections are made when first needed; an address that does not answer should be known at once.
      try await database.writer.exclusively { try $0.withDriver { _ in } }
      return database
    }
  }

  static func openSQLite(
    _ path: String, limits: DatabaseLimits = DatabaseLimits(), logger: Logger,
    syncAside: Int64 = GroupCommit.syncAsideNanoseconds, sync: (any CommitSync) -> any CommitSync = { $0 }
  ) throws -> Database {
    let writer = try SQLiteSource(path: path, readersMax: limits.readersMax, sync: sync)
    let commits = GroupCommit(source: writer, limits: limits, logger: logger, syncAside: syncAside)
    return Database(
      location: .sqlite(path: path), writer: commits,
      readers: Readers(
        sources: (0..<max(1, limits.readersMax)).map { _ in writer.reader() }, waitingMax: limits.readsWaitingMax,
        durable: commits.durable))
  }

  /// Brings the schema up to date: runs each migration once, in the order given, each in a transaction of its own. Two
  /// programs may do so at the same time.
  ///
  /// - Throws: ``StoreFault/migration(_:)`` when what has run is not the beginning of `migrations`, to the letter.
  public func migrate(_ migrations: [Migration]) async throws {
    try await writer.exclusively { source in
      try source.withDriverAlone { try Migration.run(migrations, on: $0) }
    }
  }

  /// Runs `body` as if no other write ran beside it, and returns when what it did would survive a power cut.
  ///
  /// It shares its transaction's commit with other calls, and its fate with none: when it throws, it alone is rolled
  /// back. It may run more than once, when another program's write got in between, so it must have no effect outside the
  /// database. Cancelling the task that waits does not stop it.
  ///
  /// - Throws: what `body` throws, or a ``StoreFault``.
  @discardableResult
  public func write<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
    try await writer.write(body)
  }

  /// The same, for a caller that waits in no task: an event loop with thousands of writes a second.
  ///
  /// `tell` is called once, when what was written would survive a power cut or was refused. It runs on the
  /// thread that makes commits durable, which every other write waits for, or on the caller's own when no further write is
  /// taken: it must be quick.
  public func write<T: Sendable>(
    _ body: @escaping @Sendable (any Connection) throws -> T,
    then tell: @escaping @Sendable (Result<T, any Error>) -> Void
  ) {
    writer.write(body, then: tell)
  }

  /// Runs `body` on a snapshot that holds every write which had returned before. It cannot change anything.
  ///
  /// - Throws: what `body` throws, or a ``StoreFault``.
  public func read<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
    try await readers.read(body)
  }

  /// How much it takes on disk, its log left out.
  public func bytes() async throws -> Int64 {
    let sql: SQL =
      engine == .sqlite
      ? "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()"
      : "SELECT pg_database_size(current_database()) AS bytes"
    return try await read { db in try db.row(sql)?.get("bytes") ?? 0 }
  }

  /// What has been written, in how many commits, and how many calls wait now.
  public func statistics() -> DatabaseStatistics {
    writer.statistics
  }

  /// Refuses new calls with ``StoreFault/closed``, lets those that wait end, and closes the connections.
  public func close() async {
    await readers.close()
    await writer.close()
  }
}
