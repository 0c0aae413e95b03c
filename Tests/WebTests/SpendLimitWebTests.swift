import Commerce
import Foundation
import TestKit
import Testing

/// A buyer's own limits, by a program and by a form.
@Suite(.timeLimit(.minutes(2))) struct SpendLimitWebTests {
  @Test func `a limit is set, seen, and holds when ordering`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let path = "/api/v1/spend-limits"
      #expect(try await web.guest.get(path).status == 401)
      #expect(try await owner.put(path, ["period": "year", "currency": "INR", "limitMinor": 1]).status == 422)
      let set = try await owner.put(path, ["period": "week", "currency": "INR", "limitMinor": 200_000])
      #expect(set.status == 200 && set.json["items"][0]["left"]["minor"] == 200_000)
      let offer = try await web.lampOffer()
      let first = try await owner.post("/api/v1/orders", web.order(offer: offer), headers: ["Idempotency-Key": "1"])
      #expect(first.status == 201)
      let second = try await owner.post("/api/v1/orders", web.order(offer: offer), headers: ["Idempotency-Key": "2"])
      #expect(second.status == 409 && second.json["code"] == "spend_limit")
      #expect(second.json["detail"].string?.contains("a week") == true)
      #expect(try await web.stranger.get(path).json["items"].array.isEmpty)
    }
  }

  @Test func `a form sets limits, keeps what is the same, and says when a higher one comes`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      #expect(try await web.guest.get("/account").status == 401)
      func submit(_ day: String, _ week: String) async throws -> Reply {
        try await owner.submit(
          "/account", ["currency": "INR", "limit.day": day, "limit.week": week, "limit.month": ""])
      }
      #expect(try await submit("500", "2000").status == 303)
      #expect(try await submit("900", "2000").status == 303)
      let page = try await owner.get("/account").text
      #expect(page.contains(#"value="500.00""#) && page.contains("₹900") && page.contains(#"value="2000.00""#))
      let wrong = try await submit("much", "")
      #expect(wrong.status == 422 && wrong.text.contains("must be an amount of INR"))
    }
  }
}
