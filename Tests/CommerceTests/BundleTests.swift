import Store
import TestKit
import Testing

@testable import Commerce

/// Bundles of lamps, cups and rugs.
@Suite struct BundleTests {
  /// Three products, and a bundle of one lamp and two cups.
  struct Shop {
    let stall: Stall
    let bundle: Product

    static let prices: [Int64] = [100_000, 25_000, 333]

    init(_ engine: Engine, price: Int64 = 120_000, units: Int64 = 10) async throws {
      stall = try await Stall(engine, prices: Self.prices, units: units)
      bundle = try await Self.make(stall, price: price)
    }

    static func make(
      _ stall: Stall, price: Int64, parts: [(product: Int, quantity: Int64)] = [(0, 1), (1, 2)]
    ) async throws -> Product {
      try await stall.commerce.makeBundle(
        stall.commerce.makeID(), by: stall.owner, channel: stall.channel,
        BundleDraft(
          title: "Gift set", sku: "SET",
          parts: parts.map { BundleDraft.Part(variant: stall.variants[$0.product], quantity: $0.quantity) },
          prices: ["IN": price]))
    }

    var commerce: Commerce { stall.commerce }
    var variant: ID<Variant> { bundle.variants[0].id }

    func offer() async throws -> ID<Offer> {
      try #require(
        try await stall.database.read { db in try Offers.list(of: variant, market: "IN", in: db) }
      ).id
    }

    func bag(_ quantity: Int64 = 1, coupon: String? = nil) async throws -> Bag {
      Bag(
        show: nil, market: "IN", lines: [Bag.Line(offer: try await offer(), quantity: quantity)], coupon: coupon)
    }

    func card() async throws -> ProductCard {
      try await commerce.card(product: bundle.id, market: "IN")
    }

