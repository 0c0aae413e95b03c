import Foundation
import TestKit
import TestPrograms
import Testing

/// The player's own tests are JavaScript, in Tests/PlayerTests, and run where it runs: in a browser.
@Suite(.serialized) struct PlayerTests {
  @Test(arguments: [
    "media-units", "playlist", "part-stream", "ways", "live-edge", "quality-choice", "playback", "replay", "look-back",
    "captions",
  ])
  func `the player keeps its promises`(file: String) async throws {
    let films = try Film.all.mapValues { JSON.string(try $0.bytes().base64EncodedString()) }
    let results = try await withBrowser(
      arguments: ["--allow-file-access-from-files", "--autoplay-policy=no-user-gesture-required"]
    ) { browser in
      try await browser.open(Self.page.absoluteString)
      try await browser.wait(until: "window.runTests")
      try await browser.run("window.films = arguments[0]", .object(films))
      // Longer than one script may run: the page keeps the results until they are there.
      try await browser.run("runTests(arguments[0]).then(results => { window.results = results })", .string(file))
      return try await browser.wait(until: "window.results", seconds: 180).array
    }
    #expect(!results.isEmpty)
    for result in results where result["error"] != .null {
      Issue.record("\(result["name"].string ?? ""): \(result["error"].string ?? "")")
    }
  }

  private static let page = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("../../PlayerTests/page.html").standardized
}

/// Eight seconds of a test picture with a tone, a keyframe a second and a fragment a frame.
private struct Film {
  var arguments: [String]

  static let picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=8"]
  static let largerPicture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30:duration=8"]
  static let sound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=8"]

  static let all = [
    "both": Film(arguments: picture + sound), "larger": Film(arguments: largerPicture + sound),
    "picture": Film(arguments: picture), "sound": Film(arguments: sound),
  ]

  func bytes() throws -> Data {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("haat-film-\(UUID().uuidString).mp4")
    defer { try? FileManager.default.removeItem(at: file) }
    let ffmpeg = TestProcess()
    ffmpeg.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    ffmpeg.arguments =
      ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin"] + arguments
      + [
        "-c:v", "libx264", "-profile:v", "baseline", "-level", "3.0", "-preset", "ultrafast", "-tune", "zerolatency",
        "-g", "30",
        "-video_track_timescale", "15360", "-pix_fmt", "yuv420p", "-c:a", "aac",
        "-movflags", "frag_every_frame+empty_moov+default_base_moof+skip_sidx", file.path,
      ]
    try ffmpeg.run()
    ffmpeg.waitUntilExit()
    return try Data(contentsOf: file)
  }
}
