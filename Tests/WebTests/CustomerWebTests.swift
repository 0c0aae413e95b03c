import Commerce
import Foundation
import TestKit
import Testing

@Suite(.timeLimit(.minutes(3))) struct CustomerWebTests {
  private let html = ["Accept": "text/html"]

  @Test func `an owner finds a customer with their orders, and writes a note`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      #expect(try await owner.get("/studio/lamps/customers", headers: html).text.contains("class=\"empty\""))
      let (id, token) = try await web.placed(2)
      let card = try await web.method("4242424242424242")
      _ = try await web.guest.post(
        "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(card)],
        headers: ["Order-Token": token, "Idempotency-Key": "pay"])
      #expect(try await owner.get("/studio/lamps?tab=orders", headers: html).text.contains("/studio/lamps/customers"))
      let list = try await owner.get("/studio/lamps/customers?q=pune", headers: html).text
      #expect(list.contains("Asha Rao") && list.contains("a…@example.com") && list.contains("₹2,598"))
      #expect(!list.contains("asha@example.com"))
      #expect(try await owner.get("/studio/lamps/customers?q=nobody", headers: html).text.contains("class=\"empty\""))
      let listed = try await owner.get("/api/v1/channels/lamps/customers").json["items"][0]
      let customer = try #require(listed["id"].string)
      #expect(listed["kind"] == "guest" && listed["spent"][0]["minor"] == 259_800)

      let page = "/studio/lamps/customers/\(customer)"
      #expect(try await owner.submit(page, ["do": "note", "note": "Likes <i>brass</i>"]).status == 303)
      let seen = try await owner.get(page, headers: html).text
      #expect(seen.contains("Likes &lt;i&gt;brass&lt;/i&gt;") && seen.contains("asha@example.com"))
      #expect(seen.contains("/orders/\(id)") && seen.contains("₹2,598"))
      #expect(try await owner.get(page + "?lang=hi", headers: html).text.contains("पिछला ऑर्डर"))
      let long = try await owner.submit(page, ["do": "note", "note": String(repeating: "x", count: 1_001)])
      #expect(long.status == 422 && long.text.contains("role=\"alert\""))
      let file = try await owner.get("/studio/lamps/customers/file")
      #expect(file.header("content-disposition")?.contains("lamps-customers-") == true)
      #expect(file.text.contains("Asha Rao,asha@example.com,guest,1,2598.00,INR"))
      let whole = try await owner.get("/api/v1/customers/\(customer)").json
      #expect(whole["note"] == "Likes <i>brass</i>" && whole["orders"]["items"][0]["id"] == .string(id))
      for path in [page, "/studio/lamps/customers", "/studio/lamps/customers/file"] {
        #expect(try await web.stranger.get(path, headers: html).status == 404)
      }
    }
  }
}
