import Commerce
import Foundation
import Media
import TestKit
import Testing

@testable import Web

/// Clips over the API and on their pages. What ffmpeg makes of a real recording is SystemTests' to see.
@Suite(.timeLimit(.minutes(2))) struct ClipWebTests {
  @Test func `a clip is asked for, and what cannot be cut is refused at once with why`() async throws {
    try await RunningWeb.run { web in
      try await web.recordShow()
      let path = "/api/v1/shows/\(web.square.show.id)/clips"
      let wish: TestKit.JSON = [
        "product": .string("\(web.square.lamp.id)"), "fromMediaTime": 2_000, "untilMediaTime": 12_000,
      ]
      #expect(try await web.guest.post(path, wish).status == 401)
      let host = try await web.owner
      let broken = try await host.post(
        path,
        ["product": .string("\(web.square.lamp.id)"), "fromMediaTime": 20_000, "untilMediaTime": 28_000])
      #expect(broken.status == 422 && broken.json["code"] == "stream_interrupted")
      #expect(broken.json["detail"].string?.contains("25 seconds") == true)
      let outside = try await host.post(
        path,
        ["product": .string("\(web.square.lamp.id)"), "fromMediaTime": 20_000, "untilMediaTime": 40_000])
      #expect(outside.status == 422 && outside.json["code"] == "outside_recording")
      let made = try await host.post(path, wish)
      #expect(made.status == 201 && made.json["state"] == "making" && made.json["video"] == .null)
      let clip = "/api/v1/clips/\(made.json["id"].string ?? "")"
      #expect(try await web.guest.get(clip).json["code"] == "clip_not_ready")
      // There is no picture in this recording: ffmpeg says so three times.
      _ = try await web.until({ try await host.get(clip).json["state"] }, is: { $0 == "failed" })
      #expect(try await web.guest.get(path).json["items"] == [])
      #expect(try await host.delete(clip).json["state"] == "removed")
      #expect(try await web.guest.get(clip).status == 410)
    }
  }

  @Test func `a clip's page sells, its file is read in parts, and all of it is gone with it`() async throws {
    try await RunningWeb.run { web in
      try await web.recordShow()
      let id = try await web.readyClip()
      let page = try await web.guest.get("/clips/\(id)?lang=en")
      #expect(page.status == 200 && page.text.contains("Lamp in the dark") && page.text.contains("Brass lamp"))
      #expect(page.text.contains("/watch/\(web.square.show.id)?t=2"))
      #expect(page.text.contains("<meta property=\"og:image\""))
      #expect(page.text.contains("/oembed?url=http://localhost:8080/clips/\(id)\""))
      let frame = ["Accept": "text/html", "Sec-Fetch-Dest": "iframe"]
      for (path, script) in [("clips/\(id)", "clip.js"), ("\(web.square.show.id)", "replay.js")] {
        let framed = try await web.guest.get("/embed/\(path)", headers: frame)
        #expect(framed.status == 200 && framed.text.contains("<replay-player") && framed.text.contains("/js/\(script)"))
        #expect(framed.text.contains("/js/embed-frame.js") && !framed.text.contains("json+oembed"), "\(path)")
        #expect(framed.header("content-security-policy")?.hasSuffix("frame-ancestors *") == true)
      }
      let described = try await web.guest.get("/oembed?url=http://localhost:8080/clips/\(id)%3Fvia=blog").json
      #expect(described["html"].string?.contains("/embed/clips/\(id)?partner=blog\"") == true)
      #expect(described["title"] == "Lamp in the dark")
      for list in ["/", "/clips", "/@lamps"] {
        #expect(try await web.guest.get("\(list)?lang=en").text.contains("/clips/\(id)"), "\(list)")
      }
      let whole = try await web.guest.get("/clips/\(id)/video.mp4")
      #expect(whole.status == 200 && whole.header("content-type") == "video/mp4")
      #expect(whole.header("content-length") == "200")
      let part = try await web.guest.get("/clips/\(id)/video.mp4", headers: ["Range": "bytes=150-"])
      #expect(part.status == 206 && part.header("content-range") == "bytes 150-199/200")
      #expect(try await web.guest.get("/clips/\(id)/video.mp4", headers: ["Range": "bytes=200-"]).status == 416)
      #expect(try await web.guest.get("/clips/\(id)/poster.jpg").header("content-type") == "image/jpeg")

      let offers = try await web.guest.get("/api/v1/shows/\(web.square.show.id)/products?market=IN").json
      let placed = try await web.guest.post(
        "/api/v1/orders",
        [
          "show": .string("\(web.square.show.id)"), "market": "IN", "clip": .string("\(id)"), "mediaTime": 3_000,
          "lines": [["offer": offers["items"][0]["variants"][0]["offer"]["id"], "quantity": 1]],
          "buyer": [
            "name": "Asha Rao", "email": "asha@example.com",
            "address": [
              "line1": "12 Lamp Lane", "city": "Pune", "region": "MH", "postalCode": "411001", "country": "IN",
            ],
          ],
        ], headers: ["Idempotency-Key": "1"])
      #expect(placed.json["order"]["source"]["clip"] == .string("\(id)"))

      let host = try await web.owner
      #expect(try await host.delete("/api/v1/clips/\(id)").status == 200)
      #expect(try await web.guest.get("/clips/\(id)").status == 410)
      #expect(try await web.guest.get("/embed/clips/\(id)", headers: frame).text.contains("data-code=\"not_found\""))
      #expect(try await web.guest.get("/clips/\(id)/video.mp4").status == 410)
      let directory = try #require(web.media.recordings).configuration.clipsDirectory
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
    }
  }

  @Test func `a host cuts clips without scripts, by the moment or by the clock, and removes them`() async throws {
    try await RunningWeb.run { web in
      try await web.recordShow()
      let path = "/studio/shows/\(web.square.show.id)/clips"
      #expect(try await web.guest.get(path).status == 401)
      let host = try await web.owner
      let desk = try await host.get("\(path)?lang=en").text
      #expect(desk.contains("0:12") && desk.contains("Brass lamp") && desk.contains("0:30"))
      func cut(_ from: String, _ seconds: String, isPin: Bool = false) async throws -> Reply {
        try await host.submit(
          path,
          [
            "do": "make", "product": "\(web.square.lamp.id)", "from": from, "seconds": seconds,
            "isPin": isPin ? "on" : "", "title": "A short one",
          ])
      }
      for (from, seconds, words) in [
        ("noon", "15", "must be a time such as 1:25"), ("0:99", "15", "must be a time such as 1:25"),
        ("0:20", "30", "within what was recorded"), ("0:20", "10", "interrupted"), ("0:02", "2", "3 to 60 seconds"),
      ] {
        let answer = try await cut(from, seconds)
        #expect(answer.status == 422 && answer.text.contains(words), "\(from): \(answer.status)")
        #expect(answer.text.contains("A short one"), "what was written is still there")
      }
      #expect(try await cut("0:02", "10").status == 303)
      let clips = try await web.square.commerce.clips(ofShow: web.square.show.id, by: web.square.owner)
      #expect(clips.map(\.fromMediaTime) == [2_000] && clips.map(\.untilMediaTime) == [12_000])
      #expect(
        try await host.submit(path, ["do": "remove", "clip": "\(try #require(clips.first).id)"]).status == 303)
      #expect(try await web.square.commerce.clips(ofShow: web.square.show.id, by: web.square.owner).isEmpty)
    }
  }

  @Test(arguments: [
    ("75", 75_000), ("1:15", 75_000), ("0:01:15", 75_000), ("2:00:00", 7_200_000), ("90:00", 5_400_000),
    ("", nil), ("1:60", nil), ("-1", nil), ("1:2:3:4", nil), ("1.5", nil), ("999999", nil),
  ])
  func `a time is read as people write it`(text: String, milliseconds: Int64?) {
    #expect(ClipsPage.milliseconds(text) == milliseconds)
  }
}
