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
    #expect(try await refusal { try await refund(stall, sold, [(0, 1)]) } == "refund_too_many_units")
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
  func `only units there are, are refunded by line, each line named once`(engine: Engine) async throws {
    let (stall, sold) = try await sent(engine, [.init(position: 0, quantity: 2)])
    let wrong: [([(Int, Int64)], String)] = [
      ([], "invalid"), ([(0, 0)], "invalid"), ([(2, 1)], "invalid"), ([(-1, 1)], "invalid"),
      ([(0, 1), (0, 1)], "invalid"), ([(0, 4)], "refund_too_many_units"), ([(1, 2)], "refund_too_many_units"),
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

  @Test(arguments: Engine.allCases)
  func `units that were not sent go first, are on the shelf again, and are not to be sent`(engine: Engine) async throws
  {
    let (stall, sold) = try await sent(engine, [.init(position: 0, quantity: 2)])
    let first = try await refund(stall, sold, [(0, 2)])
    #expect(first.lines.map(\.unsent) == [1])
    #expect(try await stall.stock().onHand == 8)
    let lines = [Refund.Units(position: 1, quantity: 1, unsent: 0)]
    let code = try await refusal {
      try await stall.commerce.refund(sold.order.id, by: stall.owner, lines: lines, reason: "not sent")
    }
    #expect(code == "refund_too_many_units", "it was not sent")
    #expect(try await stall.order(sold).state == .paid)
    _ = try await refund(stall, sold, [(1, 1)])
    // All that is left was sent.
    #expect(try await stall.order(sold).state == .fulfilled)
    #expect(try await refusal { try await stall.commerce.ship(sold.order.id, by: stall.owner) } == "order_not_to_send")
    #expect(try await stall.stock(1).onHand == 10)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `the shipping is refunded alone, in parts, and never twice`(engine: Engine) async throws {
    let (stall, sold) = try await sent(engine)
    let give = { (minor: Int64) in
      try await stall.commerce.refund(sold.order.id, by: stall.owner, shippingMinor: minor, reason: "late")
    }
    let first = try await give(1_000)
    #expect(first.amount.minor == 1_000 && first.shipping.minor == 1_000 && first.lines.isEmpty)
    #expect(try await refusal { try await give(3_901) } == "refund_shipping_too_large")
    _ = try await give(3_900)
    #expect(try await refusal { try await give(1) } == "refund_shipping_too_large")
    #expect(try await refusal { try await give(-1) } == "invalid")
    let entries = try await stall.number(
      "SELECT COUNT(*) FROM ledger_entry JOIN ledger_transfer ON ledger_transfer.id = transfer_id WHERE kind = 'refund'"
    )
    #expect(entries == 4, "the seller alone had it")
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `when nothing is sent nor to be sent, the shipping goes back with the last units`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [10_001, 20_000])
    let bag = Bag(
      show: nil, market: "IN",
      lines: [.init(offer: stall.offers[0], quantity: 3), .init(offer: stall.offers[1], quantity: 1)])
    let sold = try await stall.sell(bag)
    // Some of it went back as an amount before.
    _ = try await stall.commerce.refund(sold.order.id, by: stall.owner, amountMinor: 12_345, reason: "a dent")
    _ = try await refund(stall, sold, [(0, 3)])
    #expect(try await stall.order(sold).state == .paid)
    let last = try await refund(stall, sold, [(1, 1)])
    #expect(last.shipping.minor > 0)
    let order = try await stall.order(sold)
    #expect(order.state == .refunded && order.refunded == order.total)
    let balances = try await stall.database.read { db in try Ledger.balances(in: db) }
    #expect(balances.allSatisfy { $0.amount.minor == 0 })
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a line's refund is taken from that line's own parties`(engine: Engine) async throws {
    let (stall, sold) = try await sent(engine)
    _ = try await refund(stall, sold, [(1, 1)])
    let line = sold.order.lines[1]
    let parts = try await stall.database.read { db in
      try db.requireRow("SELECT tax_minor, commission_minor, seller_minor FROM refund")
    }
    #expect(try parts.get("tax_minor", as: Int64.self) == line.tax.minor)
    #expect(try parts.get("commission_minor", as: Int64.self) == line.commission.minor)
    #expect(
      try parts.get("seller_minor", as: Int64.self) == line.total.minor - line.tax.minor - line.commission.minor)
  }

  @Test(arguments: Engine.allCases)
  func `an order with a refund from before there were parts goes on as a whole`(engine: Engine) async throws {
    let (stall, sold) = try await sent(engine)
    _ = try await stall.commerce.refund(
      sold.order.id, by: stall.owner, amountMinor: 50_003 + 4_900 - 20_000, reason: "old")
    try await stall.run("DELETE FROM refund_part")
    // As that time split it: over the whole order.
    let parts = Split(of: sold.order).part(34_903)
    try await stall.run(
      """
      UPDATE refund SET tax_minor = \(parts.tax), commission_minor = \(parts.commission), seller_minor = \(parts.seller)
      """)
    for (account, minor) in [("tax:IN", parts.tax), ("commission", parts.commission)] {
      try await stall.run(
        """
        UPDATE ledger_entry SET amount_minor = \(-minor) WHERE account = \(account)
          AND transfer_id IN (SELECT id FROM ledger_transfer WHERE kind = 'refund')
        """)
    }
    try await stall.run(
      """
      UPDATE ledger_entry SET amount_minor = \(-parts.seller) WHERE account LIKE 'seller:%'
        AND transfer_id IN (SELECT id FROM ledger_transfer WHERE kind = 'refund')
      """)
    #expect(try await stall.commerce.audit().differences == [])
    let second = try await refund(stall, sold, [(0, 2)])
    #expect(second.amount.minor == 20_000, "no more than is left")
    #expect(second.parts.isEmpty)
    #expect(try await stall.order(sold).state == .refunded)
    let balances = try await stall.database.read { db in try Ledger.balances(in: db) }
    #expect(balances.allSatisfy { $0.amount.minor == 0 })
    #expect(try await stall.commerce.audit().differences == [])
  }
}
