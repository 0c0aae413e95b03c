import Commerce
import Store
import TestKit
import Testing

@Suite struct ChannelsTests {
  @Test(arguments: Engine.allCases)
  func `a channel asked for twice is made once, and its id makes no other`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let id = commerce.makeID(Channel.self)
    let draft = ChannelDraft(handle: "pots", name: " Pots \u{202E}& pans ", about: "One\r\ntwo", market: "IN")
    let made = try await commerce.makeChannel(id, by: square.owner, draft)
    #expect(made.name == "Pots & pans")
    #expect(made.about == "One\ntwo")
    #expect(made.state == .approved)
    #expect(try await commerce.makeChannel(id, by: square.owner, draft) == made)
    var other = draft
    other.name = "Pans"
    await #expect(throws: IDTaken(what: "channel")) { try await commerce.makeChannel(id, by: square.owner, other) }
    let stranger = try await square.person("Sam")
    await #expect(throws: IDTaken(what: "channel")) { try await commerce.makeChannel(id, by: stranger, draft) }
    await #expect(throws: ChannelRefusal.handleTaken) {
      try await commerce.makeChannel(commerce.makeID(), by: stranger, draft)
    }
    await #expect(throws: GeneralRefusal.signInNeeded) {
      try await commerce.makeChannel(commerce.makeID(), by: .nobody, draft)
    }
  }

  @Test(arguments: [
    "ab", "Lamps2", "lam ps", "-lamps", "lamps-", "admin", "sign-in", "lämps", "la_mps", "lamps\u{0}", "",
    String(repeating: "x", count: 31),
  ])
  func `a handle that is reserved or not well formed is refused`(handle: String) async throws {
    let square = try await MarketSquare(.sqlite)
    let refusal = await #expect(throws: GeneralRefusal.self) {
      try await square.commerce.makeChannel(
        square.commerce.makeID(), by: square.owner, ChannelDraft(handle: handle, name: "Lamps", market: "IN"))
    }
    #expect(refusal?.field == "handle")
    await #expect(throws: GeneralRefusal.notFound("channel")) {
      try await square.commerce.channel(handle: handle)
    }
  }

  @Test(arguments: Engine.allCases)
  func `only an owner changes a channel, and to others it is not there`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let draft = ChannelChange(handle: "brass-lamps", name: "Lata", market: "US")
    let host = try await square.person("Hari")
    try await commerce.addMember(by: square.owner, channel: square.channel.id, email: "hari@example.com", role: .host)
    await #expect(throws: GeneralRefusal.notAllowed(need: "an owner of the channel")) {
      try await commerce.changeChannel(square.channel.id, by: host, draft)
    }
    for caller in [try await square.person("Sam"), square.operator] {
      await #expect(throws: GeneralRefusal.notFound("channel")) {
        try await commerce.changeChannel(square.channel.id, by: caller, draft)
      }
    }
    let changed = try await commerce.changeChannel(square.channel.id, by: square.owner, draft)
    #expect(changed.handle == "brass-lamps")
    #expect(try await commerce.channel(handle: "brass-lamps") == changed)
    await #expect(throws: GeneralRefusal.notFound("channel")) { try await commerce.channel(handle: "lamps") }
  }

  @Test(arguments: Engine.allCases)
  func `channels that are not approved are listed to the operator`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    try await commerce.admitChannel(square.channel.id, by: square.operator, as: .suspended, because: Verdict(.rules))
    #expect(try await commerce.channels().items.isEmpty)
    #expect(try await commerce.channels(state: .suspended, by: square.operator).items.map(\.handle) == ["lamps"])
    for caller in [Caller.nobody, square.owner] {
      await #expect(throws: GeneralRefusal.self) { try await commerce.channels(state: .suspended, by: caller) }
      await #expect(throws: GeneralRefusal.self) { try await commerce.openShows(of: square.channel.id, by: caller) }
    }
    #expect(try await commerce.openShows(of: square.channel.id, by: square.operator) == [square.show.id])
  }

  @Test(arguments: Engine.allCases)
  func `a market of control characters has no offers`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let cards = try await square.commerce.cards(channel: square.channel.id, market: "\u{0}").items
    #expect(cards.count == 1 && cards[0].variants[0].offer == nil)
    await #expect(throws: GeneralRefusal.self) {
      try await square.commerce.makeChannel(
        square.commerce.makeID(), by: square.owner, ChannelDraft(handle: "pots", name: "Pots", market: "I\u{0}"))
    }
  }

  @Test(arguments: Engine.allCases)
  func `a channel keeps an owner`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let owner = try #require(square.owner.account)
    await #expect(throws: ChannelRefusal.lastOwner) {
      try await commerce.removeMember(by: square.owner, channel: square.channel.id, account: owner)
    }
    await #expect(throws: ChannelRefusal.lastOwner) {
      try await commerce.addMember(
        by: square.owner, channel: square.channel.id, email: MarketSquare.ownerEmail, role: .host)
    }
    let second = try await square.person("Sita")
    let (member, _) = try await commerce.addMember(
      by: square.owner, channel: square.channel.id, email: "SITA@example.com", role: .owner)
    #expect(member.account == second.account)
    try await commerce.removeMember(by: square.owner, channel: square.channel.id, account: owner)
    #expect(try await commerce.members(of: square.channel.id, by: second).map(\.account) == [member.account])
    await #expect(throws: GeneralRefusal.notFound("channel")) {
      try await commerce.members(of: square.channel.id, by: square.owner)
    }
  }

  @Test(arguments: Engine.allCases)
  func `a member may leave, and may not send others away`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let host = try await square.person("Hari")
    try await commerce.addMember(by: square.owner, channel: square.channel.id, email: "hari@example.com", role: .host)
    #expect(try await commerce.channels(by: host).map(\.1) == [.host])
    await #expect(throws: GeneralRefusal.notAllowed(need: "an owner of the channel")) {
      try await commerce.removeMember(
        by: host, channel: square.channel.id, account: try #require(square.owner.account))
    }
    try await commerce.removeMember(by: host, channel: square.channel.id, account: try #require(host.account))
    #expect(try await commerce.channels(by: host).isEmpty)
    await #expect(throws: ChannelRefusal.noSuchPerson) {
      try await commerce.addMember(
        by: square.owner, channel: square.channel.id, email: "nobody@example.com", role: .host)
    }
  }

  @Test(arguments: Engine.allCases)
  func `a stream key goes with the role of whoever made it`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let (channel, show) = (square.channel.id, square.show.id)
    let host = try await square.person("Hari")
    let account = try #require(host.account)
    func role(_ role: Role) async throws -> StreamCut {
      try await commerce.addMember(by: square.owner, channel: channel, email: "hari@example.com", role: role).cut
    }
    #expect(try await role(.host).shows.isEmpty)
    let made = try await commerce.makeStreamKey(by: host, show: show)
    #expect(try await role(.owner).keys.isEmpty, "an owner may broadcast")
    #expect(try await commerce.show(streamKey: made.text)?.id == show)
    #expect(try await role(.moderator) == StreamCut(account: account, shows: [show], keys: [show]))
    #expect(try await commerce.show(streamKey: made.text) == nil)

    // Another's key stays, and so does one that took the place of theirs.
    _ = try await role(.host)
    _ = try await commerce.makeStreamKey(by: host, show: show)
    let owners = try await commerce.makeStreamKey(by: square.owner, show: show)
    let cut = try await commerce.removeMember(by: square.owner, channel: channel, account: account)
    #expect(cut == StreamCut(account: account, shows: [show], keys: []))
    #expect(try await commerce.show(streamKey: owners.text)?.id == show)
  }

  @Test(arguments: Engine.allCases)
  func `where admission is by application, an operator decides, and only members see the channel`(
    engine: Engine
  ) async throws {
    var policy = MarketSquare.policy
    policy.admission = .application
    let square = try await Applicant(engine, policy: policy)
    #expect(square.channel.state == .applied)
    let commerce = square.commerce
    await #expect(throws: GeneralRefusal.notFound("channel")) { try await commerce.channel(handle: "pots") }
    #expect(try await commerce.channel(handle: "pots", by: square.owner).id == square.channel.id)
    #expect(try await commerce.channels().items.isEmpty)
    await #expect(throws: GeneralRefusal.notAllowed(need: "the operator of this installation")) {
      try await commerce.admitChannel(square.channel.id, by: square.owner, as: .approved)
    }
    #expect(try await commerce.admitChannel(square.channel.id, by: square.operator, as: .approved).state == .approved)
    #expect(try await commerce.channels().items.map(\.id) == [square.channel.id])
    #expect(try await commerce.channel(handle: "pots").id == square.channel.id)
    await #expect(throws: ChannelRefusal.wrongTurn(from: .approved, to: .applied)) {
      try await commerce.admitChannel(square.channel.id, by: square.operator, as: .applied)
    }
    #expect(
      try await commerce.admitChannel(square.channel.id, by: square.operator, as: .suspended, because: Verdict(.rules))
        .state == .suspended)
    await #expect(throws: GeneralRefusal.notFound("channel")) { try await commerce.channel(square.channel.id) }
  }

  @Test(arguments: Engine.allCases)
  func `pages of channels neither repeat nor miss one`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    for number in 0..<6 {
      // Two of each millisecond, so that the id decides too.
      if number.isMultiple(of: 2) { square.clock.advance(milliseconds: 1) }
      _ = try await commerce.makeChannel(
        commerce.makeID(), by: square.owner, ChannelDraft(handle: "shop-\(number)", name: "Shop", market: "IN"))
    }
    var seen: [String] = []
    var cursor: Cursor?
    repeat {
      let page = try await commerce.channels(after: cursor, limit: 3)
      #expect(page.items.count <= 3)
      seen += page.items.map(\.handle)
      cursor = try page.next.map { try #require(Cursor($0.description)) }
    } while cursor != nil
    #expect(seen.count == 7)
    #expect(Set(seen).count == 7)
    #expect(seen.last == "lamps")
    await #expect(throws: GeneralRefusal.self) { try await commerce.channels(limit: 101) }
    await #expect(throws: GeneralRefusal.self) { try await commerce.channels(limit: 0) }
  }

  @Test(arguments: ["", "x", "AAAA", String(repeating: "A", count: 31), String(repeating: "*", count: 32), "😀"])
  func `a cursor that is not ours is nil`(text: String) {
    #expect(Cursor(text) == nil)
  }

  @Test(arguments: Engine.allCases)
  func `only the operator sets a market, and its currency stays`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    #expect(try await commerce.markets() == [square.india, square.america])
    var india = square.india
    india.isOpen = false
    india.shippingFreeFromMinor = nil
    await #expect(throws: GeneralRefusal.notAllowed(need: "the operator of this installation")) {
      try await commerce.putMarket(by: square.owner, india)
    }
    // What a caller says of itself does not make an operator.
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.putMarket(by: Caller(account: square.owner.account, isOperator: true), india)
    }
    try await commerce.putMarket(by: square.operator, india)
    #expect(try await commerce.market("IN") == india)
    india.currency = square.america.currency
    await #expect(throws: MarketRefusal.currencyFixed(square.india.currency)) {
      try await commerce.putMarket(by: square.operator, india)
    }
    for code in ["FR", "in", "", "I\u{0}"] {
      await #expect(throws: GeneralRefusal.notFound("market")) { try await commerce.market(code) }
    }
  }

  @Test func `a market's wrong field is named`() async throws {
    let square = try await MarketSquare(.sqlite)
    func field(_ change: (inout Market) -> Void) async -> String? {
      var market = square.india
      change(&market)
      let refusal = await #expect(throws: GeneralRefusal.self) {
        try await square.commerce.putMarket(by: square.operator, market)
      }
      return refusal?.field
    }
    #expect(await field { $0.code = "IND" } == "code")
    #expect(await field { $0.name = " " } == "name")
    #expect(await field { $0.languages = [] } == "languages")
    #expect(await field { $0.languages = ["en", "en"] } == "languages")
    #expect(await field { $0.languages = ["en'; DROP TABLE"] } == "languages")
    #expect(await field { $0.shippingMinor = -1 } == "shippingMinor")
    #expect(await field { $0.shippingFreeFromMinor = .max } == "shippingFreeFromMinor")
  }
}

/// An installation that admits by application, and a channel that has applied.
private struct Applicant {
  let testDatabase: TestDatabase
  let commerce: Commerce
  let `operator`: Caller
  let owner: Caller
  let channel: Channel

  init(_ engine: Engine, policy: Policy) async throws {
    testDatabase = try await engine.database(Commerce.migrations)
    commerce = Commerce(database: testDatabase.database, policy: policy, providers: .none)
    let token = try #require(try await commerce.setupToken())
    `operator` = Caller(
      try await commerce.makeOperator(
        token: token.text, email: "o@example.com", name: "O", password: MarketSquare.password))
    owner = Caller(
      try await commerce.makeAccount(
        commerce.makeID(), email: "p@example.com", name: "P", password: MarketSquare.password))
    try await commerce.putMarket(
      by: `operator`,
      Market(
        code: "IN", currency: try #require(Currency("INR")), name: "India", languages: ["en"], commission: .zero))
    channel = try await commerce.makeChannel(
      commerce.makeID(), by: owner,
      ChannelDraft(handle: "pots", name: "Pots", market: "IN", application: ChannelApplication(sells: "Pots")))
  }
}
