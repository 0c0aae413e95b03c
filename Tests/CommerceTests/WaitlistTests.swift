import Store
import TestKit
import Testing

@testable import Commerce

/// Waitlists of a lamp that is sold out.
@Suite struct WaitlistTests {
  /// A stall with one lamp, which somebody has bought, and people who want one.
  struct Queue {
    let stall: Stall

    init(_ engine: Engine, policy: Policy = Stall.policy) async throws {
      stall = try await Stall(engine, units: 1, policy: policy)
      _ = try await stall.sell()
    }

    var commerce: Commerce { stall.commerce }
    var lamp: ID<Variant> { stall.variants[0] }

    func person(_ name: String) async throws -> Caller {
      let caller = Caller(account: commerce.makeID())
      try await stall.database.write { [stall, account = caller.account.unsafelyUnwrapped] db in
        try Stall.insertAccount(account, "\(name)@example.com", at: stall.clock.now, in: db)
        try db.run("UPDATE account SET name = \(name) WHERE id = \(account)")
      }
      return caller
    }

    /// In the list, a second after whoever was before.
    @discardableResult
    func join(_ caller: Caller, market: String = "IN") async throws -> Wish {
      stall.clock.advance(seconds: 1)
      let wished = try await commerce.joinWaitlist(
        commerce.makeID(), of: lamp, by: caller, market: market, language: "en")
      guard case .waits(let wish) = wished else { throw Stall.Unexpected(what: "\(wished)") }
      return wish
    }

    /// A guest's wish, and what the link in their mail carries.
    func ask(_ email: String, address: String? = nil) async throws -> (id: ID<Wish>, token: Secret) {
      stall.clock.advance(seconds: 1)
      let wished = try await commerce.joinWaitlist(
        commerce.makeID(), of: lamp, by: .nobody, market: "IN", email: email, language: "hi", address: address)
      #expect(wished == .mailed)
      let mail = try #require(
        try await stall.database.read { db in
          try db.rows("SELECT \(Mail.columns) FROM mail WHERE kind = 'waitlist_confirm' AND recipient = \(email)")
            .map(Mail.init).last
        })
      let content = try await commerce.openMail(mail)
      let wish = try #require(content.wish)
      #expect(mail.language == "hi" && wish.email == email)
      return (wish.id, try #require(content.token))
    }

    func receive(_ count: Int64 = 1) async throws {
      try await commerce.receiveStock(by: stall.owner, variant: lamp, count: count, note: "delivery")
    }

    func state(_ wish: Wish, _ caller: Caller) async throws -> Wish.State {
      try await commerce.wish(wish.id, by: caller).state
    }

    @discardableResult
    func take(_ wish: Wish, by caller: Caller, as id: ID<Order>? = nil, product: Int = 0) async throws -> PlacedOrder {
      let account = caller.account
      return try await commerce.orderOffered(
        wish.id, as: id, offer: stall.offers[product], buyer: Stall.buyer("Asha", account: account), by: caller,
        language: "en")
    }

    func audit(at location: SourceLocation = #_sourceLocation) async throws {
      #expect(try await commerce.audit().differences == [], sourceLocation: location)
    }
  }

