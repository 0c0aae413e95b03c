import CLibpq

/// PostgreSQL's numbers for the types that Haat keeps and meets.
enum PostgresType {
  static let unknown: Oid = 0
  static let bool: Oid = 16
  static let bytea: Oid = 17
  static let name: Oid = 19
  static let int8: Oid = 20
  static let int2: Oid = 21
  static let int4: Oid = 23
  static let text: Oid = 25
  static let varchar: Oid = 1043
  static let numeric: Oid = 1700
  static let void: Oid = 2278
}

/// Values as libpq takes them: in binary, one after the other in one buffer.
struct PostgresParameters {
  let types: [Oid]
  private let bytes: [UInt8]
  /// Where each value begins; nil for NULL.
  private let offsets: [Int?]
  private let lengths: [CInt]

  init(_ sql: SQL) throws {
    var types: [Oid] = []
    // One byte before all, so that the buffer has an address even when all values are empty.
    var bytes: [UInt8] = [0]
    var offsets: [Int?] = []
    var lengths: [CInt] = []
    for value in sql.values {
      let start = bytes.count
      switch value {
      case .null:
        // PostgreSQL finds the type out from where the value stands.
        types.append(PostgresType.unknown)
      case .integer(let integer):
        types.append(PostgresType.int8)
        withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
      case .text(let text):
        types.append(PostgresType.text)
        bytes.append(contentsOf: text.utf8)
        if bytes[start...].contains(0) { throw StoreFault.value("text with a NUL character, in \(sql)") }
      case .blob(let blob):
        types.append(PostgresType.bytea)
        bytes.append(contentsOf: blob)
      }
      guard let length = CInt(exactly: bytes.count - start) else {
        throw StoreFault.value("more than 2 GB in one value, in \(sql)")
      }
      if case .null = value { offsets.append(nil) } else { offsets.append(start) }
      lengths.append(length)
    }
    self.types = types
    self.bytes = bytes
    self.offsets = offsets
    self.lengths = lengths
  }

  func withPointers<T>(
    _ body: (_ values: [UnsafePointer<CChar>?], _ lengths: [CInt], _ formats: [CInt]) -> T
  ) -> T {
    bytes.withUnsafeBytes { buffer in
      let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
      let values = offsets.map { offset in offset.flatMap { base?.advanced(by: $0) } }
      return body(values, lengths, [CInt](repeating: 1, count: values.count))
    }
  }
}
