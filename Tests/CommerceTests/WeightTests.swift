import Store
import TestKit
import Testing

@testable import Commerce

/// What a variant weighs, and what its parcel costs by that.
@Suite struct WeightTests {
  /// A stall whose parcels cost ₹49 up to 500 g, ₹99 up to 2 kg, nothing from ₹2,000, and are no heavier than that.
  private func stall(_ engine: Engine, prices: [Int64] = [10_000], grams: [Int64] = [300]) async throws -> Stall {
    let stall = try await Stall(engine, prices: prices)
    try await stall.run("UPDATE account SET is_operator = 1")
    var india = try await stall.commerce.market("IN")
    india.shippingTable = ShippingTable([.init(upToGrams: 500, minor: 4900), .init(upToGrams: 2_000, minor: 9900)])
    try await stall.commerce.putMarket(by: stall.owner, india)
    #expect(try await stall.commerce.market("IN").shippingTable == india.shippingTable)
    for (variant, grams) in zip(stall.variants, grams) {
      _ = try await stall.commerce.changeVariant(variant, by: stall.owner, VariantChange(grams: grams))
    }
    return stall
  }

  @Test(arguments: Engine.allCases)
  func `a parcel costs by what is in it, and an order keeps what its units weighed`(engine: Engine) async throws {
    let stall = try await stall(engine, prices: [10_000, 90_000], grams: [300, 2_000])
    let quote = { bag in try await stall.commerce.quote(bag).shipping.minor }
    #expect(try await quote(stall.bag(1)) == 4900)
    #expect(try await quote(stall.bag(2)) == 9900)
    #expect(try await quote(stall.bag(1, product: 1)) == 9900, "as heavy as the last step says is not too heavy")
    let order = try await stall.sell(stall.bag(2)).order
    #expect(order.lines.map(\.grams) == [300] && order.shipping.minor == 9900 && order.total.minor == 29_900)
    _ = try await stall.commerce.changeVariant(stall.variants[0], by: stall.owner, VariantChange(grams: 501))
    #expect(try await quote(stall.bag(1)) == 9900)
    #expect(try await stall.commerce.order(order.id, by: stall.owner).lines.map(\.grams) == [300])
    #expect(try await stall.commerce.audit().differences == [])
  }

