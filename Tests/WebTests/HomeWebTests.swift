import Commerce
import Foundation
import TestKit
import TestPrograms
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// The front page, and the feed, as they come without scripts.
@Suite(.timeLimit(.minutes(2))) struct HomeWebTests {
  /// The text between the front page's two headings, or behind the last.
  private static func section(_ page: String, _ id: String) -> String {
    guard let start = page.range(of: "<section class=\"stack\" aria-labelledby=\"\(id)\">") else { return "" }
    let rest = page[start.upperBound...]
    return String(rest[..<(rest.range(of: "</section>")?.lowerBound ?? rest.endIndex)])
  }

  @Test func `the front page says when the next show is, and where to be reminded of it`() async throws {
    try await RunningWeb.run { web in
      let square = web.square, commerce = square.commerce
      for (title, seconds) in [("Soon", 300), ("Today", 7_500), ("Later", 3 * 86_400), ("Far", 30 * 86_400)] {
        _ = try await commerce.scheduleShow(
          commerce.makeID(), by: square.owner, channel: square.channel.id,
          ShowDraft(title: title, scheduledAt: square.clock.now.adding(seconds: Int64(seconds)), markets: ["IN"]))
      }
      let next = Self.section(try await web.guest.get("/?lang=en").text, "upcoming")
      let places = try ["Soon", "Today", "Later", "Far"].map { try #require(next.range(of: $0)?.lowerBound) }
      #expect(places == places.sorted())
      #expect(next.contains(">in 5 minutes<") && next.contains(">in 2 h 5 min<") && next.contains(">in 3 days<"))
      #expect(next.components(separatedBy: "<starts-in").count == 4, "what is far away is not counted")
      #expect(next.components(separatedBy: "/reminder\"").count == 5)
      let hindi = Self.section(try await web.guest.get("/?lang=hi").text, "upcoming")
      #expect(hindi.contains(">5 मिनट में<"))
    }
  }

  @Test func `who is signed in sees the channels they follow first, and follows from the front page`() async throws {
    try await RunningWeb.run { web in
      let square = web.square, commerce = square.commerce
      let other = try await square.person("Other")
      let channel = try await commerce.makeChannel(
        commerce.makeID(), by: other, ChannelDraft(handle: "pots", name: "Pots", market: "IN"))
      let show = try await commerce.scheduleShow(
        commerce.makeID(), by: other, channel: channel.id,
        ShowDraft(title: "Pots now", scheduledAt: square.clock.now.adding(seconds: -9_000), markets: ["IN"]))
      _ = try await commerce.startShow(by: other, show: show.id, mediaTime: 0)
      func order(_ page: String) throws -> Bool {
        let live = Self.section(page, "live")
        return try #require(live.range(of: "Pots now")).lowerBound
          < #require(live.range(of: "Evening lamps")).lowerBound
      }
      let fan = try await web.stranger
      #expect(try await !order(fan.get("/?lang=en").text))
      let pressed = try await fan.submit("/@pots", ["do": "follow", "return": "/"])
      #expect(pressed.status == 303 && pressed.header("location") == "/")
      let page = try await fan.get("/?lang=en").text
      #expect(try order(page) && Self.section(page, "sellers").contains("value=\"unfollow\""))
      #expect(try await !order(web.guest.get("/?lang=en").text))
      let elsewhere = try await fan.submit("/@pots", ["do": "unfollow", "return": "//evil.example"])
      #expect(elsewhere.header("location") == "/")
      let own = Self.section(try await web.owner.get("/?lang=en").text, "sellers")
      #expect(own.contains("/@lamps") && !own.contains("action=\"/@lamps\""), "nobody follows themselves")
      let guest = Self.section(try await web.guest.get("/?lang=en").text, "sellers")
      #expect(guest.contains("/sign-in?return=%2F%40lamps") && !guest.contains("<form"))
    }
  }

  @Test func `the feed is a list of links where there are no scripts, and goes on`() async throws {
    try await RunningWeb.run { web in
      let square = web.square, commerce = square.commerce
      try await web.recordShow()
      var clips: [ID<Clip>] = []
      for number in 1...8 {
        square.clock.advance(seconds: 1)
        clips.append(try await web.readyClip(title: "Clip \(number)"))
      }
      let show = try await commerce.scheduleShow(
        commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(title: "Night lamps", scheduledAt: square.clock.now, markets: ["IN", "US"]))
      try await commerce.putRun(by: square.owner, show: show.id, [square.lamp.id])
      _ = try await commerce.startShow(by: square.owner, show: show.id, mediaTime: 0)
      try await commerce.pin(by: square.owner, show: show.id, product: square.lamp.id)

      let first = try await web.guest.get("/swipe?lang=en&market=US")
      #expect(first.status == 200 && first.text.components(separatedBy: "<li class=\"film").count == 7)
      #expect(first.text.contains("href=\"/watch/\(show.id)\"") && first.text.contains("href=\"/clips/\(clips[7])\""))
      #expect(first.text.contains("/products/\(square.lamp.id)?show=\(show.id)") && first.text.contains("$29.99"))
      let more = try #require(first.text.firstMatch(of: /href="(\/swipe\?after=[^"]+)"/)?.output.1)
      let second = try await web.guest.get(String(more)).text
      #expect(second.contains("/clips/\(clips[0])") && !second.contains("/swipe?after="))

      let middle = try await web.guest.get("/swipe/clips/\(clips[3])?lang=en").text
      #expect(middle.contains("canonical\" href=\"http://localhost:8080/clips/\(clips[3])\""))
      #expect(middle.contains("/clips/\(clips[2])") && !middle.contains("href=\"/clips/\(clips[4])\""))
      #expect(try await web.guest.get("/swipe/shows/\(show.id)").status == 200)
      let over = try await web.guest.get("/swipe/shows/\(square.show.id)")
      #expect(over.status == 303 && over.header("location") == "/watch/\(square.show.id)")
      #expect(try await web.guest.get("/swipe/clips/\(show.id)", headers: ["Accept": "text/html"]).status == 404)
      #expect(try await web.guest.get("/swipe?after=nowhere", headers: ["Accept": "text/html"]).status == 400)

      let feed = try await web.guest.get("/api/v1/feed?limit=2&market=US").json
      #expect(feed["items"].array.map { $0["kind"].string } == ["show", "clip"])
      #expect(feed["items"][0]["product"]["price"]["minor"] == 2999 && feed["items"][0]["video"] == .null)
      #expect(feed["items"][1]["video"].string == "/clips/\(clips[7])/video.mp4")
      let next = try await web.guest.get("/api/v1/feed?limit=2&after=\(feed["next"].string ?? "")").json
      #expect(next["items"].array.map { $0["id"].string } == ["\(clips[6])", "\(clips[5])"])
      #expect(next["items"][0]["product"]["price"]["currency"] == "INR")
      #expect(try await web.guest.get("/api/v1/feed?limit=1000").status == 422)
    }
  }

  @Test func `what is on air has a small film of its last seconds, without sound`() async throws {
    try await RunningWeb.onAir { web, folder in
      let page = try await web.until({ try await web.guest.get("/").text }, is: { $0.contains("data-film=") })
      #expect(page.contains("data-film=\"\(folder)preview.mp4\""))
      let film = try await web.until({ try await web.guest.get(folder + "preview.mp4") }, is: { $0.status == 200 })
      #expect(film.header("content-type") == "video/mp4" && film.header("cache-control") == "public, max-age=2")
      let part = try await web.guest.get(folder + "preview.mp4", headers: ["Range": "bytes=0-99"])
      #expect(part.status == 206 && part.body.count == 100)
      let file = FileManager.default.temporaryDirectory.appending(path: "haat-preview-\(UUID().uuidString).mp4")
      defer { try? FileManager.default.removeItem(at: file) }
      try Data(film.body).write(to: file)
      let probe = TestProcess()
      probe.executableURL = URL(filePath: "/usr/bin/env")
      probe.arguments = [
        "ffprobe", "-v", "error", "-show_entries", "stream=codec_type,start_time:format=duration", "-of", "csv=p=0",
        file.path,
      ]
      let (said, errors) = (Pipe(), Pipe())
      probe.standardOutput = said
      probe.standardError = errors
      try probe.run()
      let text = String(decoding: said.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      probe.waitUntilExit()
      #expect(errors.fileHandleForReading.readDataToEndOfFile().isEmpty)
      let lines = text.split(separator: "\n")
      #expect(lines.first == "video,0.000000" && lines.count == 2, "\(text)")
      #expect((lines.last.flatMap { Double($0) } ?? 0) >= 1)
      #expect(try await web.guest.get("/live/nothing/preview.mp4").status == 404)
    }
  }
}
