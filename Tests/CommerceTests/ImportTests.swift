@testable import Commerce
import Store
import TestKit
import Testing

@Suite struct ImportTests {
  /// The older names of the columns, with continuation rows, a quoted field over lines, and a row of a picture alone.
  private static let older = """
    Handle,Title,Body (HTML),Vendor,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,\
    Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src,Gift Card,Status
    kurta,Block-print kurta,"<p>Hand-printed, ""indigo"" cotton.</p>
    <ul><li>Wash cold</li><li>Dry &amp; iron</li></ul>",Neela,TRUE,Size,S,Colour,Indigo,KU-S,5,1499.00,1999.00,https://cdn.example/1.jpg,false,active
    kurta,,,,,,M,,Indigo,KU-M,0,1499.50,,https://cdn.example/2.jpg,,
    kurta,,,,,,,,,,,,,https://cdn.example/3.jpg,,
    diya,Clay diya,Plain text,Neela,TRUE,Title,Default Title,,,,12,49,49,,false,active
    """

  private static let newer = """
    Title,URL handle,Description,Published on online store,Status,SKU,Option1 name,Option1 value,Price,\
    Compare-at price,Inventory quantity,Product image URL,Gift card
    Clay diya,diya,Plain text,TRUE,Active,DI-1,,,59.00,,20,https://cdn.example/d.jpg,FALSE
    Brass bell,bell,,TRUE,Active,BE-1,Size,Small,250,300,3,,FALSE
    ,bell,,,,BE-2,,Large,350,,1,,
    """

  private func importing(_ text: String, _ square: MarketSquare) async throws -> ImportReport {
    try await square.commerce.importProducts(
      by: square.owner, channel: square.channel.id, csv: Array(text.utf8), market: "IN")
  }

  private func products(_ square: MarketSquare) async throws -> [String: Product] {
    let page = try await square.commerce.products(of: square.channel.id, by: square.owner, limit: 100)
    return Dictionary(page.items.map { ($0.title, $0) }) { $1 }
  }

  @Test(arguments: Engine.allCases)
  func `both generations of the file are read, and the second import changes what the first made`(
    engine: Engine
  ) async throws {
    let square = try await MarketSquare(engine)
    let first = try await importing("\u{FEFF}" + Self.older.replacing("\n", with: "\r\n"), square)
    #expect(first.made == 2)
    #expect(first.refused.isEmpty)
    let kurta = try #require(try await products(square)["Block-print kurta"])
    #expect(first.pictures.map(\.address) == (1...3).map { "https://cdn.example/\($0).jpg" })
    #expect(first.pictures.allSatisfy { $0.product == kurta.id && $0.handle == "kurta" })
    #expect(kurta.description == "Hand-printed, \"indigo\" cotton.\n\nWash cold\n\nDry & iron")
    #expect(kurta.options == ["Size", "Colour"])
    #expect(kurta.variants.map(\.title) == ["S / Indigo", "M / Indigo"])
    #expect(kurta.variants.map(\.sku) == ["KU-S", "KU-M"])
    #expect(kurta.variants.map { $0.prices["IN"]?.minor } == [149_900, 149_950])
    #expect(kurta.variants.map { $0.compareAt["IN"]?.minor } == [199_900, nil])
    #expect(kurta.variants.map(\.onHand) == [5, 0])
    let diya = try #require(try await products(square)["Clay diya"])
    #expect(diya.options.isEmpty)
    #expect(diya.variants.map(\.onHand) == [12])
    #expect(diya.variants[0].compareAt.isEmpty, "a comparison that is not above the price says nothing")

    let second = try await importing(Self.newer, square)
    #expect((second.made, second.changed, second.refused.count) == (1, 1, 0))
    let changed = try #require(try await products(square)["Clay diya"])
    #expect(changed.id == diya.id)
    #expect(changed.variants.map(\.id) == diya.variants.map(\.id))
    #expect(changed.variants[0].prices["IN"]?.minor == 5900)
    #expect(changed.variants[0].onHand == 20)
    let bell = try #require(try await products(square)["Brass bell"])
    #expect(bell.variants.map(\.title) == ["Small", "Large"])
    let third = try await importing(Self.newer, square)
    #expect((third.made, third.changed, third.refused.count) == (0, 2, 0))
    #expect(try await square.commerce.audit().differences.isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `an import in one market leaves the prices of the others`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    _ = try await importing(Self.newer, square)
    _ = try await square.commerce.importProducts(
      by: square.owner, channel: square.channel.id, csv: Array(Self.newer.utf8), market: "US")
    let diya = try #require(try await products(square)["Clay diya"])
    #expect(diya.variants[0].prices.mapValues(\.minor) == ["IN": 5900, "US": 5900])
    #expect(diya.variants[0].prices["US"]?.currency == square.america.currency)
  }

