import Commerce
import Foundation
import Store
import TestKit
import Testing
import Web

@Suite(.timeLimit(.minutes(2))) struct OrderTests {
  @Test func `a guest buys two lamps: quote, order, card, paid`() async throws {
    try await RunningWeb.run { web in
      let offer = try await web.lampOffer()
      let quote = try await web.guest.post(
        "/api/v1/quotes", ["market": "IN", "lines": [["offer": .string(offer), "quantity": 2]]])
      #expect(quote.json["total"] == ["minor": 259_800, "currency": "INR"], "\(quote.text)")
      #expect(quote.json["shipping"]["minor"] == 0)

      let placed = try await web.guest.post(
        "/api/v1/orders", web.order(2, offer: offer), headers: ["Idempotency-Key": "one"])
      #expect(placed.status == 201, "\(placed.text)")
      #expect(placed.json["order"]["state"] == "placed")
      #expect(placed.json["order"]["total"] == quote.json["total"])
      #expect(placed.json["payment"]["methodsURL"] == "/sandbox/v1/payment_methods")
      let path = "/api/v1/orders/\(placed.json["order"]["id"].string ?? "")"
      let token = ["Order-Token": placed.json["accessToken"].string ?? ""]

      let card = try await web.method("4242 4242 4242 4242")
      let paid = try await web.guest.post(
        path + "/payment", ["paymentMethod": .string(card)], headers: token.merging(["Idempotency-Key": "pay"]) { $1 })
      #expect(paid.status == 200 && paid.json["state"] == "paid", "\(paid.text)")
      #expect(paid.json["order"]["state"] == "paid")
      let again = try await web.guest.post(
        path + "/payment", ["paymentMethod": .string(card)], headers: token.merging(["Idempotency-Key": "pay"]) { $1 })
      #expect(again.body == paid.body)
      let stolen = try await web.guest.post(
        path + "/payment", ["paymentMethod": .string(card)], headers: ["Idempotency-Key": "pay"])
      #expect(stolen.status == 404, "an answer is kept for who may open the order")

      #expect(try await web.guest.get(path, headers: token).json["number"] == placed.json["order"]["number"])
      let audit = try await web.square.commerce.audit()
      #expect(audit.isClean, "\(audit.summary)")
    }
  }

  @Test func `an order is opened by its token, its buyer and its seller, and to others does not exist`() async throws {
    try await RunningWeb.run { web in
      let (id, token) = try await web.placed()
      let path = "/api/v1/orders/\(id)"
      #expect(try await web.guest.get(path, headers: ["Order-Token": token]).status == 200)
      #expect(try await web.owner.get(path).status == 200)
      #expect(try await web.guest.get(path).status == 404)
      #expect(try await web.guest.get(path, headers: ["Order-Token": " "]).status == 404)
      #expect(try await web.guest.get(path, headers: ["Order-Token": token + "x"]).status == 404)
      #expect(try await web.stranger.get(path).status == 404)
      #expect(try await web.guest.post(path + "/cancellation").status == 404)
      let stolen = try await web.guest.post(
        path + "/payment", ["paymentMethod": "pm_x"], headers: ["Idempotency-Key": "k"])
      #expect(stolen.status == 404)
      #expect(try await web.guest.get("/api/v1/orders?channel=lamps").status == 401)
      #expect(try await web.stranger.get("/api/v1/orders?channel=lamps").status == 404)
      #expect(try await web.owner.get("/api/v1/orders?channel=lamps").json["items"][0]["id"].string == id)
    }
  }

  @Test func `the same key places one order, and another body under it is refused`() async throws {
    try await RunningWeb.run { web in
      let offer = try await web.lampOffer()
      let missing = try await web.guest.post("/api/v1/orders", web.order(offer: offer))
      #expect(missing.status == 400 && missing.code == "idempotency_key_missing")

      let key = ["Idempotency-Key": "\"an intent\""]
      let ids = try await withThrowingTaskGroup(of: String?.self) { group in
        for _ in 1...5 {
          group.addTask {
            try await web.guest.post("/api/v1/orders", web.order(offer: offer), headers: key).json["order"]["id"].string
          }
        }
        return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
      }
      #expect(ids.count == 1 && ids.first != .some(nil))
      let bare = try await web.guest.post(
        "/api/v1/orders", web.order(offer: offer), headers: ["Idempotency-Key": "an intent"])
      #expect(bare.json["order"]["id"].string == ids.first)
      #expect(bare.header("idempotency-replayed") == "true")
      let other = try await web.guest.post("/api/v1/orders", web.order(2, offer: offer), headers: key)
      #expect(other.status == 422 && other.code == "idempotency_mismatch")
    }
  }

  @Test func `a declined card is a 402 with its reason, and another may be tried`() async throws {
    try await RunningWeb.run { web in
      let (id, token) = try await web.placed()
      func pay(_ number: String, key: String) async throws -> Reply {
        try await web.guest.post(
          "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(web.method(number))],
          headers: ["Order-Token": token, "Idempotency-Key": key])
      }
      let declined = try await pay("4000 0000 0000 0002", key: "first")
      #expect(declined.status == 402 && declined.code == "card_declined")
      #expect(declined.header("content-type") == "application/problem+json")
      let poor = try await pay("4000 0000 0000 9995", key: "second")
      #expect(poor.status == 402 && poor.code == "insufficient_funds")
      #expect(try await pay("4242 4242 4242 4242", key: "third").json["state"] == "paid")
      let nonsense = try await web.guest.post(
        "/sandbox/v1/payment_methods", ["number": "4242 4242 4242 4241", "expMonth": 12, "expYear": 2030, "cvc": "123"])
      #expect(nonsense.status == 422)
    }
  }

  @Test func `a payment asked for twice at once is under way, and charged once`() async throws {
    try await RunningWeb.run(behaviour: SandboxBehaviour(latencyMilliseconds: 400...400)) { web in
      let (id, token) = try await web.placed()
      let card = try await web.method("4242 4242 4242 4242")
      let replies = try await withThrowingTaskGroup(of: Reply.self) { group in
        for _ in 1...2 {
          group.addTask {
            try await web.guest.post(
              "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(card)],
              headers: ["Order-Token": token, "Idempotency-Key": "once"])
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.status < $1.status }
      }
      #expect(replies.map(\.status) == [200, 409])
      #expect(replies[0].json["state"] == "paid" && replies[1].code == "request_in_flight")
    }
  }

  @Test func `a card that asks for a second step is paid once the buyer has confirmed`() async throws {
    try await RunningWeb.run { web in
      let (id, token) = try await web.placed()
      let headers = ["Order-Token": token, "Idempotency-Key": "3ds"]
      let asked = try await web.guest.post(
        "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(web.method("4000 0025 0000 3155"))], headers: headers)
      #expect(asked.status == 200 && asked.json["state"] == "requires_action", "\(asked.text)")
      let action = try #require(asked.json["actionURL"].string)
      #expect(action.hasPrefix("/sandbox/authentications/"))
      #expect(asked.json["order"]["state"] == "placed")

      let payment = String(action.dropFirst("/sandbox/authentications/".count))
      try await web.sandbox.authenticate(payment, approved: true)
      // The sandbox's webhook brings it.
      let paid = try await web.until {
        try await web.guest.get("/api/v1/orders/\(id)", headers: headers)
      } is: {
        $0.json["state"] == "paid"
      }
      #expect(paid.json["paidAt"].string != nil)
    }
  }

  @Test func `ten lamps go to ten of sixty, and the others are told that they are sold out`() async throws {
    try await RunningWeb.run { web in
      let offer = try await web.lampOffer()
      let replies = try await withThrowingTaskGroup(of: Reply.self) { group in
        for number in 1...60 {
          group.addTask {
            try await web.guest.post(
              "/api/v1/orders", web.order(offer: offer), headers: ["Idempotency-Key": "buyer \(number)"])
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(replies.filter { $0.status == 201 }.count == 10)
      let refused = replies.filter { $0.status != 201 }
      #expect(refused.allSatisfy { $0.status == 409 && $0.code == "sold_out" && $0.json["field"] == "lines" })
      #expect(refused.count == 50)
    }
  }

  @Test func `prices, negative quantities and strange fields from a client count for nothing`() async throws {
    try await RunningWeb.run { web in
      let offer = try await web.lampOffer()
      let negative = try await web.guest.post(
        "/api/v1/orders", web.order(-1, offer: offer), headers: ["Idempotency-Key": "a"])
      #expect(negative.status == 422 && negative.json["field"].string?.contains("quantity") == true)
      let cheap: JSON = [
        "market": "IN", "lines": [["offer": .string(offer), "quantity": 1, "unitPrice": 1]], "total": 1,
      ]
      #expect(try await web.guest.post("/api/v1/quotes", cheap).json["subtotal"]["minor"] == 129_900)
      let half: JSON = ["market": "IN", "lines": [["offer": .string(offer), "quantity": .number(1.5)]]]
      let refused = try await web.guest.post("/api/v1/quotes", half)
      #expect(refused.status == 400 && refused.json["field"] == "lines.0.quantity", "\(refused.text)")
    }
  }

  @Test func `a buyer cancels what is not paid, and a seller sends and refunds what is`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let (first, token) = try await web.placed()
      let cancelled = try await web.guest.send(
        "POST", "/api/v1/orders/\(first)/cancellation", headers: ["Order-Token": token])
      #expect(cancelled.json["state"] == "cancelled", "\(cancelled.text)")

      let (id, paying) = try await web.placed()
      let card = try await web.method("4242424242424242")
      _ = try await web.guest.post(
        "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(card)],
        headers: ["Order-Token": paying, "Idempotency-Key": "pay"])
      #expect(try await web.stranger.post("/api/v1/orders/\(id)/fulfilment", ["tracking": "X"]).status == 404)
      let sent = try await owner.post("/api/v1/orders/\(id)/fulfilment", ["tracking": "https://post.example/1"])
      #expect(sent.json["state"] == "fulfilled" && sent.json["tracking"] == "https://post.example/1")

      let body: JSON = ["amountMinor": 10_000, "reason": "A dent"]
      #expect(try await owner.post("/api/v1/orders/\(id)/refunds", body).status == 400)
      let refunded = try await owner.post("/api/v1/orders/\(id)/refunds", body, headers: ["Idempotency-Key": "r"])
      #expect(refunded.status == 201 && refunded.json["amount"]["minor"] == 10_000, "\(refunded.text)")
      let again = try await owner.post("/api/v1/orders/\(id)/refunds", body, headers: ["Idempotency-Key": "r"])
      #expect(again.body == refunded.body)
      // As after a crash between the refund and the keeping of its answer.
      try await web.square.commerce.database.write { db in _ = try db.run("DELETE FROM idempotency_key") }
      let anew = try await owner.post("/api/v1/orders/\(id)/refunds", body, headers: ["Idempotency-Key": "r"])
      #expect(anew.json["id"] == refunded.json["id"])
      let listed = try await web.guest.get("/api/v1/orders/\(id)/refunds", headers: ["Order-Token": paying])
      #expect(listed.json["items"].array.count == 1)

      #expect(try await owner.get("/api/v1/channels/lamps/statement").json["items"].array.count == 2)
      #expect(try await web.stranger.get("/api/v1/channels/lamps/statement").status == 404)
      #expect(try await owner.get("/api/v1/ledger/balances").status == 403)
      #expect(try await web.operator.get("/api/v1/ledger/balances").json["items"].array.isEmpty == false)
    }
  }

  @Test func `a webhook without the provider's signature is not taken`() async throws {
    try await RunningWeb.run { web in
      let forged = try await web.guest.post("/webhooks/sandbox", ["id": "evt_1", "type": "payment.succeeded"])
      #expect(forged.status == 401 && forged.code == "bad_signature")
      #expect(try await web.guest.post("/webhooks/nobody").status == 404)
    }
  }

  @Test func `who orders too often is told when to come back`() async throws {
    try await RunningWeb.run(configure: { $0.limits.orders = Allowance(burst: 3, perMinute: 6) }) { web in
      let offer = try await web.lampOffer()
      var last: Reply?
      for number in 1...4 {
        last = try await web.guest.post(
          "/api/v1/orders", web.order(offer: offer), headers: ["Idempotency-Key": "\(number)"])
      }
      #expect(last?.status == 429 && last?.code == "too_often")
      #expect(last?.header("retry-after") == "10")
      web.square.clock.advance(seconds: 10)
      let later = try await web.guest.post(
        "/api/v1/orders", web.order(offer: offer), headers: ["Idempotency-Key": "later"])
      #expect(later.status == 201)
    }
  }
}
