import Foundation
import Store
import TestKit
import Testing

@testable import Commerce

/// What pages and the API say where the money goes to Stripe.
@Suite struct StripeWebTests {
  @Test func `only the pages with a card form may load anything from Stripe, and only where it takes the money`()
    async throws
  {
    let stall = try await StripeStall(.sqlite)
    try await stall.serve { port in
      let guest = Client(port: port)
      let headers = ["Accept": "text/html"]
      let watch = try await guest.get("/watch/\(stall.square.show.id)", headers: headers)
      let policy = try #require(watch.header("content-security-policy"))
      #expect(policy.contains("script-src 'self' \(stall.stripe.url);"))
      let home = try await guest.get("/", headers: headers).header("content-security-policy")
      #expect(home?.contains("script-src 'self';") == true && home?.contains("frame-src 'self';") == true)
      #expect(!watch.text.contains(StripeStall.secretKey) && !watch.text.contains("whsec_"))
      #expect(watch.text.contains("pk_test_of_the_tests"))
      let sandbox = try await guest.post(
        "/sandbox/v1/payment_methods", ["number": "4242424242424242", "expMonth": 12, "expYear": 2030, "cvc": "123"])
      #expect(sandbox.status == 404)
    }
    try await RunningWeb.run { web in
      let watch = try await web.guest.get("/watch/\(web.square.show.id)", headers: ["Accept": "text/html"])
      #expect(watch.header("content-security-policy")?.contains("http") == false)
    }
  }

  @Test func `Stripe's own sources are these and no others`() {
    let settings = StripeSettings(
      secretKey: "sk_live_x", publishableKey: "pk_live_x", webhookSecrets: [], returnURL: { _ in "" })
    #expect(settings.scriptURL == "https://js.stripe.com/endive/stripe.js")
    #expect(settings.pageSources.script == ["https://js.stripe.com", "https://*.js.stripe.com"])
    #expect(
      settings.pageSources.frame == [
        "https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com",
      ])
    #expect(settings.pageSources.connect == ["https://api.stripe.com"])
  }

  @Test func `a program pays, follows the second step and asks how it stands`() async throws {
    let stall = try await StripeStall(.sqlite)
    try await stall.serve { port in
      let placed = try await stall.place()
      let guest = Client(port: port)
      let path = "/api/v1/orders/\(placed.order.id)/payment"
      let token = ["Order-Token": placed.access.text]
      #expect(try await guest.get(path).status == 404)
      #expect(try await guest.get(path, headers: token).json["state"] == "unpaid")
      let method = try await stall.stripe.method("4000002500003155")
      let asked = try await guest.post(
        path, ["paymentMethod": .string(method)], headers: token.merging(["Idempotency-Key": "1"]) { $1 })
      #expect(asked.json["state"] == "requires_action")
      let page = try #require(asked.json["actionURL"].string)
      #expect(page.hasPrefix(stall.stripe.url))
      let waiting = try await guest.get(path, headers: token).json
      #expect(waiting["state"] == "requires_action" && waiting["actionURL"].string == page)
      try await stall.stripe.authenticate(String(page.split(separator: "/").last ?? ""), approved: false)
      let declined = try await guest.get(path, headers: token).json
      #expect(declined["state"] == "declined" && declined["code"] == "authentication_failed")
      let paid = try await guest.post(
        path, ["paymentMethod": "pm_card_visa"], headers: token.merging(["Idempotency-Key": "2"]) { $1 })
      #expect(paid.json["state"] == "paid")
      #expect(try await guest.get(path, headers: token).json["state"] == "paid")
    }
  }

  @Test func `the order's page leads its buyer, and nobody else, to a second step that waits`() async throws {
    let stall = try await StripeStall(.sqlite)
    try await stall.serve { port in
      let placed = try await stall.place()
      let guest = Client(port: port)
      func page(_ cookie: [String: String]) async throws -> Reply {
        try await guest.get("/orders/\(placed.order.id)", headers: cookie.merging(["Accept": "text/html"]) { $1 })
      }
      let opened = try await guest.get("/orders/\(placed.order.id)?token=\(placed.access.text)")
      let cookie = ["Cookie": "haat_order=\(try opened.cookie("haat_order"))"]
      #expect(try await !page(cookie).text.contains(">Confirm with your bank</a>"))
      _ = try await stall.pay(placed, method: stall.stripe.method("4000002500003155"))
      let payment = try #require(try await stall.attempts(placed).first?.payment)
      let waiting = try await page(cookie).text
      #expect(waiting.contains("href=\"\(stall.stripe.url)/_config/bank/\(payment)\""))
      #expect(waiting.contains(">Confirm with your bank</a>"))
      #expect(try await page([:]).status == 404)
      try await stall.stripe.authenticate(payment, approved: true)
      let back = try await guest.get(
        "/orders/\(placed.order.id)?payment=returned", headers: cookie.merging(["Accept": "text/html"]) { $1 })
      #expect(back.text.contains("Thank you") && !back.text.contains(">Confirm with your bank</a>"))
    }
    // The sandbox's bank is a page of ours, and is told the way back.
    try await RunningWeb.run { web in
      let (id, token) = try await web.placed()
      let asked = try await web.guest.post(
        "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(web.method("4000 0025 0000 3155"))],
        headers: ["Order-Token": token, "Idempotency-Key": "3ds"])
      let bank = try #require(asked.json["actionURL"].string)
      let page = try await web.guest.get(
        "/orders/\(id)", headers: ["Accept": "text/html", "Cookie": "haat_order=\(token)"])
      #expect(page.text.contains("href=\"\(bank)?return=%2Forders%2F\(id.replacing("-", with: "%2D"))\""))
    }
  }

  @Test func `a placed order says how its card is to be taken`() async throws {
    let stall = try await StripeStall(.sqlite)
    try await stall.serve { port in
      let offers = try await Client(port: port).get("/api/v1/shows/\(stall.square.show.id)/products?market=IN")
      let offer = offers.json["items"][0]["variants"][0]["offer"]["id"]
      let placed = try await Client(port: port).post(
        "/api/v1/orders",
        [
          "show": "\(stall.square.show.id)", "market": "IN", "lines": [["offer": offer, "quantity": 1]],
          "buyer": [
            "name": "Asha Rao", "email": "asha@example.com",
            "address": [
              "line1": "12 Lamp Lane", "city": "Pune", "region": "MH", "postalCode": "411001", "country": "IN",
            ],
          ],
        ], headers: ["Idempotency-Key": "1"])
      #expect(
        placed.json["payment"] == [
          "provider": "stripe", "means": "card", "scriptURL": .string("\(stall.stripe.url)/_config/stripe.js"),
          "publishableKey": "pk_test_of_the_tests",
        ])
    }
  }
}
