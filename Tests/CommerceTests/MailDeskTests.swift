import Foundation
import TestKit
import Testing

@testable import Commerce
@testable import Store

/// What sellers and the operator see of mail, and do about it.
@Suite struct MailDeskTests {
  /// Somebody with a role on the stall's channel, or the operator.
  private func person(_ role: Role? = nil, isOperator: Bool = false, at stall: Stall) async throws -> Caller {
    let id: ID<Account> = stall.commerce.makeID()
    let (clock, channel) = (stall.clock, stall.channel)
    try await stall.database.write { db in
      try Stall.insertAccount(id, "\(id)@example.com", at: clock.now, in: db)
      if isOperator { try db.run("UPDATE account SET is_operator = 1 WHERE id = \(id)") }
      if let role {
        try db.run(
          "INSERT INTO member (channel_id, account_id, role, created_ms) VALUES (\(channel), \(id), \(role), \(clock.now))"
        )
      }
    }
    return Caller(account: id)
  }

  @Test(arguments: Engine.allCases)
  func `a channel's mails are for those who deal with its orders, and all mails for the operator`(
    engine: Engine
  ) async throws {
    let stall = try await Stall(engine)
    _ = try await stall.sell()
    let other: ID<Channel> = stall.commerce.makeID()
    let stranger = try await person(at: stall)
    try await stall.database.write { [clock = stall.clock] db in
      try Stall.insertChannel(other, handle: "others", owner: stranger.account!, at: clock.now, in: db)
    }
    let commerce = stall.commerce
    let owned = try await commerce.mails(of: stall.channel, by: stall.owner).items
    let mail = try #require(owned.first).mail
    #expect(owned.count == 1 && mail.progress == .queued && owned[0].content.token == nil)
    let packer = try await person(.fulfilment, at: stall)
    let boss = try await person(isOperator: true, at: stall)
    for caller in [stall.owner, packer] {
      #expect(try await commerce.mails(of: stall.channel, by: caller).items.map(\.mail.id) == [mail.id])
      #expect(try await commerce.mail(mail.id, by: caller).mail.id == mail.id)
      #expect(try await commerce.sendMailAgain(mail.id, by: caller).mail.id == mail.id)
      #expect(try await refusal { try await commerce.mails(of: nil, by: caller) } == "not_allowed")
      #expect(try await refusal { try await commerce.mailHealth(by: caller) } == "not_allowed")
    }
    #expect(try await commerce.mails(of: nil, by: boss).items.map(\.mail.id) == [mail.id])
    #expect(try await commerce.mail(mail.id, by: boss).mail.id == mail.id)
    #expect(try await commerce.mailHealth(by: boss).isWell)
    for (caller, code) in [
      (try await person(.host, at: stall), "not_allowed"), (try await person(.moderator, at: stall), "not_allowed"),
      (stranger, "not_found"), (Caller.nobody, "sign_in_needed"),
    ] {
      #expect(try await refusal { try await commerce.mails(of: stall.channel, by: caller) } == code)
      #expect(try await refusal { try await commerce.mail(mail.id, by: caller) } == code)
      #expect(try await refusal { try await commerce.sendMailAgain(mail.id, by: caller) } == code)
    }
    #expect(try await commerce.mails(of: other, by: stranger).items.isEmpty)
    #expect(try await refusal { try await commerce.mail(commerce.makeID(), by: boss) } == "not_found")
  }

  @Test(arguments: Engine.allCases)
  func `a mail that left is sent again once, however often the button is pressed`(engine: Engine) async throws {
    var policy = Stall.policy
    policy.mailRepeatsMax = 2
    let stall = try await Stall(engine, policy: policy)
    _ = try await stall.sell()
    let commerce = stall.commerce
    var mail = try #require(try await commerce.takeMail().first)
    let first = mail.messageID
    // It is being sent: nobody sends it beside.
    #expect(try await commerce.sendMailAgain(mail.id, by: stall.owner).mail.progress == .queued)
    #expect(try await commerce.takeMail().isEmpty)
    try await commerce.mailSent(mail, by: .smtp)
    for repeats in 1...2 {
      let seen = try await commerce.mail(mail.id, by: stall.owner).mail
      #expect(seen.progress == .sent && seen.sent != nil)
      stall.clock.advance(seconds: 5)
      for _ in 0..<3 {
        _ = try await commerce.sendMailAgain(mail.id, by: stall.owner, seen: seen.attempts)
      }
      let taken = try await commerce.takeMail()
      #expect(taken.count == 1 && taken[0].repeats == Int64(repeats) && taken[0].messageID != first)
      // A sender of before wakes up: what it says is of another mail.
      try await commerce.mailSent(mail, by: .file)
      #expect(try await commerce.mail(mail.id, by: stall.owner).mail.progress == .queued)
      mail = try #require(taken.first)
      try await commerce.mailSent(mail, by: .smtp)
      // A press that comes late, from a page that was there before it left.
      _ = try await commerce.sendMailAgain(mail.id, by: stall.owner, seen: seen.attempts)
      #expect(try await commerce.takeMail().isEmpty)
    }
    #expect(try await refusal { try await commerce.sendMailAgain(mail.id, by: stall.owner) } == "mail_sent_often")
    #expect(try await stall.number("SELECT COUNT(*) FROM mail WHERE state = 'sent' AND way = 'smtp'") == 1)
  }

