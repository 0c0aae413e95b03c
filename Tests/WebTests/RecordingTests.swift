import Commerce
import Foundation
import NIOCore
import TestKit
import Testing

@testable import Media
@testable import Web

private typealias JSON = TestKit.JSON

@Suite(.timeLimit(.minutes(2))) struct RecordingTests {
  /// Four seconds of nothing to see, as the media side would hand them over.
  private static func record(_ web: RunningWeb, size: Int = 1000) async throws {
    let recordings = try #require(web.media.recordings)
    let show = web.square.show.id.description
    recordings.begin(show)
    let head = Initialization(number: 1, video: nil, audio: nil)
    for second in 0..<Int64(4) {
      let sample = Fragment.Sample(
        track: 1, decodeTime: UInt64(second * 90_000), duration: 90_000, compositionOffset: 0, flags: 0,
        payload: ByteBuffer(repeating: UInt8(second), count: size))
      var segment = Segment(
        sequence: Int(second), initialization: head, isDiscontinuity: false, isIndependent: true,
        start: second * 90_000)
      segment.duration = 90_000
      segment.bytes = Fragment.bytes(sample, sequence: 1, wallClock: nil)
      recordings.offer(segment, of: show)
    }
    while try await recordings.index(of: show)?.segments.count != 4 { try await Task.sleep(for: .milliseconds(5)) }
  }

  private static func end(_ web: RunningWeb) async throws -> String {
    try await web.square.commerce.pin(
      by: web.square.owner, show: web.square.show.id, product: web.square.lamp.id, mediaTime: 1_500)
    _ = try await web.square.commerce.endShow(by: web.square.owner, show: web.square.show.id, mediaTime: 4_000)
    let path = "/api/v1/shows/\(web.square.show.id)/recording"
    _ = try await web.until({ try await web.guest.get(path).json["state"] }, is: { $0 == "ready" })
    return path
  }

  @Test func `of a channel that is put out, no segment is served any more`() async throws {
    try await RunningWeb.run { web in
      try await Self.record(web)
      _ = try await Self.end(web)
      let playlist = try await web.guest.get("/replay/\(web.square.show.id)/index.m3u8").text
      let name = try #require(playlist.split(separator: "\n").first { !$0.hasPrefix("#") })
      let segment = "/replay/\(web.square.show.id)/\(name)"
      #expect(try await web.guest.get(segment).status == 200)
      _ = try await web.square.commerce.admitChannel(
        web.square.channel.id, by: web.square.operator, as: .suspended, because: Verdict(.rules))
      web.square.clock.advance(seconds: 11)
      #expect(try await web.guest.get(segment).status == 404)
    }
  }

  @Test func `a recording whose volume is gone when its show ends is complete when the volume is back`() async throws {
    let lines = LogLines()
    try await RunningWeb.run(lines: lines) { web in
      try await Self.record(web)
      let recordings = try #require(web.media.recordings)
      let show = web.square.show.id
      _ = try await web.until({ try await web.square.commerce.recording(show)?.bytes }, is: { ($0 ?? 0) > 0 })
      await recordings.closeAll()
      let volume = recordings.configuration.directory
      try FileManager.default.moveItem(atPath: volume, toPath: volume + "-elsewhere")
      _ = try await web.square.commerce.endShow(by: web.square.owner, show: show)
      _ = try await web.until({ lines.all }, is: { $0.contains { $0.contains("is its volume mounted?") } })
      #expect(try await web.square.commerce.recordingState(show) == .recording)
      try? FileManager.default.removeItem(atPath: volume)
      try FileManager.default.moveItem(atPath: volume + "-elsewhere", toPath: volume)
      _ = try await web.until({ try await web.square.commerce.recordingState(show) }, is: { $0 == .ready })
      #expect(try await web.square.commerce.recording(show)?.durationMilliseconds == 4_000)
    }
  }

  @Test func `a show that has ended is played from its recording, and a live one can be looked back in`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      try await Self.record(web)
      let underWay = try await web.guest.get("/api/v1/shows/\(show)/recording").json
      #expect(underWay["state"] == "recording" && underWay["durationMilliseconds"] == 4000)
      #expect(underWay["playlist"] == .null)
      #expect(try await web.guest.get("/replay/\(show)/index.m3u8").status == 404)

      let path = try await Self.end(web)
      let recording = try await web.guest.get(path).json
      #expect(recording["durationMilliseconds"] == 4000 && recording["lostMilliseconds"] == 0)
      let playlist = try await web.guest.get(recording["playlist"].string ?? "")
      #expect(playlist.status == 200 && playlist.header("content-type") == "application/vnd.apple.mpegurl")
      #expect(playlist.text.contains("#EXT-X-PLAYLIST-TYPE:VOD") && playlist.text.hasSuffix("#EXT-X-ENDLIST\n"))
      let names = playlist.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
      #expect(names.count == 4)

      let segment = "/replay/\(show)/\(names[1])"
      let whole = try await web.guest.get(segment)
      #expect(whole.status == 200 && whole.header("cache-control") == "public, max-age=604800, immutable")
      #expect(whole.header("content-length") == "1112" && whole.header("access-control-allow-origin") == "*")
      let part = try await web.guest.get(segment, headers: ["Range": "bytes=100-199"])
      #expect(part.status == 206 && part.header("content-range") == "bytes 100-199/1112")
      #expect(part.header("content-length") == "100")
      #expect(try await web.guest.get(segment, headers: ["Range": "bytes=1112-"]).status == 416)
      #expect(try await web.guest.get("/replay/\(show)/s1-00000000.mp4").status == 404)
      #expect(try await web.guest.get("/replay/../haat.sqlite/index.m3u8").status == 404)

      let chapters = try await web.guest.get(recording["chapters"].string ?? "")
      #expect(chapters.header("content-type") == "text/vtt; charset=utf-8")
      #expect(chapters.text == "WEBVTT\n\n1\n00:00:01.500 --> 00:00:04.000\nBrass lamp\n")

      let watch = try await web.guest.get("/watch/\(show)?lang=en").text
      #expect(watch.contains("<replay-player") && watch.contains("0:04") && watch.contains("js/replay.js"))
      #expect(!watch.contains("recording/file"), "the channel has not said that everybody may download")
      for list in ["/?lang=en", "/@lamps?lang=en"] {
        #expect(try await web.guest.get(list).text.contains("Replay"))
      }
    }
  }

  @Test func `what happened is told by media time, and only what may be seen`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      try await Self.record(web)
      for (text, time) in [("Hello", 500), ("Lovely", 2_500)] {
        let message: JSON = ["text": .string(text), "name": "Asha", "mediaTime": .number(Double(time))]
        #expect(try await web.guest.post("/api/v1/shows/\(show)/messages", message).status == 201)
      }
      _ = try await Self.end(web)
      let moments = "/api/v1/shows/\(show)/moments"
      let kinds = try await web.until({ try await web.guest.get(moments).json["items"].array.map { $0["kind"] } }) {
        $0.count == 4
      }
      #expect(kinds == ["show_started", "pinned", "unpinned", "show_ended"])
      let messages = try await web.guest.get(moments + "?of=messages&until=2500").json["items"].array
      #expect(messages.map { $0["text"] } == ["Hello"])
      #expect(try await web.guest.get(moments + "?limit=0").status == 422)
    }
  }

  @Test func `one who downloads and does not read gives its place to others`() async throws {
    try await RunningWeb.run(configure: { $0.limits.unreadSeconds = 5 }) { web in
      // More than sockets hold.
      try await Self.record(web, size: 8 << 20)
      let path = try await Self.end(web) + "/file"
      let owner = try await web.owner
      let places = try #require(web.media.recordings?.configuration.downloadsMax)
      try await withThrowingTaskGroup(of: Void.self) { group in
        let (freed, free) = AsyncStream.makeStream(of: Void.self)
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        for _ in 0..<places {
          group.addTask {
            try await owner.connected { inbound, outbound in
              try await outbound.write(ByteBuffer(bytes: owner.head("GET", path, [:], 0, keep: true)))
              var answer = inbound.makeAsyncIterator()
              _ = try await answer.next()
              begin.yield()
              // Nothing is read from here on.
              for await _ in freed {}
            }
          }
        }
        var count = 0
        for await _ in begun {
          count += 1
          if count == places { break }
        }
        #expect(try await owner.get(path, headers: ["Range": "bytes=0-9"]).status == 503)
        _ = try await web.until({ try await owner.get(path, headers: ["Range": "bytes=0-9"]).status }) { $0 == 206 }
        free.finish()
        try await group.waitForAll()
      }
    }
  }

  @Test func `only its people may download, keep and delete, and the deleted is gone everywhere`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      let terms = "/api/v1/channels/lamps/recording-terms"
      let (owner, stranger) = (try await web.owner, try await web.stranger)
      try await Self.record(web)
      #expect(try await owner.get("/api/v1/shows/\(show)/recording/file").status == 409)
      let path = try await Self.end(web)
      for client in [web.guest, stranger] {
        #expect([401, 404].contains(try await client.get(path + "/file").status))
        #expect([401, 404].contains(try await client.delete(path).status))
        #expect([401, 404].contains(try await client.get(terms).status))
        #expect([401, 404].contains(try await client.put(terms, ["keepDays": 1, "isDownloadOpen": true]).status))
      }
      let file = try await owner.get(path + "/file")
      #expect(file.status == 200 && file.header("content-type") == "video/mp4")
      #expect(file.header("content-disposition")?.hasPrefix("attachment; filename=\"evening-lamps-") == true)
      let length = try #require(file.header("content-length").flatMap(Int.init))
      let tail = try await owner.get(path + "/file", headers: ["Range": "bytes=-1112"])
      #expect(tail.status == 206 && tail.header("content-range") == "bytes \(length - 1112)-\(length - 1)/\(length)")

      let said = try await owner.put(terms, ["keepDays": 7, "isDownloadOpen": true]).json
      #expect(said["keepDays"] == 7 && said["recordings"] == 1 && (said["bytes"].number ?? 0) > 4000)
      #expect(try await owner.put(terms, ["keepDays": 99999, "isDownloadOpen": true]).status == 422)
      #expect(try await web.guest.get(path + "/file").status == 200)
      #expect(try await web.guest.get("/watch/\(show)").text.contains("recording/file"))
      #expect(try await owner.get("/studio/lamps?tab=recordings&lang=en").text.contains("1 recording, "))
      #expect(try await owner.get("/studio/shows/\(show)?lang=en").text.contains("Download MP4"))

      #expect(try await owner.delete(path).status == 204)
      let deleted = try await web.guest.get(path).json
      #expect(deleted["state"] == "deleted" && deleted["deletedWhy"] == "owner")
      #expect(try await web.guest.get("/replay/\(show)/index.m3u8").status == 410)
      #expect(try await owner.get(path + "/file").status == 410)
      #expect(try await web.media.recordings?.all() == [])
      #expect(try await owner.get("/studio/shows/\(show)?lang=en").text.contains("The recording was deleted."))
    }
  }

  @Test(arguments: [
    ("bytes=0-9", ByteRange.part(0..<10)), ("bytes=90-", .part(90..<100)), ("bytes=-10", .part(90..<100)),
    ("bytes=-1000", .part(0..<100)), ("bytes=50-1000", .part(50..<100)), ("bytes=100-", .unsatisfiable),
    ("bytes=9-3", .unsatisfiable), ("bytes=0-1,5-6", .whole), ("items=0-1", .whole), ("bytes=x-y", .whole),
    ("bytes=-", .whole),
  ])
  func `a byte range is one, none that is there, or not asked for`(header: String, range: ByteRange) {
    #expect(ByteRange(header, length: 100) == range)
  }
}
