@testable import Commerce
import Store
import TestKit
import Testing

@Suite struct LedgerTests {
  // MARK: Arithmetic

  static let shares: [(Int64, Int64, Int64)] = [
    (50, 5000, 25), (1, 5000, 0), (3, 5000, 2), (5, 5000, 2), (-1, 5000, 0), (-3, 5000, -2), (0, 5000, 0),
    (999, 1000, 100), (Int64.max, 10_000, Int64.max), (Int64.min + 1, 10_000, Int64.min + 1),
  ]

  @Test(arguments: shares)
  func `a rate rounds half to even`(amount: Int64, basisPoints: Int64, share: Int64) throws {
    #expect(try #require(Rate(basisPoints: basisPoints)).of(amount) == share)
  }

  @Test func `the parts of a sale sum to the whole, whatever the rates`() throws {
    let random = SeededEntropy(seed: 7)
    for _ in 0..<10_000 {
      let total = Int64(random.next() % UInt64(Money.minorMax)) + 1
      let tax = try #require(Rate(basisPoints: Int64(random.next() % 10_001))).includedIn(total)
      let commission = try #require(Rate(basisPoints: Int64(random.next() % 10_001))).of(total - tax)
      #expect((0...total).contains(tax))
      #expect((0...(total - tax)).contains(commission))
    }
  }

  @Test func `refunds in any parts give back each part to the last minor unit`() {
    let random = SeededEntropy(seed: 11)
    for _ in 0..<2000 {
      let scale = [3, 100, 1_000_000, UInt64(Money.minorMax)][Int(random.next() % 4)]
      var paid = Split(
        tax: Int64(random.next() % scale), commission: Int64(random.next() % scale),
        seller: Int64(random.next() % scale) + 1)
      if random.next() % 2 == 0 { paid.promotion = Int64(random.next() % UInt64(paid.whole)) }
      var left = paid
      while left.whole > 0 {
        let amount = min(left.whole, Int64(random.next() % UInt64(paid.whole)) + 1)
        let part = left.part(amount)
        #expect(part.whole == amount)
        #expect(part.tax >= 0 && part.commission >= 0 && part.seller >= 0)
        #expect(part.tax <= left.tax && part.commission <= left.commission && part.seller <= left.seller)
        // In proportion.
        let shares = [
          (part.tax, left.tax), (part.commission, left.commission), (part.seller, left.seller),
          (part.promotion, left.promotion),
        ]
        for (share, of) in shares {
          let exact = Double(of) * Double(amount) / Double(left.whole)
          // Two roundings: what the platform puts in, and then the shares.
          #expect(abs(Double(share) - exact) < 2 + exact * 1e-9)
        }
        left = Split(
          tax: left.tax - part.tax, commission: left.commission - part.commission, seller: left.seller - part.seller,
          promotion: left.promotion - part.promotion)
      }
      #expect(left == Split(tax: 0, commission: 0, seller: 0))
    }
  }

  // MARK: Transfers

