import Store
import TestKit
import Testing

@testable import Commerce

/// A seller of two lamps, an operator, and a partner with somebody who sees its pages.
struct PartnerHouse {
  let stall: Stall
  let house: Caller
  let blogger: Caller
  let partner: ID<Partner>
  var commerce: Commerce { stall.commerce }

  init(_ engine: Engine, rate: Int64 = 2_500) async throws {
    stall = try await Stall(engine, prices: [129_900, 5_050], units: 60)
    let (house, blogger): (ID<Account>, ID<Account>) = (stall.commerce.makeID(), stall.commerce.makeID())
    try await stall.database.write { [now = stall.clock.now] db in
      try Stall.insertAccount(house, "op@example.com", at: now, in: db)
      try db.run("UPDATE account SET is_operator = 1 WHERE id = \(house)")
      try Stall.insertAccount(blogger, "blogger@example.com", at: now, in: db)
    }
    (self.house, self.blogger) = (Caller(account: house), Caller(account: blogger))
    partner = try await stall.commerce.makePartner(
      stall.commerce.makeID(), by: self.house,
      PartnerDraft(name: "The Blog", via: "blog", sites: ["https://blog.example"], rateBasisPoints: rate)
    ).id
    try await stall.commerce.addPartnerMember(of: partner, by: self.house, email: "blogger@example.com")
  }

  static let link = OrderSource(via: "blog")

  func place(
    _ source: OrderSource = link, _ bag: Bag? = nil, id: ID<Order>? = nil, account: ID<Account>? = nil
  ) async throws -> PlacedOrder {
    try await commerce.placeOrder(
      id ?? commerce.makeID(), bag ?? stall.bag(), buyer: Stall.buyer(account: account), language: "en", source: source)
  }

  func sell(_ source: OrderSource = link, _ bag: Bag? = nil) async throws -> Order {
    let placed = try await place(source, bag)
    guard try await stall.pay(placed) == .paid else { throw Stall.Unexpected(what: "not paid") }
    return placed.order
  }

  func settle(_ order: Order) async throws {
    let parcel = try await commerce.ship(order.id, by: stall.owner)
    _ = try await commerce.deliver(parcel.id, of: order.id, by: stall.owner)
    stall.clock.advance(days: 4)
    try await commerce.settleOrders()
  }

  /// What an account of the books has; of all its orders, or of one.
  func balance(_ account: String, of order: ID<Order>? = nil) async throws -> Int64 {
    let one: SQL = order.map { "AND transfer.order_id = \($0)" } ?? ""
    return try await stall.number(
      """
      SELECT CAST(COALESCE(SUM(entry.amount_minor), 0) AS BIGINT) FROM ledger_entry entry
      JOIN ledger_transfer transfer ON transfer.id = entry.transfer_id WHERE entry.account = \(account) \(one)
      """)
  }
}

/// A partner's people are written to as a channel's owners are.
@Suite struct PartnerMailTests {
  private func mail(_ house: PartnerHouse) async throws -> [Mail] {
    try await house.commerce.takeMail(limit: 100).filter { $0.partner == house.partner }
  }

