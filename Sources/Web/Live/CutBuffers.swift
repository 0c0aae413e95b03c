import NIOCore

extension ByteRange {
  /// The bytes of the range, without copying them.
  static func slice(_ buffers: [ByteBuffer], _ range: Range<Int>) -> [ByteBuffer] {
    var slices: [ByteBuffer] = []
    var position = 0
    for buffer in buffers {
      let own = range.clamped(to: position..<position + buffer.readableBytes)
      if !own.isEmpty,
        let slice = buffer.getSlice(at: buffer.readerIndex + own.lowerBound - position, length: own.count)
      {
        slices.append(slice)
      }
      position += buffer.readableBytes
    }
    return slices
  }
}
