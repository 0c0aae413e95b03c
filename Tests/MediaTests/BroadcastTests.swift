import Foundation
import Logging
import NIOCore
import Synchronization
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(1))) struct BroadcastTests {
  // MARK: Messages

  @Test func `every kind of message is read as the protocol's paper says`() throws {
    func read(_ hexadecimal: String) throws -> BroadcastMessage {
      try BroadcastMessage(ByteBuffer(bytes: bytes(hexadecimal)))
    }
    #expect(
      try read("01 04 61766331 0142c0") == .picture(codec: "avc1", record: ByteBuffer(bytes: bytes("0142c0"))))
    #expect(try read("02 04 6f707573") == .sound(codec: "opus", record: ByteBuffer()))
    let frame = BroadcastMessage.Frame(
      timestampMicroseconds: 1_000_000, durationMicroseconds: 33_333, isKey: true,
      payload: ByteBuffer(bytes: [0xaa, 0xbb]))
    #expect(try read("03 01 00000000000f4240 00008235 aabb") == .pictureFrame(frame))
    var sound = frame
    sound.isKey = false
    sound.timestampMicroseconds = -1
    #expect(try read("04 00 ffffffffffffffff 00008235 aabb") == .soundFrame(sound))
    #expect(try read("05 0a 766964656f2f7765626d") == .container(type: "video/webm"))
    #expect(try read("06 1a45") == .piece(ByteBuffer(bytes: [0x1a, 0x45])))
    #expect(try read("07") == .end)
  }

  @Test(arguments: [
    "", "00", "08 00", "01", "01 05 61766331", "01 00", "02 01 0a", "03", "03 01 00000000000f4240 00008235",
    "04 01 00", "05 01 61 00", "06", "ff",
  ])
  func `a message that is none is refused, with a sentence`(hexadecimal: String) {
    let fault = #expect(throws: BroadcastFault.self) {
      try BroadcastMessage(ByteBuffer(bytes: bytes(hexadecimal)))
    }
    #expect(fault?.sentence.isEmpty == false)
  }

  // MARK: The conversation

  @Test func `a picture and its sound become the access units that RTMP would have given`() throws {
    var talk = BroadcastConversation()
    #expect(talk.received(.picture(), now: 0) == [.attach, .tag(.video(.small))])
    #expect(talk.received(.sound("mp4a.40.2", Recorded.aac48000), now: 0) == [.tag(.audio(.aac48))])
    let key = AccessUnit.picture(40, key: true)
    #expect(
      talk.received(.frame(key), now: 0) == [.promised(video: true, audio: true), .tag(.unit(key))])
    let sound = AccessUnit.sound(41)
    #expect(talk.received(.frame(sound), now: 0) == [.tag(.unit(sound))])
  }

  @Test func `pictures begin with a key frame, which is asked for once a second`() {
    var talk = BroadcastConversation()
    _ = talk.received(.picture(), now: 0)
    #expect(talk.received(.frame(.picture(0)), now: 0) == [.dropped, .keyPlease])
    #expect(talk.received(.frame(.picture(33)), now: 33) == [.dropped])
    #expect(talk.received(.frame(.picture(1000)), now: 1_000) == [.dropped, .keyPlease])
    let key = AccessUnit.picture(1033, key: true)
    #expect(talk.received(.frame(key), now: 1_033).last == .tag(.unit(key)))
    // A frame that only claims to be a key is passed on as what it is.
    let claimed = AccessUnit.picture(1066)
    #expect(talk.received(.frame(claimed, flags: 1), now: 1_066) == [.tag(.unit(claimed))])
  }

  @Test func `what cannot be played is refused with words that say how to mend it`() {
    func refusal(_ messages: ByteBuffer...) -> String? {
      var talk = BroadcastConversation()
      for message in messages {
        if case .close(let end) = talk.received(message, now: 0).last {
          #expect(talk.received(.picture(), now: 0).isEmpty, "it is over")
          return end.kind == .refused ? end.sentence : "\(end.kind)"
        }
      }
      return nil
    }
    var annexB = AccessUnit.picture(0, key: true)
    annexB.payload.setInteger(UInt32(1), at: annexB.payload.readerIndex)
    #expect(refusal(.picture(codec: "vp8", record: []))?.contains("only H.264") == true)
    #expect(refusal(.picture(record: []))?.contains("annexb") == true)
    #expect(refusal(.picture(), .frame(annexB))?.contains("Annex B") == true)
    #expect(refusal(.picture(record: [1, 2, 3]))?.contains("avcC") == true)
    #expect(refusal(.sound("mp3", []))?.contains("only AAC") == true)
    #expect(refusal(.sound("opus", [1]))?.contains("OpusHead") == true)
    #expect(refusal(.frame(.picture(0, key: true)))?.contains("before its configuration") == true)
    #expect(refusal(.frame(.sound(0)))?.contains("before its configuration") == true)
    #expect(refusal(.picture(), .container("video/webm"))?.contains("second container") == true)
    #expect(refusal(.container("video/webm"), .picture())?.contains("frames and a container") == true)
    #expect(refusal(.container("text/html"))?.contains("video/webm") == true)
    #expect(refusal(ByteBuffer(bytes: [6, 1]))?.contains("not announced") == true)
    #expect(refusal(ByteBuffer(bytes: [7])) == "finished")
  }

  @Test func `a browser that talks too fast is cut, and one in time is not`() {
    var talk = BroadcastConversation()
    _ = talk.received(.picture(), now: 0)
    for index in 0..<2_000 {
      let unit = AccessUnit.picture(UInt32(index * 6), key: true)
      #expect(talk.received(.frame(unit), now: Int64(index * 6)).last == .tag(.unit(unit)))
    }
    var last: BroadcastConversation.Action?
    for _ in 0..<1_000 where last == nil {
      if case .close(let end) = talk.received(.frame(.picture(20_000)), now: 12_500).last { last = .close(end) }
    }
    guard case .close(let end) = last else { return #expect(last != nil) }
    #expect(end.kind == .tooMuch && end.sentence.contains("messagesPerSecondMax"))
  }

  // MARK: Opus

  @Test func `an Opus header and its packets are understood`() throws {
    let opus = try OpusConfiguration(head: Recorded.opus)
    #expect(opus.channels == 2 && opus.preSkip == 312 && opus.inputSampleRate == 48_000 && opus.samplesPerFrame == 960)
    func samples(_ hexadecimal: String) -> Int? { OpusConfiguration.samples(in: ByteBuffer(bytes: bytes(hexadecimal))) }
    #expect(samples("fc") == 960)  // CELT, 20 ms, one frame
    #expect(samples("e0") == 120)  // CELT, 2.5 ms
    #expect(samples("08") == 960)  // SILK, 20 ms
    #expect(samples("19") == 5_760)  // SILK, 60 ms, two frames
    #expect(samples("fb 03") == 2_880)  // three frames
    #expect(samples("fb") == nil && samples("fb 00") == nil && samples("1b 03") == nil && samples("") == nil)
  }

  @Test func `Opus packets of another length are told before the first is passed on`() throws {
    var talk = BroadcastConversation()
    _ = talk.received(.sound("opus", Recorded.opus), now: 0)
    let packet = AccessUnit(
      track: .audio, timestamp: 0, compositionOffset: 0, isKey: true, payload: ByteBuffer(bytes: bytes("f0 aa")))
    let actions = talk.received(.frame(packet), now: 0)
    let opus = try OpusConfiguration(head: Recorded.opus).with(samplesPerFrame: 480)
    #expect(
      actions == [.tag(.audio(.opus(opus))), .promised(video: false, audio: true), .tag(.unit(packet))])
  }

  @Test func `frames of AAC are found however their bytes come, and what is none is refused`() throws {
    let file = bytes("fff1 4c80 013ffc 2122 fff1 4c80 015ffc 313233")
    for size in 1...file.count {
      var reader = ADTSReader()
      var frames: [[UInt8]] = []
      for start in stride(from: 0, to: file.count, by: size) {
        frames += try reader.received(ByteBuffer(bytes: file[start..<min(start + size, file.count)]))
          .map { Array(buffer: $0) }
      }
      #expect(frames == [[0x21, 0x22], [0x31, 0x32, 0x33]], "in pieces of \(size)")
    }
    var lost = ADTSReader()
    #expect(throws: ADTSReader.Fault()) { try lost.received(ByteBuffer(bytes: [1, 2, 3, 4, 5, 6, 7])) }
  }

  // MARK: The server

  /// What a browser was told.
  private final class Told: Sendable {
    let words = Mutex<[BroadcastWord]>([])
    let ends = Mutex<[BroadcastEnd]>([])
  }

  private func broadcast(
    _ server: MediaServer, _ told: Told, stream: String = "a", member: String? = nil
  ) throws -> Broadcast {
    let broadcast = server.broadcast(
      BroadcastRequest(
        stream: stream, mediaTimeMilliseconds: 5_000, admission: server.admissionNumber, encoder: "Test",
        remoteAddress: "::1", member: member),
      say: { word in told.words.withLock { $0.append(word) } }, close: { end in told.ends.withLock { $0.append(end) } })
    return try #require(broadcast)
  }

  private func makeServer(_ configuration: MediaConfiguration = .init(), news: News) -> MediaServer {
    MediaServer(
      configuration: configuration, logger: Logger(label: "test"), authorize: { _ in .refuse(reason: "nobody") },
      report: { news.add($0) })
  }

  @Test func `a browser's frames are a stream like any other, and a newcomer takes it over`() async throws {
    let news = News()
    let server = makeServer(news: news)
    let (first, second) = (Told(), Told())
    let one = try broadcast(server, first)
    #expect(server.stream("a") == nil && !one.hasBegun)
    one.received(.picture())
    #expect(first.words.withLock { $0 } == [.accepted] && one.hasBegun)
    for index in 0..<4 { one.received(.frame(.picture(UInt32(index * 33), key: index == 0))) }
    let stream = try #require(server.stream("a"))
    #expect(stream.health().state == .live && stream.health().encoder == "Test")
    #expect(news.all == [.started("a")])

    let two = try broadcast(server, second)
    two.received(.picture())
    #expect(first.ends.withLock { $0.map(\.kind) } == [.takenOver])
    one.leave(BroadcastEnd(.takenOver, ""))
    for index in 0..<4 { two.received(.frame(.picture(UInt32(index * 33), key: index == 0))) }
    #expect(stream.health().state == .live && stream.health().reconnects == 1)
    two.leave(BroadcastEnd(.interrupted, "gone"))
    #expect(stream.health().state == .interrupted)
    let third = Told()
    let three = try broadcast(server, third)
    three.received(.picture())
    for index in 0..<4 { three.received(.frame(.picture(UInt32(index * 33), key: index == 0))) }
    #expect(news.all == [.started("a"), .resumed("a"), .interrupted("a"), .resumed("a")])
    three.tell()
    #expect(third.words.withLock { $0.count } == 2)
    server.disconnect("a")
    #expect(third.ends.withLock { $0.map(\.kind) } == [.ended])
  }

  @Test func `a browser begins although another stream's key was replaced meanwhile`() throws {
    let server = makeServer(news: News())
    let (told, late) = (Told(), Told())
    let browser = try broadcast(server, told)
    let overtaken = try broadcast(server, late)
    server.cutEncoder("b")
    browser.received(.picture())
    #expect(told.words.withLock { $0 } == [.accepted] && told.ends.withLock { $0 }.isEmpty)
    server.cutEncoder("a")
    #expect(told.ends.withLock { $0.map(\.kind) } == [.interrupted])
    overtaken.received(.picture())
    #expect(late.ends.withLock { $0.map(\.kind) } == [.interrupted], "it was let in before its own key was replaced")
  }

  @Test func `a member who may not broadcast any more is cut, and nobody else is`() throws {
    let server = makeServer(news: News())
    let (hers, his, elsewhere, waiting) = (Told(), Told(), Told(), Told())
    let asha = try broadcast(server, hers, member: "asha")
    asha.received(.picture())
    let other = try broadcast(server, elsewhere, stream: "b", member: "asha")
    other.received(.picture())
    let next = try broadcast(server, waiting, member: "asha")
    server.cutBroadcasts(by: "ravi", of: "a")
    #expect(hers.ends.withLock { $0 }.isEmpty)
    server.cutBroadcasts(by: "asha", of: "a")
    #expect(hers.ends.withLock { $0.map(\.kind) } == [.interrupted])
    #expect(waiting.ends.withLock { $0.map(\.kind) } == [.interrupted], "also one that has not begun")
    #expect(elsewhere.ends.withLock { $0 }.isEmpty, "it is another channel's show")
    asha.leave(BroadcastEnd(.interrupted, ""))
    next.leave(BroadcastEnd(.interrupted, ""))

    let ravi = try broadcast(server, his, member: "ravi")
    ravi.received(.picture())
    #expect(his.words.withLock { $0 } == [.accepted])
    server.cutBroadcasts(by: "asha", of: "a")
    ravi.received(.frame(.picture(0, key: true)))
    #expect(his.ends.withLock { $0 }.isEmpty && server.stream("a")?.health().encoder == "Test")
  }

  @Test func `as many browsers broadcast as may, and a frame may be as large as it may`() throws {
    var configuration = MediaConfiguration()
    configuration.broadcastsMax = 1
    configuration.frameBytesMax = 1_000
    let server = makeServer(configuration, news: News())
    let told = Told()
    let only = try broadcast(server, told)
    let another = server.broadcast(
      BroadcastRequest(stream: "b", mediaTimeMilliseconds: 0, admission: 0, encoder: "", remoteAddress: ""),
      say: { _ in },
      close: { _ in })
    #expect(another == nil)
    only.received(.picture())
    only.received(.frame(.picture(0, key: true, size: 1_001)))
    #expect(told.ends.withLock { $0.map(\.kind) } == [.tooMuch])
    only.leave(BroadcastEnd(.tooMuch, ""))
    only.leave(BroadcastEnd(.tooMuch, "twice"))
    _ = try broadcast(server, Told())
  }

  @Test(.timeLimit(.minutes(2)))
  func `a browser's recording goes through ffmpeg and comes out as a stream`() async throws {
    let scratch = try Scratch()
    let file = scratch.file("recording.webm").path
    let made = try await run(
      "/usr/bin/ffmpeg",
      [
        "-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=4", "-f",
        "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4", "-c:v", "libvpx", "-deadline", "realtime",
        "-g", "30", "-c:a", "libopus", "-f", "webm", "-live", "1", file,
      ])
    #expect(made.status == 0, "\(made.errors)")
    let recording = try Array(Data(contentsOf: URL(fileURLWithPath: file)))
    try await withServer { server, _, news in
      let told = Told()
      let browser = try broadcast(server, told)
      browser.received(.container("video/webm;codecs=vp8,opus"))
      #expect(told.words.withLock { $0 } == [.accepted])
      for start in stride(from: 0, to: recording.count, by: 20_000) {
        browser.received(ByteBuffer(bytes: [6] + recording[start..<min(start + 20_000, recording.count)]))
      }
      try await news.wait(for: .started("a"))
      let health = try #require(server.stream("a")).health()
      #expect(health.videoCodec?.hasPrefix("avc1.") == true && health.width == 320)
      browser.leave(BroadcastEnd(.finished, ""))
      try await news.wait(for: .interrupted("a"))
    }
  }
}

