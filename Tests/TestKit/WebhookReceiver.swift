import Foundation
import TestPrograms

/// A seller's program (Tests/WebhookReceiver) that takes webhooks and checks them with a library of somebody else's making,
/// for as long as it is kept. `Scripts/webhooks/fetch.sh` fetches that.
public final class WebhookReceiver: Sendable {
  private let port: Int
  private let process = TestProcess()
  /// It lives for as long as this end is open.
  private let lifeline: FileHandle
  private let lines: Lines

  /// What came.
  public var taken: [JSON] {
    lines.all.dropFirst().compactMap { try? JSONDecoder().decode(JSON.self, from: Data($0.utf8)) }
      .filter { $0["path"].string != nil }
  }

  /// Once there are so many. The test's time limit ends it.
  public func taken(_ count: Int) async throws -> [JSON] {
    while taken.count < count { try await Task.sleep(for: .milliseconds(10)) }
    return taken
  }

  /// What comes of it depends on the name.
  public func url(_ name: String) -> String { "http://127.0.0.1:\(port)/\(name)" }

  /// With what it checks from now on.
  public func expect(_ secret: String) async throws {
    let before = lines.all.count
    try lifeline.write(contentsOf: Data((secret + "\n").utf8))
    while lines.all.count == before { try await Task.sleep(for: .milliseconds(10)) }
  }

  public init() async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let (input, output) = (Pipe(), Pipe())
    lifeline = input.fileHandleForWriting
    // No other child of ours may hold it.
    _ = fcntl(lifeline.fileDescriptor, F_SETFD, FD_CLOEXEC)
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", root.appending(path: "Tests/WebhookReceiver/receiver.py").path]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["PYTHONPATH": root.appending(path: ".build/webhooks").path, "PYTHONDONTWRITEBYTECODE": "1"]
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
    guard let first = lines.all.first, let said = try? JSONDecoder().decode(JSON.self, from: Data(first.utf8)),
      let port = said["port"].number
    else { throw BrowserFault("the receiver of webhooks did not start: run Scripts/webhooks/fetch.sh") }
    self.port = Int(port)
  }

  deinit { try? lifeline.close() }
}
