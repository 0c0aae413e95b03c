import GRDB
import GRDBSQLite

/// A statement that SQLite has compiled, and what is asked of it each time it runs.
struct PreparedStatement {
  /// Keeps `handle` alive.
  private let statement: Statement
  let handle: SQLiteStatement
  let columns: Columns
  /// Whether SQLite counts all that it can change.
  let changesRowsAlone: Bool

  init(_ statement: Statement, of shape: SQL.Shape) {
    self.statement = statement
    handle = statement.sqliteStatement
    columns = Columns(statement.columnNames)
    changesRowsAlone = statement.isReadonly || shape.changesRowsAlone
  }
}

/// The statements of one connection by what they are made of, so that one that was seen before needs no text. Used by the
/// connection's thread alone.
final class PreparedStatements: @unchecked Sendable {
  private var statements: [SQL.Shape: PreparedStatement] = [:]

  /// A bound for texts that vary in length, such as `IN` lists; far above what the program's own statements need.
  private static let statementsMax = 1000

  subscript(shape: SQL.Shape) -> PreparedStatement? {
    get { statements[shape] }
    set {
      if statements.count >= Self.statementsMax { removeAll() }
      statements[shape] = newValue
    }
  }

  func removeAll() { statements = [:] }
}
