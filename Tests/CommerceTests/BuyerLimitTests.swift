import Store
import TestKit
import Testing

@testable import Commerce

/// How many units one order, and one buyer in all, may have.
@Suite struct BuyerLimitTests {
  private func stall(_ engine: Engine, _ limits: UnitLimits, units: Int64 = 40) async throws -> Stall {
    let stall = try await Stall(engine, units: units)
    _ = try await stall.commerce.changeVariant(
      stall.variants[0], by: stall.owner, VariantChange(limits: limits))
    return stall
  }

  private func buy(_ quantity: Int64, _ stall: Stall, by email: String = "asha@example.com") async throws
    -> PlacedOrder
  {
    let asha = Stall.buyer()
    return try await stall.commerce.placeOrder(
      stall.commerce.makeID(), stall.bag(quantity),
      buyer: Buyer(name: asha.name, email: email, phone: asha.phone, address: asha.address), language: "en")
  }

  @Test(arguments: Engine.allCases)
  func `an order with more than one may have is refused by name and number, from the quote on`(
    engine: Engine
  ) async throws {
    let stall = try await stall(engine, UnitLimits(perOrder: 2))
    let refused = BagRefusal.orderLimit(title: "Lamp", limit: 2)
    await #expect(throws: refused) { try await stall.commerce.quote(stall.bag(3)) }
    await #expect(throws: refused) { try await buy(3, stall) }
    #expect(refused.sentence == "At most 2 of “Lamp” in one order. Order fewer.")
    // As often as one likes.
    for _ in 0..<3 { _ = try await buy(2, stall) }
    #expect(try await stall.number("SELECT COUNT(*) FROM limited_units") == 0, "an order's limit counts nobody")
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a buyer has no more than a buyer may, in however many orders`(engine: Engine) async throws {
    let stall = try await stall(engine, UnitLimits(perBuyer: 3))
    let refused = BagRefusal.buyerLimit(title: "Lamp", limit: 3)
    await #expect(throws: refused) { try await stall.commerce.quote(stall.bag(4)) }
    let first = try await buy(2, stall)
    #expect(try await stall.pay(first) == .paid)
    await #expect(throws: refused) { try await buy(2, stall) }
    // One is one, however they spell their address.
    _ = try await buy(1, stall, by: "ASHA@example.com")
    await #expect(throws: refused) { try await buy(1, stall) }
    _ = try await buy(3, stall, by: "ravi@example.com")
    #expect(try await stall.stock().reserved == 4, "what was refused holds nothing")
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `what ended unpaid, and what was cancelled before it was sent, can be bought again`(
    engine: Engine
  ) async throws {
    let stall = try await stall(engine, UnitLimits(perBuyer: 3))
    let commerce = stall.commerce
    let unpaid = try await buy(3, stall)
    _ = try await commerce.cancelOrder(unpaid.order.id, token: unpaid.access)
    _ = try await commerce.cancelOrder(unpaid.order.id, token: unpaid.access)
    _ = try await buy(3, stall)
    stall.clock.advance(seconds: 601)
    #expect(try await commerce.expireOrders() == 1)
    let paid = try await buy(3, stall)
    #expect(try await stall.pay(paid) == .paid)
    _ = try await commerce.cancelPaid(
      paid.order.id, by: stall.owner, lines: [Refund.Units(position: 0, quantity: 1)], reason: .outOfStock)
    let more = try await buy(1, stall)
    #expect(try await refusal { try await buy(1, stall) } == "buyer_limit")
    // All that is left of it goes back without having been sent.
    _ = try await commerce.refund(paid.order.id, by: stall.owner, reason: "out of stock")
    _ = try await buy(2, stall)
    #expect(try await refusal { try await buy(1, stall) } == "buyer_limit")
    #expect(try await stall.pay(more) == .paid)
    _ = try await commerce.ship(more.order.id, by: stall.owner, lines: nil, carrier: "Post")
    _ = try await commerce.refund(more.order.id, by: stall.owner, reason: "scratched")
    #expect(try await refusal { try await buy(1, stall) } == "buyer_limit", "they have what was sent")
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `of many orders of one buyer at once, as many go through as the buyer may have`(engine: Engine) async throws {
    let stall = try await stall(engine, UnitLimits(perBuyer: 5))
    let outcomes = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<30 { group.addTask { try await refusal { try await buy(1, stall) } } }
      return try await group.reduce(into: [:]) { $0[$1 ?? "placed", default: 0] += 1 }
    }
    #expect(outcomes == ["placed": 5, "buyer_limit": 25])
    #expect(try await stall.stock().reserved == 5)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a product's limit is for all its variants together`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let cup = try await commerce.makeProduct(
      commerce.makeID(), by: square.owner, channel: square.channel.id,
      ProductDraft(
        title: "Cup", options: ["Size"],
        variants: ["S", "L"].map {
          VariantDraft(
            optionValues: [$0], prices: ["IN": 100], onHand: 9,
            limits: UnitLimits(perOrder: $0 == "S" ? 1 : 0, perBuyer: nil))
        }, limits: UnitLimits(perOrder: 2)))
    #expect(
      cup.limits == UnitLimits(perOrder: 2) && cup.variants.map(\.limits) == [UnitLimits(perOrder: 1), .unlimited])
    let card = try await commerce.card(product: cup.id, market: "IN")
    #expect(card.variants.map(\.limits.perOrder) == [1, 2])
    func bag(_ small: Int64, _ large: Int64) -> Bag {
      let counts = zip(card.variants.compactMap(\.offer?.id), [small, large])
      return Bag(
        show: nil, market: "IN", lines: counts.filter { $1 > 0 }.map { Bag.Line(offer: $0, quantity: $1) })
    }
    _ = try await commerce.quote(bag(1, 1))
    await #expect(throws: BagRefusal.orderLimit(title: "Cup · S", limit: 1)) { try await commerce.quote(bag(2, 0)) }
    await #expect(throws: BagRefusal.orderLimit(title: "Cup", limit: 2)) { try await commerce.quote(bag(1, 2)) }
    // Of two who change different things neither undoes the other; and who wants none says so.
    let titled = try await commerce.changeProduct(cup.id, by: square.owner, ProductChange(title: "Mug"))
    #expect(titled.limits == UnitLimits(perOrder: 2) && titled.variants[0].limits == UnitLimits(perOrder: 1))
    let free = try await commerce.changeProduct(cup.id, by: square.owner, ProductChange(limits: UnitLimits.unlimited))
    #expect(free.limits == .unlimited && free.revision != titled.revision)
    _ = try await commerce.quote(bag(1, 2))
    for wrong in [UnitLimits(perOrder: -1), UnitLimits(perBuyer: 1_000_001)] {
      let code = try await refusal {
        try await commerce.changeProduct(cup.id, by: square.owner, ProductChange(limits: wrong))
      }
      #expect(code == "invalid")
    }
  }

  @Test(arguments: Engine.allCases)
  func `what is won at auction is beside the limits`(engine: Engine) async throws {
    let room = try await AuctionTests.Room(engine, units: 2)
    let stall = room.stall
    _ = try await stall.commerce.changeVariant(
      stall.variants[0], by: stall.owner, VariantChange(limits: UnitLimits(perBuyer: 1)))
    let asha = try await room.bidder("Asha Kumar")
    _ = try await stall.commerce.placeOrder(
      stall.commerce.makeID(), stall.bag(), buyer: Stall.buyer(account: asha.account), language: "en")
    try await room.open()
    try await room.bid(600, by: asha)
    #expect(try await room.end().state == .sold)
    try await room.audit()
  }

  @Test(arguments: Engine.allCases)
  func `the audit finds a count that is not what the orders say`(engine: Engine) async throws {
    let stall = try await stall(engine, UnitLimits(perBuyer: 3))
    let placed = try await buy(2, stall)
    try await stall.run("UPDATE limited_units SET units = 1")
    #expect(try await stall.commerce.audit().differences.count == 1)
    try await stall.run("UPDATE limited_order SET units = 1")
    let found = try await stall.commerce.audit().differences
    #expect(found.count == 1 && found[0].contains("counts for 1 units towards a limit, and has 2"))
    try await stall.run("UPDATE limited_order SET units = 2")
    try await stall.run("UPDATE limited_units SET units = 2")
    _ = try await stall.commerce.cancelOrder(placed.order.id, token: placed.access)
    #expect(try await stall.commerce.audit().differences == [])
    try await stall.run("UPDATE limited_order SET units = 2")
    try await stall.run("UPDATE limited_units SET units = 2")
    #expect(try await stall.commerce.audit().differences.count == 1, "it was cancelled")
  }

  @Test(arguments: Engine.allCases)
  func `what counts towards no limit any more is forgotten, and what does is not`(engine: Engine) async throws {
    let stall = try await stall(engine, UnitLimits(perBuyer: 3))
    func rows() async throws -> [Int64] {
      [
        try await stall.number("SELECT COUNT(*) FROM limited_order"),
        try await stall.number("SELECT COUNT(*) FROM limited_units"),
      ]
    }
    let kept = try await buy(2, stall)
    #expect(try await stall.pay(kept) == .paid)
    _ = try await buy(1, stall)
    _ = try await buy(3, stall, by: "ravi@example.com")
    stall.clock.advance(seconds: 3_600)
    try await stall.commerce.expireOrders()
    #expect(try await rows() == [3, 2])
    // Two orders ended unpaid, and one of them was all that its buyer had.
    #expect(try await stall.commerce.forgetLimited() == 3)
    #expect(try await rows() == [1, 1])
    #expect(try await stall.commerce.forgetLimited() == 0)
    #expect(try await stall.commerce.audit().differences == [])
    await #expect(throws: BagRefusal.buyerLimit(title: "Lamp", limit: 3)) { try await buy(2, stall) }
    _ = try await buy(1, stall)
    // What is sold no more has no limit to keep, and what it was bought with can still be refunded.
    try await stall.run("UPDATE variant SET retired_ms = 1 WHERE id = \(stall.variants[0])")
    try await stall.commerce.forgetLimited()
    #expect(try await rows() == [0, 0])
    _ = try await stall.commerce.refund(kept.order.id, by: stall.owner, reason: "sold no more")
    #expect(try await stall.commerce.audit().differences == [])
  }
}
