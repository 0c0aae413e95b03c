@testable import Commerce
import Foundation
import Store
import TestKit

/// A small seller in a market of its own: one channel with an owner, some products, a clock that stands still until it
/// is moved, and the sandbox to pay with.
final class Stall: Sendable {
  let engine: TestDatabase
  let clock: SettableClock
  let sandbox: SandboxProvider
  let commerce: Commerce
  let owner: Caller
  let channel: ID<Channel>
  let products: [ID<Product>]
  let variants: [ID<Variant>]
  let offers: [ID<Offer>]

  var database: Database { engine.database }

  /// `prices` are in paise, one product each, of which `units` are on hand. Prices include 18 % tax, the commission is
  /// 10 %, shipping costs ₹49 and is free from ₹2,000.
  init(
    _ engine: Engine, prices: [Int64] = [129_900], units: Int64 = 10, seed: UInt64 = 1,
    behaviour: SandboxBehaviour = .prompt, policy: Policy = Stall.policy, isOpen: Bool = true, paysOut: Bool = false
  ) async throws {
    let test = try await engine.database(Commerce.migrations)
    self.engine = test
    let clock = SettableClock()
    self.clock = clock
    let entropy = SeededEntropy(seed: seed).entropy
    sandbox = SandboxProvider(
      database: test.database, clock: clock.wallClock, entropy: entropy, secret: "whsec_test", behaviour: behaviour)
    let commerce = Commerce(
      database: test.database, clock: clock.wallClock, entropy: entropy, policy: policy,
      providers: PaymentProviders([sandbox], paysOut: paysOut))
    self.commerce = commerce
    let account: ID<Account> = commerce.makeID()
    owner = Caller(account: account)
    let channel: ID<Channel> = commerce.makeID()
    self.channel = channel
    let products: [ID<Product>] = prices.map { _ in commerce.makeID() }
    let variants: [ID<Variant>] = prices.map { _ in commerce.makeID() }
    self.products = products
    self.variants = variants
    offers = try await test.database.write { db in
      let occasion = Occasion(at: clock.now, entropy: entropy, by: account, note: "first delivery")
      try Stall.insertAccount(account, "owner@example.com", at: clock.now, in: db)
      try db.run(
        """
        INSERT INTO market (code, currency, name, languages, is_open, commission_bp, tax_included_bp, shipping_minor,
          shipping_free_from_minor)
        VALUES ('IN', 'INR', 'India', 'en,hi', \(isOpen), 1000, 1800, 4900, 200000)
        """)
      try Stall.insertChannel(channel, handle: "lamps", owner: account, at: clock.now, in: db)
      var offers: [ID<Offer>] = []
      for (index, price) in prices.enumerated() {
        try db.run(
          """
          INSERT INTO product (id, channel_id, title, description, options, import_handle, made_hash, created_ms)
          VALUES (\(products[index]), \(channel), 'Lamp', '', '[]', '', \([UInt8]()), \(clock.now))
          """)
        try db.run(
          """
          INSERT INTO variant (id, product_id, position, sku, title, options, created_ms)
          VALUES (\(variants[index]), \(products[index]), 0, 'LAMP', '', '[]', \(clock.now))
          """)
        try Stock.receive(units, of: variants[index], on: occasion, in: db)
        offers.append(
          try Offers.openList(
            Money(minor: price, currency: Stall.rupee), compareAt: nil, of: variants[index], market: "IN", on: occasion,
            in: db
          ).id)
      }
      return offers
    }
  }

  /// The limits as they are, but for those on what one buyer holds: here everybody is Asha.
  static var policy: Policy {
    var policy = Policy()
    policy.openOrdersPerBuyerMax = 0
    policy.heldUnitsPerBuyerMax = 0
    return policy
  }

  static let rupee = Currency("INR").unsafelyUnwrapped

  static func insertAccount(_ id: ID<Account>, _ email: String, at now: Moment, in db: any Connection) throws {
    try db.run(
      """
      INSERT INTO account (id, email, name, password_hash, is_operator, created_ms)
      VALUES (\(id), \(email), 'Someone', '', 0, \(now))
      """)
  }

  static func insertChannel(
    _ id: ID<Channel>, handle: String, owner: ID<Account>, at now: Moment, in db: any Connection
  ) throws {
    try db.run(
      """
      INSERT INTO channel (id, handle, name, about, market, state, made_hash, created_ms)
      VALUES (\(id), \(handle), \(handle), '', 'IN', 'approved', \([UInt8]()), \(now))
      """)
    try db.run(
      """
      INSERT INTO member (channel_id, account_id, role, created_ms) VALUES (\(id), \(owner), 'owner', \(now))
      """)
  }

