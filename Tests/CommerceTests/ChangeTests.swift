import Store
import TestKit
import Testing

@testable import Commerce

/// Two people who change one thing at once.
@Suite struct ChangeTests {
  @Test(arguments: Engine.allCases)
  func `changes of different fields at once both stay`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, owner) = (square.commerce, square.owner)
    let (product, show, channel) = (square.lamp.id, square.show.id, square.channel.id)
    for round in 0..<5 {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try await commerce.changeProduct(product, by: owner, .init(title: "Lamp \(round)")) }
        group.addTask { _ = try await commerce.changeProduct(product, by: owner, .init(description: "Text \(round)")) }
        group.addTask { _ = try await commerce.changeShow(show, by: owner, .init(title: "Show \(round)")) }
        group.addTask { _ = try await commerce.changeShow(show, by: owner, .init(markets: ["IN"])) }
        group.addTask { _ = try await commerce.changeChannel(channel, by: owner, .init(name: "Lata \(round)")) }
        group.addTask { _ = try await commerce.changeChannel(channel, by: owner, .init(about: "About \(round)")) }
        try await group.waitForAll()
      }
      let (changed, held) = (
        try await commerce.product(product, by: owner), try await commerce.channel(channel, by: owner)
      )
      #expect(changed.title == "Lamp \(round)" && changed.description == "Text \(round)")
      #expect(held.name == "Lata \(round)" && held.about == "About \(round)" && held.handle == "lamps")
      #expect(try await commerce.show(show).title == "Show \(round)")
      #expect(try await commerce.show(show).markets == ["IN"])
    }
    let lamp = try await commerce.product(product, by: owner)
    #expect(lamp.variants == square.lamp.variants, "prices and stock are as they were")
  }

  @Test(arguments: Engine.allCases)
  func `a change of what somebody else has changed since is refused, and changes nothing`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, owner) = (square.commerce, square.owner)
    let seen = square.lamp.revision
    var variant = VariantDraft(id: square.lampVariant, sku: "LAMP-1", prices: ["IN": 99_900, "US": 2999])
    let changed = try await commerce.changeProduct(
      square.lamp.id, by: owner, .init(variants: [variant]), seen: seen)
    #expect(changed.revision != seen)
    variant.prices["IN"] = 1
    await #expect(throws: ChangedMeanwhile(what: "product")) {
      try await commerce.changeProduct(square.lamp.id, by: owner, .init(variants: [variant]), seen: seen)
    }
    #expect(try await commerce.product(square.lamp.id, by: owner) == changed)
    #expect(
      try await commerce.changeProduct(square.lamp.id, by: owner, .init(title: "Oil lamp"), seen: changed.revision)
        .title
        == "Oil lamp")

    _ = try await commerce.changeShow(square.show.id, by: owner, .init(title: "Other"))
    await #expect(throws: ChangedMeanwhile(what: "show")) {
      try await commerce.changeShow(square.show.id, by: owner, .init(title: "Mine"), seen: square.show.revision)
    }
    _ = try await commerce.changeChannel(square.channel.id, by: owner, .init(about: "New"))
    await #expect(throws: ChangedMeanwhile(what: "channel")) {
      try await commerce.changeChannel(
        square.channel.id, by: owner, .init(name: "Mine"), seen: square.channel.revision)
    }
  }

  @Test(arguments: Engine.allCases)
  func `a sale is no change of what people edit`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    try await square.commerce.setStock(by: square.owner, variant: square.lampVariant, onHand: 3)
    let lamp = try await square.commerce.product(square.lamp.id, by: square.owner)
    #expect(lamp != square.lamp && lamp.revision == square.lamp.revision)
  }

  @Test func `a revision is read back as it was written, and nothing else is one`() throws {
    let revision = Revision(["a", "bc"])
    #expect(Revision(revision.description) == revision)
    #expect(Revision(["ab", "c"]) != revision)
    for wrong in ["", "*", "x", String(repeating: "g", count: 32), revision.description + "0"] {
      #expect(Revision(wrong) == nil, "\(wrong)")
    }
  }
}
