internal import NIOCore

/// The client's side of RTMP's simple handshake (Adobe's specification, §5.2), without a channel.
struct RelayHandshake {
  private var hasAnswered = false

  /// C0 and C1. Random bytes are only to be not the same twice.
  static func opening(filling: [UInt8]) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(1 + Handshake.blockBytes)
    buffer.writeBytes([3, 0, 0, 0, 0, 0, 0, 0, 0])
    for index in 0..<(Handshake.blockBytes - 8) {
      buffer.writeInteger(filling.isEmpty ? 0 : filling[index % filling.count])
    }
    return buffer
  }

  /// Takes what it can. C2 goes out as soon as S1 is there: some wait for it before they send S2.
  mutating func receive(_ buffer: inout ByteBuffer) throws(ChunkFault) -> Handshake.Progress {
    guard hasAnswered else {
      guard let version = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return .needMore }
      guard version == 3 else { throw .notRTMP }
      guard buffer.readableBytes >= 1 + Handshake.blockBytes else { return .needMore }
      buffer.moveReaderIndex(forwardBy: 1)
      guard let block = buffer.readSlice(length: Handshake.blockBytes) else { return .needMore }
      hasAnswered = true
      return .send(ByteBuffer(bytes: block.readableBytesView))
    }
    guard buffer.readableBytes >= Handshake.blockBytes else { return .needMore }
    buffer.moveReaderIndex(forwardBy: Handshake.blockBytes)
    return .done
  }
}
