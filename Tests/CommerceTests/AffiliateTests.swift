import Store
import TestKit
import Testing

@testable import Commerce

/// A channel sells another's products in its show, for a share.
@Suite struct AffiliateTests {
  /// A seller of two lamps, and a creator with a live show.
  private struct Pair {
    let stall: Stall
    let creator: Caller
    let channel: ID<Channel>
    let show: ID<Show>
    var commerce: Commerce { stall.commerce }

    init(_ engine: Engine) async throws {
      stall = try await Stall(engine, prices: [129_900, 5_050], units: 60)
      let (account, channel, show): (ID<Account>, ID<Channel>, ID<Show>) = (
        stall.commerce.makeID(), stall.commerce.makeID(), stall.commerce.makeID()
      )
      creator = Caller(account: account)
      self.channel = channel
      self.show = show
      let now = stall.clock.now
      try await stall.database.write { db in
        try Stall.insertAccount(account, "creator@example.com", at: now, in: db)
        try Stall.insertChannel(channel, handle: "meera", owner: account, at: now, in: db)
        try db.run(
          """
          INSERT INTO show (id, channel_id, title, description, orientation, state, scheduled_ms, started_ms,
            media_epoch_ms, sequence, changed_ms, made_hash, created_ms)
          VALUES (\(show), \(channel), 'Tonight', '', 'vertical', 'live', \(now), \(now), \(now), 0, \(now),
            \([UInt8]()), \(now))
          """)
        try db.run("INSERT INTO show_market (show_id, market) VALUES (\(show), 'IN')")
      }
    }

    @discardableResult
    func terms(
      _ rate: Int64, product: Int? = nil, creator: String? = nil, ends: Moment? = nil
    ) async throws -> AffiliateTerms {
      try await commerce.makeAffiliateTerms(
        commerce.makeID(), by: stall.owner, channel: stall.channel,
        AffiliateTermsDraft(
          product: product.map { stall.products[$0] }, creator: creator, rateBasisPoints: rate, ends: ends))
    }

    /// The rates at which both lamps are sold in the show, in basis points; nil where they are not.
    func rates() async throws -> [Int64?] {
      var rates: [Int64?] = []
      for offer in stall.offers {
        do {
          let quote = try await commerce.quote(
            Bag(show: show, market: "IN", lines: [Bag.Line(offer: offer, quantity: 1)]))
          rates.append(quote.lines[0].creatorRate.basisPoints)
        } catch BagRefusal.notInShow {
          rates.append(nil)
        }
      }
      return rates
    }

    func run(_ products: [Int] = [0, 1]) async throws {
      try await commerce.putRun(by: creator, show: show, products.map { stall.products[$0] })
    }

    func balance(_ account: String) async throws -> Int64 {
      try await stall.number(
        "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger_entry WHERE account = \(account)")
    }
  }

  @Test(arguments: Engine.allCases)
  func `a creator's own terms win over those for everyone, and a product's over those for all`(engine: Engine)
    async throws
  {
    let pair = try await Pair(engine)
    await #expect(throws: GeneralRefusal.notFound("product")) { try await pair.run() }
    #expect(try await pair.rates() == [nil, nil])
    try await pair.terms(1_000)
    try await pair.run()
    #expect(try await pair.rates() == [1_000, 1_000])
    try await pair.terms(2_000, product: 1)
    #expect(try await pair.rates() == [1_000, 2_000])
    try await pair.terms(500, creator: "meera")
    #expect(try await pair.rates() == [500, 500], "their own rate, though it is lower")
    try await pair.terms(700, product: 0, creator: "meera")
    #expect(try await pair.rates() == [700, 500])
  }

  @Test(arguments: Engine.allCases)
  func `the creator has their share of what was paid, and gives back their part of a refund`(engine: Engine)
    async throws
  {
    let pair = try await Pair(engine)
    try await pair.terms(1_500)
    try await pair.run()
    let sold = try await pair.stall.sell(
      Bag(show: pair.show, market: "IN", lines: [Bag.Line(offer: pair.stall.offers[0], quantity: 1)]))
    // 1,299.00 less 198.15 of tax in it: 15 % of 1,100.85 are 165.13 (half to even 165.1275).
    #expect(sold.order.creator == pair.channel && sold.order.channel == pair.stall.channel)
    #expect(sold.order.lines[0].creatorShare.minor == 16_513)
    #expect(try await pair.balance("creator:\(pair.channel)") == 16_513)
    #expect(try await pair.balance("seller:\(pair.stall.channel)") == 103_977 - 16_513)
    #expect(try await pair.commerce.audit().differences == [])
    #expect(try await pair.commerce.sales(of: pair.show, by: pair.creator).orders == 1)
    for part in [1, 44_444, nil] as [Int64?] {
      _ = try await pair.commerce.refund(sold.order.id, by: pair.stall.owner, amountMinor: part, reason: "in parts")
      #expect(try await pair.commerce.audit().differences == [])
    }
    #expect(try await pair.balance("creator:\(pair.channel)") == 0)
    #expect(try await pair.balance("seller:\(pair.stall.channel)") == 0)
    #expect(try await pair.balance("commission") == 0)
  }

