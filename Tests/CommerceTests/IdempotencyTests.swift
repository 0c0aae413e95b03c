@testable import Commerce
import Store
import TestKit
import Testing

@Suite struct IdempotencyTests {
  @Test(arguments: Engine.allCases)
  func `the same order asked for again is the first one`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let id: ID<Order> = stall.commerce.makeID()
    let first = try await stall.place(id: id)
    let again = try await stall.place(id: id)
    #expect(first.isNew && !again.isNew)
    #expect(again.order == first.order)
    #expect(try await stall.stock().reserved == 1)
    // Either answer may be the one that arrived.
    #expect(try await stall.commerce.order(id, token: first.access).id == id)
    #expect(try await stall.commerce.order(id, token: again.access).id == id)
  }

  @Test(arguments: Engine.allCases)
  func `asking again works after the offer has closed and the shelf is empty`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 1)
    let id: ID<Order> = stall.commerce.makeID()
    _ = try await stall.place(id: id)
    try await stall.run("UPDATE offer SET closed_ms = 0")
    #expect(try await stall.place(id: id).order.id == id)
  }

  @Test(arguments: Engine.allCases)
  func `an order id with another bag or buyer is refused`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let id: ID<Order> = stall.commerce.makeID()
    _ = try await stall.place(id: id)
    #expect(try await refusal { try await stall.place(stall.bag(2), id: id) } == "idempotency_mismatch")
    let other = try await refusal {
      try await stall.commerce.placeOrder(id, stall.bag(), buyer: Stall.buyer("Ravi"), language: "en")
    }
    #expect(other == "idempotency_mismatch")
    #expect(try await stall.stock().reserved == 1)
  }

  @Test(arguments: Engine.allCases)
  func `an idempotency key names one order, whatever ids it comes with`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let key = try #require(IdempotencyKey("a", scope: "orders"))
    @Sendable func place(_ quantity: Int64, _ key: IdempotencyKey) async throws -> PlacedOrder {
      try await stall.commerce.placeOrder(
        stall.commerce.makeID(), stall.bag(quantity), buyer: Stall.buyer(), language: "en", key: key)
    }
    let first = try await place(1, key)
    #expect(try await place(1, key).order.id == first.order.id)
    #expect(try await refusal { try await place(2, key) } == "idempotency_mismatch")
    let other = try #require(IdempotencyKey("a", scope: "elsewhere"))
    #expect(try await place(1, other).order.id != first.order.id)
    #expect(try await stall.stock().reserved == 2)
  }

  @Test(arguments: Engine.allCases)
  func `a refused order leaves its key free`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 1)
    let key = try #require(IdempotencyKey("a", scope: "orders"))
    @Sendable func place(_ quantity: Int64) async throws -> PlacedOrder {
      try await stall.commerce.placeOrder(
        stall.commerce.makeID(), stall.bag(quantity), buyer: Stall.buyer(), language: "en", key: key)
    }
    #expect(try await refusal { try await place(2) } == "sold_out")
    #expect(try await place(1).isNew)
  }

  @Test(arguments: Engine.allCases)
  func `many asking for one order at once place one`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let id: ID<Order> = stall.commerce.makeID()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<20 { group.addTask { try await stall.place(id: id).isNew } }
      let isNew = try await group.reduce(into: [Bool]()) { $0.append($1) }
      #expect(isNew.count { $0 } == 1)
    }
    #expect(try await stall.stock().reserved == 1)
  }

  @Test(arguments: Engine.allCases)
  func `an answered key gives its answer, and another body is refused`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let keys = stall.commerce.idempotencyKeys
    let key = try #require(IdempotencyKey("k", scope: "channels"))
    #expect(try await keys.claim(key, bodyHash: [1]) == .fresh)
    #expect(try await keys.claim(key, bodyHash: [1]) == .inFlight)
    #expect(try await keys.claim(key, bodyHash: [2]) == .mismatch)
    try await keys.answer(key, status: 201, body: Array("made".utf8))
    try await keys.answer(key, status: 500, body: [])
    #expect(try await keys.claim(key, bodyHash: [1]) == .answered(status: 201, body: Array("made".utf8)))
    #expect(try await keys.claim(key, bodyHash: [2]) == .mismatch)
  }

  @Test func `an answer cannot be read from the database without its key`() async throws {
    let stall = try await Stall(.sqlite)
    let keys = stall.commerce.idempotencyKeys
    let key = try #require(IdempotencyKey("k", scope: "api-keys"))
    _ = try await keys.claim(key, bodyHash: [1])
    try await keys.answer(key, status: 201, body: Array("haat_key_secret".utf8))
    let kept = try await stall.database.read { db in
      try db.row("SELECT answer FROM idempotency_key")?.get("answer", as: [UInt8].self)
    }
    #expect(!String(decoding: try #require(kept), as: UTF8.self).contains("secret"))
  }

  @Test(arguments: Engine.allCases)
  func `a claim of a dead process is taken over after a minute`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let keys = stall.commerce.idempotencyKeys
    let key = try #require(IdempotencyKey("k", scope: "s"))
    #expect(try await keys.claim(key, bodyHash: [1]) == .fresh)
    stall.clock.advance(milliseconds: 59_999)
    #expect(try await keys.claim(key, bodyHash: [1]) == .inFlight)
    stall.clock.advance(milliseconds: 1)
    #expect(try await keys.claim(key, bodyHash: [1]) == .fresh)
    #expect(try await keys.claim(key, bodyHash: [1]) == .inFlight)
  }

  @Test(arguments: Engine.allCases)
  func `keys are forgotten after a day`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let keys = stall.commerce.idempotencyKeys
    let key = try #require(IdempotencyKey("k", scope: "s"))
    _ = try await keys.claim(key, bodyHash: [1])
    try await keys.answer(key, status: 200, body: [])
    stall.clock.advance(seconds: 24 * 3600)
    #expect(try await keys.prune() == 0)
    stall.clock.advance(milliseconds: 1)
    #expect(try await keys.prune() == 1)
    #expect(try await keys.claim(key, bodyHash: [2]) == .fresh)
  }

  @Test func `an abandoned key is free for another body`() async throws {
    let stall = try await Stall(.sqlite)
    let keys = stall.commerce.idempotencyKeys
    let key = try #require(IdempotencyKey("k", scope: "s"))
    _ = try await keys.claim(key, bodyHash: [1])
    try await keys.abandon(key)
    #expect(try await keys.claim(key, bodyHash: [2]) == .fresh)
  }

  @Test(arguments: ["", String(repeating: "k", count: 201)])
  func `a key that is empty or too long is none`(text: String) {
    #expect(IdempotencyKey(text, scope: "s") == nil)
  }
}
