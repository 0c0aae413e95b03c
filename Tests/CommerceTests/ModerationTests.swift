import Store
import TestKit
import Testing

@testable import Commerce

/// Who may speak in a show's chat, and what moderators do about who does.
@Suite struct ModerationTests {
  private static let ravi = String(repeating: "r", count: 40)
  private static let mira = String(repeating: "m", count: 40)

  private struct Square {
    let market: MarketSquare
    let host: Caller
    let moderator: Caller
    let packer: Caller
    let asha: Caller

    init(_ engine: Engine, policy: Policy = MarketSquare.policy) async throws {
      market = try await MarketSquare(engine, policy: policy)
      host = try await market.person("Hari")
      moderator = try await market.person("Mona")
      packer = try await market.person("Pia")
      asha = try await market.person("Asha")
      for (name, role) in [("hari", Role.host), ("mona", .moderator), ("pia", .fulfilment)] {
        try await market.commerce.addMember(
          by: market.owner, channel: market.channel.id, email: "\(name)@example.com", role: role)
      }
    }

    var commerce: Commerce { market.commerce }
    var show: ID<Show> { market.show.id }
    var channel: ID<Channel> { market.channel.id }

    func say(
      _ text: String = "hello", _ caller: Caller = .nobody, visitor: String? = nil, address: String? = nil,
      show: ID<Show>? = nil, name: String? = nil
    ) async throws -> Message {
      try await commerce.say(
        commerce.makeID(), by: caller, show: show ?? self.show, name: name, text: text, visitor: visitor,
        address: address)
    }

    /// The code of what it is refused for; nil when it was said.
    func no(
      _ caller: Caller = .nobody, _ text: String = "hello", visitor: String? = nil, address: String? = nil,
      show: ID<Show>? = nil
    ) async throws -> String? {
      try await refusal { try await say(text, caller, visitor: visitor, address: address, show: show) }
    }

    func restrict(
      _ message: Message, _ kind: ChatRestriction.Kind = .ban, minutes: Int64? = nil, by caller: Caller? = nil,
      note: String = ""
    ) async throws -> ChatRestriction {
      try await commerce.restrict(
        by: caller ?? moderator, show: message.show, message: message.id,
        ChatRestrictionDraft(kind: kind, minutes: minutes, reason: .abuse, note: note))
    }

    func another(channel: ID<Channel>? = nil) async throws -> ID<Show> {
      let show = try await commerce.scheduleShow(
        commerce.makeID(), by: market.owner, channel: channel ?? self.channel,
        ShowDraft(title: "Another", scheduledAt: market.clock.now, markets: ["IN"]))
      return show.id
    }

    func run(_ sql: SQL) async throws { try await market.testDatabase.database.write { db in _ = try db.run(sql) } }
    func number(_ sql: SQL) async throws -> Int64 {
      try await market.testDatabase.database.read { db in try db.requireRow(sql).get("n") }
    }
    func differences() async throws -> [String] { try await commerce.audit().differences }
  }

