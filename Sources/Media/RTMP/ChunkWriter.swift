internal import NIOCore

/// Writes what a server says to a publisher. Little is said, so every message gets a full header.
enum ChunkWriter {
  /// Large enough for every answer to fit one chunk; announced by Set Chunk Size before the first longer message.
  static let chunkSize = 4096

  /// Chunk streams by custom: 2 for the protocol's own messages (§5.3.1.1), 3 for commands.
  static func write(_ message: RTMPMessage, chunkSize: Int = chunkSize, to buffer: inout ByteBuffer) {
    let stream: UInt8 = message.kind <= RTMPMessage.Kind.setPeerBandwidth ? 2 : 3
    buffer.writeInteger(stream)
    buffer.writeUInt24(min(message.timestamp, 0xff_ffff))
    buffer.writeUInt24(UInt32(truncatingIfNeeded: message.payload.readableBytes))
    buffer.writeInteger(message.kind)
    buffer.writeInteger(message.streamID, endianness: .little)
    if message.timestamp >= 0xff_ffff { buffer.writeInteger(message.timestamp) }
    var payload = message.payload
    while let part = payload.readSlice(length: min(chunkSize, payload.readableBytes)) {
      buffer.writeImmutableBuffer(part)
      guard payload.readableBytes > 0 else { break }
      buffer.writeInteger(0xc0 | stream)
      if message.timestamp >= 0xff_ffff { buffer.writeInteger(message.timestamp) }
    }
  }
}

extension RTMPMessage {
  static func command(_ values: [AMF0], streamID: UInt32 = 0) -> RTMPMessage {
    var payload = ByteBuffer()
    payload.writeAMF0(values)
    return RTMPMessage(kind: Kind.commandAMF0, streamID: streamID, timestamp: 0, payload: payload)
  }

  private static func control(_ kind: UInt8, _ value: UInt32, then byte: UInt8? = nil) -> RTMPMessage {
    var payload = ByteBuffer()
    payload.writeInteger(value)
    if let byte { payload.writeInteger(byte) }
    return RTMPMessage(kind: kind, streamID: 0, timestamp: 0, payload: payload)
  }

  static func setChunkSize(_ size: UInt32) -> RTMPMessage { control(Kind.setChunkSize, size) }

  static func acknowledgement(_ bytes: UInt32) -> RTMPMessage { control(Kind.acknowledgement, bytes) }

  static func windowAcknowledgementSize(_ bytes: UInt32) -> RTMPMessage {
    control(Kind.windowAcknowledgementSize, bytes)
  }

  /// With the limit type "dynamic".
  static func setPeerBandwidth(_ bytes: UInt32) -> RTMPMessage { control(Kind.setPeerBandwidth, bytes, then: 2) }

  static func userControl(_ event: UInt16, _ value: UInt32) -> RTMPMessage {
    var payload = ByteBuffer()
    payload.writeInteger(event)
    payload.writeInteger(value)
    return RTMPMessage(kind: Kind.userControl, streamID: 0, timestamp: 0, payload: payload)
  }
}
