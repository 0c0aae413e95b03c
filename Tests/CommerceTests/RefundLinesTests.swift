import TestKit
import Testing

@testable import Commerce
@testable import Store

@Suite struct RefundLinesTests {
  private func sent(_ engine: Engine, _ lines: [Shipment.Line]? = nil) async throws -> (Stall, PlacedOrder) {
    let stall = try await Stall(engine, prices: [10_001, 20_000])
    let bag = Bag(
      show: nil, market: "IN",
      lines: [.init(offer: stall.offers[0], quantity: 3), .init(offer: stall.offers[1], quantity: 1)])
    let sold = try await stall.sell(bag)
    _ = try await stall.commerce.ship(sold.order.id, by: stall.owner, lines: lines)
    return (stall, sold)
  }

  private func refund(
    _ stall: Stall, _ sold: PlacedOrder, id: ID<Refund>? = nil, _ units: [(Int, Int64)]
  ) async throws -> Refund {
    // Refunds are listed by when they were made.
    stall.clock.advance(milliseconds: 1)
    return try await stall.commerce.refund(
      sold.order.id, id: id, by: stall.owner,
      lines: units.map { Refund.Units(position: $0.0, quantity: $0.1) }, reason: "scratched")
  }

  @Test(arguments: Engine.allCases)
  func `a refund by line gives back what was paid for it, and no more`(engine: Engine) async throws {
    let (stall, sold) = try await sent(engine)
    let first = try await refund(stall, sold, [(0, 1)])
    #expect(first.state == .succeeded && first.reason == "scratched")
    #expect(first.amount.minor == 10_001)
    let both = try await refund(stall, sold, [(1, 1), (0, 2)])
    #expect(both.lines.map(\.position) == [0, 1])
    #expect(both.lines.map(\.amount.minor) == [20_002, 20_000])
    #expect(both.amount.minor == 40_002)
    #expect(try await refusal { try await refund(stall, sold, [(0, 1)]) } == "more_than_sent")
    #expect(try await stall.order(sold).refunded.minor == 50_003)
    #expect(try await stall.commerce.refunds(sold.order.id, token: sold.access) == [first, both])
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `the units of a line that does not divide give back all of it together`(engine: Engine) async throws {
    let (stall, sold) = try await sent(engine)
    // As a coupon leaves it: 30002 for three.
    try await stall.commerce.database.write { db in
      try db.run("UPDATE order_line SET discount_minor = 1 WHERE order_id = \(sold.order.id) AND position = 0")
    }
    var given: [Int64] = []
    for _ in 0..<3 { given.append(try await refund(stall, sold, [(0, 1)]).amount.minor) }
    #expect(given == [10_000, 10_001, 10_001])
  }

  @Test(arguments: Engine.allCases)
  func `only units that were sent are refunded by line, each line named once`(engine: Engine) async throws {
    let (stall, sold) = try await sent(engine, [.init(position: 0, quantity: 2)])
    let wrong: [([(Int, Int64)], String)] = [
      ([], "invalid"), ([(0, 0)], "invalid"), ([(2, 1)], "invalid"), ([(-1, 1)], "invalid"),
      ([(0, 1), (0, 1)], "invalid"), ([(0, 3)], "more_than_sent"), ([(1, 1)], "more_than_sent"),
    ]
    for (units, code) in wrong { #expect(try await refusal { try await refund(stall, sold, units) } == code) }
    #expect(
      try await refusal {
        try await stall.commerce.refund(
          sold.order.id, by: stall.owner, amountMinor: 1, lines: [.init(position: 0, quantity: 1)], reason: "both")
      } == "invalid")
    #expect(
      try await refusal {
        try await stall.commerce.refund(
          sold.order.id, by: Caller(account: stall.commerce.makeID()), lines: [.init(position: 0, quantity: 1)],
          reason: "stranger")
      } == "not_found")
    #expect(try await stall.order(sold).refunded.minor == 0)
  }

  @Test(arguments: Engine.allCases)
  func `a refund by line asked for twice is one, and with other lines another`(engine: Engine) async throws {
    let (stall, sold) = try await sent(engine)
    let id: ID<Refund> = stall.commerce.makeID()
    let first = try await refund(stall, sold, id: id, [(0, 1)])
    #expect(try await refund(stall, sold, id: id, [(0, 1)]) == first)
    #expect(try await refusal { try await refund(stall, sold, id: id, [(0, 2)]) } == "idempotency_mismatch")
    #expect(try await stall.order(sold).refunded.minor == 10_001)
  }
}
