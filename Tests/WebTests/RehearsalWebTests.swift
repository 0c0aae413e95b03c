import Commerce
import Foundation
import Media
import TestKit
import Testing

@testable import Web

/// What comes before a show: its picture and its words are its people's alone.
@Suite(.timeLimit(.minutes(2))) struct RehearsalWebTests {
  @Test func `before a show starts only its people see the picture, and from its start on everybody`() async throws {
    try await RunningWeb.run(configure: { $0.posters.everySeconds = 1 }, mayPublish: true) { web in
      let (square, owner) = (web.square, try await web.owner)
      let show = try await square.commerce.scheduleShow(
        square.commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(title: "To come", scheduledAt: square.clock.now.adding(seconds: 3600), markets: ["IN"]))
      let folder = "/live/\(show.id)/"
      try await web.publishing(show.id, seenBy: owner) {
        let list = try await owner.get(folder + "index.m3u8")
        #expect(list.header("cache-control") == "private, no-store")
        let media = try await web.until(
          { try await owner.get(folder + "live.m3u8").text },
          is: { $0.contains(".mp4") })
        let name = try #require(media.split(separator: "\n").last { $0.hasSuffix(".mp4") && !$0.hasPrefix("#") })
        #expect(try await owner.get(folder + name).status == 200)
        let others = [web.guest, try await web.stranger]
        for other in others {
          for path in ["index.m3u8", "live.m3u8", String(name), "preview.mp4", "dvr.m3u8"] {
            #expect(try await other.get(folder + path).status == 404, "\(path)")
          }
        }
        // Its poster is the goods' picture or none, whatever the encoder sends.
        _ = try await web.until({ try await owner.get(folder + "poster.jpg").status }, is: { $0 == 200 })
        for other in others { #expect(try await other.get(folder + "poster.jpg").status == 302) }

        _ = try await square.commerce.startShow(by: square.owner, show: show.id)
        let open = try await web.guest.get(folder + "index.m3u8")
        #expect(open.status == 200 && open.header("cache-control")?.contains("private") != true)
        #expect(try await web.guest.get(folder + name).status == 200)
        #expect(try await web.guest.get(folder + "poster.jpg").status == 200)
      }
    }
  }

  @Test func `the rehearsal of a show that was called off stays its people's`() async throws {
    try await RunningWeb.run(mayPublish: true) { web in
      let (square, owner) = (web.square, try await web.owner)
      let show = try await square.commerce.scheduleShow(
        square.commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(title: "To come", scheduledAt: square.clock.now.adding(seconds: 3600), markets: ["IN"]))
      try await web.publishing(show.id, seenBy: owner) {
        _ = try await square.commerce.callOffShow(by: square.owner, show: show.id)
        #expect(try await owner.get("/live/\(show.id)/index.m3u8").status == 200)
        #expect(try await web.guest.get("/live/\(show.id)/index.m3u8").status == 404)
      }
    }
  }

  @Test func `a host writes what to say, and reads it on the prompter and over the camera`() async throws {
    try await RunningWeb.run { web in
      let (show, owner) = (web.square.show.id, try await web.owner)
      let page = "/studio/shows/\(show)/prompter"
      let empty = try await owner.get(page, headers: ["Accept": "text/html"])
      #expect(empty.status == 200 && !empty.text.contains("show-prompter"))
      let saved = try await owner.submit(page, ["edition": "0", "text": "Welcome <b>all</b>"])
      #expect(saved.status == 303)
      for path in [page, "/studio/shows/\(show)/camera"] {
        let reply = try await owner.get(path, headers: ["Accept": "text/html"])
        #expect(reply.text.contains("Welcome &lt;b&gt;all&lt;/b&gt;</div>"), "\(path)")
      }
      // Made from what is not there any more: nothing is lost, neither what was typed nor what is there.
      let late = try await owner.submit(page, ["edition": "0", "text": "Something else"])
      #expect(late.status == 409 && late.text.contains("Something else</textarea>"))
      #expect(late.text.contains("Welcome &lt;b&gt;all&lt;/b&gt;</div>"), "what is there now can be read")
      #expect(try await owner.get("/api/v1/shows/\(show)/notes").json["text"] == "Welcome <b>all</b>")
      #expect(try await web.guest.get(page, headers: ["Accept": "text/html"]).status != 200)
      #expect(try await web.stranger.get(page, headers: ["Accept": "text/html"]).status == 404)
    }
  }
}
