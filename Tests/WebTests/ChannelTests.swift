import Commerce
import Foundation
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct ChannelTests {
  @Test func `a channel is found by id and by handle, and changed by its owner alone`() async throws {
    try await RunningWeb.run { web in
      let id = "\(web.square.channel.id)"
      #expect(try await web.guest.get("/api/v1/channels/lamps").json["id"].string == id)
      #expect(try await web.guest.get("/api/v1/channels/\(id)").json["handle"] == "lamps")
      #expect(try await web.guest.get("/api/v1/channels/nowhere").status == 404)
      #expect(try await web.guest.get("/api/v1/channels").json["items"][0]["handle"] == "lamps")

      let changed = try await web.owner.patch("/api/v1/channels/lamps", ["about": "Brass and light."])
      #expect(
        changed.status == 200 && changed.json["about"] == "Brass and light." && changed.json["name"] == "Lata's Lamps")
      #expect(try await web.guest.patch("/api/v1/channels/lamps", ["about": "Mine."]).status == 401)
      #expect(try await web.stranger.patch("/api/v1/channels/lamps", ["about": "Mine."]).status == 404)
    }
  }

  @Test func `a channel is made once, however often it is asked for with the same key`() async throws {
    try await RunningWeb.run { web in
      let stranger = try await web.stranger
      let body: JSON = ["handle": "shawls", "name": "Shawls", "market": "IN"]
      let key = ["Idempotency-Key": "\"make-shawls\""]
      let first = try await stranger.post("/api/v1/channels", body, headers: key)
      let again = try await stranger.post("/api/v1/channels", body, headers: ["Idempotency-Key": "make-shawls"])
      #expect(first.status == 201 && again.status == 201)
      #expect(first.body == again.body && again.header("idempotency-replayed") == "true")
      let other = try await stranger.post(
        "/api/v1/channels", ["handle": "scarves", "name": "Scarves", "market": "IN"], headers: key)
      #expect(other.status == 422 && other.code == "idempotency_mismatch")
      let taken = try await web.owner.post("/api/v1/channels", body, headers: key)
      #expect(taken.status == 409, "another caller's key is another key")
    }
  }

  @Test func `members have roles, and what a role may not do is refused`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let helper = try await web.stranger
      let added = try await owner.post(
        "/api/v1/channels/lamps/members", ["email": "stranger@example.com", "role": "moderator"])
      #expect(added.status == 201)
      #expect(try await helper.get("/api/v1/channels/lamps/members").json["items"].array.count == 2)
      let refused = try await helper.put(
        "/api/v1/shows/\(web.square.show.id)/pin", ["product": "\(web.square.lamp.id)"])
      #expect(refused.status == 403 && refused.code == "not_allowed")

      let account = added.json["account"].string ?? ""
      #expect(try await owner.delete("/api/v1/channels/lamps/members/\(account)").status == 204)
      #expect(try await helper.get("/api/v1/channels/lamps/members").status == 404)
      let nobody = try await owner.post("/api/v1/channels/lamps/members", ["email": "a@example.com", "role": "king"])
      #expect(nobody.status == 400 && nobody.json["field"] == "role")
    }
  }

  @Test func `markets are everyone's to see and the operator's to change`() async throws {
    try await RunningWeb.run { web in
      let market: JSON = [
        "currency": "JPY", "name": "Japan", "languages": ["en"], "isOpen": true, "commissionBasisPoints": 900,
        "taxIncludedBasisPoints": 1000, "shippingMinor": 500,
        "taxes": [["name": "reduced", "basisPoints": 800]], "isTaxAdded": true,
        "shippingTable": [["upToGrams": 500, "minor": 300], ["upToGrams": 2000, "minor": 900]],
      ]
      #expect(try await web.owner.put("/api/v1/markets/JP", market).status == 403)
      let made = try await web.operator.put("/api/v1/markets/JP", market)
      #expect(made.status == 200 && made.json["code"] == "JP" && made.json["commissionBasisPoints"] == 900)
      let listed = try await web.guest.get("/api/v1/markets")
      #expect(listed.json["items"].array.map { $0["code"].string } == ["IN", "JP", "US"])
      #expect(listed.json["items"][1]["shippingTable"][1]["upToGrams"] == 2000)
      #expect(listed.json["items"][1]["taxes"][0]["basisPoints"] == 800)
      #expect(listed.json["items"][1]["isTaxAdded"] == true && listed.json["items"][0]["isTaxAdded"] == false)
    }
  }

  @Test func `a product is made, shown, changed and counted by its channel's people alone`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let made = try await owner.post(
        "/api/v1/channels/lamps/products",
        [
          "title": "Tea light", "options": ["Colour"],
          "variants": [
            ["optionValues": ["Red"], "prices": ["IN": 4900], "onHand": 5, "weightGrams": 40],
            ["optionValues": ["Blue"], "prices": ["IN": 4900], "compareAt": ["IN": 6900], "onHand": 0],
          ],
        ])
      #expect(made.status == 201, "\(made.text)")
      let product = made.json["id"].string ?? ""
      #expect(made.json["variants"][1]["compareAt"]["IN"]["minor"] == 6900)
      #expect(made.json["variants"][0]["weightGrams"] == 40 && made.json["variants"][1]["weightGrams"] == 0)

      #expect(try await web.stranger.get("/api/v1/products/\(product)").status == 404)
      #expect(try await web.guest.get("/api/v1/products/\(product)").status == 401)
      let changed = try await owner.patch("/api/v1/products/\(product)", ["title": "Tea lights"])
      #expect(changed.json["title"] == "Tea lights" && changed.json["variants"].array.count == 2)
      #expect(changed.json["variants"][0]["prices"]["IN"]["minor"] == 4900)

      let variant = made.json["variants"][1]["id"].string ?? ""
      let counted = try await owner.put("/api/v1/variants/\(variant)/stock", ["onHand": 7, "note": "found a box"])
      #expect(counted.json["available"] == 7)
      #expect(try await owner.put("/api/v1/variants/\(variant)/stock", ["onHand": -1]).status == 422)

      let cards = try await web.guest.get("/api/v1/channels/lamps/cards?market=IN")
      #expect(cards.json["items"].array.contains { $0["title"] == "Tea lights" })
    }
  }

  @Test func `lists come in pages that join without gap or repeat`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      for number in 1...4 {
        _ = try await owner.post(
          "/api/v1/channels/lamps/products",
          ["title": "Lamp \(number)", "variants": [["prices": ["IN": 100]]]])
      }
      var titles: [String?] = []
      var path = "/api/v1/channels/lamps/products?limit=2"
      while true {
        let page = try await owner.get(path)
        titles += page.json["items"].array.map { $0["title"].string }
        guard let next = page.json["next"].string else { break }
        path = "/api/v1/channels/lamps/products?limit=2&after=\(next)"
      }
      #expect(titles.count == 5 && Set(titles).count == 5)
      let broken = try await owner.get("/api/v1/channels/lamps/products?after=nonsense")
      #expect(broken.status == 400 && broken.json["field"] == "after")
      #expect(try await owner.get("/api/v1/channels/lamps/products?limit=1000").status == 422)
    }
  }

  @Test func `a picture is taken for what its bytes are, and served under a name we made`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let path = "/api/v1/products/\(web.square.lamp.id)/pictures?alt=A%20lamp"
      let picture = try TestPicture.make(.png, 640, 480)
      let added = try await owner.send("POST", path, headers: ["Content-Type": "image/png"], body: picture)
      #expect(added.status == 201, "\(added.text)")
      #expect(added.json["width"] == 640 && added.json["height"] == 480 && added.json["alt"] == "A lamp")
      let url = added.json["url"].string ?? ""
      let served = try await web.guest.get(url)
      #expect(served.status == 200 && served.header("content-type") == "image/png")
      #expect(try TestPicture.size(served.body) == [640, 480])
      #expect(served.header("cache-control")?.contains("immutable") == true)
      #expect(served.header("x-content-type-options") == "nosniff")

      let page = try await owner.send(
        "POST", path, headers: ["Content-Type": "image/png"], body: Array("<script>alert(1)</script>".utf8))
      #expect(page.status == 422 && page.code == "no_picture")
      let cut = try await owner.send(
        "POST", path, headers: ["Content-Type": "image/png"], body: Array(picture.prefix(60)))
      #expect(cut.status == 422 && cut.code == "no_picture", "a head alone is no picture")
      let large = try await owner.send(
        "POST", path, headers: ["Content-Type": "image/png"], body: [UInt8](repeating: 0, count: 5 * 1024 * 1024 + 1))
      #expect(large.status == 413)
      let text = try await owner.send("POST", path, headers: ["Content-Type": "text/html"], body: picture)
      #expect(text.status == 415)
      let strange = try await web.stranger.send("POST", path, headers: ["Content-Type": "image/png"], body: picture)
      #expect(strange.status == 404)

      #expect(
        try await owner.delete("/api/v1/products/\(web.square.lamp.id)/pictures/\(added.json["id"].string ?? "")")
          .status == 204)
      #expect(try await web.guest.get(url).status == 404)
      for path in [
        "/uploads/..%2f..%2fetc%2fpasswd", "/uploads/../../../etc/passwd", "/uploads/.png", "/uploads/x.png",
      ] {
        #expect(try await web.guest.get(path).status == 404, "\(path)")
      }
    }
  }

  @Test func `a catalogue is imported from a file, and what was refused is named`() async throws {
    try await RunningWeb.run { web in
      let csv = """
        Title,URL handle,Price,Inventory quantity
        Clay cup,clay-cup,149.00,12
        ,,,
        Broken,broken,minus one,1
        """
      let owner = try await web.owner
      let path = "/api/v1/channels/lamps/products/import"
      let reply = try await owner.send("POST", path, headers: ["Content-Type": "text/csv"], body: Array(csv.utf8))
      #expect(reply.status == 200, "\(reply.text)")
      #expect(reply.json["made"] == 1 && reply.json["refused"].array.isEmpty == false)
      #expect(try await owner.post(path, [:]).status == 415)
      let strange = try await web.stranger.send(
        "POST", path, headers: ["Content-Type": "text/csv"], body: Array(csv.utf8))
      #expect(strange.status == 404)
    }
  }
}
