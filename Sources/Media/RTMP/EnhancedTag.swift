internal import NIOCore

/// Enhanced RTMP (Veovera, versions 1 and 2): codecs by FourCC in the tags that used to carry FLV's own numbers.
extension FLVTag {
  /// What `connect` is answered with as `fourCcList`.
  static let fourCCs = ["av01", "hvc1", "avc1", "mp4a"]

  private enum VideoPacket {
    static let sequenceStart: UInt8 = 0
    static let codedFrames: UInt8 = 1
    static let codedFramesX: UInt8 = 3
    static let metadata: UInt8 = 4
    static let multitrack: UInt8 = 6
    static let modifier: UInt8 = 7
  }

  private enum AudioPacket {
    static let sequenceStart: UInt8 = 0
    static let codedFrames: UInt8 = 1
    static let multitrack: UInt8 = 5
    static let modifier: UInt8 = 7
  }

  /// - Parameters:
  ///   - first: one bit that says "enhanced", three of frame type, four of packet type.
  ///   - body: what follows it.
  static func enhancedVideo(
    _ first: UInt8, _ body: ByteBuffer, _ timestamp: UInt32, _ configuration: VideoConfiguration?
  ) throws(FLVFault) -> FLVTag {
    var body = body
    var packet = try skipModifiers(first & 0x0f, modifier: VideoPacket.modifier, &body)
    let frameType = first >> 4 & 7
    // 4 is metadata for the display (HDR), frame type 5 a command to the player: neither is a picture.
    guard packet != VideoPacket.metadata, frameType != 5 else { return .nothing }
    var track = OneTrack.whole
    if packet == VideoPacket.multitrack {
      track = try OneTrack(&body)
      packet = track.packet
    }
    guard let fourCC = body.readString(length: 4) else { throw .truncated }
    guard try track.isolate(&body) else { return .nothing }
    let codec: VideoCodec
    switch fourCC {
    case "avc1": codec = .avc
    case "hvc1": codec = .hevc
    case "av01": codec = .av1
    default: throw .unsupported("video codec “\(printable(fourCC))”; set the encoder to H.264, H.265 or AV1")
    }
    switch packet {
    case VideoPacket.sequenceStart:
      return .video(try codec.configuration(body))
    case VideoPacket.codedFrames where codec != .av1:
      guard let offset = body.readUInt24() else { throw .truncated }
      return picture(body, timestamp, offset: signed24(offset), isKey: frameType == 1, configuration)
    case VideoPacket.codedFrames, VideoPacket.codedFramesX:
      let sample = codec == .av1 ? AV1Configuration.withoutDelimiter(body) : body
      return picture(sample, timestamp, offset: 0, isKey: frameType == 1, configuration)
    default:
      return .nothing
    }
  }

  /// - Parameter first: four bits that say "enhanced", four of packet type.
  static func enhancedAudio(_ first: UInt8, _ body: ByteBuffer, _ timestamp: UInt32) throws(FLVFault) -> FLVTag {
    var body = body
    var packet = try skipModifiers(first & 0x0f, modifier: AudioPacket.modifier, &body)
    var track = OneTrack.whole
    if packet == AudioPacket.multitrack {
      track = try OneTrack(&body)
      packet = track.packet
    }
    guard let fourCC = body.readString(length: 4) else { throw .truncated }
    guard try track.isolate(&body) else { return .nothing }
    guard fourCC == "mp4a" else { throw .unsupported("audio codec “\(printable(fourCC))”; set the encoder to AAC") }
    switch packet {
    case AudioPacket.sequenceStart: return try aacConfiguration(body)
    case AudioPacket.codedFrames: return sound(body, timestamp)
    default: return .nothing
    }
  }

  /// Modifiers (finer timestamps) stand before the packet they belong to, each with its length; none changes what we
  /// make of it.
  private static func skipModifiers(
    _ packet: UInt8, modifier: UInt8, _ body: inout ByteBuffer
  ) throws(FLVFault) -> UInt8 {
    var packet = packet
    while packet == modifier {
      guard let short = body.readInteger(as: UInt8.self) else { throw .truncated }
      var length = Int(short) + 1
      if length == 256 {
        guard let long = body.readInteger(as: UInt16.self) else { throw .truncated }
        length = Int(long) + 1
      }
      guard body.readSlice(length: length) != nil, let next = body.readInteger(as: UInt8.self) else {
        throw .truncated
      }
      packet = next & 0x0f
    }
    return packet
  }

  /// The packet of track 0, which is the only one that is passed on.
  private struct OneTrack {
    static let whole = OneTrack(packet: 0, isMultitrack: false, hasSizes: false)

    var packet: UInt8
    var isMultitrack: Bool
    /// Several tracks follow each other, each with its length.
    var hasSizes: Bool

    init(packet: UInt8, isMultitrack: Bool, hasSizes: Bool) {
      self.packet = packet
      self.isMultitrack = isMultitrack
      self.hasSizes = hasSizes
    }

    /// Reads the byte of kind and packet type. In every kind a FourCC comes next.
    init(_ body: inout ByteBuffer) throws(FLVFault) {
      guard let head = body.readInteger(as: UInt8.self) else { throw .truncated }
      self.init(packet: head & 0x0f, isMultitrack: true, hasSizes: head >> 4 != 0)
    }

    /// Leaves the first track's bytes in `body`, after its FourCC was read. False when that is not track 0.
    func isolate(_ body: inout ByteBuffer) throws(FLVFault) -> Bool {
      guard isMultitrack else { return true }
      guard let number = body.readInteger(as: UInt8.self) else { throw .truncated }
      if hasSizes {
        guard let size = body.readUInt24(), let own = body.readSlice(length: Int(size)) else { throw .truncated }
        body = own
      }
      return number == 0
    }
  }

  private static func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { (0x20...0x7e).contains($0.value) }))
  }
}