  @Test(arguments: Engine.allCases)
  func `a partner's people are told of a payout, of its coming back, and once of what a month came to`(
    engine: Engine
  ) async throws {
    let house = try await PartnerHouse(engine)
    let commerce = house.commerce
    let second: ID<Account> = commerce.makeID()
    try await house.stall.database.write { [now = house.stall.clock.now] db in
      try Stall.insertAccount(second, "editor@example.com", at: now, in: db)
    }
    try await commerce.addPartnerMember(of: house.partner, by: house.house, email: "editor@example.com")
    try await commerce.setPartnerLanguage(house.partner, by: house.blogger, "hi")
    try await commerce.setPayoutDestination(
      of: .partner(house.partner), by: house.blogger,
      BankAccount(holder: "The Blog", number: "000111222333", code: "HDFC0001234"))
    let order = try await house.sell()
    let share = order.lines[0].partnerShare.minor
    try await house.settle(order)
    // The seller has said nothing of an account: the partner alone is paid.
    #expect(try await commerce.preparePayouts(by: house.house) == 1)
    let payout = try #require(try await commerce.payouts(by: house.house).items.first)
    _ = try await commerce.payoutCameBack(payout.id, by: house.house, reason: "no such account")
    let told = try await mail(house)
    #expect(told.map(\.kind.rawValue).sorted() == ["payout", "payout", "payout_returned", "payout_returned"])
    #expect(Set(told.map(\.recipient)) == ["blogger@example.com", "editor@example.com"])
    #expect(told.allSatisfy { $0.language == "hi" && $0.channel == nil && $0.order == nil })
    for mail in told {
      let content = try await commerce.openMail(mail)
      #expect(content.payout?.id == payout.id && content.partner?.via == "blog" && content.seller == nil)
      #expect(content.name == "The Blog" && content.token == nil)
    }
    let month = String(house.stall.clock.now.description.prefix(7))
    house.stall.clock.advance(days: 31)
    try await commerce.mailStatements()
    try await commerce.mailStatements()
    let statements = try await mail(house).filter { $0.kind == .statement }
    #expect(statements.count == 2, "each of its people, once")
    let content = try await commerce.openMail(try #require(statements.first))
    #expect(content.month == month && content.statements.first?.sums[.payment]?.minor == share)
  }

  @Test(arguments: Engine.allCases)
  func `what is decided of a partner, and its new terms, are told once each and in its own words`(
    engine: Engine
  ) async throws {
    let house = try await PartnerHouse(engine)
    let commerce = house.commerce
    #expect(try await mail(house).isEmpty, "nothing was decided yet")
    for _ in 0..<2 {
      try await commerce.setPartnerState(house.partner, by: house.house, .suspended, reason: "odd clicks")
      house.stall.clock.advance(seconds: 1)
    }
    let told = try await mail(house)
    #expect(told.map(\.kind) == [.partnership] && told.first?.language == "en")
    let suspended = try await commerce.openMail(try #require(told.first))
    #expect(suspended.partnerState == .suspended && suspended.partner?.reason == "odd clicks")
    house.stall.clock.advance(seconds: 60)
    try await commerce.setPartnerState(house.partner, by: house.house, .active)
    let back = try #require(try await mail(house).first { $0.kind == .partnership })
    #expect(try await commerce.openMail(back).partnerState == .active)

    let terms: ID<PartnerTerms> = commerce.makeID()
    let starts = house.stall.clock.now.adding(seconds: 3_600)
    for _ in 0..<2 {
      _ = try await commerce.makePartnerTerms(
        terms, of: house.partner, by: house.house, rateBasisPoints: 3_000, starts: starts)
    }
    let changed = try await mail(house).filter { $0.kind == .partnerTerms }
    #expect(changed.count == 1)
    let content = try await commerce.openMail(try #require(changed.first))
    #expect(content.terms?.rate.basisPoints == 3_000 && content.terms?.starts == starts)
  }

  @Test(arguments: Engine.allCases)
  func `a partner's people and the operator see its mail, and nobody else`(engine: Engine) async throws {
    let house = try await PartnerHouse(engine)
    let commerce = house.commerce
    try await commerce.setPartnerState(house.partner, by: house.house, .suspended, reason: "odd clicks")
    let own = try await commerce.mails(to: house.partner, by: house.blogger).items
    #expect(own.map(\.mail.kind) == [.partnership] && own.first?.content.partnerState == .suspended)
    let id = try #require(own.first?.mail.id)
    #expect(try await commerce.mail(id, by: house.blogger).content.name == "The Blog")
    #expect(try await commerce.mails(of: nil, by: house.house).items.map(\.mail.id) == [id])
    #expect(try await commerce.mail(id, by: house.house).mail.id == id)
    #expect(try await commerce.mails(of: house.stall.channel, by: house.stall.owner).items.isEmpty)
    for stranger in [house.stall.owner, .nobody] {
      #expect(try await refusal { try await commerce.mails(to: house.partner, by: stranger) } != nil)
      #expect(try await refusal { try await commerce.mail(id, by: stranger) } != nil)
      #expect(try await refusal { try await commerce.sendMailAgain(id, by: stranger) } != nil)
    }
    let wrong = ["", "x", "hi<b>", String(repeating: "a", count: 36)]
    for language in wrong {
      #expect(
        try await refusal { try await commerce.setPartnerLanguage(house.partner, by: house.blogger, language) }
          == "invalid", "\(language)")
    }
    #expect(
      try await refusal { try await commerce.setPartnerLanguage(house.partner, by: house.stall.owner, "hi") }
        == "not_found")
  }
}

/// Partners have a part of the commission of what they bring.
@Suite struct PartnerTests {
  @Test(arguments: Engine.allCases)
  func `a partner has a part of the commission, and nobody else has more or less for it`(engine: Engine) async throws {
    let house = try await PartnerHouse(engine)
    let (brought, own) = (try await house.sell(), try await house.sell(.page))
    // 10 % of 1,100.85 are 110.08 (half to even); a quarter of that is 27.52.
    #expect(brought.partner == house.partner && brought.credit == .partner && brought.source.kind == .link)
    #expect(brought.lines[0].commission.minor == 11_008 && brought.lines[0].partnerShare.minor == 2_752)
    #expect(own.partner == nil && own.credit == .none && own.lines[0].partnerShare.minor == 0)
    #expect(try await house.balance("partner:\(house.partner)") == 2_752)
    #expect(try await house.balance("commission", of: brought.id) == 11_008 - 2_752)
    #expect(try await house.balance("commission", of: own.id) == 11_008)
    for account in ["seller:\(house.stall.channel)", "tax:IN"] {
      #expect(
        try await house.balance(account, of: brought.id) == house.balance(account, of: own.id), "\(account)")
    }
    #expect(try await house.commerce.audit().differences == [])
    let again = try await house.commerce.order(brought.id, by: house.stall.owner)
    #expect(again.source == brought.source && again.partner == brought.partner && again.lines == brought.lines)
  }

