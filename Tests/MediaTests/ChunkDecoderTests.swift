import NIOCore
import Testing

@testable import Media

@Suite struct ChunkDecoderTests {
  /// Every message there is, when the bytes come in pieces that end after `cuts`.
  private func decode(_ bytes: [UInt8], pieces: [Int]) throws -> [RTMPMessage] {
    var decoder = ChunkDecoder()
    var pending = ByteBuffer()
    var messages: [RTMPMessage] = []
    var start = 0
    for end in pieces + [bytes.count] {
      pending.writeBytes(bytes[start..<end])
      start = end
      while let message = try decoder.next(from: &pending) { messages.append(message) }
    }
    return messages
  }

  private func decode(_ bytes: [UInt8]) throws -> [RTMPMessage] { try decode(bytes, pieces: []) }

  /// A type-0 header on chunk stream 4.
  private func header(_ time: String, length: String, kind: String = "09", stream: String = "04") -> String {
    "\(stream) \(time) \(length) \(kind) 01000000"
  }

  private func message(_ time: UInt32, _ payload: [UInt8], kind: UInt8 = 9) -> RTMPMessage {
    RTMPMessage(kind: kind, streamID: 1, timestamp: time, payload: ByteBuffer(bytes: payload))
  }

  /// Two long messages on two chunk streams, interleaved; a change of chunk size; the short headers; an extended time
  /// that is repeated.
  private var session: ([UInt8], [RTMPMessage]) {
    let picture = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
    let sound = [UInt8](repeating: 7, count: 200)
    var all = bytes(header("000010", length: "00012c")) + picture[0..<128]
    all += bytes("06 000012 0000c8 08 01000000") + sound[0..<128]
    all += bytes("c4") + picture[128..<256] + bytes("c6") + sound[128..<200] + bytes("c4") + picture[256..<300]
    all += bytes("02 000000 000004 01 00000000 00001000")
    all += bytes("44 000021 000003 09 aabbcc") + bytes("84 000021 aabbcd") + bytes("c4 aabbce")
    all += bytes("04 ffffff 001005 09 01000000 01000000") + [UInt8](repeating: 1, count: 4096)
    all += bytes("c4 01000000 0203040506")
    return (
      all,
      [
        message(0x12, sound, kind: 8), message(0x10, picture), message(0x31, [0xaa, 0xbb, 0xcc]),
        message(0x52, [0xaa, 0xbb, 0xcd]), message(0x73, [0xaa, 0xbb, 0xce]),
        message(0x0100_0000, [UInt8](repeating: 1, count: 4096) + [2, 3, 4, 5, 6]),
      ]
    )
  }

  @Test func `a session is read the same however its bytes are split`() throws {
    let (all, expected) = session
    #expect(try decode(all) == expected)
    for cut in 1..<all.count {
      let messages = try decode(all, pieces: [cut])
      #expect(messages == expected, "split at \(cut)")
      guard messages == expected else { return }
    }
    #expect(try decode(all, pieces: Array(1..<all.count)) == expected, "byte by byte")
  }

  @Test func `an extended timestamp that is not repeated on type-3 chunks is understood too`() throws {
    let payload = (0..<200).map { UInt8(truncatingIfNeeded: $0 + 50) }
    let all = bytes(header("ffffff", length: "0000c8") + "ffffff00") + payload[0..<128] + bytes("c4") + payload[128...]
    #expect(try decode(all) == [message(0xffff_ff00, payload)])
    // Even when the message's last bytes are fewer than the field would have, and begin like it.
    let short = [UInt8](repeating: 9, count: 128) + [0xff, 0xff]
    let next = bytes(header("000001", length: "000001") + "42")
    let tail =
      bytes(header("ffffff", length: "000082") + "ffffff00") + short[0..<128] + bytes("c4") + short[128...] + next
    #expect(try decode(tail, pieces: []) == [message(0xffff_ff00, short), message(1, [0x42])])
  }

  @Test func `deltas wrap at two to the thirty-second`() throws {
    let all = bytes(header("ffffff", length: "000001") + "fffffff0 01" + "44 000020 000001 09 02")
    #expect(try decode(all).map(\.timestamp) == [0xffff_fff0, 0x10])
  }

