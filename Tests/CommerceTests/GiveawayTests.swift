import Crypto
import Foundation
import Store
import TestKit
import Testing

@testable import Commerce

/// Prizes drawn by lot.
@Suite struct GiveawayTests {
  /// Ten lamps, a show on air, and people who take part.
  private struct Fair {
    let stall: Stall
    let show: ID<Show>

    init(_ engine: Engine, policy: Policy = Stall.policy) async throws {
      stall = try await Stall(engine, policy: policy)
      show = try await stall.liveShow()
    }

    var commerce: Commerce { stall.commerce }

    @discardableResult
    func open(
      winners: Int64 = 2, keyword: String = "", watch: Int64? = nil, seconds: Int64 = 60, ofLamps: Bool = false
    ) async throws -> Giveaway {
      let draft = GiveawayDraft(
        prize: "A lamp", variant: ofLamps ? stall.variants[0] : nil, winnersMax: winners,
        entry: watch == nil ? .comment : .watch, keyword: keyword, watchSeconds: watch ?? 0, durationSeconds: seconds)
      return try await commerce.openGiveaway(commerce.makeID(), by: stall.owner, show: show, draft)
    }

    func say(_ text: String = "me!", _ visitor: String? = nil, by caller: Caller = .nobody, from address: String? = nil)
      async throws
    {
      _ = try await commerce.say(
        commerce.makeID(), by: caller, show: show, name: "Asha", text: text, visitor: visitor, address: address)
    }

    /// `count` guests say something.
    func enter(_ count: Int) async throws {
      for number in 0..<count { try await say("me!", Self.visitor(number)) }
    }

    static func visitor(_ number: Int) -> String { "guest" + String(repeating: "x", count: 27) + "\(number)" }
    static func entrant(_ number: Int) throws -> Entrant {
      try #require(Entrant(.nobody, visitor: visitor(number)))
    }

    func person(_ email: String) async throws -> Caller {
      let account: ID<Account> = commerce.makeID()
      try await stall.database.write { [stall] db in
        try Stall.insertAccount(account, email, at: stall.clock.now, in: db)
      }
      return Caller(account: account)
    }

    /// Past the end and the grace.
    @discardableResult
    func close(after seconds: Int64 = 75) async throws -> Giveaway {
      stall.clock.advance(seconds: seconds)
      try await commerce.advanceGiveaways()
      return try await now()
    }

    func now() async throws -> Giveaway { try await commerce.giveaways(of: show, by: stall.owner)[0] }

    func draw(_ word: String = "") async throws -> Giveaway {
      try await commerce.drawGiveaway(now().id, by: stall.owner, show: show, word: word)
    }

    func events() async throws -> [String] {
      while try await !commerce.numberTimeline(show).isEmpty {}
      return try await commerce.timeline(show, after: 0, limit: 1000).map(\.kind.rawValue)
    }

    func audit() async throws { #expect(try await commerce.audit().differences == []) }
  }

