internal import NIOCore

/// CRC-32 of gzip and PNG (ISO 3309): tells a torn or rotten piece of a recording from a whole one. Other programs can
/// check it: `python3 -c 'import zlib'` has the same.
struct Checksum: Sendable {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
  }

  private var register: UInt32 = 0xffff_ffff

  var value: UInt32 { ~register }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var register = register
    Self.table.withUnsafeBufferPointer { table in
      for byte in bytes { register = table[Int((register ^ UInt32(byte)) & 0xff)] ^ register >> 8 }
    }
    self.register = register
  }

  static func of(_ buffer: ByteBuffer) -> UInt32 {
    var checksum = Checksum()
    buffer.withUnsafeReadableBytes { checksum.add($0) }
    return checksum.value
  }
}
