import Commerce
import Store
import TestKit
import Testing

@Suite struct CatalogueTests {
  /// A scarf in two colours and two sizes; the large ones cost more.
  private static let scarf = ProductDraft(
    title: "Scarf", description: "Wool.\r\nWarm.", options: ["Colour", "Size"],
    variants: [
      VariantDraft(sku: "S-RS", optionValues: ["Red", "S"], prices: ["IN": 50_000, "US": 1200], onHand: 3),
      VariantDraft(sku: "S-RL", optionValues: ["Red", "L"], prices: ["IN": 60_000], onHand: 4),
      VariantDraft(
        sku: "S-BL", optionValues: ["Blue", "L"], prices: ["IN": 60_000], compareAt: ["IN": 75_000], onHand: 0),
    ])

  @Test(arguments: Engine.allCases)
  func `a product is made whole, and only once`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let id = commerce.makeID(Product.self)
    let made = try await commerce.makeProduct(id, by: square.owner, channel: square.channel.id, Self.scarf)
    #expect(made.description == "Wool.\nWarm.")
    #expect(made.variants.map(\.title) == ["Red / S", "Red / L", "Blue / L"])
    #expect(made.variants.map(\.onHand) == [3, 4, 0])
    #expect(made.variants[0].prices.mapValues(\.minor) == ["IN": 50_000, "US": 1200])
    #expect(made.variants[2].compareAt.mapValues(\.minor) == ["IN": 75_000])
    #expect(try await commerce.makeProduct(id, by: square.owner, channel: square.channel.id, Self.scarf) == made)
    var other = Self.scarf
    other.title = "Shawl"
    await #expect(throws: IDTaken(what: "product")) {
      try await commerce.makeProduct(id, by: square.owner, channel: square.channel.id, other)
    }
    #expect(try await commerce.product(id, by: square.owner) == made)
    #expect(try await commerce.audit().differences.isEmpty)
  }

  @Test func `a wrong field of a product is named`() async throws {
    let square = try await MarketSquare(.sqlite)
    func field(_ change: (inout ProductDraft) -> Void) async -> String? {
      var draft = Self.scarf
      change(&draft)
      let refusal = await #expect(throws: GeneralRefusal.self) {
        try await square.commerce.makeProduct(
          square.commerce.makeID(), by: square.owner, channel: square.channel.id, draft)
      }
      return refusal?.field
    }
    #expect(await field { $0.title = "" } == "title")
    #expect(await field { $0.description = String(repeating: "x", count: 10_001) } == "description")
    #expect(await field { $0.options = ["A", "B", "C", "D"] } == "options")
    #expect(await field { $0.options = ["Size", "Size"] } == "options")
    #expect(await field { $0.options = ["Size", ""] } == "options[1]")
    #expect(await field { $0.variants = [] } == "variants")
    #expect(await field { $0.variants[1].optionValues = ["Red"] } == "variants[1].optionValues")
    #expect(await field { $0.variants[1].optionValues = ["Red", "S"] } == "variants[1].optionValues")
    #expect(await field { $0.variants[0].optionValues[1] = "\u{0}" } == "variants[0].optionValues[1]")
    #expect(await field { $0.variants[0].prices["IN"] = 0 } == "variants[0].prices.IN")
    #expect(await field { $0.variants[0].prices["IN"] = -5 } == "variants[0].prices.IN")
    #expect(await field { $0.variants[0].prices["IN"] = Money.minorMax + 1 } == "variants[0].prices.IN")
    #expect(await field { $0.variants[0].prices["FR"] = 5 } == "variants[0].prices")
    #expect(await field { $0.variants[0].compareAt["IN"] = 50_000 } == "variants[0].compareAt.IN")
    #expect(await field { $0.variants[1].compareAt["US"] = 50_000 } == "variants[1].compareAt.US")
    #expect(await field { $0.variants[2].onHand = -1 } == "variants[2].onHand")
    #expect(await field { $0.variants[2].onHand = .max } == "variants[2].onHand")
    #expect(await field { $0.variants[2].sku = String(repeating: "x", count: 61) } == "variants[2].sku")
    #expect(try await square.commerce.products(of: square.channel.id, by: square.owner).items.count == 1)
  }

  @Test(arguments: Engine.allCases)
  func `a changed price closes its offer and opens another, and what stays keeps its offer`(
    engine: Engine
  ) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let product = try await commerce.makeProduct(
      commerce.makeID(), by: square.owner, channel: square.channel.id, Self.scarf)
    let before = try await commerce.card(product: product.id, market: "IN")
    square.clock.advance(seconds: 1)
    var draft = Self.scarf
    draft.variants[0].prices = ["IN": 45_000]
    for place in draft.variants.indices { draft.variants[place].onHand = nil }
    let changed = try await commerce.changeProduct(product.id, by: square.owner, ProductChange(draft))
    #expect(changed.variants.map(\.id) == product.variants.map(\.id))
    #expect(changed.variants[0].prices.mapValues(\.minor) == ["IN": 45_000])
    #expect(changed.variants.map(\.onHand) == [3, 4, 0], "stock that is not said stays")
    let after = try await commerce.card(product: product.id, market: "IN")
    #expect(after.variants[0].offer?.price.minor == 45_000)
    #expect(after.variants[0].offer?.id != before.variants[0].offer?.id)
    #expect(after.variants[1].offer == before.variants[1].offer)
    #expect(try await commerce.card(product: product.id, market: "US").variants[0].offer == nil)
  }

  @Test(arguments: Engine.allCases)
  func `a variant that is taken away is no longer sold, and one that is new is`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let product = try await commerce.makeProduct(
      commerce.makeID(), by: square.owner, channel: square.channel.id, Self.scarf)
    var draft = Self.scarf
    draft.variants.removeFirst()
    draft.variants.append(VariantDraft(optionValues: ["Green", "M"], prices: ["IN": 55_000], onHand: 7))
    let changed = try await commerce.changeProduct(product.id, by: square.owner, ProductChange(draft))
    #expect(changed.variants.map(\.title) == ["Red / L", "Blue / L", "Green / M"])
    let card = try await commerce.card(product: product.id, market: "IN")
    #expect(card.variants.map(\.available) == [4, 0, 7])
    let gone = product.variants[0].id
    await #expect(throws: GeneralRefusal.notFound("variant")) {
      try await commerce.setStock(by: square.owner, variant: gone, onHand: 5)
    }
    // Not even by its id, nor with that of another product's variant.
    for id in [gone, square.lampVariant] {
      draft.variants[0].id = id
      let refusal = await #expect(throws: GeneralRefusal.self) {
        try await commerce.changeProduct(product.id, by: square.owner, ProductChange(draft))
      }
      #expect(refusal?.field == "variants[0].id")
    }
    let open = try await commerce.database.read { db in
      try db.rows("SELECT id FROM offer WHERE variant_id = \(gone) AND closed_ms = \(Moment.never)").count
    }
    #expect(open == 0)
    #expect(try await commerce.audit().differences.isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `to a stranger a channel's catalogue is not there, and a host may only look`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let lamp = square.lamp.id
    let picture = PictureDraft(contentType: "image/png", width: 10, height: 10)
    let verbs: [(String, @Sendable (Caller) async throws -> Void)] = [
      (
        "channel",
        { _ = try await commerce.makeProduct(commerce.makeID(), by: $0, channel: square.channel.id, Self.scarf) }
      ),
      ("product", { _ = try await commerce.changeProduct(lamp, by: $0, ProductChange(Self.scarf)) }),
      ("variant", { try await commerce.setStock(by: $0, variant: square.lampVariant, onHand: 1) }),
      ("product", { _ = try await commerce.addPicture(commerce.makeID(), by: $0, product: lamp, picture) }),
      ("product", { try await commerce.checkMayAddPicture(by: $0, product: lamp) }),
      ("product", { _ = try await commerce.removePicture(by: $0, product: lamp, picture: commerce.makeID()) }),
      (
        "channel",
        {
          _ = try await commerce.importProducts(by: $0, channel: square.channel.id, csv: [], market: "IN")
        }
      ),
    ]
    let stranger = try await square.person("Sam")
    let host = try await square.person("Hari")
    try await commerce.addMember(by: square.owner, channel: square.channel.id, email: "hari@example.com", role: .host)
    for (what, verb) in verbs {
      await #expect(throws: GeneralRefusal.notFound(what)) { try await verb(stranger) }
      await #expect(throws: GeneralRefusal.notFound(what)) { try await verb(square.operator) }
      await #expect(throws: GeneralRefusal.signInNeeded) { try await verb(.nobody) }
      await #expect(throws: GeneralRefusal.notAllowed(need: "an owner of the channel")) { try await verb(host) }
    }
    await #expect(throws: GeneralRefusal.notFound("product")) { try await commerce.product(lamp, by: stranger) }
    await #expect(throws: GeneralRefusal.notFound("channel")) {
      try await commerce.products(of: square.channel.id, by: stranger)
    }
    #expect(try await commerce.product(lamp, by: host).id == lamp)
    #expect(try await commerce.product(lamp, by: square.owner) == square.lamp, "and nothing has changed")
  }

  @Test(arguments: Engine.allCases)
  func `pages of products neither repeat nor miss one`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    for number in 0..<6 {
      _ = try await commerce.makeProduct(
        commerce.makeID(), by: square.owner, channel: square.channel.id,
        ProductDraft(title: "Product \(number)", variants: [VariantDraft(prices: ["IN": 100])]))
    }
    var products: [ID<Product>] = []
    var cards: [ID<Product>] = []
    var cursor: Cursor?
    repeat {
      let page = try await commerce.products(of: square.channel.id, by: square.owner, after: cursor, limit: 3)
      let cardPage = try await commerce.cards(channel: square.channel.id, market: "IN", after: cursor, limit: 3)
      #expect(page.next == cardPage.next)
      products += page.items.map(\.id)
      cards += cardPage.items.map(\.id)
      cursor = page.next
    } while cursor != nil
    #expect(Set(products).count == 7)
    #expect(products.count == 7)
    #expect(products == cards)
  }

  @Test(arguments: Engine.allCases)
  func `pictures keep their order and their number has a limit`(engine: Engine) async throws {
    var policy = MarketSquare.policy
    policy.picturesPerProductMax = 2
    let square = try await MarketSquare(engine, policy: policy)
    let commerce = square.commerce
    let first = commerce.makeID(Picture.self)
    let draft = PictureDraft(contentType: "image/webp", width: 800, height: 600, alt: "A lamp\nlit")
    let made = try await commerce.addPicture(first, by: square.owner, product: square.lamp.id, draft)
    #expect(made.file == "\(first).webp")
    #expect(made.alt == "A lamp lit")
    #expect(try await commerce.addPicture(first, by: square.owner, product: square.lamp.id, draft) == made)
    let second = try await commerce.addPicture(
      commerce.makeID(), by: square.owner, product: square.lamp.id,
      PictureDraft(contentType: "image/jpeg", width: 1, height: 1))
    #expect(try await commerce.card(product: square.lamp.id, market: "IN").pictures == [made, second])
    await #expect(throws: CatalogueRefusal.tooManyPictures(limit: 2)) {
      try await commerce.addPicture(
        commerce.makeID(), by: square.owner, product: square.lamp.id,
        PictureDraft(contentType: "image/jpeg", width: 1, height: 1))
    }
    for wrong in [
      PictureDraft(contentType: "image/svg+xml", width: 1, height: 1),
      PictureDraft(contentType: "image/png", width: 0, height: 1),
      PictureDraft(contentType: "image/png", width: 1, height: 20_000),
    ] {
      let refusal = await #expect(throws: GeneralRefusal.self) {
        try await commerce.addPicture(commerce.makeID(), by: square.owner, product: square.lamp.id, wrong)
      }
      #expect(refusal?.field == "picture")
    }
    let removed = try await commerce.removePicture(by: square.owner, product: square.lamp.id, picture: first)
    #expect(removed == made)
    #expect(try await commerce.removePicture(by: square.owner, product: square.lamp.id, picture: first) == nil)
    #expect(try await commerce.card(product: square.lamp.id, market: "IN").pictures == [second])
  }

  @Test(arguments: Engine.allCases)
  func `the cards of a show are in the order of its run, at the prices of the market`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let scarf = try await commerce.makeProduct(
      commerce.makeID(), by: square.owner, channel: square.channel.id, Self.scarf)
    try await commerce.putRun(by: square.owner, show: square.show.id, [scarf.id, square.lamp.id])
    let cards = try await commerce.cards(show: square.show.id, market: "US")
    #expect(cards.map(\.id) == [scarf.id, square.lamp.id])
    #expect(cards[0].variants.map { $0.offer?.price.minor } == [1200, nil, nil])
    #expect(cards[0].variants.map(\.available) == [3, 4, 0])
    #expect(cards[1].variants.map { $0.offer?.price } == [Money(minor: 2999, currency: square.america.currency)])
    for market in ["FR", "", "'; --"] {
      let unsold = try await commerce.cards(show: square.show.id, market: market)
      #expect(unsold.flatMap(\.variants).allSatisfy { $0.offer == nil })
    }
  }

  @Test(arguments: Engine.allCases)
  func `stock is corrected with a note, and never below what is held`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let level = try await square.commerce.setStock(
      by: square.owner, variant: square.lampVariant, onHand: 25, note: "counted")
    #expect(level.onHand == 25)
    #expect(try await square.commerce.audit().differences.isEmpty)
    for wrong in [-1, Int64.max] {
      let refusal = await #expect(throws: GeneralRefusal.self) {
        try await square.commerce.setStock(by: square.owner, variant: square.lampVariant, onHand: wrong)
      }
      #expect(refusal?.field == "onHand")
    }
  }
}
