import Commerce
import Foundation
import TestKit
import Testing

private typealias JSON = TestKit.JSON

/// In a creator's show a viewer puts two sellers' products into one bag, and pays once.
@Suite(.timeLimit(.minutes(2))) struct PurchaseWebTests {
  @Test func `a bag of two sellers is quoted, ordered and paid at once, and each order's page names the other`()
    async throws
  {
    try await RunningWeb.run { web in
      let show = try await Self.fair(web)
      let cards = try await web.guest.get("/api/v1/shows/\(show)/products?market=IN").json["items"].array
      let lines = cards.map { card -> JSON in
        ["offer": .string(card["variants"][0]["offer"]["id"].string ?? ""), "quantity": 1]
      }
      #expect(lines.count == 2)
      let quote = try await web.guest.post(
        "/api/v1/quotes", ["show": .string(show), "market": "IN", "lines": .array(lines)])
      #expect(quote.json["sellers"].array.map { $0["name"].string } == [web.square.channel.name, "Meera"])
      #expect(quote.json["lines"].array.count == 2)
      let alone = try await web.guest.post(
        "/api/v1/quotes", ["show": .string(show), "market": "IN", "lines": .array([lines[0]])])
      #expect(alone.status == 200 && alone.json["sellers"] == .null, "\(alone.text)")

      let placed = try await web.guest.post(
        "/api/v1/orders",
        [
          "show": .string(show), "market": "IN", "lines": .array(lines),
          "buyer": [
            "name": "Asha Rao", "email": "asha@example.com",
            "address": ["line1": "12 Lamp Lane", "city": "Pune", "postalCode": "411001", "country": "IN"],
          ],
        ], headers: ["Idempotency-Key": "both"])
      #expect(placed.status == 201, "\(placed.text)")
      let (first, second) = (placed.json["order"], placed.json["others"][0])
      #expect(first["purchase"] == first["id"] && second["purchase"] == first["id"])
      #expect(first["creator"] == second["channel"], "the lamp is sold for a share, her own cloth is not")
      #expect(second["creator"] == .null)
      #expect(
        (first["total"]["minor"].number ?? 0) + (second["total"]["minor"].number ?? 0)
          == quote.json["total"]["minor"].number)

      let token = placed.json["accessToken"].string ?? ""
      let path = "/api/v1/orders/\(second["id"].string ?? "")"
      let paid = try await web.guest.post(
        "\(path)/payment", ["paymentMethod": "pm_card_visa"], headers: ["Idempotency-Key": "pay", "Order-Token": token])
      #expect(paid.status == 200 && paid.json["state"] == "paid", "\(paid.text)")
      for order in [first, second] {
        let id = order["id"].string ?? ""
        let now = try await web.guest.get("/api/v1/orders/\(id)", headers: ["Order-Token": token])
        #expect(now.json["state"] == "paid")
        // What came by mail opens both: the page gives the browser a cookie for each.
        let opened = try await web.guest.get("/orders/\(id)?token=\(token)")
        #expect(opened.status == 303)
        let cookies = opened.fields.filter { $0.name == "set-cookie" && $0.value.hasPrefix("haat_order=") }.map(\.value)
        #expect(cookies.count == 2 && cookies.contains { $0.contains("Path=/orders/\(second["id"].string ?? "-");") })
        let page = try await web.guest.get("/orders/\(id)", headers: ["Cookie": "haat_order=\(token)"])
        let other = order == first ? second : first
        #expect(page.text.contains("Ordered together") && page.text.contains(other["number"].string ?? "-"))
      }
      // The seller of the lamp sees nothing of the cloth.
      let page = try await web.owner.get("/orders/\(first["id"].string ?? "")")
      #expect(page.status == 200 && !page.text.contains(second["number"].string ?? "-"))
    }
  }

  /// A show of Meera's with the market's lamp, for a share, and a cloth of her own. Gives its id.
  static func fair(_ web: RunningWeb) async throws -> String {
    let creator = try await web.stranger
    _ = try await creator.post("/api/v1/channels", ["handle": "meera", "name": "Meera", "market": "IN"])
    let cloth = try await creator.post(
      "/api/v1/channels/meera/products",
      ["title": "Indigo cloth", "variants": [["optionValues": [], "prices": ["IN": 79_900], "onHand": 7]]])
    let terms = try await web.owner.post(
      "/api/v1/channels/\(web.square.channel.id)/affiliate-terms", ["rateBasisPoints": 1_500, "creator": "meera"])
    let show = try await creator.post(
      "/api/v1/channels/meera/shows",
      [
        "title": "Meera's finds", "markets": ["IN"],
        "scheduledAt": .string(web.square.clock.now.adding(seconds: 3_600).description),
      ])
    let run = try await creator.submit(
      "/studio/shows/\(show.json["id"].string ?? "")",
      [
        "do": "run", "product.\(web.square.lamp.id)": "on", "place.\(web.square.lamp.id)": "1",
        "product.\(cloth.json["id"].string ?? "")": "on", "place.\(cloth.json["id"].string ?? "")": "2",
      ])
    try #require(cloth.status == 201 && terms.status == 201 && show.status == 201 && run.status == 303, "\(cloth.text)")
    return show.json["id"].string ?? ""
  }
}
