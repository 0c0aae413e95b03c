internal import NIOCore

extension MediaTrack {
  /// Bytes of a sample entry before the boxes within it, ISO/IEC 14496-12 §12.1.3 and §12.2.3, its own head included.
  private static let visualEntryBytes = 86
  private static let audioEntryBytes = 36

  /// RFC 6381; nil for what we do not write.
  var codecString: String? {
    var entry = sampleEntry
    guard let type = entry.getString(at: entry.readerIndex + 4, length: 4) else { return nil }
    entry.moveReaderIndex(
      forwardBy: min(entry.readableBytes, handler == "vide" ? Self.visualEntryBytes : Self.audioEntryBytes))
    func record(_ box: String) -> [UInt8]? { (try? entry.box(box)).map { Array($0.readableBytesView) } }
    switch type {
    case "avc1": return record("avcC").flatMap { try? AVCConfiguration(record: $0) }?.codecString
    case "hvc1": return record("hvcC").flatMap { try? HEVCConfiguration(record: $0) }?.codecString
    case "av01": return record("av1C").flatMap { try? AV1Configuration(record: $0) }?.codecString
    case "Opus": return "opus"
    case "mp4a":
      guard let descriptor = try? entry.box("esds"), let record = Self.decoderSpecific(descriptor) else { return nil }
      return (try? AACConfiguration(record: record))?.codecString
    default: return nil
    }
  }

  /// The decoder's own set-up within an `esds`, ISO/IEC 14496-1 §7.2.6, as we write it: an ES descriptor without
  /// options, in it a decoder configuration.
  private static func decoderSpecific(_ esds: ByteBuffer) -> [UInt8]? {
    var rest = esds
    rest.moveReaderIndex(forwardBy: min(rest.readableBytes, 4))
    for (tag, fixed) in [(UInt8(3), 3), (4, 13)] {
      guard rest.readInteger(as: UInt8.self) == tag, readLength(&rest) != nil, rest.readableBytes >= fixed else {
        return nil
      }
      rest.moveReaderIndex(forwardBy: fixed)
    }
    guard rest.readInteger(as: UInt8.self) == 5, let length = readLength(&rest) else { return nil }
    return rest.readBytes(length: length)
  }

  /// Seven bits a byte, the highest says that more follow.
  private static func readLength(_ buffer: inout ByteBuffer) -> Int? {
    var length = 0
    for _ in 0..<4 {
      guard let byte = buffer.readInteger(as: UInt8.self) else { return nil }
      length = length << 7 | Int(byte & 0x7f)
      if byte & 0x80 == 0 { return length }
    }
    return nil
  }
}
