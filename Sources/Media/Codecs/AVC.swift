internal import NIOCore

/// A codec's decoder set-up cannot be used; the sentence says why.
struct CodecFault: Error, Equatable, CustomStringConvertible {
  let description: String
}

/// H.264's decoder set-up: the AVCDecoderConfigurationRecord of ISO/IEC 14496-15 §5.3.3, and what we need to know of
/// it.
struct AVCConfiguration: Sendable, Equatable {
  /// Bytes of a record. One with every parameter set it may carry is far smaller.
  static let recordBytesMax = 16 << 10

  /// As received; goes into the `avcC` box unchanged.
  let record: [UInt8]
  /// Bytes of the length before each NAL unit: 1, 2 or 4.
  let lengthSize: Int
  /// Pixels, after cropping.
  let width: Int
  let height: Int

  /// RFC 6381 §3.3, for example `avc1.64001f`.
  var codecString: String { "avc1." + hexadecimal(record[1...3]) }

  init(record: [UInt8]) throws(CodecFault) {
    guard record.count <= Self.recordBytesMax else {
      throw CodecFault(description: "an H.264 header over recordBytesMax, \(Self.recordBytesMax)")
    }
    guard record.count >= 8, record[0] == 1 else {
      throw CodecFault(description: "an H.264 header that is no avcC record")
    }
    let lengthSize = Int(record[4] & 3) + 1
    guard lengthSize != 3 else { throw CodecFault(description: "an H.264 header with 3-byte lengths") }
    guard record[5] & 0x1f >= 1 else {
      throw CodecFault(description: "an H.264 header without a sequence parameter set")
    }
    let setLength = Int(record[6]) << 8 | Int(record[7])
    guard setLength >= 4, record.count >= 8 + setLength,
      let picture = AVCSequenceParameterSet(unit: Array(record[8..<8 + setLength]))
    else { throw CodecFault(description: "an H.264 header whose sequence parameter set cannot be read") }
    self.record = record
    self.lengthSize = lengthSize
    width = picture.width
    height = picture.height
  }

  /// Whether a sample holds an IDR slice. The key-frame flag of an FLV tag also marks recovery points, at which a
  /// decoder may not start.
  func holdsIDR(_ sample: ByteBuffer) -> Bool {
    NALUnits.firstPicture(in: sample, lengthSize: lengthSize) { header in
      switch header & 0x1f {
      case 5: true
      case 1, 2: false
      default: nil
      }
    }
  }
}

/// The picture size from a sequence parameter set, ITU-T H.264 §7.3.2.1.1.
struct AVCSequenceParameterSet: Equatable {
  let width: Int
  let height: Int

  /// `unit` is a NAL unit with its header byte. Nil when it is no sequence parameter set, ends too early, or names a
  /// size beyond level 6.2's 16,384.
  init?(unit: [UInt8]) {
    guard let header = unit.first, header & 0x1f == 7 else { return nil }
    var reader = BitReader(NALUnits.withoutEmulationPrevention(unit.dropFirst()))
    guard let profile = reader.bits(8), reader.bits(16) != nil, reader.unsignedExpGolomb() != nil else { return nil }
    var chromaFormat: UInt32 = 1
    var separatePlanes = false
    if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(profile) {
      guard let format = reader.unsignedExpGolomb(), format <= 3 else { return nil }
      chromaFormat = format
      if format == 3 {
        guard let separate = reader.bit() else { return nil }
        separatePlanes = separate
      }
      guard reader.unsignedExpGolomb() != nil, reader.unsignedExpGolomb() != nil, reader.bit() != nil,
        let hasScaling = reader.bit()
      else { return nil }
      if hasScaling {
        for list in 0..<(format == 3 ? 12 : 8) {
          guard let present = reader.bit() else { return nil }
          if present { guard Self.skipScalingList(&reader, size: list < 6 ? 16 : 64) else { return nil } }
        }
      }
    }
    guard reader.unsignedExpGolomb() != nil, let orderType = reader.unsignedExpGolomb() else { return nil }
    switch orderType {
    case 0:
      guard reader.unsignedExpGolomb() != nil else { return nil }
    case 1:
      guard reader.bit() != nil, reader.signedExpGolomb() != nil, reader.signedExpGolomb() != nil,
        let cycle = reader.unsignedExpGolomb(), cycle <= 255
      else { return nil }
      for _ in 0..<cycle { guard reader.signedExpGolomb() != nil else { return nil } }
    default:
      break
    }
    guard reader.unsignedExpGolomb() != nil, reader.bit() != nil,
      let widthInBlocks = reader.unsignedExpGolomb(), let heightInUnits = reader.unsignedExpGolomb(),
      widthInBlocks < 1024, heightInUnits < 1024, let framesOnly = reader.bit()
    else { return nil }
    if !framesOnly { guard reader.bit() != nil else { return nil } }
    guard reader.bit() != nil, let hasCrop = reader.bit() else { return nil }
    var crop: [Int] = [0, 0, 0, 0]
    if hasCrop {
      for side in 0..<4 {
        guard let amount = reader.unsignedExpGolomb(), amount < 16_384 else { return nil }
        crop[side] = Int(amount)
      }
    }
    // §7.4.2.1.1: crop units are chroma samples, and twice as tall for fields.
    let sampled = chromaFormat != 0 && !separatePlanes
    let unitWide = sampled && chromaFormat < 3 ? 2 : 1
    let unitTall = (sampled && chromaFormat == 1 ? 2 : 1) * (framesOnly ? 1 : 2)
    width = (Int(widthInBlocks) + 1) * 16 - unitWide * (crop[0] + crop[1])
    height = (Int(heightInUnits) + 1) * 16 * (framesOnly ? 1 : 2) - unitTall * (crop[2] + crop[3])
    guard (1...16_384).contains(width), (1...16_384).contains(height) else { return nil }
  }

  /// §7.3.2.1.1.1.
  private static func skipScalingList(_ reader: inout BitReader, size: Int) -> Bool {
    var last: Int64 = 8
    var next: Int64 = 8
    for _ in 0..<size {
      if next != 0 {
        guard let delta = reader.signedExpGolomb(), (-128...127).contains(delta) else { return false }
        next = (last + delta + 256) % 256
      }
      if next != 0 { last = next }
    }
    return true
  }
}

/// Lower-case hexadecimal, two digits a byte.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { byte in
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }.joined()
}
