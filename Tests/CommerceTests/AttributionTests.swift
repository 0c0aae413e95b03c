import Store
import TestKit
import Testing

@testable import Commerce

/// Where an order comes from, and to whom it is credited.
@Suite struct AttributionTests {
  @Test func `what is told of an order's source is read in one spelling, and what means nothing is left out`() {
    let told = OrderSource(via: "Blog", site: "HTTPS://Blog.Example:443/", mediaTime: 61_000)
    #expect(told.via == "blog" && told.site == "https://blog.example" && told.mediaTime == 61_000)
    #expect(told.kind == .embed && OrderSource(via: "blog").kind == .link && OrderSource(mediaTime: 1).kind == .page)
    for via in ["", "ab", "a b c", "blog\u{0}", "ब्लॉग", String(repeating: "a", count: 31), "blog'--"] {
      #expect(OrderSource(via: via) == .page, "\(via)")
    }
    for site in [
      "", "blog.example", "null", "ftp://blog.example", "https://", "https://blog.example/path", "https://a..b",
      "https://-a.example", "https://user@blog.example", "https://blog.example:0", "https://blog.example:65536",
      "https://blog.example:x", "https://" + String(repeating: "a", count: 200), "https://blog.example?x",
    ] {
      #expect(OrderSource(site: site) == .page, "\(site)")
    }
    #expect(OrderSource(site: "http://localhost:8080").site == "http://localhost:8080")
    for time in [-1, .min, .max] as [Int64] { #expect(OrderSource(mediaTime: time).mediaTime == nil) }
  }

  @Test(arguments: Engine.allCases)
  func `who is unknown, suspended or ended, or whose terms have not begun, earns nothing, and the order is placed`(
    engine: Engine
  ) async throws {
    let house = try await PartnerHouse(engine)
    let commerce = house.commerce
    func credit(_ source: OrderSource = PartnerHouse.link) async throws -> Attribution.Credit {
      let order = try await house.sell(source)
      #expect((order.partner == house.partner) == (order.credit == .partner) && order.source == source)
      #expect((order.lines[0].partnerShare.minor > 0) == (order.credit == .partner))
      return order.credit
    }
    #expect(try await credit(OrderSource(via: "nobody-here")) == .unknown)
    #expect(try await credit(.page) == .none)
    _ = try await commerce.makePartner(
      commerce.makeID(), by: house.house,
      PartnerDraft(name: "Soon", via: "soon", rateBasisPoints: 5_000, starts: house.stall.clock.now.adding(seconds: 60))
    )
    #expect(try await credit(OrderSource(via: "soon")) == .noTerms)
    for (state, expected) in [
      (.suspended, .inactive), (.active, .partner), (.ended, .inactive),
    ] as [(Partner.State, Attribution.Credit)] {
      _ = try await commerce.setPartnerState(house.partner, by: house.house, state, reason: "A test")
      #expect(try await credit() == expected)
    }
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a frame counts in the pages on the partner's list, and a link everywhere`(engine: Engine) async throws {
    let house = try await PartnerHouse(engine)
    for (site, expected) in [
      ("https://blog.example", .partner), ("https://evil.example", .otherSite), ("http://blog.example", .otherSite),
      ("https://www.blog.example", .otherSite),
    ] as [(String, Attribution.Credit)] {
      let order = try await house.place(OrderSource(via: "blog", site: site)).order
      #expect(order.credit == expected && order.source.kind == .embed, "\(site)")
    }
    _ = try await house.commerce.changePartner(house.partner, by: house.house, sites: [])
    #expect(try await house.place().order.credit == .partner)
    #expect(try await house.place(OrderSource(via: "blog", site: "https://blog.example")).order.credit == .otherSite)
    #expect(try await house.place(OrderSource(site: "https://blog.example")).order.credit == .none)
  }

  @Test(arguments: Engine.allCases)
  func `nobody earns on a sale of their own, as seller, as creator or as buyer`(engine: Engine) async throws {
    let house = try await PartnerHouse(engine)
    let (commerce, stall, blogger) = (house.commerce, house.stall, house.blogger.account.unsafelyUnwrapped)
    #expect(try await house.place(account: blogger).order.credit == .ownSale)
    #expect(try await house.place(account: stall.owner.account).order.credit == .partner)
    try await stall.run(
      """
      INSERT INTO member (channel_id, account_id, role, created_ms)
      VALUES (\(stall.channel), \(blogger), 'moderator', \(stall.clock.now))
      """)
    #expect(try await house.place().order.credit == .ownSale)
    try await stall.run("DELETE FROM member WHERE account_id = \(blogger)")
    let (show, channel) = try await Self.creatorShow(of: stall)
    let bag = Bag(show: show, market: "IN", lines: stall.bag().lines)
    let sold = try await house.sell(PartnerHouse.link, bag)
    #expect(sold.creator == channel && sold.credit == .partner)
    // The creator's part is of the sale, and the partner's of the commission: each has what it would have alone.
    #expect(sold.lines[0].creatorShare.minor == 16_513 && sold.lines[0].partnerShare.minor == 2_752)
    #expect(try await house.balance("creator:\(channel)") == 16_513)
    _ = try await commerce.refund(sold.id, by: stall.owner, amountMinor: 44_444, reason: "scratched")
    #expect(try await commerce.audit().differences == [])
    try await stall.run(
      """
      INSERT INTO member (channel_id, account_id, role, created_ms)
      VALUES (\(channel), \(blogger), 'host', \(stall.clock.now))
      """)
    #expect(try await house.place(PartnerHouse.link, bag).order.credit == .ownSale)
    #expect(try await house.place().order.credit == .partner, "elsewhere they are not the creator")
  }

  @Test(arguments: Engine.allCases)
  func `of a bag with several sellers each order is credited by itself`(engine: Engine) async throws {
    let house = try await PartnerHouse(engine)
    let other = try await house.stall.split(off: [1])
    try await house.stall.run(
      """
      INSERT INTO member (channel_id, account_id, role, created_ms)
      VALUES (\(other), \(house.blogger.account.unsafelyUnwrapped), 'host', \(house.stall.clock.now))
      """)
    let bag = Bag(
      show: nil, market: "IN", lines: house.stall.offers.map { Bag.Line(offer: $0, quantity: 1) })
    let placed = try await house.place(OrderSource(via: "blog", mediaTime: 5_000), bag)
    #expect(([placed.order] + placed.others).map(\.credit) == [.partner, .ownSale])
    #expect(placed.others[0].source == placed.order.source && placed.others[0].partner == nil)
    #expect(try await house.stall.pay(placed) == .paid)
    #expect(try await house.balance("partner:\(house.partner)") == 2_752)
    #expect(try await house.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a seller sees what was on screen when an order was made, and where a show's orders came from`(engine: Engine)
    async throws
  {
    let house = try await PartnerHouse(engine)
    let (commerce, stall) = (house.commerce, house.stall)
    let show = try await stall.liveShow()
    try await commerce.pin(by: stall.owner, show: show, product: stall.products[0], mediaTime: 10_000)
    stall.clock.advance(seconds: 1)
    try await commerce.pin(by: stall.owner, show: show, product: stall.products[1], mediaTime: 20_000)
    stall.clock.advance(seconds: 1)
    try await commerce.unpin(by: stall.owner, show: show, mediaTime: 30_000)
    let bag = stall.bag(show: show)
    let lamps = stall.products
    for (time, pin) in [(9_999, nil), (10_000, lamps[0]), (25_000, lamps[1]), (30_000, nil)]
      as [(
        Int64, ID<Product>?
      )]
    {
      let order = try await house.sell(OrderSource(via: "blog", mediaTime: time), bag)
      let moment = try #require(try await commerce.moment(of: order.id, by: stall.owner))
      #expect(moment.mediaTime == time && moment.pin == pin && moment.pinTitle == (pin == nil ? "" : "Lamp"))
    }
    let plain = try await house.sell(.page, bag)
    #expect(try await commerce.moment(of: plain.id, by: stall.owner) == nil)
    await #expect(throws: GeneralRefusal.notFound("order")) {
      try await commerce.moment(of: plain.id, by: house.blogger)
    }
    _ = try await house.sell(OrderSource(via: "blog", site: "https://blog.example"), bag)
    _ = try await house.place(OrderSource(via: "stranger"), bag)
    let sources = try await commerce.salesSources(of: show, by: stall.owner)
    #expect(sources.map(\.kind) == [.link, .embed, .page] && sources.map(\.orders) == [4, 1, 1], "only what was paid")
    #expect(sources[0].partnerName == "The Blog" && sources[0].total.minor == 4 * 134_800)
    #expect(sources[1].site == "https://blog.example" && sources[2].partner == nil)
    await #expect(throws: GeneralRefusal.notFound("show")) {
      try await commerce.salesSources(of: show, by: house.blogger)
    }
  }

  private static func creatorShow(of stall: Stall) async throws -> (ID<Show>, ID<Channel>) {
    let (commerce, now) = (stall.commerce, stall.clock.now)
    let (channel, show, person): (ID<Channel>, ID<Show>, ID<Account>) = (
      commerce.makeID(), commerce.makeID(), commerce.makeID()
    )
    try await stall.database.write { db in
      try Stall.insertAccount(person, "creator@example.com", at: now, in: db)
      try Stall.insertChannel(channel, handle: "meera", owner: person, at: now, in: db)
    }
    _ = try await commerce.makeAffiliateTerms(
      commerce.makeID(), by: stall.owner, channel: stall.channel, AffiliateTermsDraft(rateBasisPoints: 1_500))
    _ = try await commerce.scheduleShow(
      show, by: Caller(account: person), channel: channel,
      ShowDraft(title: "Meera's", scheduledAt: now.adding(seconds: 60), markets: ["IN"]))
    try await commerce.putRun(by: Caller(account: person), show: show, stall.products)
    return (show, channel)
  }
}
