import CSQLite
import Foundation
import GRDB

/// Connections to one SQLite file: one that writes, and as many readers as there are lanes.
final class SQLiteSource: DriverSource {
  private let pool: DatabasePool
  private let purpose: Purpose
  /// Nil for a lane that reads.
  private let log: WriteAheadLog?
  /// Of the connection that writes.
  let commitSync: (any CommitSync)?

  /// What the connection that writes has prepared. Used on its thread alone.
  private let prepared = PreparedStatements()
  /// What is kept in memory of what it writes.
  private let mirrors = Mirrors()

  /// How long a write waits for another program that writes to the same file.
  private static let busySeconds = 10.0

  /// Pages a connection keeps in memory. SQLite's own 2 MiB make a busy writer read its indexes again and again.
  private static let cacheKiB = 32 * 1024

  /// Once for the process.
  private static let isConfigured = haat_sqlite_without_memory_count() == SQLITE_OK

  /// - Parameter sync: gives what syncs the log; a test that has a hand in it looks at what a power cut would leave.
  init(path: String, readersMax: Int, sync: (any CommitSync) -> any CommitSync = { $0 }) throws {
    // Not when somebody in this process has used SQLite before: then it only costs a little more.
    _ = Self.isConfigured
    var configuration = Configuration()
    configuration.label = "haat.store.sqlite"
    configuration.busyMode = .timeout(Self.busySeconds)
    configuration.foreignKeysEnabled = true
    configuration.maximumReaderCount = readersMax
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA cache_size = -\(Self.cacheKiB)")
      // What a savepoint may have to undo is kept in memory: in a file it was a fifth of the work of an order.
      try db.execute(sql: "PRAGMA temp_store = MEMORY")
    }
    do {
      pool = try DatabasePool(path: path, configuration: configuration)
      try Self.keepOrder(pool)
      log = try WriteAheadLog(of: pool, path: path)
    } catch let error as DatabaseError {
      throw StoreFault.storage("\(path): \(error.message ?? "error \(error.resultCode.rawValue)")")
    }
    commitSync = sync(SyncLog(of: path))
    purpose = .write
  }

  private init(pool: DatabasePool) {
    self.pool = pool
    purpose = .read
    log = nil
    commitSync = nil
  }

  /// The same file, for a lane that reads.
  func reader() -> SQLiteSource { SQLiteSource(pool: pool) }

  func withDriver<T>(_ body: (any Driver) throws -> T) throws -> T {
    do {
      switch purpose {
      case .write:
        return try pool.writeWithoutTransaction { try body(SQLiteDriver($0, prepared: prepared, mirrors: mirrors)) }
      case .read: return try pool.read { try body(SQLiteDriver($0)) }
      }
    } catch let error as DatabaseError {
      // Bodies throw errors of their own: this one is the pool's.
      throw StoreFault.storage(error.message ?? "error \(error.resultCode.rawValue)")
    }
  }

  /// Every transaction that writes keeps other programs out by itself.
  func withDriverAlone<T>(_ body: (any Driver) throws -> T) throws -> T {
    try withDriver(body)
  }

  func close() {
    // A pool that cannot close has a statement under way, which the lanes rule out; its file is safe either way.
    guard purpose == .write else { return }
    pool.writeWithoutTransaction { _ in prepared.removeAll() }
    log?.close()
    try? pool.close()
  }

  /// With `synchronous` at NORMAL, which GRDB sets when it opens WAL, SQLite syncs the log before it copies it into the
  /// file and the file after that, so that nothing is ever torn; but a commit returns before it is synced, and a power cut
  /// would lose it. That sync is ours (`SyncLog`): nobody is told of a commit before it. FULL would do the same within
  /// the commit, while the writer waits.
  private static func keepOrder(_ pool: DatabasePool) throws {
    try pool.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA synchronous = NORMAL")
      let level = try Int.fetchOne(db, sql: "PRAGMA synchronous")
      guard level == 1 else {
        throw StoreFault.storage(
          "SQLite would not set synchronous to NORMAL: it is \(level.map(String.init) ?? "unknown")")
      }
    }
  }
}
