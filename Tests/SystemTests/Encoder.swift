import Foundation
import TestKit
import TestPrograms

/// Real ffmpeg, publishing the film excerpt in a loop as an encoder would.
final class Encoder {
  private let process = TestProcess()

  static var film: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: ".build/film/bigbuckbunny.mp4")
  }

  /// Publishes to `server` (`rtmp://host:port/live`) under `key`.
  init(server: String, key: String) throws {
    guard FileManager.default.fileExists(atPath: Self.film.path) else {
      throw Trouble("the test film is missing; run “Scripts/fetch-film.sh”")
    }
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "ffmpeg", "-hide_banner", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", Self.film.path, "-c", "copy",
      "-f", "flv", "\(server)/\(key)",
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  var isRunning: Bool { process.isRunning }

  /// Ends as when the cable is pulled: no FCUnpublish.
  func kill() {
    guard process.isRunning else { return }
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  deinit { kill() }
}
