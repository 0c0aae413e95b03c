import Store
import TestKit
import Testing

@testable import Commerce

/// Finding products and shows, in English and Hindi.
@Suite struct SearchTests {
  @Test(arguments: [
    ("Lamps", ["lamp"]), ("Brass LAMP, 38cm!", ["brass", "lamp", "38cm"]),
    ("dishes boxes candies", ["dish", "box", "candy"]),
    ("glass bus this", ["glass", "bus", "this"]), ("Étoile naïve", ["etoile", "naive"]), ("ﬁne", ["fine"]),
    // With and without nukta, chandrabindu and anusvara, joiners.
    ("क़मीज़", ["कमीज"]), ("कमीज", ["कमीज"]), ("चाँदी चांदी", ["चांद", "चांद"]), ("क्\u{200d}षमा", ["क्षम"]),
    // दीया, दीये, दीयों are one word.
    ("दीया दीये दीयों", ["दीय", "दीय", "दीय"]), ("साड़ी साड़ियाँ साड़ियों", ["साड", "साड", "साड"]), ("", []), ("—!?", []),
  ])
  func `words are found however they are written`(text: String, words: [String]) {
    #expect(SearchWords.of(text) == words)
  }

  @Test func `a word of any length has its bound, and keeps whole letters`() {
    let word = SearchWords.of(String(repeating: "ळ", count: 100))
    #expect(word.count == 1 && word[0].utf8.count <= SearchWords.bytesMax && word[0].utf8.count.isMultiple(of: 3))
  }

  @Test(arguments: Engine.allCases)
  func `products are found by all their words, the best first, and by nothing else`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    func make(_ title: String, _ description: String = "", sku: String = "", market: String = "IN") async throws {
      square.clock.advance(seconds: 1)
      _ = try await square.commerce.makeProduct(
        square.commerce.makeID(), by: square.owner, channel: square.channel.id,
        ProductDraft(
          title: title, description: description, variants: [VariantDraft(sku: sku, prices: [market: 100], onHand: 1)]))
    }
    // The seller's name has a lamp in it, and so everything would be found by that.
    _ = try await square.commerce.changeChannel(square.channel.id, by: square.owner, ChannelChange(name: "Asha"))
    try await make("Copper bowl", "Goes well with a brass lamp.", sku: "BWL-77")
    try await make("पीतल का दीया", "हाथ से बना")
    try await make("Lampshade", "Paper")
    try await make("Elsewhere lamp", market: "US")
    #expect(try await square.commerce.indexWords() >= 5)
    #expect(try await square.commerce.indexWords() == 0, "everything is read")
    func titles(_ text: String) async throws -> [String] {
      try await square.commerce.search(text, market: "IN").products.map(\.title)
    }
    // A whole word in a title, its beginning there, a word in a description.
    #expect(try await titles("lamps") == ["Brass lamp", "Lampshade", "Copper bowl"])
    #expect(try await titles("brass LAM") == ["Brass lamp", "Copper bowl"])
    #expect(try await titles("bwl 77") == ["Copper bowl"])
    #expect(try await titles("दीये") == ["पीतल का दीया"])
    #expect(try await titles("पीतल बना") == ["पीतल का दीया"])
    for nothing in ["", "%", "lamp xyzzy", "l", "' OR 1=1 --"] {
      #expect(try await titles(nothing).isEmpty, "\(nothing)")
    }
    #expect(try await square.commerce.search("lamp", market: "US").products.map(\.title).contains("Elsewhere lamp"))
    #expect(
      try await refusal { try await square.commerce.search(String(repeating: "a", count: 401), market: "IN") }
        == "invalid")
  }

  @Test(arguments: Engine.allCases)
  func `what is changed is found as it is now, and what is not to be seen is not found`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    try await commerce.indexWords()
    #expect(try await commerce.search("evening", market: "IN").shows.map(\.id) == [square.show.id])
    _ = try await commerce.changeShow(square.show.id, by: square.owner, ShowChange(title: "Morning bowls"))
    _ = try await commerce.changeProduct(square.lamp.id, by: square.owner, ProductChange(title: "Silver lantern"))
    try await commerce.indexWords()
    #expect(try await commerce.search("evening", market: "IN").isEmpty)
    #expect(try await commerce.search("bowl", market: "IN").shows.count == 1)
    #expect(try await commerce.search("brass", market: "IN").products.isEmpty)
    #expect(try await commerce.search("lantern", market: "IN").products.count == 1)
    #expect(try await commerce.shows(selling: square.lamp.id).map(\.id) == [square.show.id])
    _ = try await commerce.changeChannel(square.channel.id, by: square.owner, ChannelChange(name: "Zephyr"))
    try await commerce.indexWords()
    #expect(try await commerce.search("zephyr", market: "IN").products.count == 1)
    _ = try await commerce.admitChannel(
      square.channel.id, by: square.operator, as: .suspended, because: Verdict(.rules))
    #expect(try await commerce.search("zephyr", market: "IN").isEmpty)
    #expect(try await commerce.shows(selling: square.lamp.id).isEmpty)
  }
}
