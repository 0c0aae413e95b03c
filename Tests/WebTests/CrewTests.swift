import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// Several people run one show: each sees who else does, and what they do.
@Suite(.timeLimit(.minutes(2))) struct CrewTests {
  @Test func `control rooms are told who is there and what they do, and viewers hear nothing of it`() async throws {
    try await RunningWeb.run { web in
      let (owner, commerce, square) = (try await web.owner, web.square.commerce, web.square)
      let show = "\(square.show.id)"
      _ = try await square.person("Ravi")
      try await commerce.addMember(by: square.owner, channel: square.channel.id, email: "ravi@example.com", role: .host)
      let host = try await web.signedIn("ravi@example.com")
      let heard = try await owner.watch(show, query: "?desk=1") { first in
        let alone = try await first.next("crew").json
        #expect(alone[0]["name"] == "Lata" && alone[0]["role"] == "owner" && alone[0]["devices"] == 1)
        #expect(try await first.next("actions").json[0]["kind"] == "show_started")
        return try await web.guest.watch(show) { viewer in
          _ = try await viewer.next("state")
          try await host.watch(show, query: "?desk=1") { second in
            _ = try await second.next("actions")
            let both = try await first.next("crew").json
            #expect(both[0]["name"] == "Lata" && both[1]["name"] == "Ravi" && both[2]["name"].string == nil)
            _ = try await first.next("actions")
            let pinned = try await host.put("/api/v1/shows/\(show)/pin", ["product": .string("\(square.lamp.id)")])
            #expect(pinned.status == 200)
            for told in [try await first.next("actions").json, try await second.next("actions").json] {
              #expect(told[0]["by"] == "Ravi" && told[0]["kind"] == "pinned" && told[0]["subject"] == "Brass lamp")
              #expect(told[1]["kind"] == "show_started")
            }
          }
          // Ravi has closed his.
          let left = try await first.next("crew").json
          #expect(left[0]["name"] == "Lata" && left[1]["name"].string == nil)
          _ = try await owner.post("/api/v1/shows/\(show)/messages", ["text": "the last word"])
          var kinds: [String] = []
          while true {
            let event = try await viewer.next()
            kinds.append(event.name)
            if event.json["text"] == "the last word" { break }
          }
          return kinds
        }
      }
      #expect(!heard.contains("crew") && !heard.contains("actions") && heard.contains("timeline"), "\(heard)")
      let asked = try await host.get("/api/v1/shows/\(show)/actions?limit=1").json
      #expect(asked["items"][0]["kind"] == "pinned" && asked["items"][1]["kind"].string == nil)
      #expect(try await web.guest.get("/api/v1/shows/\(show)/actions").status == 401)
    }
  }

  @Test func `who was put out of the channel is told nothing more`() async throws {
    try await RunningWeb.run { web in
      let (commerce, square) = (web.square.commerce, web.square)
      let person = try await square.person("Ravi")
      try await commerce.addMember(by: square.owner, channel: square.channel.id, email: "ravi@example.com", role: .host)
      let host = try await web.signedIn("ravi@example.com")
      let show = "\(square.show.id)"
      await #expect(throws: (any Error).self) {
        try await host.watch(show, query: "?desk=1") { desk in
          _ = try await desk.next("actions")
          _ = try await commerce.removeMember(
            by: square.owner, channel: square.channel.id, account: #require(person.account))
          try await commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id)
          while true { if try await desk.next().name == "actions" { return } }
        }
      }
    }
  }

  @Test func `a run that somebody else has changed is not overwritten`() async throws {
    try await RunningWeb.run { web in
      let (owner, square) = (try await web.owner, web.square)
      let path = "/api/v1/shows/\(square.show.id)/run"
      let lamp = JSON.string("\(square.lamp.id)")
      #expect(try await owner.put(path, ["products": .array([]), "known": .array([lamp])]).status == 200)
      let late = try await owner.put(path, ["products": .array([lamp]), "known": .array([lamp])])
      #expect(late.status == 409 && late.code == "run_changed")
      #expect(try await owner.put(path, ["products": .array([lamp])]).status == 200)
    }
  }
}
