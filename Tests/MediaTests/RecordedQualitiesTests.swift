import Foundation
import Logging
import NIOCore
import Testing

@testable import Media

/// Smaller pictures beside a recording: made and recorded by real parts, played by a real program.
@Suite(.serialized) struct RecordedQualitiesTests {
  private static func configuration(_ sides: [Int]) -> MediaConfiguration {
    var configuration = MediaConfiguration()
    configuration.ladder = sides.map { LadderRung(side: $0, kilobits: $0) }
    return configuration
  }

  private static func publish(_ port: Int, seconds: Int) async throws {
    let finished = try await run(
      "/usr/bin/ffmpeg",
      [
        "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-re", "-f",
        "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "\(seconds)", "-c:v", "libx264", "-preset",
        "ultrafast", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k", "-f", "flv",
        "rtmp://127.0.0.1:\(port)/live/good-lamp",
      ])
    #expect(finished.status == 0, "\(finished.errors)")
  }

  /// Two encoders one after the other.
  private static func record(_ recordings: Recordings, sides: [Int]) async throws {
    recordings.begin("lamp")
    try await withServer(configuration(sides), recordings: recordings) { server, port, news in
      try await publish(port, seconds: 5)
      try await news.wait(for: .interrupted("lamp"))
      try await publish(port, seconds: 4)
      server.disconnect("lamp")
    }
  }

