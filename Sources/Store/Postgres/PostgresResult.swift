import CLibpq

/// What the server answered; freed with its last reference.
final class PostgresResult {
  private let pointer: OpaquePointer?

  init(_ pointer: OpaquePointer?) { self.pointer = pointer }

  deinit { PQclear(pointer) }

  var isGood: Bool {
    let status = PQresultStatus(pointer)
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
  }

  /// The command's name: `COMMIT`, `INSERT 0 1`.
  var tag: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }

  /// Five letters by which PostgreSQL says what was wrong.
  var state: String { PQresultErrorField(pointer, CInt(UInt8(ascii: "C"))).map { String(cString: $0) } ?? "" }

  /// Its first line and nothing more: the detail may quote a row's values.
  var message: String? {
    PQresultErrorField(pointer, CInt(UInt8(ascii: "M"))).map { Self.oneLine($0) }
  }

  var rowsChanged: Int { PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0 }

  func rows() throws -> [Row] {
    let columns = Columns((0..<PQnfields(pointer)).map { String(cString: PQfname(pointer, $0)) })
    let types = (0..<PQnfields(pointer)).map { PQftype(pointer, $0) }
    return try (0..<PQntuples(pointer)).map { row in
      Row(
        columns: columns,
        values: try types.enumerated().map { column, type in
          try value(row, CInt(column), type) { columns.names[column] }
        })
    }
  }

  private func value(_ row: CInt, _ column: CInt, _ type: Oid, name: () -> String) throws -> Value {
    if PQgetisnull(pointer, row, column) == 1 { return .null }
    let bytes = UnsafeRawBufferPointer(
      start: PQgetvalue(pointer, row, column), count: Int(PQgetlength(pointer, row, column)))
    switch type {
    case PostgresType.int8: return .integer(Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
    case PostgresType.int4: return .integer(Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self))))
    case PostgresType.int2: return .integer(Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self))))
    case PostgresType.bool: return .integer(bytes[0] == 0 ? 0 : 1)
    case PostgresType.text, PostgresType.varchar, PostgresType.name:
      return .text(String(decoding: bytes, as: UTF8.self))
    case PostgresType.bytea: return .blob([UInt8](bytes))
    case PostgresType.void: return .null
    case PostgresType.numeric:
      // What SUM and AVG of BIGINT give.
      guard let integer = Self.integer(numeric: bytes) else {
        throw StoreFault.value("column \(name()) is a fraction or beyond 64 bits: round it and cast it to BIGINT")
      }
      return .integer(integer)
    default: throw StoreFault.value("column \(name()) has a type Haat does not keep: number \(type)")
    }
  }

  /// A NUMERIC on the wire: four 16-bit fields (digits, weight, sign, scale), then digits to the base 10,000, the first
  /// of which counts 10,000 to the power of the weight. Nil when it is no 64-bit integer.
  private static func integer(numeric bytes: UnsafeRawBufferPointer) -> Int64? {
    func field(_ index: Int) -> Int16? {
      guard index * 2 + 2 <= bytes.count else { return nil }
      return Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: Int16.self))
    }
    guard let digits = field(0), let weight = field(1), let sign = field(2), sign == 0 || sign == 0x4000 else {
      return nil
    }
    // Counted downwards, because the least Int64 has no positive counterpart.
    var negative: Int64 = 0
    for place in 0..<max(Int(digits), Int(weight) + 1) {
      guard let digit = place < digits ? field(4 + place) : 0 else { return nil }
      if place > weight {
        if digit != 0 { return nil }
        continue
      }
      let (shifted, overflowed) = negative.multipliedReportingOverflow(by: 10_000)
      let (sum, overflowedToo) = shifted.subtractingReportingOverflow(Int64(digit))
      if overflowed || overflowedToo { return nil }
      negative = sum
    }
    if sign != 0 { return negative }
    return negative == .min ? nil : -negative
  }

  static func oneLine(_ text: UnsafePointer<CChar>?) -> String {
    guard let text else { return "no answer" }
    return String(cString: text).split(whereSeparator: \.isNewline).joined(separator: "; ")
  }
}
