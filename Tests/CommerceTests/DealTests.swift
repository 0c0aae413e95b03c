import Store
import TestKit
import Testing

@testable import Commerce

/// Prices with a clock and a limit.
@Suite struct DealTests {
  /// Ten lamps at ₹1,299, a show on air, and a way to open deals in it.
  private struct Fair {
    let stall: Stall
    let show: ID<Show>

    init(_ engine: Engine, units: Int64 = 10, policy: Policy = Stall.policy) async throws {
      stall = try await Stall(engine, units: units, policy: policy)
      // The list price is a day old.
      stall.clock.advance(days: 1)
      show = try await stall.liveShow()
    }

    func draft(
      _ price: Int64 = 99_900, countdown: Int64 = 0, seconds: Int64 = 60, units: Int64 = 5, perBuyer: Int64 = 2
    ) -> DealDraft {
      DealDraft(
        product: stall.products[0], prices: ["IN": price], countdownSeconds: countdown, durationSeconds: seconds,
        unitsMax: units, unitsPerBuyerMax: perBuyer)
    }

    @discardableResult
    func open(_ draft: DealDraft? = nil, mediaTime: Int64? = nil) async throws -> Deal {
      try await stall.commerce.openDeal(
        stall.commerce.makeID(), by: stall.owner, show: show, draft ?? self.draft(), mediaTime: mediaTime)
    }

    func offer() async throws -> Offer {
      let card = try await stall.commerce.cards(show: show, market: "IN")[0]
      return try #require(card.variants[0].dealOffer)
    }

    func place(_ offer: Offer, _ quantity: Int64 = 1, by email: String = "asha@example.com") async throws -> PlacedOrder
    {
      let asha = Stall.buyer()
      let buyer = Buyer(name: asha.name, email: email, phone: asha.phone, address: asha.address)
      let bag = Bag(show: show, market: "IN", lines: [Bag.Line(offer: offer.id, quantity: quantity)])
      return try await stall.commerce.placeOrder(stall.commerce.makeID(), bag, buyer: buyer, language: "en")
    }

    func deal() async throws -> Deal { try await stall.commerce.deals(of: show, by: stall.owner)[0] }
  }