    func audit(at location: SourceLocation = #_sourceLocation) async throws {
      #expect(try await commerce.audit().differences == [], sourceLocation: location)
    }
  }

  @Test func `the shares of a price come to it to the last minor unit, whatever it is`() {
    let random = SeededEntropy(seed: 21)
    func any(_ bound: UInt64) -> Int64 { Int64(random.next() % bound) }
    for _ in 0..<20_000 {
      let scale = [10, 1_000, 1_000_000, 1_000_000_000][Int(any(4))] as UInt64
      let parts = (0..<(2 + any(9))).map { _ in (count: any(20) + 1, list: any(scale) + 1) }
      let (units, worth) = parts.reduce((0, 0)) { ($0.0 + $1.count, $0.1 + $1.count * $1.list) }
      guard worth > units else { continue }
      let price = units + any(UInt64(worth - units))
      let shares = ProductBundle.shares(of: price, parts)
      #expect(shares.reduce(0) { $0 + $1.count * $1.unitPrice } == price)
      #expect(shares.allSatisfy { $0.unitPrice >= 1 && $0.count >= 1 })
      for (index, part) in parts.enumerated() {
        let own = shares.filter { $0.part == index }
        #expect(own.reduce(0) { $0 + $1.count } == part.count && own.count <= 2)
        // In proportion: within a minor unit, besides the one that every unit has.
        let exact = 1 + Double(price - units) * Double(part.list) / Double(worth)
        #expect(own.allSatisfy { abs(Double($0.unitPrice) - exact) <= 1 + exact * 1e-9 })
      }
      #expect(shares.count <= parts.count + 1)
    }
    #expect(ProductBundle.shares(of: 2, [(count: 3, list: 10)]).isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `it is as many as its parts make, compared with what they cost, and sold by part at its own price`(
    engine: Engine
  ) async throws {
    let shop = try await Shop(engine)
    let card = try await shop.card()
    let choice = card.variants[0]
    #expect(choice.available == 5 && choice.offer?.price.minor == 120_000)
    #expect(choice.offer?.compareAt?.minor == 150_000 && choice.parts.map(\.quantity) == [1, 2])
    let quote = try await shop.commerce.quote(shop.bag(2))
    #expect(quote.subtotal.minor == 240_000 && quote.lines.allSatisfy { $0.bundle?.quantity == 2 })
    let placed = try await shop.stall.place(shop.bag(2))
    let lines = placed.order.lines
    #expect(lines.reduce(0) { $0 + $1.total.minor } == 240_000)
    #expect(lines.allSatisfy { $0.bundle == shop.variant && $0.title.hasPrefix("Gift set: ") })
    #expect(Set(lines.map(\.variant)) == Set(shop.stall.variants.prefix(2)))
    #expect(try await shop.stall.stock(0) == StockLevel(onHand: 10, reserved: 2))
    #expect(try await shop.stall.stock(1) == StockLevel(onHand: 10, reserved: 4))
    #expect(try await shop.card().variants[0].available == 3)
    #expect(try await shop.commerce.available([shop.variant])[shop.variant] == 3)
    try await shop.audit()
    #expect(try await shop.stall.pay(placed) == .paid)
    #expect(try await shop.stall.stock(1) == StockLevel(onHand: 6, reserved: 0))
    try await shop.audit()
    // The same again is the same order, and four more are more than there are.
    #expect(try await refusal { try await shop.stall.place(shop.bag(4)) } == "sold_out")
    #expect(try await refusal { try await shop.stall.place(shop.bag(50)) } == "invalid")
  }

  @Test(arguments: Engine.allCases)
  func `parts are refunded, cancelled and sent by their lines, and the books agree`(engine: Engine) async throws {
    let shop = try await Shop(engine, price: 100_001)
    let sold = try await shop.stall.sell(shop.bag(1))
    let cups = sold.order.lines.indices.filter { sold.order.lines[$0].variant == shop.stall.variants[1] }
    #expect(cups.reduce(0) { $0 + sold.order.lines[$1].quantity } == 2)
    let refund = try await shop.commerce.refund(
      sold.order.id, by: shop.stall.owner, lines: [Refund.Units(position: cups[0], quantity: 1)], reason: "cracked")
    #expect(refund.amount == sold.order.lines[cups[0]].unitPrice)
    #expect(try await shop.stall.stock(1) == StockLevel(onHand: 9, reserved: 0))
    try await shop.audit()
    _ = try await shop.commerce.refund(sold.order.id, by: shop.stall.owner, reason: "the rest")
    #expect(try await shop.stall.stock(0) == StockLevel(onHand: 10, reserved: 0))
    try await shop.audit()
    let placed = try await shop.stall.place(shop.bag(1))
    _ = try await shop.commerce.cancelOrder(placed.order.id, token: placed.access)
    #expect(try await shop.stall.stock(1) == StockLevel(onHand: 10, reserved: 0))
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `coupons take nothing off it, and it has no deal, stock or waitlist of its own`(engine: Engine) async throws {
    let shop = try await Shop(engine)
    let (commerce, stall) = (shop.commerce, shop.stall)
    _ = try await commerce.makeCoupon(
      commerce.makeID(), by: stall.owner, channel: stall.channel,
      CouponDraft(code: "TENTH", market: "IN", percentBasisPoints: 1_000, claimsMax: 10, claimsPerBuyerMax: 10))
    #expect(try await refusal { try await stall.place(shop.bag(1, coupon: "TENTH")) } == "coupon_not_for_these")
    let both = Bag(
      show: nil, market: "IN",
      lines: [Bag.Line(offer: try await shop.offer(), quantity: 1), Bag.Line(offer: stall.offers[2], quantity: 3)],
      coupon: "TENTH")
    #expect(try await stall.place(both).order.discount.minor == 100)
    let show = try await stall.liveShow()
    let deal = DealDraft(
      product: shop.bundle.id, prices: ["IN": 1_000], durationSeconds: 60, unitsMax: 1, unitsPerBuyerMax: 1)
    #expect(
      try await refusal { try await commerce.openDeal(commerce.makeID(), by: stall.owner, show: show, deal) }
        == "deal_bundle")
    #expect(
      try await refusal {
        try await commerce.receiveStock(by: stall.owner, variant: shop.variant, count: 1, note: "x")
      } == "bundle_no_stock")
    #expect(
      try await refusal { try await commerce.setStock(by: stall.owner, variant: shop.variant, onHand: 3) }
        == "bundle_no_stock")
    let wish = try await refusal {
      try await commerce.joinWaitlist(
        commerce.makeID(), of: shop.variant, by: stall.owner, market: "IN", language: "en")
    }
    #expect(wish == "wish_bundle")
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `its price is below what its parts cost, or it is not sold`(engine: Engine) async throws {
    let shop = try await Shop(engine)
    let (commerce, stall) = (shop.commerce, shop.stall)
    for price in [150_000, 200_000, 2] as [Int64] {
      #expect(try await refusal { try await Shop.make(stall, price: price) } == "bundle_not_below")
      let change = VariantChange(prices: ["IN": price])
      #expect(
        try await refusal { try await commerce.changeVariant(shop.variant, by: stall.owner, change) }
          == "bundle_not_below")
    }
    _ = try await commerce.changeVariant(shop.variant, by: stall.owner, VariantChange(prices: ["IN": 140_000]))
    #expect(try await shop.card().variants[0].offer?.price.minor == 140_000)
    // A part becomes so cheap that the bundle is none any more.
    _ = try await commerce.changeVariant(stall.variants[1], by: stall.owner, VariantChange(prices: ["IN": 20_000]))
    #expect(try await shop.card().variants[0].offer == nil)
    #expect(try await refusal { try await stall.place(shop.bag()) } == "offer_closed")
    _ = try await commerce.changeVariant(stall.variants[1], by: stall.owner, VariantChange(prices: ["IN": 30_000]))
    #expect(try await shop.card().variants[0].offer?.compareAt?.minor == 160_000)
    _ = try await commerce.changeVariant(stall.variants[1], by: stall.owner, VariantChange(prices: ["IN": 0]))
    #expect(try await refusal { try await stall.place(shop.bag()) } == "offer_closed")
    try await shop.audit()
  }

  @Test(arguments: Engine.allCases)
  func `it is made once, of two to ten different variants of its channel, and stays what it is`(engine: Engine)
    async throws
  {
    let stall = try await Stall(engine, prices: [1_000, 2_000, 3_000], units: 1)
    try await stall.split(off: [2])
    let commerce = stall.commerce
    let id: ID<Product> = commerce.makeID()
    func draft(_ parts: [(Int, Int64)]) -> BundleDraft {
      BundleDraft(
        title: "Set", parts: parts.map { BundleDraft.Part(variant: stall.variants[$0.0], quantity: $0.1) },
        prices: ["IN": 2_500])
    }
    for parts in [[(0, 1)], [(0, 1), (0, 1)], [(0, 1), (1, 21)], [(0, 1), (2, 1)]] as [[(Int, Int64)]] {
      #expect(
        try await refusal {
          try await commerce.makeBundle(id, by: stall.owner, channel: stall.channel, draft(parts))
        } == "invalid")
    }
    let made = try await commerce.makeBundle(id, by: stall.owner, channel: stall.channel, draft([(0, 1), (1, 1)]))
    let again = try await commerce.makeBundle(id, by: stall.owner, channel: stall.channel, draft([(0, 1), (1, 1)]))
    #expect(made.variants[0].isBundle && again == made)
    var nested = draft([(0, 1), (1, 1)])
    nested.parts[1] = BundleDraft.Part(variant: made.variants[0].id, quantity: 1)
    #expect(
      try await refusal {
        try await commerce.makeBundle(commerce.makeID(), by: stall.owner, channel: stall.channel, nested)
      } == "invalid")
    let two = ProductChange(
      options: ["Size"],
      variants: ["S", "M"].map { VariantDraft(optionValues: [$0], prices: ["IN": 100]) })
    #expect(
      try await refusal { try await commerce.changeProduct(id, by: stall.owner, two) } == "bundle_one_variant")
    let renamed = try await commerce.changeProduct(id, by: stall.owner, ProductChange(title: "Other set"))
    #expect(renamed.title == "Other set" && renamed.variants == made.variants)
  }

  @Test(arguments: Engine.allCases)
  func `a show says that it is sold out, and that it is back, when its parts are`(engine: Engine) async throws {
    let shop = try await Shop(engine, units: 2)
    let (commerce, stall) = (shop.commerce, shop.stall)
    let show = try await stall.liveShow()
    try await stall.run(
      "INSERT INTO show_product (show_id, product_id, position) VALUES (\(show), \(shop.bundle.id), 9)")
    func events() async throws -> [String] {
      while try await !commerce.numberTimeline(show).isEmpty {}
      return try await commerce.timeline(show, after: 0, limit: 100)
        .filter { $0.payload.contains("\(shop.variant)") }.map(\.kind.rawValue)
    }
    // Both cups in one order with a lamp: the bundle is gone though a lamp is left.
    let placed = try await stall.place(shop.bag())
    #expect(try await events() == ["sold_out"])
    #expect(try await stall.stock(0).available == 1)
    _ = try await commerce.cancelOrder(placed.order.id, token: placed.access)
    #expect(try await events() == ["sold_out", "back_in_stock"])
    _ = try await commerce.drainOutbox()
    _ = try await stall.place(stall.bag(1, product: 0))
    #expect(try await commerce.drainOutbox().contains(.stock(shop.variant)))
  }

  @Test(arguments: Engine.allCases)
  func `a rush for lamps and bundles of them oversells neither`(engine: Engine) async throws {
    let shop = try await Shop(engine, units: 6)
    let (stall, bag) = (shop.stall, try await shop.bag())
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { _ = try await refusal { try await stall.place(bag) } } }
      for _ in 0..<8 { group.addTask { _ = try await refusal { try await stall.place(stall.bag(1, product: 1)) } } }
      try await group.waitForAll()
    }
    let (lamps, cups) = (try await stall.stock(0), try await stall.stock(1))
    #expect(lamps.available >= 0 && cups.available >= 0 && cups.available <= 1)
    let bundles = try await stall.number("SELECT COUNT(DISTINCT order_id) FROM order_line WHERE bundle_id IS NOT NULL")
    #expect(lamps.reserved == bundles)
    try await shop.audit()
  }

  static let tampering: [(SQL, String)] = [
    ("UPDATE stock SET on_hand = 1 WHERE variant_id IN (SELECT bundle_id FROM bundle_part)", "has stock of its own"),
    ("UPDATE bundle_part SET quantity = 3 WHERE quantity = 2", "make no whole number of it"),
    ("DELETE FROM bundle_part WHERE position = 1", "is not made of variants"),
    ("UPDATE stock SET is_part = 0", "is not made of variants"),
    ("UPDATE offer SET price_minor = price_minor + 1", "bundles come to"),
    (
      "UPDATE order_line SET bundle_id = variant_id WHERE bundle_id IS NOT NULL",
      "has parts of a bundle under another's offer"
    ),
  ]

  @Test(arguments: Engine.allCases, tampering.indices)
  func `an audit finds what does not add up in bundles`(engine: Engine, index: Int) async throws {
    let (sql, sentence) = Self.tampering[index]
    let shop = try await Shop(engine)
    _ = try await shop.stall.sell(shop.bag(2))
    try await shop.audit()
    try await shop.stall.run(sql)
    let report = try await shop.commerce.audit()
    #expect(report.differences.contains { $0.contains(sentence) }, "\(report.summary)")
  }

  @Test(arguments: Engine.allCases)
  func `others who watch are told of the bundle that was bought, not of its parts`(engine: Engine) async throws {
    let shop = try await Shop(engine)
    let show = try await shop.stall.liveShow()
    try await shop.commerce.putRun(by: shop.stall.owner, show: show, shop.stall.products + [shop.bundle.id])
    let bag = Bag(
      show: show, market: "IN",
      lines: [Bag.Line(offer: try await shop.offer(), quantity: 1), Bag.Line(offer: shop.stall.offers[2], quantity: 1)])
    let sold = try await shop.stall.sell(bag)
    let told = try await shop.commerce.toldPurchases(of: [sold.order.id])
    #expect(Set(told.map(\.product)) == [shop.bundle.id, shop.stall.products[2]] && told.count == 2)
    #expect(told.map(\.title).sorted() == ["Gift set", "Lamp"])
  }
}
