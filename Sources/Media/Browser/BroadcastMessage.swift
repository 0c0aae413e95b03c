internal import NIOCore

/// One binary message of the broadcast protocol, version 1: what a browser's encoder gives, in the order in which it
/// gives it. `docs/broadcast.md` has the layout, byte by byte.
enum BroadcastMessage: Equatable {
  /// How to decode the pictures that follow: a codec string of RFC 6381 and its record (for H.264 the avcC).
  case picture(codec: String, record: ByteBuffer)
  /// How to decode the sound that follows: an AudioSpecificConfig, or an OpusHead.
  case sound(codec: String, record: ByteBuffer)
  case pictureFrame(Frame)
  case soundFrame(Frame)
  /// A recorded container follows in pieces, of this media type: for browsers that have no encoder of frames.
  case container(type: String)
  case piece(ByteBuffer)
  /// The browser stops of its own will.
  case end

  struct Frame: Equatable {
    /// On the browser's own clock.
    var timestampMicroseconds: Int64
    var durationMicroseconds: UInt32
    var isKey: Bool
    var payload: ByteBuffer
  }
}

/// A message that is none; the sentence says why.
struct BroadcastFault: Error, Equatable {
  var sentence: String
}

extension BroadcastMessage {
  /// Bytes of a codec string or media type.
  static let nameBytesMax = 128
  /// Kind, flags, timestamp and duration.
  static let frameHeadBytes = 14

  /// Reads one whole message. The payload shares the message's bytes.
  init(_ message: ByteBuffer) throws(BroadcastFault) {
    var rest = message
    guard let kind = rest.readInteger(as: UInt8.self) else { throw BroadcastFault(sentence: "an empty message") }
    switch kind {
    case 1:
      let codec = try Self.name(&rest)
      self = .picture(codec: codec, record: rest.slice())
    case 2:
      let codec = try Self.name(&rest)
      self = .sound(codec: codec, record: rest.slice())
    case 3: self = .pictureFrame(try Self.frame(&rest))
    case 4: self = .soundFrame(try Self.frame(&rest))
    case 5:
      let type = try Self.name(&rest)
      guard rest.readableBytes == 0 else { throw BroadcastFault(sentence: "a container's type with more behind it") }
      self = .container(type: type)
    case 6:
      guard rest.readableBytes > 0 else { throw BroadcastFault(sentence: "an empty piece of a container") }
      self = .piece(rest.slice())
    case 7: self = .end
    default: throw BroadcastFault(sentence: "a message of unknown kind \(kind)")
    }
  }

  /// One byte of length, then so many printable ASCII characters.
  private static func name(_ rest: inout ByteBuffer) throws(BroadcastFault) -> String {
    guard let length = rest.readInteger(as: UInt8.self), let bytes = rest.readSlice(length: Int(length)) else {
      throw BroadcastFault(sentence: "a configuration that ends too early")
    }
    guard length > 0, length <= nameBytesMax, bytes.readableBytesView.allSatisfy({ (0x20...0x7e).contains($0) }) else {
      throw BroadcastFault(sentence: "a codec's name that is not 1 to \(nameBytesMax) printable characters")
    }
    return String(buffer: bytes)
  }

  private static func frame(_ rest: inout ByteBuffer) throws(BroadcastFault) -> Frame {
    guard let flags = rest.readInteger(as: UInt8.self), let timestamp = rest.readInteger(as: Int64.self),
      let duration = rest.readInteger(as: UInt32.self), rest.readableBytes > 0
    else { throw BroadcastFault(sentence: "a frame that ends too early") }
    return Frame(
      timestampMicroseconds: timestamp, durationMicroseconds: duration, isKey: flags & 1 != 0, payload: rest.slice())
  }
}
