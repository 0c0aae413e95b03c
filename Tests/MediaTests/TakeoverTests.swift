import Logging
import NIOCore
import Synchronization
import Testing

@testable import Media

/// Who may feed a stream that another feeds, or that has just been taken from its encoder.
@Suite(.timeLimit(.minutes(1))) struct TakeoverTests {
  private func stage(_ takeover: MediaConfiguration.Takeover) -> Stage {
    var configuration = MediaConfiguration()
    configuration.takeover = takeover
    return Stage(configuration)
  }

  @Test func `by default the newest encoder wins`() {
    let stage = stage(.always)
    stage.connect()
    stage.film(milliseconds: 2_500)
    #expect(stage.connect() != nil)
    #expect(stage.reasons == ["another connection with the same key took over"])
  }

  @Test func `a live encoder can be kept from being replaced`() {
    let stage = stage(.never)
    stage.connect()
    stage.film(milliseconds: 2_500)
    stage.wait(milliseconds: 8_000)
    #expect(stage.connect() == nil)
    #expect(stage.stream.refusal() == "another encoder is connected, and takeover is “never”")
    #expect(stage.reasons.isEmpty)
    stage.disconnect()
    #expect(stage.connect() != nil)
  }

  @Test func `a silent encoder can be replaced where a live one cannot`() {
    let stage = stage(.silent)
    stage.connect()
    stage.film(milliseconds: 2_500)
    #expect(stage.connect() == nil)
    #expect(stage.stream.refusal().contains("silenceSeconds, 3"))
    stage.wait(milliseconds: 3_000)
    #expect(stage.connect() != nil)
    #expect(stage.reasons == ["another connection with the same key took over"])
  }

  @Test func `an encoder that comes back within the grace needs no reload`() async throws {
    let stage = Stage()
    let checker = StreamChecker()
    stage.connect()
    stage.film(milliseconds: 3_500)
    try await checker.check(stage)
    guard case .endless(let fragments) = await stage.stream.answer("stream").body else { throw Unexpected() }
    let reader = Task {
      var all: [UInt8] = []
      for await piece in fragments { all += piece.readableBytesView }
      return all
    }
    while stage.stream.waitingReaders == 0 { await Task.yield() }
    stage.film(milliseconds: 100)
    // It stalls, is cut, and comes back with its clock at zero.
    stage.wait(milliseconds: 10_100)
    #expect(stage.reasons == ["no frame for stallSeconds, 10"])
    stage.disconnect()
    stage.wait(milliseconds: 5_000)
    stage.connect()
    for _ in 0..<30 {
      stage.film(milliseconds: 100)
      try await checker.check(stage)
    }
    #expect(checker.whole.discontinuities == 1)
    #expect(stage.told == [.started("lamp"), .interrupted("lamp"), .resumed("lamp")])
    stage.stream.end(reason: "test")
    #expect(await reader.value.count(of: "ftyp") == 2, "one set-up for each encoder, in one response")
  }

  // MARK: Keys that die

  private static let request = PublishRequest(
    application: "live", streamKey: "key", remoteAddress: "127.0.0.1", encoder: "")

  /// A server whose keys are looked up by `answer`, which is told how often it was asked before.
  private func server(_ answer: @escaping @Sendable (MediaServer, Int) -> PublishDecision) -> MediaServer {
    let asked = Mutex(0)
    let box = Mutex<MediaServer?>(nil)
    let server = MediaServer(configuration: .init(), logger: Logger(label: "test")) { _ in
      guard let server = box.withLock({ $0 }) else { return .refuse(reason: "no server") }
      let times = asked.withLock { asked in
        defer { asked += 1 }
        return asked
      }
      return answer(server, times)
    } report: { _ in
    }
    box.withLock { $0 = server }
    return server
  }

  private static let lamp = PublishDecision.accept(stream: "lamp", mediaTimeMilliseconds: 0)

  @Test func `a show that ends while its key is read takes nobody in`() async {
    let server = server { server, times in
      // The answer was read from the database; before it is acted on, the show ends.
      if times == 0 { server.disconnect("lamp") }
      return times == 0 ? Self.lamp : .refuse(reason: "its show has ended")
    }
    guard case .refused(let reason) = await server.admit(Self.request) else {
      Issue.record("admitted")
      return
    }
    #expect(reason == "its show has ended")
    #expect(server.streams().isEmpty)
  }

  @Test func `a key that is replaced between the answer and the first frame lets nobody in`() async throws {
    let server = server { _, _ in Self.lamp }
    guard case .admitted(let stream, let time, let number) = await server.admit(Self.request) else {
      throw Unexpected()
    }
    server.cutEncoder("lamp")
    #expect(stream.attach(encoder: "", mediaTimeMilliseconds: time, admission: number) { _ in } == nil)
    #expect(stream.refusal(admission: number) == "its key was replaced meanwhile")
    guard case .admitted(let same, _, let next) = await server.admit(Self.request) else { throw Unexpected() }
    #expect(same === stream)
    #expect(same.attach(encoder: "", mediaTimeMilliseconds: time, admission: next) { _ in } != nil)
    server.disconnect("lamp")
    #expect(same.attach(encoder: "", mediaTimeMilliseconds: time, admission: next) { _ in } == nil)
  }

  @Test func `a replaced key cuts its encoder, and viewers wait`() {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 2_500)
    stage.stream.revoke(1, reason: "its key was replaced")
    #expect(stage.reasons == ["its key was replaced"])
    stage.disconnect()
    #expect(stage.stream.health().state == .interrupted)
    #expect(stage.connect() != nil)
  }

  @Test func `what becomes of one stream's key is nothing to those who are let in to others`() async {
    let asked = Mutex(0)
    let server = server { server, times in
      asked.withLock { $0 = times + 1 }
      server.disconnect("another")
      server.cutEncoder("a third")
      return Self.lamp
    }
    guard case .admitted(let stream, let time, let number) = await server.admit(Self.request) else {
      Issue.record("refused")
      return
    }
    #expect(asked.withLock { $0 } == 1)
    server.disconnect("another")
    #expect(stream.attach(encoder: "", mediaTimeMilliseconds: time, admission: number) { _ in } != nil)
  }

  @Test func `of more streams than are remembered, all that are being let in are asked about again`() {
    var revocations = Revocations()
    let lamp = revocations.revoke("lamp")
    #expect(!revocations.isRevoked("lamp", since: lamp) && revocations.isRevoked("lamp", since: lamp - 1))
    for number in 1..<Revocations.streamsMax { _ = revocations.revoke("stream \(number)") }
    let before = revocations.newest
    #expect(!revocations.isRevoked("brass", since: before))
    #expect(!revocations.isRevoked("lamp", since: lamp), "it is still remembered")
    _ = revocations.revoke("one more")
    #expect(revocations.isRevoked("brass", since: before) && revocations.isRevoked("lamp", since: before))
    #expect(!revocations.isRevoked("brass", since: revocations.newest))
  }

  @Test func `keys that change without end end the asking`() async {
    let server = server { server, _ in
      server.disconnect("lamp")
      return Self.lamp
    }
    guard case .refused(let reason) = await server.admit(Self.request) else {
      Issue.record("admitted")
      return
    }
    #expect(reason.contains("questionsMax, 8"))
  }
}
