import Store
import TestKit
import Testing

@testable import Commerce

/// Preorders of a lamp that has not come yet: ₹1,299, a deposit of 30 %, shipping ₹49.
@Suite struct PreorderTests {
  struct Shop {
    let stall: Stall
    let preorder: Preorder

    init(
      _ engine: Engine, percent: Int64 = 30, unitsMax: Int64 = 10, price: Int64 = 129_900,
      policy: Policy = Stall.policy,
      prepare: (Stall) async throws -> Void = { _ in }
    ) async throws {
      stall = try await Stall(engine, prices: [price, 50_000], units: 0, policy: policy)
      try await prepare(stall)
      preorder = try await stall.commerce.openPreorder(
        stall.commerce.makeID(), of: stall.variants[0], in: stall.channel,
        Self.draft(stall, percent: percent, unitsMax: unitsMax), by: stall.owner)
    }

    static func draft(_ stall: Stall, percent: Int64 = 30, unitsMax: Int64 = 10) -> PreorderDraft {
      PreorderDraft(
        depositPercent: percent, unitsMax: unitsMax, shipsBy: stall.clock.now.adding(seconds: 60 * 86_400),
        until: stall.clock.now.adding(seconds: 30 * 86_400))
    }

    var commerce: Commerce { stall.commerce }

    /// A paid deposit, a second after whoever was before.
    func order(_ quantity: Int64 = 1) async throws -> PlacedOrder {
      stall.clock.advance(seconds: 1)
      return try await stall.sell(stall.bag(quantity))
    }

    func ready(_ units: Int64, receiving count: Int64? = nil) async throws {
      if count ?? units > 0 {
        try await commerce.receiveStock(
          by: stall.owner, variant: stall.variants[0], count: count ?? units, note: "delivery")
      }
      _ = try await commerce.readyPreorder(preorder.id, units: units, by: stall.owner)
    }

    func place(_ placed: PlacedOrder) async throws -> Preorder.Place {
      try #require(try await commerce.place(of: placed.order.id, token: placed.access))
    }

    func state(_ placed: PlacedOrder) async throws -> Preorder.Place.State { try await place(placed).state }

    /// The order for the balance, opened with the token of the deposit's.
    func balance(_ placed: PlacedOrder) async throws -> Order {
      try await commerce.order(try #require(try await place(placed).balanceOrder), token: placed.access)
    }

    func payBalance(_ placed: PlacedOrder) async throws -> PaymentOutcome {
      try await commerce.pay(balance(placed).id, method: "pm_card_visa", key: "balance", token: placed.access)
    }

    func now() async throws -> Preorder { try await commerce.preorder(preorder.id, by: stall.owner) }

    func mails(_ kind: String) async throws -> Int64 {
      try await stall.number("SELECT COUNT(*) FROM mail WHERE kind = \(kind)")
    }

    func audit(at location: SourceLocation = #_sourceLocation) async throws {
      #expect(try await commerce.audit().differences == [], sourceLocation: location)
    }
  }

  @Test(arguments: Engine.allCases)
  func `a buyer pays the deposit now and the balance when the goods are there, at the price they saw`(engine: Engine)
    async throws
  {
    let shop = try await Shop(engine)
    let stall = shop.stall
    let quote = try await shop.commerce.quote(stall.bag(2))
    #expect(quote.total.minor == 2 * 38_970, "the deposit alone")
    #expect(quote.shipping.minor == 0)
    #expect(quote.balance?.goods.minor == 181_860)
    #expect(quote.balance?.shipping.minor == 0, "all of it together is sent free")
    #expect(quote.balance?.total.minor == 181_860)
    let one = try await shop.commerce.quote(stall.bag(1))
    #expect(one.balance?.shipping.minor == 4_900 && one.balance?.total.minor == 90_930 + 4_900)
    let card = try await shop.commerce.card(product: stall.products[0], market: "IN")
    #expect(card.variants[0].available == 10 && card.variants[0].preorder?.id == shop.preorder.id)

    let placed = try await shop.order(2)
    #expect(placed.order.part == .deposit && placed.order.total.minor == 77_940)
    #expect(try await shop.state(placed) == .waiting)
    #expect(try await stall.stock() == .none, "a deposit takes no stock")
    #expect(try await shop.commerce.available([stall.variants[0]])[stall.variants[0]] == 8)
    #expect(
      try await refusal { try await shop.commerce.fulfil(placed.order.id, by: stall.owner) } == "order_deposit")
    #expect(try await refusal { try await shop.commerce.ship(placed.order.id, by: stall.owner) } == "order_deposit")
    try await shop.audit()

