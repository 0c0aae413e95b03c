import Store
import TestKit
import Testing

@testable import Commerce

/// Guides to the first sale: each step is done by what there is, and who does not want to be led is not.
@Suite(.timeLimit(.minutes(2))) struct GuideTests {
  private static func done(_ guide: Guide?) -> [Guide.Step] {
    guide?.steps.filter(\.isDone).map(\.step) ?? []
  }

  @Test(arguments: Engine.allCases)
  func `a seller is led from a channel to the first sale`(engine: Engine) async throws {
    let stall = try await Stall(engine)
    let (commerce, owner) = (stall.commerce, stall.owner)
    func guide() async throws -> Guide? { try await commerce.guide(of: stall.channel, by: owner) }
    let begun = try #require(try await guide())
    #expect(begun.kind == .seller && Self.done(begun) == [.channel, .product] && begun.next == .payoutAccount)
    #expect(begun.show == nil && begun.isShown)
    try await commerce.setPayoutDestination(
      of: .channel(stall.channel), by: owner,
      BankAccount(holder: "Meera Pottery", number: "000111222333", code: "hdfc 0001234"))
    let show = try await commerce.scheduleShow(
      commerce.makeID(), by: owner, channel: stall.channel,
      ShowDraft(title: "First", scheduledAt: stall.clock.now, markets: ["IN"]))
    let scheduled = try #require(try await guide())
    #expect(scheduled.next == .live && scheduled.show == show.id)
    _ = try await commerce.startShow(by: owner, show: show.id)
    #expect(try await guide()?.next == .sale)
    _ = try await stall.sell()
    let over = try #require(try await guide())
    #expect(over.next == nil && over.done == 6 && !over.isShown, "all is done")
    #expect(try await commerce.guide(of: stall.channel, by: .nobody) == nil, "nobody else is led")
  }

  @Test func `a channel that sells what others make, and a host, are led to a show`() async throws {
    let square = try await MarketSquare(.sqlite)
    let commerce = square.commerce
    let ravi = try await square.person("Ravi")
    let channel = try await commerce.makeChannel(
      commerce.makeID(), by: ravi, ChannelDraft(handle: "ravi", name: "Ravi", market: "IN"))
    #expect(try await commerce.guide(of: channel.id, by: ravi)?.kind == .seller)
    _ = try await commerce.makeAffiliateTerms(
      commerce.makeID(), by: square.owner, channel: square.channel.id,
      AffiliateTermsDraft(creator: "ravi", rateBasisPoints: 1_000))
    let led = try #require(try await commerce.guide(of: channel.id, by: ravi))
    #expect(led.kind == .host && Self.done(led) == [.terms] && led.next == .show)
    let show = try await commerce.scheduleShow(
      commerce.makeID(), by: ravi, channel: channel.id,
      ShowDraft(title: "First", scheduledAt: square.clock.now, markets: ["IN"]))
    try await commerce.putRun(by: ravi, show: show.id, [square.lamp.id])
    #expect(try await commerce.guide(of: channel.id, by: ravi)?.next == .rehearsal)
    _ = try await commerce.mediaEpoch(show.id, now: square.clock.now)
    #expect(try await commerce.guide(of: channel.id, by: ravi)?.next == .live)
    _ = try await commerce.startShow(by: ravi, show: show.id)
    #expect(try await commerce.guide(of: channel.id, by: ravi)?.isShown == false)
    let asha = try await square.person("Asha")
    _ = try await commerce.addMember(by: ravi, channel: channel.id, email: "asha@example.com", role: .host)
    #expect(try await commerce.guide(of: channel.id, by: asha)?.kind == .host)
    _ = try await commerce.addMember(by: ravi, channel: channel.id, email: "asha@example.com", role: .moderator)
    #expect(try await commerce.guide(of: channel.id, by: asha) == nil)
  }

  @Test(arguments: Engine.allCases)
  func `an operator is led by what the house has`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let guide = try await commerce.operatorGuide(by: square.operator, hasMail: false, hasBackup: false)
    #expect(Self.done(guide) == [.market, .commission, .invite, .approve] && guide.next == .payments)
    let later = try await commerce.operatorGuide(by: square.operator, hasMail: true, hasBackup: true)
    #expect(Self.done(later) == [.market, .mail, .commission, .invite, .approve, .backup])
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.operatorGuide(by: square.owner, hasMail: true, hasBackup: true)
    }
  }

  @Test(arguments: Engine.allCases)
  func `a partner is led from a key to the first order`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, house) = (square.commerce, square.operator)
    let partner = try await commerce.makePartner(
      commerce.makeID(), by: house, PartnerDraft(name: "The Blog", via: "blog", rateBasisPoints: 2_500))
    try await commerce.addPartnerMember(of: partner.id, by: house, email: MarketSquare.ownerEmail)
    func guide() async throws -> Guide { try await commerce.guide(of: partner.id, by: square.owner) }
    #expect(try await guide().next == .key)
    _ = try await commerce.makePartnerKey(of: partner.id, by: square.owner, name: "The server")
    #expect(try await guide().next == .site)
    try await commerce.setPartnerSites(partner.id, by: square.owner, ["https://blog.example"])
    #expect(try await guide().next == .snippet)
    try await commerce.frameSeen(via: "blog")
    #expect(try await guide().next == .order)
    let stranger = try await square.person("Stranger")
    await #expect(throws: GeneralRefusal.self) { try await commerce.guide(of: partner.id, by: stranger) }
  }

  @Test(arguments: Engine.allCases)
  func `who dismissed a guide is not led by it any more, and others are`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, owner, channel) = (square.commerce, square.owner, square.channel.id)
    let asha = try await square.person("Asha")
    _ = try await commerce.addMember(by: owner, channel: channel, email: "asha@example.com", role: .owner)
    let guide = try #require(try await commerce.guide(of: channel, by: owner))
    #expect(guide.isShown)
    try await commerce.dismissGuide(guide.name, by: owner)
    try await commerce.dismissGuide(guide.name, by: owner)
    #expect(try await commerce.guide(of: channel, by: owner)?.isShown == false)
    #expect(try await commerce.guide(of: channel, by: asha)?.isShown == true)
    for name in ["", "seller", "seller nothing", "gravity channel:\(channel)"] {
      await #expect(throws: GeneralRefusal.self) { try await commerce.dismissGuide(name, by: owner) }
    }
    await #expect(throws: GeneralRefusal.signInNeeded) { try await commerce.dismissGuide(guide.name, by: .nobody) }
  }
}
