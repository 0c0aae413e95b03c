import Foundation
import Store
import TestKit
import Testing

@testable import Commerce

/// Auctions with a clock, bidders and their cards.
@Suite struct AuctionTests {
  /// A lamp, a show on air, and people with cards and addresses.
  struct Room {
    let stall: Stall
    let show: ID<Show>

    init(_ engine: Engine, policy: Policy = Stall.policy, units: Int64 = 1) async throws {
      stall = try await Stall(engine, units: units, policy: policy)
      show = try await stall.liveShow()
    }

    var commerce: Commerce { stall.commerce }

    @discardableResult
    func open(
      _ opening: Int64 = 500_00, increment: Int64? = nil, seconds: Int64 = 60, suddenDeath: Bool = false
    ) async throws -> Auction {
      let draft = AuctionDraft(
        variant: stall.variants[0], market: "IN", openingMinor: opening, incrementMinor: increment,
        durationSeconds: seconds, isSuddenDeath: suddenDeath)
      return try await commerce.openAuction(commerce.makeID(), by: stall.owner, show: show, draft)
    }

    /// Somebody with a saved card and an address in India.
    func bidder(_ name: String, card: Bool = true, country: String? = "IN") async throws -> Caller {
      let caller = Caller(account: commerce.makeID())
      try await stall.database.write { [stall, account = caller.account.unsafelyUnwrapped] db in
        try Stall.insertAccount(account, "\(account)@example.com", at: stall.clock.now, in: db)
        try db.run("UPDATE account SET name = \(name) WHERE id = \(account)")
      }
      if let country {
        let address = Buyer.Address(
          name: name, line1: "1 \(name) Lane", city: "Pune", postalCode: "411001", country: country)
        _ = try await commerce.saveAddress(
          commerce.makeID(), by: caller, SavedAddressDraft(phone: "98765 43210", address: address))
      }
      if card { try await save(for: caller) }
      return caller
    }

    func save(for caller: Caller, _ number: String = "4242424242424242") async throws {
      let method = try await stall.sandbox.makeMethod(number: number, expMonth: 12, expYear: 2033, cvc: "123")
      guard case .saved = try await commerce.saveCard(commerce.makeID(), by: caller, method: method.id) else {
        throw Stall.Unexpected(what: "the card is not saved")
      }
    }

    /// From now on their card does that.
    func change(_ caller: Caller, to conduct: String) async throws {
      try await stall.run(
        """
        UPDATE sandbox_method SET conduct = \(conduct)
        WHERE id IN (SELECT method FROM saved_card WHERE account_id = \(caller.account.unsafelyUnwrapped))
        """)
    }

    @discardableResult
    func bid(_ rupees: Int64, by caller: Caller) async throws -> PlacedBid {
      try await commerce.bid(now().id, by: caller, maximumMinor: rupees * 100)
    }

    func now() async throws -> Auction { try await commerce.auctions(of: show, by: stall.owner)[0] }

    /// Past its end, and everything that follows at once.
    @discardableResult
    func end(after seconds: Int64 = 60) async throws -> Auction {
      stall.clock.advance(seconds: seconds)
      try await commerce.endDueAuctions()
      try await commerce.settleAuctions()
      return try await now()
    }

    /// The time of whoever may pay themselves is over.
    @discardableResult
    func wait() async throws -> Auction {
      stall.clock.advance(seconds: 601)
      try await commerce.expireOrders()
      try await commerce.settleAuctions()
      return try await now()
    }

    func orders(of caller: Caller) async throws -> [Order] {
      try await commerce.orders(by: caller).items
    }

    func standing(_ caller: Caller) async throws -> BidderStanding {
      try await commerce.auctionStanding(now().id, by: caller)
    }

    func events() async throws -> [String] {
      while try await !commerce.numberTimeline(show).isEmpty {}
      return try await commerce.timeline(show, after: 0, limit: 1000).map(\.kind.rawValue)
        .filter { $0.hasPrefix("auction") }
    }

    func audit() async throws { #expect(try await commerce.audit().differences == []) }

    func payments() async throws -> Int64 {
      try await stall.number("SELECT COUNT(*) FROM sandbox_payment WHERE state = 'succeeded'")
    }
  }

