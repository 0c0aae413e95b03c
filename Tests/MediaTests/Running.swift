import Foundation
import Logging
import NIOCore
import Synchronization
import TestPrograms

@testable import Media

/// Runs a program to its end, on a thread that is not one of Swift's few.
struct Finished: Sendable {
  var status: Int32
  var output: String
  var errors: String
}

/// A program that runs beside the test, and is killed when the test leaves `body`.
func whileRunning<Result: Sendable>(
  _ program: String, _ arguments: [String], _ body: @Sendable (TestProcess) async throws -> Result
) async throws -> Result {
  let process = TestProcess()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  try process.run()
  defer {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }
  return try await body(process)
}

func run(_ program: String, _ arguments: [String]) async throws -> Finished {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread {
      do {
        let scratch = try Scratch()
        let process = TestProcess()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (scratch.file("out"), scratch.file("err"))
        for url in [output, errors] { _ = FileManager.default.createFile(atPath: url.path, contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        continuation.resume(
          returning: Finished(
            status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
            errors: try String(contentsOf: errors, encoding: .utf8)))
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }
}

/// A directory that goes when it is no longer needed.
final class Scratch: Sendable {
  let directory: URL

  init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "haat-media-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  func file(_ name: String) -> URL { directory.appending(path: name) }

  func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
    try Data(bytes).write(to: file(name))
    return file(name).path
  }

  deinit { try? FileManager.default.removeItem(at: directory) }
}

/// What a server reported, waited for without a clock.
final class News: Sendable {
  private struct Waiter {
    var id: UUID
    var news: StreamNews
    var continuation: CheckedContinuation<Bool, Never>
  }
  private struct State {
    var all: [StreamNews] = []
    var waiters: [Waiter] = []
  }
  private let state = Mutex(State())

  var all: [StreamNews] { state.withLock { $0.all } }

  func add(_ news: StreamNews) {
    let woken = state.withLock { state in
      state.all.append(news)
      let woken = state.waiters.filter { $0.news == news }
      state.waiters.removeAll { $0.news == news }
      return woken
    }
    for waiter in woken { waiter.continuation.resume(returning: true) }
  }

  /// Returns once `news` was reported, now or before; throws when the test's time is over.
  func wait(for news: StreamNews) async throws {
    let id = UUID()
    let isReported = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let known: Bool? = state.withLock { state in
          if state.all.contains(news) { return true }
          if Task.isCancelled { return false }
          state.waiters.append(Waiter(id: id, news: news, continuation: continuation))
          return nil
        }
        if let known { continuation.resume(returning: known) }
      }
    } onCancel: {
      let given = state.withLock { state -> Waiter? in
        guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return state.waiters.remove(at: index)
      }
      given?.continuation.resume(returning: false)
    }
    guard isReported else { throw CancellationError() }
  }
}

/// Runs a server for the length of `body`; keys that begin with `good-` may publish, as the stream of the rest.
func withServer<Result: Sendable>(
  _ configuration: MediaConfiguration = .init(), logger: Logger = Logger(label: "test"),
  recordings: Recordings? = nil, rtmpPort: Int = 0,
  _ body: @Sendable (_ server: MediaServer, _ port: Int, _ news: News) async throws -> Result
) async throws -> Result {
  var configuration = configuration
  configuration.rtmpHost = "127.0.0.1"
  configuration.rtmpPort = rtmpPort
  let news = News()
  let server = MediaServer(configuration: configuration, logger: logger, recordings: recordings) { request in
    guard request.streamKey.hasPrefix("good-") else { return .refuse(reason: "no such key") }
    return .accept(stream: String(request.streamKey.dropFirst(5)), mediaTimeMilliseconds: 5_000)
  } report: {
    news.add($0)
  }
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    let result = try await body(server, await server.boundPort(), news)
    group.cancelAll()
    try await group.waitForAll()
    return result
  }
}
