import Commerce
import Foundation
import TestKit
import Testing

/// Live deals over HTTP: for the host's program, the viewers' rooms, and a host without scripts.
@Suite(.timeLimit(.minutes(2))) struct DealWebTests {
  private static func draft(
    _ web: RunningWeb, price: Int = 99_900, countdown: Int = 0, mediaTime: Int? = nil
  ) -> JSON {
    [
      "mediaTime": mediaTime.map { .number(Double($0)) } ?? .null,
      "product": "\(web.square.lamp.id)", "prices": ["IN": .number(Double(price))],
      "countdownSeconds": .number(Double(countdown)), "durationSeconds": 60, "unitsMax": 3, "unitsPerBuyerMax": 2,
    ]
  }

  @Test func `a deal is told to every viewer, sells at its price, and says how much is left`() async throws {
    try await RunningWeb.run { web in
      let show = "/api/v1/shows/\(web.square.show.id)"
      let owner = try await web.owner
      let list = try await web.lampOffer()
      try await web.guest.watch("\(web.square.show.id)") { viewer in
        #expect(try await viewer.next("state").json["deals"].array.isEmpty)
        let opened = try await owner.post("\(show)/deals", Self.draft(web, countdown: 10, mediaTime: 5_000))
        #expect(opened.status == 201 && opened.json["left"] == 3 && opened.json["startMediaTime"] == 15_000)
        let event = try await viewer.next("timeline").json
        #expect(event["kind"] == "deal_opened" && event["mediaTime"] == 5_000)
        #expect(event["deal"] == opened.json["id"] && event["startMediaTime"] == "15000")

        let card = try await web.guest.get("\(show)/products?market=IN").json["items"][0]
        let offer = card["variants"][0]["dealOffer"]
        #expect(card["variants"][0]["offer"]["id"].string == list && card["deal"]["endMediaTime"] == 75_000)
        #expect(offer["kind"] == "deal" && offer["price"]["minor"] == 99_900 && offer["lowest"]["minor"] == 129_900)
        let early = try await web.guest.post(
          "/api/v1/orders", web.order(offer: offer["id"].string ?? ""), headers: ["Idempotency-Key": "early"])
        #expect(early.status == 409 && early.json["code"] == "offer_not_open")
        web.square.clock.advance(seconds: 11)
        let order = try await web.guest.post(
          "/api/v1/orders", web.order(2, offer: offer["id"].string ?? ""), headers: ["Idempotency-Key": "k"])
        #expect(order.status == 201 && order.json["order"]["subtotal"]["minor"] == 199_800)
        #expect(try await viewer.next("deal").json == ["deal": opened.json["id"], "left": 1])
        let more = try await web.guest.post(
          "/api/v1/orders", web.order(1, offer: offer["id"].string ?? ""), headers: ["Idempotency-Key": "more"])
        #expect(more.status == 409 && more.json["code"] == "deal_limit")

        let deal = opened.json["id"].string ?? ""
        let ended = try await owner.delete("\(show)/deals/\(deal)")
        #expect(ended.status == 200 && ended.json["endedBy"] == "host")
        #expect(try await viewer.next("timeline").json["kind"] == "deal_ended")
        #expect(try await owner.get("\(show)/deals").json["items"][0]["endedBy"] == "host")
      }
      let late = try await web.guest.watch("\(web.square.show.id)") { try await $0.next("state") }
      #expect(late.json["deals"].array.isEmpty)
    }
  }

  @Test func `a viewer who comes in while a deal runs gets it with the room's state`() async throws {
    try await RunningWeb.run { web in
      let show = "\(web.square.show.id)"
      let opened = try await web.owner.post("/api/v1/shows/\(show)/deals", Self.draft(web))
      // A room that is open already hears of it a moment later.
      let state = try await web.until(
        {
          web.square.clock.advance(seconds: 1)
          return try await web.guest.watch(show) { viewer in try await viewer.next("state").json }
        }, is: { (state: JSON) in state["sequence"] == 2 })
      #expect(state["deals"][0] == opened.json)
      // Without scripts the page of now has the price of now.
      _ = try await web.owner.put("/api/v1/shows/\(show)/pin", ["product": "\(web.square.lamp.id)"])
      let page = try await web.guest.get("/watch/\(show)?market=IN").text
      #expect(page.contains("₹999") && page.contains("<s class=\"was small\">₹1,299</s>"))
      #expect(page.contains("Lowest price in 30 days: ₹1,299") && page.contains("3 left at this price"))
    }
  }

  @Test func `only those who run the show open deals, and what is wrong is named`() async throws {
    try await RunningWeb.run { web in
      let path = "/api/v1/shows/\(web.square.show.id)/deals"
      let (owner, stranger) = (try await web.owner, try await web.stranger)
      for (client, status) in [(web.guest, 401), (stranger, 404)] {
        #expect(try await client.post(path, Self.draft(web)).status == status)
        #expect(try await client.get(path).status == status)
        #expect(try await client.delete("\(path)/\(web.square.show.id)").status == status)
        let terms = "/api/v1/shows/\(web.square.show.id)/products/\(web.square.lamp.id)/deal-terms"
        #expect(try await client.get(terms).status == status)
      }
      let high = try await owner.post(path, Self.draft(web, price: 129_900))
      #expect(high.status == 422 && high.json["code"] == "deal_not_below_list" && high.json["field"] == "prices")
      let terms = try await owner.get(
        "/api/v1/shows/\(web.square.show.id)/products/\(web.square.lamp.id)/deal-terms"
      ).json
      #expect(terms["available"] == 10 && terms["prices"].array.contains { $0["max"]["minor"] == 129_899 })
    }
  }

  @Test func `a host without scripts opens a deal in a form and ends it`() async throws {
    try await RunningWeb.run { web in
      let room = "/studio/shows/\(web.square.show.id)"
      let owner = try await web.owner
      func open(at price: String) async throws -> Reply {
        try await owner.submit(
          room,
          [
            "do": "deal", "product": "\(web.square.lamp.id)", "price.IN": price, "countdown": "0", "duration": "60",
            "units": "3",
          ])
      }
      let refused = try await open(at: "1299")
      #expect(refused.status == 422 && refused.text.contains("below the price of today"))
      #expect(try await open(at: "999.50").status == 303)
      let page = try await owner.get(room).text
      #expect(page.contains("₹999.50") && page.contains("0 of 3 taken"))
      let deal = try await owner.get("/api/v1/shows/\(web.square.show.id)/deals").json["items"][0]["id"].string ?? ""
      #expect(try await owner.submit(room, ["do": "end-deal", "deal": deal]).status == 303)
      #expect(!(try await owner.get(room).text.contains("0 of 3 taken")))
    }
  }
}
