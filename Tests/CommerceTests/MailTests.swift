import Foundation
import TestKit
import Testing

@testable import Commerce
@testable import Store

@Suite struct MailTests {
  private func kinds(_ stall: Stall) async throws -> [String] {
    try await stall.database.read { db in
      try db.rows("SELECT kind FROM mail ORDER BY kind").map { try $0.get("kind", as: String.self) }
    }
  }

  @Test(arguments: Engine.allCases)
  func `each thing a buyer should know queues one mail, however often it is said`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    _ = try await stall.place()
    #expect(try await kinds(stall) == [], "an order that is not paid")
    let sold = try await stall.sell()
    #expect(try await kinds(stall) == ["paid"])
    let parcel = try await stall.commerce.ship(sold.order.id, by: stall.owner)
    _ = try await stall.commerce.ship(sold.order.id, id: parcel.id, by: stall.owner)
    _ = try await stall.commerce.fulfil(sold.order.id, by: stall.owner, tracking: "EE2")
    #expect(try await kinds(stall) == ["paid", "sent"])
    for _ in 0..<2 { _ = try await stall.commerce.deliver(parcel.id, of: sold.order.id, by: stall.owner) }
    let refund: ID<Refund> = stall.commerce.makeID()
    for _ in 0..<2 {
      _ = try await stall.commerce.refund(
        sold.order.id, id: refund, by: stall.owner, amountMinor: 100, reason: "a scratch")
    }
    #expect(try await kinds(stall) == ["delivered", "paid", "refunded", "sent"])
    let due = try await stall.commerce.takeMail()
    #expect(due.allSatisfy { $0.recipient == "asha@example.com" && $0.language == "en" && $0.order == sold.order.id })
    let told = try #require(due.first { $0.kind == .refunded })
    #expect(try await stall.commerce.openMail(told).refund?.id == refund)
    let sent = try #require(due.first { $0.kind == .sent })
    #expect(try await stall.commerce.openMail(sent).shipment?.id == parcel.id)
  }

  @Test(arguments: Engine.allCases)
  func `a parcel that is refused queues nothing`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let sold = try await stall.sell()
    let wrong = [Shipment.Line(position: 0, quantity: 9)]
    #expect(try await refusal { try await stall.commerce.ship(sold.order.id, by: stall.owner, lines: wrong) } != nil)
    #expect(try await kinds(stall) == ["paid"])
  }

  @Test(arguments: Engine.allCases)
  func `a mail that is being sent is nobody else's, until its sender is taken for dead`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    _ = try await stall.sell()
    let first = try #require(try await stall.commerce.takeMail().first)
    #expect(try await stall.commerce.takeMail().isEmpty)
    stall.clock.advance(seconds: stall.commerce.policy.mailLeaseSeconds)
    let again = try #require(try await stall.commerce.takeMail().first)
    #expect(again.id == first.id && again.attempts == 2)
    // The first sender wakes up late: what it says of its attempt no longer counts.
    try await stall.commerce.mailFailed(first, "late", isFinal: true)
    #expect(try await stall.number("SELECT COUNT(*) FROM mail WHERE state = 'waiting'") == 1)
    try await stall.commerce.mailSent(again, by: .file)
    #expect(try await stall.number("SELECT COUNT(*) FROM mail WHERE state = 'sent'") == 1)
    stall.clock.advance(days: 1)
    #expect(try await stall.commerce.takeMail().isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `a mail that does not leave is tried less and less often, and given up in the end`(
    engine: Engine
  ) async throws {
    let stall = try await Stall(engine)
    _ = try await stall.sell()
    let policy = stall.commerce.policy
    var attempts: Int64 = 0
    for attempt in 1...policy.mailAttemptsMax {
      let mail = try #require(try await stall.commerce.takeMail().first)
      attempts = mail.attempts
      try await stall.commerce.mailFailed(mail, "recipient", words: String(repeating: "x", count: 900))
      let wait = policy.mailBackoffSeconds(after: attempt)
      #expect(wait <= policy.mailBackoffSecondsMax)
      stall.clock.advance(seconds: wait - 1)
      #expect(try await stall.commerce.takeMail().isEmpty, "attempt \(attempt)")
      stall.clock.advance(seconds: 1)
    }
    #expect(attempts == policy.mailAttemptsMax)
    #expect(try await stall.commerce.takeMail().isEmpty)
    #expect(try await stall.number("SELECT COUNT(*) FROM mail WHERE state = 'failed'") == 1)
    #expect(try await stall.number("SELECT LENGTH(failure) FROM mail") == 300)
    #expect(try await stall.commerce.forgetOldMail() == 0)
    stall.clock.advance(days: policy.mailDays + 1)
    #expect(try await stall.commerce.forgetOldMail() == 1)
  }

  @Test(arguments: Engine.allCases)
  func `a guest's link opens that order alone, and as many links work as the limit says`(
    engine: Engine
  ) async throws {
    var policy = Stall.policy
    policy.mailTokensPerOrderMax = 2
    let stall = try await Stall(engine, policy: policy)
    let sold = try await stall.sell()
    let other = try await stall.sell()
    let mail = try #require(try await stall.commerce.takeMail().first { $0.order == sold.order.id })
    var tokens: [Secret] = []
    for _ in 0..<3 {
      tokens.append(try #require(try await stall.commerce.openMail(mail).token))
      stall.clock.advance(seconds: 1)
    }
    for token in tokens.suffix(2) {
      #expect(try await stall.commerce.order(sold.order.id, token: token).id == sold.order.id)
    }
    let (oldest, newest) = (tokens[0], tokens[2])
    #expect(try await refusal { try await stall.commerce.order(sold.order.id, token: oldest) } == "not_found")
    #expect(try await refusal { try await stall.commerce.order(other.order.id, token: newest) } == "not_found")
    #expect(try await stall.commerce.order(sold.order.id, token: sold.access).id == sold.order.id)
  }

  @Test func `no name, title or reason adds a header or breaks out of its part`() throws {
    let evil = "Lamp\r\nBcc: all@example.com\r\n\r\n--haat\u{2028}दीपक " + String(repeating: "घी", count: 60)
    let message = MailMessage(
      id: "0190-a", from: try #require(.init("shop@haat.example")), fromName: evil,
      to: try #require(.init("asha@example.com")), subject: evil, language: "hi\r\nX: y",
      date: Moment(milliseconds: 1_795_853_700_000), plain: evil, html: evil)
    let text = message.encoded
    let lines = text.components(separatedBy: "\r\n")
    #expect(lines.allSatisfy { $0.utf8.count <= 78 && !$0.contains("\r") && !$0.contains("\n") })
    #expect(text.utf8.allSatisfy { $0 < 0x80 } && !text.contains("Bcc"))
    let names = lines.prefix { !$0.isEmpty }.filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != ":" } }
    #expect(
      names == [
        "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version",
        "Content-Type",
      ])
    #expect(lines[0] == "Date: Sat, 28 Nov 2026 08:15:00 +0000")
    #expect(lines.filter { $0.hasPrefix("--haat_") }.count == 3)
    for wrong in [
      "a@b\r\nc", "दी\u{85}@example.com", "a\u{200B}b@example.com", "a\u{2028}@b.c", "a b@example.com",
      "<a@example.com>", "a@b@c", "@b", "a@", "a,b@c.d",
    ] {
      #expect(MailMessage.Address(wrong) == nil, "\(wrong)")
    }
  }

  @Test(arguments: Engine.allCases)
  func `who sells is told of a buyer's request once, and who packs as well`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let packer = Caller(account: stall.commerce.makeID())
    try await stall.database.write { [channel = stall.channel, now = stall.clock.now] db in
      try Stall.insertAccount(packer.account.unsafelyUnwrapped, "packer@example.com", at: now, in: db)
      try db.run(
        """
        INSERT INTO member (channel_id, account_id, role, created_ms)
        VALUES (\(channel), \(packer.account.unsafelyUnwrapped), 'fulfilment', \(now))
        """)
    }
    let sold = try await stall.sell()
    stall.clock.advance(seconds: (stall.commerce.policy.cancelMinutes + 1) * 60)
    let id: ID<Cancellation> = stall.commerce.makeID()
    for _ in 0..<2 {
      _ = try await stall.commerce.askToCancel(sold.order.id, id: id, token: sold.access, note: "too late for me")
    }
    let told = try await stall.commerce.takeMail().filter { $0.kind == .request }
    #expect(
      told.count == 2 && told.contains { $0.recipient == "packer@example.com" } && told.allSatisfy { $0.order == nil })
    let content = try await stall.commerce.openMail(try #require(told.first))
    #expect(content.cancellation?.order == sold.order.id && content.cancellation?.note == "too late for me")
    #expect(content.token == nil, "no link of theirs opens a buyer's order")
  }

  @Test(arguments: Engine.allCases)
  func `an owner is told of a payout, of its coming back, and once of what a month came to`(engine: Engine) async throws
  {
    let stall = try await Stall(engine)
    let house = Caller(account: stall.commerce.makeID())
    try await stall.database.write { [now = stall.clock.now] db in
      try Stall.insertAccount(house.account.unsafelyUnwrapped, "op@example.com", at: now, in: db)
      try db.run("UPDATE account SET is_operator = 1 WHERE id = \(house.account.unsafelyUnwrapped)")
    }
    try await stall.commerce.setPayoutDestination(
      of: .channel(stall.channel), by: stall.owner,
      BankAccount(holder: "Meera Pottery", number: "000111222333", code: "HDFC0001234"))
    let sold = try await stall.sell()
    let parcel = try await stall.commerce.ship(sold.order.id, by: stall.owner)
    _ = try await stall.commerce.deliver(parcel.id, of: sold.order.id, by: stall.owner)
    stall.clock.advance(days: 4)
    try await stall.commerce.settleOrders()
    #expect(try await stall.commerce.preparePayouts() == 1)
    let payout = try #require(try await stall.commerce.payouts(by: house).items.first)
    _ = try await stall.commerce.payoutCameBack(payout.id, by: house, reason: "no such account")
    let told = try await stall.commerce.takeMail()
    for kind in [Mail.Kind.payout, .payoutReturned] {
      let mail = try #require(told.first { $0.kind == kind })
      #expect(try await stall.commerce.openMail(mail).payout?.id == payout.id)
    }
    #expect(try await stall.commerce.mailStatements() == 0, "the month is not over")
    let month = String(stall.clock.now.description.prefix(7))
    stall.clock.advance(days: 31)
    #expect(Commerce.monthBefore(stall.clock.now) == month)
    #expect(try await stall.commerce.mailStatements() == 1)
    #expect(try await stall.commerce.mailStatements() == 0)
    let statement = try #require(try await stall.commerce.takeMail().first { $0.kind == .statement })
    let content = try await stall.commerce.openMail(statement)
    #expect(content.month == month && content.statements.first?.sums[.payment]?.minor == payout.amount.minor)
    #expect(Commerce.monthBefore(try #require(Moment("2027-01-03T10:00:00Z"))) == "2026-12")
  }
}