  @Test(arguments: Engine.allCases)
  func `whoever says the keyword is in once, however often, and nobody of the channel is`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    try await fair.say("LAMP", Fair.visitor(0))
    #expect(try await fair.open(keyword: "Lamp").entrants == 0)
    let signedIn = try await fair.person("signed@example.com")
    for _ in 0..<3 {
      try await fair.say("a lamp, please!", Fair.visitor(1))
      try await fair.say("LAMP", Fair.visitor(2), by: signedIn)
    }
    try await fair.say("a chair", Fair.visitor(3))
    try await fair.say("lamp", nil)
    try await fair.say("lamp", "tooshort")
    try await fair.say("lamp", Fair.visitor(4), by: fair.stall.owner)
    #expect(try await fair.now().entrants == 2)
    let mine = try await fair.commerce.giveawayEntry(fair.now().id, Fair.entrant(1))
    #expect(mine.leaf != nil && mine.winner == nil)
    #expect(try await fair.commerce.giveawayEntry(fair.now().id, Fair.entrant(3)).leaf == nil)
    // A browser's secret is of no account once somebody is signed in.
    #expect(try await fair.commerce.giveawayEntry(fair.now().id, Fair.entrant(2)).leaf == nil)
    #expect(try await fair.commerce.giveawayEntry(fair.now().id, #require(Entrant(signedIn, visitor: nil))).leaf != nil)
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `many who come at once, each several times, are each in once`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    try await fair.open()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<60 { group.addTask { try await fair.say("me", Fair.visitor(number / 3)) } }
      try await group.waitForAll()
    }
    #expect(try await fair.now().entrants == 20)
    #expect(try await fair.close().entrants == 20)
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `it closes at its end and a grace, is told of in order, and its seed is told last`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let opened = try await fair.open(winners: 1)
    #expect(opened.seed == nil && opened.root == nil && opened.endMediaTime - opened.openMediaTime == 60_000)
    #expect(opened.commitment.count == 32)
    try await fair.enter(2)
    fair.stall.clock.advance(milliseconds: 74_999)
    #expect(try await fair.commerce.advanceGiveaways() == 0)
    try await fair.say("late", Fair.visitor(2))
    fair.stall.clock.advance(milliseconds: 1)
    try await fair.say("too late", Fair.visitor(3))
    #expect(try await refusal { try await fair.draw() } == "giveaway_not_closed")
    #expect(try await fair.commerce.advanceGiveaways() == 1)
    let closed = try await fair.now()
    #expect(closed.state == .closed && closed.entrants == 3 && closed.root?.count == 32 && closed.seed == nil)
    let proof = try await fair.commerce.giveawayProof(closed.id)
    #expect(proof.leaves?.count == 96 && Lot.root(of: proof.leaves ?? []) == closed.root)
    let leaf = try #require(try await fair.commerce.giveawayEntry(closed.id, Fair.entrant(2)).leaf)
    #expect(leaf.hash == Array(SHA256.hash(of: "\(closed.id)\n\(leaf.identity)\n\(leaf.salt)\n")))
    let drawn = try await fair.draw("monsoon")
    #expect(drawn.state == .drawn && drawn.winners.count == 1 && drawn.word == "monsoon")
    #expect(Array(SHA256.hash(data: Data(try #require(drawn.seed)))) == opened.commitment)
    #expect(
      try await fair.events().filter { $0.hasPrefix("giveaway") } == [
        "giveaway_opened", "giveaway_closed", "giveaway_drawn",
      ])
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a draw that breaks off in the middle has not happened, and the next one is the only one`(engine: Engine)
    async throws
  {
    struct PowerCut: Error {}
    let fair = try await Fair(engine)
    try await fair.open(winners: 3, ofLamps: true)
    try await fair.enter(9)
    let closed = try await fair.close()
    let commerce = fair.commerce
    await #expect(throws: PowerCut.self) {
      try await fair.stall.database.write { db in
        try commerce.draw(closed, word: "", mediaTime: nil, on: commerce.occasion(), in: db)
        throw PowerCut()
      }
    }
    #expect(try await fair.now().state == .closed)
    // Another process on the same database, and many who press at once.
    let drawn = try await withThrowingTaskGroup(of: Giveaway.self) { group in
      for number in 0..<8 { group.addTask { try await fair.draw("word \(number)") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(drawn.map(\.word)).count == 1 && Set(drawn.map { $0.winners.map(\.code) }).count == 1)
    #expect(try await fair.stall.number("SELECT COUNT(*) FROM giveaway_winner") == 3)
    #expect(try await fair.events().count { $0 == "giveaway_drawn" } == 1)
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `who watches long enough is in, and no receipt makes the time go faster`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let giveaway = try await fair.open(watch: 40)
    let (asha, ravi) = (try Fair.entrant(1), try Fair.entrant(2))
    func watch(_ entrant: Entrant, _ receipt: String? = nil) async throws -> WatchProgress {
      try await fair.commerce.watch(giveaway.id, entrant, receipt: receipt)
    }
    let first = try await watch(asha)
    #expect(first.watchedMilliseconds == 0 && !first.isEntered)
    fair.stall.clock.advance(seconds: 20)
    let second = try await watch(asha, first.receipt)
    #expect(second.watchedMilliseconds == 20_000)
    #expect(try await watch(asha, second.receipt).watchedMilliseconds == 20_000, "the same moment counts once")
    #expect(try await watch(ravi, second.receipt).watchedMilliseconds == 0, "another's receipt is none")
    #expect(try await watch(asha, "nonsense").watchedMilliseconds == 0)
    fair.stall.clock.advance(seconds: 19)
    // Saying it often adds nothing.
    var last = second
    for _ in 0..<5 { last = try await watch(asha, last.receipt) }
    #expect(last.watchedMilliseconds == 39_000 && !last.isEntered)
    #expect(try await fair.now().entrants == 0)
    fair.stall.clock.advance(seconds: 1)
    #expect(try await watch(asha, last.receipt).isEntered)
    #expect(try await watch(asha, last.receipt).isEntered)
    #expect(try await fair.now().entrants == 1)
    // Saying something does not do.
    try await fair.say("me!", Fair.visitor(2))
    #expect(try await fair.close(after: 60).entrants == 1)
    #expect(try await refusal { try await watch(ravi, nil) } == "giveaway_closed")
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a long silence is not watching, and no member gets in by it`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let giveaway = try await fair.open(watch: 60, seconds: 600)
    let asha = try Fair.entrant(1)
    let first = try await fair.commerce.watch(giveaway.id, asha)
    fair.stall.clock.advance(seconds: 61)
    #expect(try await fair.commerce.watch(giveaway.id, asha, receipt: first.receipt).watchedMilliseconds == 0)
    let member = try #require(Entrant(fair.stall.owner, visitor: nil))
    let begun = try await fair.commerce.watch(giveaway.id, member)
    fair.stall.clock.advance(seconds: 60)
    let code = try await refusal { try await fair.commerce.watch(giveaway.id, member, receipt: begun.receipt) }
    #expect(code == "giveaway_member")
  }

  @Test(arguments: Engine.allCases)
  func `a unit is held for each winner, leaves with the claim, and comes back when nobody claims it`(engine: Engine)
    async throws
  {
    let fair = try await Fair(engine)
    #expect(try await refusal { try await fair.open(winners: 11, ofLamps: true) } == "giveaway_too_few_units")
    try await fair.open(winners: 4, ofLamps: true)
    #expect(try await fair.stall.stock() == StockLevel(onHand: 10, reserved: 4))
    try await fair.audit()
    try await fair.enter(3)
    try await fair.close()
    let drawn = try await fair.draw()
    #expect(drawn.winners.count == 3)
    #expect(try await fair.stall.stock().reserved == 3, "for one there was nobody")
    let claim = PrizeClaim(name: "Asha", email: "asha@example.com", address: "1 Lamp Street\nJaipur")
    let asha = try Fair.entrant(0)
    #expect(
      try await refusal { try await fair.commerce.claimPrize(drawn.id, Fair.entrant(8), claim) }
        == "giveaway_not_winner")
    var nowhere = claim
    nowhere.address = ""
    #expect(try await refusal { try await fair.commerce.claimPrize(drawn.id, asha, nowhere) } == "invalid")
    for _ in 0..<2 { #expect(try await fair.commerce.claimPrize(drawn.id, asha, claim).state == .claimed) }
    var other = claim
    other.name = "Ravi"
    #expect(try await refusal { try await fair.commerce.claimPrize(drawn.id, asha, other) } == "prize_claimed")
    #expect(try await fair.stall.stock() == StockLevel(onHand: 9, reserved: 2))
    try await fair.audit()
    fair.stall.clock.advance(seconds: 72 * 3600 + 1)
    #expect(
      try await refusal { try await fair.commerce.claimPrize(drawn.id, Fair.entrant(1), claim) }
        == "prize_claim_over")
    #expect(try await fair.commerce.expirePrizes() == 2)
    #expect(try await fair.commerce.expirePrizes() == 0)
    #expect(try await fair.stall.stock() == StockLevel(onHand: 9, reserved: 0))
    #expect(try await fair.now().winners.map(\.state).filter { $0 == .expired }.count == 2)
    let prizes = try await fair.commerce.prizes(of: drawn.id, by: fair.stall.owner)
    #expect(prizes.compactMap(\.claim) == [claim])
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `nobody of another channel opens, ends, draws, or reads who won`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let stranger = try await fair.person("stranger@example.com")
    try await fair.stall.database.write { db in
      try Stall.insertChannel(
        ID(at: fair.stall.clock.now, entropy: fair.commerce.entropy), handle: "chairs",
        owner: #require(stranger.account), at: fair.stall.clock.now, in: db)
    }
    let giveaway = try await fair.open()
    let draft = GiveawayDraft(prize: "Mine", durationSeconds: 60)
    for (caller, code) in [(stranger, "not_found"), (Caller.nobody, "sign_in_needed")] {
      #expect(
        try await refusal {
          try await fair.commerce.openGiveaway(fair.commerce.makeID(), by: caller, show: fair.show, draft)
        } == code)
      #expect(
        try await refusal {
          try await fair.commerce.endEntries(giveaway.id, by: caller, show: fair.show)
        } == code)
      #expect(
        try await refusal {
          try await fair.commerce.drawGiveaway(giveaway.id, by: caller, show: fair.show)
        } == code)
      #expect(try await refusal { try await fair.commerce.prizes(of: giveaway.id, by: caller) } == code)
    }
    // Through a show of their own neither.
    #expect(
      try await refusal {
        try await fair.commerce.drawGiveaway(
          giveaway.id, by: fair.stall.owner,
          show: ID(
            at: fair.stall.clock.now, entropy: fair.commerce.entropy))
      } == "not_found")
    #expect(try await fair.now().state == .open)
  }

  @Test(arguments: Engine.allCases)
  func `a host opens one at a time, asked twice with one id it is one, and its limits are named`(engine: Engine)
    async throws
  {
    let fair = try await Fair(engine)
    let id: ID<Giveaway> = fair.commerce.makeID()
    var draft = GiveawayDraft(prize: "A lamp", durationSeconds: 60)
    func open(_ id: ID<Giveaway>? = nil) async throws -> Giveaway {
      try await fair.commerce.openGiveaway(
        id ?? fair.commerce.makeID(), by: fair.stall.owner, show: fair.show, draft)
    }
    let first = try await open(id)
    #expect(try await open(id) == first)
    #expect(try await refusal { try await open() } == "giveaway_under_way")
    for change: (inout GiveawayDraft) -> Void in [
      { $0.prize = " " }, { $0.prize = String(repeating: "x", count: 201) }, { $0.winnersMax = 0 },
      { $0.winnersMax = 21 }, { $0.durationSeconds = 29 }, { $0.durationSeconds = 1801 },
      { $0.keyword = String(repeating: "x", count: 41) },
      {
        $0.entry = .watch; $0.watchSeconds = 46
      },
      {
        $0.entry = .watch; $0.watchSeconds = 9
      },
    ] {
      draft = GiveawayDraft(prize: "A lamp", durationSeconds: 60)
      change(&draft)
      #expect(try await refusal { try await open() } == "invalid")
    }
    draft = GiveawayDraft(prize: "A chair", durationSeconds: 60)
    #expect(try await refusal { try await open(id) } == "id_taken")
    draft.variant = fair.commerce.makeID()
    try await fair.close()
    _ = try await fair.draw()
    #expect(try await refusal { try await open() } == "not_found")
  }

  @Test(arguments: Engine.allCases)
  func `a host ends entries early, and with the show's end it closes and is drawn by itself`(engine: Engine)
    async throws
  {
    let fair = try await Fair(engine)
    try await fair.open(seconds: 1800)
    try await fair.enter(1)
    fair.stall.clock.advance(seconds: 30)
    _ = try await fair.commerce.endEntries(fair.now().id, by: fair.stall.owner, show: fair.show)
    fair.stall.clock.advance(seconds: 14)
    try await fair.say("still", Fair.visitor(5))
    #expect(try await fair.close(after: 1).state == .closed)
    #expect(try await fair.now().entrants == 2)
    // Nobody draws.
    fair.stall.clock.advance(seconds: 599)
    #expect(try await fair.commerce.advanceGiveaways() == 0)
    #expect(try await fair.close(after: 1).state == .drawn)

    try await fair.open(winners: 1)
    try await fair.enter(3)
    fair.stall.clock.advance(seconds: 10)
    _ = try await fair.commerce.endShow(by: fair.stall.owner, show: fair.show)
    #expect(try await fair.now().state == .closed)
    #expect(try await fair.close(after: 1).winners.count == 1)
    #expect(try await refusal { try await fair.open() } == "show_ended")
    // In the replay it is seen.
    #expect(try await fair.events().last == "giveaway_drawn")
    let events = try await fair.commerce.timeline(fair.show, after: 0, limit: 1000)
    let end = try #require(events.first { $0.kind == .showEnded }?.mediaTime)
    let times = events.suffix(3).filter { $0.kind != .showEnded }.map(\.mediaTime)
    #expect(times.allSatisfy { (end - 2_001...end - 2_000).contains($0) }, "\(times)")
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `there is a limit to entrants, and to guests of one address`(engine: Engine) async throws {
    var policy = Stall.policy
    policy.giveawayEntrantsMax = 4
    policy.giveawayGuestsPerAddressMax = 2
    let fair = try await Fair(engine, policy: policy)
    try await fair.open()
    for number in 0..<3 { try await fair.say("me", Fair.visitor(number), from: "192.0.2.1") }
    #expect(try await fair.now().entrants == 2)
    try await fair.say("me", by: fair.person("home@example.com"), from: "192.0.2.1")
    for number in 3..<6 { try await fair.say("me", Fair.visitor(number), from: "192.0.2.\(number)") }
    #expect(try await fair.now().entrants == 4)
    #expect(try await fair.close().entrants == 4)
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `without entrants nobody wins, and who took part is forgotten after a month`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    try await fair.open(ofLamps: true)
    try await fair.close()
    #expect(try await fair.draw().winners == [])
    #expect(try await fair.stall.stock().reserved == 0)
    try await fair.open(winners: 1)
    try await fair.enter(2)
    try await fair.close()
    let drawn = try await fair.draw()
    #expect(try await fair.commerce.forgetEntrants() == 0)
    fair.stall.clock.advance(days: 31)
    #expect(try await fair.commerce.forgetEntrants() == 2)
    #expect(try await fair.stall.number("SELECT COUNT(*) FROM giveaway_entrant") == 0)
    #expect(try await fair.commerce.giveawayProof(drawn.id).leaves?.count == 64)
    var known = 0
    for number in 0..<2 {
      let entry = try await fair.commerce.giveawayEntry(drawn.id, Fair.entrant(number))
      if entry.leaf?.code == drawn.winners[0].code { known += 1 }
    }
    #expect(known == 1, "the winner is still known")
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `an audit finds a list, a seed or a winner that was put in by hand`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    try await fair.open(winners: 3)
    try await fair.enter(9)
    try await fair.close()
    _ = try await fair.draw()
    try await fair.audit()
    for (damage, repair): (SQL, SQL) in [
      (
        "UPDATE giveaway_winner SET position = position + 9", "UPDATE giveaway_winner SET position = position - 9"
      ),
      ("UPDATE giveaway SET word = 'grind'", "UPDATE giveaway SET word = ''"),
      ("UPDATE giveaway SET entrants = entrants + 1", "UPDATE giveaway SET entrants = entrants - 1"),
      ("UPDATE giveaway SET winners_max = 4", "UPDATE giveaway SET winners_max = 3"),
    ] {
      try await fair.stall.run(damage)
      #expect(try await fair.commerce.audit().differences.count >= 1)
      try await fair.stall.run(repair)
      try await fair.audit()
    }
    try await fair.stall.run("UPDATE giveaway SET seed = \([UInt8](repeating: 7, count: 32))")
    #expect(try await !fair.commerce.audit().differences.isEmpty)
  }
}

