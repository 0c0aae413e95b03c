import Commerce
import Foundation
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct ShowTests {
  @Test func `a host schedules a show, gets a key, goes live, pins and ends`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let made = try await owner.post(
        "/api/v1/channels/lamps/shows",
        ["title": "Morning lamps", "scheduledAt": "2026-11-21T08:00:00Z", "markets": ["IN"]])
      #expect(made.status == 201, "\(made.text)")
      let show = "/api/v1/shows/\(made.json["id"].string ?? "")"
      #expect(made.json["state"] == "scheduled" && made.json["scheduledAt"] == "2026-11-21T08:00:00.000Z")
      #expect(made.json["hasStreamKey"] == false)

      let key = try await owner.post(show + "/stream-key")
      #expect(key.status == 201 && key.json["server"] == "rtmp://localhost:1935/live")
      #expect(key.json["key"].string?.hasPrefix("haat_") == true)
      #expect(key.header("cache-control") == "no-store")
      #expect(try await owner.get(show).json["hasStreamKey"] == true)
      #expect(try await owner.get(show).text.contains(key.json["key"].string ?? "haat_") == false)

      let product: JSON = ["product": "\(web.square.lamp.id)"]
      #expect(try await owner.put(show + "/run", ["products": ["\(web.square.lamp.id)"]]).status == 200)
      let early = try await owner.put(show + "/pin", product)
      #expect(early.status == 409)
      #expect(try await owner.put(show + "/state", ["state": "live"]).json["state"] == "live")
      #expect(try await owner.put(show + "/pin", product).json["pinned"].string == "\(web.square.lamp.id)")
      #expect(try await owner.delete(show + "/pin").json["pinned"] == .null)
      #expect(try await owner.put(show + "/state", ["state": "ended"]).json["state"] == "ended")
      #expect(try await owner.put(show + "/state", ["state": "asleep"]).status == 400)
      #expect(try await web.guest.get("/api/v1/shows?state=ended").json["items"].array.count == 1)
      #expect(try await web.guest.get("/api/v1/shows?state=never").status == 400)
    }
  }

  @Test func `another channel's people can do nothing to a show`() async throws {
    try await RunningWeb.run { web in
      let stranger = try await web.stranger
      let show = "/api/v1/shows/\(web.square.show.id)"
      let product: JSON = ["product": "\(web.square.lamp.id)"]
      #expect(try await stranger.put(show + "/pin", product).status == 404)
      #expect(try await stranger.delete(show + "/pin").status == 404)
      #expect(try await stranger.put(show + "/state", ["state": "ended"]).status == 404)
      #expect(try await stranger.post(show + "/stream-key").status == 404)
      #expect(try await stranger.put(show + "/run", ["products": []]).status == 404)
      #expect(try await stranger.patch(show, ["title": "Mine"]).status == 404)
      #expect(try await stranger.get(show + "/health").status == 404)
      #expect(try await web.guest.put(show + "/pin", product).status == 401)
      #expect(try await web.guest.get(show + "/health").status == 401)
      let health = try await web.owner.get(show + "/health")
      #expect(health.status == 200 && health.json["state"] == "offline" && health.json["viewers"] == 0)
    }
  }

  @Test func `viewers see cards with the prices of their market`() async throws {
    try await RunningWeb.run { web in
      let path = "/api/v1/shows/\(web.square.show.id)/products"
      let india = try await web.guest.get(path + "?market=IN").json["items"][0]
      #expect(india["variants"][0]["offer"]["price"] == ["minor": 129_900, "currency": "INR"])
      #expect(india["variants"][0]["available"] == 10)
      let america = try await web.guest.get(path + "?market=US").json["items"][0]
      #expect(america["variants"][0]["offer"]["price"] == ["minor": 2999, "currency": "USD"])
    }
  }

  @Test func `what is said is in the timeline, and what was taken away is said to be`() async throws {
    try await RunningWeb.run { web in
      let show = "/api/v1/shows/\(web.square.show.id)"
      let said = try await web.guest.post(show + "/messages", ["name": "Ravi", "text": "How tall is it?"])
      #expect(said.status == 201 && said.json["role"] == "guest")
      let other = try await web.guest.post(show + "/messages", ["name": "Ravi", "text": "  "])
      #expect(other.status == 422 && other.json["field"] == "text")
      let message = said.json["id"].string ?? ""
      #expect(try await web.stranger.delete(show + "/messages/\(message)").status == 404)
      #expect(try await web.owner.delete(show + "/messages/\(message)").status == 204)

      // The room numbers them, a moment after they happened.
      let timeline = try await web.until({ try await web.guest.get(show + "/timeline") }) {
        $0.json["items"].array.count > 2
      }
      #expect(timeline.json["items"].array.map { $0["kind"].string } == ["show_started", "message", "message_removed"])
      #expect(timeline.json["items"].array.map { $0["seq"].number } == [1, 2, 3])
      #expect(timeline.json["next"] == .null)
      let second = try await web.guest.get(show + "/timeline?after=1&limit=1")
      #expect(second.json["items"][0]["text"] == "" && second.json["next"] == "2", "what was taken away is forgotten")
    }
  }
}
