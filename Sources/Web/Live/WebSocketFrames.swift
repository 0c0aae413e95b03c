import NIOCore
import NIOWebSocket

/// Whole messages out of a client's frames, and the rules of RFC 6455 §5 that the decoder leaves to its user.
struct WebSocketMessages {
  enum Message: Equatable {
    case binary(ByteBuffer)
    case text
    case ping(ByteBuffer)
    case pong
    case close
    /// More of a message comes.
    case nothing
  }

  struct Fault: Error, Equatable {
    let code: UInt16
    let sentence: String
  }

  /// Frames that one message may be cut into.
  static let piecesMax = 1_024

  let bytesMax: Int
  private var whole = ByteBuffer()
  private var pieces = 0
  private var isText = false

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  mutating func received(_ frame: WebSocketFrame) throws(Fault) -> Message {
    guard frame.maskKey != nil else { throw Fault(code: 1002, sentence: "a frame that is not masked") }
    guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else { throw Fault(code: 1002, sentence: "reserved bits are set") }
    var data = frame.unmaskedData
    switch frame.opcode {
    case .binary, .text:
      guard pieces == 0 else { throw Fault(code: 1002, sentence: "a message within another") }
      if frame.fin { return frame.opcode == .text ? .text : .binary(data) }
      whole = data
      pieces = 1
      isText = frame.opcode == .text
      return .nothing
    case .continuation:
      guard pieces > 0 else { throw Fault(code: 1002, sentence: "the rest of a message that was not begun") }
      guard pieces < Self.piecesMax, whole.readableBytes + data.readableBytes <= bytesMax else {
        throw Fault(code: 1009, sentence: "a message of more than \(bytesMax) bytes or \(Self.piecesMax) pieces")
      }
      whole.writeBuffer(&data)
      pieces += 1
      guard frame.fin else { return .nothing }
      defer {
        whole = ByteBuffer()
        pieces = 0
      }
      return isText ? .text : .binary(whole)
    case .connectionClose: return .close
    case .ping: return .ping(data)
    case .pong: return .pong
    default: throw Fault(code: 1002, sentence: "a frame of unknown kind")
    }
  }
}

extension ByteBuffer {
  /// A whole frame of the server's, §5.2: never masked.
  static func webSocketFrame(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) -> ByteBuffer {
    let count = payload.readableBytes
    var frame = ByteBuffer()
    frame.reserveCapacity(count + 10)
    frame.writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
    switch count {
    case 0..<126: frame.writeInteger(UInt8(truncatingIfNeeded: count))
    case 126..<65_536:
      frame.writeInteger(UInt8(126))
      frame.writeInteger(UInt16(truncatingIfNeeded: count))
    default:
      frame.writeInteger(UInt8(127))
      frame.writeInteger(UInt64(count))
    }
    frame.writeImmutableBuffer(payload)
    return frame
  }

  static func webSocketClose(_ code: UInt16, _ reason: String) -> ByteBuffer {
    var payload = ByteBuffer()
    payload.writeInteger(code)
    // §5.5: a control frame holds at most 125 bytes, and the reason is whole UTF-8.
    var text = ""
    for character in reason where text.utf8.count + character.utf8.count <= 120 { text.append(character) }
    payload.writeString(text)
    return webSocketFrame(.connectionClose, payload)
  }
}
