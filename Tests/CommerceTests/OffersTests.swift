@testable import Commerce
import Store
import TestKit
import Testing

@Suite struct OffersTests {
  private static func open(_ minor: Int64, compareAt: Int64? = nil, in stall: Stall) async throws -> Offer {
    try await stall.database.write { [commerce = stall.commerce, variant = stall.variants[0]] db in
      try Offers.openList(
        Money(minor: minor, currency: Stall.rupee),
        compareAt: compareAt.map { Money(minor: $0, currency: Stall.rupee) },
        of: variant, market: "IN", on: Occasion(at: commerce.clock.now, entropy: commerce.entropy), in: db)
    }
  }

  @Test(arguments: Engine.allCases)
  func `a new price closes the old offer and opens another`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    stall.clock.advance(seconds: 1)
    let new = try await Self.open(99_900, compareAt: 129_900, in: stall)
    #expect(new.isOpen)
    #expect(new.id != stall.offers[0])
    #expect(try await stall.number("SELECT COUNT(*) FROM offer WHERE closed_ms = \(stall.clock.now)") == 1)
    let listed = try await stall.database.read { [stall] db in
      try Offers.lists(of: stall.variants, market: "IN", in: db)
    }
    #expect(listed[stall.variants[0]] == new)
    #expect(new.compareAt?.minor == 129_900)
  }

  @Test(arguments: Engine.allCases)
  func `the same price again leaves the offer as it is`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    #expect(try await Self.open(129_900, in: stall).id == stall.offers[0])
  }

  @Test(arguments: Engine.allCases)
  func `a closed offer is honoured for fifteen seconds and no longer`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    stall.clock.advance(seconds: 60)
    _ = try await Self.open(149_900, in: stall)
    stall.clock.advance(milliseconds: 14_999)
    let placed = try await stall.place()
    #expect(placed.order.lines[0].unitPrice.minor == 129_900)
    #expect(placed.order.lines[0].offer == stall.offers[0])
    stall.clock.advance(milliseconds: 1)
    #expect(try await refusal { try await stall.place() } == "offer_closed")
    #expect(try await stall.stock().reserved == 1)
  }

  @Test(arguments: Engine.allCases)
  func `a variant off sale cannot be bought`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    try await stall.database.write { [commerce = stall.commerce, variant = stall.variants[0]] db in
      try Offers.closeList(
        of: variant, market: "IN", on: Occasion(at: commerce.clock.now, entropy: commerce.entropy), in: db)
    }
    stall.clock.advance(seconds: 15)
    #expect(try await refusal { try await stall.place() } == "offer_closed")
  }

  @Test(arguments: [0, -1, Money.minorMax + 1])
  func `a price outside its bounds is refused`(minor: Int64) async throws {
    let stall = try await Stall(.sqlite)
    #expect(try await refusal { try await Self.open(minor, in: stall) } == "invalid")
  }

  @Test func `a comparison that is not above the price is refused`() async throws {
    let stall = try await Stall(.sqlite)
    #expect(try await refusal { try await Self.open(5000, compareAt: 5000, in: stall) } == "invalid")
  }
}
