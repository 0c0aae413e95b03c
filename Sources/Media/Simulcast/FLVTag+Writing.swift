internal import NIOCore

/// Tags as a publisher sends them: what `FLVTag`'s readers read, written again.
extension FLVTag {
  /// The RTMP message of the tag, without a stream; nil for what nobody needs.
  ///
  /// - Parameter video: the picture's set-up as last received, which says how a picture is written.
  func message(timestamp: UInt32, video: VideoConfiguration?) -> RTMPMessage? {
    var payload = ByteBuffer()
    let kind: UInt8
    switch self {
    case .nothing: return nil
    case .video(let configuration):
      kind = RTMPMessage.Kind.video
      // A sequence start, as a keyframe.
      if let fourCC = configuration.fourCC {
        payload.writeInteger(UInt8(0x90))
        payload.writeString(fourCC)
      } else {
        payload.writeBytes([0x17, 0, 0, 0, 0])
      }
      payload.writeBytes(configuration.record)
    case .audio(let configuration):
      kind = RTMPMessage.Kind.audio
      guard case .aac(let aac) = configuration else { return nil }
      payload.writeBytes([0xaf, 0])
      payload.writeBytes(aac.record)
    case .unit(let unit) where unit.track == .video:
      kind = RTMPMessage.Kind.video
      payload.reserveCapacity(unit.payload.readableBytes + 8)
      Self.writePictureHead(unit, fourCC: video?.fourCC, to: &payload)
      payload.writeImmutableBuffer(unit.payload)
    case .unit(let unit):
      kind = RTMPMessage.Kind.audio
      payload.reserveCapacity(unit.payload.readableBytes + 2)
      payload.writeBytes([0xaf, 1])
      payload.writeImmutableBuffer(unit.payload)
    }
    return RTMPMessage(kind: kind, streamID: 0, timestamp: timestamp, payload: payload)
  }

  private static func writePictureHead(_ unit: AccessUnit, fourCC: String?, to payload: inout ByteBuffer) {
    // Signed, 24 bits.
    let offset = UInt32(bitPattern: unit.compositionOffset) & 0xff_ffff
    let frameType: UInt8 = unit.isKey ? 0x10 : 0x20
    switch fourCC {
    case nil:
      payload.writeBytes([frameType | 7, 1])
      payload.writeUInt24(offset)
    case .some(let name):
      // Coded frames; AV1's have no composition time.
      payload.writeInteger(0x80 | frameType | 1)
      payload.writeString(name)
      if name != "av01" { payload.writeUInt24(offset) }
    }
  }
}

extension VideoConfiguration {
  /// As Enhanced RTMP calls it; nil for what FLV had a number for.
  fileprivate var fourCC: String? {
    switch self {
    case .avc: nil
    case .hevc: "hvc1"
    case .av1: "av01"
    }
  }

  fileprivate var record: [UInt8] {
    switch self {
    case .avc(let avc): avc.record
    case .hevc(let hevc): hevc.record
    case .av1(let av1): av1.record
    }
  }
}
