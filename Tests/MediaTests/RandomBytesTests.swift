import NIOCore
import Testing

@testable import Media

/// Bytes from the network never trap: a trap would end every stream of the process. The seeds are fixed; `swift test`
/// prints the one that failed.
@Suite struct RandomBytesTests {
  private static let seeds = Array(UInt64(1)...8)

  /// Random bytes, or valid ones with a few of them changed, cut off, or doubled.
  private func spoiled(_ valid: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    guard UInt8.random(in: 0..<4, using: &generator) > 0 else {
      return generator.bytes(Int.random(in: 0...valid.count + 64, using: &generator))
    }
    var bytes = valid
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
      bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
        [
          0, 1, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &generator),
        ][Int.random(in: 0..<6, using: &generator)]
    }
    if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator)) }
    return bytes
  }

  @Test(arguments: seeds) func `codec set-ups`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let avc = try? AVCConfiguration(record: Recorded.avc320x180)
    for _ in 0..<150 {
      for valid in [Recorded.avc320x180, Recorded.avc1920x1080, Recorded.avc720x576] {
        if let read = try? AVCConfiguration(record: spoiled(valid, &generator)) {
          #expect((1...16_384).contains(read.width) && (1...16_384).contains(read.height))
          _ = Initialization(number: 1, video: .avc(read), audio: nil)
        }
      }
      for valid in [Recorded.hevc322x182, Recorded.hevc640x360] {
        if let read = try? HEVCConfiguration(record: spoiled(valid, &generator)) {
          #expect((1...16_384).contains(read.width) && (1...16_384).contains(read.height))
          _ = Initialization(number: 1, video: .hevc(read), audio: nil)
        }
      }
      for valid in [Recorded.av1320x180, Recorded.av11280x720] {
        if let read = try? AV1Configuration(record: spoiled(valid, &generator)) {
          #expect((1...16_384).contains(read.width) && (1...16_384).contains(read.height))
          _ = Initialization(number: 1, video: .av1(read), audio: nil)
        }
      }
      for valid in [bytes("1190"), bytes("2b118800"), bytes("178061a810"), generator.bytes(8)] {
        if let read = try? AACConfiguration(record: spoiled(valid, &generator)) {
          #expect(read.sampleRate > 0 && read.samplesPerFrame > 0)
          _ = Initialization(number: 1, video: nil, audio: .aac(read))
        }
      }
      let sample = spoiled(bytes("00000002 09f0 00000003 060102 00000002 6588"), &generator)
      _ = avc?.holdsIDR(ByteBuffer(bytes: sample))
    }
  }

  @Test(arguments: seeds) func `commands and tags`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var command = ByteBuffer()
    command.writeAMF0([
      .string("connect"), .number(1), .object([.init("app", .string("live")), .init("a", .array([.null]))]),
    ])
    let commandBytes = Array(command.readableBytesView)
    for _ in 0..<150 {
      _ = try? AMF0Decoder.values(ByteBuffer(bytes: spoiled(commandBytes, &generator)))
      let tag = spoiled(bytes("17 00 000000") + Recorded.avc1920x1080, &generator)
      _ = try? FLVTag.video(ByteBuffer(bytes: tag), timestamp: 0, configuration: .small)
      _ = try? FLVTag.audio(ByteBuffer(bytes: spoiled(bytes("af 00 1190"), &generator)), timestamp: 0)
      for valid in [
        bytes("90 68766331") + Recorded.hevc322x182, bytes("90 61763031") + Recorded.av1320x180,
        bytes("97 03 00000000 00 91 68766331 000000 00000003 2601af"),
        bytes("96 11 68766331 00 00000a 000000 00000003 2601af"),
      ] {
        _ = try? FLVTag.video(ByteBuffer(bytes: spoiled(valid, &generator)), timestamp: 0, configuration: .small)
      }
      var talk = PublishConversation()
      for _ in 0..<6 {
        let kind = [8, 9, 15, 17, 18, 20, 4, 5, 6][Int.random(in: 0..<9, using: &generator)] as UInt8
        let payload = ByteBuffer(bytes: spoiled(commandBytes, &generator))
        let actions = talk.received(.init(kind: kind, streamID: 1, timestamp: 0, payload: payload))
        for case .authorize in actions { _ = talk.authorized() }
      }
    }
  }

  @Test(arguments: seeds) func `a browser's messages`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let valid = [
      ByteBuffer.picture(), .sound("opus", Recorded.opus), .sound("mp4a.40.2", Recorded.aac48000),
      .frame(.picture(40, key: true)), .frame(.picture(80)), .frame(.sound(40)), .container("video/webm"),
    ].map { Array($0.readableBytesView) }
    for _ in 0..<150 {
      var talk = BroadcastConversation()
      for _ in 0..<8 {
        let message = valid[Int.random(in: 0..<valid.count, using: &generator)]
        let isSpoiled = UInt8.random(in: 0..<3, using: &generator) == 0
        _ = talk.received(
          ByteBuffer(bytes: isSpoiled ? spoiled(message, &generator) : message),
          now: Int64.random(in: -5 ... .max, using: &generator))
      }
    }
  }

  @Test(arguments: seeds) func `chunks, in pieces of any size`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let valid =
      bytes("04 000010 00012c 09 01000000") + generator.bytes(128) + bytes("c4") + generator.bytes(128)
      + bytes("02 000000 000004 01 00000000 00001000 44 ffffff 000003 09 00000001 aabbcc 84 000021 aabbcd")
    for _ in 0..<100 {
      var decoder = ChunkDecoder()
      var pending = ByteBuffer()
      var rest = spoiled(valid + valid, &generator)[...]
      feeding: while !rest.isEmpty {
        let count = Int.random(in: 1...rest.count, using: &generator)
        pending.writeBytes(rest.prefix(count))
        rest = rest.dropFirst(count)
        while true {
          do throws(ChunkFault) {
            guard let message = try decoder.next(from: &pending) else { continue feeding }
            #expect(message.payload.readableBytes <= decoder.messageBytesMax)
          } catch {
            break feeding
          }
        }
      }
    }
  }

  @Test(arguments: seeds) func `times, in any order and with any step`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var packager = Packager.running(startMilliseconds: 60_000)
    var segmenter = Segmenter(settings: .init())
    let configurations: [VideoConfiguration] = [.small, .large]
    var show: Int64 = 60_000
    var time: UInt32 = 0
    var newest: [Track: Int64] = [:]
    for _ in 0..<1_500 {
      show += Int64.random(in: 0...60, using: &generator)
      time =
        switch UInt8.random(in: 0..<40, using: &generator) {
        case 0: UInt32.random(in: 0 ... .max, using: &generator)
        case 1: time &- UInt32.random(in: 0...3_000, using: &generator)
        case 2: time &+ UInt32.random(in: 0...3_000, using: &generator)
        default: time &+ UInt32.random(in: 0...60, using: &generator)
        }
      var fragments: [Fragment] = []
      switch UInt8.random(in: 0..<100, using: &generator) {
      case 0: fragments = packager.beginSource()
      case 1: packager.configure(configurations[Int.random(in: 0..<2, using: &generator)])
      case 2: packager.configure(AudioConfiguration.aac44)
      case 3: packager.configure(AudioConfiguration.aac48)
      case 4: _ = segmenter.finishRun()
      default:
        let offset = Int32.random(in: -8_388_608...8_388_607, using: &generator)
        let unit: AccessUnit =
          Bool.random(using: &generator)
          ? .sound(time) : .picture(time, key: UInt8.random(in: 0..<8, using: &generator) == 0, offset: offset)
        fragments = packager.receive(unit, at: .init(show: show, wall: show))
      }
      for fragment in fragments {
        #expect(fragment.duration > 0)
        #expect(fragment.decodeTime >= (newest[fragment.track] ?? 0), "a track's time never goes back")
        newest[fragment.track] = fragment.decodeTime + 1
        _ = segmenter.append(fragment)
      }
    }
    #expect(segmenter.segments.allSatisfy { $0.duration <= (segmenter.targetSeconds ?? 0) * 90_000 + 45_000 })
    if let playlist = segmenter.playlist { _ = Playlist.media(playlist, names: .init(prefix: "x"), epoch: 0) }
  }
}
