import Commerce
import Foundation
import Media
import NIOCore
import TestKit
import Testing

@testable import Web

/// Video over HTTP, from a real encoder to a real socket.
@Suite(.serialized, .timeLimit(.minutes(2))) struct MediaDeliveryTests {
  private static func segment(_ playlist: String) throws -> String {
    String(try #require(playlist.split(separator: "\n").last { !$0.hasPrefix("#") }))
  }

  @Test func `video goes out as caches, players and pages of other sites need it`() async throws {
    try await RunningWeb.onAir { web, folder in
      // Grown so far that packing pays.
      let plain = try await web.until({ try await web.guest.get(folder + "live.m3u8") }, is: { $0.body.count > 1_500 })
      #expect(plain.header("cache-control") == "public, max-age=1" && plain.header("vary") == "Accept-Encoding")
      #expect(plain.header("content-type") == "application/vnd.apple.mpegurl" && plain.header("etag") == nil)
      #expect(plain.header("access-control-allow-origin") == "*" && plain.header("content-encoding") == nil)
      let packed = try await web.guest.get(folder + "live.m3u8", headers: ["Accept-Encoding": "gzip, br"])
      #expect(packed.header("content-encoding") == "gzip" && packed.body.count < plain.body.count / 2)
      let asked = try await web.guest.get(folder + "live.m3u8", headers: ["Range": "bytes=0-"])
      #expect(asked.status == 200 && asked.header("cache-control") == "no-store")

      // What was waited for is the same for everybody who asks for it. On a machine with much to do, what was next when
      // the playlist was read may be long past when it is asked for, and is then not waited for.
      var next = 0
      _ = try await web.until(
        {
          let now = try await web.guest.get(folder + "live.m3u8").text
          let count = now.components(separatedBy: "#EXTINF").count - 1
          let first = try #require(now.split(separator: "\n").first { $0.hasPrefix("#EXT-X-MEDIA-SEQUENCE:") })
          next = (Int(first.dropFirst(22)) ?? 0) + count
          let waited = try await web.guest.get(folder + "live.m3u8?_HLS_msn=\(next)&_HLS_part=1")
          #expect(waited.status == 200)
          return waited.header("cache-control")
        }, is: { $0 == "public, max-age=12" })
      for query in ["_HLS_part=1", "_HLS_msn=\(next + 90)", "_HLS_msn=x"] {
        let refused = try await web.guest.get(folder + "live.m3u8?" + query)
        #expect(refused.status == 400 && refused.header("cache-control") == "no-store")
      }

      let path = folder + (try Self.segment(plain.text))
      let whole = try await web.guest.get(path)
      #expect(whole.status == 200 && whole.header("cache-control") == "public, max-age=3600, immutable")
      #expect(whole.header("accept-ranges") == "bytes")
      let tag = try #require(whole.header("etag"))
      let part = try await web.guest.get(path, headers: ["Range": "bytes=100-299"])
      #expect(part.status == 206 && part.body == Array(whole.body[100..<300]))
      #expect(part.header("content-range") == "bytes 100-299/\(whole.body.count)")
      let tail = try await web.guest.get(path, headers: ["Range": "bytes=-7", "If-Range": tag])
      #expect(tail.status == 206 && tail.body == Array(whole.body.suffix(7)))
      #expect(try await web.guest.get(path, headers: ["Range": "bytes=-7", "If-Range": "\"old\""]).status == 200)
      let beyond = try await web.guest.get(path, headers: ["Range": "bytes=99999999-"])
      #expect(beyond.status == 416 && beyond.header("content-range") == "bytes */\(whole.body.count)")
      #expect(try await web.guest.get(path, headers: ["If-None-Match": tag]).status == 304)
      let head = try await web.guest.send("HEAD", path)
      #expect(head.status == 200 && head.body.isEmpty && head.header("content-length") == "\(whole.body.count)")

      let preflight = try await web.guest.send(
        "OPTIONS", path, headers: ["Origin": "https://shop.example", "Access-Control-Request-Method": "GET"])
      #expect(preflight.status == 204 && preflight.header("access-control-allow-methods")?.contains("GET") == true)
      #expect(preflight.header("access-control-allow-headers")?.contains("Range") == true)

      // The sound alone: less bytes, of the same moments.
      let sound = try await web.guest.get(folder + "sound.m3u8")
      #expect(sound.text.contains("#EXT-X-RENDITION-REPORT:URI=\"live.m3u8\""))
      let heard = try await web.guest.get(folder + (try Self.segment(sound.text)))
      #expect(heard.header("content-type") == "audio/mp4" && heard.body.count < whole.body.count / 2)
    }
  }

  /// A request as a player sends it: no body, and not a word about one.
  private static func plain(_ method: String, _ path: String, _ headers: [String] = []) -> String {
    (["\(method) \(path) HTTP/1.1", "Host: localhost:8080"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
  }

  /// What comes back on one connection for `requests`, all of them sent before any is answered. The last of them ends
  /// the connection.
  private static func replies(_ web: RunningWeb, to requests: [String]) async throws -> [Reply] {
    var rest = try await web.guest.connected { inbound, outbound in
      try await outbound.write(ByteBuffer(string: requests.joined()))
      var all: [UInt8] = []
      for try await buffer in inbound { all += Array(buffer: buffer) }
      return all
    }
    return try requests.map { request in
      let reply = try Reply(rest)
      let length = request.hasPrefix("HEAD") ? 0 : try #require(Int(reply.header("content-length") ?? ""))
      let own = rest.prefix(rest.count - reply.body.count + length)
      rest.removeFirst(own.count)
      return try Reply(Array(own))
    }
  }

  @Test func `a plain request is answered before the router, with the same words and bytes`() async throws {
    try await RunningWeb.onAir { web, folder in
      let playlist = try await web.until({ try await web.guest.get(folder + "live.m3u8") }, is: { $0.status == 200 })
      let path = folder + (try Self.segment(playlist.text))
      // A word about a body, and the router is asked.
      let routed = try await web.guest.get(path)
      let end = Self.plain("GET", folder + "none.mp4", ["Connection: close"])
      let plain = try await Self.replies(web, to: [Self.plain("GET", path), end])
      #expect(plain[0].status == 200 && plain[0].body == routed.body && plain[1].status == 404)
      func words(_ reply: Reply) -> [String] {
        reply.fields.filter { $0.name != "connection" }.map {
          ["date", "x-request-id"].contains($0.name) ? $0.name : "\($0.name): \($0.value)"
        }.sorted()
      }
      #expect(words(plain[0]) == words(routed))
    }
  }

  @Test func `many read a segment at once, some leave in the middle, and the others have all of it in order`()
    async throws
  {
    try await RunningWeb.onAir { web, folder in
      let playlist = try await web.until({ try await web.guest.get(folder + "live.m3u8") }, is: { $0.status == 200 })
      let path = folder + (try Self.segment(playlist.text))
      let whole = try await web.guest.get(path)
      let requests = [
        Self.plain("GET", path), Self.plain("GET", path, ["Range: bytes=40-"]), Self.plain("GET", path),
        Self.plain("HEAD", path), Self.plain("GET", path, ["Connection: close"]),
      ]
      try await withThrowingTaskGroup(of: Void.self) { group in
        for reader in 0..<24 {
          group.addTask {
            guard reader % 4 == 0 else {
              let replies = try await Self.replies(web, to: requests)
              #expect(replies.map(\.status) == [200, 206, 200, 200, 200])
              #expect(replies[1].body == Array(whole.body.dropFirst(40)) && replies[3].body.isEmpty)
              for reply in [replies[0], replies[2], replies[4]] { #expect(reply.body == whole.body) }
              return
            }
            try await web.guest.connected { inbound, outbound in
              try await outbound.write(ByteBuffer(string: requests.joined()))
              for try await _ in inbound { return }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await web.guest.get(path).body == whole.body)
    }
  }

  @Test func `dates are written as HTTP wants them`() {
    #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate.text(951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
  }

  @Test func `what is live has a poster, on its card and where its page is shared`() async throws {
    try await RunningWeb.onAir { web, folder in
      let large = try await web.until({ try await web.guest.get(folder + "poster.jpg") }, is: { $0.status == 200 })
      #expect(large.header("content-type") == "image/jpeg" && large.body.starts(with: [0xff, 0xd8]))
      #expect(large.header("cache-control") == "public, max-age=5" && large.header("etag") != nil)
      let small = try await web.guest.get(folder + "poster-small.jpg")
      #expect(small.body.starts(with: [0xff, 0xd8]) && small.header("etag") != large.header("etag"))
      #expect(try await web.guest.get("/").text.contains("src=\"\(folder)poster-small.jpg\""))
      let page = try await web.guest.get("/watch/\(web.square.show.id)").text
      #expect(page.contains("poster=\"\(folder)poster.jpg\""))
      #expect(
        page.contains("property=\"og:image\" content=\"http://localhost:8080/shows/\(web.square.show.id)/preview.jpg"))
      let later = try await web.until(
        { try await web.guest.get(folder + "poster.jpg") }, is: { $0.header("etag") != large.header("etag") })
      #expect(later.status == 200)
    }
  }

  @Test func `where there is no poster, another picture is shown`() async throws {
    try await RunningWeb.run { web in
      let reply = try await web.guest.get("/live/\(web.square.show.id)/poster.jpg")
      #expect(reply.status == 302)
      let other = try await web.guest.get(try #require(reply.header("location")))
      #expect(other.status == 200 && other.header("content-type")?.hasPrefix("image/") == true)
      #expect(try await web.guest.get("/live/nothing/poster.jpg").status == 404)
    }
  }

  @Test func `a pin is in the playlist for every player, and ends when the next begins`() async throws {
    try await RunningWeb.onAir { web, folder in
      let owner = try await web.owner
      let show = "/api/v1/shows/\(web.square.show.id)"
      func ranges() async throws -> [Substring] {
        try await web.guest.get(folder + "live.m3u8").text.split(separator: "\n").filter {
          $0.hasPrefix("#EXT-X-DATERANGE") && $0.contains("CLASS=\"haat.pin\"")
        }
      }
      let time = web.media.stream("\(web.square.show.id)")?.mediaTimeMilliseconds() ?? 0
      _ = try await owner.put("\(show)/pin", ["product": "\(web.square.lamp.id)", "mediaTime": .number(Double(time))])
      let open = try await web.until({ try await ranges() }, is: { $0.count == 1 })
      #expect(open[0].contains("X-PRODUCT=\"\(web.square.lamp.id)\",X-TITLE=\"") && !open[0].contains("DURATION"))
      _ = try await owner.delete("\(show)/pin")
      _ = try await web.until({ try await ranges() }, is: { $0.first?.contains(",DURATION=") == true })
    }
  }

  @Test func `a deal is in the playlist with its planned end, and with its real one when it was ended`() async throws {
    try await RunningWeb.onAir { web, folder in
      let owner = try await web.owner
      let path = "/api/v1/shows/\(web.square.show.id)/deals"
      func line() async throws -> String {
        let lines = try await web.guest.get(folder + "live.m3u8").text.split(separator: "\n")
        return lines.first { $0.contains("CLASS=\"haat.deal\"") }.map(String.init) ?? ""
      }
      let deal = try await owner.post(
        path,
        [
          "product": "\(web.square.lamp.id)", "prices": ["IN": 99_900], "durationSeconds": 120, "unitsMax": 3,
        ])
      let open = try await web.until({ try await line() }, is: { !$0.isEmpty })
      #expect(open.contains(",PLANNED-DURATION=120.000,X-PRODUCT=\"\(web.square.lamp.id)\""))
      #expect(!open.contains(",DURATION="))
      _ = try await owner.delete("\(path)/\(deal.json["id"].string ?? "")")
      _ = try await web.until(
        { try await line() }, is: { $0.contains(",DURATION=") && $0.contains("PLANNED-DURATION=120") })
    }
  }

  @Test func `a range of several buffers is cut out of them`() {
    let buffers = ["abc", "", "defg", "h"].map { ByteBuffer(string: $0) }
    #expect(ByteRange.slice(buffers, 2..<5).map { String(buffer: $0) } == ["c", "de"])
    #expect(ByteRange.slice(buffers, 0..<8).map { String(buffer: $0) }.joined() == "abcdefgh")
  }
}
