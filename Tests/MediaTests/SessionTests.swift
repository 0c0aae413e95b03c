import NIOCore
import Testing

@testable import Media

/// Whole sessions of publishers that behave badly, every reload of theirs held against the rules.
@Suite(.timeLimit(.minutes(2))) struct SessionTests {
  private func film(_ stage: Stage, _ checker: StreamChecker, milliseconds: Int64, every: Int64 = 170) async throws {
    var left = milliseconds
    while left > 0 {
      stage.film(milliseconds: every)
      left -= every
      try await checker.check(stage)
    }
  }

  private func wait(_ stage: Stage, _ checker: StreamChecker, milliseconds: Int64) async throws {
    for _ in 0..<milliseconds / 200 {
      stage.wait(milliseconds: 200)
      try await checker.check(stage)
    }
  }

  /// The test's time limit ends it.
  private func until(_ isSo: () -> Bool) async throws {
    while !isSo() {
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  @Test func `a source that loses frames, stalls and bursts keeps the rules`() async throws {
    let stage = Stage()
    let checker = StreamChecker()
    stage.connect()
    stage.film(milliseconds: 1_500)
    try await film(stage, checker, milliseconds: 4_000)
    for lost in [70, 250, 900, 1_900, 2_500, 40, 5_000] as [Int64] {
      stage.lose(milliseconds: lost)
      try await checker.check(stage)
      try await film(stage, checker, milliseconds: 3_000)
    }
    // Stalled for three seconds, then everything at once.
    stage.time.advance(milliseconds: 3_000)
    _ = stage.stream.tick()
    try await checker.check(stage)
    try await film(stage, checker, milliseconds: 12_000)
    #expect(
      checker.whole.segments.values.contains { $0.parts.contains { $0.isGap } } || checker.whole.discontinuities > 0)
    stage.stream.end(reason: "test")
    try await checker.check(stage)
  }

  @Test func `a clock that wraps is not noticed`() async throws {
    let stage = Stage(camera: Camera(start: .max - 7_000))
    let checker = StreamChecker()
    stage.connect()
    stage.film(milliseconds: 1_500)
    try await film(stage, checker, milliseconds: 15_000)
    #expect(checker.whole.discontinuities == 0 && checker.whole.segments.count > 14)
  }

  @Test func `a clock that jumps makes a discontinuity and nothing else`() async throws {
    let stage = Stage()
    let checker = StreamChecker()
    stage.connect()
    stage.film(milliseconds: 2_500)
    try await film(stage, checker, milliseconds: 3_000)
    stage.change(to: Camera(start: 900_000))
    try await film(stage, checker, milliseconds: 5_000)
    stage.change(to: Camera(start: 17))
    try await film(stage, checker, milliseconds: 5_000)
    #expect(checker.whole.discontinuities == 2)
  }

  @Test func `through an outage the playlist goes on, and the show does after it`() async throws {
    let stage = Stage()
    let checker = StreamChecker()
    stage.connect()
    stage.film(milliseconds: 2_500)
    try await film(stage, checker, milliseconds: 3_000)
    stage.disconnect()
    try await checker.check(stage)
    let next = "\((checker.whole.newest?.last.sequence ?? 0) + 1)"
    let blocked = Task { try await stage.playlist(["_HLS_msn": next]) }
    try await until { stage.stream.heldRequests == 1 }
    try await wait(stage, checker, milliseconds: 7_000)
    #expect(ReadPlaylist(try await blocked.value).segments.last?.isGap == true, "those who wait are told")
    stage.connect(video: .large)
    // Connected, but no picture yet.
    try await wait(stage, checker, milliseconds: 1_000)
    try await film(stage, checker, milliseconds: 5_000)
    let gaps = checker.whole.segments.values.filter(\.isGap)
    let lasted = gaps.reduce(0) { $0 + $1.duration }
    #expect((7...9).contains(lasted), "\(lasted) s")
    #expect(checker.whole.discontinuities == 1)
    let date = try #require(checker.whole.newest?.open.date)
    // The test's clock began at 1,700,000,000 s.
    #expect(abs(date - Double(stage.time.clock.now.wall) / 1000) < 2, "dates are in step with the clock")
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `a source that does anything keeps the rules`(seed: UInt64) async throws {
    var dice = SeededGenerator(seed: seed)
    let rates: [Int64] = [10, 24, 25, 30, 50, 60]
    // An encoder that comes back has the pace it had: the part target, which never changes, was made for it.
    let rate = rates[Int(seed) % rates.count]
    let stage = Stage(camera: Camera(framesPerSecond: rate, keyEvery: 24))
    let checker = StreamChecker()
    stage.connect()
    stage.film(milliseconds: 5_000)
    for _ in 0..<12 {
      switch Int.random(in: 0..<8, using: &dice) {
      case 0:
        stage.disconnect()
        try await wait(stage, checker, milliseconds: .random(in: 0...4_000, using: &dice))
        stage.connect(audio: Bool.random(using: &dice) ? .aac48 : nil)
      case 1: stage.connect(video: Bool.random(using: &dice) ? .large : .small)
      case 2: stage.lose(milliseconds: .random(in: 1...4_000, using: &dice))
      case 3:
        let start = UInt32.random(in: 0 ... .max, using: &dice)
        stage.change(
          to: Camera(framesPerSecond: rate, keyEvery: .random(in: 10...90, using: &dice), start: start))
      case 4: stage.wait(milliseconds: .random(in: 0...2_500, using: &dice))
      case 5:
        let time = stage.stream.mediaTimeMilliseconds()
        let id = "r\(Int.random(in: 0..<40, using: &dice))-\(time)"
        let length: Int64? = Bool.random(using: &dice) ? .random(in: 0...5_000, using: &dice) : nil
        stage.stream.mark(
          DateRange(id: id, className: "x", startMilliseconds: time, endMilliseconds: length.map { time + $0 }))
      default: break
      }
      try await film(stage, checker, milliseconds: .random(in: 100...3_500, using: &dice), every: 190)
    }
    stage.stream.end(reason: "test")
    try await checker.check(stage)
    #expect(checker.whole.segments.count > 10)
  }

  @Test func `a moment beyond all dates is cut to one that can be written`() async throws {
    let stage = Stage()
    stage.connect()
    stage.film(milliseconds: 3_000)
    stage.stream.mark(DateRange(id: "far", className: "x", startMilliseconds: .max, endMilliseconds: .max))
    stage.stream.mark(DateRange(id: "past", className: "x", startMilliseconds: .min))
    #expect(try await stage.playlist().contains("ID=\"far\""))
  }

  @Test func `what happened in the show is in its playlists, and leaves with them`() async throws {
    let stage = Stage()
    let checker = StreamChecker()
    stage.connect()
    stage.film(milliseconds: 1_500)
    let attribute = try #require(DateRange.Attribute("TITLE", "A \"lamp\"\nof brass"))
    let start = stage.stream.mediaTimeMilliseconds()
    stage.stream.mark(
      DateRange(id: "pin-1", className: "haat.pin", startMilliseconds: start, attributes: [attribute]))
    try await film(stage, checker, milliseconds: 2_000)
    let line = try await stage.playlist().split(separator: "\n").first { $0.hasPrefix("#EXT-X-DATERANGE") }
    // The test's clock was at 1,700,000,000 s when the show's was at 60.
    let date = Playlist.dateTime(1_700_000_000_000 - 60_000 + start)
    #expect(
      line == """
        #EXT-X-DATERANGE:ID="pin-1",CLASS="haat.pin",START-DATE="\(date)",X-TITLE="A ”lamp” of brass"
        """)
    stage.stream.mark(
      DateRange(
        id: "pin-1", className: "haat.pin", startMilliseconds: start, endMilliseconds: start + 1_250,
        plannedEndMilliseconds: start + 5_000, attributes: [attribute]))
    #expect(try await stage.playlist().contains(",DURATION=1.250,PLANNED-DURATION=5.000,X-TITLE"))
    // Long known: a client that asks for less is not told again, only that it has gone.
    try await film(stage, checker, milliseconds: 11_000)
    let delta = try await stage.playlist(["_HLS_skip": "v2"])
    #expect(!delta.contains("EXT-X-DATERANGE:") && delta.contains("RECENTLY-REMOVED-DATERANGES=\"\""))
    #expect(try await stage.playlist(["_HLS_skip": "YES"]).contains("EXT-X-DATERANGE:"))
    try await film(stage, checker, milliseconds: 6_000)
    #expect(!(try await stage.playlist().contains("EXT-X-DATERANGE:")))
    #expect(try await stage.playlist(["_HLS_skip": "v2"]).contains("RECENTLY-REMOVED-DATERANGES=\"pin-1\""))
  }

  @Test func `only the newest moments are kept`() async throws {
    var few = MediaConfiguration()
    few.dateRangesMax = 3
    let stage = Stage(few)
    stage.connect()
    stage.film(milliseconds: 2_500)
    for number in 1...5 {
      stage.stream.mark(DateRange(id: "\(number)", className: "x", startMilliseconds: 61_000))
    }
    #expect(ReadPlaylist(try await stage.playlist()).ranges.keys.sorted() == ["3", "4", "5"])
  }

  @Test func `one address may not hold all the places`() async throws {
    var few = MediaConfiguration()
    few.waitersPerAddressMax = 2
    few.waitersMax = 3
    let stage = Stage(few)
    func ask(_ address: String) -> Task<Int, Never> {
      Task { await stage.stream.answer("index.m3u8", from: address).status }
    }
    let first = [ask("a"), ask("a")]
    try await until { stage.stream.heldRequests == 2 }
    #expect(await ask("a").value == 429)
    let other = ask("b")
    try await until { stage.stream.heldRequests == 3 }
    #expect(await ask("c").value == 503)
    first[0].cancel()
    #expect(await first[0].value == 503)
    let again = ask("a")
    try await until { stage.stream.heldRequests == 3 }
    stage.connect()
    stage.film(milliseconds: 2_500)
    for task in [first[1], other, again] { #expect(await task.value == 200) }
    #expect(stage.stream.heldRequests == 0)
  }
}