  @Test(arguments: Engine.allCases)
  func `a transfer that does not sum to zero is not booked`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let rupee = try #require(Currency("INR"))
    let yen = try #require(Currency("JPY"))
    let entry = { @Sendable (account: LedgerAccount, minor: Int64, currency: Currency) in
      Ledger.Entry(account: account, amount: Money(minor: minor, currency: currency))
    }
    let cases = [
      [entry(.commission, 1, rupee)],
      [entry(.commission, 1, rupee), entry(.provider("p"), -2, rupee)],
      [entry(.commission, 1, rupee), entry(.provider("p"), -1, yen)],
      [],
    ]
    for entries in cases {
      await #expect(throws: LedgerFault.self) {
        try await stall.database.write { [commerce = stall.commerce] db in
          try Ledger.book(.payment, cause: [1], entries, on: commerce.occasion(order: commerce.makeID()), in: db)
        }
      }
    }
    #expect(try await stall.number("SELECT COUNT(*) FROM ledger_transfer") == 0)
  }

  @Test(arguments: Engine.allCases)
  func `a refund in parts goes back the way the payment came`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let sold = try await stall.sell(stall.bag(2))
    let commerce = stall.commerce
    let first = try await commerce.refund(sold.order.id, by: stall.owner, amountMinor: 33_333, reason: "scratched")
    #expect(first.state == .succeeded)
    #expect(try await stall.order(sold).state == .paid)
    #expect(try await stall.order(sold).refunded.minor == 33_333)
    #expect(try await stall.commerce.audit().differences == [])
    let code = try await refusal {
      try await commerce.refund(sold.order.id, by: stall.owner, amountMinor: 226_468, reason: "too much")
    }
    #expect(code == "refund_too_large")
    _ = try await commerce.refund(sold.order.id, by: stall.owner, reason: "and the rest")
    #expect(try await stall.order(sold).state == .refunded)
    // It had not been sent, so it is on the shelf again.
    #expect(try await stall.stock() == StockLevel(onHand: 10, reserved: 0))
    let balances = try await stall.database.read { db in try Ledger.balances(in: db) }
    #expect(balances.allSatisfy { $0.amount.minor == 0 })
    #expect(try await stall.commerce.audit().differences == [])
    let over = try await refusal { try await commerce.refund(sold.order.id, by: stall.owner, reason: "again") }
    #expect(over == "order_not_paid")
  }

  @Test(arguments: Engine.allCases)
  func `a refund asked for twice with one id happens once`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let sold = try await stall.sell()
    let id: ID<Refund> = stall.commerce.makeID()
    for _ in 0..<2 {
      let refund = try await stall.commerce.refund(
        sold.order.id, id: id, by: stall.owner, amountMinor: 100, reason: "late")
      #expect(refund.id == id)
    }
    #expect(try await stall.order(sold).refunded.minor == 100)
    let code = try await refusal {
      try await stall.commerce.refund(sold.order.id, id: id, by: stall.owner, amountMinor: 200, reason: "late")
    }
    #expect(code == "idempotency_mismatch")
  }

  @Test(arguments: Engine.allCases)
  func `refunds at once never give back more than was paid`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let sold = try await stall.sell()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<10 {
        group.addTask {
          _ = try await refusal {
            try await stall.commerce.refund(sold.order.id, by: stall.owner, amountMinor: 30_000, reason: "rush")
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await stall.order(sold).refunded.minor == 120_000)
    #expect(try await stall.number("SELECT CAST(SUM(refunded_minor) AS BIGINT) FROM sandbox_payment") == 120_000)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a refund without an answer is asked for again`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let sold = try await stall.sell()
    let silent = SandboxProvider(
      database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 5).entropy,
      secret: "whsec_test",
      behaviour: SandboxBehaviour(lostAnswersPercent: 100))
    let commerce = Commerce(
      database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 6).entropy,
      providers: PaymentProviders([silent]))
    let refund = try await commerce.refund(sold.order.id, by: stall.owner, reason: "changed their mind")
    #expect(refund.state == .pending)
    #expect(try await refusal { try await stall.commerce.fulfil(sold.order.id, by: stall.owner) } == "order_refunded")
    stall.clock.advance(seconds: 60)
    #expect(try await stall.commerce.reconcilePayments() == 1)
    #expect(try await stall.order(sold).state == .refunded)
    #expect(try await stall.number("SELECT COUNT(*) FROM sandbox_refund") == 1)
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a statement lists what each transfer brought its channel`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let sold = try await stall.sell(stall.bag(2))
    stall.clock.advance(seconds: 1)
    _ = try await stall.commerce.refund(sold.order.id, by: stall.owner, reason: "all of it")
    let page = try await stall.commerce.statement(by: stall.owner, stall.channel, limit: 1)
    #expect(page.items.map(\.kind) == [.refund])
    #expect(page.items.map(\.amount.minor) == [-198_152])
    let rest = try await stall.commerce.statement(by: stall.owner, stall.channel, after: page.next, limit: 1)
    #expect(rest.items.map(\.kind) == [.payment])
    #expect(rest.items.map(\.amount.minor) == [198_152])
    #expect(rest.next == nil)
    #expect(try await refusal { try await stall.commerce.statement(by: .nobody, stall.channel) } == "sign_in_needed")
    #expect(try await refusal { try await stall.commerce.balances(by: stall.owner) } == "not_allowed")
  }

  // MARK: Audit

  /// What somebody could do to the database behind our back, and a word of what the audit says of it.
  static let tampering: [(SQL, String)] = [
    ("UPDATE stock SET on_hand = on_hand + 1", "its movements come to"),
    ("UPDATE stock SET reserved = reserved - 1", "waitlists hold"),
    ("DELETE FROM stock_movement WHERE kind = 'received'", "its movements come to"),
    ("DELETE FROM stock_movement WHERE kind = 'sold'", "but its movements reserved"),
    ("DELETE FROM stock", "has movements and no stock"),
    ("UPDATE stock_movement SET order_id = variant_id WHERE kind = 'reserved'", "does not exist"),
    ("UPDATE orders SET state = 'paid' WHERE state = 'placed'", "the books have 0 payments"),
    ("UPDATE orders SET state = 'expired' WHERE state = 'placed'", "but its movements reserved"),
    ("UPDATE orders SET state = 'cancelled' WHERE state = 'paid'", "the books have a payment"),
    ("UPDATE orders SET tax_minor = tax_minor + 1", "its tax is"),
    ("UPDATE orders SET subtotal_minor = subtotal_minor - 1, shipping_minor = shipping_minor + 1", "its subtotal is"),
    ("UPDATE orders SET refunded_minor = refunded_minor + 1", "its refunds come to"),
    ("UPDATE order_line SET commission_minor = commission_minor + 1", "a line's commission is"),
    ("UPDATE order_line SET tax_minor = tax_minor - 1", "a line's tax is"),
    ("DELETE FROM order_line", "has no lines"),
    ("UPDATE ledger_entry SET amount_minor = amount_minor + 1 WHERE account = 'commission'", "not to zero"),
    ("UPDATE ledger_entry SET account = 'commission' WHERE account LIKE 'tax:%'", "its payment is booked as"),
    ("DELETE FROM ledger_entry", "has no entries"),
    ("UPDATE refund SET tax_minor = tax_minor + 1, seller_minor = seller_minor - 1", "not split in proportion"),
    ("UPDATE refund SET state = 'failed'", "did not go through"),
    ("UPDATE payment_attempt SET state = 'declined'", "did not go through"),
    ("UPDATE payment_attempt SET amount_minor = amount_minor + 1", "but its orders come to"),
    ("UPDATE payment_share SET amount_minor = amount_minor + 1", "went through, but"),
    ("UPDATE payment_share SET amount_minor = amount_minor + 1", "or not for its total"),
    ("UPDATE orders SET purchase_id = channel_id", "is not of an order that its payment is for"),
    ("UPDATE ledger_transfer SET kind = 'stray_payment' WHERE kind = 'payment'", "is not being refunded"),
    ("UPDATE timeline_event SET sequence = sequence + 1", "without gaps"),
    ("UPDATE show SET sequence = sequence + 1", "without gaps"),
  ]

  @Test(arguments: Engine.allCases, tampering.indices)
  func `an audit finds what does not add up`(engine: Engine, index: Int) async throws {
    let (sql, sentence) = Self.tampering[index]
    let stall = try await Stall(engine, units: 4)
    _ = try await stall.liveShow()
    let show = try await stall.liveShow()
    let sold = try await stall.sell(stall.bag(2))
    _ = try await stall.commerce.refund(sold.order.id, by: stall.owner, amountMinor: 5000, reason: "dent")
    _ = try await stall.place(stall.bag(2))
    #expect(try await stall.commerce.numberTimeline(show).count == 1)
    let clean = try await stall.commerce.audit()
    #expect(clean.differences == [])
    #expect(clean.summary.contains("Everything adds up."))
    #expect(clean.summary.contains("Balance: provider:sandbox -2548.00 INR."))
    try await stall.run(sql)
    let report = try await stall.commerce.audit()
    #expect(report.differences.contains { $0.contains(sentence) }, "\(report.summary)")
    #expect(!report.isClean)
    #expect(report.summary.contains(sentence))
  }
}
