import Store
import TestKit
import Testing

@testable import Commerce

/// How much a channel sells in a day, how it rises, and what a suspension and a closed market stop.
@Suite struct DailyOrdersTests {
  private struct House {
    let stall: Stall
    let `operator`: Caller
    var commerce: Commerce { stall.commerce }

    init(_ engine: Engine, units: Int64 = 200) async throws {
      stall = try await Stall(engine, prices: [129_900], units: units)
      `operator` = Caller(account: stall.commerce.makeID())
      try await stall.database.write { [stall, account = `operator`.account.unsafelyUnwrapped] db in
        try Stall.insertAccount(account, "op@example.com", at: stall.clock.now, in: db)
        try db.run("UPDATE account SET is_operator = 1 WHERE id = \(account)")
      }
    }

    /// The stall in a tier of its own size.
    func limit(_ most: Int64, delivered: Int64 = 2) async throws {
      _ = try await commerce.putTiers(
        [
          Tier(level: 1, dailyOrdersMax: most, deliveredMin: 0),
          Tier(level: 2, dailyOrdersMax: most * 2, deliveredMin: delivered),
          Tier(level: 3, dailyOrdersMax: most * 3, deliveredMin: delivered * 2),
          Tier(level: 4, dailyOrdersMax: nil, deliveredMin: delivered * 3),
        ], by: `operator`)
      _ = try await commerce.setTier(of: stall.channel, by: `operator`, level: 1, isHeld: false, words: "New")
    }

    func tier() async throws -> ChannelTier {
      try await commerce.admissionStanding(of: stall.channel, by: stall.owner).tier
    }

    /// Sold, sent and arrived.
    func deliver() async throws {
      let sold = try await stall.sell()
      let parcel = try await commerce.ship(sold.order.id, by: stall.owner)
      _ = try await commerce.deliver(parcel.id, of: sold.order.id, by: stall.owner)
    }

    func audit() async throws {
      let report = try await commerce.audit()
      #expect(report.differences == [])
    }
  }

