import Foundation
import TestPrograms

/// One chromedriver process, and the W3C WebDriver requests it answers (https://www.w3.org/TR/webdriver2/).
///
/// Debian: `chromium` and `chromium-driver`. It listens on a port of its own choice on 127.0.0.1, so that test processes
/// side by side never meet.
final class Chromedriver {
  private let process: TestProcess
  let port: UInt16

  /// Starts the process and waits until it says its port.
  init() throws {
    guard let program = Self.program() else {
      throw BrowserFault("chromedriver was not found in PATH: install Debian's chromium and chromium-driver")
    }
    // It takes a free port of IPv4 and then wants the same of IPv6, which somebody else may have: it ends then.
    var said: [String] = []
    while said.count < 3 {
      let process = TestProcess()
      let (port, words) = try Self.start(process, program)
      if let port {
        (self.process, self.port) = (process, port)
        return
      }
      process.terminate()
      said.append(words)
    }
    throw BrowserFault("chromedriver ended before it listened: \(said.joined(separator: "; "))")
  }

  private static func start(_ process: TestProcess, _ program: URL) throws -> (port: UInt16?, said: String) {
    let output = Pipe()
    process.executableURL = program
    process.arguments = ["--port=0"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    var said = ""
    while true {
      let data = output.fileHandleForReading.availableData
      said += String(decoding: data, as: UTF8.self)
      if let match = said.firstMatch(of: /started successfully on port (\d+)\./), let port = UInt16(match.1) {
        return (port, said)
      }
      if data.isEmpty { return (nil, said) }
    }
  }

  /// Ends the process. Sessions must have been deleted before: a browser outlives its driver.
  func stop() {
    process.terminate()
    process.waitUntilExit()
  }

  private static func program() -> URL? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
    return path.split(separator: ":").lazy
      .map { URL(fileURLWithPath: String($0)).appendingPathComponent("chromedriver") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}

/// What a browser or its driver refused, with the driver's own words.
public struct BrowserFault: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
