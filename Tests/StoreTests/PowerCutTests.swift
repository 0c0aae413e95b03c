import Foundation
import Logging
import Synchronization
import TestKit
import Testing

@testable import Store

/// What a power cut leaves of a SQLite database: what was synced, and of the rest nothing that can be relied on.
@Suite(.timeLimit(.minutes(1)))
struct PowerCutTests {
  private struct Lost: Error {}

  /// What several tasks count together.
  private final class Tally: Sendable {
    let began = Atomic(0)
    let ended = Atomic(0)
    /// What somebody was told, and how many copies of the disk there were then.
    let told = Mutex<[(total: Int64, copies: Int)]>([])
  }

  /// A sync that is held until it is let go, that can fail, and that keeps what the disk is known to hold then.
  private final class Disk: CommitSync {
    private struct State {
      var isHeld = false
      var isHolding = false
      var isBroken = false
      var copies: [URL] = []
    }

    let log: any CommitSync
    private let database: String
    private let state = Mutex(State())
    private let letGo = DispatchSemaphore(value: 0)
    private let copying: Bool

    init(_ log: any CommitSync, _ database: String, copying: Bool) {
      self.log = log
      self.database = database
      self.copying = copying
    }

    func sync() throws {
      let isHeld = state.withLock { state in
        if state.isHeld { state.isHolding = true }
        return state.isHeld
      }
      if isHeld { letGo.wait() }
      if state.withLock({ $0.isBroken }) { throw Lost() }
      try log.sync()
      guard copying else { return }
      let copy = URL(filePath: database).deletingLastPathComponent().appending(path: "copy-\(copies.count)")
      try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
      for end in ["", "-wal"] {
        try FileManager.default.copyItem(
          at: URL(filePath: database + end), to: copy.appending(path: "haat.sqlite" + end))
      }
      state.withLock { $0.copies.append(copy) }
    }

    var copies: [URL] { state.withLock { $0.copies } }
    func hold() { state.withLock { $0.isHeld = true } }
    func isHolding() async { await condition { state.withLock { $0.isHolding } } }
    func breaks() { state.withLock { $0.isBroken = true } }

    func open() {
      state.withLock { $0.isHeld = false }
      letGo.signal()
    }
  }

