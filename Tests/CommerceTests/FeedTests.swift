import Store
import TestKit
import Testing

@testable import Commerce

/// What there is to swipe through, and whose shows come first.
@Suite struct FeedTests {
  /// Live shows and clips of one channel, and another channel that is followed.
  private struct Market {
    let stall: Stall
    var commerce: Commerce { stall.commerce }

    init(_ engine: Engine) async throws { stall = try await Stall(engine) }

    func clip() async throws -> ID<Clip> {
      let show = try await stall.liveShow()
      try await stall.run("UPDATE show SET state = 'ended', ended_ms = \(stall.clock.now) WHERE id = \(show)")
      let clip = commerce.makeID(Clip.self)
      stall.clock.advance(milliseconds: 1)
      try await stall.run(
        """
        INSERT INTO clip (id, show_id, channel_id, product_id, title, from_media_ms, until_media_ms, state, tries, bytes,
          duration_ms, account_id, made_hash, created_ms, ready_ms)
        VALUES (\(clip), \(show), \(stall.channel), \(stall.products[0]), 'Clip', 0, 9000, 'ready', 0, 9, 9000,
          \(stall.owner.account.unsafelyUnwrapped), \([UInt8]()), \(stall.clock.now), \(stall.clock.now))
        """)
      return clip
    }

    func show(of channel: ID<Channel>? = nil, _ state: ShowState = .live) async throws -> ID<Show> {
      stall.clock.advance(seconds: 1)
      let show = try await stall.liveShow()
      try await stall.run("UPDATE show SET state = \(state) WHERE id = \(show)")
      if let channel { try await stall.run("UPDATE show SET channel_id = \(channel) WHERE id = \(show)") }
      return show
    }

    /// Every film, read so many at a time.
    func films(_ limit: Int) async throws -> [String] {
      var films: [String] = []
      var cursor: Cursor?
      repeat {
        let page = try await commerce.feed(after: cursor, limit: limit)
        #expect(page.items.count <= limit && (!page.items.isEmpty || page.next == nil))
        films += page.items.map(Self.name)
        cursor = page.next.flatMap { Cursor($0.description) }
      } while cursor != nil
      return films
    }

    static func name(_ item: FeedItem) -> String {
      switch item {
      case .show(let show): "\(show.id)"
      case .clip(let card): "\(card.clip.id)"
      }
    }
  }

  @Test(arguments: Engine.allCases)
  func `a feed has the shows on air and then the clips, each once, however it is read`(engine: Engine) async throws {
    let market = try await Market(engine)
    #expect(try await market.commerce.feed(limit: 3).items.isEmpty)
    var clips: [ID<Clip>] = []
    for _ in 0..<3 { clips.append(try await market.clip()) }
    var shows: [ID<Show>] = []
    for _ in 0..<3 { shows.append(try await market.show()) }
    _ = try await market.show(of: nil, .scheduled)
    let all = shows.reversed().map { "\($0)" } + clips.reversed().map { "\($0)" }
    for limit in 1...7 { #expect(try await market.films(limit) == all, "\(limit) at a time") }

    let middle = try await market.commerce.show(shows[1])
    let rest = try await market.commerce.feed(from: .show(middle), limit: 3)
    #expect(rest.items.map(Market.name) == Array(all[1...3]) && rest.next != nil)
    let last = try await market.commerce.clipCard(clips[0])
    let end = try await market.commerce.feed(from: .clip(last), limit: 3)
    #expect(end.items.map(Market.name) == ["\(clips[0])"] && end.next == nil)

    try await market.stall.run("UPDATE channel SET state = 'suspended'")
    #expect(try await market.films(5) == [])
    await #expect(throws: GeneralRefusal.self) { try await market.commerce.feed(limit: 0) }
  }

  @Test(arguments: Engine.allCases)
  func `who follows a channel finds its shows, and nobody else does`(engine: Engine) async throws {
    let market = try await Market(engine)
    let (stall, commerce) = (market.stall, market.commerce)
    let other: ID<Channel> = commerce.makeID()
    let fan: ID<Account> = commerce.makeID()
    try await stall.database.write { db in
      try Stall.insertChannel(
        other, handle: "others", owner: stall.owner.account.unsafelyUnwrapped, at: stall.clock.now, in: db)
      try Stall.insertAccount(fan, "fan@example.com", at: stall.clock.now, in: db)
    }
    let theirs = try await market.show(of: other)
    let later = try await market.show(of: other, .scheduled)
    let soon = try await market.show(of: other, .scheduled)
    try await stall.run("UPDATE show SET scheduled_ms = scheduled_ms + 9000 WHERE id = \(later)")
    _ = try await market.show()
    let caller = Caller(account: fan)
    #expect(try await commerce.followedShows(state: .live, by: caller).isEmpty)
    try await commerce.follow(other, by: caller)
    #expect(try await commerce.followedShows(state: .live, by: caller).map(\.id) == [theirs])
    #expect(try await commerce.followedShows(state: .scheduled, by: caller).map(\.id) == [soon, later])
    #expect(try await commerce.followedShows(state: .scheduled, by: caller, limit: 1).map(\.id) == [soon])
    #expect(try await commerce.followedShows(state: .live, by: .nobody).isEmpty)
    try await stall.run("UPDATE show SET called_off_ms = 1 WHERE id = \(soon)")
    #expect(try await commerce.followedShows(state: .scheduled, by: caller).map(\.id) == [later])
    try await stall.run("UPDATE channel SET state = 'suspended' WHERE id = \(other)")
    #expect(try await commerce.followedShows(state: .live, by: caller).isEmpty)
  }
}
