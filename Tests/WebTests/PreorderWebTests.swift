import Commerce
import Foundation
import TestKit
import Testing

private typealias JSON = TestKit.JSON

/// Preorders over HTTP: the API, the studio's pages, the product's page and the pages of both orders.
@Suite(.timeLimit(.minutes(3))) struct PreorderWebTests {
  private static let form = [
    "Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin",
  ]
  private static let html = ["Accept": "text/html"]

  private static func day(_ web: RunningWeb, _ days: Int64) -> String {
    web.square.clock.now.adding(seconds: days * 86_400).description
  }

  /// A lamp of ₹1,299 on preorder, with a deposit of 30 %.
  private static func open(_ web: RunningWeb, percent: Int64 = 30) async throws -> String {
    let draft: JSON = [
      "variant": "\(web.square.lampVariant)", "depositPercent": .number(Double(percent)), "unitsMax": 5,
      "until": .string(day(web, 20)), "shipsBy": .string(day(web, 40)),
    ]
    let made = try await web.owner.post("/api/v1/channels/lamps/preorders", draft)
    #expect(made.status == 201, "\(made.text)")
    return made.json["id"].string ?? ""
  }

  /// A guest's paid deposit: the order's id and token.
  private static func order(_ web: RunningWeb) async throws -> (id: String, token: String) {
    let offer = try await web.guest.get("/api/v1/shows/\(web.square.show.id)/products?market=IN").json["items"][0][
      "variants"][0]["offer"]["id"]
    let lines: JSON = [["offer": offer, "quantity": 1]]
    let placed = try await web.guest.post(
      "/api/v1/orders", ["market": "IN", "lines": lines, "buyer": web.order(offer: "")["buyer"]],
      headers: ["Idempotency-Key": UUID().uuidString])
    #expect(placed.status == 201 && placed.json["order"]["part"] == "deposit", "\(placed.text)")
    let (id, token) = (placed.json["order"]["id"].string ?? "", placed.json["accessToken"].string ?? "")
    let paid = try await web.guest.post(
      "/api/v1/orders/\(id)/payment", ["paymentMethod": "pm_card_visa"],
      headers: ["Order-Token": token, "Idempotency-Key": UUID().uuidString])
    #expect(paid.json["state"] == "paid", "\(paid.text)")
    return (id, token)
  }

  @Test func `a preorder is opened, quoted, paid in two parts, and its dates and units are kept, over the API`()
    async throws
  {
    try await RunningWeb.run { web in
      try await web.square.commerce.setStock(by: web.square.owner, variant: web.square.lampVariant, onHand: 0)
      let owner = try await web.owner
      let id = try await Self.open(web)
      let card = try await web.guest.get("/api/v1/shows/\(web.square.show.id)/products?market=IN").json["items"][0]
      let choice = card["variants"][0]
      #expect(choice["available"] == 5 && choice["preorder"]["id"].string == id, "\(card)")
      #expect(choice["preorder"]["deposit"]["minor"] == 38_970 && choice["preorder"]["balance"]["minor"] == 90_930)
      let lines: JSON = [["offer": choice["offer"]["id"], "quantity": 1]]
      let quote = try await web.guest.post("/api/v1/quotes", ["market": "IN", "lines": lines])
      #expect(quote.json["total"]["minor"] == 38_970 && quote.json["shipping"]["minor"] == 0, "\(quote.text)")
      #expect(quote.json["preorder"]["goods"]["minor"] == 90_930 && quote.json["preorder"]["payDays"] == 7)
      let order = try await Self.order(web)
      let place = try await web.guest.get(
        "/api/v1/orders/\(order.id)/preorder", headers: ["Order-Token": order.token])
      #expect(place.json["state"] == "waiting" && place.json["balance"]["minor"] == 90_930, "\(place.text)")
      #expect(try await web.guest.get("/api/v1/orders/\(order.id)/preorder").status == 404)
      let later = try await owner.patch("/api/v1/preorders/\(id)", ["shipsBy": .string(Self.day(web, 60))])
      #expect(later.status == 200 && later.json["unitsWaiting"] == 1, "\(later.text)")
      let keyless = try await owner.post("/api/v1/preorders/\(id)/ready", ["units": 1])
      #expect(keyless.status == 400, "what is sent twice would be given twice: \(keyless.text)")
      let early = try await owner.post(
        "/api/v1/preorders/\(id)/ready", ["units": 1], headers: ["Idempotency-Key": "early"])
      #expect(early.status == 409 && early.code == "preorder_too_few_units", "\(early.text)")
      try await web.square.commerce.setStock(by: web.square.owner, variant: web.square.lampVariant, onHand: 2)
      let ready = try await owner.post(
        "/api/v1/preorders/\(id)/ready", ["units": 1], headers: ["Idempotency-Key": "ready"])
      #expect(ready.status == 200 && ready.json["unitsWaiting"] == 0, "\(ready.text)")
      let called = try await web.guest.get(
        "/api/v1/orders/\(order.id)/preorder", headers: ["Order-Token": order.token])
      let balance = called.json["balanceOrder"].string ?? ""
      let paid = try await web.guest.post(
        "/api/v1/orders/\(balance)/payment", ["paymentMethod": "pm_card_visa"],
        headers: ["Order-Token": order.token, "Idempotency-Key": "balance"])
      #expect(paid.json["state"] == "paid", "\(paid.text)")
      let places = try await owner.get("/api/v1/preorders/\(id)/places")
      #expect(places.json["items"][0]["state"] == "complete", "\(places.text)")
      #expect(try await owner.post("/api/v1/preorders/\(id)/stop", [:]).json["state"] == "ended")
      #expect(try await owner.get("/api/v1/channels/lamps/preorders").json["items"].array.count == 1)
      #expect(try await web.square.commerce.audit().differences == [])
    }
  }

  @Test func `the studio opens a preorder, gives units out, moves its date and calls it off, without scripts`()
    async throws
  {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let list = try await owner.get("/studio/lamps/preorders?variant=LAMP-1", headers: Self.html)
      #expect(list.status == 200 && list.text.contains("Put on preorder") && list.text.contains("value=\"LAMP-1\""))
      let until = Self.day(web, 20).prefix(10), ships = Self.day(web, 40).prefix(10)
      let bad = try await owner.post(
        "/studio/lamps/preorders",
        raw: "variant=\(web.square.lampVariant)&percent=0&units=5&days=7&until=\(until)&shipsBy=\(ships)",
        headers: Self.form)
      #expect(bad.status == 422 && bad.text.contains("depositPercent"), "\(bad.status)")
      let made = try await owner.post(
        "/studio/lamps/preorders",
        raw: "variant=\(web.square.lampVariant)&percent=30&units=5&days=7&until=\(until)&shipsBy=\(ships)",
        headers: Self.form)
      let page = (made.header("location") ?? "").replacing("?saved=yes", with: "")
      #expect(made.status == 303 && page.contains("/studio/lamps/preorders/"), "\(made.text)")
      let (first, second) = (try await Self.order(web), try await Self.order(web))
      let seen = try await owner.get(page, headers: Self.html)
      #expect(seen.text.contains("2 of 5") && seen.text.contains("Waits for goods"))
      #expect(seen.text.contains("name=\"seen\" value=\"0\""))
      // Pressed twice.
      for _ in 0..<2 {
        #expect(
          try await owner.post(page, raw: "do=ready&units=1&seen=0", headers: Self.form).header("location")
            == page + "?saved=yes")
      }
      #expect(try await owner.get(page, headers: Self.html).text.contains("name=\"seen\" value=\"1\""))
      let moved = Self.day(web, 50).prefix(10)
      #expect(
        try await owner.post(
          page, raw: "do=change&shipsBy=\(moved)&until=\(until)&unitsMax=4", headers: Self.form
        ).status == 303)
      #expect(try await owner.get(page, headers: Self.html).text.contains("value=\"\(moved)\""))
      let few = try await owner.post(page, raw: "do=change&unitsMax=1", headers: Self.form)
      #expect(few.status == 422 && few.text.contains("must be 2 or more"))
      #expect(try await owner.post(page, raw: "do=stop", headers: Self.form).status == 303)
      #expect(try await owner.post(page, raw: "do=call-off", headers: Self.form).status == 303)
      #expect(try await owner.get(page, headers: Self.html).text.contains("Called off"))
      for order in [first, second] {
        let state = try await web.guest.get("/api/v1/orders/\(order.id)", headers: ["Order-Token": order.token])
        #expect(state.json["state"] == "refunded", "\(state.text)")
      }
      #expect(try await web.square.commerce.audit().differences == [])
    }
  }

  @Test func `a buyer sees both parts before and after paying, pays the balance on its page, or cancels`() async throws
  {
    try await RunningWeb.run { web in
      let id = try await Self.open(web)
      let product = try await web.guest.get("/products/\(web.square.lamp.id)", headers: Self.html)
      #expect(product.text.contains("Pay ₹389.70 now, and ₹909.30 within 7 days"), "\(product.status)")
      #expect(product.text.contains("schema.org/PreOrder"))
      let hindi = try await web.guest.get("/products/\(web.square.lamp.id)?lang=hi", headers: Self.html)
      #expect(hindi.text.contains("प्री-ऑर्डर"))
      let (order, other) = (try await Self.order(web), try await Self.order(web))
      func cookie(_ token: String) -> [String: String] { ["Accept": "text/html", "Cookie": "haat_order=\(token)"] }
      let waiting = try await web.guest.get("/orders/\(order.id)", headers: cookie(order.token))
      #expect(waiting.text.contains("Preordered") && waiting.text.contains("Your deposit is paid"))
      #expect(waiting.text.contains("cancel for all of your money") && !waiting.text.contains("Pay the balance</a>"))
      _ = try await web.owner.post(
        "/api/v1/preorders/\(id)/ready", ["units": 2], headers: ["Idempotency-Key": "ready"])
      let called = try await web.guest.get("/orders/\(order.id)", headers: cookie(order.token))
      let link = try #require(called.text.firstMatch(of: /href="(\/orders\/[^"]+\?to=[^"]+)"/)).1
      let opened = try await web.guest.get(String(link), headers: cookie(order.token))
      let balance = try #require(opened.header("location"))
      #expect(opened.status == 303 && opened.header("set-cookie")?.contains("Path=\(balance)") == true)
      let page = try await web.guest.get(balance, headers: cookie(order.token))
      #expect(page.text.contains("pay the balance") && page.text.contains("card-payer"), "\(page.status)")
      #expect(try await web.guest.get(balance, headers: Self.html).status == 404)
      let paid = try await web.guest.post(
        balance, raw: "do=pay&key=k&method=pm_card_visa", headers: cookie(order.token).merging(Self.form) { $1 })
      #expect(paid.status == 303, "\(paid.text)")
      #expect(try await web.guest.get(balance, headers: cookie(order.token)).text.contains("Everything is paid"))
      let cancelled = try await web.guest.post(
        "/orders/\(other.id)", raw: "do=ask-cancel&cancellation=\(web.square.commerce.makeID(Cancellation.self))",
        headers: cookie(other.token).merging(Self.form) { $1 })
      #expect(cancelled.status == 303, "\(cancelled.text.prefix(600))")
      let state = try await web.guest.get("/api/v1/orders/\(other.id)", headers: ["Order-Token": other.token])
      #expect(state.json["state"] == "refunded", "\(state.text)")
      let mails = try await web.square.commerce.mails(of: nil, by: web.square.operator, limit: 50).items
      #expect(mails.count { $0.mail.kind == .preorderReady } == 2)
      for mail in mails {
        let shown = try await web.operator.get("/operator/mails/\(mail.mail.id)", headers: Self.html)
        #expect(shown.status == 200 && !shown.text.contains("mail.preorder"), "\(mail.mail.kind)")
      }
      let words = try await web.guest.get("/words/preorder?lang=hi")
      #expect(words.json["preorder"]["one"] == "प्री-ऑर्डर" && words.json["staffRefusals"]["preorder_alone"] != .null)
      #expect(try await web.square.commerce.audit().differences == [])
    }
  }
}

extension Client {
  fileprivate func post(_ path: String, raw: String, headers: [String: String]) async throws -> Reply {
    try await send("POST", path, headers: headers, body: Array(raw.utf8))
  }
}
