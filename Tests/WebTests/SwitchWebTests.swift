import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// Switches over the API and on the pages: what is off is refused, told and hidden.
@Suite(.timeLimit(.minutes(3))) struct SwitchWebTests {
  private static let path = "/api/v1/operator/switches"
  private static let page = ["Accept": "text/html"]

  private static func turn(
    _ feature: Feature, _ isOn: Bool, _ house: Client, notice: String = ""
  ) async throws {
    let reply = try await house.put(
      "\(path)/\(feature.rawValue)",
      ["isOn": .bool(isOn), "reason": "a test", "notice": .string(notice)])
    #expect(reply.status == 200 && reply.json["isOn"] == .bool(isOn), "\(reply.text)")
  }

  @Test func `an operator turns something off on the page, reads who did, and turns it on again`() async throws {
    try await RunningWeb.run { web in
      let house = try await web.operator
      #expect(try await [303, 401].contains(web.guest.get("/operator/switches").status))
      #expect(try await web.owner.get("/operator/switches").status == 403)
      #expect(try await web.owner.put("\(Self.path)/checkout", ["isOn": false, "reason": "mine"]).status == 403)
      let all = try await house.get(Self.path).json["items"].array
      #expect(all.count == Feature.allCases.count && all.allSatisfy { $0["isOn"] == true })
      #expect(try await house.put("\(Self.path)/gravity", ["isOn": false, "reason": "up"]).status == 404)
      let silent = try await house.submit("/operator/switches", ["feature": "auctions", "do": "off", "reason": ""])
      #expect(silent.status == 422 && silent.text.contains("id=\"reason-auctions\""))
      let off = try await house.submit(
        "/operator/switches", ["feature": "auctions", "do": "off", "reason": "<b>cheats</b>", "notice": "Next week"])
      #expect(off.status == 303 && !web.square.commerce.switches.isOn(.auctions))
      let page = try await house.get("/operator/switches?lang=hi").text
      #expect(page.contains("&lt;b&gt;cheats") && page.contains("Omana") && page.contains("Next week"))
      #expect(page.contains("नीलामी") && !page.contains("switches."))
      let events = try await house.get("/api/v1/operator/switch-events").json["items"]
      #expect(events[0]["feature"] == "auctions" && events[0]["by"] == "Omana" && events[0]["isOn"] == false)
      #expect(try await house.submit("/operator/switches", ["feature": "auctions", "do": "on"]).status == 303)
      #expect(web.square.commerce.switches.isAllOn)
      #expect(try await house.get("/operator").text.contains("/operator/switches"))
    }
  }

  @Test func `checkout is paused: orders are refused with the operator's words, every page says so, viewers are told`()
    async throws
  {
    try await RunningWeb.run { web in
      let house = try await web.operator
      let placed = try await web.placed()
      let offer = try await web.lampOffer()
      let show = "\(web.square.show.id)"
      try await web.guest.watch(show) { viewer in
        _ = try await viewer.next("state")
        try await Self.turn(.checkout, false, house, notice: "We count our stock. Back at nine.")
        #expect(try await viewer.next("selling").json["stops"]["IN"] == "house")
        func order(_ key: String) async throws -> Reply {
          try await web.guest.post("/api/v1/orders", web.order(offer: offer), headers: ["Idempotency-Key": key])
        }
        let refused = try await order("one")
        #expect(refused.status == 409 && refused.code == "checkout_off_said")
        #expect(refused.json["detail"] == "We count our stock. Back at nine.")
        #expect(refused.header("content-type") == "application/problem+json")
        for path in ["/", "/watch/\(show)", "/products/\(web.square.lamp.id)"] {
          #expect(try await web.guest.get(path, headers: Self.page).text.contains("Back at nine"), "\(path)")
        }
        #expect(try await web.guest.get("/words/selling").text.contains("Back at nine"))
        // What is placed is paid.
        let paid = try await web.guest.post(
          "/api/v1/orders/\(placed.id)/payment", ["paymentMethod": .string(web.method("4242424242424242"))],
          headers: ["Idempotency-Key": "pay", "Order-Token": placed.token])
        #expect(paid.status == 200, "\(paid.text)")
        try await Self.turn(.checkout, false, house)
        #expect(try await order("one").code == "checkout_off")
        #expect(try await web.guest.get("/?lang=hi", headers: Self.page).text.contains("ऑर्डर लेना थोड़ी देर"))
        try await Self.turn(.checkout, true, house)
        #expect(try await viewer.next("selling").json["stops"] == [:])
        #expect(try await order("one").status == 201, "under the same key")
      }
    }
  }

  @Test func `guests sign in before they order`() async throws {
    try await RunningWeb.run { web in
      let house = try await web.operator
      let offer = try await web.lampOffer()
      try await Self.turn(.guestCheckout, false, house)
      let refused = try await web.guest.post(
        "/api/v1/orders", web.order(offer: offer), headers: ["Idempotency-Key": "one"])
      #expect(refused.status == 409 && refused.code == "guest_checkout_off")
      let page = try await web.guest.get("/watch/\(web.square.show.id)", headers: Self.page).text
      #expect(page.contains("\"guest_checkout\":"))
      _ = try await web.square.person("Asha")
      let asha = try await web.signedIn("asha@example.com")
      let placed = try await asha.post("/api/v1/orders", web.order(offer: offer), headers: ["Idempotency-Key": "two"])
      #expect(placed.status == 201, "\(placed.text)")
    }
  }

  @Test func `reactions, guests' chat and frames are refused and hidden`() async throws {
    try await RunningWeb.run { web in
      let house = try await web.operator
      let show = "\(web.square.show.id)"
      let watch = "/watch/\(show)"
      func page(_ path: String = watch, _ client: Client? = nil) async throws -> String {
        try await (client ?? web.guest).get(path, headers: Self.page).text
      }
      #expect(try await page().contains("json+oembed"))
      for feature in [Feature.reactions, .guestChat, .embed] { try await Self.turn(feature, false, house) }
      #expect(try await web.guest.post("/api/v1/shows/\(show)/reactions", ["heart": 1]).code == "reactions_off")
      let said = try await web.guest.post("/api/v1/shows/\(show)/messages", ["name": "Ravi", "text": "hello"])
      #expect(said.status == 409 && said.code == "guest_chat_off")
      let text = try await page()
      #expect(text.contains("\"reactions\":") && !text.contains("json+oembed"))
      #expect(text.contains("Sign in to join the chat.") && text.contains("action=\"\(watch)\" hidden"))
      #expect(!(try await page(watch, web.owner)).contains("Sign in to join the chat."))
      let frame = try await web.guest.get("/embed/\(show)", headers: Self.page)
      #expect(frame.status == 409 && frame.text.contains("embed_off"))
      #expect(try await web.guest.get("/oembed?url=http://localhost:8080\(watch)").code == "embed_off")
      for feature in [Feature.reactions, .guestChat, .embed] { try await Self.turn(feature, true, house) }
      #expect(try await web.guest.post("/api/v1/shows/\(show)/reactions", ["heart": 1]).status == 200)
      #expect(try await web.guest.get("/embed/\(show)", headers: Self.page).status == 200)
    }
  }

  @Test func `pages hide what is off, and say why`() async throws {
    try await RunningWeb.run { web in
      let (house, owner, square) = (try await web.operator, try await web.owner, web.square)
      let later = try await square.commerce.scheduleShow(
        square.commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(title: "Later", scheduledAt: square.clock.now.adding(seconds: 7_200), markets: ["IN"]))
      let desk = "/studio/shows/\(square.show.id)"
      let marks: [(Feature, Client, String, String)] = [
        (.signUp, web.guest, "/sign-up", "autocomplete=\"new-password\""),
        (.signUp, web.guest, "/", "href=\"/sign-up\""),
        (.channels, owner, "/studio", "name=\"handle\""),
        (.shows, owner, "/studio/shows/\(later.id)", "value=\"start\""),
        (.auctions, owner, desk, "<auction-desk"), (.giveaways, owner, desk, "<giveaway-desk"),
        (.claims, owner, desk, "<claim-desk"), (.simulcast, owner, desk, "value=\"simulcast-add\""),
        (.push, web.guest, "/shows/\(later.id)/reminder", "<push-reminder"),
      ]
      for (feature, client, path, mark) in marks {
        #expect(try await client.get(path, headers: Self.page).text.contains(mark), "\(feature) is on")
        try await Self.turn(feature, false, house, notice: "Not before Monday.")
        let text = try await client.get(path, headers: Self.page).text
        #expect(!text.contains(mark), "\(feature) is off")
        if [.signUp, .channels, .shows].contains(feature), path != "/" {
          #expect(text.contains("Not before Monday."), "\(feature) says why")
        }
        try await Self.turn(feature, true, house)
      }
    }
  }
}
