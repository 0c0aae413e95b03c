internal import CZlib
internal import NIOCore

/// CRC-32 of gzip and PNG (ISO 3309): tells a torn or rotten piece of a recording from a whole one. Other programs can
/// check it: `python3 -c 'import zlib'` has the same.
///
/// zlib's own: every byte that is recorded goes through it, and a table of ours, a byte at a time, was a third of what a
/// stream cost.
enum Checksum {
  static func of(_ buffer: ByteBuffer) -> UInt32 {
    buffer.withUnsafeReadableBytes { bytes in
      UInt32(truncatingIfNeeded: crc32_z(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
  }
}
