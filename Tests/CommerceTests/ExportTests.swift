import Commerce
import Store
import TestKit
import Testing

@Suite struct ExportTests {
  @Test(arguments: Engine.allCases)
  func `a catalogue that is exported, imported elsewhere and exported again is the same file`(
    engine: Engine
  ) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce, owner = square.owner
    _ = try await commerce.makeProduct(
      commerce.makeID(), by: owner, channel: square.channel.id,
      ProductDraft(
        title: "पीतल का दीया, \"big\"", description: "3 < 4 & <b> is  text &amp; stays.\n\n\nThree lines later,",
        category: "Home & Garden > \"Lamps\", brass",
        options: ["Size", "Colour"],
        variants: [
          VariantDraft(sku: "D-1", optionValues: ["S", "Red"], prices: ["IN": 12_345], onHand: 3),
          VariantDraft(
            optionValues: ["M", "Blue, dark"], prices: ["IN": 9900, "US": 300], compareAt: ["IN": 10_000], onHand: 0),
        ]))
    for _ in 0..<2 {
      _ = try await commerce.makeProduct(
        commerce.makeID(), by: owner, channel: square.channel.id,
        ProductDraft(title: "Brass lamp", variants: [VariantDraft(prices: ["IN": 100])]))
    }
    let file = try await commerce.exportProducts(of: square.channel.id, by: owner, market: "IN")
    let other = try await commerce.makeChannel(
      commerce.makeID(), by: owner, ChannelDraft(handle: "empty", name: "Empty", market: "IN"))
    let report = try await commerce.importProducts(by: owner, channel: other.id, csv: file, market: "IN")
    #expect(report.made == 4 && report.refused.isEmpty, "\(report.refused)")
    let again = try await commerce.exportProducts(of: other.id, by: owner, market: "IN")
    #expect(String(decoding: again, as: UTF8.self) == String(decoding: file, as: UTF8.self))

    // And where it came from, it changes nothing.
    let job = try await commerce.startImport(
      commerce.makeID(), by: owner, channel: square.channel.id, csv: file, market: "IN")
    while try await commerce.workImport() {}
    let checked = try await commerce.importJob(job.id, by: owner)
    #expect(checked.counts == [.new: 0, .changed: 0, .unchanged: 4, .refused: 0])
    let stranger = try await square.person("Stranger")
    await #expect(throws: GeneralRefusal.notFound("channel")) {
      _ = try await commerce.exportProducts(of: square.channel.id, by: stranger, market: "IN")
    }
  }

  @Test(arguments: Engine.allCases)
  func `two people who change the prices of different variants lose nothing of each other's`(
    engine: Engine
  ) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce, owner = square.owner
    let cup = try await commerce.makeProduct(
      commerce.makeID(), by: owner, channel: square.channel.id,
      ProductDraft(
        title: "Cup", options: ["Size"],
        variants: (0..<8).map { VariantDraft(optionValues: ["\($0)"], prices: ["IN": 100, "US": 5]) }))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (place, variant) in cup.variants.enumerated() {
        group.addTask {
          _ = try await commerce.changeVariant(
            variant.id, by: owner, VariantChange(prices: ["IN": 1000 + Int64(place)]))
        }
        group.addTask { _ = try await commerce.changeVariant(variant.id, by: owner, VariantChange(prices: ["US": 0])) }
      }
      try await group.waitForAll()
    }
    let after = try await commerce.product(cup.id, by: owner)
    #expect(after.variants.map { $0.prices.mapValues(\.minor) } == (0..<8).map { ["IN": 1000 + Int64($0)] })
    await #expect(throws: ChangedMeanwhile.self) {
      _ = try await commerce.changeVariant(
        cup.variants[0].id, by: owner, VariantChange(sku: "C-0"), seen: cup.revision)
    }
    let stranger = try await square.person("Stranger")
    await #expect(throws: GeneralRefusal.notFound("variant")) {
      _ = try await commerce.changeVariant(cup.variants[0].id, by: stranger, VariantChange(sku: "C-0"))
    }
  }
}
