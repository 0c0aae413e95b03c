import Store
import TestKit
import Testing

@testable import Commerce

/// Announcements and countdowns.
@Suite struct BannerTests {
  private struct Fair {
    let stall: Stall
    let show: ID<Show>

    init(_ engine: Engine) async throws {
      stall = try await Stall(engine)
      show = try await stall.liveShow()
    }

    var commerce: Commerce { stall.commerce }

    @discardableResult
    func put(
      _ text: String = "Free shipping tonight", seconds: Int64 = 30, isCountdown: Bool = false,
      product: ID<Product>? = nil, id: ID<Banner>? = nil, by caller: Caller? = nil
    ) async throws -> Banner {
      try await commerce.showBanner(
        id ?? commerce.makeID(), by: caller ?? stall.owner, show: show,
        BannerDraft(text: text, product: product, isCountdown: isCountdown, end: .after(seconds: seconds)))
    }

    func now() async throws -> Banner? { try await commerce.liveState(show).banner }

    func events() async throws -> [TimelineEvent] {
      while try await !commerce.numberTimeline(show).isEmpty {}
      return try await commerce.timeline(show, after: 0, limit: 1000)
    }
  }

  @Test(arguments: Engine.allCases)
  func `a line is shown once, the next takes its place, and one that is taken off is gone`(
    engine: Engine
  ) async throws {
    let fair = try await Fair(engine)
    let id: ID<Banner> = fair.commerce.makeID()
    let first = try await fair.put(product: fair.stall.products[0], id: id)
    #expect(try await fair.put(product: fair.stall.products[0], id: id) == first)
    #expect(try await refusal { try await fair.put("Another", id: id) } == "id_taken")
    #expect(try await fair.now() == first)
    #expect(first.ends == first.shown.adding(seconds: 30) && first.endMediaTime == first.mediaTime + 30_000)
    fair.stall.clock.advance(seconds: 5)
    let second = try await fair.put("Back in five minutes", seconds: 300, isCountdown: true)
    #expect(try await fair.now() == second)
    for _ in 0..<2 { try await fair.commerce.hideBanner(by: fair.stall.owner, show: fair.show) }
    #expect(try await fair.now() == nil)
    let events = try await fair.events()
    #expect(events.map(\.kind) == [.bannerShown, .bannerShown, .bannerHidden])
    #expect(events[0].detail("link") == "\(fair.stall.products[0])" && events[0].detail("isCountdown") == "false")
    #expect(events[1].detail("endsAt") == "\(second.ends)" && events[1].detail("isCountdown") == "true")
    #expect(events[2].detail("banner") == "\(second.id)")
    #expect(try await fair.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `what is not shown is refused with why, and only by those who may`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    for (text, seconds, isCountdown) in [
      ("", 30, false), (String(repeating: "x", count: 121), 30, false), ("x", 4, false), ("x", 901, false),
      ("x", 4, true), ("x", 86_401, true), ("x", .max, true), ("x", .min, false),
    ] as [(String, Int64, Bool)] {
      #expect(
        try await refusal { try await fair.put(text, seconds: seconds, isCountdown: isCountdown) } == "invalid",
        "\(text.count) \(seconds) \(isCountdown)")
    }
    _ = try await fair.put(seconds: 86_400, isCountdown: true)
    let other: ID<Product> = fair.commerce.makeID()
    #expect(try await refusal { try await fair.put(product: other) } == "not_found")
    #expect(try await refusal { try await fair.put(by: .nobody) } == "sign_in_needed")
    let past = BannerDraft(text: "x", isCountdown: true, end: .at(fair.stall.clock.now))
    #expect(
      try await refusal {
        try await fair.commerce.showBanner(fair.commerce.makeID(), by: fair.stall.owner, show: fair.show, past)
      } == "invalid")
    let moment = fair.stall.clock.now.adding(seconds: 90)
    let exact = try await fair.commerce.showBanner(
      fair.commerce.makeID(), by: fair.stall.owner, show: fair.show,
      BannerDraft(text: "Doors", isCountdown: true, end: .at(moment)))
    #expect(exact.ends == moment)
  }

  @Test(arguments: Engine.allCases)
  func `a countdown runs before its show, and nothing is on screen after it`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    try await fair.stall.run("UPDATE show SET state = 'scheduled', media_epoch_ms = NULL WHERE id = \(fair.show)")
    let early = try await fair.put("We begin in", seconds: 60, isCountdown: true)
    #expect(early.mediaTime == 0 && early.endMediaTime == 60_000)
    _ = try await fair.commerce.startShow(by: fair.stall.owner, show: fair.show)
    fair.stall.clock.advance(seconds: 20)
    _ = try await fair.commerce.endShow(by: fair.stall.owner, show: fair.show)
    #expect(try await fair.now() == nil)
    #expect(try await fair.events().map(\.kind) == [.bannerShown, .showStarted, .bannerHidden, .showEnded])
    #expect(try await refusal { try await fair.put() } == "show_ended")
    #expect(try await fair.commerce.audit().differences == [])
    try await fair.stall.run("UPDATE banner SET hidden_ms = NULL")
    #expect(try await fair.commerce.audit().differences.count == 1)
  }
}
