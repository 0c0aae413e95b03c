import Foundation
import Logging
import Store
import TestKit
import Testing

@testable import Commerce

/// What an operator turns off while the house runs: each is refused, and works again when it is on again.
@Suite(.timeLimit(.minutes(3))) struct SwitchTests {
  /// Refused while it is off, with the operator's words, and done once it is on again.
  private static func expect(
    _ feature: Feature, _ square: MarketSquare, _ what: @Sendable () async throws -> Void
  ) async throws {
    let (commerce, house) = (square.commerce, square.operator)
    try await commerce.flip(feature, to: false, by: house, reason: "a test", notice: "Back at nine.")
    await #expect(throws: SwitchedOff(feature: feature, notice: "Back at nine.")) { try await what() }
    try await commerce.flip(feature, to: true, by: house, reason: "")
    try await what()
  }

  @Test(arguments: Engine.allCases)
  func `a flip is kept with who did it and why, and other processes learn of it`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, house) = (square.commerce, square.operator)
    let other = Commerce(
      database: try await Database.open(square.testDatabase.location, logger: Logger(label: "other")),
      clock: square.clock.wallClock, policy: MarketSquare.policy, providers: .none)
    #expect(commerce.switches.isAllOn && Feature.allCases.allSatisfy(commerce.switches.isOn))
    #expect(try await other.readSwitches() == false, "nothing was flipped")
    let flipped = try await commerce.flip(.auctions, to: false, by: house, reason: "A bidder cheats")
    #expect(!flipped.isOn && flipped.account == house.account && !commerce.switches.isOn(.auctions))
    #expect(commerce.switches.isOn(.giveaways) && other.switches.isOn(.auctions))
    #expect(try await other.readSwitches() && !other.switches.isOn(.auctions))
    #expect(try await other.readSwitches() == false, "known already")
    // The same again is no flip; other words are one.
    square.clock.advance(seconds: 1)
    try await commerce.flip(.auctions, to: false, by: house, reason: "Again")
    #expect(try await commerce.switchEvents(by: house).items.count == 1)
    try await commerce.flip(.auctions, to: false, by: house, reason: "Words", notice: "Tomorrow")
    #expect(commerce.switches.notice(.auctions) == "Tomorrow")
    #expect(try await other.readSwitches())
    square.clock.advance(seconds: 1)
    try await commerce.flip(.auctions, to: true, by: house, reason: "", notice: "is forgotten")
    #expect(commerce.switches.isAllOn && commerce.switches.notice(.auctions) == "")
    let events = try await commerce.switchEvents(by: house).items
    #expect(events.map(\.isOn) == [true, false, false] && events.map(\.reason) == ["", "Words", "A bidder cheats"])
    #expect(events.allSatisfy { $0.accountName == "Omana" })
    let all = try await commerce.featureSwitches(by: house)
    #expect(all.map(\.feature) == Feature.allCases && all.filter { $0.changed != nil }.map(\.feature) == [.auctions])
    await other.database.close()
  }

  @Test func `only an operator flips, and says why`() async throws {
    let square = try await MarketSquare(.sqlite)
    await #expect(throws: GeneralRefusal.self) {
      try await square.commerce.flip(.checkout, to: false, by: square.owner, reason: "mine")
    }
    await #expect(throws: GeneralRefusal.self) {
      try await square.commerce.flip(.checkout, to: false, by: square.operator, reason: " ")
    }
    await #expect(throws: GeneralRefusal.self) { try await square.commerce.featureSwitches(by: square.owner) }
    await #expect(throws: GeneralRefusal.self) { try await square.commerce.switchEvents(by: .nobody) }
    #expect(square.commerce.switches.isAllOn)
    #expect(SwitchedOff(feature: .checkout, notice: "").code == "checkout_off")
    #expect(SwitchedOff(feature: .checkout, notice: "Later").code == "checkout_off_said")
  }

  @Test func `nobody makes an account, opens a channel or begins a show`() async throws {
    let square = try await MarketSquare(.sqlite)
    let commerce = square.commerce
    let account: ID<Account> = commerce.makeID()
    try await Self.expect(.signUp, square) {
      _ = try await commerce.makeAccount(
        account, email: "new@example.com", name: "New", password: MarketSquare.password)
    }
    let channel: ID<Channel> = commerce.makeID()
    try await Self.expect(.channels, square) {
      _ = try await commerce.makeChannel(
        channel, by: Caller(account: account), ChannelDraft(handle: "new-one", name: "New", market: "IN"))
    }
    let show = try await commerce.scheduleShow(
      commerce.makeID(), by: square.owner, channel: square.channel.id,
      ShowDraft(title: "Another", scheduledAt: square.clock.now, markets: ["IN"]))
    try await Self.expect(.shows, square) { _ = try await commerce.startShow(by: square.owner, show: show.id) }
    // One on air goes on while it is off.
    try await commerce.flip(.shows, to: false, by: square.operator, reason: "Maintenance")
    #expect(try await commerce.startShow(by: square.owner, show: square.show.id).state == .live)
    try await commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id)
  }

  @Test func `no auction, giveaway or word to claim by is opened, and a comment reserves nothing`() async throws {
    let square = try await MarketSquare(.sqlite)
    let (commerce, show, owner) = (square.commerce, square.show.id, square.owner)
    let auction: ID<Auction> = commerce.makeID()
    try await Self.expect(.auctions, square) {
      _ = try await commerce.openAuction(
        auction, by: owner, show: show,
        AuctionDraft(
          variant: square.lampVariant, market: "IN", openingMinor: 50_000, incrementMinor: nil, durationSeconds: 60,
          isSuddenDeath: false))
    }
    try await commerce.cancelAuction(auction, by: owner, show: show)
    let giveaway: ID<Giveaway> = commerce.makeID()
    try await Self.expect(.giveaways, square) {
      _ = try await commerce.openGiveaway(
        giveaway, by: owner, show: show, GiveawayDraft(prize: "A lamp", durationSeconds: 60))
    }
    let word: ID<ClaimWord> = commerce.makeID()
    try await Self.expect(.claims, square) {
      _ = try await commerce.openClaimWord(
        word, by: owner, show: show, ClaimWordDraft(product: square.lamp.id, market: "IN", word: "sold 12"))
    }
    func say() async throws -> ClaimOutcome? {
      try await commerce.speak(
        commerce.makeID(), by: .nobody, show: show, text: "sold 12", visitor: String(repeating: "v", count: 40)
      ).claim
    }
    #expect(try await commerce.liveState(show).claimWords.count == 1)
    try await commerce.flip(.claims, to: false, by: square.operator, reason: "a test")
    #expect(try await say() == nil)
    #expect(try await commerce.liveState(show).claimWords.isEmpty)
    try await commerce.flip(.claims, to: true, by: square.operator, reason: "")
    #expect(try await say() != nil)
  }

  @Test func `no clip is cut, and those that are there stay`() async throws {
    let square = try await MarketSquare(.sqlite)
    let (commerce, show) = (square.commerce, square.show.id)
    try await commerce.endShow(by: square.owner, show: show)
    try await square.testDatabase.database.write { db in
      try db.run(
        """
        UPDATE recording SET state = 'ready', start_media_ms = 1000, end_media_ms = 61000, duration_ms = 60000,
          bytes = 7000000, ready_ms = \(square.clock.now) WHERE show_id = \(show)
        """)
    }
    let clip: ID<Clip> = commerce.makeID()
    let draft = ClipDraft(product: square.lamp.id, fromMediaTime: 5_000, untilMediaTime: 20_000)
    try await Self.expect(.clips, square) {
      _ = try await commerce.makeClip(clip, of: show, by: square.owner, draft)
    }
    try await commerce.clipMade(clip, bytes: 1_000, durationMilliseconds: 15_000)
    try await commerce.flip(.clips, to: false, by: square.operator, reason: "a test")
    #expect(try await commerce.clip(clip).state == .ready)
  }

  @Test func `shows are not pushed on, also those that were`() async throws {
    let square = try await MarketSquare(.sqlite)
    let (commerce, show, owner) = (square.commerce, square.show.id, square.owner)
    let target: ID<SimulcastTarget> = commerce.makeID()
    try await Self.expect(.simulcast, square) {
      _ = try await commerce.addSimulcastTarget(
        target, by: owner, show: show, address: "rtmps://live.example.com/app", key: "live_4711")
    }
    #expect(try await commerce.simulcastPushes().count == 1)
    try await commerce.flip(.simulcast, to: false, by: square.operator, reason: "a test")
    #expect(try await commerce.simulcastPushes().isEmpty)
    try await commerce.switchSimulcastTarget(target, by: owner, show: show, isOn: false)
    await #expect(throws: SwitchedOff.self) {
      try await commerce.switchSimulcastTarget(target, by: owner, show: show, isOn: true)
    }
  }

  @Test func `browsers are reminded of nothing, and of what waited when it is on again`() async throws {
    let square = try await MarketSquare(.sqlite)
    let commerce = square.commerce
    let show = try await commerce.scheduleShow(
      commerce.makeID(), by: square.owner, channel: square.channel.id,
      ShowDraft(title: "Another", scheduledAt: square.clock.now.adding(seconds: 7_200), markets: ["IN"]))
    let subscription = try PushTests.Person(name: "asha").subscription()
    let reminder: ID<Reminder> = commerce.makeID()
    try await Self.expect(.push, square) {
      _ = try await commerce.remindByPush(reminder, of: show.id, by: .nobody, at: subscription, language: "en")
    }
    square.clock.advance(seconds: 6_600)
    try await commerce.advanceReminders()
    try await commerce.flip(.push, to: false, by: square.operator, reason: "a test")
    #expect(try await commerce.takePushes().isEmpty)
    try await commerce.flip(.push, to: true, by: square.operator, reason: "")
    #expect(try await commerce.takePushes().count == 1)
  }

  @Test func `a guest says nothing, and who is signed in does`() async throws {
    let square = try await MarketSquare(.sqlite)
    let (commerce, show) = (square.commerce, square.show.id)
    let asha = try await square.person("Asha")
    let said: ID<Message> = commerce.makeID()
    try await Self.expect(.guestChat, square) {
      _ = try await commerce.say(said, by: .nobody, show: show, name: "Ravi", text: "hello")
    }
    try await commerce.flip(.guestChat, to: false, by: square.operator, reason: "a test")
    _ = try await commerce.say(commerce.makeID(), by: asha, show: show, text: "hello")
    // What was said before is the same message again.
    _ = try await commerce.say(said, by: .nobody, show: show, name: "Ravi", text: "hello")
  }

  @Test func `nothing is paid out by itself`() async throws {
    let stall = try await Stall(.sqlite, prices: [129_900], units: 60)
    let commerce = stall.commerce
    let house = Caller(account: commerce.makeID())
    try await stall.database.write { db in
      let account = house.account.unsafelyUnwrapped
      try Stall.insertAccount(account, "op@example.com", at: stall.clock.now, in: db)
      try db.run("UPDATE account SET is_operator = 1 WHERE id = \(account)")
    }
    try await commerce.setPayoutDestination(
      of: .channel(stall.channel), by: stall.owner,
      BankAccount(holder: "Meera Pottery", number: "000111222333", code: "hdfc 0001234"))
    let sold = try await stall.sell()
    let parcel = try await commerce.ship(sold.order.id, by: stall.owner)
    _ = try await commerce.deliver(parcel.id, of: sold.order.id, by: stall.owner)
    stall.clock.advance(days: 4)
    #expect(try await commerce.settleOrders() == 1)
    try await commerce.flip(.payouts, to: false, by: house, reason: "The bank is closed")
    #expect(try await commerce.preparePayouts() == 0)
    try await commerce.flip(.payouts, to: true, by: house, reason: "")
    #expect(try await commerce.preparePayouts() == 1)
  }
}