  @Test(arguments: Engine.allCases)
  func `a deal sells at its price from its start to its end, and fifteen seconds more to those who saw it`(
    engine: Engine
  ) async throws {
    let fair = try await Fair(engine)
    try await fair.open(fair.draft(countdown: 30))
    let offer = try await fair.offer()
    #expect(offer.price.minor == 99_900 && offer.compareAt?.minor == 129_900 && offer.lowest?.minor == 129_900)
    #expect(try await refusal { try await fair.place(offer) } == "offer_not_open")
    fair.stall.clock.advance(milliseconds: 29_999)
    #expect(try await refusal { try await fair.place(offer) } == "offer_not_open")
    fair.stall.clock.advance(milliseconds: 1)
    let placed = try await fair.place(offer)
    #expect(placed.order.lines[0].unitPrice.minor == 99_900 && placed.order.subtotal.minor == 99_900)
    #expect(try await fair.stall.pay(placed) == .paid)
    fair.stall.clock.advance(milliseconds: 74_999)
    _ = try await fair.place(offer, by: "late@example.com")
    fair.stall.clock.advance(milliseconds: 1)
    #expect(try await refusal { try await fair.place(offer, by: "later@example.com") } == "offer_closed")
    #expect(try await fair.deal().taken == 2)
    #expect(try await fair.stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a rush for a deal of five sells five, one to a buyer`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    try await fair.open(fair.draft(units: 5, perBuyer: 1))
    let offer = try await fair.offer()
    let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<60 {
        group.addTask {
          do {
            // Everybody presses three times.
            let placed = try await fair.place(offer, by: "buyer\(number / 3)@example.com")
            return placed.isNew ? "sold" : "again"
          } catch let refused as BagRefusal { return refused.code }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count { $0 == "sold" } == 5)
    #expect(Set(outcomes).isSubset(of: ["sold", "deal_taken", "deal_limit"]))
    #expect(try await fair.deal().left == 0)
    #expect(try await fair.stall.stock().reserved == 5, "what was refused holds nothing")
    #expect(try await fair.stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a buyer's limit counts all orders, and what is not paid for comes back`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    try await fair.open(fair.draft(seconds: 1200, units: 3, perBuyer: 2))
    let offer = try await fair.offer()
    #expect(try await refusal { try await fair.place(offer, 3) } == "deal_limit")
    let first = try await fair.place(offer)
    let second = try await fair.place(offer, by: "ASHA@example.com")
    #expect(try await refusal { try await fair.place(offer) } == "deal_limit", "however the address is spelt")
    #expect(try await refusal { try await fair.place(offer, 2, by: "ravi@example.com") } == "deal_taken")
    #expect(try await fair.stall.pay(first) == .paid)
    _ = try await fair.stall.commerce.cancelOrder(second.order.id, token: second.access)
    #expect(try await fair.deal().taken == 1)
    let third = try await fair.place(offer)
    #expect(try await refusal { try await fair.place(offer) } == "deal_limit")
    fair.stall.clock.advance(minutes: 11)
    #expect(try await fair.stall.commerce.expireOrders() == 1)
    #expect(try await fair.stall.order(third).state == .expired)
    _ = try await fair.place(offer, 2, by: "ravi@example.com")
    #expect(try await fair.deal().left == 0)
    #expect(try await fair.stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a deal is below today's price and below the lowest of thirty days`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    #expect(try await refusal { try await fair.open(fair.draft(129_900)) } == "deal_not_below_list")
    let first = try await fair.open(fair.draft(99_900))
    fair.stall.clock.advance(seconds: 60)
    #expect(try await refusal { try await fair.open(fair.draft(99_900)) } == "deal_not_below_lowest")
    let terms = try await fair.stall.commerce.dealTerms(
      of: fair.stall.products[0], show: fair.show, by: fair.stall.owner)
    #expect(terms.max(in: "IN")?.minor == 99_899 && terms.prices[0].lowest.minor == 99_900 && terms.available == 10)
    // Called off before it began: a price nobody could buy at is none.
    let calledOff = try await fair.open(fair.draft(50_000, countdown: 60))
    try await fair.stall.commerce.endDeal(calledOff.id, by: fair.stall.owner, show: fair.show)
    try await fair.open(fair.draft(99_899))
    fair.stall.clock.advance(days: 30)
    fair.stall.clock.advance(seconds: 61)
    let later = try await fair.open(fair.draft(99_900))
    #expect(later.id != first.id)
    #expect(try await fair.offer().lowest?.minor == 129_900)
  }

  @Test(arguments: Engine.allCases)
  func `where the operator allows it a deal may come again, and says what the lowest price was`(engine: Engine)
    async throws
  {
    var policy = Stall.policy
    policy.dealsUndercutLowest = false
    let fair = try await Fair(engine, policy: policy)
    try await fair.open(fair.draft(80_000))
    fair.stall.clock.advance(seconds: 60)
    try await fair.open(fair.draft(99_900))
    let offer = try await fair.offer()
    #expect(offer.lowest?.minor == 80_000 && offer.compareAt?.minor == 129_900)
    fair.stall.clock.advance(seconds: 60)
    #expect(try await refusal { try await fair.open(fair.draft(129_900)) } == "deal_not_below_list")
  }

  @Test(arguments: Engine.allCases)
  func `a show tells when a deal opens and ends, on its own clock`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let commerce = fair.stall.commerce
    let deal = try await fair.open(fair.draft(countdown: 10, seconds: 60), mediaTime: 5_000)
    #expect(deal.startMediaTime == 15_000 && deal.endMediaTime == 75_000)
    #expect(try await refusal { try await fair.open(fair.draft(90_000)) } == "deal_open", "one at a time")
    #expect(try await commerce.liveState(fair.show).deals.map(\.id) == [deal.id])
    fair.stall.clock.advance(seconds: 69)
    #expect(try await commerce.endDueDeals() == 0)
    fair.stall.clock.advance(seconds: 1)
    #expect(try await commerce.endDueDeals() == 1)
    #expect(try await commerce.liveState(fair.show).deals.isEmpty)
    let second = try await fair.open(fair.draft(90_000, seconds: 600), mediaTime: 80_000)
    try await commerce.endDeal(second.id, by: fair.stall.owner, show: fair.show, mediaTime: 90_000)
    try await commerce.endDeal(second.id, by: fair.stall.owner, show: fair.show, mediaTime: 95_000)
    try await fair.open(fair.draft(80_000, seconds: 600), mediaTime: 100_000)
    _ = try await commerce.endShow(by: fair.stall.owner, show: fair.show, mediaTime: 110_000)
    let events = try await commerce.numberTimeline(fair.show)
    #expect(
      events.map(\.kind) == [
        .dealOpened, .dealEnded, .dealOpened, .dealEnded, .dealOpened, .dealEnded, .showEnded,
      ])
    #expect(events.map(\.mediaTime) == [5_000, 75_000, 80_000, 90_000, 100_000, 110_000, 110_000])
    #expect(events[0].payload.contains("\"startMediaTime\":\"15000\"") && events[0].product == fair.stall.products[0])
    #expect(
      try await commerce.deals(of: fair.show, by: fair.stall.owner).map(\.ended) == [.show, .host, .time])
    #expect(try await refusal { try await fair.open(fair.draft(70_000)) } == "show_ended")
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a deal that was ended serves those who saw it for fifteen seconds`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let deal = try await fair.open(fair.draft(seconds: 600))
    let offer = try await fair.offer()
    fair.stall.clock.advance(seconds: 100)
    let ended = try await fair.stall.commerce.endDeal(deal.id, by: fair.stall.owner, show: fair.show)
    #expect(ended.ended == .host && ended.ends == fair.stall.clock.now)
    fair.stall.clock.advance(milliseconds: 14_999)
    _ = try await fair.place(offer)
    fair.stall.clock.advance(milliseconds: 1)
    #expect(try await refusal { try await fair.place(offer) } == "offer_closed")
  }

  @Test(arguments: Engine.allCases)
  func `a variant that is taken off sale is out of the deal too`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    try await fair.open()
    let offer = try await fair.offer()
    try await fair.stall.database.write { [stall = fair.stall] db in
      try Offers.closeList(
        of: stall.variants[0], market: "IN", on: Occasion(at: stall.clock.now, entropy: stall.commerce.entropy), in: db)
    }
    fair.stall.clock.advance(seconds: 15)
    #expect(try await refusal { try await fair.place(offer) } == "offer_closed")
    #expect(try await fair.stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a deal is opened once, by those who run the show, within its bounds`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let commerce = fair.stall.commerce
    for (draft, field) in [
      (fair.draft(countdown: 301), "countdownSeconds"), (fair.draft(seconds: 59), "durationSeconds"),
      (fair.draft(seconds: 1201), "durationSeconds"), (fair.draft(units: 0), "unitsMax"),
      (fair.draft(perBuyer: 6), "unitsPerBuyerMax"), (fair.draft(0), "prices"),
    ] {
      await #expect { try await fair.open(draft) } throws: { ($0 as? any Refusal)?.field == field }
    }
    #expect(try await refusal { try await fair.open(fair.draft(units: 11)) } == "deal_too_few_units")
    var elsewhere = fair.draft()
    elsewhere.prices["FR"] = 100
    #expect(try await refusal { try await fair.open(elsewhere) } == "invalid")
    let id: ID<Deal> = commerce.makeID()
    func open(_ draft: DealDraft, by caller: Caller) async throws -> Deal {
      try await commerce.openDeal(id, by: caller, show: fair.show, draft)
    }
    #expect(try await refusal { try await open(fair.draft(), by: .nobody) } == "sign_in_needed")
    let stranger = Caller(account: commerce.makeID())
    try await fair.stall.database.write { [stall = fair.stall] db in
      try Stall.insertAccount(stranger.account.unsafelyUnwrapped, "s@example.com", at: stall.clock.now, in: db)
    }
    #expect(try await refusal { try await open(fair.draft(), by: stranger) } == "not_found")
    let deal = try await open(fair.draft(), by: fair.stall.owner)
    #expect(try await open(fair.draft(), by: fair.stall.owner) == deal)
    #expect(try await refusal { try await open(fair.draft(90_000), by: fair.stall.owner) } == "id_taken")
    #expect(try await fair.stall.number("SELECT COUNT(*) FROM timeline_event") == 1)
  }

  @Test(arguments: Engine.allCases)
  func `who has taken what of a deal is forgotten a day after it ended`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    try await fair.open()
    _ = try await fair.place(fair.offer())
    fair.stall.clock.advance(seconds: 61)
    #expect(try await fair.stall.commerce.forgetDealBuyers() == 0)
    try await fair.stall.commerce.endDueDeals()
    fair.stall.clock.advance(days: 2)
    #expect(try await fair.stall.commerce.forgetDealBuyers() == 1)
    #expect(try await fair.stall.commerce.expireOrders() == 1)
    #expect(try await fair.deal().taken == 0)
    #expect(try await fair.stall.commerce.audit().differences == [])
  }
}
