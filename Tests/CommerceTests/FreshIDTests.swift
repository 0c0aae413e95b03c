import Store
import TestKit
import Testing

@testable import Commerce

/// Which ids callers may give to new things.
@Suite struct FreshIDTests {
  private static let wrong = [
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "ffffffff-ffff-7fff-bfff-ffffffffffff", "0b7d1d2e-3c4f-4a5b-8c6d-7e8f9a0b1c2d",
  ]

  @Test(arguments: Engine.allCases)
  func `nothing new takes an id that is not of now`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let stall = try await Stall(engine)
    let (commerce, owner) = (square.commerce, square.owner)
    for text in Self.wrong {
      func id<Entity>(_ entity: Entity.Type = Entity.self) throws -> ID<Entity> { try #require(ID<Entity>(text)) }
      let product = ProductDraft(title: "Pot", variants: [VariantDraft(prices: ["IN": 1])])
      let made: [() async throws -> Void] = [
        { _ = try await stall.place(id: id()) },
        { _ = try await commerce.makeProduct(id(), by: owner, channel: square.channel.id, product) },
        {
          let variant = VariantDraft(id: try id(), prices: ["IN": 1])
          _ = try await commerce.makeProduct(
            commerce.makeID(), by: owner, channel: square.channel.id, ProductDraft(title: "Pot", variants: [variant]))
        },
        {
          _ = try await commerce.makeChannel(id(), by: owner, ChannelDraft(handle: "pots", name: "Pots", market: "IN"))
        },
        {
          _ = try await commerce.scheduleShow(
            id(), by: owner, channel: square.channel.id,
            ShowDraft(title: "Pots", scheduledAt: square.clock.now, markets: ["IN"]))
        },
        { _ = try await commerce.say(id(), by: owner, show: square.show.id, text: "hello") },
        {
          _ = try await commerce.makeAccount(id(), email: "new@example.com", name: "N", password: "a long password")
        },
      ]
      for (place, make) in made.enumerated() {
        #expect(try await refusal { try await make() } == "invalid", "\(text) \(place)")
      }
      let sold = try await stall.sell()
      let refund = try await refusal {
        try await stall.commerce.refund(sold.order.id, id: id(), by: stall.owner, amountMinor: 1, reason: "x")
      }
      #expect(refund == "invalid")
    }
  }

  @Test(arguments: Engine.allCases)
  func `an id may be off by a clock's error, and one that is known is known for ever`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let week: Int64 = 168 * 3_600_000
    for (offset, isTaken) in [(week, true), (-week, true), (week + 1, false), (-week - 1, false)] {
      let id = ID<Order>(at: stall.clock.now.adding(milliseconds: offset), entropy: SeededEntropy(seed: 9).entropy)
      #expect(try await refusal { try await stall.place(id: id) } == (isTaken ? nil : "invalid"), "\(offset)")
    }
    let id: ID<Order> = stall.commerce.makeID()
    _ = try await stall.place(id: id)
    stall.clock.advance(days: 400)
    #expect(try await stall.place(id: id).isNew == false)
  }

  @Test(arguments: Engine.allCases)
  func `the audit sees an order of any id`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    let zero = try #require(ID<Order>(Self.wrong[0]))
    try await stall.run("UPDATE orders SET id = \(zero), tax_minor = 0 WHERE id = \(placed.order.id)")
    try await stall.run("UPDATE order_line SET order_id = \(zero) WHERE order_id = \(placed.order.id)")
    #expect(try await stall.commerce.audit().differences.contains { $0.hasPrefix("order \(zero)") })
  }
}
