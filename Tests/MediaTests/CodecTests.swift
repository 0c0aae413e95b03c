import NIOCore
import Testing

@testable import Media

@Suite struct CodecTests {
  @Test(
    arguments: [
      (Recorded.avc320x180, 320, 180, "avc1.42c00d"), (Recorded.avc1920x1080, 1920, 1080, "avc1.640028"),
      (Recorded.avc720x576, 720, 576, "avc1.7a001e"),
    ])
  func `an H.264 header tells size and codec string`(record: [UInt8], width: Int, height: Int, codec: String) throws {
    let avc = try AVCConfiguration(record: record)
    #expect((avc.width, avc.height, avc.codecString, avc.lengthSize) == (width, height, codec, 4))
  }

  @Test func `an H.264 header that is cut short or wrong is refused`() {
    for length in 0..<24 {
      #expect(throws: CodecFault.self) { try AVCConfiguration(record: Array(Recorded.avc1920x1080.prefix(length))) }
    }
    var noSet = Recorded.avc320x180
    noSet[5] = 0xe0
    #expect(throws: CodecFault.self) { try AVCConfiguration(record: noSet) }
    let padded = Recorded.avc320x180 + [UInt8](repeating: 0, count: AVCConfiguration.recordBytesMax)
    #expect(throws: CodecFault.self) { try AVCConfiguration(record: padded) }
  }

  @Test(
    arguments: [
      (Recorded.hevc322x182, 322, 182, "hvc1.1.6.L60.90"), (Recorded.hevc640x360, 640, 360, "hvc1.2.4.L63.90"),
    ])
  func `an H.265 header tells size and codec string`(record: [UInt8], width: Int, height: Int, codec: String) throws {
    let hevc = try HEVCConfiguration(record: record)
    #expect((hevc.width, hevc.height, hevc.codecString, hevc.lengthSize) == (width, height, codec, 4))
  }

  @Test(
    arguments: [
      (Recorded.av1320x180, 320, 180, "av01.0.00M.08"), (Recorded.av11280x720, 1280, 720, "av01.0.05M.10"),
    ])
  func `an AV1 header tells size and codec string`(record: [UInt8], width: Int, height: Int, codec: String) throws {
    let av1 = try AV1Configuration(record: record)
    #expect((av1.width, av1.height, av1.codecString) == (width, height, codec))
  }

  @Test func `H.265 and AV1 headers that are cut short or wrong are refused`() {
    for length in 0..<90 {
      #expect(throws: CodecFault.self) { try HEVCConfiguration(record: Array(Recorded.hevc322x182.prefix(length))) }
    }
    for length in 0..<11 {
      #expect(throws: CodecFault.self) { try AV1Configuration(record: Array(Recorded.av11280x720.prefix(length))) }
    }
    let padded = Recorded.hevc322x182 + [UInt8](repeating: 0, count: HEVCConfiguration.recordBytesMax)
    #expect(throws: CodecFault.self) { try HEVCConfiguration(record: padded) }
  }

