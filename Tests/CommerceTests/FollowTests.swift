import Store
import TestKit
import Testing

@testable import Commerce

/// Following a channel, and giveaways for those who do.
@Suite struct FollowTests {
  private struct Fans {
    let stall: Stall
    let show: ID<Show>

    init(_ engine: Engine, policy: Policy = Stall.policy) async throws {
      stall = try await Stall(engine, policy: policy)
      show = try await stall.liveShow()
    }

    var commerce: Commerce { stall.commerce }
    var channel: ID<Channel> { stall.channel }

    func person(_ name: String) async throws -> Caller {
      let account: ID<Account> = commerce.makeID()
      try await stall.database.write { [stall] db in
        try Stall.insertAccount(account, "\(name)@example.com", at: stall.clock.now, in: db)
      }
      return Caller(account: account)
    }

    /// Another channel of the same owner.
    func another(_ handle: String) async throws -> ID<Channel> {
      let id: ID<Channel> = commerce.makeID()
      try await stall.database.write { [stall, owner = stall.owner.account.unsafelyUnwrapped] db in
        try Stall.insertChannel(id, handle: handle, owner: owner, at: stall.clock.now, in: db)
      }
      return id
    }

    func open(_ entry: Giveaway.Entry = .follow, winners: Int64 = 1) async throws -> Giveaway {
      let draft = GiveawayDraft(
        prize: "A lamp", winnersMax: winners, entry: entry, keyword: "ignored", durationSeconds: 60)
      return try await commerce.openGiveaway(commerce.makeID(), by: stall.owner, show: show, draft)
    }

    func entrants() async throws -> Int64 { try await commerce.giveaways(of: show, by: stall.owner)[0].entrants }
    func suspend() async throws { try await stall.run("UPDATE channel SET state = 'suspended'") }
    func audit() async throws { #expect(try await commerce.audit().differences == []) }
  }

