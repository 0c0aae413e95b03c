@testable import Commerce
import Store
import TestKit
import Testing

@Suite struct StockTests {
  private func change<T: Sendable>(
    _ stall: Stall, _ body: @escaping @Sendable (Occasion, any Connection) throws -> T
  ) async throws -> T {
    try await stall.database.write { [commerce = stall.commerce, by = stall.owner.account] db in
      try body(Occasion(at: commerce.clock.now, entropy: commerce.entropy, by: by, note: "counted"), db)
    }
  }

  @Test(arguments: Engine.allCases)
  func `a rush for the last lamps sells each one once`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 10)
    let outcomes = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<60 {
        group.addTask { try await refusal { try await stall.sell() } }
      }
      return try await group.reduce(into: [String?]()) { $0.append($1) }
    }
    #expect(outcomes.count { $0 == nil } == 10)
    #expect(outcomes.count { $0 == "sold_out" } == 50)
    #expect(try await stall.stock() == StockLevel(onHand: 0, reserved: 0))
    #expect(try await stall.number("SELECT COUNT(*) FROM orders") == 10)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a bag is held whole or not at all`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [1000, 2000], units: 5)
    let bag = Bag(
      show: nil, market: "IN",
      lines: [Bag.Line(offer: stall.offers[0], quantity: 5), Bag.Line(offer: stall.offers[1], quantity: 6)])
    let refused = await #expect(throws: BagRefusal.self) { try await stall.place(bag) }
    #expect(refused == .soldOut(stall.variants[1], title: "Lamp", available: 5))
    #expect(refused?.sentence == "Only 5 of “Lamp” are left. Order fewer.")
    #expect(try await stall.stock(0).reserved == 0)
    #expect(try await stall.stock(1).reserved == 0)
    #expect(try await stall.number("SELECT COUNT(*) FROM stock_movement WHERE kind = 'reserved'") == 0)
  }

  @Test(arguments: Engine.allCases)
  func `each change of stock has a row in the journal that says who and why`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 10)
    let variant = stall.variants[0]
    _ = try await change(stall) { try Stock.receive(5, of: variant, on: $0, in: $1) }
    _ = try await change(stall) { try Stock.correct(onHand: 12, of: variant, on: $0, in: $1) }
    _ = try await stall.sell(stall.bag(2))
    _ = try await stall.commerce.cancelOrder(stall.place().order.id, by: stall.owner)
    let kinds = try await stall.database.read { db in
      try db.rows("SELECT kind FROM stock_movement WHERE variant_id = \(variant) ORDER BY id")
        .map { try $0.get("kind", as: String.self) }
    }
    #expect(
      kinds.sorted() == ["corrected", "received", "received", "released", "reserved", "reserved", "sold"])
    #expect(
      try await stall.number(
        "SELECT COUNT(*) FROM stock_movement WHERE account_id = \(stall.owner.account.sqlValue) AND note = 'counted'")
        == 2)
    #expect(try await stall.stock() == StockLevel(onHand: 10, reserved: 0))
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `fewer than are held cannot be on hand`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 10)
    _ = try await stall.place(stall.bag(3))
    let variant = stall.variants[0]
    let code = try await refusal {
      try await change(stall) { try Stock.correct(onHand: 2, of: variant, on: $0, in: $1) }
    }
    #expect(code == "below_reserved")
    #expect(try await stall.stock().onHand == 10)
  }

  @Test(arguments: Engine.allCases)
  func `selling out and coming back are events of the live show`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 2)
    let show = try await stall.liveShow()
    stall.clock.advance(milliseconds: 1500)
    _ = try await stall.place(stall.bag(1))
    let last = try await stall.place(stall.bag(1))
    stall.clock.advance(milliseconds: 500)
    _ = try await stall.commerce.cancelOrder(last.order.id, token: last.access)
    let events = try await stall.commerce.numberTimeline(show)
    #expect(events.map(\.kind) == [.soldOut, .backInStock])
    #expect(events.map(\.mediaTime) == [1500, 2000])
    #expect(
      events.first?.payload == #"{"product":"\#(stall.products[0])","variant":"\#(stall.variants[0])"}"#)
  }

  @Test(arguments: Engine.allCases)
  func `what can be bought is announced whenever it changes, and a sale changes nothing`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 2)
    _ = try await stall.commerce.drainOutbox()
    let placed = try await stall.place()
    #expect(try await stall.commerce.drainOutbox() == [.stock(stall.variants[0])])
    _ = try await stall.pay(placed)
    #expect(try await stall.commerce.drainOutbox() == [.order(placed.order.id)])
  }
}
