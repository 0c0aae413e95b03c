import Store
import TestKit
import Testing

@testable import Commerce

/// Who may sell where: by the market's policy, an operator's decision, or an invitation; and what can be said against it.
@Suite struct AdmissionTests {
  /// A square whose American market lets in whom an operator approves, and a seller who has no channel yet.
  private struct House {
    let square: MarketSquare
    let seller: Caller
    var commerce: Commerce { square.commerce }
    var chief: Caller { square.operator }

    init(_ engine: Engine, america: Admission = .application, india: Admission = .open) async throws {
      square = try await MarketSquare(engine)
      seller = try await square.person("Sita")
      try await put(square.america, america)
      try await put(square.india, india)
    }

    func put(_ market: Market, _ admission: Admission) async throws {
      var market = market
      market.admission = admission
      try await square.commerce.putMarket(by: square.operator, market)
    }

    func make(
      _ market: String, _ handle: String = "pots", sells: String = "Pots of clay", invitation: String? = nil
    ) async throws -> Channel {
      try await commerce.makeChannel(
        commerce.makeID(), by: seller,
        ChannelDraft(
          handle: handle, name: "Pots", market: market, application: ChannelApplication(sells: sells),
          invitation: invitation, language: "hi"))
    }

    func place(_ channel: Channel, _ market: String) async throws -> AdmissionStanding.Place {
      let standing = try await commerce.admissionStanding(of: channel.id, by: seller)
      guard let place = standing.places.first(where: { $0.market == market }) else { throw GeneralRefusal.notFound("") }
      return place
    }

    func waiting() async throws -> [Review] { try await commerce.reviews(by: chief).items }

    func audit() async throws {
      let report = try await commerce.audit()
      #expect(report.differences == [])
    }
  }

