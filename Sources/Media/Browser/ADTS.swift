internal import NIOCore

/// AAC as a file of frames, each with its own header (ISO/IEC 14496-3 §1.A.2): what ffmpeg writes to a pipe. Pure.
struct ADTSReader {
  /// The frames have no more headers, or their headers make no sense.
  struct Fault: Error, Equatable {}

  private var pending = ByteBuffer()

  /// The raw frames that are whole now.
  mutating func received(_ bytes: ByteBuffer) throws(Fault) -> [ByteBuffer] {
    var bytes = bytes
    pending.writeBuffer(&bytes)
    var frames: [ByteBuffer] = []
    while let head = pending.getBytes(at: pending.readerIndex, length: 7) {
      guard head[0] == 0xff, head[1] & 0xf6 == 0xf0 else { throw Fault() }
      // Two bytes of checksum follow unless protection is absent.
      let headBytes = head[1] & 1 == 1 ? 7 : 9
      let length = Int(head[3] & 3) << 11 | Int(head[4]) << 3 | Int(head[5]) >> 5
      guard length > headBytes else { throw Fault() }
      guard var frame = pending.readSlice(length: length) else { break }
      frame.moveReaderIndex(forwardBy: headBytes)
      frames.append(frame)
    }
    pending.discardReadBytes()
    return frames
  }
}