  @Test func `H.265 starts at random access pictures, AV1 at key frames that are shown`() throws {
    let hevc = VideoConfiguration.hevc(try HEVCConfiguration(record: Recorded.hevc322x182))
    for (sample, starts) in [
      ("00000003 2601af", true), ("00000003 4601 50 00000003 2a01af", true), ("00000003 0201d0", false), ("", false),
      ("00000003 4e0105 00000003 0001d0", false), ("00000009 2601af", false),
    ] { #expect(hevc.canStart(at: ByteBuffer(bytes: bytes(sample))) == starts, "\(sample)") }
    let av1 = VideoConfiguration.av1(try AV1Configuration(record: Recorded.av1320x180))
    for (sample, starts) in [
      ("0a0b000000043cfeccdaf90040 3203 10aabb", true), ("3203 30aabb", false), ("3201 90", false), ("32", false),
      ("1a01 10", true), ("32ff01 10", false), ("", false),
    ] { #expect(av1.canStart(at: ByteBuffer(bytes: bytes(sample))) == starts, "\(sample)") }
  }

  @Test func `only an IDR slice makes a keyframe`() throws {
    let avc = try AVCConfiguration(record: Recorded.avc320x180)
    func holds(_ text: String) -> Bool { avc.holdsIDR(ByteBuffer(bytes: bytes(text))) }
    #expect(holds("00000002 6588"))
    #expect(holds("00000002 09f0 00000003 060102 00000002 6588"), "after a delimiter and a message")
    #expect(!holds("00000002 06ff 00000002 419a"), "a recovery point")
    #expect(!holds("00000009 6588"), "a length that leads out of the sample")
    #expect(!holds("000000"))
    #expect(!holds(""))
  }

  @Test(
    arguments: [
      ("1190", 48_000, 2, 1024, "mp4a.40.2"), ("1208", 44_100, 1, 1024, "mp4a.40.2"),
      // HE-AAC signalled explicitly: 24 kHz coded, 48 kHz shown.
      ("2b118800", 24_000, 2, 1024, "mp4a.40.5"),
      // 960-sample frames
      ("1194", 48_000, 2, 960, "mp4a.40.2"),
      // a rate written out: 50,000
      ("178061a810", 50_000, 2, 1024, "mp4a.40.2"),
    ])
  func `an AAC header tells rate, channels and codec string`(
    record: String, rate: Int, channels: Int, samples: Int, codec: String
  ) throws {
    let aac = try AACConfiguration(record: bytes(record))
    #expect((aac.sampleRate, aac.channels, aac.samplesPerFrame, aac.codecString) == (rate, channels, samples, codec))
  }

  @Test(arguments: ["", "11", "f8", "0000", "17ffffff10", "1700000110"])
  func `an AAC header that is cut short or wrong is refused`(record: String) {
    #expect(throws: CodecFault.self) { try AACConfiguration(record: bytes(record)) }
  }

  // MARK: FLV tags

  private func video(_ text: String) throws -> FLVTag {
    try FLVTag.video(ByteBuffer(bytes: bytes(text)), timestamp: 40, configuration: .small)
  }

  @Test func `composition times are signed`() throws {
    let later = try video("27 01 000042 00000002 419a")
    let earlier = try video("27 01 ffffde 00000002 419a")
    #expect(
      later
        == .unit(
          .init(
            track: .video, timestamp: 40, compositionOffset: 66, isKey: false,
            payload: ByteBuffer(bytes: bytes("00000002 419a")))))
    guard case .unit(let unit) = earlier else { throw Unexpected() }
    #expect(unit.compositionOffset == -34)
  }

  @Test func `a keyframe flag is believed only with an IDR slice`() throws {
    guard case .unit(let idr) = try video("17 01 000000 00000002 6588") else { throw Unexpected() }
    guard case .unit(let recovery) = try video("17 01 000000 00000002 419a") else { throw Unexpected() }
    #expect(idr.isKey && !recovery.isKey)
  }

  @Test func `headers, ends and empty tags are told apart`() throws {
    let header = try FLVTag.video(
      ByteBuffer(bytes: bytes("17 00 000000") + Recorded.avc1920x1080), timestamp: 0, configuration: nil)
    #expect(header == .video(.large))
    #expect(try FLVTag.audio(ByteBuffer(bytes: bytes("af 00 1190")), timestamp: 0) == .audio(.aac48))
    #expect(
      try FLVTag.audio(ByteBuffer(bytes: bytes("af 01 2121")), timestamp: 7)
        == .unit(
          .init(
            track: .audio, timestamp: 7, compositionOffset: 0, isKey: true, payload: ByteBuffer(bytes: [0x21, 0x21]))))
    for nothing in ["", "17 02 000000", "57 00", "17 01 000000"] { #expect(try video(nothing) == .nothing) }
    #expect(try FLVTag.audio(ByteBuffer(), timestamp: 0) == .nothing)
    #expect(throws: FLVFault.truncated) { try video("17 01 0000") }
    // The set-up without one that ffmpeg writes first.
    #expect(try FLVTag.audio(ByteBuffer(bytes: [0xaf, 0]), timestamp: 0) == .nothing)
  }

  @Test func `other codecs are refused by name`() {
    #expect(throws: FLVFault.unsupported("video codec 2 of FLV; set the encoder to H.264")) {
      try video("12 00 000000")
    }
    #expect(throws: FLVFault.unsupported("video codec “vp09”; set the encoder to H.264, H.265 or AV1")) {
      try video("90 76703039")
    }
    #expect(throws: FLVFault.unsupported("audio codec 2 of FLV; set the encoder to AAC")) {
      try FLVTag.audio(ByteBuffer(bytes: [0x2f, 0]), timestamp: 0)
    }
  }
}