  /// Every playlist and what they name, as files.
  private static func save(_ recordings: Recordings, to scratch: Scratch) async throws {
    var names = ["index.m3u8"]
    while let name = names.popLast() {
      let playlist = try #require(
        try await recordings.replayPlaylist(name, of: "lamp", epoch: 1_700_000_000_000), "\(name)")
      _ = try scratch.write(Array(playlist.utf8), to: name)
      for line in playlist.split(separator: "\n") {
        let address = line.hasPrefix("#EXT-X-MAP") ? line.components(separatedBy: "\"")[1] : String(line)
        guard !address.hasPrefix("#") else { continue }
        if address.hasSuffix(".m3u8") {
          names.append(address)
        } else {
          let bytes = try #require(try await recordings.media(at: address, of: "lamp"), "\(address)")
          _ = try scratch.write(bytes.readableBytesView, to: address)
        }
      }
    }
  }

  private static func probe(_ path: String) async throws -> [String] {
    let probe = try await run(
      "/usr/bin/ffprobe",
      [
        "-v", "error", "-allowed_extensions", "ALL", "-select_streams", "v:0", "-count_frames", "-show_entries",
        "stream=width,height,nb_read_frames", "-of", "csv=p=0", path,
      ])
    #expect(probe.status == 0, "\(probe.errors)")
    return probe.output.split(separator: "\n").map(String.init)
  }

  @Test(.timeLimit(.minutes(2)))
  func `a replay has every picture that was made of its show, and each agrees with the others`() async throws {
    let scratch = try Scratch()
    let recordings = Recordings.scratch(scratch, queueBytesMax: 64 << 20)
    try await Self.record(recordings, sides: [240, 144])
    let summary = try #require(try await recordings.finish("lamp"))
    #expect(summary.lostSegments == 0)
    #expect(try await recordings.verify("lamp").differences == [])
    #expect(try await recordings.rungs(of: "lamp") == [240, 144])

    let files = try Scratch()
    for folder in ["240p", "144p"] {
      try FileManager.default.createDirectory(at: files.file(folder), withIntermediateDirectories: true)
    }
    try await Self.save(recordings, to: files)
    let index = try String(contentsOf: files.file("index.m3u8"), encoding: .utf8)
    #expect(index.contains("RESOLUTION=640x360\nwhole.m3u8"), "\(index)")
    #expect(index.contains("RESOLUTION=426x240\n240p.m3u8") && index.contains("RESOLUTION=256x144\n144p.m3u8"))
    let variants = index.split(separator: "\n").filter { $0.hasPrefix("#EXT-X-STREAM-INF") }
    #expect(variants.count == 3 && variants.allSatisfy { $0.contains("CODECS=\"avc1.") && $0.contains(",mp4a.40.2\"") })

    // The same stretches in every one, whatever was missing.
    func durations(_ name: String) throws -> [Substring] {
      try String(contentsOf: files.file(name), encoding: .utf8).split(separator: "\n").filter {
        $0.hasPrefix("#EXTINF") || $0.hasPrefix("#EXT-X-PROGRAM") || $0 == "#EXT-X-DISCONTINUITY"
      }
    }
    #expect(try durations("whole.m3u8").count >= 9)
    #expect(try durations("240p.m3u8") == durations("whole.m3u8"))
    #expect(try durations("144p.m3u8") == durations("whole.m3u8"))
    let small = try String(contentsOf: files.file("240p.m3u8"), encoding: .utf8)
    #expect(small.components(separatedBy: "\n240p/s").count > 5, "\(small)")
    for name in ["whole.m3u8", "240p.m3u8", "144p.m3u8"] {
      let played = try await run(
        "/usr/bin/ffmpeg",
        ["-v", "error", "-allowed_extensions", "ALL", "-i", files.file(name).path, "-f", "null", "-"])
      #expect(played.status == 0, "\(name): \(played.errors)")
    }
    let bytes = try #require(
      try await recordings.media(
        at: String(small.components(separatedBy: "\n").first { $0.hasPrefix("240p/s") } ?? ""), of: "lamp"))
    let head = try #require(
      try await recordings.media(
        at: small.components(separatedBy: "\"").first { $0.hasPrefix("240p/i") } ?? "", of: "lamp"))
    let file = try files.write(Array(head.readableBytesView) + Array(bytes.readableBytesView), to: "one.mp4")
    #expect(try await Self.probe(file) == ["426,240,30"])

    // Nothing that leads out of the recording.
    for path in ["240p/../whole.m3u8", "../lamp/1.mp4", "241p/s0-00000000.mp4", "0240p/x", "240p/", "p/s0-0.mp4"] {
      #expect(try await recordings.media(at: path, of: "lamp") == nil, "\(path)")
      #expect(try await recordings.replayPlaylist(path, of: "lamp", epoch: 0) == nil, "\(path)")
    }

    // Rot in a smaller picture is found as in the stream's own.
    let data = scratch.file("lamp/240p/1.mp4")
    var rotten = try Data(contentsOf: data)
    rotten[rotten.count / 2] ^= 1
    try rotten.write(to: data)
    let report = try await recordings.verify("lamp")
    #expect(
      report.differences.count == 1 && report.differences[0].hasPrefix("240p: 1.mp4 differs"), "\(report.differences)")

    try await recordings.delete("lamp")
    #expect(!FileManager.default.fileExists(atPath: scratch.file("lamp").path))
    #expect(try await recordings.media(at: "240p/s0-00000000.mp4", of: "lamp") == nil)
  }

  @Test(.timeLimit(.minutes(1)))
  func `nothing but the stream's own is recorded where that is not wanted, and the playlist is one`() async throws {
    let scratch = try Scratch()
    var configuration = RecordingConfiguration()
    configuration.directory = scratch.directory.path
    configuration.recordsRungs = false
    let recordings = Recordings(configuration: configuration, logger: .init(label: "test") { _ in LogLines() })
    try await Self.record(recordings, sides: [240])
    _ = try await recordings.finish("lamp")
    #expect(try await recordings.rungs(of: "lamp") == [])
    let index = try #require(try await recordings.replayPlaylist("index.m3u8", of: "lamp", epoch: 0))
    #expect(index.contains("#EXTINF") && !index.contains("#EXT-X-STREAM-INF"))
    #expect(try await recordings.replayPlaylist("240p.m3u8", of: "lamp", epoch: 0) == nil)
  }
}
