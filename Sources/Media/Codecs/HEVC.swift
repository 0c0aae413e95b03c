internal import NIOCore

/// H.265's decoder set-up: the HEVCDecoderConfigurationRecord of ISO/IEC 14496-15 §8.3.3.1, and what we need to know of
/// it.
struct HEVCConfiguration: Sendable, Equatable {
  /// Bytes of a record. One with every parameter set it may carry is far smaller.
  static let recordBytesMax = 16 << 10

  /// As received; goes into the `hvcC` box unchanged.
  let record: [UInt8]
  /// Bytes of the length before each NAL unit: 1, 2 or 4.
  let lengthSize: Int
  /// Pixels, after cropping.
  let width: Int
  let height: Int
  /// ISO/IEC 14496-15 annex E.3, for example `hvc1.1.6.L93.90`.
  let codecString: String

  init(record: [UInt8]) throws(CodecFault) {
    guard record.count <= Self.recordBytesMax else {
      throw CodecFault(description: "an H.265 header over recordBytesMax, \(Self.recordBytesMax)")
    }
    guard record.count >= 23, record[0] == 1 else {
      throw CodecFault(description: "an H.265 header that is no hvcC record")
    }
    let lengthSize = Int(record[21] & 3) + 1
    guard lengthSize != 3 else { throw CodecFault(description: "an H.265 header with 3-byte lengths") }
    guard let unit = Self.sequenceParameterSet(in: record) else {
      throw CodecFault(description: "an H.265 header without a sequence parameter set")
    }
    guard let picture = HEVCSequenceParameterSet(unit: unit) else {
      throw CodecFault(description: "an H.265 header whose sequence parameter set cannot be read")
    }
    self.record = record
    self.lengthSize = lengthSize
    width = picture.width
    height = picture.height
    codecString = Self.codecString(record)
  }

  /// Whether decoding can start at a sample: an IRAP picture, ITU-T H.265 §7.4.2.2, types 16 to 21.
  func holdsRandomAccess(_ sample: ByteBuffer) -> Bool {
    NALUnits.firstPicture(in: sample, lengthSize: lengthSize) { header in
      switch header >> 1 & 0x3f {
      case 16...21: true
      case 0..<32: false
      default: nil
      }
    }
  }

  /// The first unit of type 33 in the record's arrays.
  private static func sequenceParameterSet(in record: [UInt8]) -> ArraySlice<UInt8>? {
    var rest = record.dropFirst(23)
    for _ in 0..<record[22] {
      guard let head = rest.popFirst(), let count = rest.popUInt16() else { return nil }
      for _ in 0..<count {
        guard let length = rest.popUInt16(), length <= rest.count else { return nil }
        if head & 0x3f == 33 { return rest.prefix(length) }
        rest = rest.dropFirst(length)
      }
    }
    return nil
  }

  private static func codecString(_ record: [UInt8]) -> String {
    let profile = record[1] & 0x1f
    let space = ["", "A", "B", "C"][Int(record[1] >> 6)]
    let tier = record[1] & 0x20 == 0 ? "L" : "H"
    // The compatibility flags in reverse order: flag 0 is the lowest bit.
    var flags: UInt32 = 0
    for (index, byte) in record[2..<6].enumerated() {
      for bit in 0..<8 where byte >> UInt8(7 - bit) & 1 == 1 { flags |= 1 << UInt32(index * 8 + bit) }
    }
    var text = "hvc1.\(space)\(profile).\(String(flags, radix: 16, uppercase: true)).\(tier)\(record[12])"
    var constraints = record[6..<12]
    while constraints.last == 0 { constraints.removeLast() }
    for byte in constraints { text += "." + String(byte, radix: 16, uppercase: true) }
    return text
  }
}

/// The picture size from a sequence parameter set, ITU-T H.265 §7.3.2.2.1.
struct HEVCSequenceParameterSet: Equatable {
  let width: Int
  let height: Int

  /// `unit` is a NAL unit with its two header bytes. Nil when it ends too early or names a size beyond 16,384.
  init?(unit: ArraySlice<UInt8>) {
    guard let header = unit.first, header >> 1 & 0x3f == 33 else { return nil }
    var reader = BitReader(NALUnits.withoutEmulationPrevention(unit.dropFirst(2)))
    guard reader.bits(4) != nil, let subLayers = reader.bits(3), reader.bit() != nil,
      Self.skipProfileTierLevel(&reader, subLayers: Int(subLayers)),
      reader.unsignedExpGolomb() != nil, let chromaFormat = reader.unsignedExpGolomb(), chromaFormat <= 3
    else { return nil }
    var separatePlanes = false
    if chromaFormat == 3 {
      guard let separate = reader.bit() else { return nil }
      separatePlanes = separate
    }
    guard let codedWidth = reader.unsignedExpGolomb(), let codedHeight = reader.unsignedExpGolomb(),
      codedWidth <= 16_384, codedHeight <= 16_384, let hasCrop = reader.bit()
    else { return nil }
    var crop: [Int] = [0, 0, 0, 0]
    if hasCrop {
      for side in 0..<4 {
        guard let amount = reader.unsignedExpGolomb(), amount < 16_384 else { return nil }
        crop[side] = Int(amount)
      }
    }
    // Table 6-1: crop units are chroma samples.
    let sampled = chromaFormat != 0 && !separatePlanes
    let unitWide = sampled && chromaFormat < 3 ? 2 : 1
    let unitTall = sampled && chromaFormat == 1 ? 2 : 1
    width = Int(codedWidth) - unitWide * (crop[0] + crop[1])
    height = Int(codedHeight) - unitTall * (crop[2] + crop[3])
    guard (1...16_384).contains(width), (1...16_384).contains(height) else { return nil }
  }

  /// §7.3.3.
  private static func skipProfileTierLevel(_ reader: inout BitReader, subLayers: Int) -> Bool {
    // 88 bits of profile, 8 of level.
    guard reader.skip(96) else { return false }
    guard subLayers > 0 else { return true }
    var bits = 0
    for _ in 0..<subLayers {
      guard let hasProfile = reader.bit(), let hasLevel = reader.bit() else { return false }
      bits += (hasProfile ? 88 : 0) + (hasLevel ? 8 : 0)
    }
    return reader.skip(2 * (8 - subLayers) + bits)
  }
}

extension ArraySlice<UInt8> {
  /// A big-endian number from the front; nil, and what is left is of no use, when there are too few bytes.
  fileprivate mutating func popUInt16() -> Int? {
    guard let high = popFirst(), let low = popFirst() else { return nil }
    return Int(high) << 8 | Int(low)
  }
}
