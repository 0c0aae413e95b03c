import Commerce
import TestKit
import Testing

@testable import Web

/// The operator lets channels in and puts them out.
@Suite(.timeLimit(.minutes(2))) struct AdmissionTests {
  @Test func `by the API: an application is approved, and a suspension ends the sales and not the orders`() async throws
  {
    var policy = MarketSquare.policy
    policy.admission = .open
    try await RunningWeb.run(policy: policy) { web in
      let (owner, chief) = (try await web.owner, try await web.operator)
      let placed = try await web.placed()
      let state = "/api/v1/channels/lamps/state"
      #expect(try await owner.put(state, ["state": "suspended", "reason": "rules"]).status == 403)
      #expect(try await web.guest.put(state, ["state": "suspended", "reason": "rules"]).status == 401)
      let suspended = try await chief.put(state, ["state": "suspended", "reason": "rules"])
      #expect(suspended.status == 200 && suspended.json["state"] == "suspended", "\(suspended.text)")
      #expect(try await chief.put(state, ["state": "rejected", "reason": "rules"]).code == "channel_state")

      #expect(try await web.guest.get("/api/v1/channels/lamps").status == 404)
      #expect(try await chief.get("/api/v1/channels?state=suspended").json["items"][0]["handle"] == "lamps")
      #expect(try await owner.get("/api/v1/channels?state=suspended").status == 403)
      #expect(try await chief.get("/api/v1/channels?state=closed").status == 400)

      let page = try await web.guest.get(
        "/orders/\(placed.id)", headers: ["Cookie": "haat_order=\(placed.token)", "Accept": "text/html"])
      #expect(page.status == 200 && page.text.contains("Lata&#39;s Lamps"), "\(page.text.prefix(400))")
      #expect(!page.text.contains("href=\"/@lamps\""), "there is no such page now")
      let token = ["Order-Token": placed.token]
      #expect(try await web.guest.get("/api/v1/orders/\(placed.id)", headers: token).status == 200)
      #expect(
        try await web.guest.post("/api/v1/orders/\(placed.id)/cancellation", headers: token).json["state"]
          == "cancelled")
      #expect(try await chief.put(state, ["state": "approved"]).json["state"] == "approved")
      #expect(try await web.guest.get("/api/v1/channels/lamps").status == 200)
    }
  }

  @Test func `by the page: what waits is shown first, and a button lets it in`() async throws {
    var policy = MarketSquare.policy
    policy.admission = .open
    try await RunningWeb.run(policy: policy) { web in
      let chief = try await web.operator
      let page = try await chief.get("/operator", headers: ["Accept": "text/html"])
      #expect(page.status == 200 && page.text.contains("action=\"/operator/channels\""))
      let id = "\(web.square.channel.id)"
      let suspended = try await chief.submit(
        "/operator/channels", ["channel": id, "state": "suspended", "reason": "rules"])
      #expect(suspended.status == 303, "\(suspended.text)")
      let after = try await chief.get("/operator", headers: ["Accept": "text/html"]).text
      #expect(after.contains("Suspended") && after.contains("href=\"/operator/channels/lamps\""))
      let wrong = try await chief.submit(
        "/operator/channels", ["channel": "lamps", "state": "rejected", "reason": "rules"])
      #expect(wrong.status == 409 && wrong.text.contains("role=\"alert\""))
      #expect(try await chief.submit("/operator/channels", ["channel": "lamps", "state": "approved"]).status == 303)
      #expect(
        try await web.owner.submit("/operator/channels", ["channel": "lamps", "state": "suspended", "reason": "rules"])
          .status == 403)
      #expect(try await web.guest.get("/@lamps", headers: ["Accept": "text/html"]).status == 200)
    }
  }
}
