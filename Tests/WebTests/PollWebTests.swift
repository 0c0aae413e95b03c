import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

/// Polls and announcements over HTTP, in the room, and on the host's desk.
@Suite(.timeLimit(.minutes(2))) struct PollWebTests {
  private typealias JSON = TestKit.JSON

  private static let form = ["Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"]
  private static let hostile = "</script><script>alert(1)</script>\"'<img src=x onerror=alert(1)>"

  private static func open(
    _ web: RunningWeb, _ question: String = "Which next?", _ answers: JSON = ["Red", "Blue"], seconds: Int = 60
  ) async throws -> Reply {
    try await web.owner.post(
      "/api/v1/shows/\(web.square.show.id)/polls",
      ["question": .string(question), "answers": answers, "durationSeconds": .number(Double(seconds))])
  }

  private static func visitor(_ number: Int) -> [String: String] {
    ["Haat-Visitor": String(repeating: "v", count: 39) + "\(number)"]
  }

  @Test func `votes are counted over HTTP, told to everybody as sums, and the result stays`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      try await web.guest.watch("\(show)") { viewer in
        #expect(try await viewer.next("state").json["poll"] == .null)
        let opened = try await Self.open(web)
        #expect(opened.status == 201 && opened.json["votes"] == [0, 0], "\(opened.text)")
        let id = opened.json["id"].string ?? ""
        let event = try await viewer.next("timeline").json
        #expect(event["kind"] == "poll_opened" && event["poll"].string == id && event["answers"] == #"["Red","Blue"]"#)
        for number in 0..<3 {
          let voted = try await web.guest.put(
            "/api/v1/polls/\(id)/vote", ["answer": .number(number == 2 ? 1 : 0)], headers: Self.visitor(number))
          #expect(voted.status == 200 && voted.json["mine"].number == (number == 2 ? 1 : 0), "\(voted.text)")
        }
        // However many come in a quarter of a second, the last sums come too.
        var sums = try await viewer.next("poll").json
        while sums["votes"] != [2, 1] { sums = try await viewer.next("poll").json }
        #expect(sums["poll"].string == id)
        let mine = try await web.guest.get("/api/v1/polls/\(id)", headers: Self.visitor(2))
        #expect(mine.json["mine"] == 1 && mine.json["poll"]["votes"] == [2, 1])
        #expect(try await web.guest.get("/api/v1/polls/\(id)").json["mine"] == .null)
        for (body, status) in [
          (["answer": 2], 422), (["answer": -1], 422), (["answer": "x"], 400), ([:], 400),
          (["answer": .number(1e30)], 400),
        ] as [(JSON, Int)] {
          let reply = try await web.guest.put("/api/v1/polls/\(id)/vote", body, headers: Self.visitor(1))
          #expect(reply.status == status, "\(body) \(reply.text)")
        }
        try await web.guest.watch("\(show)") { late in
          let state = try await late.next("state").json
          #expect(state["poll"]["id"].string == id && state["poll"]["votes"] == [2, 1])
        }
        let closed = try await web.owner.post("/api/v1/shows/\(show)/polls/\(id)/end")
        #expect(closed.status == 200 && closed.json["state"] == "closed", "\(closed.text)")
        var told = try await viewer.next("timeline").json
        while told["kind"] != "poll_closed" { told = try await viewer.next("timeline").json }
        #expect(told["votes"] == "[2,1]" && told["question"] == "Which next?")
        let refused = try await web.guest.put(
          "/api/v1/polls/\(id)/vote", ["answer": 0], headers: Self.visitor(8))
        #expect(refused.status == 409 && refused.code == "poll_closed")
        #expect(try await web.guest.get("/api/v1/shows/\(show)/polls").json["items"][0]["votes"] == [2, 1])
        let moments = try await web.guest.get("/api/v1/shows/\(show)/moments").json["items"].array
        #expect(moments.contains { $0["kind"] == "poll_closed" && $0["votes"] == "[2,1]" })
      }
    }
  }

  @Test func `a poll that was removed is gone for who watches, who comes, and who comes back`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      try await web.guest.watch("\(show)") { viewer in
        let first = try await viewer.next("state")
        _ = first
        let id = try await Self.open(web, "Something unkind").json["id"].string ?? ""
        let opened = try await viewer.next("timeline")
        #expect(opened.data.contains("unkind"))
        #expect(try await web.stranger.delete("/api/v1/shows/\(show)/polls/\(id)").status == 404)
        for _ in 0..<2 { #expect(try await web.owner.delete("/api/v1/shows/\(show)/polls/\(id)").status == 204) }
        let removed = try await viewer.next("timeline")
        #expect(removed.json["kind"] == "poll_removed" && removed.json["poll"].string == id)
        for last in [nil, removed.id?.split(separator: ":").first.map { "\($0):1" }] {
          try await web.guest.watch("\(show)", lastEventID: last) { late in
            let state = try await late.next("state")
            #expect(state.json["poll"] == .null && !state.data.contains("unkind"))
            guard last != nil else { return }
            while true {
              let event = try await late.next("timeline")
              #expect(!event.data.contains("unkind"))
              if event.json["kind"] == "poll_removed" { break }
            }
          }
        }
        #expect(try await web.guest.get("/api/v1/polls/\(id)").status == 404)
        #expect(try await !web.guest.get("/api/v1/shows/\(show)/moments").text.contains("unkind"))
      }
    }
  }

  @Test func `an announcement is in the room until its time is over`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      let owner = try await web.owner
      try await web.guest.watch("\(show)") { viewer in
        #expect(try await viewer.next("state").json["banner"] == .null)
        let shown = try await owner.post(
          "/api/v1/shows/\(show)/banners",
          ["text": .string(Self.hostile), "seconds": 30, "product": .string("\(web.square.lamp.id)")])
        #expect(shown.status == 201 && shown.json["isCountdown"] == false, "\(shown.text)")
        let event = try await viewer.next("timeline").json
        #expect(event["kind"] == "banner_shown" && event["text"].string == Self.hostile)
        #expect(event["link"].string == "\(web.square.lamp.id)")
        try await web.guest.watch("\(show)") { late in
          let state = try await late.next("state").json
          #expect(state["banner"]["text"].string == Self.hostile)
        }
        for (body, status) in [
          (["text": "x"], 422), (["text": "x", "endsAt": .string("\(web.square.clock.now)")], 422),
          (["text": "x", "seconds": .number(1e30)], 400), (["seconds": 30], 400),
        ] as [(JSON, Int)] {
          #expect(try await owner.post("/api/v1/shows/\(show)/banners", body).status == status, "\(body)")
        }
        #expect(try await web.stranger.delete("/api/v1/shows/\(show)/banner").status == 404)
        #expect(try await owner.delete("/api/v1/shows/\(show)/banner").status == 204)
        #expect(try await viewer.next("timeline").json["kind"] == "banner_hidden")
        _ = try await owner.post(
          "/api/v1/shows/\(show)/banners", ["text": "We go on in", "seconds": 60, "isCountdown": true])
        _ = try await viewer.next("timeline")
        web.square.clock.advance(seconds: 63)
        try await web.guest.watch("\(show)") { late in
          let state = try await late.next("state").json
          #expect(state["banner"]["text"] == "We go on in", "one sees that it came to its end")
        }
        web.square.clock.advance(seconds: 10)
        try await web.guest.watch("\(show)") { late in
          let state = try await late.next("state").json
          #expect(state["banner"] == .null)
        }
      }
      let now = web.square.clock.now.milliseconds
      let time = try await web.guest.get("/api/v1/time")
      #expect(time.json["now"].number == Double(now) && time.header("cache-control") == "no-store")
    }
  }

  @Test(arguments: [("en", "Ask viewers something", "2 votes"), ("hi", "दर्शकों से कुछ पूछें", "2 वोट")])
  func `the host's desk does all of it without a line of script, and nothing typed is read as HTML`(
    language: String, ask: String, votes: String
  ) async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner
      let room = "/studio/shows/\(web.square.show.id)"
      #expect(try await owner.get("\(room)?lang=\(language)").text.contains(ask))
      let opened = try await owner.submit(
        room,
        [
          "do": "poll", "question": Self.hostile, "answer0": "<b>Red</b>", "answer1": "Blue", "answer2": " ",
          "answer5": "Both", "duration": "60",
        ])
      #expect(opened.status == 303, "\(opened.text)")
      let poll = try await web.guest.get("/api/v1/shows/\(web.square.show.id)/polls").json["items"][0]
      #expect(poll["answers"] == ["<b>Red</b>", "Blue", "Both"])
      let id = poll["id"].string ?? ""
      for number in 0..<2 {
        _ = try await web.guest.put("/api/v1/polls/\(id)/vote", ["answer": 2], headers: Self.visitor(number))
      }
      let shown = try await owner.submit(
        room, ["do": "banner", "text": Self.hostile, "form": "announcement", "seconds": "30", "product": ""])
      #expect(shown.status == 303, "\(shown.text)")
      let page = try await owner.get("\(room)?lang=\(language)").text
      #expect(page.contains(votes) && page.contains("&lt;b&gt;Red&lt;/b&gt; 0") && page.contains("Both 2"))
      #expect(!page.contains("<script>alert") && !page.contains("<img src=x"))
      let refused = try await owner.submit(
        room, ["do": "poll", "question": "Another?", "answer0": "a", "answer1": "b", "duration": "60"])
      #expect(refused.status == 409 && refused.text.contains("role=\"alert\""))
      #expect(try await owner.submit(room, ["do": "end-poll", "poll": id]).status == 303)
      #expect(try await owner.submit(room, ["do": "remove-poll", "poll": id]).status == 303)
      #expect(try await owner.submit(room, ["do": "hide-banner"]).status == 303)
      let until = try await owner.submit(
        room,
        [
          "do": "banner", "text": "We begin in", "form": "countdown", "seconds": "30", "until": "2026-11-20T18:00",
          "offset": "330",
        ])
      #expect(until.status == 303, "\(until.text)")
      let state = try await web.square.commerce.liveState(web.square.show.id)
      #expect(state.banner?.ends == Moment("2026-11-20T12:30:00Z") && state.poll == nil)
      for wrong in [
        ["do": "end-poll", "poll": "x"], ["do": "banner", "text": "x", "form": "countdown", "seconds": ""],
      ]
        as [KeyValuePairs<String, String>]
      {
        #expect(try await (400..<500).contains(owner.submit(room, wrong).status), "\(wrong)")
      }
      #expect(try await web.square.commerce.audit().differences == [])
    }
  }
}
