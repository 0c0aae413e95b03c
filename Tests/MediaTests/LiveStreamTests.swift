import NIOCore
import Synchronization
import Testing

@testable import Media

/// A stream with a clock that is moved by hand, and a camera in front of it.
final class Stage: Sendable {
  let time = TestClock()
  let cuts = Mutex<[String]>([])
  let stream: LiveStream
  private let publisher = Mutex<UInt64>(0)
  private let camera: Mutex<Camera>
  private let fresh: Camera

  init(_ configuration: MediaConfiguration = .init(), camera: Camera = Camera()) {
    self.camera = Mutex(camera)
    fresh = camera
    let box = NewsBox()
    stream = LiveStream(
      id: "lamp", configuration: configuration, clock: time.clock, prefix: "x7", mediaTimeMilliseconds: 60_000
    ) { box.add($0) }
    self.box = box
  }

  private let box: NewsBox
  var told: [StreamNews] { box.all }
  var reasons: [String] { cuts.withLock { $0 } }

  final class NewsBox: Sendable {
    private let state = Mutex<[StreamNews]>([])
    var all: [StreamNews] { state.withLock { $0 } }
    func add(_ news: StreamNews) { state.withLock { $0.append(news) } }
  }

  /// An encoder connects, its clock at 0.
  @discardableResult func connect(video: VideoConfiguration = .small, audio: AudioConfiguration? = .aac48) -> UInt64? {
    let now = time.clock.now.steady - 1_000_000
    let id = stream.attach(encoder: "test", mediaTimeMilliseconds: 60_000 + now) { [weak self] reason in
      self?.cuts.withLock { $0.append(reason) }
    }
    guard let id else { return nil }
    publisher.withLock { $0 = id }
    camera.withLock { $0 = fresh }
    stream.receive(.video(video), from: id)
    if let audio { stream.receive(.audio(audio), from: id) }
    return id
  }

  func disconnect() { stream.detach(publisher.withLock { $0 }) }

  /// Lets the camera run for so long, in step with the clock.
  func film(milliseconds: Int64) {
    var left = milliseconds
    while left > 0 {
      let before = camera.withLock { $0.time }
      let units = camera.withLock { $0.next() }
      for unit in units { stream.receive(.unit(unit), from: publisher.withLock { $0 }) }
      let step = camera.withLock { $0.time } - before
      time.advance(milliseconds: step)
      left -= step
    }
  }

  /// Nobody sends; time passes.
  func wait(milliseconds: Int64) {
    time.advance(milliseconds: milliseconds)
    _ = stream.tick()
  }

  /// The camera loses the pictures and sounds of so long; the clock goes on.
  func lose(milliseconds: Int64) {
    var left = milliseconds
    while left > 0 {
      let before = camera.withLock { $0.time }
      _ = camera.withLock { $0.next() }
      let step = camera.withLock { $0.time } - before
      time.advance(milliseconds: step)
      left -= step
    }
    _ = stream.tick()
  }

  /// Another camera takes the first one's place.
  func change(to camera: Camera) { self.camera.withLock { $0 = camera } }

  func status(_ path: String) async -> Int { await stream.answer(path).status }

  func playlist(_ query: [String: String] = [:], of path: String = "live.m3u8") async throws -> String {
    let answer = await stream.answer(path, query: query)
    guard answer.status == 200, case .buffers(let buffers) = answer.body else { throw Unexpected() }
    return buffers.map { String(buffer: $0) }.joined()
  }

  func bytes(_ path: String) async -> [UInt8]? {
    let answer = await stream.answer(path)
    guard answer.status == 200, case .buffers(let buffers) = answer.body else { return nil }
    return buffers.flatMap { Array($0.readableBytesView) }
  }
}

