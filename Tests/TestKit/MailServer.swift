public import Foundation
import TestPrograms

/// A real mail server (Tests/MailServer), for as long as it is kept. `Scripts/fetch-mail-server.sh` fetches what it needs.
public final class MailServer: Sendable {
  /// A message it took.
  public struct Taken: Sendable, Decodable {
    public let from: String
    public let to: [String]
    public let utf8: Bool
    public let options: [String]
    public let hello: String
    public let login: String?
    public let secure: Bool
    /// Without the dots that were added on the way.
    public let content: String
  }

  public let port: Int
  private let process = TestProcess()
  /// The server lives for as long as this end is open.
  private let lifeline: FileHandle
  private let messages: Lines

  public var taken: [Taken] {
    messages.all.compactMap { try? JSONDecoder().decode(Taken.self, from: Data($0.utf8)) }
  }

  /// Once there are so many: what the server says of them comes after its answer. The test's time limit ends it.
  public func taken(_ count: Int) async throws -> [Taken] {
    while taken.count < count { try await Task.sleep(for: .milliseconds(10)) }
    return taken
  }

  /// - Parameter arguments: as `Tests/MailServer/mail_server.py` takes them.
  public init(_ arguments: [String] = []) async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let (input, output) = (Pipe(), Pipe())
    lifeline = input.fileHandleForWriting
    // No other child of ours may hold it.
    _ = fcntl(lifeline.fileDescriptor, F_SETFD, FD_CLOEXEC)
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", root.appending(path: "Tests/MailServer/mail_server.py").path] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["PYTHONPATH": root.appending(path: ".build/mail-server").path, "PYTHONDONTWRITEBYTECODE": "1"]
    ) { $1 }
    process.standardInput = input
    process.standardOutput = output
    let lines = Lines()
    messages = lines
    output.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty { handle.readabilityHandler = nil }
      lines.add(data)
    }
    try process.run()
    while lines.all.isEmpty, process.isRunning { try await Task.sleep(for: .milliseconds(10)) }
    guard let port = lines.all.first.flatMap({ Int($0.dropFirst("port ".count)) }) else {
      throw BrowserFault("the mail server did not start: run Scripts/fetch-mail-server.sh")
    }
    self.port = port
  }

  /// Ends it, and waits until its port is free.
  public func stop() {
    try? lifeline.close()
    process.waitUntilExit()
  }

  deinit { try? lifeline.close() }

  /// A certificate for `localhost` and its key, as PEM files.
  public static func makeCertificate(in directory: URL) throws -> (certificate: String, key: String) {
    let (certificate, key) = (directory.appending(path: "mail.pem").path, directory.appending(path: "mail.key").path)
    let openssl = TestProcess()
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
    ]
    openssl.standardError = FileHandle.nullDevice
    openssl.standardInput = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    guard openssl.terminationStatus == 0 else { throw BrowserFault("openssl made no certificate") }
    return (certificate, key)
  }
}
