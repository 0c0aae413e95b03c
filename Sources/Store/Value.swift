/// What travels to and from SQL: four shapes, the same on both engines.
public enum Value: Hashable, Sendable {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])
}

/// A type that is kept in a column.
public protocol ValueConvertible {
  var sqlValue: Value { get }
  /// Throws when the column holds something this type cannot be.
  init(sqlValue: Value) throws
}

/// A column held another shape than the code expected.
public struct UnexpectedValue: Error, CustomStringConvertible {
  let expected: String
  let found: Value

  public var description: String { "expected \(expected), found \(found)" }
}

extension Int64: ValueConvertible {
  public var sqlValue: Value { .integer(self) }

  public init(sqlValue: Value) throws {
    guard case .integer(let integer) = sqlValue else { throw UnexpectedValue(expected: "an integer", found: sqlValue) }
    self = integer
  }
}

extension Int: ValueConvertible {
  public var sqlValue: Value { .integer(Int64(self)) }

  public init(sqlValue: Value) throws { self = Int(try Int64(sqlValue: sqlValue)) }
}

extension Bool: ValueConvertible {
  public var sqlValue: Value { .integer(self ? 1 : 0) }

  public init(sqlValue: Value) throws { self = try Int64(sqlValue: sqlValue) != 0 }
}

extension String: ValueConvertible {
  public var sqlValue: Value { .text(self) }

  public init(sqlValue: Value) throws {
    guard case .text(let text) = sqlValue else { throw UnexpectedValue(expected: "text", found: sqlValue) }
    self = text
  }
}

extension [UInt8]: ValueConvertible {
  public var sqlValue: Value { .blob(self) }

  public init(sqlValue: Value) throws {
    guard case .blob(let bytes) = sqlValue else { throw UnexpectedValue(expected: "bytes", found: sqlValue) }
    self = bytes
  }
}

extension Optional: ValueConvertible where Wrapped: ValueConvertible {
  public var sqlValue: Value { self?.sqlValue ?? .null }

  public init(sqlValue: Value) throws {
    if case .null = sqlValue { self = nil } else { self = try Wrapped(sqlValue: sqlValue) }
  }
}
