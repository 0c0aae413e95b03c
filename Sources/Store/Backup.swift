import Dispatch
import Foundation
import GRDB
import Glibc

/// What a backup holds, as it was found in it.
public struct BackupContents: Sendable, Equatable {
  /// The last step of the schema.
  public let schema: String
  /// By table.
  public let rows: [String: Int64]

  public init(schema: String, rows: [String: Int64]) {
    self.schema = schema
    self.rows = rows
  }
}

/// Why there is no backup, or why it cannot be restored. Nothing was changed.
public enum BackupFault: Error, Equatable, CustomStringConvertible {
  /// `pg_dump` or `pg_restore` is not installed.
  case programMissing(String)
  case programFailed(String)
  /// What was written is not what was read.
  case damaged(String)
  case notEmpty(String)

  public var description: String {
    switch self {
    case .programMissing(let name): "\(name) is not installed on this machine (Debian: postgresql-client)"
    case .programFailed(let why): "it failed: \(why)"
    case .damaged(let why): "it is damaged: \(why)"
    case .notEmpty(let what): "\(what) is there already, and nothing is overwritten"
    }
  }
}

extension Database {
  /// A thread of their own for copies, which take as long as the disk does.
  private static let thread = DispatchQueue(label: "haat.store.backup", qos: .utility)

  private static func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      thread.async { continuation.resume(with: Result { try body() }) }
    }
  }

  /// Writes everything as it is at one moment to a file that only its owner may read, beside the writes that go on; and
  /// reads it back: when this returns, the file is whole, checked, and survives a power cut.
  ///
  /// - Throws: `BackupFault`, `StoreFault`. Then there is no such file.
  public func backUp(to path: String) async throws -> BackupContents {
    let location = location
    return try await Self.blocking {
      guard !FileManager.default.fileExists(atPath: path) else { throw BackupFault.notEmpty(path) }
      do {
        // Made first, so that at no moment others may read it.
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
          throw StoreFault.storage("\(path) cannot be made")
        }
        let contents: BackupContents
        switch location {
        case .sqlite(let source): contents = try SQLiteBackup.make(of: source, at: path)
        case .postgres(let url): contents = try PostgresBackup.make(of: url, at: path)
        }
        try Self.sync(path)
        return contents
      } catch {
        try? FileManager.default.removeItem(atPath: path)
        throw error
      }
    }
  }

  /// Reads a backup of SQLite whole: every page and every reference. Gives what is in it.
  ///
  /// - Throws: `BackupFault.damaged`.
  public static func check(sqliteBackup path: String) async throws -> BackupContents {
    try await blocking { try SQLiteBackup.check(path) }
  }

  /// Makes a new database of a backup, where there is none.
  ///
  /// - Throws: `BackupFault`, `StoreFault`. Of PostgreSQL nothing was restored then, of SQLite no file is left.
  public static func restore(_ path: String, to location: DatabaseLocation) async throws {
    try await blocking {
      switch location {
      case .sqlite(let target):
        for file in [target, target + "-wal"] where FileManager.default.fileExists(atPath: file) {
          throw BackupFault.notEmpty(file)
        }
        _ = try SQLiteBackup.check(path)
        do {
          try FileManager.default.copyItem(atPath: path, toPath: target)
          try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: target)
          try sync(target)
        } catch {
          try? FileManager.default.removeItem(atPath: target)
          throw StoreFault.storage("\(target): \(error.localizedDescription)")
        }
      case .postgres(let url): try PostgresBackup.restore(path, to: url)
      }
    }
  }

  /// Returns when the file, and its name in its directory, would survive a power cut.
  private static func sync(_ path: String) throws {
    for place in [path, (path as NSString).deletingLastPathComponent] {
      let file = Glibc.open(place.isEmpty ? "." : place, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { throw StoreFault.storage("\(place) cannot be opened") }
      defer { Glibc.close(file) }
      guard fsync(file) == 0 else { throw StoreFault.storage("\(place) cannot be made durable") }
    }
  }
}

