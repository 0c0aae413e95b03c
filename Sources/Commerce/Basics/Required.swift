import Store

extension Connection {
  /// A row that must be there: a count, or what this transaction has just written.
  func requireRow(_ sql: SQL) throws -> Row {
    guard let row = try row(sql) else { throw MissingRow() }
    return row
  }
}

/// A row that this transaction wrote is not there: a fault of ours.
struct MissingRow: Error {}
