@testable import Commerce
import Store
import TestKit
import Testing

@Suite struct CheckoutTests {
  @Test(arguments: Engine.allCases)
  func `a quote adds up lines, shipping and the tax inside`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [129_900, 59_00])
    let one = try await stall.commerce.quote(stall.bag())
    #expect(one.subtotal.minor == 129_900)
    #expect(one.shipping.minor == 4900)
    #expect(one.total.minor == 134_800)
    // 129 900 × 18 ÷ 118 = 19 815.25…
    #expect(one.tax.minor == 19_815)
    // 10 % of 110 085, half to even.
    #expect(one.lines[0].commission.minor == 11_008)
    let two = try await stall.commerce.quote(stall.bag(2))
    #expect(two.subtotal.minor == 259_800)
    #expect(two.shipping.minor == 0)
  }

  @Test(arguments: Engine.allCases)
  func `shipping is free from the market's amount on`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [199_999, 200_000])
    #expect(try await stall.commerce.quote(stall.bag(product: 0)).shipping.minor == 4900)
    #expect(try await stall.commerce.quote(stall.bag(product: 1)).shipping.minor == 0)
  }

  @Test(arguments: Engine.allCases)
  func `an order is what was quoted, and holds its stock for ten minutes`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let quote = try await stall.commerce.quote(stall.bag(3))
    let placed = try await stall.place(stall.bag(3))
    #expect(placed.order.state == .placed)
    #expect(placed.order.total == quote.total)
    #expect(placed.order.lines[0].commissionRate.basisPoints == 1000)
    #expect(placed.order.expires == stall.clock.now.adding(seconds: 600))
    #expect(try await stall.stock() == StockLevel(onHand: 10, reserved: 3))
    #expect(try await stall.order(placed) == placed.order)
  }

  @Test(arguments: Engine.allCases)
  func `a bag that cannot be bought is refused with its reason`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [129_900, 1000])
    let show = try await stall.liveShow()
    try await stall.run(
      """
      INSERT INTO market (code, currency, name, languages, is_open, commission_bp, tax_included_bp, shipping_minor)
      VALUES ('JP', 'JPY', 'Japan', 'ja', 1, 0, 0, 0)
      """)
    let unknown: ID<Offer> = stall.commerce.makeID()
    let lines = [Bag.Line(offer: unknown, quantity: 1)]
    let cases: [(Bag, String)] = [
      (Bag(show: nil, market: "IN", lines: lines), "offer_unknown"),
      (Bag(show: nil, market: "IN", lines: []), "invalid"),
      (stall.bag(0), "invalid"),
      (stall.bag(-1), "invalid"),
      (stall.bag(100), "invalid"),
      (stall.bag(.min), "invalid"),
      (Bag(show: nil, market: "IN", lines: stall.bag().lines + stall.bag().lines), "invalid"),
      (stall.bag(market: "JP"), "other_market"),
      (stall.bag(market: "'; DROP TABLE orders; --"), "other_market"),
      (stall.bag(show: stall.commerce.makeID()), "not_in_show"),
      (stall.bag(11), "sold_out"),
    ]
    for (bag, code) in cases {
      #expect(try await refusal { try await stall.place(bag) } == code, "\(bag)")
    }
    #expect(try await refusal { try await stall.place(stall.bag(show: show)) } == nil)
    try await stall.run("UPDATE channel SET state = 'suspended'")
    #expect(try await refusal { try await stall.place() } == "channel_not_selling")
    try await stall.run("UPDATE market SET is_open = 0")
    #expect(try await refusal { try await stall.place() } == "market_closed")
    #expect(try await refusal { try await stall.commerce.quote(stall.bag()) } == "market_closed")
    #expect(try await stall.stock().reserved == 1)
  }

  @Test(arguments: Engine.allCases)
  func `a seller's products are not sold in another's show without terms`(engine: Engine) async throws {
    let stall = try await Stall(engine, prices: [1000, 1000])
    try await stall.split(off: [1])
    let show = try await stall.liveShow()
    #expect(try await refusal { try await stall.place(stall.bag(product: 1, show: show)) } == "not_in_show")
  }

  @Test func `a buyer whose details cannot be is refused by field`() async throws {
    let stall = try await Stall(.sqlite)
    func buyer(
      name: String = "Asha", email: String = "a@example.com", phone: String = "", line1: String = "1 Lane",
      country: String = "IN"
    ) -> Buyer {
      Buyer(
        name: name, email: email, phone: phone,
        address: Buyer.Address(name: "", line1: line1, city: "Pune", postalCode: "411001", country: country))
    }
    let cases: [(Buyer, String?)] = [
      (buyer(), nil),
      (buyer(name: "  "), "buyer.name"),
      (buyer(name: "A\u{0}B"), "buyer.name"),
      (buyer(name: String(repeating: "x", count: 101)), "buyer.name"),
      (buyer(email: "nobody"), "buyer.email"),
      (buyer(email: "a@b@c.de"), "buyer.email"),
      (buyer(email: "a@nodot"), "buyer.email"),
      (buyer(phone: "call me"), "buyer.phone"),
      (buyer(line1: ""), "buyer.address.line1"),
      (buyer(line1: "1 Lane\nBcc: all"), "buyer.address.line1"),
      (buyer(country: "in"), "buyer.address.country"),
      (buyer(country: "IND"), "buyer.address.country"),
      (buyer(country: "US"), "buyer.address.country"),
    ]
    for (buyer, field) in cases {
      do {
        _ = try await stall.commerce.placeOrder(stall.commerce.makeID(), stall.bag(), buyer: buyer, language: "en")
        #expect(field == nil)
      } catch let refusal as GeneralRefusal {
        #expect(refusal.field == field, "\(buyer)")
      }
    }
  }

  @Test(arguments: Engine.allCases)
  func `an order not paid in time gives its stock back`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place(stall.bag(4))
    stall.clock.advance(milliseconds: 599_999)
    #expect(try await stall.commerce.expireOrders() == 0)
    stall.clock.advance(milliseconds: 1)
    #expect(try await refusal { try await stall.pay(placed) } == "order_expired")
    #expect(try await stall.commerce.expireOrders() == 1)
    #expect(try await stall.commerce.expireOrders() == 0)
    #expect(try await stall.order(placed).state == .expired)
    #expect(try await stall.stock() == StockLevel(onHand: 10, reserved: 0))
    #expect(try await refusal { try await stall.pay(placed) } == "order_expired")
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a rush of abandoned orders ends in one sweep`(engine: Engine) async throws {
    let stall = try await Stall(engine, units: 250)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<201 { group.addTask { _ = try await stall.place() } }
      try await group.waitForAll()
    }
    stall.clock.advance(seconds: 600)
    #expect(try await stall.commerce.expireOrders() == 201)
    #expect(try await stall.stock() == StockLevel(onHand: 250, reserved: 0))
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a cancelled order gives its stock back once`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place(stall.bag(4))
    for _ in 0..<2 {
      let order = try await stall.commerce.cancelOrder(placed.order.id, token: placed.access)
      #expect(order.state == .cancelled)
    }
    #expect(try await stall.stock() == StockLevel(onHand: 10, reserved: 0))
    #expect(try await refusal { try await stall.pay(placed) } == "order_cancelled")
    let paid = try await stall.sell()
    let code = try await refusal { try await stall.commerce.cancelOrder(paid.order.id, token: paid.access) }
    #expect(code == "order_paid")
  }

  @Test(arguments: Engine.allCases)
  func `a moderator does not cancel orders`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let ravi: ID<Account> = stall.commerce.makeID()
    try await stall.database.write { [stall] db in
      try Stall.insertAccount(ravi, "ravi@example.com", at: stall.clock.now, in: db)
    }
    let placed = try await stall.place()
    for (role, expected) in [(Role.moderator, "not_allowed"), (.host, "not_allowed"), (.fulfilment, "nothing")] {
      try await stall.commerce.addMember(
        by: stall.owner, channel: stall.channel, email: "ravi@example.com", role: role)
      let code = try await refusal {
        try await stall.commerce.cancelOrder(placed.order.id, by: Caller(account: ravi))
      }
      #expect((code ?? "nothing") == expected)
    }
  }

  @Test(arguments: Engine.allCases)
  func `an order is its buyer's, its token's and its channel's, and nobody else's`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let commerce = stall.commerce
    let (asha, ravi): (ID<Account>, ID<Account>) = (commerce.makeID(), commerce.makeID())
    let rugs: ID<Channel> = commerce.makeID()
    try await stall.database.write { [stall] db in
      try Stall.insertAccount(asha, "asha@example.com", at: stall.clock.now, in: db)
      try Stall.insertAccount(ravi, "ravi@example.com", at: stall.clock.now, in: db)
      try Stall.insertChannel(rugs, handle: "rugs", owner: ravi, at: stall.clock.now, in: db)
    }
    let placed = try await commerce.placeOrder(
      commerce.makeID(), stall.bag(), buyer: Stall.buyer(account: asha), language: "en")
    let id = placed.order.id
    #expect(try await commerce.order(id, by: Caller(account: asha)).id == id)
    #expect(try await commerce.order(id, token: placed.access).id == id)
    #expect(try await commerce.order(id, by: stall.owner).id == id)
    let otherToken = try await stall.place().access
    let strangers: [(Caller, Secret?)] = [
      (.nobody, nil), (Caller(account: ravi), nil), (.nobody, otherToken),
      (.nobody, Secret(presented: "haat_order_")), (.nobody, Secret(presented: "")),
    ]
    for (caller, token) in strangers {
      #expect(try await refusal { try await commerce.order(id, by: caller, token: token) } == "not_found")
      #expect(try await refusal { try await commerce.cancelOrder(id, by: caller, token: token) } == "not_found")
      let pay = try await refusal {
        try await commerce.pay(id, method: "pm_card_visa", key: "k", by: caller, token: token)
      }
      #expect(pay == "not_found")
      let refund = try await refusal { try await commerce.refund(id, by: caller, reason: "mine") }
      #expect(refund == (caller.account == nil ? "sign_in_needed" : "not_found"))
    }
    // The seller's people may not pay it, nor the buyer send it.
    #expect(
      try await refusal { try await commerce.pay(id, method: "pm_card_visa", key: "k", by: stall.owner) }
        == "not_found")
    #expect(try await refusal { try await commerce.fulfil(id, by: Caller(account: asha)) } == "not_found")
    #expect(try await commerce.orders(by: Caller(account: asha)).items.map(\.id) == [id])
    #expect(try await commerce.orders(by: Caller(account: ravi)).items.isEmpty)
    #expect(
      try await refusal { try await commerce.orders(of: stall.channel, by: Caller(account: ravi)) } == "not_found")
    #expect(try await refusal { try await commerce.orders(by: .nobody) } == "sign_in_needed")
  }

  @Test(arguments: Engine.allCases)
  func `where a buyer lives is seen by those who send the parcel`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.sell()
    for role in Role.allCases {
      let account: ID<Account> = stall.commerce.makeID()
      try await stall.database.write { [stall] db in
        try Stall.insertAccount(account, "some-\(role)@example.com", at: stall.clock.now, in: db)
        _ = try db.run(
          """
          INSERT INTO member (channel_id, account_id, role, created_ms)
          VALUES (\(stall.channel), \(account), \(role), \(stall.clock.now))
          """)
      }
      let expected = [.owner, .fulfilment].contains(role) ? nil : "not_allowed"
      let (commerce, caller, id) = (stall.commerce, Caller(account: account), placed.order.id)
      #expect(try await refusal { try await commerce.order(id, by: caller) } == expected, "\(role)")
      #expect(try await refusal { try await commerce.refunds(id, by: caller) } == expected, "\(role)")
      #expect(try await refusal { try await commerce.refreshPayment(id, by: caller) } == expected, "\(role)")
    }
  }

  @Test(arguments: Engine.allCases)
  func `a suspended seller sells nothing, and the buyers keep their rights`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let (sold, placed) = (try await stall.sell(), try await stall.place())
    try await stall.run("UPDATE channel SET state = 'suspended' WHERE id = \(stall.channel)")
    #expect(try await refusal { try await stall.place() } == "channel_not_selling")
    #expect(try await refusal { try await stall.pay(placed) } == "channel_not_selling")
    #expect(try await stall.order(sold).state == .paid)
    #expect(try await stall.commerce.seller(of: sold.order.id, token: sold.access).handle == "lamps")
    #expect(try await refusal { try await stall.commerce.seller(of: sold.order.id) } == "not_found")
    #expect(try await stall.commerce.cancelOrder(placed.order.id, token: placed.access).state == .cancelled)
    let refund = try await stall.commerce.refund(sold.order.id, by: stall.owner, reason: "suspended")
    #expect(refund.state == .succeeded)
    #expect(try await stall.commerce.refunds(sold.order.id, token: sold.access).map(\.id) == [refund.id])
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a channel's orders come in pages, the latest first`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    var placed: [ID<Order>] = []
    for _ in 0..<5 {
      stall.clock.advance(milliseconds: 1)
      placed.append(try await stall.place().order.id)
    }
    let first = try await stall.commerce.orders(of: stall.channel, by: stall.owner, limit: 3)
    let second = try await stall.commerce.orders(of: stall.channel, by: stall.owner, after: first.next, limit: 3)
    #expect((first.items + second.items).map(\.id) == placed.reversed())
    #expect(second.next == nil)
    #expect(
      try await refusal { try await stall.commerce.orders(of: stall.channel, by: stall.owner, limit: 101) } == "invalid"
    )
  }

  @Test(arguments: Engine.allCases)
  func `only a paid order is fulfilled`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let placed = try await stall.place()
    let early = try await refusal { try await stall.commerce.fulfil(placed.order.id, by: stall.owner) }
    #expect(early == "order_not_paid")
    _ = try await stall.pay(placed)
    let sent = try await stall.commerce.fulfil(placed.order.id, by: stall.owner, tracking: "IN123")
    #expect(sent.state == .fulfilled)
    #expect(sent.tracking == "IN123")
  }

  @Test func `an order's number is eight of its random digits`() throws {
    let id = try #require(ID<Order>("0199a0b0-0000-7000-8000-00ffffffffff"))
    let stall = ID<Order>("0199a0b0-0000-7000-8000-000000000001")
    #expect(id.orderNumber == "H-ZZZZ-ZZZZ")
    #expect(stall?.orderNumber == "H-0000-0001")
  }

  @Test func `a fingerprint does not depend on the order of the lines`() async throws {
    let stall = try await Stall(.sqlite, prices: [1000, 2000])
    let lines = stall.bag().lines + stall.bag(product: 1).lines
    let id: ID<Order> = stall.commerce.makeID()
    _ = try await stall.place(Bag(show: nil, market: "IN", lines: lines), id: id)
    let again = try await stall.place(Bag(show: nil, market: "IN", lines: lines.reversed()), id: id)
    #expect(!again.isNew)
  }

  @Test(arguments: [1, 50])
  func `pricing and recording an order take three statements, however many lines it has`(lines: Int) async throws {
    let stall = try await Stall(.sqlite, prices: (0..<lines).map { 1000 + Int64($0) })
    let bag = Bag(show: nil, market: "IN", lines: stall.offers.map { Bag.Line(offer: $0, quantity: 1) })
    let request = OrderRequest(
      id: stall.commerce.makeID(), bag: bag, buyer: Stall.buyer(), encodedBuyer: Stall.buyer().encoded,
      fingerprint: [], language: "en", source: .page, access: Secret(prefix: "", entropy: stall.commerce.entropy),
      holder: Holder(Stall.buyer(), address: nil))
    let statements = try await stall.database.write { [commerce = stall.commerce] db in
      let counting = CountingConnection(db)
      let quote = try Quote.all(of: bag, at: commerce.clock.now, policy: commerce.policy, in: counting)[0]
      let attribution = try Attribution.of(
        request.source, seller: quote.channel, creator: nil, buyer: nil, at: commerce.clock.now, in: counting)
      try Order(
        request.id, of: nil, request, quote, attribution, source: request.source.checked(in: nil, counting),
        at: commerce.clock.now, policy: commerce.policy
      )
      .insert(
        request, day: nil, in: counting)
      return counting.statements
    }
    #expect(statements == 3)
    // Reading them back takes two.
    let order = try await stall.database.read { db in
      let counting = CountingConnection(db)
      return (try Order.require(request.id, in: counting), counting.statements)
    }
    #expect(order.0.lines.count == lines)
    #expect(order.1 == 2)
  }
}

/// Counts what is asked of a connection.
private final class CountingConnection: Connection {
  private let connection: any Connection
  private(set) var statements = 0

  init(_ connection: any Connection) { self.connection = connection }

  func run(_ sql: SQL) throws -> Int {
    statements += 1
    return try connection.run(sql)
  }

  func rows(_ sql: SQL) throws -> [Row] {
    statements += 1
    return try connection.rows(sql)
  }
}
