import Store
import TestKit
import Testing

@testable import Commerce

/// How a payment provider sends released money to whom it belongs, order by order, and takes back what is refunded.
@Suite struct ProviderPayoutTests {
  /// A seller whose payouts go through the sandbox, and an operator.
  private struct House {
    let stall: Stall
    let commerce: Commerce
    let `operator`: Caller
    var payee: Payee { .channel(stall.channel) }

    init(_ engine: Engine, isConnected: Bool = true, behaviour: SandboxBehaviour = .prompt) async throws {
      let stall = try await Stall(engine, prices: [129_900], units: 60, behaviour: behaviour)
      self.stall = stall
      commerce = Commerce(
        database: stall.database, clock: stall.clock.wallClock, entropy: SeededEntropy(seed: 3).entropy,
        policy: Stall.policy, providers: PaymentProviders([stall.sandbox], paysOut: true))
      `operator` = Caller(account: commerce.makeID())
      try await stall.database.write { [account = `operator`.account.unsafelyUnwrapped] db in
        try Stall.insertAccount(account, "op@example.com", at: stall.clock.now, in: db)
        try db.run("UPDATE account SET is_operator = 1 WHERE id = \(account)")
      }
      if isConnected { try await connect() }
    }

    func connect() async throws {
      _ = try await commerce.connectPayee(payee, by: stall.owner, country: "IN", back: "/studio/meera/money")
      try await commerce.refreshPayee(payee, by: stall.owner)
    }

    /// A lamp that was sold, sent, delivered and settled.
    @discardableResult
    func settle() async throws -> PlacedOrder {
      let sold = try await stall.sell()
      let parcel = try await commerce.ship(sold.order.id, by: stall.owner)
      _ = try await commerce.deliver(parcel.id, of: sold.order.id, by: stall.owner)
      stall.clock.advance(days: 4)
      #expect(try await commerce.settleOrders() == 1)
      return sold
    }

    func balance(_ account: String) async throws -> Int64 {
      try await stall.number(
        "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger_entry WHERE account = \(account)")
    }

    var seller: Int64 { get async throws { try await balance("seller:\(stall.channel)") } }

    /// What the provider sent on, less what it took back.
    var sent: Int64 {
      get async throws {
        try await stall.number(
          "SELECT CAST(COALESCE(SUM(amount_minor - reversed_minor), 0) AS BIGINT) FROM sandbox_transfer")
      }
    }

    func closeAccount() async throws { try await stall.run("UPDATE sandbox_payee SET is_ready = 0") }

    func payouts() async throws -> [Payout] { try await commerce.payouts(by: `operator`).items }

    func isClean() async throws {
      let differences = try await commerce.audit().differences
      #expect(differences == [])
    }
  }

  /// ₹1,299 and ₹49 for the parcel, less 18 % tax in it (198.15) and 10 % of the rest (110.08): 1,039.77.
  private static let share: Int64 = 103_977