  @Test(arguments: Engine.allCases)
  func `a channel counts everybody who follows it once, however often they press`(engine: Engine) async throws {
    let fans = try await Fans(engine)
    let (asha, ravi) = (try await fans.person("asha"), try await fans.person("ravi"))
    #expect(try await refusal { try await fans.commerce.follow(fans.channel, by: .nobody) } == "sign_in_needed")
    #expect(try await refusal { try await fans.commerce.follow(fans.commerce.makeID(), by: asha) } == "not_found")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<12 {
        group.addTask { try await fans.commerce.follow(fans.channel, by: number % 2 == 0 ? asha : ravi) }
      }
      try await group.waitForAll()
    }
    #expect(
      try await fans.commerce.following(fans.channel, by: asha) == Following(followers: 2, isFollowed: true))
    #expect(
      try await fans.commerce.following(fans.channel, by: .nobody) == Following(followers: 2, isFollowed: false))
    for _ in 0..<2 {
      #expect(
        try await fans.commerce.unfollow(fans.channel, by: ravi) == Following(followers: 1, isFollowed: false))
    }
    #expect(try await fans.commerce.follows(by: ravi).items.isEmpty)
    try await fans.audit()
  }

  @Test(arguments: Engine.allCases)
  func `what one follows is listed in pages, the last first, and is not without end`(engine: Engine) async throws {
    var policy = Stall.policy
    policy.followsPerAccountMax = 3
    let fans = try await Fans(engine, policy: policy)
    let asha = try await fans.person("asha")
    var channels = [fans.channel]
    for handle in ["lamps-b", "lamps-c", "lamps-d"] { channels.append(try await fans.another(handle)) }
    for channel in channels.prefix(3) { try await fans.commerce.follow(channel, by: asha) }
    #expect(try await refusal { try await fans.commerce.follow(channels[3], by: asha) } == "too_many_follows")
    try await fans.commerce.follow(channels[0], by: asha)
    var seen: [ID<Channel>] = []
    var cursor: Cursor?
    repeat {
      let page = try await fans.commerce.follows(by: asha, after: cursor, limit: 2)
      seen += page.items.map(\.channel.id)
      cursor = page.next
    } while cursor != nil
    // All in one moment: then the id decides.
    #expect(seen == channels.prefix(3).sorted { $0 > $1 })
    try await fans.commerce.unfollow(channels[0], by: asha)
    fans.stall.clock.advance(seconds: 1)
    try await fans.commerce.follow(channels[3], by: asha)
    #expect(try await fans.commerce.follows(by: asha).items.first?.channel.id == channels[3])
    try await fans.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a suspended channel finds no new followers, and loses those who want to go`(engine: Engine) async throws {
    let fans = try await Fans(engine)
    let (asha, ravi) = (try await fans.person("asha"), try await fans.person("ravi"))
    try await fans.commerce.follow(fans.channel, by: asha)
    try await fans.suspend()
    #expect(try await refusal { try await fans.commerce.follow(fans.channel, by: ravi) } == "not_found")
    #expect(
      try await refusal { try await fans.commerce.follow(fans.channel, by: fans.stall.owner) }
        == "channel_not_approved")
    #expect(try await refusal { try await fans.commerce.unfollow(fans.channel, by: ravi) } == "not_found")
    #expect(try await fans.commerce.follows(by: asha).items.first?.channel.state == .suspended)
    #expect(try await fans.commerce.unfollow(fans.channel, by: asha).followers == 0)
    try await fans.audit()
  }

  @Test(arguments: Engine.allCases)
  func `whoever follows takes part with one press, and is in though they go on to unfollow`(engine: Engine)
    async throws
  {
    let fans = try await Fans(engine)
    let (asha, ravi) = (try await fans.person("asha"), try await fans.person("ravi"))
    try await fans.commerce.follow(fans.channel, by: asha)
    let giveaway = try await fans.open(winners: 2)
    #expect(giveaway.entry == .follow && giveaway.keyword.isEmpty && giveaway.watchSeconds == 0)
    func enter(_ caller: Caller) async throws -> String? {
      try await refusal { try await fans.commerce.enterByFollowing(giveaway.id, by: caller) }
    }
    func mine(_ caller: Caller) async throws -> GiveawayEntry {
      try await fans.commerce.giveawayEntry(giveaway.id, #require(Entrant(caller, visitor: nil)), by: caller)
    }
    // To follow is not to enter.
    #expect(try await fans.entrants() == 0)
    #expect(try await mine(asha).isFollowing == true)
    #expect(try await mine(ravi).isFollowing == false)
    #expect(try await enter(.nobody) == "sign_in_needed")
    #expect(try await enter(ravi) == "giveaway_not_following")
    for _ in 0..<2 { #expect(try await enter(asha) == nil) }
    #expect(try await fans.entrants() == 1)
    try await fans.commerce.follow(fans.channel, by: ravi)
    #expect(try await enter(ravi) == nil)
    try await fans.commerce.follow(fans.channel, by: fans.stall.owner)
    #expect(try await enter(fans.stall.owner) == "giveaway_member")
    // A comment is no way into it.
    _ = try await fans.commerce.say(
      fans.commerce.makeID(), by: .nobody, show: fans.show, text: "me",
      visitor: String(repeating: "v", count: 32))
    try await fans.commerce.unfollow(fans.channel, by: asha)
    #expect(try await enter(asha) == nil)
    #expect(try await mine(asha).leaf != nil)
    fans.stall.clock.advance(seconds: 75)
    let late = try await fans.person("late")
    try await fans.commerce.follow(fans.channel, by: late)
    #expect(try await enter(late) == "giveaway_closed")
    try await fans.commerce.advanceGiveaways()
    let drawn = try await fans.commerce.drawGiveaway(giveaway.id, by: fans.stall.owner, show: fans.show)
    #expect(drawn.entrants == 2 && drawn.winners.count == 2)
    #expect(try await mine(asha).winner != nil)
    try await fans.audit()
  }

  @Test(arguments: Engine.allCases)
  func `following is no way into a giveaway for comments`(engine: Engine) async throws {
    let fans = try await Fans(engine)
    let asha = try await fans.person("asha")
    try await fans.commerce.follow(fans.channel, by: asha)
    let giveaway = try await fans.open(.comment)
    #expect(
      try await refusal { try await fans.commerce.enterByFollowing(giveaway.id, by: asha) } == "not_found")
    let mine = try await fans.commerce.giveawayEntry(giveaway.id, #require(Entrant(asha, visitor: nil)), by: asha)
    #expect(mine.isFollowing == nil)
  }

  @Test(arguments: Engine.allCases)
  func `an audit finds followers that are miscounted`(engine: Engine) async throws {
    let fans = try await Fans(engine)
    try await fans.commerce.follow(fans.channel, by: fans.person("asha"))
    try await fans.audit()
    try await fans.stall.run("UPDATE channel SET followers = 2")
    #expect(try await fans.commerce.audit().differences.contains { $0.contains("counts 2 followers, and has 1") })
    try await fans.stall.run("UPDATE channel SET followers = 1")
    try await fans.stall.run("DELETE FROM follow")
    #expect(try await fans.commerce.audit().differences.contains { $0.contains("counts 1 followers, and has 0") })
  }
}