  @Test(arguments: Engine.allCases)
  func `what is refused is named with its line and why, and the rest is imported`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let report = try await importing(
      """
      Handle,Title,Option1 Name,Option1 Value,Variant Price,Variant Inventory Qty,Gift Card,Published
      good,Good,,,10.00,-4,,true
      free,Free,,,0.00,1,,true
      fine,Too fine,,,10.005,1,,true
      words,Words,,,ten,1,,true
      none,No price,,,,1,,true
      many,"Line
      end",Size,S,10,1,,true
      many,,,M,10,a few,,
      twice,Twice,Size,S,10,1,,true
      twice,,,S,10,1,,
      nameless,,,,10,1,,true
      card,Gift,,,10,1,TRUE,true
      hidden,Hidden,,,10,1,,false
      last,Last,,,1e3,1,,true
      """, square)
    #expect(report.made == 1)
    #expect(
      report.refused.map { "\($0.line) \($0.handle): \($0.why)" } == [
        "3 free: “0.00” is not a price in INR, like 1299.00.",
        "4 fine: “10.005” is not a price in INR, like 1299.00.",
        "5 words: “ten” is not a price in INR, like 1299.00.",
        "6 none: It has no price.",
        "9 many: “a few” is not a number of units.",
        "11 twice: “variants[1].optionValues” is the same choice as another.",
        "12 nameless: It has no title.",
        "13 card: It is a gift card, which cannot be sold here.",
        "14 hidden: It is not published.",
        "15 last: “1e3” is not a price in INR, like 1299.00.",
      ])
    #expect(try await products(square)["Good"]?.variants.map(\.onHand) == [0], "below nothing is nothing")
  }

  @Test func `a file that cannot be read is refused whole`() async throws {
    var policy = MarketSquare.policy
    policy.importBytesMax = 1000
    policy.importRowsMax = 4
    policy.importProductsMax = 3
    let square = try await MarketSquare(.sqlite, policy: policy)
    func refusal(_ bytes: [UInt8]) async -> CSVRefusal? {
      await #expect(throws: CSVRefusal.self) {
        try await square.commerce.importProducts(
          by: square.owner, channel: square.channel.id, csv: bytes, market: "IN")
      }
    }
    let head = "Handle,Title,Variant Price\n"
    #expect(await refusal([]) == .noColumn("Title"))
    #expect(await refusal(Array("Title\nLamp\n".utf8)) == .noColumn("Price"))
    #expect(await refusal(Array((head + "a,\"b,1\n").utf8)) == .quoteOpen(line: 2))
    #expect(await refusal(Array(head.utf8) + [0x61, 0x2C, 0xE9, 0x2C, 0x31]) == .notUTF8(line: 2))
    #expect(await refusal(Array(repeating: 0x41, count: 1001)) == .tooLarge(limit: 1000))
    #expect(await refusal(Array((head + "a,A,1\na,,2\na,,3\na,,4\na,,5\n").utf8)) == .tooManyRows(limit: 4))
    #expect(await refusal(Array((head + "a,A,1\nb,B,2\nc,C,3\nd,D,4\n").utf8)) == .tooManyProducts(limit: 3))
    #expect(try await products(square).count == 1)
  }

  @Test func `records are read as RFC 4180 has them`() throws {
    func fields(_ text: String) throws -> [[String]] {
      try CSV.records(of: Array(text.utf8), rowsMax: 10).map(\.fields)
    }
    #expect(try fields("a,b\r\nc,d\re,f\ng,h") == [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]])
    #expect(try fields("\"a,\"\"b\"\"\",\"\",c\n") == [["a,\"b\"", "", "c"]])
    #expect(try fields("a,\n\n,b\n") == [["a", ""], ["", "b"]])
    #expect(try fields("\"one\r\ntwo\",x\n5\",y") == [["one\r\ntwo", "x"], ["5\"", "y"]])
    #expect(try CSV.records(of: Array("\"a\nb\"\nc".utf8), rowsMax: 10).map(\.line) == [1, 3])
  }

  @Test(arguments: [
    ("plain", "plain"), ("3 < 4 & 5 > 2", "3 < 4 & 5 > 2"),
    ("<p>One</p><p>Two</p>", "One\n\nTwo"), ("a<br>b<BR/>c", "a\nb\nc"),
    ("<script>alert(1)</script>after", "after"), ("<b onclick=\"x\">bold</b>", "bold"),
    ("two  blanks &amp; an\n\n\nempty line", "two  blanks & an\n\n\nempty line"),
    ("&lt;b&gt; &amp;amp; &#8377;5 &#x20B9;6 &nope; &#99999999;", "<b> &amp; ₹5 ₹6 &nope; &#99999999;"),
    ("<!-- note -->x", "x"), ("unclosed <p", "unclosed <p"), ("<style>p{}", ""),
  ])
  func `markup becomes the text a person reads`(html: String, text: String) {
    #expect(PlainText.of(html: html) == text)
  }

  @Test(
    arguments: [
      ("1299.00", 2, 129_900), ("12.5", 2, 1250), ("0.01", 2, 1), ("7", 0, 7), ("7.00", 0, 7), ("1.234", 3, 1234),
      ("7.5", 0, nil), ("1.005", 2, nil), ("", 2, nil), (".5", 2, nil), ("-1", 2, nil), ("+1", 2, nil), ("1,5", 2, nil),
      ("1.2.3", 2, nil), ("٣", 2, nil), ("99999999999999", 2, nil), ("10000000000.01", 2, nil),
      ("10000000000.00", 2, 1_000_000_000_000),
    ] as [(String, Int, Int64?)])
  func `a decimal number becomes minor units without a fraction in between`(
    text: String, digits: Int, minor: Int64?
  ) {
    #expect(Money.minor(text, fractionDigits: digits) == minor)
  }
}