  @Test(arguments: Engine.allCases)
  func `a payout is a transfer for each order, out of what its buyer paid`(engine: Engine) async throws {
    let house = try await House(engine)
    let first = try await house.settle()
    try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    #expect(try await house.balance("payouts") == 2 * Self.share)
    #expect(try await house.payouts().map(\.state) == [.pending])
    try await house.isClean()
    #expect(try await house.commerce.sendPayouts() == 2)
    #expect(try await house.commerce.sendPayouts() == 0)
    let payout = try #require(try await house.payouts().first)
    #expect(payout.state == .paid && payout.provider == "sandbox" && payout.amount.minor == 2 * Self.share)
    #expect(try await house.sent == 2 * Self.share)
    #expect(try await house.balance("payouts") == 0)
    #expect(try await house.balance("provider:sandbox") == -2 * (134_800 - Self.share))
    let ofFirst = try await house.stall.number(
      """
      SELECT sent.amount_minor FROM sandbox_transfer sent JOIN payment_attempt attempt
        ON attempt.payment_id = sent.payment_id WHERE attempt.order_id = \(first.order.id)
      """)
    #expect(ofFirst == Self.share)
    try await house.isClean()
    await #expect(throws: PayoutRefusal.atProvider("sandbox")) {
      try await house.commerce.payoutArrived(payout.id, by: house.operator)
    }
    await #expect(throws: PayoutRefusal.nothingToSend(Stall.rupee)) {
      try await house.commerce.makePayoutFile(
        house.commerce.makeID(), by: house.operator, currency: Stall.rupee)
    }
  }

  @Test(arguments: Engine.allCases)
  func `what is refunded after it was sent is taken back, to the last minor unit`(engine: Engine) async throws {
    let house = try await House(engine)
    let sold = try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    try await house.commerce.sendPayouts()
    _ = try await house.commerce.refund(
      sold.order.id, by: house.stall.owner, amountMinor: 10_000, reason: "a scratch")
    let owed = try await house.seller
    #expect(owed < 0, "paid out, and not theirs")
    try await house.isClean()
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(try await house.seller == 0)
    #expect(try await house.sent == Self.share + owed)
    try await house.isClean()
    _ = try await house.commerce.refund(sold.order.id, by: house.stall.owner, reason: "all of it")
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(try await house.sent == 0)
    #expect(try await house.seller == 0)
    #expect(try await house.balance("provider:sandbox") == 0, "all that was paid went back")
    try await house.isClean()
    let statement = try await house.commerce.statement(by: house.stall.owner, house.stall.channel, limit: 10).items
    #expect(statement.map(\.kind) == [.payoutReturned, .refund, .payoutReturned, .refund, .payout, .payment])
    let numbers = Set(statement.compactMap(\.payout))
    #expect(numbers.count == 1, "what came back says of which payout")
  }

  @Test(arguments: Engine.allCases)
  func `what is refunded while it is on its way is taken back once it arrived`(engine: Engine) async throws {
    let house = try await House(engine)
    let sold = try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    _ = try await house.commerce.refund(sold.order.id, by: house.stall.owner, reason: "all of it")
    try await house.isClean()
    try await house.commerce.sendPayouts()
    try await house.commerce.sendPayouts()
    #expect(try await house.sent == 0)
    #expect(try await house.seller == 0)
    try await house.isClean()
  }

  @Test(arguments: Engine.allCases)
  func `what the provider will not send is the seller's here again, and waits until they have mended it`(
    engine: Engine
  ) async throws {
    let house = try await House(engine)
    let sold = try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    try await house.closeAccount()
    _ = try await house.commerce.refund(
      sold.order.id, by: house.stall.owner, amountMinor: 10_000, reason: "a scratch")
    #expect(try await house.commerce.sendPayouts() == 1)
    let payout = try #require(try await house.payouts().first)
    #expect(payout.state == .returned && payout.failure == "account_not_ready")
    #expect(try await house.seller > 0)
    #expect(try await house.balance("payouts") == 0)
    try await house.isClean()
    #expect(try await house.commerce.payoutsDue(by: house.operator).first?.block == .providerNotReady)
    #expect(try await house.commerce.preparePayouts(by: house.operator) == 0)
    house.stall.clock.advance(days: 1)
    try await house.connect()
    #expect(try await house.commerce.preparePayouts(by: house.operator) == 1)
    try await house.commerce.sendPayouts()
    #expect(try await house.seller == 0)
    #expect(try await house.sent == Self.share - 7713)
    try await house.isClean()
  }

  @Test(arguments: Engine.allCases)
  func `a reversal that is refused is a debt, which the next payout pays`(engine: Engine) async throws {
    let house = try await House(engine)
    let sold = try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    try await house.commerce.sendPayouts()
    try await house.closeAccount()
    _ = try await house.commerce.refund(sold.order.id, by: house.stall.owner, reason: "all of it")
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(try await house.seller == -Self.share)
    #expect(try await house.commerce.payoutsDue(by: house.operator).first?.block == .debt)
    try await house.isClean()
    try await house.stall.run("UPDATE sandbox_payee SET is_ready = 1")
    try await house.settle()
    try await house.settle()
    house.stall.clock.advance(days: 8)
    #expect(try await house.commerce.preparePayouts() == 1)
    try await house.commerce.sendPayouts()
    #expect(try await house.seller == 0)
    #expect(try await house.sent == 2 * Self.share, "one of the old, one of the new: one new paid the debt")
    try await house.isClean()
  }

  @Test(arguments: Engine.allCases)
  func `who changes from a bank to the provider is paid nothing twice`(engine: Engine) async throws {
    let house = try await House(engine, isConnected: false)
    try await house.commerce.setPayoutDestination(
      of: house.payee, by: house.stall.owner,
      BankAccount(holder: "Meera Pottery", number: "000111222333", code: "HDFC0001234"))
    let old = try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    let file = try await house.commerce.makePayoutFile(
      house.commerce.makeID(), by: house.operator, currency: Stall.rupee)
    try await house.commerce.payoutsArrived(of: file.id, by: house.operator)
    try await house.connect()
    #expect(try await house.commerce.payoutDestination(of: house.payee, by: house.stall.owner)?.provider == "sandbox")
    try await house.settle()
    #expect(
      try await house.commerce.payoutsDue(by: house.operator).first?.block == .recent,
      "the change has waited long enough")
    house.stall.clock.advance(days: 8)
    #expect(try await house.commerce.preparePayouts() == 1)
    try await house.commerce.sendPayouts()
    #expect(try await house.sent == Self.share)
    // What the bank paid cannot be taken back from the provider.
    _ = try await house.commerce.refund(old.order.id, by: house.stall.owner, reason: "all of it")
    #expect(try await house.commerce.sendPayouts() == 0)
    #expect(try await house.seller == -Self.share)
    try await house.isClean()
  }

  @Test(arguments: Engine.allCases)
  func `money that is held, or whose seller is suspended, is not sent`(engine: Engine) async throws {
    let house = try await House(engine)
    try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    try await house.commerce.holdPayouts(of: house.payee, by: house.operator, reason: "a complaint")
    #expect(try await house.commerce.sendPayouts() == 0)
    try await house.commerce.releasePayouts(of: house.payee, by: house.operator)
    _ = try await house.commerce.admitChannel(
      house.stall.channel, by: house.operator, as: .suspended, because: Verdict(.rules))
    #expect(try await house.commerce.sendPayouts() == 0)
    _ = try await house.commerce.admitChannel(house.stall.channel, by: house.operator, as: .approved)
    #expect(try await house.commerce.sendPayouts() == 1)
    try await house.isClean()
  }

  @Test(arguments: Engine.allCases)
  func `lost answers and silence send nothing twice`(engine: Engine) async throws {
    let house = try await House(engine)
    let sold = try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    func through(_ lost: Int, _ failing: Int) -> Commerce {
      Commerce(
        database: house.stall.database, clock: house.stall.clock.wallClock, entropy: SeededEntropy(seed: 9).entropy,
        policy: Stall.policy,
        providers: PaymentProviders(
          [
            SandboxProvider(
              database: house.stall.database, clock: house.stall.clock.wallClock,
              entropy: SeededEntropy(seed: 8).entropy, secret: "whsec_test",
              behaviour: SandboxBehaviour(failuresPercent: failing, lostAnswersPercent: lost))
          ], paysOut: true))
    }
    for (lost, failing) in [(0, 100), (100, 0), (100, 0)] {
      #expect(try await through(lost, failing).sendPayouts() == 0)
      #expect(try await through(lost, failing).sendPayouts() == 0, "not asked again at once")
      house.stall.clock.advance(seconds: 120)
    }
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(try await house.sent == Self.share)
    _ = try await house.commerce.refund(sold.order.id, by: house.stall.owner, reason: "all of it")
    #expect(try await through(100, 0).sendPayouts() == 0)
    house.stall.clock.advance(seconds: 120)
    #expect(try await house.commerce.sendPayouts() == 1)
    #expect(try await house.sent == 0)
    try await house.isClean()
  }

  @Test(arguments: Engine.allCases)
  func `an account at the provider is opened by owners alone, once, and only where it is offered`(
    engine: Engine
  ) async throws {
    let house = try await House(engine, isConnected: false)
    for caller in [Caller(account: nil), house.operator] {
      await #expect(throws: GeneralRefusal.self) {
        try await house.commerce.connectPayee(house.payee, by: caller, country: "IN", back: "/")
      }
      await #expect(throws: GeneralRefusal.self) { try await house.commerce.refreshPayee(house.payee, by: caller) }
    }
    await #expect(throws: GeneralRefusal.self) {
      try await house.commerce.connectPayee(house.payee, by: house.stall.owner, country: "India", back: "/")
    }
    await #expect(throws: PayoutRefusal.noProvider) {
      try await house.stall.commerce.connectPayee(house.payee, by: house.stall.owner, country: "IN", back: "/")
    }
    let address = try await house.commerce.connectPayee(
      house.payee, by: house.stall.owner, country: "in", back: "/studio/meera/money")
    #expect(address == "/studio/meera/money?connect=returned")
    _ = try await house.commerce.connectPayee(house.payee, by: house.stall.owner, country: "GB", back: "/")
    let payee = try #require(try await house.commerce.providerPayee(of: house.payee, by: house.stall.owner))
    #expect(payee.country == "IN" && !payee.isReady)
    #expect(try await house.stall.number("SELECT COUNT(*) FROM sandbox_payee") == 1)
    #expect(try await house.commerce.payoutDestination(of: house.payee, by: house.stall.owner) == nil)
    #expect(try await house.commerce.refreshPayee(house.payee, by: house.stall.owner)?.isReady == true)
    let destination = try await house.commerce.payoutDestination(of: house.payee, by: house.stall.owner)
    #expect(destination?.provider == "sandbox" && destination?.usable == house.stall.clock.now)
  }

  /// What somebody could do to payouts behind our back, and a word of what the audit says of it.
  static let tampering: [(SQL, String)] = [
    ("UPDATE payout_transfer SET amount_minor = amount_minor + 1", "is not what its transfers come to"),
    ("UPDATE payout_transfer SET state = 'returned' WHERE reversed_minor = 0", "which is not what is booked"),
    ("UPDATE payout_transfer SET reversed_minor = 0", "its reversals come to something else"),
    ("UPDATE payout_reversal SET state = 'pending'", "which is not what is booked"),
    ("UPDATE payout_part SET amount_minor = amount_minor + 1 WHERE amount_minor > 0", "payout parts of"),
    ("DELETE FROM payout_part WHERE amount_minor < 0", "payout parts of"),
    ("UPDATE payout SET state = 'pending', end_id = NULL", "is not what its transfers come to"),
    ("DELETE FROM payout_reversal", "books a payout that is not there"),
  ]

  @Test(arguments: Engine.allCases)
  func `an audit finds payouts that were changed by hand`(engine: Engine) async throws {
    let house = try await House(engine)
    let sold = try await house.settle()
    try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    try await house.commerce.sendPayouts()
    _ = try await house.commerce.refund(sold.order.id, by: house.stall.owner, reason: "all of it")
    try await house.commerce.sendPayouts()
    try await house.isClean()
    for (sql, sentence) in Self.tampering {
      await #expect(throws: Undone.self) {
        try await house.stall.database.write { db in
          try db.run(sql)
          let report = try Audit.run(in: db)
          #expect(report.differences.contains { $0.contains(sentence) }, "\(sql): \(report.differences)")
          throw Undone()
        }
      }
    }
    try await house.isClean()
  }

  private struct Undone: Error {}
}
