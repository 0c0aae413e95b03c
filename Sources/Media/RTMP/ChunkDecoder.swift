internal import NIOCore

/// One whole RTMP message.
struct RTMPMessage: Sendable, Equatable {
  /// Message types of Adobe's specification, §5.4 and §7.1.
  enum Kind {
    static let setChunkSize: UInt8 = 1
    static let abort: UInt8 = 2
    static let acknowledgement: UInt8 = 3
    static let userControl: UInt8 = 4
    static let windowAcknowledgementSize: UInt8 = 5
    static let setPeerBandwidth: UInt8 = 6
    static let audio: UInt8 = 8
    static let video: UInt8 = 9
    static let dataAMF3: UInt8 = 15
    static let commandAMF3: UInt8 = 17
    static let dataAMF0: UInt8 = 18
    static let commandAMF0: UInt8 = 20
    static let aggregate: UInt8 = 22
  }

  var kind: UInt8
  var streamID: UInt32
  /// Milliseconds, modulo 2³².
  var timestamp: UInt32
  var payload: ByteBuffer
}

/// Why a connection's bytes cannot be gone on with.
enum ChunkFault: Error, Equatable, CustomStringConvertible {
  case notRTMP
  case noHeaderBefore(chunkStream: Int)
  case headerWithinMessage(chunkStream: Int)
  case messageTooLong(bytes: Int, max: Int)
  case tooManyChunkStreams
  case tooMuchUnfinished(max: Int)
  case chunkSize(UInt32)

  var description: String {
    switch self {
    case .notRTMP: "the bytes are not RTMP"
    case .noHeaderBefore(let stream): "chunk stream \(stream) continues a message that never began"
    case .headerWithinMessage(let stream): "chunk stream \(stream) begins a message within another"
    case .messageTooLong(let bytes, let max): "a message of \(bytes) bytes is over messageBytesMax, \(max)"
    case .tooManyChunkStreams: "more chunk streams than chunkStreamsMax, \(ChunkDecoder.chunkStreamsMax)"
    case .tooMuchUnfinished(let max): "unfinished messages are over \(max) bytes, twice messageBytesMax"
    case .chunkSize(let size): "a chunk size of \(size)"
    }
  }
}

/// Puts messages together from RTMP's chunks (Adobe's specification, §5.3), from bytes that nobody has vouched for.
///
/// Takes payload as it arrives, so that it holds unfinished messages and at most one unfinished header.
struct ChunkDecoder {
  /// Publishers use three to six.
  static let chunkStreamsMax = 64

  private struct ChunkStream {
    var timestamp: UInt32 = 0
    /// The last delta; for a type-0 header the timestamp itself, which a following type-3 header repeats (§5.3.1.2.4).
    var delta: UInt32 = 0
    var length = 0
    var kind: UInt8 = 0
    var streamID: UInt32 = 0
    /// The 32 bits that stood in the last header's extended field, when it had one.
    var extended: UInt32?
    /// The message under way; nil between messages.
    var payload: ByteBuffer?
  }

  private struct Chunk {
    var stream: Int
    var bytesLeft: Int
  }

  /// A keyframe of a picture beyond 4K, and then some.
  static let usualMessageBytesMax = 10 << 20

  /// Bytes of one message.
  let messageBytesMax: Int
  /// Interleaved messages, all together.
  private var unfinishedBytesMax: Int { 2 * messageBytesMax }
  private(set) var chunkSize = 128
  private var streams: [Int: ChunkStream] = [:]
  private var chunk: Chunk?
  private var unfinishedBytes = 0

  init(messageBytesMax: Int = usualMessageBytesMax) { self.messageBytesMax = messageBytesMax }

  /// Takes bytes from `buffer` until a message is whole. Nil when more bytes are needed; what is left in `buffer` then
  /// is the beginning of a header and must be given again, in front of what follows.
  mutating func next(from buffer: inout ByteBuffer) throws(ChunkFault) -> RTMPMessage? {
    while true {
      if chunk == nil {
        guard try readHeader(from: &buffer) else { return nil }
      }
      guard let current = chunk, var stream = streams[current.stream] else { return nil }
      let count = min(current.bytesLeft, buffer.readableBytes)
      if count < current.bytesLeft, count == 0 { return nil }
      let received = stream.payload?.readableBytes ?? 0
      if received == 0, count == stream.length, let whole = buffer.readSlice(length: count) {
        // The usual case with a large chunk size: the message is a slice of what was read, nothing is copied.
        stream.payload = whole
      } else if var more = buffer.readSlice(length: count) {
        var payload = stream.payload ?? ByteBuffer()
        stream.payload = nil
        streams[current.stream]?.payload = nil
        // A length is a claim: room is made as bytes come, not before.
        if received == 0 { payload.reserveCapacity(min(stream.length, 64 << 10)) }
        payload.writeBuffer(&more)
        stream.payload = payload
      }
      unfinishedBytes += count
      guard unfinishedBytes <= unfinishedBytesMax else { throw .tooMuchUnfinished(max: unfinishedBytesMax) }
      guard count == current.bytesLeft else {
        chunk?.bytesLeft -= count
        streams[current.stream] = stream
        return nil
      }
      chunk = nil
      let payload = stream.payload ?? ByteBuffer()
      guard payload.readableBytes == stream.length else {
        streams[current.stream] = stream
        continue
      }
      stream.payload = nil
      streams[current.stream] = stream
      unfinishedBytes -= stream.length
      let message = RTMPMessage(
        kind: stream.kind, streamID: stream.streamID, timestamp: stream.timestamp, payload: payload)
      if try obey(message) { continue }
      return message
    }
  }

