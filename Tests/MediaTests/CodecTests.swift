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
  }

  @Test func `other codecs are refused by name`() {
    #expect(throws: FLVFault.unsupported("video codec 2 of FLV; set the encoder to H.264")) {
      try video("12 00 000000")
    }
    #expect(throws: FLVFault.self) { try video("90 68766331") }
    #expect(throws: FLVFault.unsupported("audio codec 2 of FLV; set the encoder to AAC")) {
      try FLVTag.audio(ByteBuffer(bytes: [0x2f, 0]), timestamp: 0)
    }
  }
}