    // The list price doubles, and nothing about the promise changes.
    try await stall.database.write { db in
      let occasion = Occasion(at: stall.clock.now, entropy: stall.commerce.entropy)
      try Offers.openList(
        Money(minor: 259_800, currency: Stall.rupee), compareAt: nil, of: stall.variants[0], market: "IN",
        on: occasion, in: db)
    }
    stall.clock.advance(days: 40)
    try await shop.ready(2, receiving: 5)
    #expect(try await stall.stock() == StockLevel(onHand: 5, reserved: 2))
    #expect(try await shop.state(placed) == .called)
    let due = try #require(try await shop.place(placed).due)
    #expect(due == stall.clock.now.adding(seconds: 7 * 86_400))
    #expect(try await shop.mails("preorder_ready") == 1)
    let balance = try await shop.balance(placed)
    #expect(balance.part == .balance && balance.state == .placed && balance.expires == due)
    #expect(balance.total.minor == 2 * 90_930 && balance.subtotal.minor + placed.order.subtotal.minor == 259_800)
    try await shop.audit()

    #expect(try await shop.payBalance(placed) == .paid)
    #expect(try await shop.state(placed) == .complete)
    #expect(try await stall.stock() == StockLevel(onHand: 3, reserved: 0))
    try await shop.audit()