  private static func counter(
    _ scratch: URL, aside: Bool = true, copying: Bool = false
  ) async throws -> (Database, Disk) {
    let path = scratch.appending(path: "haat.sqlite").path
    let made = Mutex<Disk?>(nil)
    let database = try Database.openSQLite(
      path, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, syncAside: aside ? -1 : .max
    ) {
      log in
      let disk = Disk(log, path, copying: copying)
      made.withLock { $0 = disk }
      return disk
    }
    try await database.migrate(Counter.migrations)
    return (database, try #require(made.withLock { $0 }))
  }

  private static func withScratch(_ body: (URL) async throws -> Void) async throws {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "haat-power-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    try await body(scratch)
  }

  @Test(arguments: [true, false])
  func `whatever was told as written, or read, is on the disk by then`(aside: Bool) async throws {
    try await Self.withScratch { scratch in
      let (database, disk) = try await Self.counter(scratch, aside: aside, copying: true)
      let tally = Tally()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<16 {
          group.addTask {
            for _ in 0..<12 {
              let total = try await database.write { db in
                try Counter.increment(in: db)
                return try Counter.total(in: db)
              }
              tally.told.withLock { $0.append((total, disk.copies.count)) }
              let seen = try await database.read { try Counter.total(in: $0) }
              tally.told.withLock { $0.append((seen, disk.copies.count)) }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(tally.told.withLock { $0.map(\.total).max() } == Int64(16 * 12))
      var kept: [Int64] = []
      for copy in disk.copies {
        let left = try await Database.open(
          .sqlite(path: copy.appending(path: "haat.sqlite").path), logger: Logger(label: "copy"))
        kept.append(try await left.read { try Counter.total(in: $0) })
        await left.close()
      }
      #expect(kept == kept.sorted())
      for (total, copies) in tally.told.withLock({ $0 }) {
        #expect(copies > 0 && kept[copies - 1] >= total, "\(total) was told, and \(kept[copies - 1]) would be left")
      }
      #expect(database.statistics().commits < 16 * 12 / 2, "they share commits")
      await database.close()
    }
  }

  @Test
  func `while one commit is being made durable the next takes all that comes, and nobody is told before`()
    async throws
  {
    try await Self.withScratch { scratch in
      let (database, disk) = try await Self.counter(scratch)
      let before = database.statistics().commits
      disk.hold()
      async let first: Void = database.write { try Counter.increment(in: $0) }
      await disk.isHolding()
      let tally = Tally()
      let writes = (0..<30).map { _ in
        Task {
          try await database.write { db in
            tally.began.add(1, ordering: .relaxed)
            try Counter.increment(in: db)
          }
          tally.ended.add(1, ordering: .relaxed)
        }
      }
      // Eight are enough to wake the writer; it runs them while the disk is busy.
      await condition { tally.began.load(ordering: .relaxed) >= 8 }
      let read = Task {
        let seen = try await database.read { db in
          tally.began.add(100, ordering: .relaxed)
          return try Counter.total(in: db)
        }
        tally.ended.add(100, ordering: .relaxed)
        return seen
      }
      await condition { tally.began.load(ordering: .relaxed) >= 108 }
      for _ in 0..<1000 { await Task.yield() }
      #expect(tally.ended.load(ordering: .relaxed) == 0)
      #expect(database.statistics().commits == before + 1)
      disk.open()
      try await first
      #expect(try await read.value == 1, "what was committed, and not what is under way")
      for write in writes { try await write.value }
      #expect(database.statistics().commits <= before + 4)
      #expect(try await database.read { try Counter.total(in: $0) } == 31)
      await database.close()
    }
  }

  @Test(arguments: [true, false])
  func `a disk that cannot keep what was committed ends all writing and reading, and says so`(aside: Bool) async throws
  {
    try await Self.withScratch { scratch in
      let (database, disk) = try await Self.counter(scratch, aside: aside)
      try await database.write { try Counter.increment(in: $0) }
      disk.hold()
      let first = Task { try await database.write { try Counter.increment(in: $0) } }
      await disk.isHolding()
      let others = (0..<20).map { _ in Task { try await database.write { try Counter.increment(in: $0) } } }
      disk.breaks()
      disk.open()
      let doubt = await #expect(throws: StoreFault.self) { try await first.value }
      let isInDoubt = if case .inDoubt = doubt { true } else { false }
      #expect(isInDoubt, "it may be there")
      for write in others {
        await #expect(throws: StoreFault.self) { try await write.value }
      }
      await #expect(throws: StoreFault.self) { try await database.write { try Counter.increment(in: $0) } }
      await #expect(throws: StoreFault.self) { try await database.read { try Counter.total(in: $0) } }
      await database.close()
      // What had been told before is there.
      let again = try await Database.open(
        .sqlite(path: scratch.appending(path: "haat.sqlite").path), logger: Logger(label: "again"))
      #expect(try await again.read { try Counter.total(in: $0) } >= 1)
      await again.close()
    }
  }

  @Test
  func `a lone failure in a transaction that others joined meanwhile is alone`() async throws {
    try await Self.withScratch { scratch in
      let (database, disk) = try await Self.counter(scratch)
      let tally = Tally()
      disk.hold()
      async let first: Void = database.write { try Counter.increment(in: $0) }
      await disk.isHolding()
      let writes = (0..<40).map { number in
        Task {
          try await database.write { db in
            tally.began.add(1, ordering: .relaxed)
            try Counter.increment(in: db)
            if number % 8 == 3 { throw Lost() }
          }
        }
      }
      // They are in the next transaction while the one before it is not durable yet.
      await condition { tally.began.load(ordering: .relaxed) >= 8 }
      disk.open()
      try await first
      var lost = 0
      for write in writes {
        do { try await write.value } catch is Lost { lost += 1 }
      }
      #expect(lost == 5)
      #expect(try await database.read { try Counter.total(in: $0) } == 36)
      await database.close()
    }
  }
}