  @Test(arguments: Engine.allCases)
  func `what a server will not have is kept with its words, and has all its attempts when asked for again`(
    engine: Engine
  ) async throws {
    var policy = Stall.policy
    policy.mailAttemptsMax = 2
    let stall = try await Stall(engine, policy: policy)
    let commerce = stall.commerce
    _ = try await stall.sell()
    let boss = try await person(isOperator: true, at: stall)
    var mail = try #require(try await commerce.takeMail().first)
    try await commerce.mailFailed(mail, "recipient", words: "550 Nobody", isFinal: true)
    let failed = try await commerce.mails(of: stall.channel, by: stall.owner, only: .failed).items
    #expect(failed.map(\.mail.trouble) == ["recipient"] && failed[0].mail.failure == "550 Nobody")
    #expect(try await commerce.mails(of: stall.channel, by: stall.owner, only: .sent).items.isEmpty)
    let health = try await commerce.mailHealth(by: boss)
    #expect(health.failed == 1 && health.delayed == 0 && health.trouble == "recipient" && health.words == "550 Nobody")
    #expect(try await commerce.sendMailAgain(mail.id, by: boss).mail.progress == .queued)
    #expect(try await commerce.mailHealth(by: boss).isWell)
    for attempt in 2...3 {
      mail = try #require(try await commerce.takeMail().first)
      #expect(mail.attempts == Int64(attempt))
      try await commerce.mailFailed(mail, "noAnswer")
      let health = try await commerce.mailHealth(by: boss)
      #expect(health.delayed == (attempt == 2 ? 1 : 0) && health.trouble == "noAnswer")
      if attempt == 2 {
        // It waits, and who looks after it does not want to.
        #expect(try await commerce.takeMail().isEmpty)
        _ = try await commerce.sendMailAgain(mail.id, by: stall.owner)
      }
    }
    #expect(try await commerce.mail(mail.id, by: stall.owner).mail.progress == .failed)
    stall.clock.advance(days: 8)
    #expect(try await commerce.mailHealth(by: boss).isWell, "what failed long ago is no news")
  }

  @Test(arguments: Engine.allCases)
  func `one that died with a mail leaves it to be found, with its reason`(engine: Engine) async throws {
    var policy = Stall.policy
    policy.mailAttemptsMax = 1
    let stall = try await Stall(engine, policy: policy)
    _ = try await stall.sell()
    let mail = try #require(try await stall.commerce.takeMail().first)
    stall.clock.advance(seconds: policy.mailLeaseSeconds)
    #expect(try await stall.commerce.takeMail().isEmpty)
    let found = try await stall.commerce.mail(mail.id, by: stall.owner).mail
    #expect(found.progress == .failed && found.trouble == "interrupted")
    // It was alive after all, and slow: what left has left.
    try await stall.commerce.mailSent(mail, by: .smtp)
    #expect(try await stall.commerce.mail(mail.id, by: stall.owner).mail.progress == .sent)
  }

  @Test(arguments: Engine.allCases)
  func `lists go on where they ended, and take as many statements for many as for one`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    for _ in 0..<3 {
      let sold = try await stall.sell()
      _ = try await stall.commerce.fulfil(sold.order.id, by: stall.owner)
      _ = try await stall.commerce.refund(
        sold.order.id, id: stall.commerce.makeID(), by: stall.owner, amountMinor: 100, reason: "a scratch")
      stall.clock.advance(seconds: 1)
    }
    var seen: [ID<Mail>] = []
    var cursor: Cursor?
    repeat {
      let page = try await stall.commerce.mails(of: stall.channel, by: stall.owner, after: cursor, limit: 4)
      seen += page.items.map(\.mail.id)
      #expect(page.items.allSatisfy { ($0.mail.kind == .refunded) == ($0.content.refund?.reason == "a scratch") })
      cursor = page.next
    } while cursor != nil
    #expect(seen.count == 9 && Set(seen).count == 9)
  }
}
