public import Store

/// A string enum is kept in a TEXT column by its raw value.
extension ValueConvertible where Self: RawRepresentable, RawValue == String {
  public var sqlValue: Value { .text(rawValue) }

  public init(sqlValue: Value) throws {
    guard case .text(let text) = sqlValue, let value = Self(rawValue: text) else {
      throw UnreadableValue(expected: "one of the words of \(Self.self)", found: sqlValue)
    }
    self = value
  }
}
