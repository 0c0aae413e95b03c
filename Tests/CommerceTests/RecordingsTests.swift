import Commerce
import Store
import TestKit
import Testing

@Suite struct RecordingsTests {
  private static let figures = RecordingFigures(
    startMediaTime: 1_000, endMediaTime: 61_000, durationMilliseconds: 58_000, bytes: 7_000_000, lostMilliseconds: 2_000
  )

  private static func ended(_ square: MarketSquare) async throws {
    try await square.commerce.endShow(by: square.owner, show: square.show.id)
    try await square.commerce.recordingFinished(square.show.id, figures)
  }

  @Test(arguments: Engine.allCases)
  func `a show's recording begins with it and is ready once, when the show has ended`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let show = square.show.id
    #expect(try await commerce.recording(show)?.state == .recording)
    #expect(try await commerce.recordingsUnderWay() == [show])
    #expect(try await commerce.recordingsToFinish().isEmpty)
    await #expect(throws: RecordingRefusal.notReady) {
      try await commerce.recordingForDownload(show, by: square.owner)
    }
    await #expect(throws: RecordingRefusal.notReady) { try await commerce.deleteRecording(show, by: square.owner) }

    try await commerce.endShow(by: square.owner, show: show)
    #expect(try await commerce.recordingsUnderWay() == [])
    #expect(try await commerce.recordingsToFinish().map(\.show) == [show])
    #expect(try await commerce.recordingsToFinish(but: [show]).isEmpty)
    try await commerce.recordingFinished(show, Self.figures)
    try await commerce.recordingFinished(show, nil)
    let recording = try #require(try await commerce.recording(show))
    #expect(recording.state == .ready && recording.bytes == 7_000_000 && recording.durationMilliseconds == 58_000)
    #expect(recording.startMediaTime == 1_000 && recording.lostMilliseconds == 2_000)
    #expect(try await commerce.recordingsToFinish().isEmpty)
    #expect(try await commerce.replays(among: [show]) == [show])
    #expect(try await commerce.keptRecordings() == [recording])
    let use = try await commerce.recordingUse(of: square.channel.id, by: square.owner)
    #expect(use.count == 1 && use.bytes == 7_000_000)
  }

  @Test(arguments: Engine.allCases)
  func `of a recording under way it is known once something of it was written`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let show = square.show.id
    #expect(try await commerce.isRecordingUnderWay(show))
    #expect(try await !commerce.isRecordingUnderWay(commerce.makeID()))
    try await commerce.recordingBegan(show, bytes: 700)
    try await commerce.recordingBegan(show, bytes: 900)
    #expect(try await commerce.recording(show)?.bytes == 700)
    try await commerce.endShow(by: square.owner, show: show)
    #expect(try await !commerce.isRecordingUnderWay(show))
    #expect(try await commerce.recordingsToFinish().map(\.hasBytes) == [true])
    try await commerce.recordingFinished(show, Self.figures)
    try await commerce.recordingBegan(show, bytes: 900)
    #expect(try await commerce.recording(show)?.bytes == 7_000_000)
  }

  @Test(arguments: Engine.allCases)
  func `a recording that cannot be completed is deleted by its owner once its show has ended`(
    engine: Engine
  ) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    try await commerce.endShow(by: square.owner, show: square.show.id)
    try await commerce.deleteRecording(square.show.id, by: square.owner)
    #expect(try await commerce.recordingsToFinish().isEmpty)
    try await commerce.recordingFinished(square.show.id, Self.figures)
    #expect(try await commerce.recording(square.show.id)?.state == .deleted)
  }

  @Test(arguments: Engine.allCases)
  func `a show that nothing came in for has no recording`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    try await square.commerce.endShow(by: square.owner, show: square.show.id)
    try await square.commerce.recordingFinished(square.show.id, nil)
    #expect(try await square.commerce.recording(square.show.id)?.state == .empty)
    #expect(try await square.commerce.replays(among: [square.show.id]) == [])
    await #expect(throws: RecordingRefusal.none) {
      try await square.commerce.recordingForDownload(square.show.id, by: square.owner)
    }
  }

  @Test(arguments: Engine.allCases)
  func `a recording is downloaded by the channel's people, and by all where the channel says so`(
    engine: Engine
  ) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let show = square.show.id
    let stranger = try await square.person("Stranger")
    let host = try await square.person("Host")
    let moderator = try await square.person("Mo")
    for (email, role) in [("host@example.com", Role.host), ("mo@example.com", .moderator)] {
      try await commerce.addMember(by: square.owner, channel: square.channel.id, email: email, role: role)
    }
    try await Self.ended(square)
    #expect(try await commerce.recordingForDownload(show, by: square.owner).1.bytes == 7_000_000)
    #expect(try await commerce.recordingForDownload(show, by: host).0.id == show)
    for caller in [stranger, moderator, .nobody] {
      await #expect(throws: GeneralRefusal.self) { try await commerce.recordingForDownload(show, by: caller) }
      await #expect(throws: GeneralRefusal.self) { try await commerce.deleteRecording(show, by: caller) }
      await #expect(throws: GeneralRefusal.self) {
        try await commerce.putRecordingTerms(
          of: square.channel.id, by: caller, RecordingTerms(keepDays: 1, isDownloadOpen: true))
      }
    }
    await #expect(throws: GeneralRefusal.self) { try await commerce.deleteRecording(show, by: host) }
    let terms = RecordingTerms(keepDays: 30, isDownloadOpen: true)
    try await commerce.putRecordingTerms(of: square.channel.id, by: square.owner, terms)
    #expect(try await commerce.recordingTerms(of: square.channel.id, by: host) == terms)
    #expect(try await commerce.recordingForDownload(show, by: .nobody).1.state == .ready)
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.putRecordingTerms(
        of: square.channel.id, by: square.owner, RecordingTerms(keepDays: -1, isDownloadOpen: false))
    }

    try await commerce.deleteRecording(show, by: square.owner)
    try await commerce.deleteRecording(show, by: square.owner)
    let deleted = try #require(try await commerce.recording(show))
    #expect(deleted.state == .deleted && deleted.deletedWhy == .owner && deleted.deletedAt != nil)
    await #expect(throws: RecordingRefusal.deleted) { try await commerce.recordingForDownload(show, by: square.owner) }
    #expect(try await commerce.recordingUse(of: square.channel.id, by: square.owner).bytes == 0)
  }

  @Test(arguments: Engine.allCases)
  func `a recording is deleted when it was kept for as long as its channel wants, and not before`(
    engine: Engine
  ) async throws {
    var policy = MarketSquare.policy
    policy.recordingDays = 10
    let square = try await MarketSquare(engine, policy: policy)
    let commerce = square.commerce
    try await Self.ended(square)
    square.clock.advance(seconds: 10 * 86_400 - 10)
    #expect(try await commerce.expireRecordings() == [])
    square.clock.advance(seconds: 20)
    try await commerce.putRecordingTerms(
      of: square.channel.id, by: square.owner, RecordingTerms(keepDays: 0, isDownloadOpen: false))
    #expect(try await commerce.expireRecordings() == [])
    try await commerce.putRecordingTerms(
      of: square.channel.id, by: square.owner, RecordingTerms(keepDays: 9, isDownloadOpen: false))
    #expect(try await commerce.expireRecordings() == [square.show.id])
    #expect(try await commerce.expireRecordings() == [])
    #expect(try await commerce.recording(square.show.id)?.deletedWhy == .retention)
    #expect(try await commerce.recordingState(square.show.id) == .deleted)
  }

  @Test(arguments: Engine.allCases)
  func `a replay is told what happened around a moment, without what was removed`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let show = square.show.id
    try await commerce.pin(by: square.owner, show: show, product: square.lamp.id, mediaTime: 2_000)
    for (number, time) in [1_000, 3_000, 5_000].enumerated() {
      _ = try await commerce.say(
        commerce.makeID(), by: .nobody, show: show, name: "Asha", text: "Message \(number)", mediaTime: Int64(time))
    }
    let bad = commerce.makeID(Message.self)
    _ = try await commerce.say(bad, by: .nobody, show: show, name: "Asha", text: "Bad", mediaTime: 3_500)
    try await commerce.removeMessage(by: square.owner, show: show, message: bad)
    try await commerce.unpin(by: square.owner, show: show, mediaTime: 6_000)
    _ = try await commerce.numberTimeline(show)

    func times(from: Int64, until: Int64, messages: Bool, limit: Int = 100) async throws -> [Int64] {
      try await commerce.moments(of: show, from: from, until: until, messages: messages, limit: limit).map(\.mediaTime)
    }
    #expect(try await times(from: 0, until: 10_000, messages: true) == [1_000, 3_000, 5_000])
    #expect(try await times(from: 1_000, until: 5_000, messages: true) == [1_000, 3_000])
    #expect(try await times(from: 0, until: 10_000, messages: true, limit: 2) == [3_000, 5_000])
    #expect(try await times(from: 1, until: 10_000, messages: false) == [2_000, 6_000])
    let pins = try await commerce.pins(of: show)
    #expect(pins.map(\.title) == ["Brass lamp"] && pins.map(\.mediaTime) == [2_000])
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.moments(of: show, from: 0, until: 1, messages: true, limit: 1001)
    }
  }
}
