import Commerce
import Foundation
import NIOCore
import TestKit
import TestPrograms
import Testing

@testable import Media
@testable import Web

extension RunningWeb {
  /// The market's show on air with a picture, for the length of `body`: its folder, once it can be watched.
  static func onAir(
    size: String = "320x180", _ body: @Sendable (RunningWeb, _ folder: String) async throws -> Void
  ) async throws {
    try await RunningWeb.run(configure: { $0.posters.everySeconds = 1 }, mayPublish: true) { web in
      let folder = "/live/\(web.square.show.id)/"
      try await web.publishing(web.square.show.id, size: size) { try await body(web, folder) }
    }
  }

  /// A picture with a tone to a show for the length of `body`, once it can be watched. The server must take publishers.
  func publishing(
    _ show: ID<Show>, size: String = "320x180", seenBy viewer: Client? = nil, _ body: () async throws -> Void
  ) async throws {
    let encoder = TestProcess()
    encoder.executableURL = URL(filePath: "/usr/bin/env")
    encoder.arguments = [
      "ffmpeg", "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=\(size):rate=20",
      "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "180", "-c:v", "libx264", "-preset", "ultrafast", "-g",
      "20", "-threads", "1", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv",
      "rtmp://127.0.0.1:\(await media.boundPort())/live/\(show)",
    ]
    encoder.standardInput = FileHandle.nullDevice
    encoder.standardError = FileHandle.nullDevice
    try encoder.run()
    defer {
      // It would take its time over a farewell.
      kill(encoder.processIdentifier, SIGKILL)
      encoder.waitUntilExit()
    }
    _ = try await until({ try await (viewer ?? guest).get("/live/\(show)/index.m3u8").status }, is: { $0 == 200 })
    try await body()
  }

  /// The market's show, recorded for thirty seconds of nothing that ffmpeg could read, and ended.
  func recordShow() async throws {
    let recordings = try #require(media.recordings)
    let show = square.show.id.description
    recordings.begin(show)
    // Another encoder comes after 25 seconds.
    let heads = [1, 2].map { Initialization(number: $0, video: nil, audio: nil) }
    for second in 0..<Int64(30) {
      let sample = Fragment.Sample(
        track: 1, decodeTime: UInt64(second * 90_000), duration: 90_000, compositionOffset: 0, flags: 0,
        payload: ByteBuffer(repeating: UInt8(second), count: 100))
      var segment = Segment(
        sequence: Int(second), initialization: heads[second < 25 ? 0 : 1], isDiscontinuity: second == 25,
        isIndependent: true, start: second * 90_000)
      segment.duration = 90_000
      segment.bytes = Fragment.bytes(sample, sequence: 1, wallClock: nil)
      recordings.offer(segment, of: show)
    }
    while try await recordings.index(of: show)?.segments.count != 30 { try await Task.sleep(for: .milliseconds(5)) }
    try await square.commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id, mediaTime: 12_000)
    _ = try await square.commerce.endShow(by: square.owner, show: square.show.id, mediaTime: 30_000)
    _ = try await until({ try await square.commerce.recording(square.show.id)?.state }, is: { $0 == .ready })
  }

  /// A clip of the recorded show with files that are there: these, or whatever.
  func readyClip(
    title: String = "Lamp in the dark", video: Data = Data(0..<200), poster: Data = Data([0xff, 0xd8])
  ) async throws -> ID<Clip> {
    let commerce = square.commerce
    let clip = try await commerce.makeClip(
      commerce.makeID(), of: square.show.id, by: square.owner,
      ClipDraft(product: square.lamp.id, fromMediaTime: 2_000, untilMediaTime: 12_000, title: title))
    let directory = try #require(media.recordings).configuration.clipsDirectory
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try video.write(to: URL(filePath: "\(directory)/\(clip.id).mp4"))
    try poster.write(to: URL(filePath: "\(directory)/\(clip.id).jpg"))
    try await commerce.clipMade(clip.id, bytes: Int64(video.count), durationMilliseconds: 10_000)
    return clip.id
  }
}

/// Small films and pictures that are real ones, made once by ffmpeg.
enum UprightFilm {
  /// Ten seconds as a clip has them.
  static let video = made(
    ["-t", "10", "-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-pix_fmt", "yuv420p"]
      + ["-movflags", "+faststart", "-f", "mp4"])
  static let poster = made(["-frames:v", "1", "-pix_fmt", "yuvj420p", "-f", "mjpeg"])

  private static func made(_ output: [String]) -> Data {
    let file = FileManager.default.temporaryDirectory.appending(path: "haat-upright-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let ffmpeg = TestProcess()
    ffmpeg.executableURL = URL(filePath: "/usr/bin/env")
    ffmpeg.arguments =
      ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-f", "lavfi"]
      + ["-i", "testsrc2=size=180x320:rate=20"] + output + [file.path]
    guard (try? ffmpeg.run()) != nil else { return Data() }
    ffmpeg.waitUntilExit()
    return (try? Data(contentsOf: file)) ?? Data()
  }
}
