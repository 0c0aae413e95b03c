internal import NIOCore

/// Boxes of ISO/IEC 14496-12: a 32-bit length, four characters, content.
extension ByteBuffer {
  mutating func writeBox(_ type: StaticString, _ content: (inout ByteBuffer) -> Void) {
    let start = writerIndex
    writeInteger(UInt32(0))
    writeStaticString(type)
    content(&self)
    setInteger(UInt32(truncatingIfNeeded: writerIndex - start), at: start)
  }

  /// A box with a version and flags, §4.2.
  mutating func writeFullBox(
    _ type: StaticString, version: UInt8 = 0, flags: UInt32 = 0, _ content: (inout ByteBuffer) -> Void
  ) {
    writeBox(type) { buffer in
      buffer.writeInteger(UInt32(version) << 24 | flags & 0xff_ffff)
      content(&buffer)
    }
  }

  mutating func writeZeros(_ count: Int) { writeRepeatingByte(0, count: count) }

  /// The unity matrix of §6.2.2.
  mutating func writeUnityMatrix() {
    for value: UInt32 in [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000] { writeInteger(value) }
  }
}