  @Test(arguments: Engine.allCases)
  func `who is banned does not speak in any of the channel's shows, with whatever they come back`(engine: Engine)
    async throws
  {
    let square = try await Square(engine)
    let rude = try await square.say("rude", square.asha, visitor: Self.ravi, address: "203.0.113.7")
    let ban = try await square.restrict(rude, note: "again and again")
    #expect(
      ban.kind == .ban && ban.name == "Asha" && ban.isAccount && ban.until == nil && ban.note == "again and again")
    // Another browser, their browser without the account, with another, and a guest from where they are.
    #expect(try await square.no(square.asha, visitor: Self.mira, address: "198.51.100.1") == "chat_banned")
    #expect(try await square.no(visitor: Self.ravi, address: "198.51.100.1") == "chat_banned")
    let other = try await square.market.person("Omar")
    #expect(try await square.no(other, visitor: Self.ravi) == "chat_banned")
    #expect(try await square.no(visitor: Self.mira, address: "203.0.113.7") == "chat_banned")
    // An address is many people's: who has an account speaks from it, and in another show everybody does.
    #expect(try await square.no(other, visitor: Self.mira, address: "203.0.113.7") == nil)
    let later = try await square.another()
    #expect(try await square.no(square.asha, show: later) == "chat_banned")
    #expect(try await square.no(visitor: Self.ravi, show: later) == "chat_banned")
    #expect(try await square.no(visitor: Self.mira, address: "203.0.113.7", show: later) == nil)
    // Time does not end it, and in another's shows nothing is known of it.
    square.market.clock.advance(days: 400)
    #expect(try await square.no(square.asha, show: later) == "chat_banned")
    let rugs = try await square.commerce.makeChannel(
      square.commerce.makeID(), by: square.market.owner, ChannelDraft(handle: "rugs", name: "Rugs", market: "IN"))
    let elsewhere = try await square.another(channel: rugs.id)
    #expect(try await square.no(square.asha, visitor: Self.ravi, show: elsewhere) == nil)
    // They see the room as before.
    #expect(try await square.commerce.show(square.show, by: square.asha).id == square.show)
    try await square.commerce.liftRestriction(ban.id, by: square.host)
    #expect(try await square.no(square.asha, visitor: Self.ravi, show: later) == nil)
    #expect(try await square.commerce.restrictions(of: square.channel, by: square.host).items.isEmpty)
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a guest is banned by their browser, and for the rest of the show by where they are`(engine: Engine) async throws
  {
    let square = try await Square(engine)
    let spam = try await square.say("spam", visitor: Self.ravi, address: "203.0.113.7", name: "Ravi")
    #expect(try await !square.restrict(spam).isAccount)
    #expect(try await square.no(visitor: Self.ravi, address: "198.51.100.1") == "chat_banned")
    // Their storage cleared, and without scripts.
    #expect(try await square.no(visitor: Self.mira, address: "203.0.113.7") == "chat_banned")
    #expect(try await square.no(address: "203.0.113.7") == "chat_banned")
    #expect(try await square.no(visitor: Self.mira, address: "203.0.113.8") == nil)
    // What is kept is not the address.
    #expect(try await square.number("SELECT COUNT(*) AS n FROM message WHERE address IS NOT NULL") == 2)
    #expect(
      try await square.number(
        "SELECT COUNT(*) AS n FROM message WHERE address = \(Array("203.0.113.7".utf8))") == 0)
    // Who is muted is known by their browser: others at the address go on.
    let loud = try await square.say("loud", visitor: Self.mira, address: "203.0.113.9")
    _ = try await square.restrict(loud, .mute, minutes: 1)
    #expect(try await square.no(visitor: Self.mira, address: "198.51.100.1") == "chat_muted")
    #expect(try await square.no(visitor: String(repeating: "x", count: 40), address: "203.0.113.9") == nil)
    // Who shows nothing else is known by the address.
    let bare = try await square.say("bare", address: "203.0.113.10")
    _ = try await square.restrict(bare, .mute, minutes: 1)
    #expect(try await square.no(address: "203.0.113.10") == "chat_muted")
    let unknown = try await square.say("who?")
    #expect(try await refusal { try await square.restrict(unknown) } == "chat_unknown_speaker")
  }

  @Test(arguments: Engine.allCases)
  func `a mute ends by itself, a new one takes its place, and undone it is over`(engine: Engine) async throws {
    let square = try await Square(engine)
    let loud = try await square.say("loud", square.asha)
    for minutes in [Int64(0), 1_441, .max, -1] {
      #expect(try await refusal { try await square.restrict(loud, .mute, minutes: minutes) } == "invalid")
    }
    let mute = try await square.restrict(loud, .mute, minutes: 2)
    #expect(mute.until == square.market.clock.now.adding(seconds: 120))
    await #expect(throws: ChatRefusal.muted(seconds: 120)) { try await square.say("loud", square.asha) }
    square.market.clock.advance(seconds: 119)
    #expect(try await square.no(square.asha) == "chat_muted")
    #expect(
      try await square.commerce.restrictions(of: square.channel, by: square.moderator).items.map(\.id) == [mute.id])
    square.market.clock.advance(seconds: 1)
    #expect(try await square.no(square.asha) == nil)
    #expect(try await square.commerce.restrictions(of: square.channel, by: square.moderator).items.isEmpty)

    let ban = try await square.restrict(loud)
    let milder = try await square.restrict(loud, .mute, minutes: 1_440)
    #expect(
      try await square.commerce.restrictions(of: square.channel, by: square.moderator).items.map(\.id) == [milder.id])
    #expect(try await square.no(square.asha) == "chat_muted")
    #expect(try await square.commerce.liftRestriction(milder.id, by: square.moderator).lifted != nil)
    _ = try await square.commerce.liftRestriction(milder.id, by: square.moderator)
    #expect(try await square.no(square.asha) == nil)
    let log = try await square.commerce.chatLog(of: square.channel, by: square.moderator).items
    #expect(log.map(\.kind).sorted { $0.rawValue < $1.rawValue } == [.ban, .lift, .mute, .mute])
    #expect(log.map(\.isInForce) == [false, false, false, false])
    #expect(log.contains { $0.restriction == ban.id && $0.reason == .abuse && $0.by == "Mona" && $0.target == "Asha" })
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `the channel's own people are neither muted nor held up, and nobody else moderates`(engine: Engine) async throws
  {
    let square = try await Square(engine)
    let rude = try await square.say("rude", square.asha)
    for (who, code) in [(Caller.nobody, "sign_in_needed"), (square.asha, "not_found"), (square.packer, "not_allowed")] {
      #expect(try await refusal { try await square.restrict(rude, by: who) } == code)
      #expect(try await refusal { try await square.commerce.chatLog(of: square.channel, by: who) } != nil)
      #expect(try await refusal { try await square.commerce.chatLogFile(of: square.channel, by: who) } != nil)
      #expect(try await refusal { try await square.commerce.restrictions(of: square.channel, by: who) } != nil)
      #expect(try await refusal { try await square.commerce.heldMessages(of: square.channel, by: who) } != nil)
      #expect(try await refusal { try await square.commerce.reportedMessages(of: square.channel, by: who) } != nil)
      #expect(try await refusal { try await square.commerce.chatWords(of: square.channel, by: who) } != nil)
      #expect(
        try await refusal { try await square.commerce.putChatWord("x", .hide, by: who, channel: square.channel) } != nil
      )
      #expect(
        try await refusal { try await square.commerce.setChatMode(.open, by: who, show: square.show) } == code)
    }
    #expect(
      try await refusal { try await square.commerce.setChatMode(.open, by: square.moderator, show: square.show) }
        == "not_allowed")
    for who in [square.market.owner, square.host, square.moderator] {
      let said = try await square.say("from us", who)
      #expect(try await refusal { try await square.restrict(said) } == "chat_staff")
    }
    // A packer is no moderator: of the chat's rules none is for them alone.
    _ = try await square.restrict(square.say("packing", square.packer), .mute, minutes: 1)
    #expect(try await square.no(square.packer) == "chat_muted")
    try await square.commerce.putChatWord("forbidden", .hide, by: square.moderator, channel: square.channel)
    try await square.commerce.setChatMode(
      ChatMode(slowSeconds: 300, audience: .buyers), by: square.host, show: square.show)
    for who in [square.market.owner, square.host, square.moderator] {
      for _ in 0..<2 { #expect(try await square.no(who, "forbidden: https://example.com") == nil) }
    }
    // Whoever gets a role may speak again, and may not once it is gone.
    let ban = try await square.restrict(rude)
    try await square.commerce.addMember(
      by: square.market.owner, channel: square.channel, email: "asha@example.com", role: .moderator)
    #expect(try await square.no(square.asha) == nil)
    #expect(ban.lifted == nil)
    try await square.commerce.removeMember(
      by: square.market.owner, channel: square.channel, account: #require(square.asha.account))
    #expect(try await square.no(square.asha) == "chat_banned")
  }

  @Test(arguments: Engine.allCases)
  func `in slow mode everybody waits for themselves alone, and what is refused costs nobody their turn`(engine: Engine)
    async throws
  {
    let square = try await Square(engine)
    for seconds in [Int64(1), 2, 301, -3, .max] {
      #expect(
        try await refusal {
          try await square.commerce.setChatMode(ChatMode(slowSeconds: seconds), by: square.host, show: square.show)
        } == "invalid")
    }
    try await square.commerce.setChatMode(ChatMode(slowSeconds: 30), by: square.host, show: square.show)
    #expect(try await square.commerce.drainOutbox().contains(.chat(square.show)))
    let id = square.commerce.makeID(Message.self)
    for _ in 0..<2 {
      _ = try await square.commerce.say(id, by: square.asha, show: square.show, text: "once, tried again")
    }
    await #expect(throws: ChatRefusal.slow(seconds: 30)) { try await square.say("twice", square.asha) }
    #expect(try await square.no(visitor: Self.ravi) == nil)
    #expect(try await square.no(visitor: Self.mira) == nil)
    #expect(try await square.no(visitor: Self.ravi) == "chat_slow")
    square.market.clock.advance(milliseconds: 29_999)
    await #expect(throws: ChatRefusal.slow(seconds: 1)) { try await square.say("early", square.asha) }
    square.market.clock.advance(milliseconds: 1)
    #expect(try await square.no(square.asha, "see www.example.com") == "chat_links")
    #expect(try await square.no(square.asha) == nil)
    // Another show has its own pace.
    #expect(try await square.no(square.asha, show: square.another()) == nil)
    try await square.commerce.setChatMode(.open, by: square.host, show: square.show)
    #expect(try await square.no(square.asha) == nil)
    let log = try await square.commerce.chatLog(of: square.channel, by: square.moderator).items
    #expect(log.map(\.detail) == ["0 s, everyone, no links", "30 s, everyone, no links"])
  }

  @Test(arguments: Engine.allCases)
  func `however many a viewer sends at once, in slow mode one is said`(engine: Engine) async throws {
    let square = try await Square(engine)
    try await square.commerce.setChatMode(ChatMode(slowSeconds: 30), by: square.host, show: square.show)
    let said = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { try await square.no(visitor: Self.ravi) == nil } }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(said == 1)
  }

  @Test(arguments: Engine.allCases)
  func `only followers speak where the host says so, and only buyers`(engine: Engine) async throws {
    let square = try await Square(engine)
    try await square.commerce.setChatMode(ChatMode(audience: .followers), by: square.host, show: square.show)
    #expect(try await square.no(visitor: Self.ravi) == "chat_followers_only")
    #expect(try await square.no(square.asha) == "chat_followers_only")
    try await square.commerce.follow(square.channel, by: square.asha)
    #expect(try await square.no(square.asha) == nil)
    try await square.commerce.setChatMode(ChatMode(audience: .buyers), by: square.host, show: square.show)
    #expect(try await square.no(square.asha) == "chat_buyers_only")
    #expect(try await square.no() == "chat_buyers_only")
  }

  @Test(arguments: Engine.allCases)
  func `a buyer is who has paid the channel, and was not paid back`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let show = try await stall.liveShow()
    let account: ID<Account> = stall.commerce.makeID()
    try await stall.database.write { db in
      try Stall.insertAccount(account, "asha@example.com", at: stall.clock.now, in: db)
    }
    let asha = Caller(account: account)
    try await stall.commerce.setChatMode(ChatMode(audience: .buyers), by: stall.owner, show: show)
    func no() async throws -> String? {
      try await refusal {
        try await stall.commerce.say(stall.commerce.makeID(), by: asha, show: show, text: "is it heavy?")
      }
    }
    #expect(try await no() == "chat_buyers_only")
    let placed = try await stall.place()
    try await stall.run("UPDATE orders SET account_id = \(account)")
    #expect(try await no() == "chat_buyers_only")
    _ = try await stall.pay(placed)
    #expect(try await no() == nil)
    let other = try await stall.split(off: [0])
    try await stall.run("UPDATE orders SET channel_id = \(other)")
    #expect(try await no() == "chat_buyers_only")
    try await stall.run("UPDATE orders SET channel_id = \(stall.channel), state = 'refunded'")
    #expect(try await no() == "chat_buyers_only")
  }

  @Test(arguments: Engine.allCases)
  func `links are for the channel's own people, unless the host lets viewers send them`(engine: Engine) async throws {
    let square = try await Square(engine)
    #expect(try await square.no(square.asha, "look: https://example.com/x") == "chat_links")
    // A guest's name is as good a place.
    #expect(try await refusal { try await square.say("hi", name: "spam.example.com") } == "chat_links")
    try await square.commerce.setChatMode(ChatMode(allowsLinks: true), by: square.host, show: square.show)
    #expect(try await square.no(square.asha, "look: https://example.com/x") == nil)
    #expect(try await square.commerce.chatMode(of: square.show) == ChatMode(allowsLinks: true))
  }

  @Test(arguments: [
    ("http://x", true), ("HTTPS://EXAMPLE.COM", true), ("www.lamps", true), ("buy at lamps.shop now", true),
    ("lamps.shop/deal?x=1", true), ("t.me/cheap", true), ("ｅｘａｍｐｌｅ．ｃｏｍ", true), ("example。com", true),
    ("दुकान.भारत", true), ("(evil.com)", true), ("me@example.com", true), ("ex\u{200B}ample.com", true),
    ("It is nice. Come in.", false), ("₹1,299.00 or 1299.50?", false), ("wait...what", false), ("12.5 / 3", false),
    ("Rs.500", false), ("and/or", false), ("yes!! 10/10", false), ("size s.m.l", false), ("अच्छा है। कितने का?", false),
  ])
  func `a link is told from a sentence`(text: String, isLink: Bool) {
    #expect(ChatText.hasLink(text) == isLink)
  }

  @Test(arguments: [
    ("idiot", "You IDIOT!", true), ("idiot", "1d10t", true), ("idiot", "ｉｄｉｏｔ", true), ("idiot", "ïdïöt", true),
    ("idiot", "i d i o t", true), ("idiot", "i.d.i.o.t", true), ("idiot", "idi\u{200B}ot", true),
    ("idiot", "idiotic", false), ("idiot*", "idiotic", true), ("idiot*", "an idea", false),
    ("ass", "class, a glass", false), ("$h1p", "ship!", true), ("ship", "$h1p", true), ("buy now", "BUY  NOW", true),
    ("buy now", "buy it now", false), ("786", "order 786", true), ("786", "order 7860", false),
    ("कुत्ता", "तू कुत्ता है", true), ("कुत्ता", "कत्ता", false), ("क़ातिल", "कातिल", true), ("चाँद", "चांद!", true),
    ("कल", "काल", false), ("कल", "कल\u{200D}", true), ("дурак", "ДУРАК", true),
  ])
  func `an unwanted word is found however it is written, and no other`(entry: String, text: String, isFound: Bool) {
    let entry = ChatText.entry(entry)
    #expect(ChatText.readings(of: text).contains { ChatText.has(entry, in: $0) } == isFound)
  }

  @Test(arguments: Engine.allCases)
  func `a message with a word that is hidden is refused, one that is held waits for a moderator`(engine: Engine)
    async throws
  {
    let square = try await Square(engine)
    let (commerce, channel) = (square.commerce, square.channel)
    try await commerce.putChatWord("Idiot", .hide, by: square.moderator, channel: channel)
    let fake = try await commerce.putChatWord("fake*", .hold, by: square.moderator, channel: channel)
    #expect(try await square.no(square.asha, "you 1DI0T") == "chat_word")
    let id = commerce.makeID(Message.self)
    func sayHeld(_ text: String = "is this fakery?") async throws -> Message {
      try await commerce.say(
        id, by: .nobody, show: square.show, name: "Ravi", text: text, visitor: Self.ravi, address: "203.0.113.7")
    }
    let held = try await sayHeld()
    #expect(held.isHeld && held.text == "is this fakery?")
    #expect(try await sayHeld() == held)
    await #expect(throws: IDTaken(what: "message")) { try await sayHeld("something else") }
    // Nobody reads it yet.
    #expect(try await !commerce.numberTimeline(square.show).contains { $0.kind == .message })
    let waiting = try await commerce.heldMessages(of: channel, show: square.show, by: square.moderator)
    #expect(waiting.map(\.message.id) == [id] && waiting.map(\.word) == ["fake*"])
    let elsewhere = try await square.another()
    #expect(try await commerce.heldMessages(of: channel, show: elsewhere, by: square.moderator).isEmpty)
    #expect(try await refusal { try await commerce.decideHeld(id, approve: true, by: square.asha) } == "not_found")
    try await commerce.decideHeld(id, approve: true, by: square.moderator)
    #expect(try await refusal { try await commerce.decideHeld(id, approve: true, by: square.moderator) } == "not_found")
    #expect(try await commerce.numberTimeline(square.show).map(\.kind) == [.message])
    #expect(try await commerce.heldMessages(of: channel, by: square.moderator).isEmpty)
    // It is theirs, as what is said at once: who said it can be banned, and tried again it is the same.
    #expect(try await sayHeld().id == id)
    let refused = try await square.say("fake!", square.asha)
    // Already while it waits.
    _ = try await square.restrict(refused)
    try await commerce.decideHeld(refused.id, approve: false, by: square.moderator)
    #expect(try await commerce.numberTimeline(square.show).isEmpty)
    #expect(try await square.no(square.asha) == "chat_banned")
    for number in 0..<5 { _ = try await square.say("fake \(number)", visitor: Self.mira) }
    #expect(try await square.no(.nobody, "fake again", visitor: Self.mira) == "chat_too_many_held")

    // Another action for the same word, however it is written.
    #expect(try await commerce.putChatWord("ＩＤＩＯＴ", .hold, by: square.moderator, channel: channel).word == "ＩＤＩＯＴ")
    #expect(try await commerce.chatWords(of: channel, by: square.moderator).map(\.action) == [.hold, .hold])
    try await commerce.removeChatWord(fake.id, by: square.moderator, channel: channel)
    try await commerce.removeChatWord(fake.id, by: square.moderator, channel: channel)
    #expect(try await !square.say("fake", visitor: Self.ravi).isHeld)
    #expect(
      try await refusal { try await commerce.putChatWord("!?", .hide, by: square.moderator, channel: channel) }
        == "invalid")
    // After the show's end nothing is said any more.
    let late = try await square.say("idiot", visitor: Self.ravi)
    try await commerce.endShow(by: square.host, show: square.show)
    #expect(
      try await refusal { try await commerce.decideHeld(late.id, approve: true, by: square.host) } == "show_ended")
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a message that viewers report is shown to moderators, the most reported first`(engine: Engine) async throws {
    let square = try await Square(engine)
    let (commerce, show) = (square.commerce, square.show)
    let old = try await square.say("old and bad", name: "Ravi")
    square.market.clock.advance(seconds: 1)
    let new = try await square.say("new and doubtful")
    func report(_ message: Message, _ caller: Caller = .nobody, _ visitor: String? = nil, _ reason: ChatReason = .spam)
      async throws -> String?
    {
      try await refusal {
        try await commerce.reportMessage(by: caller, show: show, message: message.id, reason, visitor: visitor)
      }
    }
    #expect(try await report(old) == "chat_no_reporter")
    #expect(try await report(old, .nobody, "short") == "chat_no_reporter")
    for _ in 0..<3 { #expect(try await report(old, .nobody, Self.ravi, .hate) == nil) }
    #expect(try await report(old, .nobody, Self.mira, .hate) == nil)
    #expect(try await report(new, square.asha) == nil)
    func listed() async throws -> [ReportedMessage] {
      try await commerce.reportedMessages(of: square.channel, show: show, by: square.moderator)
    }
    #expect(try await listed().map(\.message.id) == [new.id, old.id])
    #expect(try await listed().map(\.reports) == [1, 2])
    // From the third on it comes first.
    #expect(try await report(old, square.asha) == nil)
    #expect(try await listed().map(\.message.id) == [old.id, new.id])
    #expect(try await listed().first?.reason == .hate)
    #expect(try await square.differences() == [])
    #expect(
      try await refusal { try await commerce.settleReports(by: square.asha, show: show, message: new.id) }
        == "not_found")
    for _ in 0..<2 { try await commerce.settleReports(by: square.moderator, show: show, message: new.id) }
    #expect(try await report(new, .nobody, Self.ravi) == nil)
    #expect(try await listed().map(\.message.id) == [old.id])
    try await commerce.removeMessage(by: square.moderator, show: show, message: old.id, why: .hate, note: "not here")
    #expect(try await listed().isEmpty)
    #expect(try await report(old, square.packer) == "not_found")
    let log = try await commerce.chatLog(of: square.channel, by: square.moderator).items
    #expect(log.map(\.kind).sorted { $0.rawValue < $1.rawValue } == [.remove, .settle])
    #expect(log.contains { $0.kind == .remove && $0.target == "Ravi" && $0.reason == .hate && $0.note == "not here" })
    try await square.run("UPDATE message SET reports = 7 WHERE id = \(old.id)")
    #expect(try await square.differences().contains { $0.contains("counts 7 reports, and has 3") })
  }

  @Test(arguments: Engine.allCases)
  func `the log says who did what to whom and why, in pages and as a table without formulas`(engine: Engine)
    async throws
  {
    let square = try await Square(engine)
    let first = try await square.say("one", visitor: Self.ravi, name: "=1+1")
    _ = try await square.restrict(first, .mute, minutes: 60, note: "loud, \"again\"")
    for number in 0..<3 {
      square.market.clock.advance(seconds: 1)
      try await square.commerce.putChatWord("word \(number)", .hide, by: square.host, channel: square.channel)
    }
    var seen: [ChatAction] = []
    var cursor: Cursor?
    repeat {
      let page = try await square.commerce.chatLog(of: square.channel, by: square.moderator, after: cursor, limit: 2)
      seen += page.items
      cursor = page.next
    } while cursor != nil
    #expect(seen.map(\.kind) == [.addWord, .addWord, .addWord, .mute])
    #expect(seen.last?.isInForce == true && seen.last?.detail == "60")
    let file = String(
      decoding: try await square.commerce.chatLogFile(of: square.channel, by: square.moderator), as: UTF8.self)
    let lines = file.split(separator: "\n")
    #expect(lines.count == 5 && lines[0] == "At,Action,By,Whom,Reason,Note,Detail,Show")
    #expect(lines[4].contains(",mute,Mona,'=1+1,abuse,\"loud, \"\"again\"\"\",60,\(square.show)"))
    // Who removes what they said themselves moderates nobody.
    let mine = try await square.say("mine", square.moderator)
    try await square.commerce.removeMessage(by: square.moderator, show: square.show, message: mine.id)
    #expect(try await square.commerce.chatLog(of: square.channel, by: square.moderator).items.count == 4)
    #expect(try await square.differences() == [])
    try await square.run("DELETE FROM chat_action WHERE kind = 'mute'")
    #expect(try await square.differences().contains { $0.contains("nobody is known to have made it") })
  }

  @Test(arguments: Engine.allCases)
  func `from where something was said is forgotten with the show, from which browser after a month`(engine: Engine)
    async throws
  {
    let square = try await Square(engine)
    let known = "SELECT COUNT(*) AS n FROM message WHERE address IS NOT NULL" as SQL
    let browsers = "SELECT COUNT(*) AS n FROM message WHERE visitor IS NOT NULL" as SQL
    let said = try await square.say("hello", visitor: Self.ravi, address: "203.0.113.7")
    _ = try await square.restrict(said)
    try await square.commerce.forgetSpeakers()
    #expect(try await square.number(known) == 1)
    try await square.commerce.endShow(by: square.host, show: square.show)
    try await square.commerce.forgetSpeakers()
    #expect(try await square.number(known) == 0)
    #expect(try await square.number(browsers) == 1)
    #expect(try await square.number("SELECT COUNT(*) AS n FROM chat_restriction WHERE address IS NOT NULL") == 0)
    square.market.clock.advance(days: 31)
    try await square.commerce.forgetSpeakers()
    #expect(try await square.number(browsers) == 0)
    // A ban knows whom it is about all the same.
    #expect(try await square.no(visitor: Self.ravi, show: square.another()) == "chat_banned")
  }
}
