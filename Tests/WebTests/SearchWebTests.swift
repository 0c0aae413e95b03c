import Commerce
import Foundation
import TestKit
import Testing

/// Finding, and what search engines and shopping feeds read.
@Suite(.timeLimit(.minutes(2))) struct SearchWebTests {
  @Test func `shows and products are found by anybody, on a page and by programs`() async throws {
    try await RunningWeb.run { web in
      let found = try await web.until(
        { try await web.guest.get("/api/v1/search?q=lamps&market=IN").json },
        is: { (found: JSON) in !found["products"].array.isEmpty && !found["shows"].array.isEmpty })
      #expect(found["products"][0]["title"] == "Brass lamp" && found["shows"][0]["title"] == "Evening lamps")
      #expect(try await web.guest.get("/api/v1/search?q=\(String(repeating: "a", count: 500))").status == 422)
      #expect(try await web.guest.get("/api/v1/search").json["products"].array.isEmpty)
      let page = try await web.guest.get("/search?q=lamps&market=IN").text
      #expect(page.contains("/products/\(web.square.lamp.id)") && page.contains("/watch/\(web.square.show.id)"))
      #expect(page.contains("₹1,299"))
      let nothing = try await web.guest.get("/search?q=%3Cscript%3Ealert(1)%3C/script%3E").text
      #expect(nothing.contains("Nothing was found for “&lt;script&gt;") && !nothing.contains("<script>alert"))
      #expect(try await web.guest.get("/").text.contains(#"action="/search""#))
    }
  }

  @Test func `a product has a page that says where it is bought, and that machines can read`() async throws {
    try await RunningWeb.run { web in
      let title = "Lamp </script><script>alert(1)</script>"
      _ = try await web.owner.patch("/api/v1/products/\(web.square.lamp.id)", ["title": .string(title)])
      let page = try await web.guest.get("/products/\(web.square.lamp.id)?market=IN")
      #expect(page.status == 200 && page.text.contains("/watch/\(web.square.show.id)"))
      #expect(!page.text.contains("<script>alert"))
      let block = try #require(
        page.text.firstMatch(of: /<script type="application\/ld\+json">(?<data>.*?)<\/script>/)?.output.data)
      let data = try JSONDecoder().decode(JSON.self, from: Data(block.utf8))
      #expect(data["@type"] == "Product" && data["name"].string == title)
      let offer = data["offers"][0]
      #expect(offer["@type"] == "Offer" && offer["price"] == "1299.00" && offer["priceCurrency"] == "INR")
      #expect(offer["availability"] == "https://schema.org/InStock")
      #expect(offer["url"].string == "http://localhost:8080/products/\(web.square.lamp.id)")
      #expect(try await web.guest.get("/products/\(web.square.show.id)").status == 404)
      _ = try await web.square.commerce.admitChannel(
        web.square.channel.id, by: web.square.operator, as: .suspended, because: Verdict(.rules))
      #expect(try await web.guest.get("/products/\(web.square.lamp.id)").status == 404)
    }
  }

  @Test func `a seller's feed lists every variant that is sold in a market, as a merchant centre reads it`()
    async throws
  {
    try await RunningWeb.run { web in
      let commerce = web.square.commerce
      web.square.clock.advance(seconds: 1)
      _ = try await commerce.makeProduct(
        commerce.makeID(), by: web.square.owner, channel: web.square.channel.id,
        ProductDraft(
          title: "Scarf & <shawl>", options: ["Colour"],
          variants: [
            VariantDraft(
              sku: "S-1", optionValues: ["Red"], prices: ["IN": 90_000], compareAt: ["IN": 120_000], onHand: 0),
            VariantDraft(sku: "", optionValues: ["नीला"], prices: ["IN": 90_000], onHand: 3, grams: 350),
            VariantDraft(sku: "S-3", optionValues: ["Grey"], prices: ["US": 1_000], onHand: 3),
          ]))
      let feed = try await web.guest.get("/@\(web.square.channel.handle)/feed.xml?market=IN")
      #expect(feed.status == 200 && feed.header("content-type") == "application/xml; charset=utf-8")
      #expect(feed.text.hasPrefix("<?xml version=\"1.0\"") && feed.text.hasSuffix("</channel></rss>\n"))
      let items = feed.text.split(separator: "\n").filter { $0.hasPrefix("<item>") }
      #expect(items.count == 3, "the lamp and two of the scarves")
      let red = try #require(items.first { $0.contains("<g:color>Red</g:color>") })
      for part in [
        "<g:title>Scarf &amp; &lt;shawl&gt; · Red</g:title>", "<g:price>1200.00 INR</g:price>",
        "<g:sale_price>900.00 INR</g:sale_price>", "<g:availability>out_of_stock</g:availability>",
        "<g:mpn>S-1</g:mpn>",
        "<g:item_group_id>", "<g:country>IN</g:country>",
      ] { #expect(red.contains(part), "\(part)") }
      let blue = try #require(items.first { $0.contains("<g:color>नीला</g:color>") })
      #expect(blue.contains("<g:identifier_exists>no</g:identifier_exists>") && blue.contains("in_stock"))
      #expect(blue.contains("<g:shipping_weight>350 g</g:shipping_weight>") && !red.contains("shipping_weight"))
      #expect(try await web.guest.get("/@nobody/feed.xml").status == 404)
      #expect(try await web.guest.get("/@\(web.square.channel.handle)/feed.xml?market=XX").status == 404)
    }
  }
}
