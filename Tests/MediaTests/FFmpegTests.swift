import Foundation
import Logging
import NIOCore
import Synchronization
import TestPrograms
import Testing

@testable import Media

/// The whole way, with an encoder and a demuxer that nobody here wrote.
@Suite struct FFmpegTests {
  static func publish(
    _ port: Int, key: String, size: String = "320x180", scheme: String = "rtmp", extra: [String] = []
  ) -> [String] {
    [
      "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=\(size):rate=30", "-re", "-f",
      "lavfi",
      "-i", "sine=frequency=440:sample_rate=48000", "-t", "60", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2",
      "-g",
      "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k",
    ] + extra + ["-f", "flv", "\(scheme)://127.0.0.1:\(port)/live/\(key)?token=1"]
  }

  static func playlist(_ stream: LiveStream, _ query: [String: String] = [:]) async -> String {
    guard case .buffers(let buffers) = await stream.answer("live.m3u8", query: query).body else { return "" }
    return buffers.map { String(buffer: $0) }.joined()
  }

  /// Reads the fragment stream until the show's clock is there.
  private static func fragments(of stream: LiveStream, until milliseconds: Int64) async throws -> [UInt8] {
    guard case .endless(let fragments) = await stream.answer("stream").body else { throw Unexpected() }
    var bytes: [UInt8] = []
    for await piece in fragments {
      bytes += piece.readableBytesView
      if stream.mediaTimeMilliseconds() > milliseconds { break }
    }
    return bytes
  }

  /// The playlist as it is now and everything it names, as files.
  static func save(_ stream: LiveStream, playlist: String, in scratch: Scratch) async throws -> String {
    for line in playlist.split(separator: "\n") {
      let name = line.hasPrefix("#EXT-X-MAP") ? line.components(separatedBy: "\"")[1] : String(line)
      guard !name.hasPrefix("#") else { continue }
      let answer = await stream.answer(name)
      guard answer.status == 200, case .buffers(let buffers) = answer.body else { throw Unexpected() }
      let file = scratch.file(name)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      _ = try scratch.write(buffers.flatMap { Array($0.readableBytesView) }, to: name)
    }
    return try scratch.write(Array(playlist.utf8), to: "live.m3u8")
  }

  @Test(.timeLimit(.minutes(1)))
  func `an encoder's stream is read by ffprobe and ffmpeg, both ways, without a warning`() async throws {
    let scratch = try Scratch()
    let (path, playlistPath) = try await withServer { server, port, news in
      try await whileRunning("/usr/bin/ffmpeg", Self.publish(port, key: "good-lamp")) { _ in
        try await news.wait(for: .started("lamp"))
        let stream = try #require(server.stream("lamp"))
        let bytes = try await Self.fragments(of: stream, until: 9_000)
        let health = stream.health()
        #expect(health.state == .live && health.width == 320 && health.height == 180)
        #expect(health.keyframeIntervalMilliseconds == 1_000)
        #expect(health.warnings.contains { $0.contains("B-frames") })
        let multivariant = await stream.answer("index.m3u8")
        guard case .buffers(let text) = multivariant.body else { throw Unexpected() }
        #expect(String(buffer: text[0]).contains("RESOLUTION=320x180,FRAME-RATE=30.000"))
        server.disconnect("lamp")
        let playlist = await Self.playlist(stream)
        #expect(playlist.hasSuffix("#EXT-X-ENDLIST\n"))
        return (
          try scratch.write(bytes, to: "stream.mp4"), try await Self.save(stream, playlist: playlist, in: scratch)
        )
      }
    }
    let probe = try await run(
      "/usr/bin/ffprobe", ["-v", "warning", "-show_entries", "packet=stream_index", "-of", "csv=p=0", path])
    #expect(probe.errors == "")
    for track in [1, 2] {
      let times = FragmentTime.all(Array(try Data(contentsOf: URL(fileURLWithPath: path)))).filter { $0.track == track }
      #expect(times.count > 80)
      let areExact = zip(times, times.dropFirst()).allSatisfy { $0.time + $0.duration == $1.time }
      #expect(areExact, "track \(track): every duration leads to the next frame")
      #expect(probe.output.split(separator: "\n").filter { $0 == "\(track - 1)" }.count == times.count)
    }
    let decoded = try await run(
      "/usr/bin/ffmpeg", ["-v", "warning", "-xerror", "-i", path, "-f", "null", "-"])
    #expect(decoded.errors == "" && decoded.status == 0)
    let played = try await run(
      "/usr/bin/ffmpeg",
      ["-v", "warning", "-xerror", "-allowed_extensions", "ALL", "-i", playlistPath, "-f", "null", "-"])
    #expect(played.errors == "" && played.status == 0)
  }

  @Test(.timeLimit(.minutes(1)))
  func `an encoder that comes back with another picture continues the same stream`() async throws {
    let playlist = try await withServer { server, port, news in
      try await whileRunning("/usr/bin/ffmpeg", Self.publish(port, key: "good-lamp")) { process in
        try await news.wait(for: .started("lamp"))
        let stream = try #require(server.stream("lamp"))
        _ = try await Self.fragments(of: stream, until: 7_200)
        kill(process.processIdentifier, SIGKILL)
        try await news.wait(for: .interrupted("lamp"))
      }
      let stream = try #require(server.stream("lamp"))
      let before = stream.mediaTimeMilliseconds()
      return try await whileRunning("/usr/bin/ffmpeg", Self.publish(port, key: "good-lamp", size: "640x360")) { _ in
        try await news.wait(for: .resumed("lamp"))
        #expect(server.stream("lamp") === stream)
        #expect(stream.mediaTimeMilliseconds() > before)
        #expect(stream.health().width == 640 && stream.health().reconnects == 1)
        return await Self.playlist(stream)
      }
    }
    #expect(playlist.contains("#EXT-X-ENDLIST") == false)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a wrong key is refused, the reason is logged and the key is not`() async throws {
    let log = LogLines()
    let finished = try await withServer(logger: Logger(label: "test") { _ in log }) { server, port, _ in
      let finished = try await run("/usr/bin/ffmpeg", Self.publish(port, key: "wrong-lamp"))
      #expect(server.streams().isEmpty)
      return finished
    }
    #expect(finished.status != 0)
    #expect(log.all.contains { $0.contains("refused") && $0.contains("no such key") })
    #expect(!log.all.contains { $0.contains("wrong-lamp") || $0.contains("token") })
  }
}

/// What our own fragments say of time. ffprobe puts durations of its own, from the nominal frame rate, in their place.
struct FragmentTime {
  var track: Int
  var time: Int
  var duration: Int

  static func all(_ bytes: [UInt8]) -> [FragmentTime] {
    func number(_ start: Int, _ count: Int) -> Int { bytes[start..<start + count].reduce(0) { $0 << 8 | Int($1) } }
    var times: [FragmentTime] = []
    var start = 0
    while start + 8 <= bytes.count, case let size = number(start, 4), size >= 8, start + size <= bytes.count {
      if Array(bytes[start + 4..<start + 8]) == Array("moof".utf8) {
        times.append(
          FragmentTime(track: number(start + 44, 4), time: number(start + 60, 8), duration: number(start + 88, 4)))
      }
      start += size
    }
    return times
  }
}

/// Keeps what is logged, with its metadata.
final class LogLines: LogHandler {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
  }
}
