import Commerce
import TestKit
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(2))) struct FlagWebTests {
  @Test func `a viewer flags a show, and the operator looks at it`() async throws {
    try await RunningWeb.run { web in
      let path = "/api/v1/shows/\(web.square.show.id)/flag"
      let guest = ["Haat-Visitor": String(repeating: "a", count: 40)]
      #expect(try await web.guest.put(path, ["reason": "scam"]).code == "flag_no_reporter")
      #expect(try await web.guest.put(path, ["reason": "because"], headers: guest).status == 400)
      let note = "<b>Not</b> brass"
      #expect(try await web.guest.put(path, ["reason": "scam", "note": .string(note)], headers: guest).status < 300)
      #expect(try await web.guest.get("/api/v1/flags").status == 401)
      #expect(try await web.owner.get("/api/v1/flags").status == 403)
      let house = try await web.operator
      let listed = try await house.get("/api/v1/flags").json["items"][0]
      #expect(listed["kind"] == "show" && listed["count"] == 1 && listed["notes"][0].string == note)
      #expect(listed["page"].string == "/watch/\(web.square.show.id)")
      let page = try await house.get("/operator/flags?lang=en").text
      #expect(page.contains("&lt;b&gt;Not&lt;/b&gt; brass") && page.contains("Fraud · 1") && page.contains("1 report<"))
      #expect(try await house.submit("/operator/flags", ["film": "show nothing"]).status == 404)
      #expect(try await house.submit("/operator/flags", ["film": "show \(web.square.show.id)"]).status == 303)
      #expect(try await house.get("/operator/flags?lang=hi").text.contains("कोई शिकायत नहीं है"))
      #expect(try await house.get("/operator").text.contains("/operator/flags"))
      #expect(try await house.delete("\(path)s").status == 204)
    }
  }
}
