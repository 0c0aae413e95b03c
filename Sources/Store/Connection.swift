/// What the body of a ``Database/write(_:)`` or ``Database/read(_:)`` speaks to. It is of use only inside that body.
///
/// When a statement fails, so does the whole call: every later statement throws, and so does the call itself when its
/// body returns as if nothing had happened. PostgreSQL works so; SQLite does not, and is made to here, because a rule
/// that leans on a caught error must not pass on one engine and fail on the other. Let the database decide instead:
/// `ON CONFLICT DO NOTHING … RETURNING`.
public protocol Connection: AnyObject {
  /// Runs one statement and gives the number of rows it inserted, updated or deleted.
  @discardableResult func run(_ sql: SQL) throws -> Int

  /// Runs one statement and gives all rows of its result.
  func rows(_ sql: SQL) throws -> [Row]
}

extension Connection {
  /// The first row of the result, or nil when it is empty.
  public func row(_ sql: SQL) throws -> Row? {
    try rows(sql).first
  }
}
