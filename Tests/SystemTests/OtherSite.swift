import Foundation
import TestPrograms

/// Another site: pages at `http://localhost:…`, which to a browser is as far from `http://127.0.0.1:…` as any two sites
/// are from each other.
final class OtherSite {
  let origin: String
  private let directory: URL
  private let process = TestProcess()

  init() async throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "haat-other-site-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", directory.path,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    let lines = Lines()
    lines.follow(output)
    try process.run()
    let port = try await until("the other site says where it is", within: 30) {
      lines.all.first?.firstMatch(of: /port (\d+)/).map { String($0.1) }
    }
    origin = "http://localhost:\(port)"
  }

  /// Puts a page at `/name`.
  func put(_ name: String, _ html: String) throws {
    try html.write(to: directory.appending(path: name), atomically: true, encoding: .utf8)
  }

  deinit {
    process.terminate()
    try? FileManager.default.removeItem(at: directory)
  }
}
