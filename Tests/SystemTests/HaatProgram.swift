import Foundation
import Synchronization
import TestKit
import TestPrograms

/// The real program, run as a user runs it, with a data directory of its own.
final class HaatProgram: Sendable {
  let directory: URL
  /// Where its data is, when not in a file of the data directory.
  private let database: TestDatabase?
  private let process: Mutex<TestProcess?> = Mutex(nil)
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

  /// Ours, without what names a setting: those of the tests are no settings of the program's.
  private static var environment: [String: String] {
    ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("HAAT_") }
  }

  /// On PostgreSQL it gets an empty database of its own, on the tests' own server.
  convenience init(_ engine: Engine) async throws {
    try self.init(database: engine == .postgres ? await engine.database() : nil)
  }

  init(database: TestDatabase? = nil) throws {
    self.database = database
    directory = FileManager.default.temporaryDirectory.appending(path: "haat-system-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit {
    kill(SIGKILL)
    try? FileManager.default.removeItem(at: directory)
  }

  /// Starts `haat serve` and returns when it says that it is ready.
  @discardableResult
  func serve(httpPort: Int = 0, rtmpPort: Int = 0, _ more: [String] = []) async throws -> Addresses {
    let said = try start("serve", httpPort: httpPort, rtmpPort: rtmpPort, more)
    return try await until("haat serve says where it listens", within: 60) { () -> Addresses? in
      guard let web = try said("Web: "), let url = URL(string: web), let rtmp = try said("RTMP: "),
        try said("Stop with ") != nil
      else { return nil }
      return Addresses(web: url, rtmp: rtmp, setup: try said("Operator: "))
    }
  }

  /// Starts `haat demo` and returns when its show is on air.
  func demo() async throws -> (watch: URL, email: String, password: String) {
    let data = directory.appending(path: "data")
    try KeptFilm.lend(to: data)
    let said = try start("demo", httpPort: 0, rtmpPort: 0)
    let demo = try await until("haat demo is on the air", within: 180) { () -> (URL, String, String)? in
      guard let watch = try said("Watch: "), let url = URL(string: watch), let email = try said("Sign in: "),
        let password = try said(", password "), try said("Stop with ") != nil
      else { return nil }
      return (url, String(email.dropLast()), password)
    }
    try KeptFilm.keep(from: data)
    return demo
  }

  /// Starts a command that serves. What is returned finds the word after a label in what the command has said so far,
  /// and throws once it has ended.
  private func start(
    _ command: String, httpPort: Int, rtmpPort: Int, _ more: [String] = []
  ) throws -> @Sendable (_ label: String) throws -> String? {
    let process = TestProcess()
    process.executableURL = try Self.executable
    process.currentDirectoryURL = directory
    process.environment = Self.environment
    process.arguments = [
      command, "--http-host", "127.0.0.1", "--rtmp-host", "127.0.0.1", "--http-port", "\(httpPort)", "--rtmp-port",
      "\(rtmpPort)", "--data-directory", directory.appending(path: "data").path, "--web-orders-burst", "100000",
      "--web-writes-burst", "100000", "--rules-open-orders-per-buyer-max", "0", "--rules-held-units-per-buyer-max", "0",
      "--rules-open-orders-per-address-max", "0", "--rules-held-units-per-address-max", "0",
    ]
    process.arguments? += databaseFlags + more
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
    let running = Running(process)
    return { [self] label in
      guard running.process.isRunning else {
        throw Trouble("haat ended:\n\(log.all.suffix(20).joined(separator: "\n"))")
      }
      return output.all.dropFirst(mark).lazy.compactMap { self.value(after: label, in: $0) }.first
    }
  }

  /// All it has printed and logged so far.
  var said: String { (output.all + log.all).joined(separator: "\n") }

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
      arguments + ["--data-directory", directory.appending(path: "data").path] + databaseFlags, in: directory)
  }

  private var databaseFlags: [String] { database?.url.map { ["--database-url", $0] } ?? [] }

  static func run(_ arguments: [String], in directory: URL) async throws -> (status: Int32, output: String) {
    try await run(executable, arguments, in: directory)
  }

  /// Runs another program and gives its exit status and what it printed.
  static func run(
    _ program: URL, _ arguments: [String], in directory: URL, within seconds: Double = 60
  ) async throws -> (status: Int32, output: String) {
    let process = TestProcess()
    process.executableURL = program
    process.currentDirectoryURL = directory
    process.environment = Self.environment
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    let lines = Lines()
    lines.follow(pipe)
    try process.run()
    try await until("\(program.lastPathComponent) \(arguments.first ?? "") ends", within: seconds) {
      process.isRunning ? nil : true
    }
    try await until("its output is read", within: 30) { lines.isAtEnd ? true : nil }
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

/// A process that is only asked whether it runs, which is safe from any thread.
private struct Running: @unchecked Sendable {
  let process: TestProcess

  init(_ process: TestProcess) { self.process = process }
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

  /// Reads on a thread of its own until every writer has closed. A `readabilityHandler` is not told of the end each time.
  func follow(_ pipe: Pipe) {
    let handle = pipe.fileHandleForReading
    Thread.detachNewThread { [self] in
      while true {
        let data = handle.availableData
        if data.isEmpty { break }
        take(data)
      }
      state.withLock { state in
        if !state.rest.isEmpty { state.lines.append(String(decoding: state.rest, as: UTF8.self)) }
        state.rest = []
        state.isAtEnd = true
      }
      try? handle.close()
    }
  }

  private func take(_ data: Data) {
    state.withLock { state in
      state.rest.append(contentsOf: data)
      while let newline = state.rest.firstIndex(of: UInt8(ascii: "\n")) {
        state.lines.append(String(decoding: state.rest[..<newline], as: UTF8.self))
        state.rest.removeSubrange(...newline)
      }
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
