import Commerce
import Foundation
import TestKit
import Testing

private typealias JSON = TestKit.JSON

@Suite(.timeLimit(.minutes(2))) struct SimulcastTests {
  private static let key = "live_4711-Secret"

  @Test func `a host adds a server, switches it off and on, and takes it away, and never sees its key again`()
    async throws
  {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let path = "/api/v1/shows/\(web.square.show.id)/simulcast"
      let made = try await owner.post(path, ["address": "rtmp://203.0.113.9.example/app", "key": .string(Self.key)])
      #expect(made.status == 201 && made.json["state"] == "waiting" && made.json["isOn"] == true)
      let target = "\(path)/\(made.json["id"].string ?? "")"
      let list = try await owner.get(path)
      #expect(list.status == 200 && list.text.contains("rtmp://203.0.113.9.example/app"))
      let page = try await owner.get("/studio/shows/\(web.square.show.id)")
      #expect(page.text.contains("rtmp://203.0.113.9.example/app"))
      let off = try await owner.patch(target, ["isOn": false])
      #expect(off.json["state"] == "off")
      let on = try await owner.patch(target, ["isOn": true])
      for reply in [made, list, page, off, on] { #expect(!reply.text.contains(Self.key)) }
      #expect(try await web.guest.get(path).status == 401)
      #expect(try await owner.delete(target).status == 204)
      #expect(try await owner.get(path).json["items"] == [])
    }
  }

  @Test func `a server in a private network is refused where it is named`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let path = "/api/v1/shows/\(web.square.show.id)/simulcast"
      for host in ["127.0.0.1", "localhost", "[::1]", "10.0.0.1"] {
        let reply = try await owner.post(path, ["address": .string("rtmp://\(host)/app"), "key": .string(Self.key)])
        #expect(reply.status == 422 && reply.json["field"] == "address", "\(host)")
        #expect(!reply.text.contains(Self.key))
      }
    }
  }
}
