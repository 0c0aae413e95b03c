internal import NIOCore

/// The server's side of RTMP's handshake (Adobe's specification, §5.2), without a channel.
///
/// The zero version field in S1 says "simple handshake"; clients that began the complex one (with digests) fall back to
/// it, so C1 and C2 need not be looked into.
struct Handshake {
  static let blockBytes = 1536

  private enum State { case awaitingC0C1, awaitingC2, done }
  private var state = State.awaitingC0C1
  /// S1's filling. Only its length matters to the peers, but it should not be the same twice.
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
      guard var client = buffer.readSlice(length: Self.blockBytes) else { return .needMore }
      var reply = ByteBuffer()
      reply.reserveCapacity(1 + 2 * Self.blockBytes)
      reply.writeInteger(UInt8(3))
      reply.writeInteger(UInt64(0))
      for index in 0..<Self.blockBytes - 8 { reply.writeInteger(filling[index % filling.count]) }
      reply.writeBuffer(&client)
      state = .awaitingC2
      return .send(reply)
    case .awaitingC2:
      guard buffer.readableBytes >= Self.blockBytes else { return .needMore }
      buffer.moveReaderIndex(forwardBy: Self.blockBytes)
      state = .done
      return .done
    case .done:
      return .done
    }
  }
}
