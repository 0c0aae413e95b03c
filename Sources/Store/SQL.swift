/// A statement and the values it is about, kept apart: what is interpolated is sent beside the text, so it cannot become
/// part of it.
///
/// ```swift
/// "UPDATE stock SET reserved = reserved + \(count) WHERE variant_id = \(variant)"   // … + $1 WHERE variant_id = $2
/// "SELECT title FROM product WHERE id IN \(list: ids)"                              // … IN ($1,$2,$3)
/// "INSERT INTO line (order_id, position) VALUES \(rows: pairs)"                     // … VALUES ($1,$2),($3,$4)
/// ```
///
/// The text is the same for both engines.
public struct SQL: ExpressibleByStringInterpolation, Sendable, CustomStringConvertible {
  /// The text around the values: always one more than there are values.
  var pieces: [String]
  var values: [Value]

  public init(stringLiteral text: StaticString) {
    pieces = [text.description]
    values = []
  }

  public init(stringInterpolation: StringInterpolation) {
    pieces = stringInterpolation.pieces
    values = stringInterpolation.values
  }

  /// For text that is not written in Swift: migrations and the transaction's own commands.
  init(verbatim text: String) {
    pieces = [text]
    values = []
  }

  /// The text with `$1…$n` where the values stand.
  var text: String {
    guard pieces.count > 1 else { return pieces[0] }
    var text = ""
    text.reserveCapacity(pieces.reduce(0) { $0 + $1.utf8.count + 3 })
    text += pieces[0]
    for (index, piece) in pieces.dropFirst().enumerated() {
      text += "$"
      text += String(index + 1)
      text += piece
    }
    return text
  }

  /// The text alone: values may be personal and do not belong in a log.
  public var description: String { text }

  public struct StringInterpolation: StringInterpolationProtocol, Sendable {
    fileprivate var pieces = [""]
    fileprivate var values: [Value] = []

    public init(literalCapacity: Int, interpolationCount: Int) {
      pieces.reserveCapacity(interpolationCount + 1)
      values.reserveCapacity(interpolationCount)
    }

    public mutating func appendLiteral(_ literal: StaticString) {
      append(literal.description)
    }

    /// A value, as the next parameter.
    public mutating func appendInterpolation(_ value: some ValueConvertible) {
      append(value.sqlValue)
    }

    /// A value, or NULL, as the next parameter. `= NULL` is true for nothing: ask `IS NULL` in the text instead.
    public mutating func appendInterpolation(_ value: (some ValueConvertible)?) {
      append(value?.sqlValue ?? .null)
    }

    /// A value already in the shape it is kept in.
    public mutating func appendInterpolation(_ value: Value) {
      append(value)
    }

    /// Text that is written in the source: a list of columns, a table's name. Only a literal fits.
    public mutating func appendInterpolation(raw text: StaticString) {
      append(text.description)
    }

    /// A part of a statement, with its own values.
    public mutating func appendInterpolation(_ part: SQL) {
      append(part.pieces[0])
      for (value, piece) in zip(part.values, part.pieces.dropFirst()) {
        append(value)
        append(piece)
      }
    }

    /// `($1,$2,…)`. An empty list is `(NULL)`, so `IN` is true for nothing — and so is `NOT IN`.
    public mutating func appendInterpolation(list: some Sequence<some ValueConvertible>) {
      appendTuple(list.map { $0.sqlValue })
    }

    /// `($1,$2),($3,$4),…` for `VALUES`: one tuple for each row. There must be at least one row.
    public mutating func appendInterpolation(rows: some Sequence<[any ValueConvertible]>) {
      for (index, row) in rows.enumerated() {
        if index > 0 { append(",") }
        appendTuple(row.map { $0.sqlValue })
      }
    }

    private mutating func appendTuple(_ tuple: [Value]) {
      append("(")
      if tuple.isEmpty { append("NULL") }
      for (index, value) in tuple.enumerated() {
        if index > 0 { append(",") }
        append(value)
      }
      append(")")
    }

    private mutating func append(_ value: Value) {
      values.append(value)
      pieces.append("")
    }

    private mutating func append(_ text: String) {
      pieces[pieces.count - 1] += text
    }
  }
}
