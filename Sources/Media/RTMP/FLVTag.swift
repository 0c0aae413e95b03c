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
    if first & 0x80 != 0 { return try enhancedVideo(first, body, timestamp, configuration) }
    let frameType = first >> 4
    // 5 is a command to the player, without a picture.
    guard frameType != 5 else { return .nothing }
    let codec: VideoCodec
    switch first & 0x0f {
    case 7: codec = .avc
    // Not in Adobe's specification, but what encoders sent before Enhanced RTMP.
    case 12: codec = .hevc
    default: throw .unsupported("video codec \(first & 0x0f) of FLV; set the encoder to H.264")
    }
    guard let packetType = body.readInteger(as: UInt8.self), let offset = body.readUInt24() else { throw .truncated }
    switch packetType {
    case 0: return .video(try codec.configuration(body))
    case 1: return picture(body, timestamp, offset: signed24(offset), isKey: frameType == 1, configuration)
    default: return .nothing
    }
  }

  /// A key frame is believed only if decoding can start there.
  static func picture(
    _ sample: ByteBuffer, _ timestamp: UInt32, offset: Int32, isKey: Bool, _ configuration: VideoConfiguration?
  ) -> FLVTag {
    guard sample.readableBytes > 0 else { return .nothing }
    return .unit(
      AccessUnit(
        track: .video, timestamp: timestamp, compositionOffset: offset,
        isKey: isKey && configuration?.canStart(at: sample) ?? true, payload: sample))
  }

  static func audio(_ payload: ByteBuffer, timestamp: UInt32) throws(FLVFault) -> FLVTag {
    var body = payload
    guard let first = body.readInteger(as: UInt8.self) else { return .nothing }
    if first >> 4 == 9 { return try enhancedAudio(first, body, timestamp) }
    guard first >> 4 == 10 else {
      throw .unsupported("audio codec \(first >> 4) of FLV; set the encoder to AAC")
    }
    guard let packetType = body.readInteger(as: UInt8.self) else { throw .truncated }
    switch packetType {
    case 0: return try aacConfiguration(body)
    case 1: return sound(body, timestamp)
    default: return .nothing
    }
  }

  static func aacConfiguration(_ body: ByteBuffer) throws(FLVFault) -> FLVTag {
    // ffmpeg says it empty first when it copies sound out of a transport stream, and right with the first frame.
    guard body.readableBytes > 0 else { return .nothing }
    do throws(CodecFault) {
      return .audio(
        .aac(try AACConfiguration(record: Array(body.readableBytesView.prefix(AACConfiguration.recordBytesMax + 1)))))
    } catch { throw .unsupported(error.description) }
  }

  static func sound(_ frame: ByteBuffer, _ timestamp: UInt32) -> FLVTag {
    guard frame.readableBytes > 0 else { return .nothing }
    return .unit(AccessUnit(track: .audio, timestamp: timestamp, compositionOffset: 0, isKey: true, payload: frame))
  }

  /// A composition time is a signed 24-bit number of milliseconds.
  static func signed24(_ value: UInt32) -> Int32 { Int32(bitPattern: value << 8) >> 8 }
}

/// The picture codecs that are passed on.
enum VideoCodec: Sendable {
  case avc, hevc, av1

  func configuration(_ body: ByteBuffer) throws(FLVFault) -> VideoConfiguration {
    do throws(CodecFault) {
      switch self {
      case .avc:
        return .avc(
          try AVCConfiguration(record: Array(body.readableBytesView.prefix(AVCConfiguration.recordBytesMax + 1))))
      case .hevc:
        return .hevc(
          try HEVCConfiguration(record: Array(body.readableBytesView.prefix(HEVCConfiguration.recordBytesMax + 1))))
      case .av1:
        return .av1(
          try AV1Configuration(record: Array(body.readableBytesView.prefix(AV1Configuration.recordBytesMax + 1))))
      }
    } catch { throw .unsupported(error.description) }
  }
}
