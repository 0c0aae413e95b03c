import Commerce
import Store
import TestKit
import Testing

@Suite struct ShowsTests {
  @Test(arguments: Engine.allCases)
  func `a show asked for twice is scheduled once, and its id schedules no other`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let id = commerce.makeID(Show.self)
    var draft = ShowDraft(title: "Morning", scheduledAt: square.clock.now.adding(seconds: 3600), markets: ["US", "IN"])
    let made = try await commerce.scheduleShow(id, by: square.owner, channel: square.channel.id, draft)
    #expect(made.state == .scheduled)
    #expect(made.markets == ["IN", "US"])
    #expect(made.channelHandle == "lamps")
    #expect(try await commerce.scheduleShow(id, by: square.owner, channel: square.channel.id, draft) == made)
    draft.title = "Evening"
    await #expect(throws: IDTaken(what: "show")) {
      try await commerce.scheduleShow(id, by: square.owner, channel: square.channel.id, draft)
    }
  }

  @Test func `a wrong field of a show is named`() async throws {
    let square = try await MarketSquare(.sqlite)
    func field(_ change: (inout ShowDraft) -> Void) async -> String? {
      var draft = ShowDraft(title: "Morning", scheduledAt: square.clock.now, markets: ["IN"])
      change(&draft)
      let refusal = await #expect(throws: GeneralRefusal.self) {
        try await square.commerce.scheduleShow(
          square.commerce.makeID(), by: square.owner, channel: square.channel.id, draft)
      }
      return refusal?.field
    }
    #expect(await field { $0.title = " \u{200B} " } == "title")
    #expect(await field { $0.title = String(repeating: "x", count: 201) } == "title")
    #expect(await field { $0.markets = [] } == "markets")
    #expect(await field { $0.markets = ["IN", "IN"] } == "markets")
    #expect(await field { $0.markets = ["FR"] } == "markets")
    #expect(await field { $0.scheduledAt = $0.scheduledAt.adding(seconds: 367 * 86_400) } == "scheduledAt")
    #expect(await field { $0.scheduledAt = $0.scheduledAt.adding(seconds: -2 * 86_400) } == "scheduledAt")
  }

  @Test(arguments: Engine.allCases)
  func `a show goes from scheduled to live to ended and never back`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let id = commerce.makeID(Show.self)
    _ = try await commerce.scheduleShow(
      id, by: square.owner, channel: square.channel.id,
      ShowDraft(title: "Next", scheduledAt: square.clock.now, markets: ["IN"]))
    await #expect(throws: ShowRefusal.notLive) { try await commerce.endShow(by: square.owner, show: id) }
    await #expect(throws: ShowRefusal.notLive) {
      try await commerce.pin(by: square.owner, show: id, product: square.lamp.id)
    }
    let started = try await commerce.startShow(by: square.owner, show: id)
    #expect(started.state == .live)
    #expect(try await commerce.startShow(by: square.owner, show: id).startedAt == started.startedAt)
    try await commerce.pin(by: square.owner, show: id, product: square.lamp.id, mediaTime: .max)
    let ended = try await commerce.endShow(by: square.owner, show: id)
    #expect(ended.state == .ended)
    #expect(ended.pinned == nil)
    #expect(try await commerce.endShow(by: square.owner, show: id).endedAt == ended.endedAt)
    await #expect(throws: ShowRefusal.ended) { try await commerce.startShow(by: square.owner, show: id) }
    await #expect(throws: ShowRefusal.ended) {
      try await commerce.pin(by: square.owner, show: id, product: square.lamp.id)
    }
    await #expect(throws: ShowRefusal.ended) { try await commerce.putRun(by: square.owner, show: id, []) }
    #expect(
      try await commerce.numberTimeline(id).map(\.kind) == [.showStarted, .pinned, .unpinned, .showEnded])
    let moments = try await commerce.timeline(id, after: 0, limit: 10).map(\.mediaTime)
    #expect(moments.allSatisfy { $0 <= 1 << 40 }, "a client's playhead is bounded, so that sums of it are")
  }

  @Test(arguments: Engine.allCases)
  func `a pin is an event and the state of who comes in`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    try await commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id, mediaTime: 1500)
    try await commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id, mediaTime: 1600)
    let events = try await commerce.numberTimeline(square.show.id)
    #expect(events.map(\.kind) == [.showStarted, .pinned])
    #expect(events.map(\.sequence) == [1, 2])
    #expect(events[1].mediaTime == 1500)
    #expect(events[1].payload == "{\"product\":\"\(square.lamp.id)\"}")
    let state = try await commerce.liveState(square.show.id)
    #expect(state.pinned == square.lamp.id)
    #expect(state.sequence == 2)
    #expect(state.stock == [square.lampVariant: 10])
    try await commerce.unpin(by: square.owner, show: square.show.id)
    try await commerce.unpin(by: square.owner, show: square.show.id)
    #expect(try await commerce.numberTimeline(square.show.id).map(\.kind) == [.unpinned])
  }

  @Test(arguments: Engine.allCases)
  func `a product that is pinned joins the run, and one taken out of it is unpinned`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let other = try await commerce.makeProduct(
      commerce.makeID(), by: square.owner, channel: square.channel.id,
      ProductDraft(title: "Wick", variants: [VariantDraft(prices: ["IN": 500])]))
    try await commerce.pin(by: square.owner, show: square.show.id, product: other.id)
    #expect(try await commerce.run(of: square.show.id) == [square.lamp.id, other.id])
    try await commerce.putRun(by: square.owner, show: square.show.id, [square.lamp.id])
    #expect(try await commerce.show(square.show.id).pinned == nil)
    #expect(
      try await commerce.numberTimeline(square.show.id).map(\.kind) == [.showStarted, .pinned, .unpinned])
  }

  @Test(arguments: Engine.allCases)
  func `another channel's product is not there to pin or to run`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let stranger = try await square.person("Sam")
    let theirs = try await commerce.makeChannel(
      commerce.makeID(), by: stranger, ChannelDraft(handle: "pots", name: "Pots", market: "IN"))
    let pot = try await commerce.makeProduct(
      commerce.makeID(), by: stranger, channel: theirs.id,
      ProductDraft(title: "Pot", variants: [VariantDraft(prices: ["IN": 500])]))
    await #expect(throws: GeneralRefusal.notFound("product")) {
      try await commerce.pin(by: square.owner, show: square.show.id, product: pot.id)
    }
    await #expect(throws: GeneralRefusal.notFound("product")) {
      try await commerce.putRun(by: square.owner, show: square.show.id, [square.lamp.id, pot.id])
    }
    #expect(try await commerce.run(of: square.show.id) == [square.lamp.id])
  }

  @Test(arguments: Engine.allCases)
  func `a stranger's every verb on a show says that it is not there`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let stranger = try await square.person("Sam")
    let draft = ShowChange(title: "Mine")
    let verbs: [@Sendable (Caller) async throws -> Void] = [
      { _ = try await commerce.changeShow(show, by: $0, draft) },
      { try await commerce.putRun(by: $0, show: show, []) },
      { _ = try await commerce.makeStreamKey(by: $0, show: show) },
      { try await commerce.startShow(by: $0, show: show) },
      { try await commerce.endShow(by: $0, show: show) },
      { try await commerce.pin(by: $0, show: show, product: square.lamp.id) },
      { try await commerce.unpin(by: $0, show: show) },
    ]
    let moderator = try await square.person("Mira")
    try await commerce.addMember(
      by: square.owner, channel: square.channel.id, email: "mira@example.com", role: .moderator)
    for verb in verbs {
      await #expect(throws: GeneralRefusal.notFound("show")) { try await verb(stranger) }
      await #expect(throws: GeneralRefusal.notFound("show")) { try await verb(square.operator) }
      await #expect(throws: GeneralRefusal.signInNeeded) { try await verb(.nobody) }
      await #expect(throws: GeneralRefusal.notAllowed(need: "an owner or host of the channel")) {
        try await verb(moderator)
      }
    }
  }

  @Test(arguments: Engine.allCases)
  func `a stream key opens its show until it is rotated or the show ends`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let first = try await commerce.makeStreamKey(by: square.owner, show: show)
    #expect(first.text.hasPrefix("haat_"))
    #expect(first.text.count == 37)
    #expect(try await commerce.show(streamKey: first.text)?.id == show)
    let second = try await commerce.makeStreamKey(by: square.owner, show: show)
    #expect(try await commerce.show(streamKey: first.text) == nil)
    #expect(try await commerce.show(streamKey: second.text)?.id == show)
    for wrong in ["", "haat_", String(repeating: "x", count: 201), second.text.uppercased()] {
      #expect(try await commerce.show(streamKey: wrong) == nil)
    }
    try await commerce.admitChannel(square.channel.id, by: square.operator, as: .suspended, because: Verdict(.rules))
    #expect(try await commerce.show(streamKey: second.text) == nil)
    try await commerce.admitChannel(square.channel.id, by: square.operator, as: .approved)
    try await commerce.endShow(by: square.owner, show: show)
    #expect(try await commerce.show(streamKey: second.text) == nil)
    await #expect(throws: ShowRefusal.ended) { try await commerce.makeStreamKey(by: square.owner, show: show) }
  }

  @Test(arguments: Engine.allCases)
  func `the show's clock begins at its first frame and goes on ever after`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let start = square.clock.now
    #expect(try await commerce.mediaEpoch(show, now: start) == start)
    #expect(try await commerce.mediaEpoch(show, now: start.adding(seconds: 60)) == start)
    square.clock.advance(seconds: 5)
    try await commerce.pin(by: square.owner, show: show, product: square.lamp.id)
    let events = try await commerce.numberTimeline(show)
    #expect(events.last?.mediaTime == 5000)
  }

  @Test(arguments: Engine.allCases)
  func `a timeline numbered by many at once has no gap and no repeat`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<60 {
        group.addTask {
          _ = try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: "message \(number)")
          _ = try await commerce.numberTimeline(show)
        }
      }
      try await group.waitForAll()
    }
    #expect(try await commerce.numberTimeline(show).isEmpty)
    let events = try await commerce.timeline(show, after: 0, limit: 1000)
    #expect(events.map(\.sequence) == Array(1...61))
    #expect(try await commerce.timeline(show, after: 59, limit: 1).map(\.sequence) == [60])
    #expect(try await commerce.timeline(show, after: 61, limit: 10).isEmpty)
    #expect(try await commerce.liveState(show).sequence == 61)
  }

  @Test(arguments: Engine.allCases)
  func `what changed is announced once, and forgotten once told`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    _ = try await commerce.drainOutbox(limit: 1000)
    try await commerce.pin(by: square.owner, show: show, product: square.lamp.id)
    try await commerce.unpin(by: square.owner, show: show)
    try await commerce.setStock(by: square.owner, variant: square.lampVariant, onHand: 8)
    let announced = Set(try await commerce.drainOutbox())
    #expect(announced == [.timeline(show), .crew(show), .stock(square.lampVariant)])
    #expect(try await commerce.drainOutbox().isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `lists of shows go soonest first while scheduled and latest first after`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    var scheduled: [ID<Show>] = []
    for hours in [3, 1, 2, 2] as [Int64] {
      let id = commerce.makeID(Show.self)
      scheduled.append(id)
      _ = try await commerce.scheduleShow(
        id, by: square.owner, channel: square.channel.id,
        ShowDraft(title: "In \(hours)", scheduledAt: square.clock.now.adding(seconds: hours * 3600), markets: ["IN"]))
    }
    var titles: [String] = []
    var cursor: Cursor?
    repeat {
      let page = try await commerce.shows(state: .scheduled, after: cursor, limit: 2)
      titles += page.items.map(\.title)
      cursor = page.next
    } while cursor != nil
    #expect(titles == ["In 1", "In 2", "In 2", "In 3"])
    #expect(try await commerce.shows(state: .live).items.map(\.id) == [square.show.id])
    let all = try await commerce.shows(channel: square.channel.id, limit: 100).items
    #expect(all.map(\.title) == ["In 3", "In 2", "In 2", "In 1", "Evening lamps"])
    #expect(all.map(\.markets) == [["IN"], ["IN"], ["IN"], ["IN"], ["IN", "US"]])
    #expect(try await commerce.shows(channel: commerce.makeID()).items.isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `the shows of a suspended channel are seen by its members alone`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    try await commerce.admitChannel(square.channel.id, by: square.operator, as: .suspended, because: Verdict(.rules))
    #expect(try await commerce.shows().items.isEmpty)
    #expect(try await commerce.shows(channel: square.channel.id, by: square.owner).items.map(\.id) == [show])
    #expect(try await commerce.show(show, by: square.owner).id == show)
    await #expect(throws: GeneralRefusal.notFound("show")) { try await commerce.show(show) }
    await #expect(throws: GeneralRefusal.notFound("show")) { try await commerce.liveState(show) }
    await #expect(throws: GeneralRefusal.notFound("show")) { try await commerce.cards(show: show, market: "IN") }
    await #expect(throws: GeneralRefusal.notFound("show")) {
      try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: "hello")
    }
  }
}