  @Test(arguments: Engine.allCases)
  func `each market lets in by its own policy`(engine: Engine) async throws {
    let house = try await House(engine)
    #expect(try await house.make("IN").state == .approved)
    let us = try await house.make("US", "bowls")
    #expect(us.state == .applied)
    #expect(try await house.waiting().map(\.market) == ["US"])
    let india = try await house.place(us, "IN")
    #expect(!india.sells && india.permission == nil, "it was let in nowhere yet")
    try await house.put(house.square.america, .invite)
    await #expect(throws: AdmissionRefusal.invitationNeeded("US")) { try await house.make("US", "cups") }
    #expect(
      try await refusal { try await house.make("US", "cups", invitation: "haat_invite_none") } == "invitation_unknown")
    // Another market that is open lets it in, and this one goes on waiting.
    _ = try await house.commerce.askForMarket("IN", for: us.id, by: house.seller)
    #expect(try await house.commerce.channel(handle: "bowls").state == .approved)
    #expect(try await house.place(us, "IN").sells)
    #expect(try await !house.place(us, "US").sells)
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `an application says what is sold, and waits in a queue, the longest first`(engine: Engine) async throws {
    let house = try await House(engine)
    #expect(try await refusal { try await house.make("US", sells: " ") } == "invalid")
    #expect(try await refusal { try await house.make("US", sells: String(repeating: "x", count: 2_001)) } == "invalid")
    let first = try await house.make("US")
    house.square.clock.advance(seconds: 60)
    let second = try await house.make("US", "bowls")
    #expect(try await house.waiting().map(\.channel) == [first.id, second.id])
    let page = try await house.commerce.reviews(by: house.chief, limit: 1)
    #expect(
      try await house.commerce.reviews(by: house.chief, after: page.next, limit: 1).items.map(\.channel) == [second.id])
    for caller in [house.seller, house.square.owner, .nobody] {
      await #expect(throws: GeneralRefusal.self) { try await house.commerce.reviews(by: caller) }
      await #expect(throws: GeneralRefusal.self) {
        try await house.commerce.decide(try await house.waiting()[0].id, by: caller, granted: true)
      }
    }
    // Asked twice, it waits once.
    _ = try await house.commerce.askForMarket("US", for: first.id, by: house.seller)
    #expect(try await house.waiting().count == 2)
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `an operator decides with a reason, once, and everything is kept`(engine: Engine) async throws {
    let house = try await House(engine)
    let channel = try await house.make("US")
    let review = try #require(try await house.waiting().first)
    let commerce = house.commerce
    await #expect(throws: GeneralRefusal.self, "a no without a reason") {
      try await commerce.decide(review.id, by: house.chief, granted: false)
    }
    #expect(
      try await refusal { try await commerce.decide(review.id, by: house.chief, granted: false, Verdict(.other)) }
        == "invalid", "another reason has words")
    #expect(
      try await refusal { try await commerce.decide(review.id, by: house.chief, granted: false, Verdict(.invited)) }
        == "invalid", "that is the house's own")
    try await commerce.decide(
      review.id, by: house.chief, granted: false, Verdict(.incomplete, words: "Which pots?"))
    #expect(try await commerce.channel(channel.id, by: house.seller).state == .rejected)
    try await commerce.decide(review.id, by: house.chief, granted: false, Verdict(.rules))
    await #expect(throws: AdmissionRefusal.decided) {
      try await commerce.decide(review.id, by: house.chief, granted: true)
    }
    let place = try await house.place(channel, "US")
    #expect(place.refusal?.reason == .incomplete && place.refusal?.words == "Which pots?" && place.canAppeal)
    let history = try await commerce.review(review.id, by: house.chief).history
    #expect(history.map(\.kind) == [.refused, .applied] && history.map(\.name) == ["Omana", "Sita"])
    #expect(history.map(\.place) == [2, 1])
    let mails = try await commerce.mails(of: channel.id, by: house.seller).items
    #expect(mails.map(\.mail.recipient) == ["sita@example.com"] && mails[0].mail.language == "hi")
    #expect(mails[0].content.event?.reason == .incomplete && mails[0].content.order == nil)
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a refusal can be appealed to once, and the answer is the last word`(engine: Engine) async throws {
    let house = try await House(engine)
    let commerce = house.commerce
    let channel = try await house.make("US")
    await #expect(throws: AdmissionRefusal.nothingToAppeal) {
      try await commerce.appeal(commerce.makeID(), for: channel.id, market: "US", by: house.seller, words: "Please")
    }
    func decide(_ granted: Bool) async throws {
      let review = try #require(try await house.waiting().first)
      try await commerce.decide(review.id, by: house.chief, granted: granted, Verdict(.capacity))
    }
    try await decide(false)
    await #expect(throws: AdmissionRefusal.refusedThere("US")) {
      try await commerce.askForMarket("US", for: channel.id, by: house.seller)
    }
    let id: ID<Review> = commerce.makeID()
    for _ in 0..<2 {
      _ = try await commerce.appeal(id, for: channel.id, market: "US", by: house.seller, words: "We are small")
    }
    await #expect(throws: AdmissionRefusal.appealWaits) {
      try await commerce.appeal(commerce.makeID(), for: channel.id, market: "US", by: house.seller, words: "Again")
    }
    let waiting = try await house.waiting()
    #expect(waiting.map(\.kind) == [.appeal] && waiting[0].application.note == "We are small")
    try await decide(false)
    let place = try await house.place(channel, "US")
    #expect(place.refusal?.isFinal == true && !place.canAppeal)
    await #expect(throws: AdmissionRefusal.nothingToAppeal) {
      try await commerce.appeal(commerce.makeID(), for: channel.id, market: "US", by: house.seller, words: "But")
    }
    // An operator may think better of it; and a new refusal is a new decision.
    try await commerce.setMarketPermission(of: channel.id, in: "US", by: house.chief, isApproved: true)
    #expect(try await house.place(channel, "US").sells)
    try await commerce.setMarketPermission(
      of: channel.id, in: "US", by: house.chief, isApproved: false, because: Verdict(.complaints))
    #expect(try await commerce.channel(handle: "pots").state == .approved, "it is in, and sells elsewhere")
    #expect(try await house.place(channel, "IN").sells)
    _ = try await commerce.appeal(commerce.makeID(), for: channel.id, market: "US", by: house.seller, words: "No")
    try await decide(true)
    #expect(try await house.place(channel, "US").sells)
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a seller who may sell in India and not in America sells in India alone`(engine: Engine) async throws {
    let house = try await House(engine)
    let (commerce, square) = (house.commerce, house.square)
    try await commerce.setMarketPermission(
      of: square.channel.id, in: "US", by: house.chief, isApproved: false, because: Verdict(.prohibited))
    func quote(_ market: String) async throws -> BagQuote {
      let offers = try await square.testDatabase.database.read { db in
        try Offers.lists(of: [square.lampVariant], market: market, in: db)
      }
      let offer = try #require(offers[square.lampVariant])
      return try await commerce.quote(
        Bag(show: square.show.id, market: market, lines: [Bag.Line(offer: offer.id, quantity: 1)]))
    }
    #expect(try await quote("IN").total.minor == 129_900)
    await #expect(throws: BagRefusal.channelNotInMarket("US")) { try await quote("US") }
    // Nor does a page offer it there.
    for (market, isOffered) in [("IN", true), ("US", false)] {
      let cards = try await commerce.cards(show: square.show.id, market: market)
      #expect((cards[0].variants[0].offer != nil) == isOffered)
      let card = try await commerce.card(product: square.lamp.id, market: market)
      #expect((card.variants[0].offer != nil) == isOffered)
      #expect(
        (try await commerce.cards(channel: square.channel.id, market: market).items[0].variants[0].offer != nil)
          == isOffered)
    }
    #expect(try await commerce.salesStops(of: square.show.id) == ["US": .seller])
    try await commerce.setMarketPermission(of: square.channel.id, in: "US", by: house.chief, isApproved: true)
    #expect(try await quote("US").total.minor == 3_499)
    #expect(try await commerce.salesStops(of: square.show.id) == [:])
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a market that asks from now on keeps who sold in it, and one that opens lets in who waits`(
    engine: Engine
  ) async throws {
    let house = try await House(engine)
    let before = house.square.channel
    try await house.put(house.square.india, .application)
    let place = try await house.commerce.admissionStanding(of: before.id, by: house.chief).places[0]
    #expect(place.market == "IN" && place.sells && place.permission == .approved)
    let late = try await house.make("IN")
    #expect(late.state == .applied)
    try await house.put(house.square.india, .open)
    #expect(try await house.commerce.channel(handle: "pots").state == .approved)
    #expect(try await house.waiting().isEmpty)
    // A market without a policy gets the installation's when the program starts.
    try await house.square.testDatabase.database.write { db in
      _ = try db.run("UPDATE market SET admission = NULL WHERE code = 'IN'")
    }
    try await house.commerce.settleAdmission()
    #expect(try await house.commerce.market("IN").admission == .open)
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `an invitation lets in as often as it says, for its markets, until it ends or is taken back`(
    engine: Engine
  ) async throws {
    let house = try await House(engine, america: .invite)
    let commerce = house.commerce
    for draft in [
      InvitationDraft(usesMax: 0), InvitationDraft(days: 366), InvitationDraft(tier: 5),
      InvitationDraft(markets: ["XX"]),
    ] {
      #expect(
        try await refusal { try await commerce.makeInvitation(commerce.makeID(), by: house.chief, draft) } == "invalid")
    }
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.makeInvitation(commerce.makeID(), by: house.seller, InvitationDraft())
    }
    let id: ID<Invitation> = commerce.makeID()
    let draft = InvitationDraft(note: "For the fair", markets: ["US"], tier: 3, usesMax: 2)
    let lost = try await commerce.makeInvitation(id, by: house.chief, draft).token
    let token = try await commerce.makeInvitation(id, by: house.chief, draft).token.text
    #expect(try await refusal { try await commerce.invitation(token: lost.text) } == "invitation_unknown")
    #expect(try await commerce.invitation(token: token).isFor("US"))
    #expect(try await refusal { try await house.make("IN", invitation: token) } == "invitation_elsewhere")
    let pots = try await house.make("US", invitation: token)
    #expect(pots.state == .approved)
    let standing = try await commerce.admissionStanding(of: pots.id, by: house.seller)
    #expect(standing.tier.level == 3 && standing.tier.dailyOrdersMax == 200)
    // One that is there already comes into another market by it.
    let bowls = try await house.make("IN", "bowls")
    _ = try await commerce.askForMarket("US", for: bowls.id, by: house.seller, invitation: token)
    #expect(try await house.place(bowls, "US").sells)
    #expect(try await refusal { try await house.make("US", "cups", invitation: token) } == "invitation_over")
    let kept = try #require(try await commerce.invitations(by: house.chief).items.first)
    #expect(kept.state(at: house.square.clock.now) == .used && Set(kept.uses.map(\.handle)) == ["pots", "bowls"])

    let next = try await commerce.makeInvitation(commerce.makeID(), by: house.chief, InvitationDraft(days: 1))
    house.square.clock.advance(days: 2)
    #expect(try await refusal { try await house.make("US", "cups", invitation: next.token.text) } == "invitation_over")
    let last = try await commerce.makeInvitation(commerce.makeID(), by: house.chief, InvitationDraft())
    for _ in 0..<2 { try await commerce.revokeInvitation(last.invitation.id, by: house.chief) }
    #expect(try await refusal { try await house.make("US", "cups", invitation: last.token.text) } == "invitation_over")
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `of many who use the last place of an invitation at once, one comes in`(engine: Engine) async throws {
    let house = try await House(engine, america: .invite)
    let token = try await house.commerce.makeInvitation(
      house.commerce.makeID(), by: house.chief, InvitationDraft()
    ).token.text
    let made = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<8 {
        group.addTask { (try? await house.make("US", "pots-\(number)", invitation: token)) != nil }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(made == 1)
    try await house.audit()
  }

  @Test(arguments: Engine.allCases)
  func `whoever was here before there were policies goes on as before`(engine: Engine) async throws {
    let test = try await engine.database()
    let all = try Commerce.migrations
    try await test.database.migrate(Array(all.prefix { $0.name < "089" }))
    let id: @Sendable (UInt8) -> [UInt8] = { [UInt8](repeating: $0, count: 16) }
    try await test.database.write { db in
      try db.run(
        """
        INSERT INTO market (code, currency, name, languages, is_open, commission_bp, tax_included_bp, shipping_minor)
        VALUES ('IN', 'INR', 'India', 'en', 1, 0, 0, 0), ('US', 'USD', 'America', 'en', 1, 0, 0, 0)
        """)
      for (number, state) in ["approved", "suspended", "applied", "rejected"].enumerated() {
        try db.run(
          """
          INSERT INTO channel (id, handle, name, about, market, state, made_hash, created_ms)
          VALUES (\(id(UInt8(number))), \(state), 'C', 'clay', 'IN', \(state), \([UInt8]()), 5)
          """)
      }
      try db.run(
        """
        INSERT INTO mail (id, kind, order_id, channel_id, cause_id, recipient, language, state, attempts, next_ms, failure,
          made_ms) SELECT \(id(9)), 'paid', id, \(id(0)), \(id(9)), 'a@b.c', 'en', 'waiting', 0, 0, '', 0 FROM orders
        """)
    }
    try await test.database.migrate(all)
    var policy = Policy()
    policy.admission = .application
    let commerce = Commerce(database: test.database, policy: policy, providers: .none)
    try await commerce.settleAdmission()
    let places = try await test.database.read { [policy] db in
      try ["approved", "suspended", "applied", "rejected"].enumerated().map { number, _ in
        let channel = try #require(ID<Channel>(bytes: id(UInt8(number))))
        return try AdmissionStanding(of: channel, at: Moment(milliseconds: 0), policy, in: db)
      }
    }
    #expect(places[0].places.map(\.sells) == [true, true] && places[0].tier.dailyOrdersMax == nil)
    #expect(places[1].places.map(\.permission) == [.approved, .approved] && places[1].canAppeal)
    #expect(places[2].places.map(\.permission) == [.applied, nil])
    #expect(places[3].places.map(\.permission) == [.refused, nil] && places[3].places[0].canAppeal)
    let waiting = try await test.database.read { db in
      try db.rows("SELECT sells FROM review").map { try $0.get("sells", as: String.self) }
    }
    #expect(waiting == ["clay"])
    #expect(try await commerce.audit().differences == [])
  }
}
