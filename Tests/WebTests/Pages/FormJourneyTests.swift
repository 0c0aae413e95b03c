import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

/// The site without a line of script: every form posts, and what it does is there afterwards.
@Suite(.timeLimit(.minutes(3))) struct FormJourneyTests {
  @Test func `a seller comes, opens a channel, adds a product and runs a show`() async throws {
    try await RunningWeb.run { web in
      let joined = try await web.guest.submit(
        "/sign-up",
        ["name": "Meera", "email": "meera@example.com", "password": "clay and patience", "return": "/studio"])
      #expect(joined.status == 303 && joined.header("location") == "/studio")
      let meera = Client(port: web.port, cookie: try joined.cookie("haat_session"))

      let opened = try await meera.submit(
        "/studio", ["name": "Meera Pottery", "handle": "meera", "about": "Clay.", "market": "IN"])
      #expect(opened.header("location") == "/studio/meera")

      let made = try await meera.submit(
        "/studio/meera/products/new",
        [
          "title": "Chai cup", "description": "Thrown by hand.", "option0": "Size", "v0.sku": "CUP-S", "v0.o0": "Small",
          "v0.onHand": "4", "v0.price.IN": "249.50", "v1.sku": "CUP-L", "v1.o0": "Large", "v1.onHand": "2",
          "v1.price.IN": "299", "do": "save",
        ])
      let product = try #require(made.header("location")?.split(separator: "?").first?.split(separator: "/").last)
      #expect(try await meera.get("/studio/meera?tab=products").text.contains("₹249.50"))

      let planned = try await meera.submit(
        "/studio/meera/shows/new",
        [
          "title": "First firing", "scheduled": "2026-11-21T18:00", "offset": "330", "market.IN": "on",
          "product.\(product)": "on", "orientation": "vertical",
        ])
      let room = try #require(planned.header("location"))
      #expect(planned.status == 303, "\(planned.text)")

      let key = try await meera.submit(room, ["do": "key"])
      #expect(key.status == 200 && key.text.contains("value=\"haat_"))
      #expect(try await meera.get(room).text.contains("value=\"haat_") == false)

      #expect(try await meera.submit(room, ["do": "start"]).status == 303)
      #expect(try await meera.submit(room, ["do": "pin", "product": String(product)]).status == 303)
      #expect(try await meera.submit(room, ["do": "say", "text": "Welcome!"]).status == 303)
      let watch = room.replacing("/studio/shows/", with: "/watch/")
      let seen = try await web.guest.get(watch).text
      #expect(seen.contains("Chai cup") && seen.contains("class=\"offer\"") && seen.contains("₹249.50"))
      #expect(try await web.guest.submit(watch, ["text": "How big is it?", "name": "Ravi"]).status == 303)

      #expect(try await meera.submit(room, ["do": "end"]).status == 303)
      let refused = try await meera.submit(room, ["do": "pin", "product": String(product)])
      #expect(refused.status == 409 && refused.text.contains("role=\"alert\""))
    }
  }

  @Test func `a form that is refused comes back filled in, with the reason`() async throws {
    try await RunningWeb.run { web in
      let wrong = try await web.guest.submit(
        "/sign-in", ["email": MarketSquare.ownerEmail, "password": "not this one", "return": "/studio"])
      #expect(wrong.status == 401)
      #expect(wrong.text.contains("value=\"\(MarketSquare.ownerEmail)\"") && wrong.text.contains("role=\"alert\""))
      #expect(!wrong.text.contains("not this one"))

      let owner = try await web.owner
      let cheap = try await owner.submit(
        "/studio/lamps/products/new", ["title": "Lantern", "v0.sku": "L", "v0.price.IN": "cheap", "do": "save"])
      #expect(cheap.status == 422 && cheap.text.contains("value=\"Lantern\"") && cheap.text.contains("value=\"cheap\""))

      let more = try await owner.submit(
        "/studio/lamps/products/new", ["title": "Lantern", "v0.sku": "L", "do": "more"])
      #expect(more.status == 200 && more.text.contains("name=\"v1.sku\"") && more.text.contains("value=\"Lantern\""))
    }
  }

  @Test func `a form from another site is refused`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let reply = try await owner.submit(
        "/studio/shows/\(web.square.show.id)", ["do": "end"], headers: ["Sec-Fetch-Site": "cross-site"])
      #expect(reply.status == 403)
      #expect(try await web.square.commerce.show(web.square.show.id).state == .live)
    }
  }

  @Test func `the operator closes a market and changes its commission`() async throws {
    try await RunningWeb.run { web in
      let saved = try await web.operator.submit(
        "/operator",
        [
          "code": "IN", "currency": "INR", "name": "India", "languages": "en, hi", "commission": "12.5", "tax": "18",
          "shipping": "49", "freeFrom": "999",
        ])
      #expect(saved.status == 303)
      let india = try await web.square.commerce.market("IN")
      #expect(!india.isOpen && india.commission.basisPoints == 1250 && india.shippingFreeFromMinor == 99_900)
      let owner = try await web.owner
      #expect(try await owner.submit("/operator", ["code": "IN", "currency": "INR", "name": "x"]).status != 303)
    }
  }

  @Test func `a guest's order opens by its link, once moved into a cookie of its own`() async throws {
    try await RunningWeb.run { web in
      let (id, token) = try await web.placed()
      #expect(try await web.guest.get("/orders/\(id)", headers: ["Accept": "text/html"]).status == 404)
      #expect(try await web.guest.get("/orders/\(id)?token=", headers: ["Accept": "text/html"]).status == 404)
      #expect(try await web.guest.get("/orders/\(id)?token=wrong", headers: ["Accept": "text/html"]).status == 404)

      let moved = try await web.guest.get("/orders/\(id)?token=\(token)", headers: ["Accept": "text/html"])
      #expect(moved.status == 303 && moved.header("location") == "/orders/\(id)")
      let cookie = try #require(moved.header("set-cookie"))
      #expect(cookie.contains("; Path=/orders/\(id);") && cookie.contains("HttpOnly"))

      let held = ["Cookie": "haat_order=\(token)", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"]
      let page = try await web.guest.get("/orders/\(id)", headers: held)
      #expect(page.status == 200 && page.text.contains("12 Lamp Lane") && page.text.contains("₹1,299"))
      #expect(!page.text.contains(token))

      #expect(try await web.guest.submit("/orders/\(id)", ["do": "cancel"], headers: held).status == 303)
      #expect(try await web.guest.get("/orders/\(id)", headers: held).text.contains("class=\"bad\""))
    }
  }

  @Test(arguments: ["approve", "refuse"])
  func `the bank's second step leads back with its answer`(answer: String) async throws {
    try await RunningWeb.run { web in
      let (id, token) = try await web.placed()
      let paid = try await web.guest.post(
        "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(try await web.method("4000002500003155"))],
        headers: ["Order-Token": token, "Idempotency-Key": "one"])
      let url = try #require(paid.json["actionURL"].string)
      let bank = try await web.guest.get("\(url)?return=/orders/\(id)", headers: ["Accept": "text/html"])
      #expect(bank.status == 200 && bank.text.contains("₹1,299"))

      let back = try await web.guest.submit(url, ["answer": answer, "return": "/orders/\(id)"])
      #expect(back.header("location") == "/orders/\(id)?payment=\(answer == "approve" ? "approved" : "refused")")
      let held = ["Cookie": "haat_order=\(token)", "Accept": "text/html"]
      let order = try await web.guest.get(back.header("location") ?? "", headers: held)
      let english = try ResourceFiles.words()["en"]
      let headline = answer == "approve" ? "order.paidHeadline" : "order.placedHeadline"
      #expect(order.text.contains(try #require(english?[headline])))
    }
  }
}

extension Client {
  /// Posts a form as a browser does.
  func submit(_ path: String, _ fields: KeyValuePairs<String, String>, headers: [String: String] = [:]) async throws
    -> Reply
  {
    let body = fields.map { "\(Visit.encoded($0.key))=\(Visit.encoded($0.value))" }.joined(separator: "&")
    let sent = ["Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"]
    return try await send("POST", path, headers: sent.merging(headers) { $1 }, body: Array(body.utf8))
  }
}
