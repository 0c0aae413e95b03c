/// The names of a result's columns, shared by all of its rows.
@usableFromInline
final class Columns: Sendable {
  @usableFromInline let names: [String]

  init(_ names: [String]) { self.names = names }
}

/// One row of a result.
public struct Row: Sendable {
  @usableFromInline let columns: Columns
  @usableFromInline let values: [Value]

  /// The value of the column with that name (its alias, when it has one). The first, when several have it.
  ///
  /// - Throws: ``StoreFault/statement(_:)`` when there is no such column; ``UnexpectedValue`` when it holds another shape.
  @inlinable
  public func get<T: ValueConvertible>(_ column: String, as type: T.Type = T.self) throws -> T {
    guard let index = columns.names.firstIndex(of: column) else {
      throw StoreFault.statement("the result has no column \(column), only \(columns.names)")
    }
    return try T(sqlValue: values[index])
  }

  /// The value of the column at that place, counted from 0.
  @inlinable
  public func get<T: ValueConvertible>(_ index: Int, as type: T.Type = T.self) throws -> T {
    guard values.indices.contains(index) else {
      throw StoreFault.statement("the result has no column at \(index), only \(values.count) columns")
    }
    return try T(sqlValue: values[index])
  }
}
