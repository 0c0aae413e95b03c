import NIOCore
import Testing

@testable import Media

@Suite struct HandshakeTests {
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

  /// A player's first block, with its digest.
  private func sealed(_ scheme: HandshakeDigest.Scheme) -> [UInt8] {
    let block = [0, 0, 0, 1, 9, 0, 124, 2] + (8..<1536).map { UInt8(truncatingIfNeeded: $0 * 31) }
    return HandshakeDigest.seal(block, scheme, key: HandshakeDigest.playerName)
  }

  private func answer(to block: [UInt8]) throws -> [UInt8] {
    var handshake = Handshake(filling: [5, 6, 7])
    var buffer = ByteBuffer(bytes: [3] + block)
    guard case .send(let reply) = try handshake.receive(&buffer) else { throw Unexpected() }
    return Array(reply.readableBytesView)
  }

  @Test(arguments: HandshakeDigest.Scheme.allCases)
  func `a digest is answered with a digest of the same scheme, and signed`(scheme: HandshakeDigest.Scheme) throws {
    let client = sealed(scheme)
    let reply = try answer(to: client)
    #expect(reply.count == 3073 && reply[0] == 3)
    let (first, second) = (Array(reply[1..<1537]), Array(reply[1537...]))
    #expect(first[4] != 0)
    #expect(HandshakeDigest.seal(first, scheme) == first, "sealed already")
    let (found, digest) = try #require(HandshakeDigest.find(in: client))
    #expect(found == scheme)
    #expect(Array(second.suffix(32)) == HandshakeDigest.signature(of: Array(second.prefix(1504)), for: digest))
  }

  @Test func `a digest that is wrong gets the simple handshake`() throws {
    var client = sealed(.digestLast)
    client[9] ^= 1
    client[1535] ^= 1
    let reply = try answer(to: client)
    #expect(Array(reply[5..<9]) == [0, 0, 0, 0] && Array(reply[1537...]) == client)
  }
}
