import CZlib
import NIOCore

/// Text as gzip (RFC 1952), in one piece.
enum Gzip {
  /// Shorter bodies fit in one packet as they are.
  static let bytesMin = 1_000

  /// Nil when zlib refuses, which it does only for want of memory.
  static func compress(_ plain: ByteBuffer, level: Int32) -> ByteBuffer? {
    var stream = z_stream()
    let gzipWindow = MAX_WBITS + 16
    guard
      deflateInit2_(
        &stream, level, Z_DEFLATED, gzipWindow, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }

    let bound = Int(deflateBound(&stream, UInt(plain.readableBytes)))
    var packed = ByteBufferAllocator().buffer(capacity: bound)
    let result = plain.withUnsafeReadableBytes { source in
      packed.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { target in
        // zlib's pointer is not const, but it only reads from it.
        stream.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(clamping: source.count)
        stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
        stream.avail_out = UInt32(clamping: bound)
        return deflate(&stream, Z_FINISH) == Z_STREAM_END ? Int(stream.total_out) : 0
      }
    }
    return result > 0 ? packed : nil
  }
}
