import Store

/// A row that must be there because this transaction just wrote it.
func require(_ row: Row?) throws -> Row {
  guard let row else { throw MissingRow() }
  return row
}

/// A row that this transaction wrote is not there: a fault of ours.
struct MissingRow: Error {}