  @Test(arguments: Engine.allCases)
  func `a seller takes so many orders a day, and the day is one of UTC`(engine: Engine) async throws {
    let house = try await House(engine)
    let (stall, commerce) = (house.stall, house.commerce)
    try await house.limit(3)
    for left in [2, 1, 0] as [Int64] {
      _ = try await stall.place()
      #expect(try await house.tier().leftToday == left)
    }
    #expect(try await house.tier().isNearLimit)
    let next = DailyOrders.dayAfter(stall.clock.now)
    await #expect(throws: BagRefusal.sellerFull(until: next)) { try await stall.place() }
    await #expect(throws: BagRefusal.sellerFull(until: next), "nor is a price promised") {
      try await commerce.quote(stall.bag())
    }
    #expect(BagRefusal.sellerFull(until: next).sentence.contains("00:00 UTC"))
    #expect(try await stall.stock().reserved == 3, "nothing is held for who was refused")
    stall.clock.advance(milliseconds: next.milliseconds(since: stall.clock.now) - 1)
    try await commerce.expireOrders()
    for _ in 0..<3 { _ = try await stall.place() }
    await #expect(throws: BagRefusal.self) { try await stall.place() }
    stall.clock.advance(milliseconds: 1)
    #expect(try await house.tier().leftToday == 3)
    _ = try await stall.place()
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `an order that ends unpaid gives its place back, and one that was paid keeps it`(engine: Engine) async throws {
    let house = try await House(engine)
    let stall = house.stall
    try await house.limit(2)
    let first = try await stall.place()
    let second = try await stall.place()
    for _ in 0..<2 { _ = try await house.commerce.cancelOrder(first.order.id, token: first.access) }
    #expect(try await house.tier().leftToday == 1)
    #expect(try await stall.pay(second) == .paid)
    stall.clock.advance(seconds: 660)
    try await house.commerce.expireOrders()
    #expect(try await house.tier().ordersToday == 1)
    _ = try await house.commerce.refund(second.order.id, by: stall.owner, reason: "broken")
    #expect(try await house.tier().ordersToday == 1, "it was an order")
    let third = try await stall.place()
    await #expect(throws: BagRefusal.self) { try await stall.place() }
    stall.clock.advance(seconds: 660)
    try await house.commerce.expireOrders()
    #expect(try await stall.order(third).state == .expired)
    #expect(try await house.tier().leftToday == 1)
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a rush never brings a seller above the limit`(engine: Engine) async throws {
    let house = try await House(engine)
    try await house.limit(5)
    let placed = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<40 { group.addTask { (try? await house.stall.place()) != nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(placed == 5)
    #expect(try await house.tier().ordersToday == 5)
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `who has no limit is not counted, and who gets one in the middle of a day is`(engine: Engine) async throws {
    let house = try await House(engine)
    let stall = house.stall
    let placed = try await stall.place()
    _ = try await stall.sell()
    #expect(try await stall.number("SELECT COUNT(*) FROM daily_orders") == 0)
    try await house.limit(3)
    #expect(try await house.tier().ordersToday == 2, "today's, although nobody counted")
    _ = try await house.commerce.cancelOrder(placed.order.id, token: placed.access)
    #expect(try await house.tier().ordersToday == 1)
    _ = try await house.commerce.setTier(of: stall.channel, by: house.operator, level: 4, isHeld: false, words: "Well")
    for _ in 0..<4 { _ = try await stall.place() }
    // The limit of all in the tier.
    var tiers = try await house.commerce.tiers()
    tiers[3].dailyOrdersMax = 9
    _ = try await house.commerce.putTiers(tiers, by: house.operator)
    #expect(try await house.tier().ordersToday == 5)
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `orders that arrived bring a channel up, by itself, with a mail`(engine: Engine) async throws {
    let house = try await House(engine)
    try await house.limit(10)
    try await house.deliver()
    #expect(try await house.tier().level == 1)
    #expect(try await house.tier().deliveredNeeded == 2)
    try await house.deliver()
    #expect(try await house.tier().level == 2)
    #expect(try await house.tier().dailyOrdersMax == 20)
    let mails = try await house.commerce.mails(of: house.stall.channel, by: house.stall.owner).items
    #expect(mails.contains { $0.mail.kind == .admission && $0.content.event?.tier == 2 })
    // The operator's word holds until it is taken back.
    await #expect(throws: GeneralRefusal.self, "without saying why") {
      try await house.commerce.setTier(of: house.stall.channel, by: house.operator, level: 1, isHeld: true, words: " ")
    }
    await #expect(throws: GeneralRefusal.self) {
      try await house.commerce.setTier(
        of: house.stall.channel, by: house.stall.owner, level: 4, isHeld: false, words: "I")
    }
    _ = try await house.commerce.setTier(
      of: house.stall.channel, by: house.operator, level: 1, isHeld: true, words: "Complaints")
    for _ in 0..<3 { try await house.deliver() }
    #expect(try await house.tier().level == 1)
    #expect(try await house.tier().isHeld)
    _ = try await house.commerce.setTier(
      of: house.stall.channel, by: house.operator, level: 1, isHeld: false, words: "Better")
    try await house.deliver()
    #expect(try await house.tier().level == 4, "six arrived")
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `the tiers rise, and there are four`(engine: Engine) async throws {
    let house = try await House(engine)
    let tiers = try await house.commerce.tiers()
    #expect(tiers.map(\.dailyOrdersMax) == [50, 100, 200, nil])
    func refused(_ change: (inout [Tier]) -> Void) async throws -> Bool {
      var changed = tiers
      change(&changed)
      return try await refusal { [changed] in try await house.commerce.putTiers(changed, by: house.operator) }
        == "invalid"
    }
    #expect(try await refused { $0.removeLast() })
    #expect(try await refused { $0[1].dailyOrdersMax = 49 })
    #expect(try await refused { $0[0].dailyOrdersMax = nil })
    #expect(try await refused { $0[2].deliveredMin = 24 })
    #expect(try await refused { $0[0].deliveredMin = 1 })
    #expect(try await refused { $0[0].dailyOrdersMax = 0 })
    await #expect(throws: GeneralRefusal.self) { try await house.commerce.putTiers(tiers, by: house.stall.owner) }
  }

  @Test(arguments: Engine.allCases)
  func `a suspension stops what is new, and keeps what buyers have`(engine: Engine) async throws {
    let house = try await House(engine)
    let (stall, commerce) = (house.stall, house.commerce)
    try await commerce.setPayoutDestination(
      of: .channel(stall.channel), by: stall.owner,
      BankAccount(holder: "Lamps", number: "12345678", code: "HDFC0001234"))
    let show = try await stall.liveShow()
    try await house.deliver()
    stall.clock.advance(days: 4)
    try await commerce.settleOrders()
    #expect(try await commerce.preparePayouts(by: house.operator) == 1)
    try await house.deliver()
    stall.clock.advance(days: 4)
    try await commerce.settleOrders()
    let paid = try await stall.sell(stall.bag(show: show))
    let unpaid = try await stall.place()

    await #expect(throws: GeneralRefusal.self, "without saying why") {
      try await commerce.admitChannel(stall.channel, by: house.operator, as: .suspended)
    }
    try await commerce.admitChannel(
      stall.channel, by: house.operator, as: .suspended, because: Verdict(.undelivered, words: "See the mails"))
    // What stops.
    await #expect(throws: BagRefusal.channelNotSelling) { try await stall.place(stall.bag(show: show)) }
    await #expect(throws: BagRefusal.channelNotSelling) { try await commerce.quote(stall.bag()) }
    await #expect(throws: BagRefusal.channelNotSelling) { try await stall.pay(unpaid) }
    await #expect(throws: ChannelRefusal.notApproved) { try await commerce.showToBroadcast(show, by: stall.owner) }
    #expect(try await commerce.salesStops(of: show) == ["IN": .seller])
    #expect(try await commerce.preparePayouts(by: house.operator) == 0)
    await #expect(throws: PayoutRefusal.nothingToSend(Stall.rupee), "what waits goes on waiting") {
      try await commerce.makePayoutFile(commerce.makeID(), by: house.operator, currency: Stall.rupee)
    }
    await #expect(throws: AdmissionRefusal.suspended) {
      try await commerce.askForMarket("IN", for: stall.channel, by: stall.owner)
    }
    // What goes on.
    #expect(try await stall.order(paid).state == .paid)
    let parcel = try await commerce.ship(paid.order.id, by: stall.owner)
    #expect(try await commerce.deliver(parcel.id, of: paid.order.id, token: paid.access).state == .delivered)
    _ = try await commerce.refund(paid.order.id, by: stall.owner, amountMinor: 100, reason: "a scratch")
    #expect(try await stall.order(paid).refunded.minor == 100)
    #expect(try await commerce.cancelOrder(unpaid.order.id, token: unpaid.access).state == .cancelled)
    let standing = try await commerce.admissionStanding(of: stall.channel, by: stall.owner)
    #expect(standing.suspension?.reason == .undelivered && standing.canAppeal)
    // The appeal, and its answer.
    func appeal() async throws {
      _ = try await commerce.appeal(
        commerce.makeID(), for: stall.channel, market: nil, by: stall.owner, words: "They were sent")
    }
    try await appeal()
    let review = try #require(try await commerce.reviews(by: house.operator).items.first)
    try await commerce.decide(review.id, by: house.operator, granted: false, Verdict(.undelivered))
    await #expect(throws: AdmissionRefusal.nothingToAppeal) { try await appeal() }
    try await commerce.admitChannel(stall.channel, by: house.operator, as: .approved)
    #expect(try await commerce.salesStops(of: show) == [:])
    _ = try await stall.sell(stall.bag(show: show))
    #expect(try await commerce.makePayoutFile(commerce.makeID(), by: house.operator, currency: Stall.rupee).count == 1)
    let kinds = try await commerce.admissionStanding(of: stall.channel, by: stall.owner).history.map(\.kind)
    #expect(kinds == [.lifted, .upheld, .appealed, .suspended])
    // A second suspension is a new decision.
    try await commerce.admitChannel(stall.channel, by: house.operator, as: .suspended, because: Verdict(.rules))
    try await appeal()
    let second = try #require(try await commerce.reviews(by: house.operator).items.first)
    try await commerce.decide(second.id, by: house.operator, granted: true)
    _ = try await stall.place()
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a market that closes in the middle of a show stops new orders in it, and nothing else`(
    engine: Engine
  ) async throws {
    let house = try await House(engine)
    let (stall, commerce) = (house.stall, house.commerce)
    let show = try await stall.liveShow()
    let paid = try await stall.sell(stall.bag(show: show))
    let unpaid = try await stall.place(stall.bag(show: show))
    var india = try await commerce.market("IN")
    india.isOpen = false
    try await commerce.putMarket(by: house.operator, india)
    #expect(try await commerce.drainOutbox().contains(.market("IN")), "those who watch are told")
    #expect(try await commerce.salesStops(of: show) == ["IN": .market])
    await #expect(throws: BagRefusal.marketClosed("IN")) { try await commerce.quote(stall.bag(show: show)) }
    await #expect(throws: BagRefusal.marketClosed("IN")) { try await stall.place(stall.bag(show: show)) }
    #expect(try await commerce.cards(show: show, market: "IN")[0].variants[0].offer == nil)
    // What is placed can be paid, and what is paid is sent and refunded; the show goes on.
    #expect(try await stall.pay(unpaid) == .paid)
    _ = try await commerce.ship(paid.order.id, by: stall.owner)
    _ = try await commerce.refund(unpaid.order.id, by: stall.owner, reason: "changed my mind")
    #expect(try await commerce.show(show).state == .live)
    _ = try await commerce.say(commerce.makeID(), by: .nobody, show: show, name: "Asha", text: "Hello")
    india.isOpen = true
    try await commerce.putMarket(by: house.operator, india)
    _ = try await stall.sell(stall.bag(show: show))
    #expect(try await commerce.salesStops(of: show) == [:])
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `the operator's own channel is in at once and has no limit, another's begins in the first tier`(
    engine: Engine
  ) async throws {
    let square = try await MarketSquare(engine)
    let own = try await square.commerce.makeChannel(
      square.commerce.makeID(), by: square.operator, ChannelDraft(handle: "house", name: "House", market: "IN"))
    #expect(own.state == .approved)
    let standing = try await square.commerce.admissionStanding(of: own.id, by: square.operator)
    #expect(standing.tier.level == 4 && standing.tier.dailyOrdersMax == nil)
    let first = try await square.commerce.admissionStanding(of: square.channel.id, by: square.owner).tier
    #expect(first.level == 1 && first.dailyOrdersMax == 50 && first.leftToday == 50)
    let stranger = try await square.person("Eve")
    for caller in [stranger, .nobody] {
      await #expect(throws: GeneralRefusal.self) {
        try await square.commerce.admissionStanding(of: own.id, by: caller)
      }
    }
  }
}
