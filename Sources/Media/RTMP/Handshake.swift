internal import Crypto
internal import NIOCore

/// The server's side of RTMP's handshake, without a channel.
///
/// The simple one is Adobe's specification, §5.2. In the other, which Flash Player brought and librtmp checks to the
/// last byte, each side hides a digest in its first block and signs the other's digest in its second; what the peer
/// began decides.
struct Handshake {
  static let blockBytes = 1536

  private enum State { case awaitingC0C1, awaitingC2, done }
  private var state = State.awaitingC0C1
  /// Filling of S1 and S2. Only its length matters to the peers, but it should not be the same twice.
  private let filling: [UInt8]

  /// - Parameter filling: random bytes, repeated as needed; must not be empty.
  init(filling: [UInt8]) { self.filling = filling.isEmpty ? [0] : filling }

  enum Progress: Equatable {
    case needMore
    /// Write these bytes (S0, S1 and S2 at once), then go on.
    case send(ByteBuffer)
    /// What is left in the buffer is chunks.
    case done
  }

  /// Takes what it can from `buffer`. Call again after `.send`.
  mutating func receive(_ buffer: inout ByteBuffer) throws(ChunkFault) -> Progress {
    switch state {
    case .awaitingC0C1:
      guard let version = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return .needMore }
      // 3 is RTMP; encrypted versions and things that are not RTMP (an HTTP request, TLS) start otherwise.
      guard version == 3 else { throw .notRTMP }
      guard buffer.readableBytes >= 1 + Self.blockBytes else { return .needMore }
      buffer.moveReaderIndex(forwardBy: 1)
      guard let client = buffer.readBytes(length: Self.blockBytes) else { return .needMore }
      state = .awaitingC2
      return .send(reply(to: client))
    case .awaitingC2:
      // What C2 repeats or signs was ours; whoever gets it wrong harms nobody.
      guard buffer.readableBytes >= Self.blockBytes else { return .needMore }
      buffer.moveReaderIndex(forwardBy: Self.blockBytes)
      state = .done
      return .done
    case .done:
      return .done
    }
  }

  private func reply(to client: [UInt8]) -> ByteBuffer {
    var reply = ByteBuffer()
    reply.reserveCapacity(1 + 2 * Self.blockBytes)
    reply.writeInteger(UInt8(3))
    if let (scheme, digest) = HandshakeDigest.find(in: client) {
      // A version that is not zero says that there is a digest to look for.
      let block = [0, 0, 0, 0, 5, 0, 3, 1] + filled(Self.blockBytes - 8)
      reply.writeBytes(HandshakeDigest.seal(block, scheme))
      let signed = filled(Self.blockBytes - HandshakeDigest.digestBytes)
      reply.writeBytes(signed + HandshakeDigest.signature(of: signed, for: digest))
    } else {
      reply.writeInteger(UInt64(0))
      reply.writeBytes(filled(Self.blockBytes - 8))
      reply.writeBytes(client)
    }
    return reply
  }

  private func filled(_ count: Int) -> [UInt8] { (0..<count).map { filling[$0 % filling.count] } }
}

/// Where the digests of the signed handshake are and how they are made. The keys are the same in every server and
/// player: they prove nothing, but peers ask for them.
enum HandshakeDigest {
  static let digestBytes = 32

  /// The block is two halves, one with the digest and one for a key exchange that nobody uses; which comes first
  /// differs between players.
  enum Scheme: CaseIterable {
    case digestFirst, digestLast

    /// The offset is the sum of four bytes, taken within what is left of the half.
    func position(in block: [UInt8]) -> Int {
      let start = self == .digestFirst ? 8 : 772
      return start + 4 + block[start..<start + 4].reduce(0) { $0 + Int($1) } % 728
    }
  }

  private static let suffix: [UInt8] = [
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec, 0x5d,
    0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
  ]
  static let playerName = Array("Genuine Adobe Flash Player 001".utf8)
  static let serverName = Array("Genuine Adobe Flash Media Server 001".utf8)

  /// The client's digest, when there is one that is right. `block` must be 1,536 bytes.
  static func find(in block: [UInt8]) -> (Scheme, [UInt8])? {
    // A version of zero says that there is none.
    guard block[4..<8].contains(where: { $0 != 0 }) else { return nil }
    for scheme in Scheme.allCases {
      let position = scheme.position(in: block)
      let found = Array(block[position..<position + digestBytes])
      if found == digest(of: block, without: position, key: playerName) { return (scheme, found) }
    }
    return nil
  }

  /// The block with the server's digest (or, in tests, a player's) in its place.
  static func seal(_ block: [UInt8], _ scheme: Scheme, key: [UInt8] = serverName) -> [UInt8] {
    var block = block
    let position = scheme.position(in: block)
    block.replaceSubrange(position..<position + digestBytes, with: digest(of: block, without: position, key: key))
    return block
  }

  /// What stands at the end of the second block.
  static func signature(of bytes: [UInt8], for digest: [UInt8]) -> [UInt8] {
    hash(bytes, key: hash(digest, key: serverName + suffix))
  }

  private static func digest(of block: [UInt8], without position: Int, key: [UInt8]) -> [UInt8] {
    hash(Array(block[..<position] + block[(position + digestBytes)...]), key: key)
  }

  private static func hash(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: key)))
  }
}
