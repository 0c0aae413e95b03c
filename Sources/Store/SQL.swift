/// A statement and the values it is about, kept apart: what is interpolated is sent beside the text, so it cannot become
/// part of it.
///
/// ```swift
/// "UPDATE stock SET reserved = reserved + \(count) WHERE variant_id = \(variant)"   // … + $1 WHERE variant_id = $2
/// "SELECT title FROM product WHERE id IN \(list: ids)"                              // … IN ($1,$2,$3)
/// "INSERT INTO line (order_id, position) VALUES \(rows: pairs)"                     // … VALUES ($1,$2),($3,$4)
/// ```
///
/// The text is the same for both engines. It comes from literals alone: no `String` fits in.
public struct SQL: ExpressibleByStringInterpolation, Sendable, CustomStringConvertible {
  let shape: Shape
  let values: [Value]

  public init(stringLiteral text: StaticString) {
    var shape = Shape()
    shape.append(text)
    self.shape = shape
    values = []
  }

  public init(stringInterpolation: StringInterpolation) {
    shape = stringInterpolation.shape
    values = stringInterpolation.values
  }

  /// For text that is not written in Swift: migrations and the transaction's own commands.
  init(verbatim text: String) {
    shape = Shape(verbatim: text)
    values = []
  }

  /// With `$1…$n` where the values stand.
  var text: String { shape.text }

  /// The text alone: values may be personal and do not belong in a log.
  public var description: String { text }

  public struct StringInterpolation: StringInterpolationProtocol, Sendable {
    fileprivate var shape = Shape()
    fileprivate var values: [Value] = []

    public init(literalCapacity: Int, interpolationCount: Int) {
      shape.reserve(values: interpolationCount)
      values.reserveCapacity(interpolationCount)
    }

    public mutating func appendLiteral(_ literal: StaticString) {
      shape.append(literal)
    }

    /// A value, as the next parameter.
    @inlinable
    public mutating func appendInterpolation(_ value: some ValueConvertible) {
      append(value.sqlValue)
    }

    /// A value, or NULL, as the next parameter. `= NULL` is true for nothing: ask `IS NULL` in the text instead.
    @inlinable
    public mutating func appendInterpolation(_ value: (some ValueConvertible)?) {
      append(value?.sqlValue ?? .null)
    }

    /// A value already in the shape it is kept in.
    public mutating func appendInterpolation(_ value: Value) {
      append(value)
    }

    /// Text that is written in the source: a list of columns, a table's name. Only a literal fits.
    public mutating func appendInterpolation(raw text: StaticString) {
      appendLiteral(text)
    }

    /// A part of a statement, with its own values, which are numbered anew.
    public mutating func appendInterpolation(_ part: SQL) {
      shape.append(part.shape)
      values.append(contentsOf: part.values)
    }

    /// `($1,$2,…)`. An empty list is `(NULL)`, so `IN` is true for nothing — and so is `NOT IN`.
    @inlinable
    public mutating func appendInterpolation(list: some Sequence<some ValueConvertible>) {
      appendTuple(list.map { $0.sqlValue })
    }

    /// `($1,$2),($3,$4),…` for `VALUES`: one tuple for each row. There must be at least one row.
    public mutating func appendInterpolation(rows: [[any ValueConvertible]]) {
      for (index, row) in rows.enumerated() {
        if index > 0 { appendLiteral(",") }
        appendTuple(row.map { $0.sqlValue })
      }
    }

    @usableFromInline
    mutating func appendTuple(_ tuple: [Value]) {
      appendLiteral("(")
      if tuple.isEmpty { appendLiteral("NULL") }
      for (index, value) in tuple.enumerated() {
        if index > 0 { appendLiteral(",") }
        append(value)
      }
      appendLiteral(")")
    }

    @usableFromInline
    mutating func append(_ value: Value) {
      values.append(value)
      shape.appendValue()
    }
  }
}
