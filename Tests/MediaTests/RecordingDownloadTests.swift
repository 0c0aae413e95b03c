import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Media

/// What downloads may cost, and whom.
@Suite(.timeLimit(.minutes(1))) struct RecordingDownloadTests {
  private static func recorded(_ ids: [String], downloadsMax: Int = 4, in scratch: Scratch) async throws -> Recordings {
    var configuration = RecordingConfiguration()
    configuration.directory = scratch.directory.path
    configuration.downloadsMax = downloadsMax
    let recordings = Recordings(configuration: configuration, logger: Logger(label: "test") { _ in LogLines() })
    for id in ids {
      recordings.begin(id)
      for segment in Segment.recorded(2) { recordings.offer(segment, of: id) }
      _ = try await recordings.finish(id)
    }
    return recordings
  }

  @Test func `downloads whose disk stands still hold up nobody who watches a replay`() async throws {
    let scratch = try Scratch()
    // More than the threads on which replays are read.
    let ids = (0..<NIOSingletons.blockingPoolThreadCountSuggestion + 1).map { "stuck\($0)" }
    let recordings = try await Self.recorded(ids + ["lamp"], downloadsMax: ids.count, in: scratch)
    // Whoever opens a pipe waits until somebody opens its other end.
    let pipes = ids.map { scratch.file("\($0)/1.mp4").path }
    for pipe in pipes {
      try FileManager.default.removeItem(atPath: pipe)
      #expect(mkfifo(pipe, 0o600) == 0)
    }
    await withTaskGroup(of: Void.self) { group in
      for id in ids { group.addTask { _ = try? await recordings.download(id) } }
      while !recordings.isFull { await Task.yield() }
      let index = try? await recordings.index(of: "lamp")
      let entry = index?.segments.first?.entry
      #expect(entry != nil)
      if let entry {
        let bytes = try? await recordings.bytes(of: entry, in: "lamp")
        #expect(bytes != nil)
      }
      // Every pipe is opened as often as it takes until its reader has come by.
      var waiting = pipes
      while let pipe = waiting.first {
        let file = open(pipe, O_WRONLY | O_NONBLOCK)
        guard file >= 0 else {
          await Task.yield()
          continue
        }
        close(file)
        waiting.removeFirst()
      }
    }
  }

  @Test func `the head of a download is made once, and forgotten with its recording`() async throws {
    let scratch = try Scratch()
    let recordings = try await Self.recorded(["lamp"], in: scratch)
    let first = try #require(try await recordings.download("lamp"))
    // Its pictures are not looked at again.
    try FileManager.default.removeItem(at: scratch.file("lamp/1.mp4"))
    let second = try #require(try await recordings.download("lamp"))
    #expect(first.length == second.length)
    #expect(try await first.read(at: 0, 1_000) == second.read(at: 0, 1_000))
    try await recordings.delete("lamp")
    #expect(recordings.knownPlan(of: "lamp", records: 3) == nil)
  }

  @Test func `heads are kept as far as there is room, the last used the longest`() async throws {
    let scratch = try Scratch()
    let recordings = try await Self.recorded(["lamp"], in: scratch)
    let index = try #require(try await recordings.index(of: "lamp"))
    let plan = try DownloadPlan(index, directory: recordings.directory(of: "lamp"))
    let size = plan.head.readableBytes
    var plans = DownloadPlans(bytesMax: size * 2 + size / 2)
    for id in ["a", "b"] { plans.keep(plan, of: id) }
    #expect(plans.plan(of: "a", records: index.records) === plan)
    plans.keep(plan, of: "c")
    #expect(plans.plan(of: "b", records: index.records) == nil, "it was used the longest ago")
    #expect(plans.plan(of: "a", records: index.records) === plan)
    #expect(plans.plan(of: "a", records: index.records + 1) == nil, "the recording has grown")
    plans.keep(plan, of: "a")
    #expect(plans.bytes == size * 2)
    var small = DownloadPlans(bytesMax: size - 1)
    small.keep(plan, of: "a")
    #expect(small.bytes == 0)
  }
}

extension Recordings {
  /// Whether every place for downloads is taken.
  fileprivate var isFull: Bool {
    guard enterDownload() else { return true }
    leaveDownload()
    return false
  }
}