@Suite(.timeLimit(.minutes(1))) struct LiveStreamTests {
  private func msn(_ playlist: String) throws -> Int {
    let first = try #require(playlist.split(separator: "\n").first { $0.hasPrefix("#EXT-X-MEDIA-SEQUENCE:") })
    return (Int(first.dropFirst(22)) ?? 0) + playlist.components("#EXTINF").count - 2
  }

  /// Starts `request` and returns once the stream holds it.
  private func held(
    _ stage: Stage, _ path: String, _ query: [String: String] = [:]
  ) async -> Task<MediaAnswer, Never> {
    let before = stage.stream.heldRequests
    let task = Task { await stage.stream.answer(path, query: query) }
    while stage.stream.heldRequests == before { await Task.yield() }
    return task
  }

  @Test func `paths that do not exist are not found`() async {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 2_500)
    for path in [
      "", "x", "x7/", "x7/p.mp4", "x7/p-1.mp4", "x7/s999999.mp4", "x7/i9.mp4", "y/i1.mp4", "x7/p1.mp4/", "x7/q1.mp4",
      "x7/p99999999999999999999.mp4",
    ] {
      #expect(await stage.stream.answer(path).status == 404, "\(path)")
    }
  }

  @Test func `headers tell caches what may be kept`() async throws {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 2_500)
    func headers(_ path: String) async -> [String: String] {
      Dictionary(await stage.stream.answer(path).headers, uniquingKeysWith: { a, _ in a })
    }
    for path in ["index.m3u8", "live.m3u8"] {
      let found = await headers(path)
      #expect(found["cache-control"] == "public, max-age=1")
      #expect(found["content-type"] == "application/vnd.apple.mpegurl")
      #expect(found["etag"] == nil && found["accept-ranges"] == nil)
    }
    for path in ["x7/i1.mp4", "x7/s60.mp4", "x7/p0.mp4"] {
      let found = await headers(path)
      #expect(
        found["cache-control"] == "public, max-age=3600, immutable" && found["content-type"] == "video/mp4", "\(path)")
    }
    let stream = await headers("stream")
    #expect(stream["haat-codecs"] == "avc1.42c00d,mp4a.40.2" && stream["cache-control"] == "no-store")
    #expect(stream["access-control-allow-origin"] == "*")
  }

  @Test func `a blocking reload waits for its segment or its part`() async throws {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 2_500)
    let now = try await stage.playlist()
    let last = try msn(now)
    let part = await held(stage, "live.m3u8", ["_HLS_msn": "\(last + 1)", "_HLS_part": "2"])
    let segment = await held(stage, "live.m3u8", ["_HLS_msn": "\(last + 1)"])
    let beyond = await held(stage, "live.m3u8", ["_HLS_msn": "\(last + 1)", "_HLS_part": "5"])
    #expect(stage.stream.heldRequests == 3)
    stage.film(milliseconds: 200)
    guard case .buffers(let early) = await part.value.body else { throw Unexpected() }
    #expect(try msn(String(buffer: early[0])) == last)
    #expect(stage.stream.heldRequests == 2)
    // Five parts make the segment; the sixth is the first of the next.
    while try await msn(stage.playlist()) == last { stage.film(milliseconds: 33) }
    guard case .buffers(let whole) = await segment.value.body else { throw Unexpected() }
    #expect(try msn(String(buffer: whole[0])) == last + 1)
    #expect(stage.stream.heldRequests == 1)
    stage.film(milliseconds: 250)
    guard case .buffers(let next) = await beyond.value.body else { throw Unexpected() }
    #expect(
      String(buffer: next[0]).contains(
        "INDEPENDENT=YES\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"x7/p\(hint(next)).mp4\"\n"))
  }

  private func hint(_ buffers: [ByteBuffer]) -> String {
    let text = buffers.map { String(buffer: $0) }.joined()
    return text.components("URI=\"x7/p").last.map { String($0.prefix { $0 != "." }) } ?? ""
  }

  @Test func `directives that cannot be are refused, old ones are answered at once`() async throws {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 4_500)
    let last = try await msn(stage.playlist())
    for (query, status) in [
      (["_HLS_part": "1"], 400), (["_HLS_msn": "x"], 400), (["_HLS_msn": "-1"], 400),
      (["_HLS_msn": "\(last + 3)"], 400), (["_HLS_msn": "\(last + 1)", "_HLS_part": "40"], 400),
      (["_HLS_msn": "\(last + 2)", "_HLS_part": "20"], 400), (["_HLS_msn": "\(last + 1)", "_HLS_part": ""], 400),
      (["_HLS_msn": "\(last)"], 200), (["_HLS_msn": "\(last)", "_HLS_part": "0"], 200), (["_HLS_msn": "0"], 200),
      (["_HLS_msn": "0", "_HLS_part": "99"], 200), (["_HLS_skip": "YES"], 200), (["other": "1"], 200),
    ] as [([String: String], Int)] {
      #expect(await stage.stream.answer("live.m3u8", query: query).status == status, "\(query)")
    }
    stage.stream.end(reason: "test")
    #expect(await stage.stream.answer("live.m3u8", query: ["_HLS_msn": "\(last + 9)"]).status == 200)
    #expect(try await stage.playlist().hasSuffix("#EXT-X-ENDLIST\n"))
  }

  @Test func `what is held too long is refused for now`() async throws {
    let stage = Stage()
    let early = await held(stage, "index.m3u8")
    stage.wait(milliseconds: 12_000)
    #expect(await early.value.status == 503)
    stage.connect()
    stage.film(milliseconds: 2_500)
    let reload = await held(stage, "live.m3u8", ["_HLS_msn": "\(try await msn(stage.playlist()) + 1)"])
    stage.wait(milliseconds: 5_999)
    #expect(stage.stream.heldRequests == 1)
    stage.wait(milliseconds: 1)
    #expect(await reload.value.status == 503)
  }

  @Test func `a request that is given up leaves nothing behind`() async {
    let stage = Stage()
    let task = await held(stage, "index.m3u8")
    task.cancel()
    #expect(await task.value.status == 503)
    #expect(stage.stream.heldRequests == 0)
  }

  @Test func `a hinted part is held until it is whole, and not found when it will not come`() async throws {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 2_500)
    let name = "x7/p\(hint([ByteBuffer(string: try await stage.playlist())])).mp4"
    let waiting = await held(stage, name)
    stage.film(milliseconds: 250)
    let answer = await waiting.value
    #expect(answer.status == 200)
    #expect(await stage.bytes(name)?.isEmpty == false)
    let before = try await stage.playlist()
    let dying = await held(stage, "x7/p\(hint([ByteBuffer(string: before)])).mp4")
    stage.stream.end(reason: "test")
    // The picture that was held back made a last, short part of it; the part after that will never be.
    #expect(await dying.value.status == 200)
    let last = try #require(Int(hint([ByteBuffer(string: before)])))
    #expect(await stage.stream.answer("x7/p\(last + 1).mp4").status == 404)
    #expect(await stage.stream.answer("x7/p9999.mp4").status == 404)
  }

  @Test func `a session keeps the rules of LL-HLS throughout`() async throws {
    let stage = Stage()
    let checker = StreamChecker()
    stage.connect()
    stage.film(milliseconds: 1_500)
    func check(_ milliseconds: Int64) async throws {
      var left = milliseconds
      while left > 0 {
        stage.film(milliseconds: 100)
        left -= 100
        try await checker.check(stage)
      }
    }
    try await check(6_000)
    stage.disconnect()
    try await checker.check(stage)
    stage.wait(milliseconds: 4_000)
    try await checker.check(stage)
    stage.connect()
    try await check(5_000)
    // The picture changes without the encoder going.
    stage.connect(video: .large)
    try await check(21_000)
    stage.connect(audio: nil)
    try await check(6_000)
    stage.stream.end(reason: "test")
    try await checker.check(stage)
    #expect(checker.whole.discontinuities >= 3 && checker.whole.segments.count >= 30)
    #expect(checker.sound.segments.count >= 30 && checker.deltas > 20)
    #expect(checker.whole.segments.values.contains { $0.isGap }, "while nobody sent, the playlist went on")
  }

  @Test func `a reader gets the set-up, then everything from the last keyframe on, then the end`() async throws {
    let stage = Stage(camera: Camera(hasSound: false))
    stage.connect(audio: nil)
    stage.film(milliseconds: 2_500)
    guard case .endless(let fragments) = await stage.stream.answer("stream").body else { throw Unexpected() }
    var reader = fragments.makeAsyncIterator()
    let first = try #require(await reader.next())
    #expect(first.getString(at: 4, length: 4) == "ftyp")
    #expect(first.readableBytesView.count(of: "moof") == 14, "frames 60 to 73; one is held")
    #expect(first.readableBytesView.count(of: "prft") == 1)
    stage.film(milliseconds: 33)
    let next = try #require(await reader.next())
    #expect(next.readableBytesView.count(of: "moof") == 1)
    #expect(stage.stream.health().readers == 1)
    stage.disconnect()
    stage.connect(video: .large, audio: nil)
    stage.film(milliseconds: 1_100)
    var rest: [UInt8] = []
    while rest.count(of: "ftyp") == 0, let piece = await reader.next() { rest += piece.readableBytesView }
    #expect(rest.contains(Recorded.avc1920x1080), "the new set-up comes in between")
    stage.stream.end(reason: "test")
    while await reader.next() != nil {}
  }

  @Test func `a waiting reader is woken by the next frame`() async throws {
    let stage = Stage(camera: Camera(hasSound: false))
    stage.connect(audio: nil)
    stage.film(milliseconds: 2_500)
    guard case .endless(let fragments) = await stage.stream.answer("stream").body else { throw Unexpected() }
    let reader = Task {
      var sizes: [Int] = []
      for await piece in fragments { sizes.append(piece.readableBytesView.count(of: "moof")) }
      return sizes
    }
    for _ in 0..<5 {
      while stage.stream.waitingReaders == 0 { await Task.yield() }
      stage.film(milliseconds: 33)
    }
    while stage.stream.waitingReaders == 0 { await Task.yield() }
    stage.stream.end(reason: "test")
    #expect(await reader.value.suffix(5) == [1, 1, 1, 1, 1])
  }

  @Test func `a reader that is too slow skips to a keyframe and is counted, the others are not`() async throws {
    let stage = Stage(camera: Camera(keyEvery: 60, hasSound: false))
    stage.connect(audio: nil)
    stage.film(milliseconds: 2_500)
    guard case .endless(let slow) = await stage.stream.answer("stream").body,
      case .endless(let steady) = await stage.stream.answer("stream").body
    else { throw Unexpected() }
    var (slowReader, steadyReader) = (slow.makeAsyncIterator(), steady.makeAsyncIterator())
    _ = await slowReader.next()
    _ = await steadyReader.next()
    var seen = 0
    for _ in 0..<120 {
      stage.film(milliseconds: 33)
      seen += try #require(await steadyReader.next()).readableBytesView.count(of: "moof")
    }
    #expect(stage.stream.skips == 0)
    let caughtUp = try #require(await slowReader.next())
    #expect(stage.stream.skips == 1)
    #expect(seen == 120)
    let moofs = caughtUp.readableBytesView.count(of: "moof")
    #expect(moofs < 60, "from the newest keyframe only")
    #expect(caughtUp.readableBytesView.count(of: "prft") == 1 && caughtUp.getString(at: 4, length: 4) == "prft")
  }

  @Test func `an abandoned reader is forgotten`() async throws {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 1_500)
    do {
      let answer = await stage.stream.answer("stream")
      #expect(stage.stream.health().readers == 1)
      _ = answer
    }
    #expect(stage.stream.health().readers == 0)
  }

  @Test func `a valid key takes over, and the one before has no say any more`() throws {
    let stage = Stage()
    let first = try #require(stage.connect())
    stage.film(milliseconds: 1_500)
    let second = try #require(stage.connect())
    #expect(stage.reasons == ["another connection with the same key took over"])
    let before = stage.stream.mediaTimeMilliseconds()
    stage.stream.receive(.unit(.picture(500_000, key: true)), from: first)
    stage.stream.detach(first)
    #expect(stage.stream.mediaTimeMilliseconds() == before)
    stage.film(milliseconds: 500)
    #expect(stage.stream.health().state == .live && stage.stream.health().reconnects == 1 && second != first)
    #expect(stage.told == [.started("lamp"), .resumed("lamp")])
  }

  @Test func `within its grace a stream goes on, later on the show's clock`() throws {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 2_000)
    let before = stage.stream.mediaTimeMilliseconds()
    #expect((61_900...62_100).contains(before))
    stage.disconnect()
    #expect(stage.stream.health().state == .interrupted)
    stage.wait(milliseconds: 29_000)
    stage.connect()
    stage.film(milliseconds: 1_000)
    #expect((91_900...92_100).contains(stage.stream.mediaTimeMilliseconds()))
    #expect(stage.told == [.started("lamp"), .interrupted("lamp"), .resumed("lamp")])
  }

  @Test func `after its grace a stream is over, and is forgotten a while later`() async throws {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 2_000)
    stage.disconnect()
    stage.wait(milliseconds: 30_000)
    #expect(stage.stream.health().state == .interrupted)
    stage.wait(milliseconds: 1)
    #expect(stage.stream.health().state == .ended)
    #expect(stage.told == [.started("lamp"), .interrupted("lamp"), .ended("lamp")])
    #expect(try await stage.playlist().hasSuffix("#EXT-X-ENDLIST\n"))
    #expect(await stage.stream.answer("stream").status == 404)
    #expect(stage.connect() == nil)
    stage.time.advance(milliseconds: 60_000)
    #expect(stage.stream.tick())
    stage.time.advance(milliseconds: 1)
    #expect(!stage.stream.tick())
  }

  @Test func `a publisher that stalls or floods is cut, and the log can name the limit`() {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 1_000)
    stage.wait(milliseconds: 10_001)
    stage.wait(milliseconds: 1_000)
    #expect(stage.reasons == ["no frame for stallSeconds, 10"])

    var tight = MediaConfiguration()
    tight.bitrateMax = 10_000
    let flood = Stage(tight)
    flood.connect()
    flood.film(milliseconds: 6_000)
    flood.wait(milliseconds: 0)
    #expect(flood.reasons.count == 1 && flood.reasons[0].contains("bitrateMax"))

    tight.frameBytesMax = 50
    let large = Stage(tight)
    large.connect()
    large.film(milliseconds: 100)
    #expect(large.reasons == ["a frame of 100 bytes is over frameBytesMax, 50"])
  }

  @Test func `health says what the host should change`() throws {
    let stage = Stage(camera: Camera(framesPerSecond: 10, keyEvery: 60, hasSound: false))
    stage.connect(audio: nil)
    #expect(stage.stream.health().state == .waiting)
    stage.film(milliseconds: 13_000)
    let health = stage.stream.health()
    #expect(
      health.width == 320 && health.height == 180 && health.videoCodec == "avc1.42c00d" && health.audioCodec == nil)
    #expect(abs(health.framesPerSecond - 10) < 1 && abs(health.bitrateBitsPerSecond - 8_000) < 1_000)
    #expect(health.keyframeIntervalMilliseconds == 6_000)
    #expect(health.warnings.count == 3)
    #expect(health.warnings.contains { $0.contains("every 6 seconds") })
    #expect(health.warnings.contains { $0.contains("no sound") })
    #expect(health.warnings.contains { $0.contains("Only 10 pictures") })
    let well = Stage()
    well.connect()
    well.film(milliseconds: 8_000)
    #expect(well.stream.health().warnings.isEmpty)
  }
}

extension String {
  func components(_ separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}

extension Collection where Element == UInt8 {
  /// How often the four characters of a box type occur.
  func count(of type: String) -> Int { ranges(of: Array(type.utf8)).count }
}
