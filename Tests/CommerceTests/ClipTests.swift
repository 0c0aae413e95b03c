import Store
import TestKit
import Testing

@testable import Commerce

@Suite struct ClipTests {
  /// A show that has ended, and was recorded from its first second to its sixty-first.
  private struct Film {
    let stall: Stall
    let show: ID<Show>

    init(_ engine: Engine) async throws {
      stall = try await Stall(engine)
      show = try await stall.liveShow()
      try await stall.run("UPDATE show SET state = 'ended', ended_ms = \(stall.clock.now) WHERE id = \(show)")
      try await stall.run(
        """
        INSERT INTO recording (show_id, channel_id, state, start_media_ms, end_media_ms, duration_ms, bytes, lost_ms,
          ready_ms)
        VALUES (\(show), \(stall.channel), 'ready', 1000, 61000, 60000, 7000000, 0, \(stall.clock.now))
        """)
    }

    var commerce: Commerce { stall.commerce }
    var owner: Caller { stall.owner }

    func draft(from: Int64 = 5_000, until: Int64 = 20_000, title: String = "") -> ClipDraft {
      ClipDraft(product: stall.products[0], fromMediaTime: from, untilMediaTime: until, title: title)
    }
  }

  @Test(arguments: Engine.allCases)
  func `a clip is made once, is shown when its file is there, and is gone when it is removed`(engine: Engine)
    async throws
  {
    let film = try await Film(engine)
    let commerce = film.commerce
    let id = commerce.makeID(Clip.self)
    let clip = try await commerce.makeClip(id, of: film.show, by: film.owner, film.draft())
    #expect(clip.state == .making && !clip.title.isEmpty && clip.channel == film.stall.channel)
    #expect(try await commerce.makeClip(id, of: film.show, by: film.owner, film.draft()) == clip)
    await #expect(throws: IDTaken(what: "clip")) {
      try await commerce.makeClip(id, of: film.show, by: film.owner, film.draft(title: "Another"))
    }
    #expect(try await commerce.clipsToMake().map(\.id) == [id])
    #expect(try await commerce.clips().items.isEmpty)
    await #expect(throws: ClipRefusal.notReady) { try await commerce.clip(id) }
    #expect(try await commerce.clips(ofShow: film.show).isEmpty)
    #expect(try await commerce.clips(ofShow: film.show, by: film.owner) == [clip])

    try await commerce.clipMade(id, bytes: 2_000_000, durationMilliseconds: 15_000)
    let ready = try await commerce.clip(id)
    #expect(ready.state == .ready && ready.bytes == 2_000_000 && ready.durationMilliseconds == 15_000)
    #expect(try await commerce.clipsToMake().isEmpty)
    let card = try #require(try await commerce.clips(of: film.stall.channel).items.first)
    #expect(card.clip == ready && card.productTitle == ready.title && !card.channelHandle.isEmpty)
    #expect(try await commerce.clips(ofShow: film.show) == [ready])
    #expect(try await commerce.clip(after: ready) == nil)