  @Test(arguments: Engine.allCases)
  func `a creator's share is paid out with what they sell themselves, and stands in both statements`(engine: Engine)
    async throws
  {
    let pair = try await Pair(engine)
    try await pair.terms(1_500)
    try await pair.run()
    let sold = try await pair.stall.sell(
      Bag(show: pair.show, market: "IN", lines: [Bag.Line(offer: pair.stall.offers[0], quantity: 1)]))
    let parcel = try await pair.commerce.ship(sold.order.id, by: pair.stall.owner)
    _ = try await pair.commerce.deliver(parcel.id, of: sold.order.id, by: pair.stall.owner)
    pair.stall.clock.advance(days: 4)
    #expect(try await pair.commerce.settleOrders() == 1)
    try await pair.commerce.setPayoutDestination(
      of: .channel(pair.channel), by: pair.creator,
      BankAccount(holder: "Meera", number: "12345678", code: "HDFC0001234"))
    #expect(try await pair.commerce.preparePayouts() == 1, "the seller has no account yet")
    #expect(try await pair.balance("payouts") == 16_513)
    let whole = StatementSpan(from: Moment(milliseconds: 0), until: .never)
    let theirs = try #require(
      try await pair.commerce.statements(of: .channel(pair.channel), by: pair.creator, whole).first)
    #expect(theirs.lines.map(\.kind) == [.payment, .payout] && theirs.lines[0].amount.minor == 16_513)
    let sellers = try #require(
      try await pair.commerce.statements(of: .channel(pair.stall.channel), by: pair.stall.owner, whole).first)
    #expect(sellers.lines[0].creator.minor == 16_513)
    let line = sellers.lines[0]
    #expect(
      line.sold.minor - line.tax.minor - line.commission.minor - line.creator.minor == line.amount.minor)
    #expect(try await pair.commerce.audit().differences == [])
    // Who the buyer is stays between buyer and seller.
    await #expect(throws: GeneralRefusal.notFound("order")) {
      try await pair.commerce.order(sold.order.id, by: pair.creator)
    }
  }

  @Test(arguments: Engine.allCases)
  func `a show that began with the terms goes on with them, and the next one does not`(engine: Engine) async throws {
    let pair = try await Pair(engine)
    let terms = try await pair.terms(1_000)
    try await pair.run()
    pair.stall.clock.advance(seconds: 60)
    try await pair.commerce.endAffiliateTerms(terms.id, by: pair.stall.owner)
    pair.stall.clock.advance(seconds: 60)
    #expect(try await pair.rates() == [1_000, 1_000])
    // As of a show that began after they had ended.
    try await pair.stall.run("UPDATE show SET started_ms = \(pair.stall.clock.now) WHERE id = \(pair.show)")
    #expect(try await pair.rates() == [nil, nil])
    await #expect(throws: GeneralRefusal.notFound("product")) {
      try await pair.commerce.pin(by: pair.creator, show: pair.show, product: pair.stall.products[0])
    }
  }

  @Test(arguments: Engine.allCases)
  func `what is not in the run is not sold in it, and a creator sets no prices`(engine: Engine) async throws {
    let pair = try await Pair(engine)
    try await pair.terms(1_000)
    try await pair.run([0])
    #expect(try await pair.rates() == [1_000, nil])
    await #expect(throws: GeneralRefusal.notFound("product")) {
      try await pair.commerce.openDeal(
        pair.commerce.makeID(), by: pair.creator, show: pair.show,
        DealDraft(
          product: pair.stall.products[0], prices: ["IN": 100], countdownSeconds: 0, durationSeconds: 60, unitsMax: 1,
          unitsPerBuyerMax: 1))
    }
    try await pair.stall.run("UPDATE account SET is_operator = 1")
    _ = try await pair.commerce.admitChannel(
      pair.stall.channel, by: pair.creator, as: .suspended, because: Verdict(.rules))
    await #expect(throws: BagRefusal.channelNotSelling) { try await pair.rates() }
  }

  @Test(arguments: Engine.allCases)
  func `terms are their seller's, and both sides find what is for them`(engine: Engine) async throws {
    let pair = try await Pair(engine)
    let open = try await pair.terms(1_000, product: 0)
    let commerce = pair.commerce
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.makeAffiliateTerms(
        commerce.makeID(), by: pair.creator, channel: pair.stall.channel, .init(rateBasisPoints: 500))
    }
    await #expect(throws: GeneralRefusal.self) { try await commerce.endAffiliateTerms(open.id, by: pair.creator) }
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.affiliateTerms(of: pair.stall.channel, by: pair.creator)
    }
    for rate in [99, 8_001] as [Int64] {
      await #expect(throws: GeneralRefusal.self) { try await pair.terms(rate) }
    }
    await #expect(throws: GeneralRefusal.self) { try await pair.terms(500, creator: "lamps") }
    await #expect(throws: GeneralRefusal.notFound("creator")) { try await pair.terms(500, creator: "nobody") }
    #expect(try await commerce.affiliateOffers(for: pair.channel, by: pair.creator) == [open])
    #expect(try await commerce.affiliateOffers(for: pair.stall.channel, by: pair.stall.owner) == [])
    let found = try await commerce.findAffiliateProducts(for: pair.channel, by: pair.creator, matching: "LAMPS")
    #expect(found.map(\.id) == [pair.stall.products[0]] && found[0].seller == "lamps")
    #expect(found[0].share?.basisPoints == 1_000)
    #expect(try await commerce.findAffiliateProducts(for: pair.channel, by: pair.creator, matching: "pot") == [])
    let names = try await commerce.productNames(pair.stall.products, of: pair.channel, by: pair.creator)
    #expect(names.map(\.id) == [pair.stall.products[0]])
  }
}
