internal import NIOCore

/// AV1's decoder set-up: the AV1CodecConfigurationRecord of "AV1 Codec ISO Media File Format Binding" §2.3, and what we
/// need to know of it.
struct AV1Configuration: Sendable, Equatable {
  /// Bytes of a record. A sequence header is far smaller.
  static let recordBytesMax = 4 << 10

  /// As received; goes into the `av1C` box unchanged.
  let record: [UInt8]
  /// Pixels, at most as many as any frame has.
  let width: Int
  let height: Int
  /// §5 of the binding, for example `av01.0.04M.08`.
  let codecString: String

  init(record: [UInt8]) throws(CodecFault) {
    guard record.count <= Self.recordBytesMax else {
      throw CodecFault(description: "an AV1 header over recordBytesMax, \(Self.recordBytesMax)")
    }
    guard record.count >= 4, record[0] == 0x81 else {
      throw CodecFault(description: "an AV1 header that is no av1C record")
    }
    var units = AV1Units(record.dropFirst(4))
    var picture: AV1SequenceHeader?
    while picture == nil, let unit = units.next() {
      if unit.type == AV1UnitType.sequenceHeader { picture = AV1SequenceHeader(unit.payload) }
    }
    guard let picture else {
      throw CodecFault(description: "an AV1 header without a sequence header that can be read")
    }
    self.record = record
    width = picture.width
    height = picture.height
    let profile = record[1] >> 5
    let level = Int(record[1] & 0x1f)
    let tier = record[2] & 0x80 == 0 ? "M" : "H"
    let depth = record[2] & 0x40 == 0 ? "08" : profile == 2 && record[2] & 0x20 != 0 ? "12" : "10"
    codecString = "av01.\(profile).\(level < 10 ? "0" : "")\(level)\(tier).\(depth)"
  }

  /// Whether decoding can start at a sample: its first frame is a key frame that is shown (§2.5 of the binding).
  func holdsKeyFrame(_ sample: ByteBuffer) -> Bool {
    // What precedes the first frame is short.
    var units = AV1Units(sample.readableBytesView.prefix(64 << 10), isCut: sample.readableBytes > 64 << 10)
    for _ in 0..<64 {
      guard let unit = units.next() else { return false }
      guard unit.type == AV1UnitType.frameHeader || unit.type == AV1UnitType.frame, let first = unit.payload.first
      else {
        continue
      }
      // show_existing_frame, two bits of frame_type (0: key), show_frame.
      return first & 0xf0 == 0x10
    }
    return false
  }

  /// A sample as the binding wants it, §2.4: without temporal delimiters.
  static func withoutDelimiter(_ sample: ByteBuffer) -> ByteBuffer {
    // A delimiter with its size is the two bytes 12 00.
    guard sample.getInteger(at: sample.readerIndex, as: UInt16.self) == 0x1200 else { return sample }
    return sample.getSlice(at: sample.readerIndex + 2, length: sample.readableBytes - 2) ?? sample
  }
}

/// The open bitstream units of a low-overhead bitstream, AV1 specification §5.3. Ends at what cannot be read.
struct AV1Units<Bytes: RandomAccessCollection> where Bytes.Element == UInt8, Bytes.SubSequence == Bytes {
  private var rest: Bytes
  /// The bytes are the beginning of more: the last unit may be cut.
  private let isCut: Bool

  init(_ bytes: Bytes, isCut: Bool = false) {
    rest = bytes
    self.isCut = isCut
  }

  mutating func next() -> (type: UInt8, payload: Bytes)? {
    guard let header = rest.popFirst(), header & 0x80 == 0 else { return nil }
    if header & 4 != 0 { guard rest.popFirst() != nil else { return nil } }
    guard header & 2 != 0 else {
      // Without a size it reaches to the end.
      let payload = rest
      rest = rest.suffix(0)
      return (header >> 3 & 0xf, payload)
    }
    guard let size = size(), size <= rest.count || isCut else { return nil }
    let payload = rest.prefix(size)
    rest = rest.dropFirst(size)
    return (header >> 3 & 0xf, payload)
  }

  /// leb128(), §4.10.5, at most 2³² − 1.
  private mutating func size() -> Int? {
    var value: UInt64 = 0
    for index in 0..<8 {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << UInt64(7 * index)
      if byte & 0x80 == 0 { return value <= UInt64(UInt32.max) ? Int(value) : nil }
    }
    return nil
  }
}

/// Types of open bitstream units, AV1 specification §6.2.2.
private enum AV1UnitType {
  static let sequenceHeader: UInt8 = 1
  static let frameHeader: UInt8 = 3
  static let frame: UInt8 = 6
}

/// The picture size from a sequence header, AV1 specification §5.5.1.
struct AV1SequenceHeader: Equatable {
  let width: Int
  let height: Int

  /// Nil when it ends too early or names a size beyond 16,384.
  init?(_ payload: some Sequence<UInt8>) {
    var reader = BitReader(Array(payload.prefix(1024)))
    guard reader.skip(4), let isReduced = reader.bit() else { return nil }
    if isReduced {
      guard reader.skip(5) else { return nil }
    } else {
      guard Self.skipOperatingPoints(&reader) else { return nil }
    }
    guard let widthBits = reader.bits(4), let heightBits = reader.bits(4),
      let widthMinusOne = reader.bits(Int(widthBits) + 1), let heightMinusOne = reader.bits(Int(heightBits) + 1),
      widthMinusOne < 16_384, heightMinusOne < 16_384
    else { return nil }
    width = Int(widthMinusOne) + 1
    height = Int(heightMinusOne) + 1
  }

  private static func skipOperatingPoints(_ reader: inout BitReader) -> Bool {
    var delayBits: Int?
    guard let hasTiming = reader.bit() else { return false }
    if hasTiming {
      guard reader.skip(64), let isEqual = reader.bit() else { return false }
      // uvlc() is ue(v) of the other specifications, but for its longest code.
      if isEqual { guard reader.unsignedExpGolomb() != nil else { return false } }
      guard let hasModel = reader.bit() else { return false }
      if hasModel {
        guard let bits = reader.bits(5), reader.skip(32 + 5 + 5) else { return false }
        delayBits = Int(bits) + 1
      }
    }
    guard let hasDisplayDelay = reader.bit(), let points = reader.bits(5) else { return false }
    for _ in 0...points {
      guard reader.skip(12), let level = reader.bits(5) else { return false }
      if level > 7 { guard reader.skip(1) else { return false } }
      if let delayBits {
        guard let isPresent = reader.bit() else { return false }
        if isPresent { guard reader.skip(2 * delayBits + 1) else { return false } }
      }
      if hasDisplayDelay {
        guard let isPresent = reader.bit() else { return false }
        if isPresent { guard reader.skip(4) else { return false } }
      }
    }
    return true
  }
}