    try await commerce.removeClip(id, by: film.owner)
    #expect(try await commerce.removeClip(id, by: film.owner).state == .removed)
    await #expect(throws: ClipRefusal.removed) { try await commerce.clip(id) }
    #expect(try await commerce.clips().items.isEmpty)
    // A file that was under way meanwhile brings it back to nobody.
    try await commerce.clipMade(id, bytes: 1, durationMilliseconds: 1)
    #expect(try await commerce.clip(id, by: film.owner).state == .removed)
    let other = commerce.makeID(Clip.self)
    #expect(try await commerce.removedClips(among: [id, other]) == [id])
  }

  @Test(arguments: Engine.allCases)
  func `what cannot be a clip is refused with why, and makes nothing`(engine: Engine) async throws {
    let film = try await Film(engine)
    let commerce = film.commerce
    func refused(_ draft: ClipDraft, by caller: Caller? = nil) async throws -> String? {
      try await refusal {
        try await commerce.makeClip(commerce.makeID(), of: film.show, by: caller ?? film.owner, draft)
      }
    }
    #expect(try await refused(film.draft(until: 7_000)) == "invalid")
    #expect(try await refused(film.draft(until: 70_001)) == "invalid")
    #expect(try await refused(film.draft(from: -1)) == "invalid")
    #expect(try await refused(film.draft(from: .min, until: .max)) == "invalid")
    #expect(try await refused(film.draft(from: 500)) == "outside_recording")
    #expect(try await refused(film.draft(from: 50_000, until: 61_001)) == "outside_recording")
    #expect(try await refused(film.draft(title: String(repeating: "a", count: 201))) == "invalid")
    var unknown = film.draft()
    unknown.product = commerce.makeID()
    #expect(try await refused(unknown) == "not_in_run")
    #expect(try await refused(film.draft(), by: .nobody) == "sign_in_needed")
    #expect(try await refused(film.draft(), by: Caller(account: commerce.makeID())) == "not_found")
    struct Uncuttable: Error {}
    await #expect(throws: Uncuttable.self) {
      try await commerce.makeClip(commerce.makeID(), of: film.show, by: film.owner, film.draft()) {
        throw Uncuttable()
      }
    }
    #expect(try await commerce.clips(ofShow: film.show, by: film.owner).isEmpty)
    for _ in 0..<commerce.policy.clipsPerShowMax {
      _ = try await commerce.makeClip(commerce.makeID(), of: film.show, by: film.owner, film.draft())
    }
    #expect(try await refused(film.draft()) == "too_many")
  }

  @Test(arguments: Engine.allCases)
  func `a show that is on air, or whose recording is gone, has no clips made of it`(engine: Engine) async throws {
    let film = try await Film(engine)
    let commerce = film.commerce
    for (state, expected) in [
      ("recording", RecordingRefusal.notReady), ("empty", .none), ("deleted", .deleted),
    ] {
      try await film.stall.run("UPDATE recording SET state = \(state)")
      await #expect(throws: expected) {
        try await commerce.makeClip(commerce.makeID(), of: film.show, by: film.owner, film.draft())
      }
    }
  }

  @Test(arguments: Engine.allCases)
  func `a file that cannot be made is tried three times`(engine: Engine) async throws {
    let film = try await Film(engine)
    let commerce = film.commerce
    let id = commerce.makeID(Clip.self)
    _ = try await commerce.makeClip(id, of: film.show, by: film.owner, film.draft())
    for _ in 0..<2 {
      try await commerce.clipFailed(id)
      #expect(try await commerce.clipsToMake().map(\.id) == [id])
    }
    try await commerce.clipFailed(id)
    #expect(try await commerce.clip(id, by: film.owner).state == .failed)
    #expect(try await commerce.clipsToMake().isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `an order says which clip it came from, but none of another show, and a clip what it sold`(engine: Engine)
    async throws
  {
    let film = try await Film(engine)
    let commerce = film.commerce
    let id = commerce.makeID(Clip.self)
    _ = try await commerce.makeClip(id, of: film.show, by: film.owner, film.draft())
    func place(_ clip: ID<Clip>?, in show: ID<Show>?) async throws -> PlacedOrder {
      try await film.stall.place(film.stall.bag(show: show), source: OrderSource(mediaTime: 6_000, clip: clip))
    }
    let placed = try await place(id, in: film.show)
    let order = placed.order
    #expect(order.source.clip == id && order.source.mediaTime == 6_000 && order.source != .page)
    let read = try await film.stall.database.read { try Order.require(order.id, in: $0) }
    #expect(read.source == order.source)
    #expect(try await place(commerce.makeID(), in: film.show).order.source.clip == nil)
    #expect(try await place(id, in: nil).order.source.clip == nil)
    #expect(try await commerce.clipSales(of: film.show, by: film.owner).isEmpty)
    #expect(try await film.stall.pay(placed) == .paid)
    let sold = try await commerce.clipSales(of: film.show, by: film.owner)
    #expect(sold[id] == ClipSales(orders: 1, totals: [order.total]))
    await #expect(throws: (any Error).self) { try await commerce.clipSales(of: film.show, by: .nobody) }

    #expect(try await commerce.audit().differences == [])
    try await film.stall.run("UPDATE orders SET clip_id = \(commerce.makeID(Clip.self)) WHERE id = \(order.id)")
    #expect(try await commerce.audit().summary.contains("came from a clip that is not of its show"))
    try await film.stall.run("UPDATE orders SET clip_id = \(id) WHERE id = \(order.id)")
    try await film.stall.run("UPDATE clip SET until_media_ms = 61001")
    #expect(try await commerce.audit().summary.contains("lies outside of its recording"))
  }
}
