import Commerce
import TestKit
import Testing

@Suite struct FindProductsTests {
  @Test(arguments: Engine.allCases)
  func `any product is found by its words or its SKU, whatever their case`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    for (title, sku) in [("Étoile shawl", "SH-7"), ("Brass bowl", "BOWL"), ("दीया", "DIYA")] {
      try await make(title, sku, square)
      square.clock.advance(seconds: 1)
    }
    for (text, titles) in [
      ("", ["दीया", "Brass bowl", "Étoile shawl", "Brass lamp"]), ("BRASS", ["Brass bowl", "Brass lamp"]),
      ("lamp br", ["Brass lamp"]), ("étoile", ["Étoile shawl"]), ("sh-7", ["Étoile shawl"]), ("दीया", ["दीया"]),
      ("100%", []), ("_", []),
    ] {
      #expect(try await found(text, square).map(\.title) == titles, "\(text)")
    }
  }

  @Test(arguments: Engine.allCases)
  func `a list that is cut says so, and what is known is left out`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let bowl = try await make("Bowl", "B", square)
    let cut = try await square.commerce.findProducts(
      of: square.channel.id, by: square.owner, matching: "", limit: 1)
    #expect(cut.found.count == 1 && cut.isCut)
    let rest = try await square.commerce.findProducts(
      of: square.channel.id, by: square.owner, matching: "", leavingOut: [bowl], limit: 1)
    #expect(rest.found.map(\.id) == [square.lamp.id] && !rest.isCut)
    let names = try await square.commerce.productNames(
      [square.lamp.id, bowl], of: square.channel.id, by: square.owner)
    #expect(names.map(\.title) == ["Brass lamp", "Bowl"])
  }

  @Test(arguments: Engine.allCases)
  func `nobody searches another channel`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let stranger = try await square.person("Stranger")
    await #expect(throws: GeneralRefusal.self) {
      try await square.commerce.findProducts(of: square.channel.id, by: stranger, matching: "lamp")
    }
    await #expect(throws: GeneralRefusal.self) {
      try await square.commerce.productNames([square.lamp.id], of: square.channel.id, by: stranger)
    }
  }

  private func found(_ text: String, _ square: MarketSquare) async throws -> [ProductName] {
    try await square.commerce.findProducts(of: square.channel.id, by: square.owner, matching: text).found
  }

  @discardableResult
  private func make(_ title: String, _ sku: String, _ square: MarketSquare) async throws -> ID<Product> {
    try await square.commerce.makeProduct(
      square.commerce.makeID(), by: square.owner, channel: square.channel.id,
      ProductDraft(title: title, variants: [VariantDraft(sku: sku, prices: ["IN": 100], onHand: 1)])
    ).id
  }
}
