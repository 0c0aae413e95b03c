internal import NIOCore

extension Segment {
  /// One buffer a segment makes one write a request; the fragments themselves are let go. Parts and sound stay in it, as
  /// slices.
  ///
  /// - Returns: the numbers of its fragments, and where each lies now.
  @discardableResult
  mutating func join() -> [(Int, ByteBuffer)] {
    let size = parts.reduce(0) { $0 + $1.buffers.reduce(0) { $0 + $1.readableBytes } }
    var whole = ByteBufferAllocator().buffer(capacity: size)
    for part in parts {
      for buffer in part.buffers { whole.writeImmutableBuffer(buffer) }
    }
    var fragments: [(Int, ByteBuffer)] = []
    var end = 0
    for index in parts.indices { fragments += parts[index].cut(from: whole, at: &end) }
    bytes = whole
    sound = parts.flatMap(\.sound)
    return fragments
  }
}

extension Part {
  /// Makes it slices of `whole`, from `end` on, which moves to where the next part begins.
  fileprivate mutating func cut(from whole: ByteBuffer, at end: inout Int) -> [(Int, ByteBuffer)] {
    let start = end
    var fragments: [(Int, ByteBuffer)] = []
    var sounds: [Range<Int>] = []
    var indexes = soundIndexes[...]
    for (index, buffer) in buffers.enumerated() {
      let range = end..<end + buffer.readableBytes
      end = range.upperBound
      if index < numbers.count, let number = numbers[index], let slice = whole.getSlice(range) {
        fragments.append((number, slice))
      }
      guard index == indexes.first else { continue }
      indexes.removeFirst()
      // Neighbours are one.
      if let last = sounds.last, last.upperBound == range.lowerBound {
        sounds[sounds.count - 1] = last.lowerBound..<range.upperBound
      } else {
        sounds.append(range)
      }
    }
    if end > start, let own = whole.getSlice(start..<end) { buffers = [own] }
    sound = sounds.compactMap(whole.getSlice)
    soundIndexes = []
    numbers = []
    return fragments
  }
}

extension [ByteBuffer] {
  /// The same buffers as slices of one. Frames live as buffers of their own, of the next power of two, for the length of a
  /// part only: what a heap had to hold once, it keeps.
  func inOneBuffer() -> [ByteBuffer] {
    var whole = ByteBufferAllocator().buffer(capacity: reduce(0) { $0 + $1.readableBytes })
    for buffer in self { whole.writeImmutableBuffer(buffer) }
    var start = 0
    return map { buffer in
      defer { start += buffer.readableBytes }
      return whole.getSlice(start..<start + buffer.readableBytes) ?? buffer
    }
  }
}

extension ByteBuffer {
  fileprivate func getSlice(_ range: Range<Int>) -> ByteBuffer? { getSlice(at: range.lowerBound, length: range.count) }
}
