import Foundation
import Logging
import NIOCore
import Testing

@testable import Media

/// A recording of a real encoder's stream, read by programs that nobody here wrote.
@Suite struct RecordingPlayTests {
  private static func publish(_ port: Int, seconds: Int, size: String) async throws {
    let finished = try await run(
      "/usr/bin/ffmpeg",
      [
        "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=\(size):rate=30", "-re", "-f",
        "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "\(seconds)", "-c:v", "libx264", "-preset",
        "ultrafast", "-bf", "2", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k", "-f", "flv",
        "rtmp://127.0.0.1:\(port)/live/good-lamp",
      ])
    #expect(finished.status == 0, "\(finished.errors)")
  }

  /// Two encoders one after the other, the second with another picture, as a recording.
  private static func recorded(in scratch: Scratch) async throws -> Recordings {
    let recordings = Recordings.scratch(scratch, queueBytesMax: 64 << 20)
    recordings.begin("lamp")
    try await withServer(recordings: recordings) { server, port, news in
      try await publish(port, seconds: 4, size: "320x180")
      try await news.wait(for: .interrupted("lamp"))
      try await publish(port, seconds: 3, size: "640x360")
      server.disconnect("lamp")
    }
    return recordings
  }

  /// The playlist and everything it names, as files; gives the playlist's path.
  private static func save(_ recordings: Recordings, to scratch: Scratch) async throws -> String {
    let index = try #require(try await recordings.index(of: "lamp"))
    let playlist = RecordingPlaylist.replay(index, epoch: 1_700_000_000_000)
    for line in playlist.split(separator: "\n") {
      let name = line.hasPrefix("#EXT-X-MAP") ? line.components(separatedBy: "\"")[1] : String(line)
      guard !name.hasPrefix("#") else { continue }
      let entry = try #require(RecordingPlaylist.entry(named: name, in: index))
      let bytes = try #require(try await recordings.bytes(of: entry, in: "lamp"))
      _ = try scratch.write(bytes.readableBytesView, to: name)
    }
    return try scratch.write(Array(playlist.utf8), to: "replay.m3u8")
  }

  private static func decoded(_ path: String, _ arguments: [String] = []) async throws -> Finished {
    try await run("/usr/bin/ffmpeg", ["-v", "warning", "-xerror"] + arguments + ["-i", path, "-f", "null", "-"])
  }

  /// Each file of a recording plays by itself; and all of them as the playlist says. ffmpeg's HLS demuxer has a remark
  /// about every second initialization segment, whoever made it, so that only its exit status is looked at.
  private static func expectPlayable(_ recordings: Recordings, files: Int, in scratch: Scratch) async throws {
    for file in 1...files {
      let played = try await decoded(scratch.file("lamp/\(file).mp4").path)
      #expect(played.errors == "" && played.status == 0, "\(played.errors)")
    }
    let playlist = try await save(recordings, to: scratch)
    let listed = try await run(
      "/usr/bin/ffmpeg", ["-v", "error", "-allowed_extensions", "ALL", "-i", playlist, "-f", "null", "-"])
    #expect(listed.status == 0, "\(listed.errors)")
  }

  @Test(.timeLimit(.minutes(2)))
  func `ffmpeg plays a recording, cut or whole, and its download, without a warning`() async throws {
    let scratch = try Scratch()
    let recordings = try await Self.recorded(in: scratch)
    let summary = try #require(try await recordings.finish("lamp"))
    #expect((6_500...7_500).contains(summary.durationMilliseconds) && summary.lostSegments == 0)
    let report = try await recordings.verify("lamp")
    #expect(report.differences == [] && report.notes == [] && report.files == 2)

    try await Self.expectPlayable(recordings, files: 2, in: scratch)

    // One MP4, with a byte range put together from odd pieces.
    let download = try #require(try await recordings.download("lamp"))
    var bytes = ByteBuffer()
    while bytes.readableBytes < Int(download.length) {
      var piece = try await download.read(at: Int64(bytes.readableBytes), 77_777)
      #expect(piece.readableBytes > 0)
      bytes.writeBuffer(&piece)
    }
    #expect(try await download.read(at: download.length, 10).readableBytes == 0)
    let file = try scratch.write(bytes.readableBytesView, to: "download.mp4")
    let probe = try await run(
      "/usr/bin/ffprobe",
      ["-v", "warning", "-show_entries", "format=duration:stream=codec_type,nb_frames", "-of", "csv=p=0", file])
    #expect(probe.errors == "")
    let lines = probe.output.split(separator: "\n").map(String.init)
    #expect(lines.first == "video,210")
    let seconds = try #require(lines.last.flatMap(Double.init))
    #expect(abs(seconds - Double(summary.durationMilliseconds) / 1000) < 0.1)
    let played = try await Self.decoded(file)
    #expect(played.errors == "" && played.status == 0)
    // Decoding only what follows a seek into the second encoder's part.
    let sought = try await Self.decoded(file, ["-ss", "5.2"])
    #expect(sought.errors == "" && sought.status == 0)

    // As a power cut might leave it: the last file ends in the middle of a segment.
    let torn = try Scratch()
    let copy = torn.file("lamp")
    try FileManager.default.copyItem(at: scratch.file("lamp"), to: copy)
    let last = copy.appending(path: "2.mp4").path
    let size = try #require(RecordingDisk.size(last))
    #expect(truncate(last, off_t(size - size / 3)) == 0)
    let again = Recordings.scratch(torn)
    again.begin("lamp")
    let rest = try #require(try await again.finish("lamp"))
    #expect(rest.segments < summary.segments && rest.durationMilliseconds >= 4_000)
    #expect(try await again.verify("lamp").differences == [])
    try await Self.expectPlayable(again, files: 2, in: torn)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a recording is downloaded by no more at once than may`() async throws {
    let scratch = try Scratch()
    var configuration = RecordingConfiguration()
    configuration.directory = scratch.directory.path
    configuration.downloadsMax = 1
    let recordings = Recordings(configuration: configuration, logger: Logger(label: "test") { _ in LogLines() })
    recordings.begin("lamp")
    for segment in Segment.recorded(2) { recordings.offer(segment, of: "lamp") }
    _ = try await recordings.finish("lamp")
    do {
      let first = try #require(try await recordings.download("lamp"))
      #expect(try await recordings.download("lamp") == nil)
      #expect(first.length > 0)
    }
    #expect(try await recordings.download("lamp") != nil)
  }

  @Test func `bytes that are no fragments are refused and do no harm`() throws {
    let segment = try #require(Segment.recorded(1)[0].bytes)
    #expect(try FragmentDecoder.samples(in: segment).count > 60)
    var random = SeededGenerator(seed: 11)
    for _ in 0..<2_000 {
      var broken = segment.getSlice(at: 0, length: Int.random(in: 0...1_000, using: &random)) ?? ByteBuffer()
      for _ in 0..<4 where broken.readableBytes > 0 {
        let place = Int.random(in: 0..<broken.readableBytes, using: &random)
        broken.setInteger(UInt8.random(in: .min ... .max, using: &random), at: place)
      }
      if let samples = try? FragmentDecoder.samples(in: broken) {
        #expect(samples.allSatisfy { $0.offset >= 0 && $0.offset + $0.size <= broken.readableBytes })
      }
      _ = try? FragmentDecoder.tracks(in: broken)
    }
  }
}
