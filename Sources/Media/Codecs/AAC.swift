/// AAC's decoder set-up: the AudioSpecificConfig of ISO/IEC 14496-3 §1.6.2.1, and what we need to know of it.
struct AACConfiguration: Sendable, Equatable {
  /// Bytes of a configuration; even one with a program config element is smaller.
  static let recordBytesMax = 512

  /// As received; goes into the `esds` box unchanged.
  let record: [UInt8]
  let objectType: Int
  /// Samples per second of the coded frames. With SBR the output has twice as many; time is counted in these.
  let sampleRate: Int
  /// 2 when the configuration leaves it to the frames.
  let channels: Int
  /// 1,024, or 960.
  let samplesPerFrame: Int

  /// RFC 6381 §3.3, for example `mp4a.40.2`.
  var codecString: String { "mp4a.40.\(objectType)" }

  private static let sampleRates = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
  ]

  init(record: [UInt8]) throws(CodecFault) {
    guard record.count <= Self.recordBytesMax else {
      throw CodecFault(description: "an AAC header over recordBytesMax, \(Self.recordBytesMax)")
    }
    var reader = BitReader(record)
    guard let outer = Self.objectType(&reader), let rate = Self.sampleRate(&reader), let layout = reader.bits(4) else {
      throw CodecFault(description: "an AAC header that ends too early")
    }
    var coded = outer
    if outer == 5 || outer == 29 {
      // Explicit SBR or PS: the extension's rate, then the object type of the frames themselves.
      guard Self.sampleRate(&reader) != nil, let inner = Self.objectType(&reader) else {
        throw CodecFault(description: "an AAC header that ends too early")
      }
      coded = inner
    }
    guard [1, 2, 3, 4].contains(coded), let short = reader.bit() else {
      throw CodecFault(description: "an AAC header of object type \(coded); only Main, LC, SSR and LTP can be played")
    }
    guard (7_350...96_000).contains(rate) else {
      throw CodecFault(description: "an AAC header with \(rate) samples per second")
    }
    self.record = record
    objectType = outer
    sampleRate = rate
    channels = layout == 0 ? 2 : layout == 7 ? 8 : min(Int(layout), 8)
    samplesPerFrame = short ? 960 : 1024
  }

  private static func objectType(_ reader: inout BitReader) -> Int? {
    guard let type = reader.bits(5) else { return nil }
    if type < 31 { return Int(type) }
    return reader.bits(6).map { 32 + Int($0) }
  }

  private static func sampleRate(_ reader: inout BitReader) -> Int? {
    guard let index = reader.bits(4) else { return nil }
    if index == 15 { return reader.bits(24).map { Int($0) } }
    return Int(index) < sampleRates.count ? sampleRates[Int(index)] : nil
  }
}