/// A copy by SQLite itself (`VACUUM INTO`): one moment of the database, without its log and without what was deleted.
private enum SQLiteBackup {
  static func make(of source: String, at path: String) throws -> BackupContents {
    do {
      var configuration = Configuration()
      configuration.label = "haat.store.backup"
      configuration.busyMode = .timeout(10)
      let queue = try DatabaseQueue(path: source, configuration: configuration)
      try queue.inDatabase { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
      try queue.close()
    } catch let error as DatabaseError {
      throw StoreFault.storage("\(path): \(error.message ?? "error \(error.resultCode.rawValue)")")
    }
    return try check(path)
  }

  static func check(_ path: String) throws -> BackupContents {
    do {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.label = "haat.store.backup"
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      let contents = try queue.inDatabase { db in
        let found = try String.fetchAll(db, sql: "PRAGMA integrity_check(10)")
        guard found == ["ok"] else { throw BackupFault.damaged(found.joined(separator: "; ")) }
        guard try GRDB.Row.fetchOne(db, sql: "PRAGMA foreign_key_check") == nil else {
          throw BackupFault.damaged("a row refers to one that is not there")
        }
        let tables = try String.fetchAll(
          db,
          sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
        guard tables.contains("migration") else { throw BackupFault.damaged("it is no database of Haat's") }
        var rows: [String: Int64] = [:]
        for table in tables {
          rows[table] = try Int64.fetchOne(db, sql: "SELECT COUNT(*) FROM \(table.quotedDatabaseIdentifier)")
        }
        let last = try String.fetchOne(db, sql: "SELECT name FROM migration ORDER BY position DESC LIMIT 1")
        return BackupContents(schema: last ?? "", rows: rows)
      }
      try queue.close()
      return contents
    } catch let error as DatabaseError {
      throw BackupFault.damaged(error.message ?? "error \(error.resultCode.rawValue)")
    }
  }
}

/// A dump by PostgreSQL's own program, of the snapshot that its rows are counted in.
private enum PostgresBackup {
  static func make(of url: String, at path: String) throws -> BackupContents {
    let session = try PostgresDriver(url: url)
    defer { session.close() }
    try session.begin(.read)
    let snapshot: String = try session.rows("SELECT pg_export_snapshot() AS name")[0].get("name")
    let tables: [String] = try session.rows(
      """
      SELECT table_name::text AS name FROM information_schema.tables
      WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name
      """
    ).map { try $0.get("name") }
    var rows: [String: Int64] = [:]
    for table in tables {
      rows[table] = try session.rows(SQL(verbatim: "SELECT COUNT(*) AS count FROM \"\(table)\""))[0].get("count")
    }
    let last: String? = try session.rows("SELECT name FROM migration ORDER BY position DESC LIMIT 1").first?.get("name")
    try run(
      "pg_dump", of: url,
      ["--format=custom", "--no-owner", "--no-privileges", "--snapshot=\(snapshot)", "--file=\(path)"])
    session.rollback()
    let list = try run("pg_restore", of: nil, ["--list", path])
    let isWhole = tables.allSatisfy {
      list.contains(" TABLE DATA public \($0) ") || !list.contains("TABLE DATA public")
    }
    guard isWhole else { throw BackupFault.damaged("a table is missing") }
    return BackupContents(schema: last ?? "", rows: rows)
  }

  static func restore(_ path: String, to url: String) throws {
    let session = try PostgresDriver(url: url)
    defer { session.close() }
    let isThere = try session.rows("SELECT to_regclass('migration')::text AS name")[0].get("name", as: String?.self)
    guard isThere == nil else { throw BackupFault.notEmpty("a database of Haat's") }
    try run(
      "pg_restore", of: url,
      ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", path])
  }

  /// Gives what it prints. The password is in its environment and not among its arguments, which everybody may read.
  @discardableResult
  private static func run(_ program: String, of url: String?, _ arguments: [String]) throws -> String {
    guard let url else { return try OtherProgram.run(program, arguments) }
    guard var parts = URLComponents(string: url), let password = parts.password else {
      return try OtherProgram.run(program, ["--dbname=\(url)"] + arguments)
    }
    parts.password = nil
    return try OtherProgram.run(
      program, ["--dbname=\(parts.string ?? url)"] + arguments, environment: ["PGPASSWORD": password])
  }
}