    // Sent and settled as one.
    let parcel = try await shop.commerce.ship(balance.id, by: stall.owner)
    #expect(try await stall.order(placed).state == .paid)
    _ = try await shop.commerce.deliver(parcel.id, of: balance.id, token: placed.access)
    #expect(try await stall.order(placed).state == .delivered)
    try await shop.audit()
    stall.clock.advance(days: 30)
    #expect(try await shop.commerce.settleOrders() == 1)
    #expect(try await stall.order(placed).state == .delivered, "after its balance, which may still come back")
    #expect(try await shop.commerce.settleOrders() == 1)
    #expect(try await stall.order(placed).state == .settled)
    #expect(try await shop.balance(placed).state == .settled)
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `with a deposit of all of it everything is paid at once, and it becomes an order like others`(engine: Engine)
    async throws
  {
    let shop = try await Shop(engine, percent: 100)
    let quote = try await shop.commerce.quote(shop.stall.bag(1))
    #expect(quote.total.minor == 129_900 + 4_900 && quote.balance == nil)
    let placed = try await shop.order()
    #expect(
      try await refusal { try await shop.commerce.ship(placed.order.id, by: shop.stall.owner) } == "order_deposit")
    try await shop.audit()
    try await shop.ready(1)
    #expect(try await shop.state(placed) == .complete)
    #expect(try await shop.stall.order(placed).part == nil)
    #expect(try await shop.stall.stock() == StockLevel(onHand: 0, reserved: 0))
    try await shop.audit()
    let parcel = try await shop.commerce.ship(placed.order.id, by: shop.stall.owner)
    _ = try await shop.commerce.deliver(parcel.id, of: placed.order.id, token: placed.access)
    #expect(try await shop.stall.order(placed).state == .delivered)
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a balance that is not paid in time gives the deposit back, and the unit goes to the next`(engine: Engine)
    async throws
  {
    let shop = try await Shop(engine)
    let (first, second) = (try await shop.order(), try await shop.order())
    try await shop.ready(1)
    #expect(try await shop.state(first) == .called)
    #expect(try await shop.state(second) == .waiting)
    shop.stall.clock.advance(seconds: 6 * 86_400 - 1)
    try await shop.commerce.advancePreorders()
    #expect(try await shop.mails("preorder_reminder") == 0)
    shop.stall.clock.advance(seconds: 1)
    try await shop.commerce.advancePreorders()
    try await shop.commerce.advancePreorders()
    #expect(try await shop.mails("preorder_reminder") == 1, "a day before, once")
    shop.stall.clock.advance(seconds: 86_400 - 1)
    #expect(try await shop.commerce.expireOrders() == 0)
    shop.stall.clock.advance(seconds: 1)
    #expect(try await refusal { try await shop.payBalance(first) } == "order_expired")
    #expect(try await shop.commerce.expireOrders() == 1)
    #expect(try await shop.place(first).why == .lapsed)
    #expect(try await shop.balance(first).state == .expired)
    try await shop.audit()
    try await shop.commerce.advancePreorders()
    let back = try await shop.stall.order(first)
    #expect(back.state == .refunded && back.refunded == back.total)
    #expect(try await shop.mails("preorder_ended") == 1)
    #expect(try await shop.state(second) == .called, "nobody has to give it out again")
    #expect(try await shop.stall.stock() == StockLevel(onHand: 1, reserved: 1))
    #expect(try await shop.payBalance(second) == .paid)
    #expect(try await shop.now().unitsTaken == 1)
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a buyer may cancel until the balance is paid, and has all of it back`(engine: Engine) async throws {
    let shop = try await Shop(engine)
    let (first, second, third) = (try await shop.order(), try await shop.order(2), try await shop.order())
    shop.stall.clock.advance(days: 20)
    // While it waits for goods.
    let cancelled = try await shop.commerce.askToCancel(first.order.id, token: first.access)
    #expect(cancelled.state == .accepted)
    #expect(try await shop.stall.order(first).state == .refunded)
    #expect(try await shop.place(first).why == .cancelled)
    let counted = try await shop.now()
    #expect(counted.unitsTaken == 3 && counted.unitsWaiting == 3)
    try await shop.audit()
    // While it waits for the balance: by the deposit's order, or by the balance's.
    try await shop.ready(2)
    #expect(try await shop.state(second) == .called)
    #expect(try await shop.state(third) == .waiting)
    _ = try await shop.commerce.askToCancel(second.order.id, token: second.access)
    #expect(try await shop.stall.order(second).state == .refunded)
    #expect(try await shop.balance(second).state == .cancelled)
    #expect(try await shop.state(third) == .called, "what came free is the next one's")
    try await shop.audit()
    _ = try await shop.commerce.cancelOrder(shop.balance(third).id, token: third.access)
    try await shop.commerce.advancePreorders()
    #expect(try await shop.stall.order(third).state == .refunded)
    #expect(try await shop.stall.stock() == StockLevel(onHand: 2, reserved: 0))
    #expect(try await shop.now().unitsTaken == 0)
    try await shop.audit()
    // Paid, it is an order like others, and both parts go back together.
    let fourth = try await shop.order()
    try await shop.ready(1, receiving: 0)
    #expect(try await shop.payBalance(fourth) == .paid)
    #expect(
      try await refusal { try await shop.commerce.askToCancel(fourth.order.id, token: fourth.access) }
        == "preorder_goes_with_balance")
    let balance = try await shop.balance(fourth)
    _ = try await shop.commerce.askToCancel(balance.id, token: fourth.access)
    #expect(try await shop.stall.order(fourth).state == .refunded)
    #expect(try await shop.balance(fourth).state == .refunded)
    #expect(try await shop.stall.stock() == StockLevel(onHand: 2, reserved: 0))
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `what goes back of the goods takes the same units' deposit with it, and an amount takes nothing`(engine: Engine)
    async throws
  {
    let shop = try await Shop(engine)
    let owner = shop.stall.owner
    let placed = try await shop.order(3)
    #expect(
      try await refusal { try await shop.commerce.refund(placed.order.id, by: owner, reason: "x") }
        == "preorder_cancel_instead")
    try await shop.ready(3)
    #expect(try await shop.payBalance(placed) == .paid)
    let balance = try await shop.balance(placed)
    #expect(
      try await refusal { try await shop.commerce.refund(placed.order.id, by: owner, reason: "x") }
        == "preorder_goes_with_balance")
    _ = try await shop.commerce.refund(placed.order.id, by: owner, amountMinor: 100, reason: "a scratch")
    _ = try await shop.commerce.refund(balance.id, by: owner, amountMinor: 1_000, reason: "a scratch")
    #expect(try await shop.stall.order(placed).refunded.minor == 100)
    _ = try await shop.commerce.refund(
      balance.id, by: owner, lines: [Refund.Units(position: 0, quantity: 1)], reason: "broken")
    #expect(try await shop.stall.order(placed).refunded.minor == 100 + 38_970)
    #expect(try await shop.stall.stock() == StockLevel(onHand: 1, reserved: 0))
    try await shop.audit()
    // Two are sent; all of both goes back with a whole refund.
    let parcel = try await shop.commerce.ship(balance.id, by: owner)
    _ = try await shop.commerce.deliver(parcel.id, of: balance.id, token: placed.access)
    _ = try await shop.commerce.refund(balance.id, by: owner, reason: "all of them")
    #expect(try await shop.balance(placed).state == .refunded)
    #expect(try await shop.stall.order(placed).state == .refunded)
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a later date is told to everybody who waits, once, and an earlier one to nobody`(engine: Engine) async throws {
    let shop = try await Shop(engine)
    let (first, _) = (try await shop.order(), try await shop.order())
    let later = shop.preorder.shipsBy.adding(seconds: 86_400)
    _ = try await shop.commerce.changePreorder(
      shop.preorder.id, PreorderChange(shipsBy: later), by: shop.stall.owner)
    #expect(try await shop.mails("preorder_moved") == 2)
    #expect(try await shop.place(first).shipsBy == later)
    try await shop.commerce.advancePreorders()
    _ = try await shop.commerce.changePreorder(
      shop.preorder.id, PreorderChange(shipsBy: shop.preorder.shipsBy), by: shop.stall.owner)
    #expect(try await shop.mails("preorder_moved") == 2)
    _ = try await shop.commerce.changePreorder(
      shop.preorder.id, PreorderChange(shipsBy: later.adding(seconds: 1)), by: shop.stall.owner)
    #expect(try await shop.mails("preorder_moved") == 4)
    #expect(
      try await refusal {
        try await shop.commerce.changePreorder(
          shop.preorder.id, PreorderChange(unitsMax: 1), by: shop.stall.owner)
      } == "invalid")
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `called off, everybody has their deposit back, and who has paid the balance keeps what they bought`(
    engine: Engine
  ) async throws {
    let shop = try await Shop(engine)
    let done = try await shop.order()
    try await shop.ready(1)
    #expect(try await shop.payBalance(done) == .paid)
    let (called, waiting) = (try await shop.order(), try await shop.order())
    try await shop.ready(1)
    let held = try await shop.stall.place(shop.stall.bag())
    _ = try await shop.commerce.callOffPreorder(shop.preorder.id, by: shop.stall.owner)
    #expect(try await shop.stall.order(called).state == .refunded)
    #expect(try await shop.stall.order(waiting).state == .refunded)
    #expect(try await shop.stall.order(held).state == .cancelled)
    #expect(try await shop.balance(called).state == .cancelled)
    #expect(try await shop.balance(done).state == .paid)
    #expect(try await shop.mails("preorder_ended") == 2)
    // The lamp is sold as others are, at once.
    #expect(try await shop.stall.stock() == StockLevel(onHand: 1, reserved: 0))
    #expect(try await shop.commerce.quote(shop.stall.bag()).balance == nil)
    #expect(
      try await refusal { try await shop.commerce.stopPreorder(shop.preorder.id, by: shop.stall.owner) }
        == "preorder_over")
    _ = try await shop.commerce.callOffPreorder(shop.preorder.id, by: shop.stall.owner)
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `no more are taken than may be, and what comes in is those buyers' alone until they have theirs`(engine: Engine)
    async throws
  {
    let shop = try await Shop(engine, unitsMax: 3)
    let stall = shop.stall
    let show = try await stall.liveShow()
    let first = try await shop.order(2)
    #expect(try await refusal { try await stall.place(stall.bag(2)) } == "sold_out")
    let unpaid = try await stall.place(stall.bag(1, show: show))
    #expect(try await refusal { try await stall.place(stall.bag(1)) } == "sold_out")
    stall.clock.advance(seconds: 601)
    #expect(try await shop.commerce.expireOrders() == 1)
    #expect(try await shop.place(unpaid).why == .unpaid)
    #expect(try await shop.now().unitsTaken == 2)
    try await shop.audit()
    #expect(
      try await refusal { try await shop.commerce.readyPreorder(shop.preorder.id, units: 1, by: stall.owner) }
        == "preorder_too_few_units")
    // Two want two: one unit reaches nobody, and waits for the second.
    try await shop.ready(1, receiving: 5)
    #expect(try await shop.state(first) == .waiting)
    #expect(try await shop.now().unitsReady == 1)
    #expect(try await shop.commerce.timeline(show, after: 0, limit: 100).allSatisfy { $0.kind != .backInStock })
    _ = try await shop.commerce.stopPreorder(shop.preorder.id, by: stall.owner)
    #expect(try await refusal { try await stall.place(stall.bag()) } == "preorder_closed")
    #expect(
      try await refusal {
        try await shop.commerce.joinWaitlist(
          shop.commerce.makeID(), of: stall.variants[0], by: .nobody, market: "IN", email: "g@example.com",
          language: "en")
      } == nil, "who comes too late may wait")
    _ = try await shop.commerce.readyPreorder(shop.preorder.id, units: 1, by: stall.owner)
    #expect(try await shop.state(first) == .called)
    // Nobody waits: the rest is sold as usual.
    #expect(try await shop.now().state == .ended)
    #expect(try await shop.commerce.quote(stall.bag()).total.minor == 129_900 + 4_900)
    _ = try await stall.sell(stall.bag())
    #expect(try await stall.stock() == StockLevel(onHand: 4, reserved: 2))
    #expect(try await shop.payBalance(first) == .paid)
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a preorder ends by itself when its time is over`(engine: Engine) async throws {
    let shop = try await Shop(engine)
    _ = try await shop.order()
    shop.stall.clock.advance(days: 30)
    // Also when nobody has written that down yet.
    #expect(try await refusal { try await shop.stall.place() } == "preorder_closed")
    #expect(try await shop.commerce.advancePreorders() == 1)
    #expect(try await shop.now().state == .stopped)
    try await shop.ready(1)
    #expect(try await shop.now().state == .ended)
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a preorder is ordered alone, without a coupon, and is in no deal, auction, giveaway or bundle`(engine: Engine)
    async throws
  {
    let shop = try await Shop(engine)
    let (stall, commerce, owner) = (shop.stall, shop.commerce, shop.stall.owner)
    let show = try await stall.liveShow()
    let mixed = Bag(
      show: nil, market: "IN",
      lines: [.init(offer: stall.offers[1], quantity: 1), .init(offer: stall.offers[0], quantity: 1)])
    #expect(try await refusal { try await commerce.quote(mixed) } == "preorder_alone")
    _ = try await commerce.makeCoupon(
      commerce.makeID(), by: owner, channel: stall.channel,
      CouponDraft(code: "TENTH", market: "IN", percentBasisPoints: 1_000, claimsMax: 9, claimsPerBuyerMax: 9))
    let withCoupon = Bag(
      show: nil, market: "IN", lines: [.init(offer: stall.offers[0], quantity: 1)], coupon: "TENTH")
    #expect(try await refusal { try await commerce.quote(withCoupon) } == CouponRefusal.nothingToTakeFrom.code)
    #expect(
      try await refusal {
        try await commerce.openDeal(
          commerce.makeID(), by: owner, show: show,
          DealDraft(
            product: stall.products[0], prices: ["IN": 100], countdownSeconds: 0, durationSeconds: 60, unitsMax: 1,
            unitsPerBuyerMax: 1))
      } == "on_preorder")
    #expect(
      try await refusal {
        try await commerce.openAuction(
          commerce.makeID(), by: owner, show: show,
          AuctionDraft(variant: stall.variants[0], market: "IN", openingMinor: 100, durationSeconds: 60))
      } == "on_preorder")
    #expect(
      try await refusal {
        try await commerce.makeBundle(
          commerce.makeID(), by: owner, channel: stall.channel,
          BundleDraft(
            title: "Set",
            parts: [.init(variant: stall.variants[0], quantity: 1), .init(variant: stall.variants[1], quantity: 1)],
            prices: ["IN": 1_000]))
      } == "on_preorder")
    #expect(
      try await refusal {
        try await commerce.openPreorder(
          commerce.makeID(), of: stall.variants[0], in: stall.channel, Shop.draft(stall), by: owner)
      } == "preorder_open")
    #expect(
      try await refusal {
        try await commerce.openPreorder(
          commerce.makeID(), of: stall.variants[1], in: stall.channel, Shop.draft(stall, percent: 0), by: owner)
      } == "invalid")
    #expect(
      try await refusal {
        try await commerce.openPreorder(
          commerce.makeID(), of: stall.variants[1], in: stall.channel, Shop.draft(stall), by: .nobody)
      } != nil)
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `who waits in a list is offered nothing of what others have preordered, until those have theirs`(engine: Engine)
    async throws
  {
    let asha = Caller(account: ID(bytes: Array(repeating: 7, count: 16)))
    let shop = try await Shop(engine, unitsMax: 1) { stall in
      try await stall.database.write { db in
        try Stall.insertAccount(try #require(asha.account), "asha@example.com", at: stall.clock.now, in: db)
      }
      _ = try await stall.commerce.joinWaitlist(
        stall.commerce.makeID(), of: stall.variants[0], by: asha, market: "IN", language: "en")
    }
    let placed = try await shop.order()
    try await shop.commerce.receiveStock(
      by: shop.stall.owner, variant: shop.stall.variants[0], count: 2, note: "delivery")
    try await shop.commerce.advanceWaitlists()
    #expect(try await shop.commerce.wishes(by: asha).map(\.state) == [.waiting])
    _ = try await shop.commerce.readyPreorder(shop.preorder.id, units: 1, by: shop.stall.owner)
    #expect(try await shop.state(placed) == .called)
    try await shop.commerce.advanceWaitlists()
    #expect(try await shop.commerce.wishes(by: asha).map(\.state) == [.waiting], "it still takes preorders")
    _ = try await shop.commerce.stopPreorder(shop.preorder.id, by: shop.stall.owner)
    try await shop.commerce.advanceWaitlists()
    #expect(try await shop.commerce.wishes(by: asha).map(\.state) == [.offered])
    #expect(try await shop.stall.stock() == StockLevel(onHand: 2, reserved: 2))
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `nobody can take all that may be preordered without paying`(engine: Engine) async throws {
    var policy = Stall.policy
    policy.heldUnitsPerBuyerMax = 3
    let shop = try await Shop(engine, unitsMax: 10, policy: policy)
    _ = try await shop.stall.place(shop.stall.bag(2))
    #expect(try await refusal { try await shop.stall.place(shop.stall.bag(2)) } == "too_many_held")
    _ = try await shop.order(1)
    #expect(try await shop.now().unitsTaken == 3)
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `two buyers at once cannot both have the last that may be preordered`(engine: Engine) async throws {
    let shop = try await Shop(engine, unitsMax: 5)
    let codes = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<12 { group.addTask { try await refusal { try await shop.stall.place() } } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(codes.count { $0 == nil } == 5 && codes.count { $0 == "sold_out" } == 7)
    #expect(try await shop.now().unitsTaken == 5)
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `what is pressed at once has one of both ends: given out once, paid or cancelled`(engine: Engine) async throws {
    let shop = try await Shop(engine)
    let (first, second) = (try await shop.order(), try await shop.order())
    try await shop.commerce.receiveStock(
      by: shop.stall.owner, variant: shop.stall.variants[0], count: 1, note: "delivery")
    let codes = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try await refusal {
            try await shop.commerce.readyPreorder(shop.preorder.id, units: 1, by: shop.stall.owner)
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(codes.count { $0 == nil } == 1, "\(codes)")
    #expect(try await shop.state(first) == .called)
    #expect(try await shop.state(second) == .waiting)
    async let paying = refusal { try await shop.payBalance(first) }
    async let cancelling = refusal { try await shop.commerce.askToCancel(first.order.id, token: first.access) }
    let said = try await [paying, cancelling]
    try await shop.commerce.reconcilePayments()
    try await shop.audit()
    let (deposit, balance) = (try await shop.stall.order(first), try await shop.balance(first))
    if try await shop.state(first) == .complete {
      #expect(deposit.state == .paid && balance.state == .paid, "\(said)")
      #expect(try await shop.state(second) == .waiting)
    } else {
      #expect(deposit.state == .refunded && balance.state == .cancelled, "\(said)")
      #expect(try await shop.state(second) == .called)
    }
  }

  @Test(arguments: Engine.allCases)
  func `tax that is added, and every share, come to what one order would be, but for a minor unit`(engine: Engine)
    async throws
  {
    let shop = try await Shop(engine, percent: 33, price: 10_001) { stall in
      try await stall.run("UPDATE market SET tax_is_added = 1, taxes_shipping = 1")
    }
    let placed = try await shop.order(3)
    let whole = try #require(try await shop.commerce.quote(shop.stall.bag(3)).balance)
    try await shop.ready(3)
    let balance = try await shop.balance(placed)
    #expect(balance.total == whole.total, "what was said is what is asked for")
    #expect(balance.shipping.minor == 4_900 && balance.shippingTax.minor == 882)
    #expect(placed.order.subtotal.minor + balance.subtotal.minor == 30_003)
    let tax = placed.order.tax.minor + balance.tax.minor
    #expect(abs(tax - (5_401 + 882)) <= 1, "18 % of both, \(tax)")
    #expect(try await shop.payBalance(placed) == .paid)
    try await shop.audit()
  }

  /// What somebody could do behind our back, and a word of what the audit says of it.
  static let tampering: [(SQL, String)] = [
    ("UPDATE preorder SET units_taken = units_taken + 1", "but its places have"),
    ("UPDATE preorder SET units_waiting = units_waiting + 1", "but its places have"),
    ("UPDATE variant SET preorder_id = NULL", "is on a preorder that is not its own"),
    ("UPDATE preorder_place SET state = 'complete' WHERE state = 'called'", "and its balance placed"),
    ("UPDATE preorder_place SET price_minor = price_minor + 1", "do not come to the price that was promised"),
    ("UPDATE orders SET part = NULL WHERE part = 'deposit'", "but its deposit is"),
    ("UPDATE orders SET part = 'deposit' WHERE part IS NULL", "a preorder that does not know it"),
    (
      "UPDATE orders SET state = 'delivered', delivered_ms = 1 WHERE part = 'deposit' AND state = 'paid'",
      "its deposit is delivered"
    ),
  ]

  @Test(arguments: Engine.allCases, 0..<8)
  func `the audit finds what was changed behind its back`(engine: Engine, which: Int) async throws {
    let shop = try await Shop(engine)
    _ = (try await shop.order(), try await shop.order())
    try await shop.ready(1)
    _ = try await shop.stall.commerce.receiveStock(
      by: shop.stall.owner, variant: shop.stall.variants[1], count: 1, note: "delivery")
    _ = try await shop.stall.sell(shop.stall.bag(product: 1))
    try await shop.audit()
    let (change, words) = Self.tampering[which]
    try await shop.stall.run(change)
    let differences = try await shop.commerce.audit().differences
    #expect(differences.contains { $0.contains(words) }, "\(differences)")
  }

  @Test(arguments: Engine.allCases)
  func `units are given out once by whoever presses twice, and again by whoever looked again`(
    engine: Engine
  ) async throws {
    let shop = try await Shop(engine)
    for _ in 0..<3 { _ = try await shop.order() }
    try await shop.commerce.receiveStock(
      by: shop.stall.owner, variant: shop.stall.variants[0], count: 3, note: "delivery")
    let seen = try await shop.now().unitsGiven
    #expect(seen == 0)
    for _ in 0..<3 {
      _ = try await shop.commerce.readyPreorder(shop.preorder.id, units: 1, by: shop.stall.owner, seen: seen)
    }
    let once = try await shop.now()
    #expect(once.unitsGiven == 1 && once.unitsWaiting == 2)
    _ = try await shop.commerce.readyPreorder(shop.preorder.id, units: 1, by: shop.stall.owner, seen: 1)
    let twice = try await shop.now()
    #expect(twice.unitsGiven == 2 && twice.unitsWaiting == 1)
    try await shop.audit()
  }
}