  @Test(arguments: Engine.allCases)
  func `a share rounds half to even once for each line, and all of a commission can be a partner's`(engine: Engine)
    async throws
  {
    let house = try await PartnerHouse(engine, rate: 5_000)
    let bag = Bag(
      show: nil, market: "IN",
      lines: house.stall.offers.map { Bag.Line(offer: $0, quantity: 1) })
    let half = try await house.sell(PartnerHouse.link, bag)
    // Of 110.08 and 4.28: 55.04 and 2.14.
    #expect(half.lines.map(\.commission.minor) == [11_008, 428])
    #expect(half.lines.map(\.partnerShare.minor) == [5_504, 214])
    house.stall.clock.advance(seconds: 1)
    _ = try await house.commerce.makePartnerTerms(
      house.commerce.makeID(), of: house.partner, by: house.house, rateBasisPoints: 10_000)
    let whole = try await house.sell(PartnerHouse.link, bag)
    #expect(whole.lines.map(\.partnerShare.minor) == [11_008, 428])
    #expect(try await house.balance("commission", of: whole.id) == 0)
    #expect(try await house.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases, [2_500, 10_000] as [Int64])
  func `refunds take the share back in proportion, and the fee is the platform's alone`(engine: Engine, rate: Int64)
    async throws
  {
    let house = try await PartnerHouse(engine, rate: rate)
    _ = try await house.commerce.makeCommissionPlan(
      house.commerce.makeID(), by: house.house,
      CommissionPlanDraft(market: "IN", commissionBasisPoints: 1_000, refundFeeBasisPoints: 2_000))
    let (brought, own) = (try await house.sell(), try await house.sell(.page))
    let seller = "seller:\(house.stall.channel)"
    for amount in [1, 33_333, 44_444, nil] as [Int64?] {
      for order in [brought, own] {
        _ = try await house.commerce.refund(
          order.id, by: house.stall.owner, amountMinor: amount, reason: "in parts")
      }
      #expect(try await house.commerce.audit().differences == [])
      for account in [seller, "tax:IN"] {
        #expect(
          try await house.balance(account, of: brought.id) == house.balance(account, of: own.id), "\(account)")
      }
    }
    #expect(try await house.balance("partner:\(house.partner)") == 0)
    // A fifth of 110.08 stays, and the seller bears it.
    #expect(try await house.balance("commission", of: brought.id) == 2_202)
    #expect(try await house.balance(seller, of: brought.id) == -2_202)
  }

