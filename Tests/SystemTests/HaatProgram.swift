import Foundation
import Synchronization

/// The real program, run as a user runs it, with a data directory of its own.
final class HaatProgram: Sendable {
  let directory: URL
  private let process: Mutex<Process?> = Mutex(nil)
  private let output = Lines()
  private let log = Lines()

  /// Where the debug build put the executable: beside the test bundle.
  static var executable: URL {
    get throws {
      let built = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }?.deletingLastPathComponent()
      let candidates = [built, URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent(), Self.debugBuild]
      for directory in candidates.compactMap(\.self) {
        let url = directory.appending(path: "haat")
        if FileManager.default.isExecutableFile(atPath: url.path) { return url }
      }
      throw Trouble("the haat executable is not built; run “swift build --build-tests” first")
    }
  }

  private static var debugBuild: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: ".build/debug")
  }

  init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "haat-system-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit {
    kill(SIGKILL)
    try? FileManager.default.removeItem(at: directory)
  }

  /// Starts `haat serve` and returns when it says that it is ready.
  @discardableResult
  func serve(httpPort: Int = 0, rtmpPort: Int = 0) async throws -> Addresses {
    let process = Process()
    process.executableURL = try Self.executable
    process.currentDirectoryURL = directory
    process.arguments = [
      "serve", "--http-host", "127.0.0.1", "--rtmp-host", "127.0.0.1", "--http-port", "\(httpPort)", "--rtmp-port",
      "\(rtmpPort)", "--data-directory", directory.appending(path: "data").path, "--web-orders-burst", "100000",
      "--web-writes-burst", "100000",
    ]
    let said = Pipe()
    let logged = Pipe()
    process.standardOutput = said
    process.standardError = logged
    process.standardInput = FileHandle.nullDevice
    let mark = output.count
    output.follow(said)
    log.follow(logged)
    try process.run()
    self.process.withLock { $0 = process }
    let ready = try await until("haat serve says where it listens", within: 60) { [self] () -> Addresses? in
      guard process.isRunning else { throw Trouble("haat serve ended:\n\(log.all.suffix(20).joined(separator: "\n"))") }
      let lines = output.all.dropFirst(mark)
      guard let web = lines.lazy.compactMap({ self.value(after: "Web: ", in: $0) }).first,
        let rtmp = lines.lazy.compactMap({ self.value(after: "RTMP: ", in: $0) }).first
      else { return nil }
      return Addresses(
        web: URL(string: web) ?? URL(filePath: "/"), rtmp: rtmp,
        setup: lines.lazy.compactMap { self.value(after: "Operator: ", in: $0) }.first)
    }
    return ready
  }

  struct Addresses: Sendable {
    let web: URL
    let rtmp: String
    /// The one-time link for the operator's account; nil once there is an operator.
    let setup: String?

    var httpPort: Int { web.port ?? 0 }
    var rtmpPort: Int { URL(string: rtmp)?.port ?? 0 }
  }

  private func value(after label: String, in line: String) -> String? {
    guard let range = line.range(of: label) else { return nil }
    return line[range.upperBound...].split(separator: " ").first.map(String.init)
  }

  /// Runs another subcommand on the same data and gives its exit status and what it printed.
  func run(_ arguments: [String]) async throws -> (status: Int32, output: String) {
    try await Self.run(
      arguments + ["--data-directory", directory.appending(path: "data").path], in: directory)
  }

  static func run(_ arguments: [String], in directory: URL) async throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = try executable
    process.currentDirectoryURL = directory
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    let lines = Lines()
    lines.follow(pipe)
    try process.run()
    try await until("haat \(arguments.first ?? "") ends", within: 60) { process.isRunning ? nil : true }
    try await until("its output is read", within: 5) { lines.isAtEnd ? true : nil }
    return (process.terminationStatus, lines.all.joined(separator: "\n"))
  }

  /// Sends a signal and, for one that ends the program, leaves it ended.
  func kill(_ signal: Int32) {
    process.withLock { process in
      guard let running = process, running.isRunning else { return }
      Glibc.kill(running.processIdentifier, signal)
    }
  }

  /// Waits for the program's end and gives its exit status.
  func ended(within seconds: Double) async throws -> Int32 {
    try await until("haat ends", within: seconds) { [self] in
      process.withLock { $0.flatMap { $0.isRunning ? nil : $0.terminationStatus } }
    }
  }

  var logLines: [String] { log.all }
}

/// What went wrong with the test's own means.
struct Trouble: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// A process's output, line by line, as it comes.
final class Lines: Sendable {
  private struct State {
    var lines: [String] = []
    var rest: [UInt8] = []
    var isAtEnd = false
  }

  private let state = Mutex(State())

  var all: [String] { state.withLock { $0.lines } }
  var count: Int { state.withLock { $0.lines.count } }
  var isAtEnd: Bool { state.withLock { $0.isAtEnd } }

  func follow(_ pipe: Pipe) {
    pipe.fileHandleForReading.readabilityHandler = { [self] handle in
      let data = handle.availableData
      state.withLock { state in
        if data.isEmpty {
          state.isAtEnd = true
          if !state.rest.isEmpty { state.lines.append(String(decoding: state.rest, as: UTF8.self)) }
          state.rest = []
        }
        state.rest.append(contentsOf: data)
        while let newline = state.rest.firstIndex(of: UInt8(ascii: "\n")) {
          state.lines.append(String(decoding: state.rest[..<newline], as: UTF8.self))
          state.rest.removeSubrange(...newline)
        }
      }
      if data.isEmpty { handle.readabilityHandler = nil }
    }
  }
}

/// Asks again every 50 ms until `condition` gives something; throws what was waited for when the time is over.
@discardableResult
func until<T>(
  _ what: String, within seconds: Double, _ condition: () async throws -> T?
) async throws -> T {
  let clock = ContinuousClock()
  let end = clock.now + .seconds(seconds)
  while clock.now < end {
    if let value = try await condition() { return value }
    try await Task.sleep(for: .milliseconds(50))
  }
  throw Trouble("waited \(seconds) s in vain: \(what)")
}
