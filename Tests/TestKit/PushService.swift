import Foundation
import TestPrograms

/// A real push service and the keys of a browser (Tests/PushService), for as long as it is kept. `Scripts/push/fetch.sh`
/// fetches what it needs.
public final class PushService: Sendable {
  /// The subscription's keys, as base64url.
  public let publicKey: String
  public let auth: String
  /// For `OutsideReach.authoritiesPath`.
  public let certificate: String
  private let port: Int
  private let directory: URL
  private let process = TestProcess()
  /// It lives for as long as this end is open.
  private let lifeline: FileHandle
  private let lines: Lines

  /// What came, decrypted.
  public var taken: [JSON] {
    lines.all.dropFirst().compactMap { try? JSONDecoder().decode(JSON.self, from: Data($0.utf8)) }
  }

  /// Once there are so many. The test's time limit ends it.
  public func taken(_ count: Int) async throws -> [JSON] {
    while taken.count < count { try await Task.sleep(for: .milliseconds(10)) }
    return taken
  }

  /// Where a browser of this name is reached: what comes of it depends on the name.
  public func endpoint(_ name: String) -> String { "https://localhost:\(port)/push/\(name)" }

  public init() async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    directory = FileManager.default.temporaryDirectory.appending(path: "haat-push-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let files = try MailServer.makeCertificate(in: directory)
    certificate = files.certificate
    let (input, output) = (Pipe(), Pipe())
    lifeline = input.fileHandleForWriting
    // No other child of ours may hold it.
    _ = fcntl(lifeline.fileDescriptor, F_SETFD, FD_CLOEXEC)
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", root.appending(path: "Tests/PushService/push_service.py").path, "--certificate", files.certificate,
      "--key", files.key,
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["PYTHONPATH": root.appending(path: ".build/push-service").path, "PYTHONDONTWRITEBYTECODE": "1"]
    ) { $1 }
    process.standardInput = input
    process.standardOutput = output
    let lines = Lines()
    self.lines = lines
    output.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty { handle.readabilityHandler = nil }
      lines.add(data)
    }
    try process.run()
    while lines.all.isEmpty, process.isRunning { try await Task.sleep(for: .milliseconds(10)) }
    guard let first = lines.all.first,
      let said = try? JSONDecoder().decode(JSON.self, from: Data(first.utf8)), let port = said["port"].number,
      let publicKey = said["p256dh"].string, let auth = said["auth"].string
    else { throw BrowserFault("the push service did not start: run Scripts/push/fetch.sh") }
    (self.port, self.publicKey, self.auth) = (Int(port), publicKey, auth)
  }

  deinit {
    try? lifeline.close()
    try? FileManager.default.removeItem(at: directory)
  }
}