  @Test
  func `whatever is refunded in whatever parts, a partner changes nobody else's part and gives back all of its own`()
    throws
  {
    let entropy = SeededEntropy(seed: 11)
    func below(_ bound: Int64) -> Int64 { Int64(entropy.next() % UInt64(bound)) }
    for _ in 0..<500 {
      let commission = below(5_000)
      let fee = below(commission + 1)
      var plain = Split(
        tax: below(9_000), commission: commission, seller: below(90_000), creator: below(9_000), promotion: 0, fee: fee)
      var shared = plain
      shared.partner = below(commission + 1)
      while plain.whole > 0 {
        let amount = below(plain.whole) + 1
        let (one, other) = (plain.part(amount), shared.part(amount))
        #expect(0 <= other.partner && other.partner <= shared.partner)
        // What the platform gives is not more than it has.
        #expect(other.commission + other.fee - other.partner <= shared.commission - shared.partner)
        var alike = other
        alike.partner = 0
        #expect(alike == one)
        (plain, shared) = (plain.without(one), shared.without(other))
      }
      #expect(shared.partner == 0)
    }
  }

  @Test(arguments: Engine.allCases)
  func `new terms are for new orders, and an order keeps the terms it was sold under`(engine: Engine) async throws {
    let house = try await PartnerHouse(engine)
    let (commerce, now) = (house.commerce, house.stall.clock.now)
    func terms(_ rate: Int64, at starts: Moment?) async throws -> PartnerTerms {
      try await commerce.makePartnerTerms(
        commerce.makeID(), of: house.partner, by: house.house, rateBasisPoints: rate, starts: starts)
    }
    let before = try await house.sell()
    _ = try await terms(9_000, at: now.adding(seconds: 3_600))
    house.stall.clock.advance(milliseconds: 1)
    _ = try await terms(5_000, at: now.adding(seconds: 3_600))
    await #expect(throws: GeneralRefusal.self) { try await terms(100, at: now.adding(seconds: -1)) }
    await #expect(throws: GeneralRefusal.self) { try await terms(10_001, at: nil) }
    #expect(try await house.place().order.lines[0].partnerRate.basisPoints == 2_500)
    house.stall.clock.advance(seconds: 3_600)
    let after = try await house.place().order
    #expect(after.lines[0].partnerRate.basisPoints == 5_000, "of two that start together, the later made")
    #expect(try await commerce.order(before.id, by: house.stall.owner).lines[0].partnerShare.minor == 2_752)
    #expect(
      try await commerce.partnerTerms(of: house.partner, by: house.blogger).map(\.rate.basisPoints) == [
        5_000, 9_000, 2_500,
      ])
    #expect(try await commerce.partner(house.partner, by: house.blogger).rate?.basisPoints == 5_000)
    #expect(try await commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `asked again from another moment and another link, it is the same order as it was`(engine: Engine) async throws {
    let house = try await PartnerHouse(engine)
    let id: ID<Order> = house.commerce.makeID()
    let first = try await house.place(OrderSource(via: "blog", mediaTime: 5_000), id: id)
    let again = try await house.place(OrderSource(via: "other", site: "https://x.example", mediaTime: 9_000), id: id)
    #expect(first.isNew && !again.isNew)
    #expect(again.order.source == OrderSource(via: "blog", mediaTime: 5_000) && again.order.partner == house.partner)
    #expect(again.order.lines == first.order.lines)
  }

  @Test(arguments: Engine.allCases)
  func `an audit finds a share that is not what the terms say`(engine: Engine) async throws {
    let house = try await PartnerHouse(engine)
    let order = try await house.sell()
    #expect(try await house.commerce.audit().isClean)
    try await house.stall.run("UPDATE order_line SET partner_minor = partner_minor + 1 WHERE order_id = \(order.id)")
    #expect(try await house.commerce.audit().summary.contains("a line's partner has 2753, not 2752"))
    try await house.stall.run("UPDATE order_line SET partner_minor = partner_minor - 1 WHERE order_id = \(order.id)")
    try await house.stall.run("UPDATE partner_terms SET rate_bp = 2400")
    #expect(try await house.commerce.audit().summary.contains("its partner had no terms of that rate then"))
    try await house.stall.run("UPDATE partner_terms SET rate_bp = 2500")
    try await house.stall.run("UPDATE orders SET via = 'other' WHERE id = \(order.id)")
    #expect(try await house.commerce.audit().summary.contains("is not credited to whom its link or page names"))
  }

  @Test(arguments: Engine.allCases)
  func `what a partner earned is paid out as a seller's is, and its statement says how it came to be`(engine: Engine)
    async throws
  {
    let house = try await PartnerHouse(engine)
    let (commerce, payee) = (house.commerce, Payee.partner(house.partner))
    #expect(Payee(payee.description) == payee && Payee.of(account: payee.description) == payee)
    try await house.settle(house.sell())
    #expect(try await commerce.payoutsDue(of: payee, by: house.blogger).map(\.block) == [.noDestination])
    await #expect(throws: GeneralRefusal.notFound("partner")) {
      try await commerce.setPayoutDestination(
        of: payee, by: house.house, BankAccount(holder: "Operator", number: "12345678", code: "HDFC0001234"))
    }
    try await commerce.setPayoutDestination(
      of: payee, by: house.blogger, BankAccount(holder: "The Blog", number: "12345678", code: "HDFC0001234"))
    _ = try await commerce.setPartnerState(house.partner, by: house.house, .suspended, reason: "A complaint")
    #expect(try await commerce.payoutsDue(of: payee, by: house.blogger).map(\.block) == [.suspended])
    _ = try await commerce.setPartnerState(house.partner, by: house.house, .ended, reason: "It moved on")
    try await commerce.holdPayouts(of: payee, by: house.house, reason: "Looking into it")
    #expect(try await commerce.payoutsDue(of: payee, by: house.blogger).map(\.holdReason) == ["Looking into it"])
    try await commerce.releasePayouts(of: payee, by: house.house)
    #expect(try await commerce.preparePayouts(by: house.house) == 1, "what was earned is paid, though it has ended")
    _ = try await commerce.makePayoutFile(commerce.makeID(), by: house.house, currency: Stall.rupee)
    let payout = try #require(try await commerce.payouts(of: payee, by: house.blogger).items.first)
    #expect(payout.amount.minor == 2_752 && payout.state == .sent)
    _ = try await commerce.payoutCameBack(payout.id, by: house.house, reason: "closed")
    #expect(try await house.balance("partner:\(house.partner)") == 2_752)
    #expect(try await commerce.audit().differences == [])
    let whole = StatementSpan(from: Moment(milliseconds: 0), until: .never)
    let theirs = try #require(try await commerce.statements(of: payee, by: house.blogger, whole).first)
    #expect(theirs.lines.map(\.kind) == [.payment, .payout, .payoutReturned] && theirs.closing.minor == 2_752)
    #expect(theirs.lines.map(\.commission.minor) == [11_008, 0, 0] && theirs.commission.minor == 11_008)
    let file = String(decoding: try await commerce.statementFile(of: payee, by: house.blogger, whole), as: UTF8.self)
    #expect(file.hasPrefix("date,kind,number,order,sold,commission,amount,currency\n"))
    #expect(file.contains(",1348.00,110.08,27.52,INR") && !file.contains("Asha"))
    let sellers = try #require(
      try await commerce.statements(of: .channel(house.stall.channel), by: house.stall.owner, whole).first)
    let line = sellers.lines[0]
    #expect(line.commission.minor == 11_008, "for the seller it is one commission, whoever has it")
    #expect(line.sold.minor - line.tax.minor - line.commission.minor - line.creator.minor == line.amount.minor)
    let books = try await commerce.books(by: house.house, whole)
    #expect(books.first { $0.account == "partner" }?.closing.minor == 2_752)
    #expect(try await commerce.earnings(of: payee, by: house.blogger).map(\.released.minor) == [2_752])
  }

  @Test(arguments: Engine.allCases)
  func `a partner sees what it brought and nothing of the buyers, and nobody sees another's`(engine: Engine)
    async throws
  {
    let house = try await PartnerHouse(engine)
    let (commerce, partner) = (house.commerce, house.partner)
    let other = try await commerce.makePartner(
      commerce.makeID(), by: house.house, PartnerDraft(name: "Another", rateBasisPoints: 100))
    let brought = try await house.sell(OrderSource(via: "blog", site: "https://blog.example", mediaTime: 61_000))
    _ = try await house.sell(.page)
    _ = try await house.place()
    _ = try await commerce.refund(brought.id, by: house.stall.owner, amountMinor: 50_000, reason: "scratched")
    let (key, secret) = try await commerce.makePartnerKey(of: partner, by: house.blogger, name: "Reports")
    let program = try #require(try await commerce.caller(apiKey: secret.text))
    for caller in [house.blogger, house.house, program] {
      let orders = try await commerce.orders(of: partner, by: caller).items
      #expect(orders.map(\.id) == [brought.id], "those that were paid, and its own")
      #expect(orders[0].share.minor == 2_752 && orders[0].commission.minor == 11_008)
      #expect(orders[0].givenBack.minor == 1_020, "of 110.08 the refund took 40.83")
      let sums = try await commerce.partnerSums(of: [partner], by: caller)
      #expect(sums.map(\.orders) == [1] && sums[0].earned.minor == 2_752 - 1_020)
    }
    #expect(try await commerce.partner(via: "blog", by: program).id == partner)
    #expect(try await commerce.ownPartners(by: program).map(\.id) == [partner])
    // It looks, and does nothing; and elsewhere it is nobody.
    await #expect(throws: PartnerRefusal.keyOnlyLooks) {
      try await commerce.makePartnerKey(of: partner, by: program, name: "Another")
    }
    await #expect(throws: PartnerRefusal.keyOnlyLooks) {
      try await commerce.setPayoutDestination(
        of: .partner(partner), by: program, BankAccount(holder: "Thief", number: "12345678", code: "HDFC0001234"))
    }
    await #expect(throws: PartnerRefusal.keyOnlyLooks) { try await commerce.orders(by: program) }
    await #expect(throws: GeneralRefusal.notFound("order")) { try await commerce.order(brought.id, by: program) }
    await #expect(throws: GeneralRefusal.notFound("order")) { try await commerce.order(brought.id, by: house.blogger) }
    for caller in [house.blogger, program, house.stall.owner] {
      await #expect(throws: GeneralRefusal.notFound("partner")) { try await commerce.orders(of: other.id, by: caller) }
      await #expect(throws: GeneralRefusal.notFound("partner")) {
        try await commerce.statements(
          of: .partner(other.id), by: caller, StatementSpan(from: Moment(milliseconds: 0), until: .never))
      }
    }
    await #expect(throws: GeneralRefusal.signInNeeded) { try await commerce.orders(of: partner, by: .nobody) }
    await #expect(throws: GeneralRefusal.self) { try await commerce.partners(by: house.blogger) }
    try await commerce.revokePartnerKey(key.id, of: partner, by: house.blogger)
    #expect(try await commerce.caller(apiKey: secret.text) == nil)
    try await commerce.removePartnerMember(
      of: partner, by: house.house, account: house.blogger.account.unsafelyUnwrapped)
    await #expect(throws: GeneralRefusal.notFound("partner")) {
      try await commerce.orders(of: partner, by: house.blogger)
    }
  }

  @Test(arguments: Engine.allCases)
  func `partners are the operator's to make, with limits on everything`(engine: Engine) async throws {
    let house = try await PartnerHouse(engine)
    let commerce = house.commerce
    func made(
      _ name: String = "Site", via: String? = nil, sites: [String] = [], rate: Int64 = 100, by caller: Caller? = nil
    ) async throws -> Partner {
      try await commerce.makePartner(
        commerce.makeID(), by: caller ?? house.house,
        PartnerDraft(name: name, via: via, sites: sites, rateBasisPoints: rate))
    }
    for caller in [house.blogger, house.stall.owner] {
      #expect(try await refusal { try await made(by: caller) } == "not_allowed")
      #expect(
        try await refusal {
          try await commerce.makePartnerTerms(
            commerce.makeID(), of: house.partner, by: caller, rateBasisPoints: 10_000)
        } == "not_allowed")
      #expect(
        try await refusal { try await commerce.changePartner(house.partner, by: caller, name: "Mine") } == "not_allowed"
      )
      #expect(
        try await refusal { try await commerce.setPartnerState(house.partner, by: caller, .active) } == "not_allowed")
    }
    #expect(try await refusal { try await made("") } == "invalid")
    #expect(try await refusal { try await made(rate: -1) } == "invalid")
    #expect(try await refusal { try await made(via: "no spaces") } == "invalid")
    #expect(try await refusal { try await made(via: "BLOG") } == "via_taken")
    #expect(try await refusal { try await made(sites: ["blog.example"]) } == "invalid")
    #expect(try await refusal { try await made(sites: (0...20).map { "https://s\($0).example" }) } == "too_many")
    let site = try await made(sites: ["https://Shop.Example:443/", "https://shop.example", "http://localhost:3000"])
    #expect(site.sites == ["https://shop.example", "http://localhost:3000"])
    #expect(Partner.readVia(site.via) == site.via && site.via.utf8.count == 10)
    let changed = try await commerce.changePartner(site.id, by: house.house, name: "Shop", sites: [])
    #expect(changed.name == "Shop" && changed.sites == [] && changed.via == site.via)
    // The same again is the same; another under its id is refused.
    let id: ID<Partner> = commerce.makeID()
    let draft = PartnerDraft(name: "Once", rateBasisPoints: 1)
    let once = try await commerce.makePartner(id, by: house.house, draft)
    #expect(try await commerce.makePartner(id, by: house.house, draft) == once)
    #expect(
      try await refusal {
        try await commerce.makePartner(id, by: house.house, PartnerDraft(name: "Twice", rateBasisPoints: 1))
      } == "id_taken")
    #expect(
      try await refusal { try await commerce.setPartnerState(id, by: house.house, .suspended) } == "invalid",
      "a reason is needed")
    _ = try await commerce.setPartnerState(id, by: house.house, .ended, reason: "Over")
    #expect(try await refusal { try await commerce.setPartnerState(id, by: house.house, .active) } == "partner_ended")
    #expect(
      try await refusal {
        try await commerce.makePartnerTerms(commerce.makeID(), of: id, by: house.house, rateBasisPoints: 1)
      } == "partner_ended")
    #expect(
      try await refusal {
        try await commerce.addPartnerMember(of: site.id, by: house.house, email: "nobody@example.com")
      } == "no_such_person")
    for number in 0..<20 {
      _ = try await commerce.makePartnerKey(of: house.partner, by: house.blogger, name: "\(number)")
    }
    #expect(
      try await refusal { try await commerce.makePartnerKey(of: house.partner, by: house.blogger, name: "21") }
        == "too_many")
    var policy = Stall.policy
    policy.partnersMax = 2
    let full = Commerce(
      database: house.stall.database, clock: house.stall.clock.wallClock, entropy: commerce.entropy, policy: policy,
      providers: PaymentProviders([house.stall.sandbox]))
    #expect(try await refusal { try await full.makePartner(full.makeID(), by: house.house, draft) } == "too_many")
    let page = try await commerce.partners(by: house.house, limit: 2)
    let rest = try await commerce.partners(by: house.house, after: page.next, limit: 2)
    #expect(Set((page.items + rest.items).map(\.id)) == [house.partner, site.id, id])
  }
}