  @Test(arguments: Engine.allCases)
  func `units that come in are held for the first who wait, one each, and for nobody else`(engine: Engine) async throws
  {
    let queue = try await Queue(engine)
    let (asha, ravi, meera) = (
      try await queue.person("asha"), try await queue.person("ravi"), try await queue.person("meera")
    )
    let (first, second, third) = (
      try await queue.join(asha), try await queue.join(ravi), try await queue.join(meera)
    )
    #expect(first.place == 1 && second.place == 2 && third.place == 3)
    #expect(try await queue.join(asha).id == first.id, "asking again keeps the place")
    #expect(
      try await queue.commerce.waitlist(of: queue.lamp, by: queue.stall.owner) == Waitlist(waiting: 3, offered: 0))
    try await queue.receive(2)
    #expect(try await queue.stall.stock() == StockLevel(onHand: 2, reserved: 2))
    #expect(try await queue.state(first, asha) == .offered)
    #expect(try await queue.state(second, ravi) == .offered)
    #expect(try await queue.commerce.wish(third.id, by: meera).place == 1)
    #expect(
      try await queue.commerce.waitlist(of: queue.lamp, by: queue.stall.owner) == Waitlist(waiting: 1, offered: 2))
    #expect(try await refusal { try await queue.stall.place() } == "sold_out")
    #expect(try await queue.stall.number("SELECT COUNT(*) FROM mail WHERE kind = 'waitlist_offer'") == 2)
    try await queue.audit()

    let placed = try await queue.take(first, by: asha)
    #expect(placed.order.state == .placed && placed.order.subtotal.minor == 129_900)
    #expect(try await queue.commerce.wish(first.id, by: asha).order == placed.order.id)
    #expect(try await queue.stall.stock() == StockLevel(onHand: 2, reserved: 2), "the shelf does not notice")
    #expect(
      try await queue.commerce.pay(placed.order.id, method: "pm_card_visa", key: "1", by: asha) == .paid)
    #expect(try await queue.stall.stock() == StockLevel(onHand: 1, reserved: 1))
    #expect(try await refusal { try await queue.take(first, by: asha) } == "wish_not_offered")
    try await queue.audit()
  }

  @Test(arguments: Engine.allCases)
  func `an offer that nobody takes passes to the next when its time is over`(engine: Engine) async throws {
    let queue = try await Queue(engine)
    let (asha, ravi) = (try await queue.person("asha"), try await queue.person("ravi"))
    let (first, second) = (try await queue.join(asha), try await queue.join(ravi))
    try await queue.receive()
    #expect(try await queue.commerce.wish(first.id, by: asha).until == queue.stall.clock.now.adding(seconds: 1_800))
    queue.stall.clock.advance(seconds: 1_799)
    #expect(try await queue.commerce.advanceWaitlists() == 0)
    queue.stall.clock.advance(seconds: 1)
    // Its time is over, also when nobody has written that down yet.
    #expect(try await refusal { try await queue.take(first, by: asha) } == "wish_offer_over")
    try await queue.audit()
    #expect(try await queue.commerce.advanceWaitlists() == 1)
    #expect(try await queue.state(first, asha) == .lapsed)
    #expect(try await queue.state(second, ravi) == .offered)
    #expect(try await queue.stall.stock() == StockLevel(onHand: 1, reserved: 1))
    try await queue.audit()
    queue.stall.clock.advance(seconds: 1_800)
    try await queue.commerce.advanceWaitlists()
    #expect(try await queue.stall.stock() == StockLevel(onHand: 1, reserved: 0), "now anybody may have it")
    #expect(try await refusal { try await queue.join(asha) } == "not_sold_out")
    try await queue.audit()
  }

  @Test(arguments: Engine.allCases)
  func `what an unpaid order and a refund give back goes to who waits, and no show says it is back`(engine: Engine)
    async throws
  {
    let stall = try await Stall(engine, units: 2)
    let show = try await stall.liveShow()
    let sold = try await stall.sell()
    _ = try await stall.place()
    let people = [Caller(account: stall.commerce.makeID()), Caller(account: stall.commerce.makeID())]
    var wishes: [Wish] = []
    for (number, caller) in people.enumerated() {
      try await stall.database.write { db in
        try Stall.insertAccount(
          caller.account.unsafelyUnwrapped, "p\(number)@example.com", at: stall.clock.now, in: db)
      }
      let wished = try await stall.commerce.joinWaitlist(
        stall.commerce.makeID(), of: stall.variants[0], by: caller, market: "IN", language: "en")
      if case .waits(let wish) = wished { wishes.append(wish) }
      stall.clock.advance(seconds: 1)
    }
    stall.clock.advance(seconds: 601)
    #expect(try await stall.commerce.expireOrders() == 1)
    #expect(try await stall.commerce.wish(wishes[0].id, by: people[0]).state == .offered)
    _ = try await stall.commerce.refund(sold.order.id, by: stall.owner, reason: "changed their mind")
    #expect(try await stall.commerce.wish(wishes[1].id, by: people[1]).state == .offered)
    #expect(try await stall.stock() == StockLevel(onHand: 2, reserved: 2))
    while try await !stall.commerce.numberTimeline(show).isEmpty {}
    let events = try await stall.commerce.timeline(show, after: 0, limit: 100).map(\.kind)
    #expect(events.filter { $0 == .backInStock }.isEmpty && events.filter { $0 == .soldOut }.count == 1)
    #expect(try await stall.commerce.audit().differences == [])
    // An order that took an offer and is not paid gives it to the next, or to everybody.
    _ = try await stall.commerce.orderOffered(
      wishes[0].id, as: nil, offer: stall.offers[0], buyer: Stall.buyer(account: people[0].account), by: people[0],
      language: "en")
    stall.clock.advance(seconds: 601)
    #expect(try await stall.commerce.expireOrders() == 1)
    #expect(try await stall.stock() == StockLevel(onHand: 2, reserved: 1))
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a guest is in the list from when they open the link, and takes the offer by it`(engine: Engine) async throws {
    let queue = try await Queue(engine)
    let ravi = try await queue.person("ravi")
    let guest = try await queue.ask("guest@example.com")
    let second = try await queue.join(ravi)
    #expect(second.place == 1, "who has not confirmed has no place")
    #expect(try await refusal { try await queue.commerce.wish(guest.id, by: ravi) } == "not_found")
    #expect(try await refusal { try await queue.commerce.confirmWish(guest.id, token: nil) } == "not_found")
    queue.stall.clock.advance(seconds: 1)
    let confirmed = try await queue.commerce.confirmWish(guest.id, token: guest.token)
    #expect(confirmed.state == .waiting && confirmed.place == 2)
    #expect(try await queue.commerce.confirmWish(guest.id, token: guest.token).since == confirmed.since)
    // Who asks with that address again learns nothing, and is mailed nothing more.
    let again = try await queue.commerce.joinWaitlist(
      queue.commerce.makeID(), of: queue.lamp, by: .nobody, market: "IN", email: "GUEST@example.com", language: "en")
    #expect(again == .mailed)
    #expect(try await queue.stall.number("SELECT COUNT(*) FROM mail WHERE kind = 'waitlist_confirm'") == 1)
    try await queue.receive(2)
    let mail = try #require(
      try await queue.stall.database.read { db in
        try db.rows(
          "SELECT \(Mail.columns) FROM mail WHERE kind = 'waitlist_offer' AND recipient = 'guest@example.com'"
        ).map(Mail.init).first
      })
    let token = try #require(try await queue.commerce.openMail(mail).token)
    #expect(
      try await refusal { try await queue.commerce.mail(mail.id, by: queue.stall.owner) } == "not_found",
      "who waits is no business of the seller's")
    #expect(
      try await queue.commerce.mails(of: queue.stall.channel, by: queue.stall.owner).items.allSatisfy {
        $0.mail.order != nil
      })
    let placed = try await queue.commerce.orderOffered(
      guest.id, as: nil, offer: queue.stall.offers[0], buyer: Stall.buyer("Guest"), by: .nobody, token: token,
      language: "hi")
    #expect(try await queue.stall.pay(placed) == .paid)
    try await queue.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a guest who never confirms is forgotten, and is asked a few times at most`(engine: Engine) async throws {
    let queue = try await Queue(engine)
    for _ in 0..<5 {
      _ = try await queue.commerce.joinWaitlist(
        queue.commerce.makeID(), of: queue.lamp, by: .nobody, market: "IN", email: "g@example.com", language: "en")
    }
    #expect(try await queue.stall.number("SELECT COUNT(*) FROM mail WHERE kind = 'waitlist_confirm'") == 3)
    try await queue.receive()
    #expect(try await queue.stall.stock() == StockLevel(onHand: 1, reserved: 0))
    queue.stall.clock.advance(seconds: 24 * 3600 + 1)
    try await queue.commerce.advanceWaitlists()
    #expect(try await queue.stall.number("SELECT COUNT(*) FROM wish WHERE state = 'lapsed'") == 1)
    queue.stall.clock.advance(days: 91)
    #expect(try await queue.commerce.forgetWishes() == 1)
    #expect(try await queue.stall.number("SELECT COUNT(*) FROM mail WHERE kind = 'waitlist_confirm'") == 0)
    try await queue.audit()
  }

  @Test(arguments: Engine.allCases)
  func `who leaves passes their unit on, and a list and a person have limits`(engine: Engine) async throws {
    var policy = Stall.policy
    policy.waitlistLengthMax = 3
    policy.waitlistPerBuyerMax = 1
    let queue = try await Queue(engine, policy: policy)
    let (asha, ravi, meera) = (
      try await queue.person("asha"), try await queue.person("ravi"), try await queue.person("meera")
    )
    let (first, second) = (try await queue.join(asha), try await queue.join(ravi))
    _ = try await queue.ask("g@example.com", address: "192.0.2.1")
    #expect(try await refusal { try await queue.join(meera) } == "waitlist_full")
    let other: ID<Variant> = queue.commerce.makeID()
    try await queue.stall.database.write { [stall = queue.stall] db in
      try db.run(
        """
        INSERT INTO variant (id, product_id, position, sku, title, options, created_ms)
        VALUES (\(other), \(stall.products[0]), 1, 'TWO', 'Two', '[]', \(stall.clock.now))
        """)
      let occasion = Occasion(at: stall.clock.now, entropy: stall.commerce.entropy)
      try Stock.receive(0, of: other, on: occasion, in: db)
      try Offers.openList(
        Money(minor: 500, currency: Stall.rupee), compareAt: nil, of: other, market: "IN", on: occasion, in: db)
    }
    let code = try await refusal {
      try await queue.commerce.joinWaitlist(
        queue.commerce.makeID(), of: other, by: asha, market: "IN", language: "en")
    }
    #expect(code == "too_many_wishes")
    try await queue.receive()
    #expect(try await queue.commerce.leaveWaitlist(first.id, by: asha).state == .left)
    #expect(try await queue.state(second, ravi) == .offered)
    #expect(try await queue.commerce.leaveWaitlist(first.id, by: asha).state == .left)
    #expect(try await queue.stall.stock() == StockLevel(onHand: 1, reserved: 1))
    try await queue.audit()
  }

  @Test(arguments: Engine.allCases)
  func `closing the market ends its offers, and its people keep their places`(engine: Engine) async throws {
    let queue = try await Queue(engine)
    try await queue.stall.run("UPDATE account SET is_operator = 1")
    let (asha, ravi) = (try await queue.person("asha"), try await queue.person("ravi"))
    let (first, second) = (try await queue.join(asha), try await queue.join(ravi))
    try await queue.receive()
    var india = try await queue.commerce.market("IN")
    india.isOpen = false
    try await queue.commerce.putMarket(by: queue.stall.owner, india)
    #expect(try await queue.state(first, asha) == .waiting)
    #expect(try await queue.state(second, ravi) == .waiting)
    #expect(try await queue.stall.stock() == StockLevel(onHand: 1, reserved: 0))
    #expect(try await refusal { try await queue.take(first, by: asha) } == "market_closed")
    #expect(try await queue.commerce.advanceWaitlists() == 0)
    try await queue.audit()
    india.isOpen = true
    try await queue.commerce.putMarket(by: queue.stall.owner, india)
    try await queue.commerce.advanceWaitlists()
    #expect(try await queue.state(first, asha) == .offered)
    #expect(try await queue.state(second, ravi) == .waiting)
    #expect(try await queue.stall.number("SELECT COUNT(*) FROM mail WHERE kind = 'waitlist_offer'") == 2)
    // Nor does one who is suspended sell; and what is taken off the catalogue is gone for good.
    try await queue.commerce.admitChannel(
      queue.stall.channel, by: queue.stall.owner, as: .suspended, because: Verdict(.rules))
    try await queue.commerce.advanceWaitlists()
    #expect(try await queue.state(first, asha) == .waiting)
    try await queue.commerce.admitChannel(queue.stall.channel, by: queue.stall.owner, as: .approved)
    try await queue.commerce.advanceWaitlists()
    #expect(try await queue.state(first, asha) == .offered)
    try await queue.stall.run("UPDATE variant SET retired_ms = 1")
    try await queue.commerce.advanceWaitlists()
    #expect(try await queue.state(first, asha) == .ended)
    #expect(try await queue.state(second, ravi) == .ended)
    try await queue.audit()
  }

  @Test(arguments: Engine.allCases)
  func `an offer is one unit of what was waited for, at today's price, within one's own limits`(engine: Engine)
    async throws
  {
    let stall = try await Stall(engine, prices: [129_900, 5_050], units: 0)
    let asha = Caller(account: stall.commerce.makeID())
    try await stall.database.write { db in
      try Stall.insertAccount(asha.account.unsafelyUnwrapped, "asha@example.com", at: stall.clock.now, in: db)
    }
    let wished = try await stall.commerce.joinWaitlist(
      stall.commerce.makeID(), of: stall.variants[0], by: asha, market: "IN", language: "en")
    guard case .waits(let wish) = wished else { throw Stall.Unexpected(what: "\(wished)") }
    let commerce = stall.commerce
    @Sendable func order(_ offer: ID<Offer>, as id: ID<Order>? = nil) async throws -> PlacedOrder {
      try await commerce.orderOffered(
        wish.id, as: id, offer: offer, buyer: Stall.buyer(account: asha.account), by: asha, language: "en")
    }
    #expect(try await refusal { try await order(stall.offers[0]) } == "wish_not_offered")
    for variant in stall.variants {
      try await commerce.receiveStock(by: stall.owner, variant: variant, count: 1, note: "delivery")
    }
    #expect(try await refusal { try await order(stall.offers[1]) } == "wish_other_variant")
    _ = try await commerce.changeVariant(stall.variants[0], by: stall.owner, VariantChange(prices: ["IN": 99_900]))
    stall.clock.advance(seconds: 60)
    #expect(try await refusal { try await order(stall.offers[0]) } == "offer_closed")
    let today = try await stall.database.read { db in
      try Offers.list(of: stall.variants[0], market: "IN", in: db).unsafelyUnwrapped.id
    }
    _ = try await commerce.setSpendLimit(by: asha, .day, currency: Stall.rupee, minor: 1_000)
    #expect(try await refusal { try await order(today) } == "spend_limit")
    try await stall.run("DELETE FROM spend_limit")
    let id: ID<Order> = commerce.makeID()
    let placed = try await order(today, as: id)
    #expect(placed.order.subtotal.minor == 99_900 && placed.isNew)
    #expect(try await order(today, as: id).isNew == false, "the same order again")
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a rush of buyers, deliveries and lapses sells each lamp once, and to who waited first`(engine: Engine)
    async throws
  {
    let queue = try await Queue(engine)
    var people: [(caller: Caller, wish: Wish)] = []
    for number in 0..<8 {
      let caller = try await queue.person("p\(number)")
      people.append((caller, try await queue.join(caller)))
    }
    let (commerce, stall) = (queue.commerce, queue.stall)
    for _ in 0..<3 {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<2 { group.addTask { try await queue.receive(1) } }
        for (caller, wish) in people {
          group.addTask {
            _ = try await refusal { try await queue.take(wish, by: caller) }
          }
        }
        for _ in 0..<6 { group.addTask { _ = try await refusal { try await stall.place() } } }
        for _ in 0..<3 { group.addTask { try await commerce.advanceWaitlists() } }
        try await group.waitForAll()
      }
      try await queue.audit()
      stall.clock.advance(seconds: 1_801)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<4 { group.addTask { try await commerce.advanceWaitlists() } }
        for _ in 0..<2 { group.addTask { try await commerce.expireOrders() } }
        for _ in 0..<4 { group.addTask { _ = try await refusal { try await stall.place() } } }
        try await group.waitForAll()
      }
      try await queue.audit()
    }
    let level = try await stall.stock()
    #expect(level.onHand == 6 && level.reserved <= 6)
    let served = try await stall.number("SELECT COUNT(*) FROM wish WHERE state IN ('taken', 'lapsed', 'offered')")
    let skipped = try await stall.number(
      """
      SELECT COUNT(*) FROM wish early JOIN wish late ON late.since_ms > early.since_ms
      WHERE early.state = 'waiting' AND late.state <> 'waiting'
      """)
    #expect(served >= 6 && skipped == 0)
  }

  static let tampering: [(SQL, String)] = [
    ("UPDATE wish SET state = 'lapsed', units_held = 0 WHERE state = 'offered'", "waitlists hold"),
    ("UPDATE wish SET state = 'offered', units_held = 1, until_ms = 1 WHERE state = 'waiting'", "waitlists hold"),
    ("UPDATE wish SET market = 'US' WHERE state = 'taken'", "which is of something else"),
    ("UPDATE wish SET account_id = variant_id WHERE state = 'taken'", "which is of something else"),
    ("UPDATE wish SET offers = 0 WHERE state = 'offered'", "was never offered one"),
  ]

  @Test(arguments: Engine.allCases, tampering.indices)
  func `an audit finds what does not add up in waitlists`(engine: Engine, index: Int) async throws {
    let (sql, sentence) = Self.tampering[index]
    let queue = try await Queue(engine)
    var wishes: [(Caller, Wish)] = []
    for name in ["a", "b", "c"] {
      let caller = try await queue.person(name)
      wishes.append((caller, try await queue.join(caller)))
    }
    try await queue.receive(2)
    try await queue.take(wishes[0].1, by: wishes[0].0)
    try await queue.audit()
    try await queue.stall.run(sql)
    let report = try await queue.commerce.audit()
    #expect(report.differences.contains { $0.contains(sentence) }, "\(report.summary)")
  }
}