  @Test(arguments: Engine.allCases)
  func `the one who names most wins at one increment above the next, and their card is charged once`(engine: Engine)
    async throws
  {
    let room = try await Room(engine)
    let opened = try await room.open()
    #expect(opened.next.minor == 500_00 && opened.price == nil)
    #expect(try await room.stall.stock() == StockLevel(onHand: 1, reserved: 1))
    let (asha, ravi) = (try await room.bidder("Asha Kumari"), try await room.bidder("Ravi"))
    #expect(try await room.bid(1_200, by: asha).isLeading)
    #expect(try await room.bid(800, by: ravi).isLeading == false)
    let now = try await room.now()
    #expect(now.price?.minor == 850_00 && now.leaderName == "Asha K." && now.bids == 2 && now.next.minor == 900_00)
    #expect(try await room.standing(asha).code == now.leaderCode)
    #expect(try await room.standing(ravi).maximum?.minor == 800_00)
    try await room.audit()

    let sold = try await room.end()
    #expect(sold.state == .sold && sold.sale == .init(place: 0, name: "Asha K.", price: now.price.unsafelyUnwrapped))
    let order = try #require(try await room.orders(of: asha).first)
    #expect(order.state == .paid && order.subtotal.minor == 850_00 && order.total.minor == 899_00)
    #expect(order.buyer.address.line1 == "1 Asha Kumari Lane" && order.buyer.phone == "98765 43210")
    #expect(try await room.orders(of: ravi).isEmpty)
    #expect(try await room.payments() == 1)
    #expect(try await room.stall.stock() == StockLevel(onHand: 0, reserved: 0))
    #expect(try await room.events() == ["auction_opened", "auction_ended", "auction_sold"])
    let bids = try await room.commerce.bids(of: sold.id)
    #expect(bids.map(\.sequence) == [2, 1] && bids.map(\.name) == ["Ravi", "Asha K."])
    #expect(bids.map(\.price.minor) == [850_00, 500_00] && bids.map(\.isLeading) == [false, true])
    #expect(try await room.commerce.settleAuctions() == 0)
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a bid counts up to the end by the server's clock, and a late one puts it off, up to a limit`(engine: Engine)
    async throws
  {
    var policy = Stall.policy
    policy.auctionExtensionSecondsMax = 25
    let room = try await Room(engine, policy: policy)
    let opened = try await room.open(seconds: 60)
    let (asha, ravi) = (try await room.bidder("Asha"), try await room.bidder("Ravi"))
    room.stall.clock.advance(seconds: 50)
    try await room.bid(500, by: asha)
    #expect(try await room.now().ends == opened.ends, "ten seconds before the end nothing is late")
    room.stall.clock.advance(milliseconds: 9_999)
    try await room.bid(600, by: ravi)
    #expect(try await room.now().ends == opened.ends.adding(milliseconds: 9_999))
    #expect(try await room.now().extensions == 1)
    room.stall.clock.advance(milliseconds: 9_999)
    try await room.bid(700, by: asha)
    room.stall.clock.advance(milliseconds: 9_999)
    try await room.bid(800, by: ravi)
    #expect(try await room.now().ends == opened.ends.adding(seconds: 25), "no later, however many bid")
    room.stall.clock.advance(milliseconds: 5_002)
    #expect(try await room.commerce.endDueAuctions() == 0)
    room.stall.clock.advance(milliseconds: 1)
    // At its end, also when nobody has written down yet that it ended.
    #expect(try await refusal { try await room.bid(2_000, by: asha) } == "auction_closed")
    #expect(try await room.end(after: 0).state == .sold)
    #expect(try await refusal { try await room.bid(2_000, by: asha) } == "auction_closed")
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `in a sudden death the end is the end`(engine: Engine) async throws {
    let room = try await Room(engine)
    let opened = try await room.open(seconds: 15, suddenDeath: true)
    let asha = try await room.bidder("Asha")
    room.stall.clock.advance(milliseconds: 14_999)
    try await room.bid(500, by: asha)
    #expect(try await room.now().ends == opened.ends)
    #expect(try await room.end(after: 1).state == .sold)
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `whose card is declined may pay themselves, and then it is the runner-up's turn at their own price`(
    engine: Engine
  ) async throws {
    let room = try await Room(engine)
    try await room.open()
    let (asha, ravi, meera) = (
      try await room.bidder("Asha"), try await room.bidder("Ravi"), try await room.bidder("Meera")
    )
    try await room.bid(1_500, by: asha)
    try await room.bid(1_200, by: ravi)
    try await room.bid(1_400, by: meera)
    try await room.change(asha, to: "declines")
    let waiting = try await room.end()
    #expect(waiting.state == .settling && waiting.price?.minor == 1_500_00)
    let order = try #require(try await room.orders(of: asha).first)
    #expect(try await room.standing(asha).payUntil == order.expires && order.state == .placed)
    let mail = try await room.stall.number("SELECT COUNT(*) FROM mail WHERE kind = 'auction'")
    #expect(mail == 1)
    try await room.commerce.settleAuctions()
    room.stall.clock.advance(seconds: 599)
    try await room.commerce.expireOrders()
    #expect(try await room.commerce.settleAuctions() == 0)
    #expect(try await room.stall.stock() == StockLevel(onHand: 1, reserved: 1))
    try await room.audit()
    room.stall.clock.advance(seconds: 2)
    try await room.commerce.expireOrders()
    try await room.audit()
    #expect(try await room.stall.stock() == StockLevel(onHand: 1, reserved: 1), "the shelf never has it meanwhile")
    try await room.commerce.settleAuctions()
    let sold = try await room.now()
    // One increment above Ravi's maximum.
    #expect(sold.state == .sold && sold.sale?.place == 1 && sold.sale?.price.minor == 1_300_00)
    #expect(try await room.orders(of: meera).first?.state == .paid)
    #expect(try await room.orders(of: asha).first?.state == .expired)
    #expect(try await room.payments() == 1)
    #expect(try await room.stall.stock() == StockLevel(onHand: 0, reserved: 0))
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a winner whose bank wants a word pays with another card, and nobody else is asked`(engine: Engine) async throws
  {
    let room = try await Room(engine)
    try await room.open()
    let (asha, ravi) = (try await room.bidder("Asha"), try await room.bidder("Ravi"))
    try await room.bid(900, by: asha)
    try await room.bid(700, by: ravi)
    try await room.change(asha, to: "alwaysNeedsAuthentication")
    #expect(try await room.end().state == .settling)
    let why = try await room.stall.database.read { db in
      try db.requireRow("SELECT why FROM auction_place WHERE place = 0").get("why", as: String.self)
    }
    #expect(why == "authentication_required")
    try await room.save(for: asha, "5555555555554444")
    let order = try #require(try await room.orders(of: asha).first)
    let card = try #require(try await room.commerce.savedCards(by: asha).first)
    #expect(try await room.commerce.pay(order.id, card: card.id, key: "mine", by: asha) == .paid)
    try await room.commerce.settleAuctions()
    #expect(
      try await room.now().sale == .init(place: 0, name: "Asha", price: Money(minor: 750_00, currency: Stall.rupee)))
    #expect(try await room.orders(of: ravi).isEmpty)
    #expect(try await room.payments() == 1)
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `when nobody pays, each of three is asked once, and the unit is back on the shelf`(engine: Engine) async throws {
    let room = try await Room(engine)
    try await room.open()
    var people: [Caller] = []
    for (name, rupees) in [("A", 500), ("B", 600), ("C", 700), ("D", 800)] as [(String, Int64)] {
      people.append(try await room.bidder(name))
      try await room.bid(rupees, by: people[people.count - 1])
      try await room.change(people[people.count - 1], to: "declines")
    }
    try await room.end()
    for _ in 0..<2 {
      #expect(try await room.wait().state == .settling)
      try await room.audit()
    }
    // Whoever calls their own order off does the same.
    let order = try #require(try await room.orders(of: people[1]).first)
    #expect(order.subtotal.minor == 550_00)
    _ = try await room.commerce.cancelOrder(order.id, by: people[1])
    try await room.commerce.settleAuctions()
    #expect(try await room.now().state == .unsold)
    #expect(try await room.orders(of: people[0]).isEmpty, "only so many are asked")
    for person in people.dropFirst() { #expect(try await room.orders(of: person).count == 1) }
    #expect(try await room.stall.stock() == StockLevel(onHand: 1, reserved: 0))
    #expect(try await room.events().last == "auction_unsold")
    try await room.audit()
    try await room.open()
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `swept by many at once, and after a crash at any step, it is sold and charged once`(engine: Engine) async throws
  {
    let room = try await Room(engine)
    try await room.open()
    let asha = try await room.bidder("Asha")
    try await room.bid(900, by: asha)
    room.stall.clock.advance(seconds: 61)
    let commerce = room.commerce
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<6 { group.addTask { try await commerce.endDueAuctions() } }
      try await group.waitForAll()
    }
    try await room.audit()
    // The order is placed and the card charged, and nobody ever hears of it.
    let deaf = SandboxProvider(
      database: room.stall.database, clock: room.stall.clock.wallClock, entropy: commerce.entropy,
      secret: "whsec_test", behaviour: SandboxBehaviour(lostAnswersPercent: 100))
    let dead = Commerce(
      database: room.stall.database, clock: room.stall.clock.wallClock, entropy: commerce.entropy,
      policy: commerce.policy, providers: PaymentProviders([deaf]))
    try await dead.settleAuctions()
    #expect(try await room.orders(of: asha).first?.state == .placed)
    try await room.audit()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<6 { group.addTask { try await commerce.settleAuctions() } }
      try await group.waitForAll()
    }
    #expect(try await room.now().state == .settling)
    room.stall.clock.advance(seconds: 61)
    try await commerce.reconcilePayments()
    try await commerce.settleAuctions()
    #expect(try await room.now().state == .sold)
    #expect(try await room.orders(of: asha).count == 1)
    #expect(try await room.payments() == 1)
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `many who bid at once make one order of bids, and every one comes to what it should`(engine: Engine) async throws
  {
    let room = try await Room(engine)
    try await room.open(increment: 10_00, seconds: 600)
    var people: [Caller] = []
    for number in 0..<8 { people.append(try await room.bidder("Bidder \(number)")) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, person) in people.enumerated() {
        group.addTask {
          for turn in 0..<5 {
            _ = try await refusal { try await room.bid(Int64(500 + turn * 90 + number * 11), by: person) }
          }
        }
      }
      try await group.waitForAll()
    }
    let now = try await room.now()
    #expect(now.bids > 5 && now.leaderName == "Bidder 7.")
    #expect(try await room.commerce.bids(of: now.id, limit: 100).map(\.sequence) == (1...now.bids).reversed())
    try await room.audit()
    #expect(try await room.end(after: 700).state == .sold)
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `to bid one needs an account, a card, an address, and to be none of the channel's`(engine: Engine) async throws {
    var policy = Stall.policy
    policy.auctionBidsPerBuyerMax = 3
    let room = try await Room(engine, policy: policy)
    try await room.open()
    let (asha, cardless) = (try await room.bidder("Asha"), try await room.bidder("B", card: false))
    let (homeless, abroad) = (
      try await room.bidder("C", country: nil), try await room.bidder("D", country: "JP")
    )
    #expect(try await refusal { try await room.bid(500, by: .nobody) } == "sign_in_needed")
    #expect(try await refusal { try await room.bid(500, by: cardless) } == "auction_no_card")
    #expect(try await refusal { try await room.bid(500, by: homeless) } == "auction_no_address")
    #expect(try await refusal { try await room.bid(500, by: abroad) } == "auction_no_address")
    #expect(try await refusal { try await room.bid(500, by: room.stall.owner) } == "auction_member")
    #expect(try await refusal { try await room.bid(499, by: asha) } == "bid_too_low")
    #expect(try await refusal { try await room.bid(0, by: asha) } == "invalid")
    #expect(try await room.standing(cardless).card == nil)
    #expect(try await room.standing(abroad).address == nil)
    #expect(try await room.standing(room.stall.owner).isMember)
    let id = try await room.now().id
    let others = try #require(try await room.commerce.savedCards(by: asha).first)
    let code = try await refusal {
      try await room.commerce.bid(id, by: homeless, maximumMinor: 500_00, card: others.id)
    }
    #expect(code == "not_found", "another's card")
    #expect(try await room.now().bids == 0)
    for rupees in [500, 600, 700] as [Int64] { try await room.bid(rupees, by: asha) }
    #expect(try await refusal { try await room.bid(700, by: asha) } == "too_many_bids")
    room.stall.clock.advance(seconds: 10)
    #expect(try await refusal { try await room.bid(700, by: asha) } == "bid_not_above")
    #expect(try await room.now().price?.minor == 500_00, "alone one does not raise the price")
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `the maximum of an auction one leads counts towards one's own limit, until one is outbid`(engine: Engine)
    async throws
  {
    let room = try await Room(engine)
    try await room.open()
    let (asha, ravi) = (try await room.bidder("Asha"), try await room.bidder("Ravi"))
    _ = try await room.commerce.setSpendLimit(by: asha, .day, currency: Stall.rupee, minor: 1_000_00)
    #expect(try await refusal { try await room.bid(1_001, by: asha) } == "spend_limit")
    try await room.bid(900, by: asha)
    func spent() async throws -> Int64? { try await room.commerce.spendLimits(by: asha).first?.spent.minor }
    #expect(try await spent() == 900_00)
    #expect(try await refusal { try await room.bid(1_001, by: asha) } == "spend_limit")
    try await room.bid(1_000, by: asha)
    #expect(try await spent() == 1_000_00)
    try await room.bid(2_000, by: ravi)
    #expect(try await spent() == 0)
    try await room.end()
    #expect(try await spent() == 0)
    #expect(try await room.now().sale?.name == "Ravi")
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `one is open at a time, called off only before the first bid, and holds its unit as long as it runs`(
    engine: Engine
  ) async throws {
    let room = try await Room(engine)
    let opened = try await room.open()
    #expect(try await refusal { try await room.open() } == "auction_under_way")
    #expect(try await refusal { try await room.stall.place() } == "sold_out")
    #expect(try await room.commerce.cancelAuction(opened.id, by: room.stall.owner, show: room.show).state == .cancelled)
    #expect(try await room.stall.stock() == StockLevel(onHand: 1, reserved: 0))
    try await room.open()
    _ = try await room.commerce.endShow(by: room.stall.owner, show: room.show)
    #expect(try await room.now().state == .cancelled, "with the show, where nobody has bid")
    try await room.audit()
    let other = try await Room(engine, units: 0)
    #expect(try await refusal { try await other.open() } == "auction_no_unit")
    for (opening, seconds) in [(0, 60), (1, 14), (1, 601)] as [(Int64, Int64)] {
      #expect(try await refusal { try await room.open(opening, seconds: seconds) } == "invalid")
    }
  }

  @Test(arguments: Engine.allCases)
  func `with bids it cannot be called off, and runs to its end though the show is over`(engine: Engine) async throws {
    let room = try await Room(engine)
    let opened = try await room.open()
    let (asha, ravi) = (try await room.bidder("Asha"), try await room.bidder("Ravi"))
    try await room.bid(500, by: asha)
    let code = try await refusal {
      try await room.commerce.cancelAuction(opened.id, by: room.stall.owner, show: room.show)
    }
    #expect(code == "auction_has_bids")
    _ = try await room.commerce.endShow(by: room.stall.owner, show: room.show)
    #expect(try await room.now().state == .open)
    try await room.bid(600, by: ravi)
    #expect(try await room.end().sale?.name == "Ravi")
    #expect(try await room.events().last == "auction_sold")
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `what somebody won is nobody else's to buy`(engine: Engine) async throws {
    let room = try await Room(engine, units: 5)
    try await room.open()
    let asha = try await room.bidder("Asha")
    try await room.bid(500, by: asha)
    try await room.end()
    let offer = try await room.stall.database.read { db in
      try db.requireRow("SELECT id FROM offer WHERE kind = 'auction'").get("id", as: ID<Offer>.self)
    }
    let bag = Bag(show: nil, market: "IN", lines: [.init(offer: offer, quantity: 1)])
    #expect(try await refusal { try await room.stall.place(bag) } == "offer_unknown")
    // Nor does it count as a price that was asked.
    let terms = try await room.commerce.dealTerms(of: room.stall.products[0], show: room.show, by: room.stall.owner)
    #expect(terms.prices.first?.lowest.minor == 129_900)
  }

  @Test(arguments: Engine.allCases)
  func `an auction whose books were changed is found out`(engine: Engine) async throws {
    let room = try await Room(engine)
    try await room.open()
    let asha = try await room.bidder("Asha")
    try await room.bid(500, by: asha)
    try await room.bid(800, by: asha)
    try await room.end()
    try await room.audit()
    for change in [
      "UPDATE auction SET leader_max_minor = 900000", "UPDATE auction_bid SET price_minor = 60000 WHERE sequence = 2",
      "UPDATE auction_place SET price_minor = 60000", "UPDATE auction_place SET state = 'failed'",
    ] as [SQL] {
      let other = try await Room(engine)
      try await other.open()
      let person = try await other.bidder("Asha")
      try await other.bid(500, by: person)
      try await other.bid(800, by: person)
      try await other.end()
      try await other.stall.run(change)
      #expect(try await !other.commerce.audit().isClean, "\(change)")
    }
  }
}
