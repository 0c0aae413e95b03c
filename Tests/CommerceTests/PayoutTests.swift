import Store
import TestKit
import Testing

@testable import Commerce

/// How released money leaves the house: once, to whom it belongs, and never more than there is.
@Suite struct PayoutTests {
  /// A seller with a bank account, and an operator.
  private struct House {
    let stall: Stall
    let `operator`: Caller
    var commerce: Commerce { stall.commerce }
    var payee: Payee { .channel(stall.channel) }
    static let account = BankAccount(holder: "Meera Pottery", number: "000111222333", code: "hdfc 0001234")

    init(_ engine: Engine, hasAccount: Bool = true) async throws {
      stall = try await Stall(engine, prices: [129_900], units: 60)
      `operator` = Caller(account: stall.commerce.makeID())
      try await stall.database.write { [stall, account = `operator`.account.unsafelyUnwrapped] db in
        try Stall.insertAccount(account, "op@example.com", at: stall.clock.now, in: db)
        try db.run("UPDATE account SET is_operator = 1 WHERE id = \(account)")
      }
      if hasAccount { try await commerce.setPayoutDestination(of: payee, by: stall.owner, Self.account) }
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

    func due() async throws -> PayoutDue? { try await commerce.payoutsDue(by: `operator`).first }

    func balance(_ account: String) async throws -> Int64 {
      try await stall.number(
        "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger_entry WHERE account = \(account)")
    }
  }

  /// ₹1,299 and ₹49 for the parcel, less 18 % tax in it (198.15) and 10 % of the rest (110.08): 1,039.77.
  private static let share: Int64 = 103_977

