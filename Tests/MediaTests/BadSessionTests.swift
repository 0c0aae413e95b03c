import Foundation
import NIOCore
import Synchronization
import TestPrograms
import Testing

@testable import Media

/// Encoders that behave badly, real ones; everything that viewers could download of it is read by ffprobe.
@Suite struct BadSessionTests {
  /// All that was offered, kept as it was offered.
  private actor Viewer {
    private(set) var maps: [String: [UInt8]] = [:]
    private(set) var segments: [(file: String, map: String, bytes: [UInt8])] = []
    /// The parts of each, with those before it in the same segment.
    private(set) var parts: [(file: String, map: String, bytes: [UInt8])] = []
    private(set) var newest = ReadPlaylist("")
    private(set) var discontinuities = 0
    private var known: Set<String> = []

    /// Downloads what is new.
    func look(at stream: LiveStream, _ path: String = "live.m3u8") async throws {
      guard case .buffers(let text) = await stream.answer(path).body else { return }
      newest = ReadPlaylist(text.map { String(buffer: $0) }.joined())
      for segment in newest.segments + [newest.open] {
        var before: [UInt8] = []
        for part in segment.parts where !part.isGap {
          let bytes = try await bytes(of: part.uri, stream)
          before += bytes
          guard known.insert(part.uri).inserted else { continue }
          parts.append((part.uri, try await map(segment.map, stream), before))
        }
        guard !segment.uri.isEmpty, known.insert(segment.uri).inserted else { continue }
        if segment.isDiscontinuity { discontinuities += 1 }
        guard !segment.isGap else { continue }
        segments.append((segment.uri, try await map(segment.map, stream), try await bytes(of: segment.uri, stream)))
      }
    }

    private func map(_ name: String, _ stream: LiveStream) async throws -> String {
      if maps[name] == nil { maps[name] = try await bytes(of: name, stream) }
      return name
    }

    private func bytes(of name: String, _ stream: LiveStream) async throws -> [UInt8] {
      let answer = await stream.answer(name)
      guard answer.status == 200, case .buffers(let buffers) = answer.body else { throw Unexpected() }
      return buffers.flatMap { Array($0.readableBytesView) }
    }
  }

  /// Looks five times a second until `isEnough`.
  private static func watch(
    _ viewer: Viewer, _ stream: LiveStream, until isEnough: () async -> Bool
  ) async throws {
    while !(await isEnough()) {
      try await viewer.look(at: stream)
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  private static func time(_ stream: LiveStream, plus milliseconds: Int64) -> () async -> Bool {
    let end = stream.mediaTimeMilliseconds() + milliseconds
    return { stream.mediaTimeMilliseconds() > end }
  }

  @Test(.timeLimit(.minutes(3)))
  func
    `every segment and part of an encoder that stalls, drops, wraps its clock and changes its size is read without a warning`()
    async throws
  {
    let viewer = Viewer()
    var configuration = MediaConfiguration()
    configuration.windowSeconds = 60
    try await withServer(configuration) { server, port, news in
      // FLV's times have 31 bits with ffmpeg: they wrap five seconds after it begins.
      let wrapping = ["-output_ts_offset", "\(Double(UInt32.max / 2) / 1000 - 5)"]
      try await whileRunning("/usr/bin/ffmpeg", FFmpegTests.publish(port, key: "good-lamp", extra: wrapping)) {
        encoder in
        try await news.wait(for: .started("lamp"))
        let stream = try #require(server.stream("lamp"))
        try await Self.watch(viewer, stream, until: Self.time(stream, plus: 7_000))
        #expect(await viewer.discontinuities <= 1, "the wrap")
        // It stands still, and what it did not send comes in a burst.
        kill(encoder.processIdentifier, SIGSTOP)
        let pause = ContinuousClock.now + .milliseconds(2_500)
        try await Self.watch(viewer, stream, until: { .now > pause })
        kill(encoder.processIdentifier, SIGCONT)
        try await Self.watch(viewer, stream, until: Self.time(stream, plus: 4_000))
        kill(encoder.processIdentifier, SIGKILL)
        try await news.wait(for: .interrupted("lamp"))
      }
      let stream = try #require(server.stream("lamp"))
      let pause = ContinuousClock.now + .milliseconds(2_000)
      try await Self.watch(viewer, stream, until: { .now > pause })
      // Another size, 25 pictures a second and no sound.
      let other = [
        "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-t", "60",
        "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-f", "flv",
        "rtmp://127.0.0.1:\(port)/live/good-lamp",
      ]
      try await whileRunning("/usr/bin/ffmpeg", other) { _ in
        try await news.wait(for: .resumed("lamp"))
        try await Self.watch(viewer, stream, until: Self.time(stream, plus: 5_000))
        server.disconnect("lamp")
      }
      try await viewer.look(at: stream)
    }
    let (newest, discontinuities) = await (viewer.newest, viewer.discontinuities)
    let (maps, segments, parts) = await (viewer.maps, viewer.segments, viewer.parts)
    #expect(newest.problems == [] && newest.hasEnded)
    #expect(discontinuities >= 1 && maps.count >= 2)
    #expect(segments.count >= 14 && parts.count >= 60)
    let scratch = try Scratch()
    for (isPart, pieces) in [(false, segments), (true, parts)] {
      for (name, map, bytes) in pieces {
        let file = try scratch.write((maps[map] ?? []) + bytes, to: "piece.mp4")
        let read = try await run(
          "/usr/bin/ffprobe", ["-v", "warning", "-show_entries", "packet=flags", "-of", "csv=p=0", file])
        #expect(read.errors == "" && read.status == 0 && read.output.hasPrefix("K"), "\(name): \(read.errors)")
        guard !isPart else { continue }
        // In the segment's own ticks: from a few pictures that came late ffmpeg guesses a rate too low for the rest.
        let decoded = try await run(
          "/usr/bin/ffmpeg",
          ["-v", "warning", "-xerror", "-copyts", "-i", file, "-enc_time_base", "-1", "-f", "null", "-"])
        #expect(decoded.errors == "" && decoded.status == 0, "\(name): \(decoded.errors)")
      }
    }
  }
}