extension ByteBuffer {
  fileprivate static func named(_ kind: UInt8, _ name: String, _ record: [UInt8]) -> ByteBuffer {
    ByteBuffer(bytes: [kind, UInt8(name.utf8.count)] + Array(name.utf8) + record)
  }

  static func picture(codec: String = "avc1.42c00d", record: [UInt8] = Recorded.avc320x180) -> ByteBuffer {
    named(1, codec, record)
  }

  static func sound(_ codec: String, _ record: [UInt8]) -> ByteBuffer { named(2, codec, record) }

  static func container(_ type: String) -> ByteBuffer { named(5, type, []) }

  static func frame(_ unit: AccessUnit, flags: UInt8? = nil) -> ByteBuffer {
    var message = ByteBuffer()
    message.writeInteger(unit.track == .video ? 3 : 4 as UInt8)
    message.writeInteger(flags ?? (unit.isKey ? 1 : 0))
    message.writeInteger(Int64(unit.timestamp) * 1000)
    message.writeInteger(UInt32(33_333))
    message.writeImmutableBuffer(unit.payload)
    return message
  }
}

extension Recorded {
  /// As RFC 7845 §5.1 lays it out: stereo, 312 samples of pre-skip, 48 kHz.
  static let opus = bytes("4f70757348656164 01 02 3801 80bb0000 0000 00")
}
