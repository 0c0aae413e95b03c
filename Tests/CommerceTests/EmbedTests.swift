import Store
import TestKit
import Testing

@testable import Commerce

/// Whose pages may hold a frame of ours, and for whom it counts.
@Suite struct EmbedTests {
  @Test func `a list of sites is anybody, nobody, or origins in one spelling, each once`() throws {
    #expect(EmbedSites("*") == .anyone && EmbedSites("") == .nobody && EmbedSites(" , ") == .nobody)
    let list = try #require(EmbedSites("https://Blog.Example/, http://localhost:8080 https://blog.example:443"))
    #expect(list.origins == ["https://blog.example", "http://localhost:8080"])
    for wrong in ["blog.example", "https://*.example", "* https://a.example", "https://a.example/path", "'self'"] {
      #expect(EmbedSites(wrong) == nil, "\(wrong)")
    }
    let many = (0...EmbedSites.countMax).map { "https://s\($0).example" }
    #expect(EmbedSites(many.dropLast().joined(separator: ","))?.origins?.count == EmbedSites.countMax)
    #expect(EmbedSites(many.joined(separator: ",")) == nil)
  }

  @Test func `a page is let in by its origin alone, and what has none is let in nowhere but everywhere`() throws {
    let list = try #require(EmbedSites("https://blog.example"))
    for address in ["https://blog.example", "https://blog.example/", "https://BLOG.example:443/a?b#c"] {
      #expect(list.allow(address), "\(address)")
    }
    for address in [
      "http://blog.example/", "https://blog.example.evil.example/", "https://evil.example/https://blog.example",
      "https://blog.example@evil.example/", "https://www.blog.example/", "null", "", "about:srcdoc", "//blog.example/",
    ] {
      #expect(
        !list.allow(address) && !EmbedSites.nobody.allow(address) && EmbedSites.anyone.allow(address), "\(address)")
    }
  }

  @Test(arguments: Engine.allCases)
  func `a partner's frames are held by its own sites, and every other by whom the operator lets`(
    engine: Engine
  ) async throws {
    let house = try await PartnerHouse(engine)
    let commerce = house.commerce
    #expect(commerce.policy.embedSites == .anyone)
    for key in [nil, ""] {
      let terms = try await commerce.embedTerms(partner: key)
      #expect(terms == EmbedTerms(via: "", named: .nobody, sites: .anyone))
    }
    let own = EmbedSites(origins: ["https://blog.example"])
    #expect(try await commerce.embedTerms(partner: "BLOG") == EmbedTerms(via: "blog", named: .active, sites: own))
    #expect(
      try await commerce.embedTerms(partner: "nobody-here")
        == EmbedTerms(via: "nobody-here", named: .unknown, sites: .anyone))
    for odd in ["a", "ब्लॉग", "blog\u{0}", "x' OR 1=1", String(repeating: "a", count: 500)] {
      #expect(
        try await commerce.embedTerms(partner: odd) == EmbedTerms(via: "", named: .unknown, sites: .anyone), "\(odd)")
    }
    _ = try await commerce.setPartnerState(house.partner, by: house.house, .suspended, reason: "A test")
    #expect(
      try await commerce.embedTerms(partner: "blog") == EmbedTerms(via: "blog", named: .inactive, sites: .anyone))
    let listed = try #require(EmbedSites("https://news.example"))
    #expect(EmbedTerms.decide(via: "", nil, listed).sites == listed)
    #expect(EmbedTerms.decide(via: "blog", (.ended, ["https://blog.example"]), listed).sites == listed)
    #expect(EmbedTerms.decide(via: "blog", (.active, []), listed).sites == .nobody, "who names none shows it nowhere")
  }

  @Test(arguments: Engine.allCases)
  func `a secret key is told apart from a public one, and looked up nowhere`(engine: Engine) async throws {
    let house = try await PartnerHouse(engine)
    let (_, secret) = try await house.commerce.makePartnerKey(of: house.partner, by: house.blogger, name: "Reports")
    for key in [secret.text, secret.text.uppercased(), "haat_key_abc", "sk_live_abc", "rk_live_1", "whsec_x"] {
      await #expect(throws: EmbedRefusal.secretKey) { try await house.commerce.embedTerms(partner: key) }
    }
  }

  @Test(arguments: Engine.allCases)
  func `a partner's people and the operator name its sites, at most twenty, until it ends`(engine: Engine) async throws
  {
    let house = try await PartnerHouse(engine)
    let commerce = house.commerce
    let changed = try await commerce.setPartnerSites(
      house.partner, by: house.blogger, ["https://Shop.example/", "https://shop.example", "http://localhost:9"])
    #expect(changed.sites == ["https://shop.example", "http://localhost:9"])
    #expect(try await commerce.embedTerms(partner: "blog").sites.origins == changed.sites)
    // What was on the list before brings nothing more.
    #expect(try await house.sell(OrderSource(via: "blog", site: "https://blog.example")).credit == .otherSite)
    #expect(try await house.sell(OrderSource(via: "blog", site: "https://shop.example")).credit == .partner)

    let many = (0...20).map { "https://s\($0).example" }
    await #expect(throws: GeneralRefusal.tooMany(what: "sites of one partner", limit: 20)) {
      try await commerce.setPartnerSites(house.partner, by: house.blogger, many)
    }
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.setPartnerSites(house.partner, by: house.blogger, ["https://a.example/path"])
    }
    for stranger in [house.stall.owner, .nobody] {
      await #expect(throws: GeneralRefusal.self) {
        try await commerce.setPartnerSites(house.partner, by: stranger, ["https://evil.example"])
      }
    }
    let (_, secret) = try await commerce.makePartnerKey(of: house.partner, by: house.blogger, name: "Reports")
    let key = try #require(try await commerce.caller(apiKey: secret.text))
    await #expect(throws: PartnerRefusal.keyOnlyLooks) {
      try await commerce.setPartnerSites(house.partner, by: key, ["https://evil.example"])
    }
    #expect(try await commerce.partner(house.partner, by: house.house).sites == changed.sites)

    try await commerce.setPartnerSites(house.partner, by: house.house, [])
    #expect(try await commerce.embedTerms(partner: "blog").sites == .nobody)
    _ = try await commerce.setPartnerState(house.partner, by: house.house, .ended, reason: "A test")
    await #expect(throws: PartnerRefusal.ended) {
      try await commerce.setPartnerSites(house.partner, by: house.blogger, ["https://blog.example"])
    }
  }
}
