import Logging
import Store
import TestKit
import Testing

@testable import Commerce

/// What one buyer may hold without paying.
@Suite struct HoldTests {
  private static var tight: Policy {
    var policy = Policy()
    policy.openOrdersPerBuyerMax = 3
    policy.openOrdersPerAddressMax = 5
    policy.heldUnitsPerBuyerMax = 6
    policy.heldUnitsPerAddressMax = 8
    return policy
  }

  private func buyer(_ email: String, account: ID<Account>? = nil) -> Buyer {
    let asha = Stall.buyer(account: account)
    return Buyer(account: account, name: asha.name, email: email, phone: asha.phone, address: asha.address)
  }

  private func place(_ quantity: Int64 = 1, by buyer: Buyer, from address: String? = nil, at stall: Stall) async throws
    -> PlacedOrder
  {
    try await stall.commerce.placeOrder(
      stall.commerce.makeID(), stall.bag(quantity), buyer: buyer, language: "en", address: address)
  }

  @Test(arguments: Engine.allCases)
  func `one buyer's unpaid orders are limited, however the address is spelt`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 50, policy: Self.tight)
    let first = try await place(by: buyer("asha@example.com"), at: stall)
    _ = try await place(by: buyer("Asha@Example.com"), at: stall)
    _ = try await place(by: buyer("asha@example.com"), at: stall)
    let refused = { try await self.place(by: self.buyer("ASHA@example.com"), at: stall) }
    #expect(try await refusal(refused) == "too_many_open_orders")
    #expect(try await stall.stock().reserved == 3, "what was refused holds nothing")
    #expect(try await place(by: buyer("ravi@example.com"), at: stall).isNew, "others are not in the way")

    #expect(try await stall.pay(first) == .paid)
    #expect(try await place(by: buyer("asha@example.com"), at: stall).isNew, "a paid order holds nothing")
    #expect(try await refusal(refused) == "too_many_open_orders")
    // Without a chore having run: what is over is over.
    stall.clock.advance(minutes: 11)
    #expect(try await place(by: buyer("asha@example.com"), at: stall).isNew)
  }

  @Test(arguments: Engine.allCases)
  func `the units one buyer holds of one variant are limited over all orders`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [100, 200], units: 50, policy: Self.tight)
    #expect(try await refusal { try await place(7, by: buyer("a@example.com"), at: stall) } == "too_many_held")
    let held = try await place(4, by: buyer("a@example.com"), at: stall)
    #expect(try await refusal { try await place(3, by: buyer("a@example.com"), at: stall) } == "too_many_held")
    let other = try await stall.commerce.placeOrder(
      stall.commerce.makeID(), stall.bag(6, product: 1), buyer: buyer("a@example.com"), language: "en")
    #expect(other.isNew, "another variant has its own")
    _ = try await stall.commerce.cancelOrder(held.order.id, token: held.access)
    #expect(try await place(6, by: buyer("a@example.com"), at: stall).isNew)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `many names at one network address share its limits`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 50, policy: Self.tight)
    for number in 1...4 { _ = try await place(by: buyer("a\(number)@example.com"), from: "192.0.2.1", at: stall) }
    let greedy = try await refusal { try await place(5, by: buyer("b@example.com"), from: "192.0.2.1", at: stall) }
    #expect(greedy == "too_many_held")
    _ = try await place(by: buyer("c@example.com"), from: "192.0.2.1", at: stall)
    let sixth = try await refusal { try await place(by: buyer("d@example.com"), from: "192.0.2.1", at: stall) }
    #expect(sixth == "too_many_open_orders")
    #expect(try await place(5, by: buyer("d@example.com"), from: "192.0.2.2", at: stall).isNew)
  }

  @Test(arguments: Engine.allCases)
  func `an account is one buyer whatever e-mail address it gives, and a repeated order is no other`(engine: Engine)
    async throws
  {
    let stall = try await Stall(engine, units: 50, policy: Self.tight)
    let account: ID<Account> = stall.commerce.makeID()
    try await stall.database.write { [stall] db in
      try Stall.insertAccount(account, "asha@example.com", at: stall.clock.now, in: db)
    }
    let id: ID<Order> = stall.commerce.makeID()
    for number in 1...3 {
      _ = try await stall.commerce.placeOrder(
        number == 1 ? id : stall.commerce.makeID(), stall.bag(),
        buyer: buyer("a\(number)@example.com", account: account),
        language: "en")
    }
    #expect(
      try await refusal { try await place(by: buyer("b@example.com", account: account), at: stall) }
        == "too_many_open_orders")
    let again = try await stall.commerce.placeOrder(
      id, stall.bag(), buyer: buyer("a1@example.com", account: account), language: "en")
    #expect(!again.isNew && again.order.id == id)
  }

  @Test(arguments: Engine.allCases)
  func `where an order came from is forgotten when it is paid or ends`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 50)
    let paid = try await place(by: buyer("a@example.com"), from: "192.0.2.1", at: stall)
    let cancelled = try await place(by: buyer("b@example.com"), from: "192.0.2.1", at: stall)
    _ = try await place(by: buyer("c@example.com"), from: "192.0.2.1", at: stall)
    let kept: SQL = "SELECT COUNT(*) FROM orders WHERE hold_address IS NOT NULL OR hold_buyer IS NOT NULL"
    #expect(try await stall.number(kept) == 3)
    #expect(try await stall.pay(paid) == .paid)
    _ = try await stall.commerce.cancelOrder(cancelled.order.id, token: cancelled.access)
    #expect(try await stall.number(kept) == 1)
    stall.clock.advance(minutes: 11)
    try await stall.commerce.expireOrders()
    #expect(try await stall.number(kept) == 0)
  }

  @Test(arguments: Engine.allCases)
  func `a buyer's rush for one shelf stops at the limit`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 50, policy: Self.tight)
    let placed = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<20 {
        group.addTask { try await refusal { try await place(by: buyer("bot@example.com"), at: stall) } == nil }
      }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(placed == 3)
  }

  @Test(arguments: Engine.allCases)
  func `what another process was asked for counts too, and what was asked for before a restart`(engine: Engine)
    async throws
  {
    let stall = try await Stall(engine, units: 50, policy: Self.tight)
    _ = try await place(by: buyer("asha@example.com"), at: stall)
    let other = try await Database.open(stall.engine.location, logger: Logger(label: "test"))
    let commerce = Commerce(
      database: other, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 2).entropy, policy: Self.tight,
      providers: PaymentProviders([stall.sandbox]))
    let there = {
      try await commerce.placeOrder(
        commerce.makeID(), stall.bag(1), buyer: self.buyer("asha@example.com"), language: "en")
    }
    _ = try await there()
    _ = try await place(by: buyer("asha@example.com"), at: stall)
    let refused = { try await self.place(by: self.buyer("asha@example.com"), at: stall) }
    #expect(try await refusal(refused) == "too_many_open_orders")
    #expect(try await refusal(there) == "too_many_open_orders")
    await other.close()
  }

  /// Whoever may hold what, by the database's own rows.
  private static func held(by holder: Holder, at now: Moment, in db: any Connection) throws -> [[ID<Order>]] {
    let open: [SQL] = ["hold_buyer = \(holder.buyer)", "hold_address = \(holder.address.sqlValue)"]
    return try open.map { holds in
      try db.rows("SELECT id FROM orders WHERE \(holds) AND expires_ms > \(now) ORDER BY id").map { try $0.get("id") }
    }
  }

  private struct Undone: Error {}

  @Test(arguments: 1...6)
  func `what is kept in memory says what the database says, whatever happened`(seed: UInt64) async throws {
    var policy = Self.tight
    policy.openOrdersPerBuyerMax = 40
    policy.openOrdersPerAddressMax = 90
    policy.heldUnitsPerBuyerMax = 0
    policy.heldUnitsPerAddressMax = 0
    let stall = try await Stall(.sqlite, units: 10_000, policy: policy)
    let chance = SeededEntropy(seed: seed).entropy
    let pick = { (count: Int) in Int(chance.bytes(1)[0]) % count }
    let names = (0..<5).map { buyer("b\($0)@example.com") }
    let addresses = ["192.0.2.1", "192.0.2.2", nil]
    var unpaid: [PlacedOrder] = []
    for step in 1...250 {
      switch pick(12) {
      case 0...5:
        unpaid.append(try await place(by: names[pick(names.count)], from: addresses[pick(addresses.count)], at: stall))
      case 6...7 where !unpaid.isEmpty: _ = try? await stall.pay(unpaid.remove(at: pick(unpaid.count)))
      case 8 where !unpaid.isEmpty:
        let order = unpaid.remove(at: pick(unpaid.count))
        _ = try? await stall.commerce.cancelOrder(order.order.id, token: order.access)
      case 9:
        stall.clock.advance(minutes: Int64(1 + pick(4)))
        if pick(2) == 0 { try await stall.commerce.expireOrders() }
      case 10:
        // A payment that is undone, with whatever came before it in the same call.
        let ids = unpaid.map(\.order.id)
        let ends = pick(2) == 0
        await #expect(throws: Undone.self) {
          try await stall.database.write { [clock = stall.clock] db in
            guard let held = try HeldOrders.at(clock.now, in: db) else { return }
            if ends { held.forget(ids) }
            let holder = Holder(names[0], address: nil)
            held.add(stall.commerce.makeID(), of: holder, until: clock.now.adding(seconds: 600), at: clock.now)
            throw Undone()
          }
        }
      default: break
      }
      for name in names {
        for address in addresses {
          let (said, stands) = try await stall.database.write { [clock = stall.clock] db in
            let holder = Holder(name, address: address)
            let truth = try Self.held(by: holder, at: clock.now, in: db)
            let open = try holder.open(1_000, 1_000, at: clock.now, in: db)
            return ([open.ofBuyer.sorted(), open.ofAddress.sorted()], truth)
          }
          #expect(said == stands, "step \(step) of seed \(seed)")
        }
      }
    }
  }
}
