import Commerce
import Foundation
import TestKit
import Testing

/// A creator sells a seller's lamp in a show of their own.
@Suite(.timeLimit(.minutes(2))) struct AffiliateWebTests {
  @Test func `a creator finds the lamp, shows it, and its buyer sees who sells it`() async throws {
    try await RunningWeb.run { web in
      let (owner, creator) = (try await web.owner, try await web.stranger)
      let made = try await creator.post(
        "/api/v1/channels", ["handle": "meera", "name": "Meera", "market": "IN"])
      #expect(made.status == 201, "\(made.text)")
      let seller = "/api/v1/channels/\(web.square.channel.id)"
      let new: JSON = ["rateBasisPoints": 1_500, "creator": "meera"]
      for (client, status) in [(web.guest, 401), (creator, 404)] {
        #expect(try await client.post("\(seller)/affiliate-terms", new).status == status)
        #expect(try await client.get("\(seller)/affiliate-terms").status == status)
        #expect(try await client.get("\(seller)/affiliate-offers").status == status)
        #expect(try await client.get("\(seller)/affiliate-products").status == status)
      }
      let terms = try await owner.post("\(seller)/affiliate-terms", new)
      #expect(terms.status == 201 && terms.json["rateBasisPoints"] == 1_500, "\(terms.text)")
      #expect(try await creator.get("/api/v1/channels/meera/affiliate-offers").json["items"].array.count == 1)
      let found = try await creator.get("/api/v1/channels/meera/affiliate-products?q=lamp").json["items"][0]
      #expect(found["seller"].string == web.square.channel.name && found["rateBasisPoints"] == 1_500)
      let lamp = found["id"].string ?? ""

      let starts = web.square.clock.now.adding(seconds: 3_600).description
      let show = try await creator.post(
        "/api/v1/channels/meera/shows", ["title": "Meera's finds", "scheduledAt": .string(starts), "markets": ["IN"]])
      #expect(show.status == 201, "\(show.text)")
      let id = show.json["id"].string ?? ""
      let room = "/studio/shows/\(id)"
      #expect(try await creator.get(room).text.contains(" · 15% share"))
      #expect(
        try await creator.submit(room, ["do": "run", "product.\(lamp)": "on", "place.\(lamp)": "1"]).status == 303)
      let cards = try await web.guest.get("/api/v1/shows/\(id)/products?market=IN").json["items"]
      #expect(cards[0]["seller"].string == web.square.channel.name)
      let offer = cards[0]["variants"][0]["offer"]["id"].string ?? ""
      let placed = try await web.guest.post(
        "/api/v1/orders",
        [
          "show": .string(id), "market": "IN", "lines": [["offer": .string(offer), "quantity": 1]],
          "buyer": [
            "name": "Asha Rao", "email": "asha@example.com",
            "address": ["line1": "12 Lamp Lane", "city": "Pune", "postalCode": "411001", "country": "IN"],
          ],
        ], headers: ["Idempotency-Key": "sale"])
      #expect(placed.status == 201, "\(placed.text)")
      let order = placed.json["order"]
      #expect(order["creator"] == made.json["id"] && order["channel"].string == "\(web.square.channel.id)")
      let page = "/orders/\(order["id"].string ?? "")"
      #expect(try await owner.get(page).text.contains("Share of Meera, whose show sold it"))
      #expect(try await creator.get(page).status == 404, "the buyer's address is the seller's to see")
      let path = "/api/v1/affiliate-terms/\(terms.json["id"].string ?? "")"
      #expect(try await creator.delete(path).status == 404)
      #expect(try await owner.delete(path).status == 200)
    }
  }

  @Test func `an owner makes and ends terms without scripts`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let page = "/studio/\(web.square.channel.handle)/affiliates"
      func make(_ rate: String, _ creator: String = "") async throws -> Reply {
        try await owner.submit(
          page, ["do": "make", "rate": rate, "product": "", "creator": creator, "ends": "", "offset": "0"])
      }
      let refused = try await make("12.5", "nobody-here")
      #expect(refused.status == 422 && refused.text.contains(#"value="12.5""#), "what was typed is there")
      #expect(try await make("90").status == 422)
      #expect(try await make("12.5").status == 303)
      #expect(try await owner.get(page).text.contains("12.5% share"))
      let id =
        try await owner.get("/api/v1/channels/\(web.square.channel.id)/affiliate-terms").json["items"][0]["id"].string
        ?? ""
      #expect(try await owner.submit(page, ["do": "end", "terms": id]).status == 303)
      #expect(try await owner.get(page).text.contains("Ended"))
      #expect(try await web.stranger.get(page).status == 404)
    }
  }
}
