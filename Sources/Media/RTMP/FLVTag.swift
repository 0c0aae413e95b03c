internal import NIOCore

/// What an RTMP audio or video message carries: the body of an FLV tag (Adobe's FLV specification 10.1, annex E.4).
enum FLVTag: Equatable {
  case video(VideoConfiguration)
  case audio(AudioConfiguration)
  case unit(AccessUnit)
  /// Empty tags, command frames, ends of sequence: nothing to show.
  case nothing
}

enum FLVFault: Error, Equatable, CustomStringConvertible {
  /// The encoder must be set up differently; nothing it sends will do.
  case unsupported(String)
  /// This one tag is broken.
  case truncated

  var description: String {
    switch self {
    case .unsupported(let what): what
    case .truncated: "a tag that ends too early"
    }
  }
}

extension FLVTag {
  /// - Parameter configuration: the picture's, as last received; needed to tell real keyframes.
  static func video(
    _ payload: ByteBuffer, timestamp: UInt32, configuration: VideoConfiguration?
  ) throws(FLVFault) -> FLVTag {
    var body = payload
    guard let first = body.readInteger(as: UInt8.self) else { return .nothing }
    guard first & 0x80 == 0 else { throw .unsupported("Enhanced RTMP video; set the encoder to H.264") }
    let frameType = first >> 4
    // 5 is a command to the player, without a picture.
    guard frameType != 5 else { return .nothing }
    guard first & 0x0f == 7 else {
      throw .unsupported("video codec \(first & 0x0f) of FLV; set the encoder to H.264")
    }
    guard let packetType = body.readInteger(as: UInt8.self), let offset = body.readUInt24() else { throw .truncated }
    switch packetType {
    case 0:
      do throws(CodecFault) {
        return .video(
          .avc(try AVCConfiguration(record: Array(body.readableBytesView.prefix(AVCConfiguration.recordBytesMax + 1)))))
      } catch { throw .unsupported(error.description) }
    case 1:
      guard body.readableBytes > 0 else { return .nothing }
      var isKey = frameType == 1
      if isKey, case .avc(let avc) = configuration { isKey = avc.holdsIDR(body) }
      return .unit(
        AccessUnit(
          track: .video, timestamp: timestamp, compositionOffset: signed24(offset), isKey: isKey, payload: body))
    default:
      return .nothing
    }
  }

  static func audio(_ payload: ByteBuffer, timestamp: UInt32) throws(FLVFault) -> FLVTag {
    var body = payload
    guard let first = body.readInteger(as: UInt8.self) else { return .nothing }
    guard first >> 4 == 10 else {
      throw .unsupported("audio codec \(first >> 4) of FLV; set the encoder to AAC")
    }
    guard let packetType = body.readInteger(as: UInt8.self) else { throw .truncated }
    switch packetType {
    case 0:
      do throws(CodecFault) {
        return .audio(
          .aac(try AACConfiguration(record: Array(body.readableBytesView.prefix(AACConfiguration.recordBytesMax + 1)))))
      } catch { throw .unsupported(error.description) }
    case 1:
      guard body.readableBytes > 0 else { return .nothing }
      return .unit(AccessUnit(track: .audio, timestamp: timestamp, compositionOffset: 0, isKey: true, payload: body))
    default:
      return .nothing
    }
  }

  /// A composition time is a signed 24-bit number of milliseconds.
  private static func signed24(_ value: UInt32) -> Int32 { Int32(bitPattern: value << 8) >> 8 }
}
