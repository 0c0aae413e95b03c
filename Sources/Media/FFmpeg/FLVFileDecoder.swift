internal import NIOCore

/// Reads an FLV file as ffmpeg writes it (Adobe's FLV specification 10.1, annex E). Pure.
struct FLVFileDecoder {
  private static let headBytes = 9

  enum Fault: Error, Equatable {
    case malformed
    case tagTooLarge
  }

  private let tagBytesMax: Int
  private var pending = ByteBuffer()
  /// Which tracks the file's head says there are; nil before it is read.
  private(set) var promise: MediaPromise?
  private var configuration: VideoConfiguration?

  init(tagBytesMax: Int) { self.tagBytesMax = tagBytesMax }

  /// - Returns: the set-ups, pictures and sounds that are whole by now, in order. Their times are modulo 2³¹. What is
  ///   neither comes as `nothing`.
  mutating func received(_ bytes: ByteBuffer) throws -> [FLVTag] {
    pending.writeImmutableBuffer(bytes)
    var tags: [FLVTag] = []
    if promise == nil {
      // The file's head is followed by the size of the tag before the first: none.
      guard pending.readableBytes >= Self.headBytes + 4 else { return [] }
      guard pending.readString(length: 3) == "FLV", let head = pending.readBytes(length: Self.headBytes - 3 + 4),
        head[5] == UInt8(Self.headBytes)
      else { throw Fault.malformed }
      var promise = MediaPromise(.null)
      (promise.video, promise.audio) = (head[1] & 1 != 0, head[1] & 4 != 0)
      self.promise = promise
    }
    while let tag = try next() {
      if case .video(let configuration) = tag { self.configuration = configuration }
      tags.append(tag)
    }
    // What is kept is the beginning of a tag: the buffer that was read is let go.
    if pending.readableBytes == 0 { pending = ByteBuffer() } else { pending.discardReadBytes() }
    return tags
  }

  /// Nil when no tag is whole.
  private mutating func next() throws -> FLVTag? {
    var rest = pending
    guard let type = rest.readInteger(as: UInt8.self), let size = rest.readUInt24(), let low = rest.readUInt24(),
      let high = rest.readInteger(as: UInt8.self), rest.readUInt24() != nil
    else { return nil }
    guard size <= tagBytesMax else { throw Fault.tagTooLarge }
    guard let body = rest.readSlice(length: Int(size)), rest.readInteger(as: UInt32.self) != nil else { return nil }
    pending = rest
    let timestamp = UInt32(high) << 24 | low
    // A copy of its own: the slice would keep everything that was read with it.
    switch type {
    case 8: return try FLVTag.audio(ByteBuffer(buffer: body), timestamp: timestamp)
    case 9: return try FLVTag.video(ByteBuffer(buffer: body), timestamp: timestamp, configuration: configuration)
    default: return .nothing
    }
  }
}
