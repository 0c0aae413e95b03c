import Commerce
import Foundation
import TestKit
import Testing

/// Coupons over HTTP: made, put on screen, taken off an order, and seen by nobody else.
@Suite(.timeLimit(.minutes(2))) struct CouponWebTests {
  private static let new: JSON = [
    "code": "glow-10", "title": "Festival", "market": "IN", "percentBasisPoints": 1_000, "discountMaxMinor": 10_000,
    "claimsMax": 2,
  ]

  @Test func `a coupon is on every viewer's screen, and takes its sum off a quote and an order`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let made = try await owner.post("/api/v1/channels/\(web.square.channel.id)/coupons", Self.new)
      #expect(made.status == 201 && made.json["code"] == "GLOW-10" && made.json["fundedBy"] == "seller")
      let id = made.json["id"].string ?? ""
      let show = "/api/v1/shows/\(web.square.show.id)"
      let offer = try await web.lampOffer()
      try await web.guest.watch("\(web.square.show.id)") { viewer in
        #expect(try await viewer.next("state").json["coupon"] == .null)
        #expect(try await owner.put("\(show)/coupon", ["coupon": .string(id)]).json["coupon"].string == id)
        let event = try await viewer.next("timeline").json
        #expect(event["kind"] == "coupon_shown" && event["code"] == "GLOW-10" && event["discountMaxMinor"] == "10000")

        let bag: JSON = [
          "show": "\(web.square.show.id)", "market": "IN", "coupon": " Glow-10 ",
          "lines": [["offer": .string(offer), "quantity": 1]],
        ]
        let quote = try await web.guest.post("/api/v1/quotes", bag).json
        #expect(quote["subtotal"]["minor"] == 129_900 && quote["coupon"]["discount"]["minor"] == 10_000)
        #expect(quote["coupon"]["code"] == "GLOW-10" && quote["total"]["minor"] == 119_900)
        for number in 1...2 {
          let order = try await web.guest.post(
            "/api/v1/orders", Self.order(web, offer, "b\(number)@example.com"),
            headers: ["Idempotency-Key": "k\(number)"])
          #expect(order.status == 201 && order.json["order"]["total"]["minor"] == 119_900, "\(order.text)")
          #expect(order.json["order"]["coupon"]["fundedBy"] == "seller")
        }
        #expect(try await viewer.next("coupon").json == ["coupon": .string(id), "isOpen": false])
        let refused = try await web.guest.post("/api/v1/quotes", bag)
        #expect(refused.status == 409 && refused.json["code"] == "coupon_all_claimed")
        #expect(try await owner.delete("\(show)/coupon").status == 200)
        while try await viewer.next("timeline").json["kind"] != "coupon_hidden" {}
      }
    }
  }

  @Test func `coupons are their channel's, and the platform's are the operator's`() async throws {
    try await RunningWeb.run { web in
      let path = "/api/v1/channels/\(web.square.channel.id)/coupons"
      let (owner, stranger) = (try await web.owner, try await web.stranger)
      let id = try await owner.post(path, Self.new).json["id"].string ?? ""
      for (client, status) in [(web.guest, 401), (stranger, 404)] {
        #expect(try await client.post(path, Self.new).status == status)
        #expect(try await client.get(path).status == status)
        #expect(try await client.delete("/api/v1/coupons/\(id)").status == status)
        let screen = "/api/v1/shows/\(web.square.show.id)/coupon"
        #expect(try await client.put(screen, ["coupon": .string(id)]).status == status)
        #expect(try await client.delete(screen).status == status)
      }
      #expect(try await owner.post("/api/v1/coupons", Self.new).status == 403)
      #expect(try await owner.get("/api/v1/coupons").status == 403)
      let platform = try await web.operator.post("/api/v1/coupons", Self.new)
      #expect(platform.status == 201 && platform.json["fundedBy"] == "platform")
      #expect(try await owner.get(path).json["items"].array.count == 1)
      #expect(try await owner.delete("/api/v1/coupons/\(platform.json["id"].string ?? "")").status == 403)
    }
  }

  @Test func `an owner without scripts makes a coupon, puts it on screen, and ends it`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let page = "/studio/\(web.square.channel.handle)/coupons"
      func make(_ value: String) async throws -> Reply {
        try await owner.submit(
          page,
          [
            "do": "make", "code": "glow", "words": "", "market": "IN", "kind": "amount", "value": value, "max": "",
            "minimum": "500", "claims": "9", "perBuyer": "1", "ends": "", "offset": "0",
          ])
      }
      let refused = try await make("lots")
      #expect(refused.status == 422 && refused.text.contains(#"value="lots""#), "what was typed is still there")
      #expect(try await make("100.50").status == 303)
      #expect(try await owner.get(page).text.contains("₹100.50 off · from ₹500"))
      let id =
        try await owner.get("/api/v1/channels/\(web.square.channel.id)/coupons").json["items"][0]["id"].string ?? ""
      let room = "/studio/shows/\(web.square.show.id)"
      #expect(try await owner.submit(room, ["do": "show-coupon", "coupon": id]).status == 303)
      #expect(try await owner.get(room).text.contains(#"value="hide-coupon""#))
      #expect(try await owner.submit(page, ["do": "end", "coupon": id]).status == 303)
      #expect(try await owner.get(page).text.contains("Ended"))
      #expect(try await web.stranger.get(page).status == 404)
      #expect(try await owner.get("/operator/coupons").status == 403)
      #expect(try await web.operator.get("/operator/coupons").status == 200)
    }
  }

  private static func order(_ web: RunningWeb, _ offer: String, _ email: String) -> JSON {
    [
      "show": "\(web.square.show.id)", "market": "IN", "coupon": "GLOW-10",
      "lines": [["offer": .string(offer), "quantity": 1]],
      "buyer": [
        "name": "Asha Rao", "email": .string(email),
        "address": ["line1": "12 Lamp Lane", "city": "Pune", "postalCode": "411001", "country": "IN"],
      ],
    ]
  }
}
