import GRDB
import GRDBSQLite

/// One SQLite connection, on loan from GRDB, which opens it, pools it, confines it to a thread and keeps its prepared
/// statements. Values are bound and read with SQLite's own functions: they are few, and this is the hot path.
final class SQLiteDriver: Driver {
  let engine = DatabaseEngine.sqlite
  private let db: GRDB.Database
  /// Of this connection; nil for one that reads, of which there are several.
  private let prepared: PreparedStatements?
  private let kept: Mirrors?
  /// Whether this transaction has looked if what is kept is still true.
  private var hasLooked = false
  private var isWriting = false
  /// How often something else than rows was changed.
  private var otherChanges = 0

  init(_ db: GRDB.Database, prepared: PreparedStatements? = nil, mirrors: Mirrors? = nil) {
    self.db = db
    self.prepared = prepared
    kept = mirrors
  }

  /// SQLite rolls a whole transaction back by itself for a full disk, a failed write and the like.
  var damage: Damage { isWriting && !db.isInsideTransaction ? .lost : .none }

  /// SQLite undoes by itself what a statement did before it failed.
  var changes: Int { db.totalChangesCount + otherChanges }

  func begin(_ purpose: Purpose) throws {
    // A reader's transaction, a snapshot, is already there: `DatabasePool.read` began it.
    guard purpose == .write else { return }
    try run(SQL(verbatim: "BEGIN IMMEDIATE"))
    isWriting = true
    hasLooked = false
    kept?.begin()
  }

  /// `data_version` is another number when another connection has changed the file, in whatever process. Nobody else can
  /// while this transaction writes, so once is enough.
  func mirrors() throws -> Mirrors? {
    guard isWriting, let kept, !hasLooked else { return isWriting ? kept : nil }
    if let version = try rows("PRAGMA data_version").first { kept.look(at: try version.get("data_version")) }
    hasLooked = true
    return kept
  }

  func commit() throws {
    guard isWriting else { return }
    try run(SQL(verbatim: "COMMIT"))
    isWriting = false
  }

  func rollback() {
    // It fails only when SQLite has rolled back already.
    if isWriting, db.isInsideTransaction { _ = try? run(SQL(verbatim: "ROLLBACK")) }
    if isWriting { kept?.undo() }
    isWriting = false
  }

  func savepoint() throws { try run(SQL(verbatim: "SAVEPOINT one")) }
  func releaseSavepoint() throws { try run(SQL(verbatim: "RELEASE one")) }

  func rollBackToSavepoint() throws {
    kept?.undo()
    try run(SQL(verbatim: "ROLLBACK TO one"))
    try run(SQL(verbatim: "RELEASE one"))
  }

  func define(_ schema: String) throws {
    for statement in SchemaText(schema).sqlite { try run(SQL(verbatim: statement)) }
    // What was prepared before may have other columns now. GRDB keeps it too.
    prepared?.removeAll()
    kept?.removeAll()
    db.clearSchemaCache()
  }

  @discardableResult
  func run(_ sql: SQL) throws -> Int {
    let before = db.totalChangesCount
    try step(sql) { _ in }
    // `changesCount` is the last INSERT's, UPDATE's or DELETE's, which need not have been this statement.
    return db.totalChangesCount == before ? 0 : db.changesCount
  }

  func rows(_ sql: SQL) throws -> [Row] {
    var rows: [Row] = []
    try step(sql) { statement in
      let columns = statement.columns
      rows.append(
        Row(columns: columns, values: try columns.names.indices.map { try value(of: statement, at: $0, sql) }))
    }
    return rows
  }

  private func step(_ sql: SQL, onRow: (PreparedStatement) throws -> Void) throws {
    let statement = try prepared(sql)
    if !statement.changesRowsAlone { otherChanges += 1 }
    let handle = statement.handle
    defer {
      sqlite3_reset(handle)
      sqlite3_clear_bindings(handle)
    }
    try bind(sql, to: handle)
    while true {
      switch sqlite3_step(handle) {
      case SQLITE_ROW: try onRow(statement)
      case SQLITE_DONE: return
      case let code: throw fault(code, sql)
      }
    }
  }

  private func prepared(_ sql: SQL) throws -> PreparedStatement {
    if let known = prepared?[sql.shape] { return known }
    do {
      let made = PreparedStatement(try db.cachedStatement(sql: sql.text), of: sql.shape)
      prepared?[sql.shape] = made
      return made
    } catch let error as DatabaseError {
      throw StoreFault.statement("\(error.message ?? "error \(error.resultCode.rawValue)") in \(sql)")
    }
  }

  private func bind(_ sql: SQL, to handle: SQLiteStatement) throws {
    for (index, value) in sql.values.enumerated() {
      let place = Int32(index + 1)
      let code =
        switch value {
        case .null: sqlite3_bind_null(handle, place)
        case .integer(let integer): sqlite3_bind_int64(handle, place, integer)
        case .text(var text):
          try text.withUTF8 { bytes in
            if bytes.contains(0) { throw StoreFault.value("text with a NUL character, in \(sql)") }
            return bytes.withMemoryRebound(to: CChar.self) { characters in
              // An empty buffer has no address, and SQLite takes no address for NULL.
              guard let address = characters.baseAddress else {
                return sqlite3_bind_text(handle, place, "", 0, Self.copied)
              }
              return sqlite3_bind_text64(
                handle, place, address, UInt64(bytes.count), Self.copied, UInt8(SQLITE_UTF8))
            }
          }
        case .blob(let bytes):
          bytes.isEmpty
            ? sqlite3_bind_zeroblob(handle, place, 0)
            : sqlite3_bind_blob64(handle, place, bytes, UInt64(bytes.count), Self.copied)
        }
      guard code == SQLITE_OK else { throw fault(code, sql) }
    }
  }

  /// SQLite copies what it is given before the call returns.
  private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

  private func value(of statement: PreparedStatement, at index: Int, _ sql: SQL) throws -> Value {
    let handle = statement.handle
    let column = Int32(index)
    let type = sqlite3_column_type(handle, column)
    if type == SQLITE_INTEGER { return .integer(sqlite3_column_int64(handle, column)) }
    if type == SQLITE_NULL { return .null }
    guard type == SQLITE_TEXT || type == SQLITE_BLOB else {
      throw StoreFault.value("column \(statement.columns.names[index]) is a fraction, in \(sql)")
    }
    let address = sqlite3_column_blob(handle, column)
    let bytes = UnsafeRawBufferPointer(start: address, count: Int(sqlite3_column_bytes(handle, column)))
    return type == SQLITE_TEXT ? .text(String(decoding: bytes, as: UTF8.self)) : .blob([UInt8](bytes))
  }

  private func fault(_ code: CInt, _ sql: SQL) -> StoreFault {
    let message = "\(db.lastErrorMessage ?? "error \(code)") in \(sql)"
    switch code & 0xff {
    case SQLITE_CONSTRAINT: return .constraint(message)
    case SQLITE_READONLY where !isWriting: return .statement(message)
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY, SQLITE_CORRUPT, SQLITE_NOTADB,
      SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_NOMEM:
      return .storage(message)
    default: return .statement(message)
    }
  }
}