  @Test(arguments: Engine.allCases)
  func `a parcel that is too heavy is refused before anybody pays, by the name of what weighs most`(
    engine: Engine
  ) async throws {
    let stall = try await stall(engine, prices: [10_000, 150_000, 500_000], grams: [300, 1_001, 2_001])
    try await stall.run("UPDATE product SET title = 'Anvil' WHERE id = \(stall.products[1])")
    let heavy = Bag(show: nil, market: "IN", lines: stall.bag(4).lines + stall.bag(product: 1).lines)
    let named = BagRefusal.tooHeavy(title: "Lamp", grams: 2_201, limit: 2_000, ofUnit: false)
    await #expect(throws: named) { try await stall.commerce.quote(heavy) }
    await #expect(throws: named) { try await stall.place(heavy) }
    await #expect(throws: BagRefusal.tooHeavy(title: "Anvil", grams: 2_002, limit: 2_000, ofUnit: false)) {
      // However much it costs: free shipping carries nothing heavier.
      try await stall.commerce.quote(stall.bag(2, product: 1))
    }
    await #expect(throws: BagRefusal.tooHeavy(title: "Lamp", grams: 2_001, limit: 2_000, ofUnit: true)) {
      try await stall.commerce.quote(stall.bag(product: 2))
    }
    #expect(named.sentence == "The parcel would weigh 2.201 kg, and may weigh 2 kg. Order less of “Lamp”, or in parts.")
    #expect(try await stall.commerce.quote(stall.bag(1, product: 1)).shipping.minor == 9900)
    #expect(try await stall.stock().reserved == 0)
  }

  @Test(arguments: Engine.allCases)
  func `each seller's parcel is weighed apart, and what nobody weighed goes by the first step`(
    engine: Engine
  ) async throws {
    let stall = try await stall(engine, prices: [10_000, 10_000, 10_000], grams: [1_500, 1_500, 0])
    try await stall.split(off: [1])
    let bag = Bag(
      show: nil, market: "IN", lines: stall.offers.map { Bag.Line(offer: $0, quantity: 1) })
    let quote = try await stall.commerce.quote(bag)
    #expect(quote.sellers.map(\.shipping.minor) == [9900, 9900])
    #expect(try await stall.commerce.quote(stall.bag(9, product: 2)).shipping.minor == 4900)
  }

  @Test(arguments: Engine.allCases)
  func `a table goes from light to heavy, and a weight has a limit`(engine: Engine) async throws {
    let stall = try await stall(engine)
    let commerce = stall.commerce
    let wrong: [[ShippingTable.Step]] = [
      [.init(upToGrams: 0, minor: 1)], [.init(upToGrams: 1_000_001, minor: 1)], [.init(upToGrams: 5, minor: -1)],
      [.init(upToGrams: 500, minor: 1), .init(upToGrams: 500, minor: 2)],
      [.init(upToGrams: 500, minor: 1), .init(upToGrams: 400, minor: 2)],
      (1...21).map { .init(upToGrams: $0, minor: $0) },
    ]
    for steps in wrong {
      var india = try await commerce.market("IN")
      india.shippingTable = ShippingTable(steps)
      #expect(try await refusal { try await commerce.putMarket(by: stall.owner, india) } == "invalid", "\(steps)")
    }
    var india = try await commerce.market("IN")
    india.shippingTable = .flat
    try await commerce.putMarket(by: stall.owner, india)
    #expect(try await commerce.quote(stall.bag(9)).shipping.minor == 4900)
    for grams in [-1, 1_000_001] as [Int64] {
      let code = try await refusal {
        try await commerce.changeVariant(stall.variants[0], by: stall.owner, VariantChange(grams: grams))
      }
      #expect(code == "invalid")
    }
    let product = try await commerce.product(stall.products[0], by: stall.owner)
    #expect(product.variants[0].grams == 300)
    // Whoever mends the title knows nothing of the weight.
    let mended = try await commerce.changeProduct(product.id, by: stall.owner, ProductChange(title: "Lamp, mended"))
    #expect(mended.variants[0].grams == 300)
    #expect(Weight.text(999) == "999 g" && Weight.text(1_050) == "1.05 kg" && Weight.text(20_000) == "20 kg")
  }

  @Test(arguments: Engine.allCases)
  func `weights come and go with a product file, in both spellings`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    func importing(_ text: String) async throws -> ImportReport {
      try await commerce.importProducts(
        by: square.owner, channel: square.channel.id, csv: Array(text.utf8), market: "IN")
    }
    func grams(_ title: String) async throws -> Int64? {
      try await commerce.products(of: square.channel.id, by: square.owner, limit: 100).items
        .first { $0.title == title }?.variants[0].grams
    }
    let older = try await importing("Handle,Title,Variant Price,Variant Grams\nbell,Bell,250,750\ncup,Cup,99,0.4996")
    #expect(older.made == 1)
    #expect(older.refused.map(\.code) == ["not_a_weight"] && older.refused[0].value == "0.4996")
    #expect(try await grams("Bell") == 750)
    let newer = try await importing("Title,URL handle,Price,Weight value (grams)\nBell,bell,250,1050.5\nCup,cup,99,")
    #expect(newer.refused.isEmpty)
    #expect(try await (grams("Bell"), grams("Cup")) == (1_051, 0))
    _ = try await importing("Title,URL handle,Price\nBell,bell,260")
    #expect(try await grams("Bell") == 1_051, "a file without the column says nothing of it")
    let file = try await commerce.exportProducts(of: square.channel.id, by: square.owner, market: "IN")
    #expect(String(decoding: file, as: UTF8.self).contains(",deny,1051,g,"))
  }

  @Test(arguments: Engine.allCases)
  func `nothing is auctioned that cannot be sent, and bidders are told the shipping of its weight`(
    engine: Engine
  ) async throws {
    let room = try await AuctionTests.Room(engine)
    let stall = room.stall
    try await stall.run("UPDATE market SET shipping_table = '500:4900,2000:9900'")
    try await stall.run("UPDATE variant SET weight_grams = 2001")
    await #expect(throws: BagRefusal.tooHeavy(title: "Lamp", grams: 2_001, limit: 2_000, ofUnit: true)) {
      try await room.open()
    }
    try await stall.run("UPDATE variant SET weight_grams = 800")
    try await room.open()
    let asha = try await room.bidder("Asha Kumar")
    #expect(try await room.standing(asha).shipping.minor == 9900)
    try await room.bid(600, by: asha)
    try await room.end()
    let order = try await #require(room.orders(of: asha).first)
    #expect(order.shipping.minor == 9900 && order.lines[0].grams == 800 && order.total.minor == 500_00 + 9900)
    try await room.audit()
  }
}