  /// A show of the channel that is live and sells all its products in IN.
  func liveShow() async throws -> ID<Show> {
    let show: ID<Show> = commerce.makeID()
    let now = clock.now
    try await database.write { [channel, products] db in
      try db.run(
        """
        INSERT INTO show (id, channel_id, title, description, orientation, state, scheduled_ms, started_ms,
          media_epoch_ms, sequence, changed_ms, made_hash, created_ms)
        VALUES (\(show), \(channel), 'Lamps tonight', '', 'vertical', 'live', \(now), \(now), \(now), 0, \(now),
          \([UInt8]()), \(now))
        """)
      try db.run("INSERT INTO show_market (show_id, market) VALUES (\(show), 'IN')")
      for (position, product) in products.enumerated() {
        try db.run(
          "INSERT INTO show_product (show_id, product_id, position) VALUES (\(show), \(product), \(position))")
      }
    }
    return show
  }
}

extension Stall {
  /// One unit of the first product, unless said otherwise.
  func bag(_ quantity: Int64 = 1, product: Int = 0, show: ID<Show>? = nil, market: String = "IN") -> Bag {
    Bag(show: show, market: market, lines: [Bag.Line(offer: offers[product], quantity: quantity)])
  }

  static func buyer(_ name: String = "Asha", account: ID<Account>? = nil) -> Buyer {
    Buyer(
      account: account, name: name, email: "asha@example.com", phone: "+91 98 7654 3210",
      address: Buyer.Address(
        name: name, line1: "1 Lamp Street", city: "Jaipur", region: "RJ", postalCode: "302001", country: "IN"))
  }

  /// Gives some of the products to another channel of the same owner.
  @discardableResult
  func split(off products: [Int], handle: String = "rugs") async throws -> ID<Channel> {
    let other: ID<Channel> = commerce.makeID()
    let moved = products.map { self.products[$0] }
    guard let owner = owner.account else { throw Unexpected(what: "no owner") }
    try await database.write { [clock] db in
      try Stall.insertChannel(other, handle: handle, owner: owner, at: clock.now, in: db)
      try db.run("UPDATE product SET channel_id = \(other) WHERE id IN \(list: moved)")
    }
    return other
  }

  func place(_ bag: Bag? = nil, id: ID<Order>? = nil, source: OrderSource = .page) async throws -> PlacedOrder {
    try await commerce.placeOrder(
      id ?? commerce.makeID(), bag ?? self.bag(), buyer: Self.buyer(), language: "en", source: source)
  }

  /// A placed and paid order.
  func sell(_ bag: Bag? = nil, source: OrderSource = .page) async throws -> PlacedOrder {
    let placed = try await place(bag, source: source)
    let outcome = try await pay(placed)
    guard outcome == .paid else { throw Unexpected(what: "\(outcome)") }
    return placed
  }

  func pay(_ placed: PlacedOrder, method: String = "pm_card_visa", key: String = "1") async throws -> PaymentOutcome {
    try await commerce.pay(placed.order.id, method: method, key: key, token: placed.access)
  }

  func order(_ placed: PlacedOrder) async throws -> Order {
    try await commerce.order(placed.order.id, token: placed.access)
  }

  func stock(_ product: Int = 0) async throws -> StockLevel {
    try await database.read { [variants] db in
      try Stock.levels(of: [variants[product]], in: db)[variants[product]] ?? .none
    }
  }

  /// Sends the webhooks that are due, straight into `receivedWebhook`.
  @discardableResult
  func deliverWebhooks() async throws -> Int {
    try await sandbox.deliverDue { [commerce] headers, body in
      _ = try await commerce.receivedWebhook("sandbox", headers: headers, body: body)
    }
  }

  func number(_ sql: SQL) async throws -> Int64 {
    try await database.read { db in try db.row(sql)?.get(0) ?? 0 }
  }

  func run(_ sql: SQL) async throws {
    _ = try await database.write { db in try db.run(sql) }
  }

  struct Unexpected: Error { let what: String }
}

/// The code of the refusal that a call throws; nil when it throws none.
func refusal(_ call: () async throws -> some Any) async throws -> String? {
  do {
    _ = try await call()
    return nil
  } catch let refusal as any Refusal {
    return refusal.code
  }
}
