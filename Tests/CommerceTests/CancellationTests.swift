import Store
import TestKit
import Testing

@testable import Commerce

@Suite struct CancellationTests {
  /// Two lines and a parcel of ₹49, paid.
  private func sold(_ engine: Engine) async throws -> (Stall, PlacedOrder) {
    let stall = try await Stall(engine, prices: [10_001, 20_000])
    let bag = Bag(
      show: nil, market: "IN",
      lines: [.init(offer: stall.offers[0], quantity: 3), .init(offer: stall.offers[1], quantity: 1)])
    return (stall, try await stall.sell(bag))
  }

  @Test(arguments: Engine.allCases)
  func `a buyer cancels at once a short time after paying, and all of it goes back`(engine: Engine) async throws {
    let (stall, sold) = try await sold(engine)
    stall.clock.advance(seconds: 30 * 60)
    let cancelled = try await stall.commerce.askToCancel(sold.order.id, token: sold.access, note: "Too dear")
    #expect(cancelled.state == .accepted && cancelled.party == .buyer)
    let order = try await stall.order(sold)
    #expect(order.state == .refunded && order.refunded == order.total)
    #expect(try await stall.stock(0).onHand == 10)
    #expect(try await stall.stock(1).onHand == 10)
    let refund = try #require(try await stall.commerce.refunds(order.id, token: sold.access).first)
    #expect(refund.id == cancelled.refund && refund.shipping.minor == 4_900)
    #expect(refund.lines.map(\.unsent) == [3, 1])
    let mails = try await stall.database.read { db in
      try db.rows("SELECT kind FROM mail ORDER BY kind").map { try $0.get("kind", as: String.self) }
    }
    #expect(mails == ["cancelled", "paid", "refunded"])
    #expect(try await refusal { try await stall.commerce.ship(order.id, by: stall.owner) } != nil)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `later the seller is asked, and says yes or why not`(engine: Engine) async throws {
    let (stall, sold) = try await sold(engine)
    let (commerce, id) = (stall.commerce, sold.order.id)
    stall.clock.advance(seconds: 30 * 60 + 1)
    let asked = try await commerce.askToCancel(id, token: sold.access)
    #expect(asked.state == .requested)
    #expect(try await stall.order(sold).refunded.minor == 0)
    #expect(try await refusal { try await commerce.askToCancel(id, token: sold.access) } == "cancellation_asked")
    #expect(try await commerce.openRequests(of: stall.channel, by: stall.owner).map(\.order.id) == [id])
    let refused = try await commerce.refuseCancellation(asked.id, of: id, by: stall.owner, reason: "It is packed")
    #expect(refused.state == .refused && refused.answer == "It is packed")
    #expect(
      try await refusal { try await commerce.acceptCancellation(asked.id, of: id, by: stall.owner) }
        == "cancellation_answered")
    let again = try await commerce.askToCancel(id, token: sold.access)
    #expect(try await commerce.acceptCancellation(again.id, of: id, by: stall.owner).state == .accepted)
    #expect(try await stall.order(sold).state == .refunded)
    #expect(
      try await commerce.events(of: id, token: sold.access).map(\.kind) == [
        .cancellationRequested, .cancellationRefused, .cancellationRequested, .cancelled,
      ])
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `what nobody answers is cancelled by itself`(engine: Engine) async throws {
    let (stall, sold) = try await sold(engine)
    stall.clock.advance(days: 1)
    _ = try await stall.commerce.askToCancel(sold.order.id, token: sold.access)
    stall.clock.advance(days: 2)
    try await stall.commerce.advanceRequests()
    #expect(try await stall.order(sold).state == .paid)
    stall.clock.advance(days: 1)
    try await stall.commerce.advanceRequests()
    #expect(try await stall.order(sold).state == .refunded)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a parcel that is sent first ends the request, and nothing is refunded`(engine: Engine) async throws {
    let (stall, sold) = try await sold(engine)
    let id = sold.order.id
    stall.clock.advance(days: 1)
    let asked = try await stall.commerce.askToCancel(id, token: sold.access)
    _ = try await stall.commerce.ship(id, by: stall.owner, lines: [.init(position: 0, quantity: 1)])
    #expect(try await stall.commerce.cancellations(of: id, token: sold.access).map(\.state) == [.overtaken])
    #expect(
      try await refusal { try await stall.commerce.acceptCancellation(asked.id, of: id, by: stall.owner) }
        == "cancellation_answered")
    #expect(try await refusal { try await stall.commerce.askToCancel(id, token: sold.access) } == "order_sent")
    #expect(try await stall.order(sold).refunded.minor == 0)
    #expect(try await stall.number("SELECT COUNT(*) FROM mail WHERE kind = 'request_refused'") == 1)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a buyer who cancels and a seller who sends at once end in one state`(engine: Engine) async throws {
    for _ in 0..<5 {
      let (stall, sold) = try await sold(engine)
      async let cancelled = refusal {
        try await stall.commerce.askToCancel(sold.order.id, token: sold.access)
      }
      async let sent = refusal { try await stall.commerce.ship(sold.order.id, by: stall.owner) }
      let (first, second) = try await (cancelled, sent)
      #expect((first == nil) != (second == nil), "\(first ?? "cancelled") and \(second ?? "sent")")
      #expect(try await stall.order(sold).state == (first == nil ? .refunded : .fulfilled))
      #expect(try await stall.commerce.audit().differences == [])
    }
  }

  @Test(arguments: Engine.allCases)
  func `a seller cancels some lines, and is not asked to send them`(engine: Engine) async throws {
    let (stall, sold) = try await sold(engine)
    let (commerce, id) = (stall.commerce, sold.order.id)
    let cancelled = try await commerce.cancelPaid(
      id, by: stall.owner, lines: [.init(position: 0, quantity: 2)], reason: .outOfStock)
    #expect(cancelled.state == .accepted)
    #expect(try await stall.order(sold).refunded.minor == 20_002)
    #expect(try await stall.stock().onHand == 9)
    let tooMany = try await refusal {
      try await commerce.ship(id, by: stall.owner, lines: [.init(position: 0, quantity: 2)])
    }
    #expect(tooMany == "more_than_left")
    let parcel = try await commerce.ship(id, by: stall.owner, lines: [.init(position: 0, quantity: 1)])
    #expect(try await commerce.deliver(parcel.id, of: id, by: stall.owner).state == .paid)
    let late = try await refusal {
      try await commerce.cancelPaid(id, by: stall.owner, lines: [.init(position: 0, quantity: 1)], reason: .other)
    }
    #expect(late == "more_than_left")
    // What is left is cancelled, so all that was to be sent has arrived; the parcel was sent, and keeps its price.
    _ = try await commerce.cancelPaid(id, by: stall.owner, reason: .outOfStock, note: "The last one broke")
    let order = try await stall.order(sold)
    #expect(order.state == .delivered && order.refunded.minor == 40_002)
    #expect(try await stall.stock(1).onHand == 10)
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `only the seller's people answer, and only the buyer asks`(engine: Engine) async throws {
    let (stall, sold) = try await sold(engine)
    let (commerce, id, stranger) = (stall.commerce, sold.order.id, Caller(account: stall.commerce.makeID()))
    stall.clock.advance(days: 1)
    #expect(try await refusal { try await commerce.askToCancel(id, by: stall.owner) } == "not_found")
    let asked = try await commerce.askToCancel(id, token: sold.access)
    for caller in [Caller.nobody, stranger] {
      for code in [
        try await refusal { try await commerce.acceptCancellation(asked.id, of: id, by: caller) },
        try await refusal { try await commerce.refuseCancellation(asked.id, of: id, by: caller, reason: "no") },
        try await refusal { try await commerce.cancelPaid(id, by: caller, reason: .other) },
        try await refusal { try await commerce.openRequests(of: stall.channel, by: caller) },
        try await refusal { try await commerce.cancellations(of: id, by: caller) },
        try await refusal { try await commerce.events(of: id, by: caller) },
      ] { #expect(["not_found", "sign_in_needed"].contains(code), "\(code ?? "allowed")") }
    }
    let one: ID<Cancellation> = commerce.makeID()
    #expect(
      try await refusal { try await commerce.cancelPaid(id, id: one, by: stall.owner, lines: [], reason: .other) }
        != nil)
  }

  @Test(arguments: Engine.allCases)
  func `a refund that its provider refuses leaves the order to be sent`(engine: Engine) async throws {
    let (stall, sold) = try await sold(engine)
    let silent = SandboxProvider(
      database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 5).entropy,
      secret: "whsec_test", behaviour: SandboxBehaviour(lostAnswersPercent: 100))
    let commerce = Commerce(
      database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 6).entropy,
      providers: PaymentProviders([silent]))
    let cancelled = try await commerce.cancelPaid(sold.order.id, by: stall.owner, reason: .outOfStock)
    #expect(cancelled.state == .accepted)
    #expect(try await refusal { try await stall.commerce.ship(sold.order.id, by: stall.owner) } == "order_refunded")
    try await stall.database.write { db in
      let refund = try #require(try Refund.find(cancelled.refund, in: db))
      try stall.commerce.record(
        ProviderRefund(id: "re_1", state: .failed(code: "lost")), of: refund, providerName: "sandbox", in: db)
    }
    #expect(try await stall.commerce.cancellations(of: sold.order.id, token: sold.access).map(\.state) == [.failed])
    _ = try await stall.commerce.ship(sold.order.id, by: stall.owner)
    #expect(try await stall.order(sold).state == .fulfilled)
  }
}