  @Test(arguments: Engine.allCases)
  func `what is settled is paid out once, through a file for the bank`(engine: Engine) async throws {
    let house = try await House(engine)
    let commerce = house.commerce
    let sold = try await house.stall.sell()
    #expect(try await house.due() == nil, "it is not settled")
    #expect(try await commerce.preparePayouts(by: house.operator) == 0)
    let parcel = try await commerce.ship(sold.order.id, by: house.stall.owner)
    _ = try await commerce.deliver(parcel.id, of: sold.order.id, by: house.stall.owner)
    house.stall.clock.advance(days: 4)
    try await commerce.settleOrders()
    #expect(try await house.due()?.available.minor == Self.share)
    #expect(try await commerce.preparePayouts() == 1)
    #expect(try await commerce.preparePayouts(by: house.operator) == 0, "there is nothing left")
    #expect(try await house.balance("seller:\(house.stall.channel)") == 0)
    #expect(try await house.balance("payouts") == Self.share)
    #expect(try await commerce.audit().differences == [])

    let file = try await commerce.makePayoutFile(commerce.makeID(), by: house.operator, currency: Stall.rupee)
    #expect(file.count == 1 && file.sum.minor == Self.share && file.open == 1)
    let payout = try #require(try await commerce.payouts(of: house.payee, by: house.stall.owner).items.first)
    #expect(payout.state == .sent && payout.ending == "2333")
    let text = String(decoding: try await commerce.payoutFile(file.id, by: house.operator), as: UTF8.self)
    #expect(
      text == """
        payout,holder,account,bank_code,amount,currency,text
        \(payout.number),Meera Pottery,000111222333,HDFC0001234,1039.77,INR,Haat \(payout.number)

        """)
    await #expect(throws: PayoutRefusal.nothingToSend(Stall.rupee)) {
      try await commerce.makePayoutFile(commerce.makeID(), by: house.operator, currency: Stall.rupee)
    }
    #expect(try await commerce.payoutsArrived(of: file.id, by: house.operator) == 1)
    #expect(try await commerce.payoutArrived(payout.id, by: house.operator).state == .paid, "told twice, booked once")
    #expect(try await house.balance("bank") == Self.share)
    #expect(try await house.balance("payouts") == 0)
    await #expect(throws: PayoutRefusal.ended(.paid)) {
      try await commerce.payoutCameBack(payout.id, by: house.operator, reason: "too late")
    }
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `what the bank sends back is the seller's again, and the next payout has it`(engine: Engine) async throws {
    let house = try await House(engine)
    try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    let first = try #require(try await house.commerce.payouts(by: house.operator).items.first)
    for _ in 0..<2 {
      let back = try await house.commerce.payoutCameBack(first.id, by: house.operator, reason: "no such account")
      #expect(back.state == .returned && back.failure == "no such account")
    }
    #expect(try await house.balance("seller:\(house.stall.channel)") == Self.share)
    #expect(try await house.commerce.audit().differences == [])
    #expect(try await house.commerce.preparePayouts() == 1)
    #expect(try await house.balance("payouts") == Self.share)
    #expect(try await house.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a debt is not paid out, and is taken from what comes next`(engine: Engine) async throws {
    let house = try await House(engine)
    let sold = try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    _ = try await house.commerce.refund(sold.order.id, by: house.stall.owner, reason: "it came back broken")
    #expect(try await house.due()?.block == .debt)
    #expect(try await house.due()?.available.minor == -Self.share)
    #expect(try await house.commerce.preparePayouts(by: house.operator) == 0)
    house.stall.clock.advance(days: 8)
    try await house.settle()
    try await house.settle()
    #expect(try await house.commerce.preparePayouts() == 1)
    let newest = try await house.commerce.payouts(by: house.operator).items.first
    #expect(newest?.amount.minor == Self.share)
    #expect(try await house.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `money waits for a bank account, for the operator's hold, for a suspension and for a change of account`(
    engine: Engine
  ) async throws {
    let house = try await House(engine, hasAccount: false)
    let commerce = house.commerce
    try await house.settle()
    func blocked(_ block: PayoutDue.Block?, _ reason: String = "") async throws {
      let due = try await house.due()
      #expect(due?.block == block && due?.holdReason == reason)
      if block != nil, block != .recent { #expect(try await commerce.preparePayouts(by: house.operator) == 0) }
    }
    try await blocked(.noDestination)
    let first = try await commerce.setPayoutDestination(of: house.payee, by: house.stall.owner, House.account)
    #expect(first.changed == house.stall.clock.now && first.usable == first.changed)
    try await blocked(nil)
    // Who takes over an account has to wait where everybody can see it.
    let changed = try await commerce.setPayoutDestination(
      of: house.payee, by: house.stall.owner, BankAccount(holder: "Somebody", number: "9999", code: "ABCD0123456"))
    try await blocked(.newDestination)
    house.stall.clock.advance(milliseconds: changed.usable.milliseconds(since: house.stall.clock.now))
    try await blocked(nil)
    try await commerce.holdPayouts(of: house.payee, by: house.operator, reason: "a complaint")
    try await commerce.holdPayouts(of: house.payee, by: house.operator, reason: "two complaints")
    try await blocked(.held, "two complaints")
    try await commerce.releasePayouts(of: house.payee, by: house.operator)
    _ = try await commerce.admitChannel(
      house.stall.channel, by: house.operator, as: .suspended, because: Verdict(.rules))
    try await blocked(.suspended)
    _ = try await commerce.admitChannel(house.stall.channel, by: house.operator, as: .approved)
    #expect(try await commerce.preparePayouts() == 1)
    try await house.settle()
    try await blocked(.recent)
    #expect(try await commerce.preparePayouts() == 0, "the house pays once a week")
    #expect(try await commerce.preparePayouts(by: house.operator) == 1, "the operator whenever they like")
  }

  @Test(arguments: Engine.allCases)
  func `a bank account is the owners' to say, and is checked`(engine: Engine) async throws {
    let house = try await House(engine, hasAccount: false)
    let stranger = Caller(account: house.commerce.makeID())
    try await house.stall.database.write { [stall = house.stall] db in
      try Stall.insertAccount(stranger.account.unsafelyUnwrapped, "eve@example.com", at: stall.clock.now, in: db)
    }
    for caller in [stranger, Caller(account: nil), house.operator] {
      await #expect(throws: GeneralRefusal.self) {
        try await house.commerce.setPayoutDestination(of: house.payee, by: caller, House.account)
      }
    }
    for caller in [stranger, Caller(account: nil)] {
      await #expect(throws: GeneralRefusal.self) { try await house.commerce.payouts(of: house.payee, by: caller) }
      await #expect(throws: GeneralRefusal.self) {
        try await house.commerce.payoutDestination(of: house.payee, by: caller)
      }
      await #expect(throws: GeneralRefusal.self) { try await house.commerce.payoutsDue(of: house.payee, by: caller) }
    }
    for caller in [stranger, house.stall.owner] {
      await #expect(throws: GeneralRefusal.self) { try await house.commerce.preparePayouts(by: caller) }
      await #expect(throws: GeneralRefusal.self) { try await house.commerce.payoutsDue(by: caller) }
      await #expect(throws: GeneralRefusal.self) { try await house.commerce.payouts(by: caller) }
      await #expect(throws: GeneralRefusal.self) { try await house.commerce.payoutFiles(by: caller) }
      await #expect(throws: GeneralRefusal.self) {
        try await house.commerce.holdPayouts(of: house.payee, by: caller, reason: "no")
      }
      await #expect(throws: GeneralRefusal.self) {
        try await house.commerce.makePayoutFile(house.commerce.makeID(), by: caller, currency: Stall.rupee)
      }
    }
    let wrong = [
      BankAccount(holder: "", number: "12345678", code: "HDFC0001234"),
      BankAccount(holder: "=cmd()", number: "12345678", code: "HDFC0001234"),
      BankAccount(holder: "Meera", number: "12", code: "HDFC0001234"),
      BankAccount(holder: "Meera", number: "12345678"),
      BankAccount(holder: "Meera", number: "12345678", code: "HDFC"),
      BankAccount(holder: "Meera", number: "GB82WEST12345698765431"),
      BankAccount(holder: "Meera", number: "1234,5678", code: "HDFC0001234"),
    ]
    for account in wrong {
      await #expect(throws: GeneralRefusal.self, "\(account)") {
        try await house.commerce.setPayoutDestination(of: house.payee, by: house.stall.owner, account)
      }
    }
    let iban = BankAccount(holder: "Meera", number: "gb82 WEST 1234 5698 7654 32")
    let made = try await house.commerce.setPayoutDestination(of: house.payee, by: house.stall.owner, iban)
    #expect(made.ending == "5432")
    // The number is nowhere to be read in the database.
    let sealed = try await house.stall.database.read { db in
      try db.requireRow("SELECT sealed FROM payout_destination").get("sealed", as: [UInt8].self)
    }
    #expect(!String(decoding: sealed, as: UTF8.self).contains("WEST"))
  }

  @Test(arguments: Engine.allCases)
  func `a statement begins where the last one ended, and its lines come to the difference`(engine: Engine) async throws
  {
    let house = try await House(engine)
    let first = try #require(StatementSpan(month: "2026-11"))
    let (commerce, owner) = (house.commerce, house.stall.owner)
    let sold = try await house.settle()
    _ = try await commerce.refund(sold.order.id, by: owner, amountMinor: 10_000, reason: "a scratch")
    #expect(try await commerce.preparePayouts() == 1)
    let whole = StatementSpan(from: Moment(milliseconds: 0), until: .never)
    let statement = try #require(try await commerce.statements(of: house.payee, by: owner, whole).first)
    #expect(statement.lines.map(\.kind) == [.payment, .refund, .payout])
    #expect(statement.count == 3 && statement.opening.minor == 0 && statement.closing.minor == 0)
    #expect(statement.lines.reduce(0) { $0 + $1.amount.minor } == 0)
    #expect(statement.lines[0].sold.minor == 134_800 && statement.lines[0].order == sold.order.id)
    #expect(
      statement.lines[0].sold.minor - statement.lines[0].tax.minor - statement.lines[0].commission.minor == Self.share)
    #expect(statement.sold.minor == 124_800)
    #expect(statement.sums[.payment]?.minor == Self.share)
    let day = house.stall.clock.now
    let later = try #require(
      try await commerce.statements(
        of: house.payee, by: owner, StatementSpan(from: day.adding(seconds: -3_600), until: day.adding(seconds: 3_600))
      ).first)
    #expect(later.opening.minor == Self.share, "what the first days left")
    #expect(later.closing.minor == 0 && later.count == 2)
    let csv = String(decoding: try await commerce.statementFile(of: house.payee, by: owner, whole), as: UTF8.self)
    #expect(csv.split(separator: "\n").count == 6, "names, opening, three lines, closing: \(csv)")
    #expect(
      first.from.description == "2026-11-01T00:00:00.000Z" && first.until.description == "2026-12-01T00:00:00.000Z")
    #expect(StatementSpan(month: "2026-13") == nil && StatementSpan(month: "26-1") == nil)

    let books = try await commerce.books(by: house.operator, whole)
    #expect(books.reduce(0) { $0 + $1.closing.minor } == 0)
    #expect(books.first { $0.account == "payouts" }?.closing.minor == -later.sums[.payout].unsafelyUnwrapped.minor)
    var (lines, last) = (0, [UInt8]?.none)
    repeat {
      let piece = try await commerce.journal(by: house.operator, whole, after: last)
      lines += String(decoding: piece.bytes, as: UTF8.self).split(separator: "\n").count
      last = piece.last
    } while last != nil
    #expect(lines == (try await Int(house.stall.number("SELECT COUNT(*) FROM ledger_entry"))) + 1)
    await #expect(throws: GeneralRefusal.self) { try await commerce.books(by: owner, whole) }
  }

  @Test(arguments: Engine.allCases)
  func `the books of before there were payouts are all there afterwards`(engine: Engine) async throws {
    let test = try await engine.database()
    let all = try Commerce.migrations
    let before = Array(all.prefix { $0.name < "075" })
    #expect(before.count < all.count)
    try await test.database.migrate(before)
    let (transfer, order) = ([UInt8](repeating: 7, count: 16), [UInt8](repeating: 8, count: 16))
    try await test.database.write { db in
      try db.run(
        """
        INSERT INTO ledger_transfer (id, kind, order_id, cause_id, at_ms) VALUES (\(transfer), 'payment', \(order), \(order), 5)
        """)
      try db.run(
        """
        INSERT INTO ledger_entry (transfer_id, position, account, currency, amount_minor)
        VALUES (\(transfer), 0, 'commission', 'INR', 7), (\(transfer), 1, 'bank', 'INR', -7)
        """)
    }
    try await test.database.migrate(all)
    let kept = try await test.database.read { db in
      try db.rows(
        "SELECT transfer.kind AS kind, entry.amount_minor AS minor FROM ledger_entry entry JOIN ledger_transfer transfer ON transfer.id = entry.transfer_id ORDER BY entry.position"
      )
      .map { (try $0.get("kind", as: String.self), try $0.number("minor")) }
    }
    #expect(kept.map(\.0) == ["payment", "payment"] && kept.map(\.1) == [7, -7])
    // An entry without its transfer is still refused.
    await #expect(throws: (any Error).self) {
      try await test.database.write { db in
        try db.run(
          """
          INSERT INTO ledger_entry (transfer_id, position, account, currency, amount_minor)
          VALUES (\([UInt8](repeating: 9, count: 16)), 0, 'bank', 'INR', 1)
          """)
      }
    }
  }
}