  @Test func `all three forms of a chunk stream's number are read`() throws {
    let all = bytes("00 05 000001 000001 08 01000000 aa" + "01 0501 000002 000001 08 01000000 bb" + "c0 05 cc")
    let messages = try decode(all)
    #expect(
      messages.map(\.payload) == [ByteBuffer(bytes: [0xaa]), ByteBuffer(bytes: [0xbb]), ByteBuffer(bytes: [0xcc])])
    #expect(messages.map(\.timestamp) == [1, 2, 2])
  }

  @Test func `an aborted message is forgotten`() throws {
    let half = bytes(header("000000", length: "0000c8")) + [UInt8](repeating: 1, count: 128)
    let all = half + bytes("02 000000 000004 02 00000000 00000004" + header("000005", length: "000001") + "0a")
    #expect(try decode(all) == [message(5, [0x0a])])
  }

  @Test func `limits hold and name themselves`() {
    #expect(throws: ChunkFault.messageTooLong(bytes: 0xffffff)) {
      try decode(bytes(header("000000", length: "ffffff")))
    }
    #expect(throws: ChunkFault.noHeaderBefore(chunkStream: 4)) { try decode(bytes("c4")) }
    #expect(throws: ChunkFault.chunkSize(0)) { try decode(bytes("02 000000 000004 01 00000000 00000000")) }
    #expect(throws: ChunkFault.headerWithinMessage(chunkStream: 4)) {
      try decode(
        bytes(header("000000", length: "0000c8")) + [UInt8](repeating: 1, count: 128) + bytes("44 000001 000001 09"))
    }
    let streams = (0..<70).flatMap { bytes("00") + [UInt8($0)] + bytes("000000 000001 08 01000000 00") }
    #expect(throws: ChunkFault.tooManyChunkStreams) { try decode(streams) }
    #expect("\(ChunkFault.messageTooLong(bytes: 0xffffff))".contains("messageBytesMax"))
  }

  @Test func `unfinished messages together are bounded`() throws {
    var decoder = ChunkDecoder()
    var sent = ByteBuffer(bytes: bytes("02 000000 000004 01 00000000 00100000"))
    #expect(try decoder.next(from: &sent) == nil)
    // 1 MiB of each of many 10 MiB messages.
    let chunk = [UInt8](repeating: 0, count: 1 << 20)
    var fault: ChunkFault?
    for stream in 0..<40 where fault == nil {
      var buffer = ByteBuffer(bytes: [UInt8(stream + 3)] + bytes("000000 a00000 09 01000000") + chunk)
      do throws(ChunkFault) { _ = try decoder.next(from: &buffer) } catch { fault = error }
    }
    #expect(fault == .tooMuchUnfinished)
  }

  @Test func `what the server writes is read again, also in many chunks and with an extended time`() throws {
    let long = RTMPMessage(
      kind: 20, streamID: 0, timestamp: 0x0200_0000, payload: ByteBuffer(bytes: (0..<1000).map { UInt8($0 & 0xff) }))
    var buffer = ByteBuffer()
    ChunkWriter.write(long, chunkSize: 128, to: &buffer)
    ChunkWriter.write(.acknowledgement(9), to: &buffer)
    #expect(try decode(Array(buffer.readableBytesView)) == [long, .acknowledgement(9)])
  }

  @Test func `the handshake answers at once and takes nothing that follows`() throws {
    var handshake = Handshake(filling: [1, 2, 3])
    let c1 = (0..<1536).map { UInt8(truncatingIfNeeded: $0 * 7) }
    var buffer = ByteBuffer(bytes: [3] + c1.prefix(1535))
    #expect(try handshake.receive(&buffer) == .needMore)
    buffer.writeBytes(c1.suffix(1))
    guard case .send(let reply) = try handshake.receive(&buffer) else { throw Unexpected() }
    #expect(reply.readableBytes == 3073)
    #expect(reply.getBytes(at: 0, length: 9) == bytes("03 00000000 00000000"))
    #expect(reply.getBytes(at: 1537, length: 1536) == c1)
    buffer.writeBytes([UInt8](repeating: 0, count: 1536) + [0x42])
    #expect(try handshake.receive(&buffer) == .done)
    #expect(Array(buffer.readableBytesView) == [0x42])
  }

  @Test(arguments: [0x16, 0x47, 0x06] as [UInt8])
  func `a first byte of something else is refused at once`(first: UInt8) {
    var handshake = Handshake(filling: [1])
    var buffer = ByteBuffer(bytes: [first])
    #expect(throws: ChunkFault.notRTMP) { try handshake.receive(&buffer) }
  }
}