  /// Set Chunk Size and Abort concern nobody but the decoder.
  private mutating func obey(_ message: RTMPMessage) throws(ChunkFault) -> Bool {
    switch message.kind {
    case RTMPMessage.Kind.setChunkSize:
      let size = message.payload.getInteger(at: message.payload.readerIndex, as: UInt32.self) ?? 0
      // §5.4.1: the first bit is zero; a chunk longer than any message is as good as the longest message.
      guard size >= 1, size < 0x8000_0000 else { throw .chunkSize(size) }
      chunkSize = min(Int(size), messageBytesMax)
      return true
    case RTMPMessage.Kind.abort:
      let id = message.payload.getInteger(at: message.payload.readerIndex, as: UInt32.self) ?? 0
      if let dropped = streams[Int(id)]?.payload {
        unfinishedBytes -= dropped.readableBytes
        streams[Int(id)]?.payload = nil
      }
      return true
    default:
      return false
    }
  }

  /// False when the header is not whole yet; then nothing was taken.
  private mutating func readHeader(from buffer: inout ByteBuffer) throws(ChunkFault) -> Bool {
    var header = buffer
    guard let first = header.readInteger(as: UInt8.self) else { return false }
    var id = Int(first & 0x3f)
    switch id {
    case 0:
      guard let next = header.readInteger(as: UInt8.self) else { return false }
      id = 64 + Int(next)
    case 1:
      guard let next = header.readInteger(endianness: .little, as: UInt16.self) else { return false }
      id = 64 + Int(next)
    default:
      break
    }
    let format = first >> 6
    guard var stream = streams[id] ?? (format == 0 ? ChunkStream() : nil) else {
      throw .noHeaderBefore(chunkStream: id)
    }
    guard streams[id] != nil || streams.count < Self.chunkStreamsMax else { throw .tooManyChunkStreams }

    if format == 3 {
      guard try continueMessage(&stream, from: &header) else { return false }
    } else {
      guard stream.payload == nil else { throw .headerWithinMessage(chunkStream: id) }
      guard let field = header.readUInt24() else { return false }
      if format <= 1 {
        guard let length = header.readUInt24(), let kind = header.readInteger(as: UInt8.self) else { return false }
        guard length <= messageBytesMax else { throw .messageTooLong(bytes: Int(length), max: messageBytesMax) }
        stream.length = Int(length)
        stream.kind = kind
      }
      if format == 0 {
        guard let streamID = header.readInteger(endianness: .little, as: UInt32.self) else { return false }
        stream.streamID = streamID
      }
      stream.extended = nil
      var time = field
      if field == 0xff_ffff {
        guard let extended = header.readInteger(as: UInt32.self) else { return false }
        stream.extended = extended
        time = extended
      }
      stream.delta = time
      stream.timestamp = format == 0 ? time : stream.timestamp &+ time
    }
    let received = stream.payload?.readableBytes ?? 0
    chunk = Chunk(stream: id, bytesLeft: min(chunkSize, stream.length - received))
    if stream.payload == nil { stream.payload = ByteBuffer() }
    streams[id] = stream
    buffer = header
    return true
  }

  /// A type-3 header: goes on with a message, or begins one like the last.
  private mutating func continueMessage(
    _ stream: inout ChunkStream, from header: inout ByteBuffer
  ) throws(ChunkFault) -> Bool {
    if let extended = stream.extended {
      // The field repeats on type-3 chunks with most peers, and not with all (§5.3.1.3 asks for it; older encoders
      // leave it out). It is taken as a repetition only if the same value stands there.
      var repeated = 0
      while repeated < 4, let byte = header.getInteger(at: header.readerIndex + repeated, as: UInt8.self) {
        guard byte == UInt8(truncatingIfNeeded: extended >> UInt32(24 - 8 * repeated)) else { break }
        repeated += 1
      }
      if repeated == 4 {
        header.moveReaderIndex(forwardBy: 4)
      } else if repeated == header.readableBytes {
        return false
      }
    }
    if stream.payload == nil { stream.timestamp = stream.timestamp &+ stream.delta }
    return true
  }
}

extension ByteBuffer {
  mutating func readUInt24() -> UInt32? {
    guard let bytes = readMultipleIntegers(as: (UInt8, UInt16).self) else { return nil }
    return UInt32(bytes.0) << 16 | UInt32(bytes.1)
  }

  mutating func writeUInt24(_ value: UInt32) {
    writeInteger(UInt8(truncatingIfNeeded: value >> 16))
    writeInteger(UInt16(truncatingIfNeeded: value))
  }
}