/// The draw as arithmetic.
@Suite struct LotTests {
  @Test func `a draw is the one that the document's own lines come to`() {
    // Computed with Python's hmac and hashlib: docs/giveaways.md.
    let leaves = (0..<7).map { Array(SHA256.hash(of: "leaf \($0)")) }
    let list = Lot.list(of: leaves.shuffled())
    let root = Lot.root(of: list)
    let seed = [UInt8](0..<32)
    #expect(Hexadecimal.text(root) == "c2c597c56034977b866e2cb353faf3622d25ac14ac6538bd643485719fbc8ecf")
    #expect(Lot.winners(3, of: 7, seed: seed, root: root, word: "") == [1, 2, 0])
    #expect(Lot.winners(3, of: 7, seed: seed, root: root, word: "monsoon") == [5, 2, 0])
    #expect(Lot.winners(20, of: 7, seed: seed, root: root, word: "").sorted() == Array(0..<7))
    #expect(Lot.winners(3, of: 0, seed: seed, root: root, word: "") == [])
  }

  @Test func `every place of the list is as likely as any other, for every prize`() {
    let (count, draws) = (10, 20_000)
    let random = SeededEntropy(seed: 5).entropy
    var won = [[Int]](repeating: [Int](repeating: 0, count: count), count: 3)
    for _ in 0..<draws {
      let winners = Lot.winners(3, of: count, seed: random.bytes(32), root: random.bytes(32), word: "")
      for (prize, position) in winners.enumerated() { won[prize][position] += 1 }
    }
    let expected = Double(draws) / Double(count)
    for counts in won {
      let chiSquared = counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
      // Nine degrees of freedom: above 27.9 once in a thousand.
      #expect(chiSquared < 27.9, "\(counts)")
    }
  }
}
