import Commerce
import Foundation
import TestKit
import Testing

private typealias JSON = TestKit.JSON

/// Bundles over HTTP: the API, the studio's form, the product's page and an order.
@Suite(.timeLimit(.minutes(3))) struct BundleWebTests {
  private static let form = ["Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"]

  /// A second thing to put into a bundle with the lamp.
  private static func cup(_ web: RunningWeb) async throws -> String {
    let owner = try await web.owner
    let cup = try await owner.post(
      "/api/v1/channels/lamps/products",
      ["title": "Cup", "variants": [["sku": "CUP", "prices": ["IN": 30_000], "onHand": 9]]])
    #expect(cup.status == 201, "\(cup.text)")
    return cup.json["variants"][0]["id"].string ?? ""
  }

  @Test func `a bundle is made, quoted as one line and ordered by its parts`() async throws {
    try await RunningWeb.run { web in
      let (owner, cup) = (try await web.owner, try await Self.cup(web))
      let bundles = "/api/v1/channels/lamps/bundles"
      let draft: JSON = [
        "title": "Tea at night", "prices": ["IN": 150_001],
        "parts": [["variant": "\(web.square.lampVariant)", "quantity": 1], ["variant": .string(cup), "quantity": 2]],
      ]
      #expect(try await web.guest.post(bundles, draft).status == 401)
      let made = try await owner.post(bundles, draft)
      #expect(made.status == 201 && made.json["variants"][0]["isBundle"] == true, "\(made.text)")
      let (id, variant) = (made.json["id"].string ?? "", made.json["variants"][0]["id"].string ?? "")
      let dear = try await owner.patch("/api/v1/variants/\(variant)", ["prices": ["IN": 189_900]])
      #expect(dear.status == 422 && dear.code == "bundle_not_below" && dear.json["field"] == "prices")
      #expect(try await owner.put("/api/v1/variants/\(variant)/stock", ["onHand": 3]).code == "bundle_no_stock")
      let show = "/api/v1/shows/\(web.square.show.id)"
      let run = try await owner.put("\(show)/run", ["products": [.string(id), "\(web.square.lamp.id)"]])
      #expect(run.status < 300, "\(run.text)")
      let card = try await web.guest.get("\(show)/products?market=IN").json["items"].array
        .first { $0["id"].string == id }
      let choice = try #require(card)["variants"][0]
      #expect(choice["available"] == 4 && choice["offer"]["compareAt"]["minor"] == 189_900)
      #expect(choice["parts"].array.count == 2 && choice["parts"][1]["quantity"] == 2)
      let lines: JSON = [["offer": choice["offer"]["id"], "quantity": 2]]
      let quote = try await web.guest.post("/api/v1/quotes", ["market": "IN", "lines": lines])
      #expect(quote.json["lines"].array.count == 1 && quote.json["subtotal"]["minor"] == 300_002, "\(quote.text)")
      #expect(quote.json["lines"][0]["variant"].string == variant && quote.json["lines"][0]["quantity"] == 2)
      let parts = quote.json["lines"][0]["parts"].array
      #expect(parts.count == 3 || parts.count == 2, "\(quote.text)")
      let buyer = web.order(offer: "")["buyer"]
      let placed = try await web.guest.post(
        "/api/v1/orders", ["market": "IN", "lines": lines, "buyer": buyer], headers: ["Idempotency-Key": "one"])
      #expect(placed.status == 201, "\(placed.text)")
      let ordered = placed.json["order"]["lines"].array
      #expect(ordered.count == parts.count && ordered.allSatisfy { $0["bundle"].string == variant })
      let token = placed.json["accessToken"].string ?? ""
      let seen = try await web.guest.get(
        "/api/v1/orders/\(placed.json["order"]["id"].string ?? "")", headers: ["Order-Token": token])
      #expect(seen.json["lines"] == placed.json["order"]["lines"])
      #expect(try await web.guest.get("/api/v1/products/\(id)").status == 401)
      #expect(try await web.square.commerce.audit().differences == [])
    }
  }

  @Test func `the studio makes one by SKU, and its pages say what is in it`() async throws {
    try await RunningWeb.run { web in
      _ = try await Self.cup(web)
      let owner = try await web.owner
      let page = "/studio/lamps/bundles/new"
      let empty = try await owner.get(page, headers: Self.form)
      #expect(empty.text.contains("list=\"skus\"") && empty.text.contains("LAMP-1"))
      let more = try await owner.send(
        "POST", page, headers: Self.form, body: Array("do=more&title=Tea&p0.sku=CUP".utf8))
      #expect(more.status == 200 && more.text.contains("p3.sku") && more.text.contains("value=\"Tea\""))
      let wrong = try await owner.send(
        "POST", page, headers: Self.form, body: Array("title=Tea&p0.sku=CUP&p1.sku=NONE&price.IN=100".utf8))
      #expect(wrong.status == 422 && wrong.text.contains("role=\"alert\""))
      let made = try await owner.send(
        "POST", page, headers: Self.form,
        body: Array("title=Tea&p0.sku=LAMP-1&p0.quantity=1&p1.sku=CUP&p1.quantity=2&price.IN=1500".utf8))
      #expect(made.status == 303, "\(made.text)")
      let editor = (made.header("location") ?? "").replacing("?saved=yes", with: "")
      let edit = try await owner.get(editor, headers: Self.form)
      #expect(edit.text.contains("2 × Cup") && !edit.text.contains("v0.onHand\" name"))
      let id = editor.split(separator: "/").last.map(String.init) ?? ""
      let shop = try await web.guest.get("/products/\(id)?market=IN", headers: Self.form)
      #expect(shop.text.contains("2 × Cup") && shop.text.contains("₹1,500") && shop.text.contains("₹1,899"))
      #expect(try await owner.get("/studio/lamps?tab=products", headers: Self.form).text.contains(">Bundle<"))
      #expect(try await web.stranger.get(page, headers: Self.form).status == 404)
    }
  }
}
