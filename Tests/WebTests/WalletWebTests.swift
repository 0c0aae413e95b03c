import Commerce
import Foundation
import TestKit
import Testing

private typealias JSON = TestKit.JSON

/// What a buyer keeps to buy with, over the API and on its page.
@Suite(.timeLimit(.minutes(2))) struct WalletWebTests {
  private static let home: JSON = [
    "phone": "98765 43210",
    "address": ["name": "Asha Rao", "line1": "12 Lamp Lane", "city": "Pune", "postalCode": "411001", "country": "IN"],
  ]

  @Test func `addresses and cards are kept, used and removed`() async throws {
    try await RunningWeb.run { web in
      let buyer = try await web.stranger
      #expect(try await web.guest.get("/api/v1/wallet").status == 401)
      let empty = try await buyer.get("/api/v1/wallet")
      #expect(empty.json["cards"].array.isEmpty && empty.json["oneTap"] == false, "\(empty.text)")
      let made = try await buyer.post("/api/v1/addresses", Self.home)
      #expect(made.status == 201 && made.json["address"]["line1"] == "12 Lamp Lane", "\(made.text)")
      let path = "/api/v1/addresses/\(made.json["id"].string ?? "")"
      #expect(try await web.owner.put(path, Self.home).status == 404)
      #expect(try await web.owner.delete(path).status == 404)
      let bad = try await buyer.post(
        "/api/v1/addresses", ["address": ["name": "", "line1": "x", "city": "x", "postalCode": "1", "country": "IN"]])
      #expect(bad.status == 422 && bad.json["field"] == "address.name")

      let method = try await web.method("4242424242424242")
      let saved = try await buyer.post("/api/v1/cards", ["paymentMethod": .string(method)])
      #expect(saved.status == 201 && saved.json["state"] == "saved", "\(saved.text)")
      #expect(saved.json["card"]["last4"] == "4242" && saved.json["card"]["method"] == .null, "its name stays ours")
      let card = saved.json["card"]["id"].string ?? ""
      let no = try await buyer.post(
        "/api/v1/cards", ["paymentMethod": .string(try await web.method("4000000000000002"))])
      #expect(no.json["state"] == "declined" && no.json["code"] == "card_declined")

      // The order's own buyer pays with it, and nobody else can.
      let placed = try await web.placed(by: buyer)
      let payment = "/api/v1/orders/\(placed.id)/payment"
      let token = ["Order-Token": placed.token]
      #expect(
        try await web.owner.post(
          payment, ["card": .string(card)], headers: token.merging(["Idempotency-Key": "a"]) { $1 }
        ).status == 404)
      for body: JSON in [["card": .string(card), "paymentMethod": .string(method)], [:]] {
        #expect(
          try await buyer.post(payment, body, headers: token.merging(["Idempotency-Key": "b"]) { $1 }).status == 422)
      }
      let paid = try await buyer.post(
        payment, ["card": .string(card)], headers: token.merging(["Idempotency-Key": "c"]) { $1 })
      #expect(paid.json["state"] == "paid", "\(paid.text)")

      #expect(try await buyer.put("/api/v1/wallet/one-tap", ["isOn": true]).json["isOn"] == true)
      let full = try await buyer.get("/api/v1/wallet").json
      #expect(full["oneTap"] == true && full["cards"].array.count == 1 && full["addresses"].array.count == 1)
      #expect(try await buyer.delete("/api/v1/cards/\(card)").status == 204)
      #expect(try await buyer.delete(path).status == 204)
      #expect(try await buyer.get("/api/v1/wallet").json["cards"].array.isEmpty)
    }
  }

  @Test func `the page adds, prefers and removes without scripts, and names what is wrong`() async throws {
    try await RunningWeb.run { web in
      let buyer = try await web.stranger
      let page = "/account/wallet"
      #expect(try await web.guest.get(page).status == 401)
      func add(_ line1: String, _ name: String = "Asha Rao") async throws -> Reply {
        try await buyer.submit(
          page,
          [
            "do": "address", "name": name, "phone": "", "line1": line1, "line2": "", "city": "Pune", "region": "",
            "postalCode": "411001", "country": "IN",
          ])
      }
      #expect(try await add("12 Lamp Lane").status == 303)
      #expect(try await add("7 Mill Road").status == 303)
      let refused = try await add("x", "")
      #expect(refused.status == 422 && refused.text.contains("notice bad"))
      let shown = try await buyer.get(page).text
      #expect(shown.contains("12 Lamp Lane") && shown.contains("7 Mill Road"))
      let wallet = try await buyer.get("/api/v1/wallet").json
      let old = wallet["addresses"][1]["id"].string ?? ""
      #expect(wallet["addresses"][0]["address"]["line1"] == "7 Mill Road")
      #expect(try await buyer.submit(page, ["do": "address-first", "id": old]).status == 303)
      #expect(
        try await buyer.get("/api/v1/wallet").json["addresses"][0]["address"]["line1"] == "12 Lamp Lane")
      #expect(try await buyer.submit(page, ["do": "address-remove", "id": old]).status == 303)
      #expect(try await !buyer.get(page).text.contains("12 Lamp Lane"))
      #expect(try await buyer.submit(page, ["do": "one-tap-on"]).status == 303)
      #expect(try await buyer.get("/api/v1/wallet").json["oneTap"] == true)
      #expect(try await buyer.submit(page, ["do": "card-remove", "id": "nonsense"]).status == 422)
    }
  }
}
