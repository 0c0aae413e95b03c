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

  @Test func `an extended delta is repeated on the chunks that begin the next messages`() throws {
    let all = bytes(
      header("000005", length: "000001") + "01" + "44 ffffff 000001 09 01000000 02" + "c4 01000000 03"
        + "84 000007 04" + "c4 05")
    #expect(try decode(all).map(\.timestamp) == [5, 0x0100_0005, 0x0200_0005, 0x0200_000c, 0x0200_0013])
    #expect(try decode(all, pieces: Array(1..<all.count)) == (try decode(all)))
  }

  @Test(arguments: [1, 2, 127, 4096, 65_536]) func `any chunk size is read`(size: Int) throws {
    let sent = [
      message(0xffff_fff0, (0..<5000).map { UInt8(truncatingIfNeeded: $0) }), message(3, [9], kind: 8),
    ]
    // Four bytes, which the size before it holds.
    var announced = ByteBuffer()
    ChunkWriter.write(.setChunkSize(UInt32(size)), to: &announced)
    for message in sent { ChunkWriter.write(message, chunkSize: size, to: &announced) }
    #expect(try decode(Array(announced.readableBytesView)) == sent)
  }

  @Test func `an aggregate is taken apart, its times counted from its own`() throws {
    let whole = message(
      1_000, bytes("08 000002 fffff0 ff 000000 af01 0000000d  09 000001 000010 00 000000 17 0000000c"), kind: 22)
    #expect(whole.aggregated() == [message(1_000, [0xaf, 1], kind: 8), message(1_032, [0x17])])
    #expect(message(0, bytes("08 000009 000000 00 000000 af01"), kind: 22).aggregated().isEmpty)
    #expect(message(0, bytes("16 000001 000000 00 000000 af 0000000c"), kind: 22).aggregated().isEmpty)
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
    #expect(throws: ChunkFault.messageTooLong(bytes: 0xffffff, max: 10 << 20)) {
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
    #expect("\(ChunkFault.messageTooLong(bytes: 0xffffff, max: 10 << 20))".contains("messageBytesMax"))
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
    #expect(fault == .tooMuchUnfinished(max: 20 << 20))
  }

  @Test func `what the server writes is read again, also in many chunks and with an extended time`() throws {
    let long = RTMPMessage(
      kind: 20, streamID: 0, timestamp: 0x0200_0000, payload: ByteBuffer(bytes: (0..<1000).map { UInt8($0 & 0xff) }))
    var buffer = ByteBuffer()
    ChunkWriter.write(long, chunkSize: 128, to: &buffer)
    ChunkWriter.write(.acknowledgement(9), to: &buffer)
    #expect(try decode(Array(buffer.readableBytesView)) == [long, .acknowledgement(9)])
  }
}
