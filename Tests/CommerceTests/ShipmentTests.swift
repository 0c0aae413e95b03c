import TestKit
import Testing

@testable import Commerce
@testable import Store

@Suite struct ShipmentTests {
  private func two(_ engine: Engine) async throws -> (Stall, PlacedOrder) {
    let stall = try await Stall(engine, prices: [10_000, 20_000])
    let bag = Bag(
      show: nil, market: "IN",
      lines: [.init(offer: stall.offers[0], quantity: 3), .init(offer: stall.offers[1], quantity: 1)])
    return (stall, try await stall.sell(bag))
  }

  @Test(arguments: Engine.allCases)
  func `an order sent in two parcels is fulfilled with the second, and delivered when both arrived`(
    engine: Engine
  ) async throws {
    let (stall, sold) = try await two(engine)
    let id = sold.order.id
    let first = try await stall.commerce.ship(
      id, by: stall.owner, lines: [.init(position: 0, quantity: 2)], carrier: "India Post", tracking: "EE1",
      link: "https://post.example/EE1")
    #expect(first.carrier == "India Post" && first.link == "https://post.example/EE1")
    #expect(try await stall.order(sold).state == .paid)
    _ = try await stall.commerce.deliver(first.id, of: id, token: sold.access)
    #expect(try await stall.order(sold).state == .paid, "the rest is not sent")
    let second = try await stall.commerce.ship(id, by: stall.owner)
    #expect(second.lines == [.init(position: 0, quantity: 1), .init(position: 1, quantity: 1)])
    #expect(try await stall.order(sold).state == .fulfilled)
    #expect(try await stall.commerce.audit().differences == [])
    #expect(try await stall.commerce.deliver(second.id, of: id, by: stall.owner).state == .delivered)
    #expect(try await stall.commerce.shipments(of: id, token: sold.access).map(\.id) == [first.id, second.id])
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `no more is sent than was bought, and nothing that is not a line`(engine: Engine) async throws {
    let (stall, sold) = try await two(engine)
    let wrong: [([Shipment.Line], String)] = [
      ([], "nothing_to_send"), ([.init(position: 0, quantity: 4)], "more_than_left"),
      ([.init(position: 2, quantity: 1)], "invalid"), ([.init(position: -1, quantity: 1)], "invalid"),
      ([.init(position: 0, quantity: 0)], "invalid"),
      ([.init(position: 0, quantity: 1), .init(position: 0, quantity: 1)], "invalid"),
    ]
    for (lines, code) in wrong {
      #expect(try await refusal { try await stall.commerce.ship(sold.order.id, by: stall.owner, lines: lines) } == code)
    }
    for link in ["javascript:alert(1)", "post.example/1", "https://", "https://me@post.example/"] {
      #expect(
        try await refusal { try await stall.commerce.ship(sold.order.id, by: stall.owner, link: link) } == "invalid")
    }
    #expect(try await stall.number("SELECT COUNT(*) FROM shipment") == 0)
    _ = try await stall.commerce.ship(sold.order.id, by: stall.owner)
    #expect(
      try await refusal { try await stall.commerce.ship(sold.order.id, by: stall.owner) } == "order_not_to_send")
    let unpaid = try await stall.place()
    #expect(try await refusal { try await stall.commerce.ship(unpaid.order.id, by: stall.owner) } == "order_not_paid")
  }

  @Test(arguments: Engine.allCases)
  func `a parcel asked for twice is sent once, and only by those who deal with orders`(engine: Engine) async throws {
    let (stall, sold) = try await two(engine)
    let id: ID<Shipment> = stall.commerce.makeID()
    let one = [Shipment.Line(position: 0, quantity: 1)]
    let first = try await stall.commerce.ship(sold.order.id, id: id, by: stall.owner, lines: one)
    #expect(try await stall.commerce.ship(sold.order.id, id: id, by: stall.owner, lines: one) == first)
    let other = [Shipment.Line(position: 0, quantity: 2)]
    #expect(
      try await refusal { try await stall.commerce.ship(sold.order.id, id: id, by: stall.owner, lines: other) }
        == "idempotency_mismatch")
    let stranger: ID<Account> = stall.commerce.makeID()
    let caller = Caller(account: stranger)
    #expect(try await refusal { try await stall.commerce.ship(sold.order.id, by: caller) } == "not_found")
    #expect(try await refusal { try await stall.commerce.deliver(id, of: sold.order.id, by: caller) } == "not_found")
    #expect(try await refusal { try await stall.commerce.shipments(of: sold.order.id, by: caller) } == "not_found")
    let another = try await stall.sell()
    #expect(
      try await refusal { try await stall.commerce.deliver(id, of: another.order.id, token: another.access) }
        == "not_found", "a parcel of another order")
  }

  @Test(arguments: Engine.allCases)
  func `of a partly sent order that is refunded whole, what was not sent goes back on the shelf`(
    engine: Engine
  ) async throws {
    let (stall, sold) = try await two(engine)
    _ = try await stall.commerce.ship(sold.order.id, by: stall.owner, lines: [.init(position: 0, quantity: 2)])
    _ = try await stall.commerce.refund(sold.order.id, by: stall.owner, reason: "the rest is broken")
    #expect(try await stall.order(sold).state == .refunded)
    #expect(try await stall.stock(0).onHand == 8)
    #expect(try await stall.stock(1).onHand == 10)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a seller's money is released three days after the delivery, and not before`(engine: Engine) async throws {
    let (stall, sold) = try await two(engine)
    let shipment = try await stall.commerce.ship(sold.order.id, by: stall.owner)
    let earned = try #require(try await stall.commerce.earnings(of: stall.channel, by: stall.owner).first)
    #expect(earned.released.minor == 0 && earned.waiting.minor > 0)
    stall.clock.advance(days: 9)
    #expect(try await stall.commerce.settleOrders() == 0)
    _ = try await stall.commerce.deliver(shipment.id, of: sold.order.id, token: sold.access)
    stall.clock.advance(seconds: 3 * 86_400 - 1)
    #expect(try await stall.commerce.settleOrders() == 0)
    // Saying it again does not begin the time anew.
    _ = try await stall.commerce.deliver(shipment.id, of: sold.order.id, token: sold.access)
    stall.clock.advance(seconds: 1)
    #expect(try await stall.commerce.settleOrders() == 1)
    #expect(try await stall.order(sold).state == .settled)
    let now = try await stall.commerce.earnings(of: stall.channel, by: stall.owner)
    #expect(now.map(\.released) == [earned.waiting] && now.map(\.waiting.minor) == [0])
    let stranger: ID<Account> = stall.commerce.makeID()
    let caller = Caller(account: stranger)
    #expect(try await refusal { try await stall.commerce.earnings(of: stall.channel, by: caller) } != nil)
    #expect(try await stall.commerce.settleOrders() == 0)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `the auditor finds a parcel too many and an arrival too early`(engine: Engine) async throws {
    let (stall, sold) = try await two(engine)
    _ = try await stall.commerce.ship(sold.order.id, by: stall.owner)
    try await stall.run("UPDATE shipment_line SET quantity = quantity + 1 WHERE position = 0")
    #expect(try await stall.commerce.audit().differences.count == 1)
    try await stall.run("UPDATE shipment_line SET quantity = quantity - 1 WHERE position = 0")
    try await stall.run("UPDATE orders SET state = 'delivered'")
    #expect(try await stall.commerce.audit().differences.count == 1)
  }

  @Test(arguments: Engine.allCases)
  func `what was fulfilled before there were parcels becomes one`(engine: Engine) async throws {
    let (stall, sold) = try await two(engine)
    _ = try await stall.commerce.fulfil(sold.order.id, by: stall.owner, tracking: "EE1")
    let paid = try await stall.sell()
    try await stall.run("DELETE FROM shipment_line")
    try await stall.run("DELETE FROM shipment")
    let migration = try #require(try Commerce.migrations.first { $0.name == "060_shipments" })
    for statement in migration.sql.split(separator: ";") where statement.contains("INSERT INTO") {
      try await stall.run(SQL(verbatim: String(statement)))
    }
    let parcels = try await stall.commerce.shipments(of: sold.order.id, token: sold.access)
    #expect(parcels.map(\.tracking) == ["EE1"] && parcels.first?.lines.map(\.quantity) == [3, 1])
    #expect(try await stall.commerce.shipments(of: paid.order.id, token: paid.access) == [])
    #expect(try await stall.commerce.audit().differences == [])
  }
}
