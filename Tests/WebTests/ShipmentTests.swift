import Commerce
import TestKit
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(3))) struct ShipmentTests {
  /// A paid order and what opens it.
  private func paid(_ web: RunningWeb) async throws -> (id: String, token: String) {
    let (id, token) = try await web.placed()
    let card = try await web.method("4242424242424242")
    _ = try await web.guest.post(
      "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(card)],
      headers: ["Order-Token": token, "Idempotency-Key": "pay-\(id)"])
    return ("\(id)", token)
  }

  @Test func `a seller sends a parcel by the API, and its buyer says that it arrived`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let (id, token) = try await paid(web)
      let path = "/api/v1/orders/\(id)/shipments"
      let parcel: TestKit.JSON = [
        "carrier": "India Post", "tracking": "EE1", "link": "https://post.example/EE1",
        "lines": [["line": 0, "quantity": 1]],
      ]
      #expect(try await owner.post(path, parcel).status == 400, "without a key")
      #expect(try await web.stranger.post(path, parcel, headers: ["Idempotency-Key": "s"]).status == 404)
      let sent = try await owner.post(path, parcel, headers: ["Idempotency-Key": "s"])
      #expect(sent.status == 201 && sent.json["carrier"] == "India Post", "\(sent.text)")
      let again = try await owner.post(path, parcel, headers: ["Idempotency-Key": "s"])
      #expect(again.json["id"] == sent.json["id"])
      let shipment = try #require(sent.json["id"].string)
      let listed = try await web.guest.get(path, headers: ["Order-Token": token])
      #expect(listed.json["items"].array.count == 1)
      #expect(try await web.guest.get(path).status == 404)
      let arrived = try await web.guest.send(
        "POST", "\(path)/\(shipment)/delivery", headers: ["Order-Token": token])
      #expect(arrived.json["state"] == "delivered", "\(arrived.text)")
      let earned = try await owner.get("/api/v1/channels/lamps/earnings")
      #expect(earned.json["items"][0]["released"]["minor"] == 0, "\(earned.text)")
      #expect(try await web.stranger.get("/api/v1/channels/lamps/earnings").status >= 403)
      let studio = try await owner.get("/studio/lamps?tab=orders", headers: ["Accept": "text/html"])
      #expect(studio.text.contains("class=\"numbers panel\""))
    }
  }

  @Test func `a seller sends a parcel from the order's page, and its buyer follows it and says that it arrived`()
    async throws
  {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let (id, token) = try await paid(web)
      let held = ["Cookie": "haat_order=\(token)", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"]
      #expect(try await web.guest.get("/orders/\(id)", headers: held).text.contains("value=\"ship\"") == false)
      let page = try await owner.get("/orders/\(id)", headers: ["Accept": "text/html"]).text
      #expect(page.contains("value=\"ship\"") && page.contains("name=\"line.0\""))

      let parcel = try #require(page.firstMatch(of: /name="shipment" value="([^"]+)"/)).1
      let wrong = try await owner.submit(
        "/orders/\(id)", ["do": "ship", "shipment": String(parcel), "line.0": "1", "link": "javascript:alert(1)"])
      #expect(wrong.status == 422 && wrong.text.contains("role=\"alert\""), "\(wrong.text)")
      for _ in 0..<2 {
        let sent = try await owner.submit(
          "/orders/\(id)",
          [
            "do": "ship", "shipment": String(parcel), "line.0": "1", "carrier": "India Post", "tracking": "EE1",
            "link": "https://post.example/EE1",
          ])
        #expect(sent.status == 303, "\(sent.text)")
      }

      let seen = try await web.guest.get("/orders/\(id)", headers: held).text
      #expect(seen.contains("India Post") && seen.contains("href=\"https://post.example/EE1\""))
      let arrived = try await web.guest.submit(
        "/orders/\(id)", ["do": "deliver", "shipment": String(parcel)], headers: held)
      #expect(arrived.status == 303)
      let after = try await web.guest.get("/orders/\(id)", headers: held).text
      #expect(after.contains("value=\"deliver\"") == false)
      let english = try ResourceFiles.words()["en"]
      #expect(after.contains(try #require(english?["order.deliveredHeadline"])))
    }
  }

  @Test func `a seller refunds sent units from the order's page, and its buyer sees which and why`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let (id, token) = try await paid(web)
      let held = ["Cookie": "haat_order=\(token)", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"]
      let html = ["Accept": "text/html"]
      #expect(try await owner.submit("/orders/\(id)", ["do": "ship", "line.0": "1"]).status == 303)
      let page = try await owner.get("/orders/\(id)", headers: html).text
      #expect(page.contains("value=\"refund\"") && page.contains("name=\"refund.0\""))
      let refund = String(try #require(page.firstMatch(of: /name="refund" value="([^"]+)"/)).1)
      let form: KeyValuePairs = [
        "do": "refund", "refund": refund, "refund.0": "1", "reason": "A scratch on the lid",
      ]
      #expect(try await web.guest.submit("/orders/\(id)", form, headers: held).status != 303)
      let wrong = try await owner.submit("/orders/\(id)", ["do": "refund", "refund": refund, "refund.0": "1"])
      #expect(wrong.status == 422 && wrong.text.contains("role=\"alert\""), "\(wrong.text)")
      for _ in 0..<2 { #expect(try await owner.submit("/orders/\(id)", form).status == 303) }
      let seen = try await web.guest.get("/orders/\(id)", headers: held).text
      #expect(seen.contains("A scratch on the lid") && seen.contains("<p class=\"small\">1 × "), "\(seen)")
      #expect(seen.contains("value=\"refund\"") == false)
      let listed = try await owner.get("/api/v1/orders/\(id)/refunds").json["items"]
      #expect(listed.array.count == 1 && listed[0]["lines"][0]["quantity"] == 1)
      #expect(listed[0]["lines"][0]["amount"]["minor"] == listed[0]["amount"]["minor"])
    }
  }
}
