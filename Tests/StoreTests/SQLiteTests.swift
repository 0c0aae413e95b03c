import Store
import TestKit
import Testing

/// What only SQLite does.
@Suite(.timeLimit(.minutes(1)))
struct SQLiteTests {
  private func pragma(_ name: SQL, in db: any Connection) throws -> Value? {
    try db.row(name)?.get(0, as: AnyValue.self).value
  }

  /// Whatever is there.
  private struct AnyValue: ValueConvertible {
    let value: Value
    var sqlValue: Value { value }
    init(sqlValue: Value) { value = sqlValue }
  }

  @Test
  func `the log is kept in order: it is synced before it is copied, and by us after each commit`() async throws {
    let test = try await Engine.sqlite.database()
    let settings = try await test.database.write { db in
      [
        try pragma("PRAGMA synchronous", in: db), try pragma("PRAGMA journal_mode", in: db),
        try pragma("PRAGMA foreign_keys", in: db),
      ]
    }
    #expect(settings == [.integer(1), .text("wal"), .integer(1)])
  }

  @Test
  func `a table is strict: no integer becomes a fraction`() async throws {
    let test = try await Engine.sqlite.counter()
    await #expect(throws: StoreFault.self) {
      try await test.database.write { db in
        try db.run("UPDATE counter SET total = \(Int64.max) WHERE id = 1")
        try db.run("UPDATE counter SET total = total + 1 WHERE id = 1")
      }
    }
    #expect(try await test.database.read { try Counter.total(in: $0) } == 0)
  }

  @Test
  func `a full disk fails the calls it met, and the next are fine`() async throws {
    let test = try await Engine.sqlite.counter()
    let database = test.database
    let gate = Gate()
    async let held: Void = database.write { db in
      // As if the disk had room for four more pages.
      let pages = try db.row("PRAGMA page_count").map { try $0.get(0, as: Int.self) } ?? 0
      #expect(pages < 12)
      _ = try db.rows("PRAGMA max_page_count = 12")
      gate.hold()
    }
    await gate.isHolding()
    let failures = await withTaskGroup(of: (any Error)?.self) { group in
      for number in 0..<10 {
        group.addTask {
          do {
            try await database.write { db in
              try Counter.increment(in: db)
              guard number == 5 else { return }
              try db.run("INSERT INTO word (word, place) VALUES (\(String(repeating: "x", count: 100_000)), 1)")
            }
            return nil
          } catch {
            return error
          }
        }
      }
      await condition { database.statistics().queued == 10 }
      gate.open()
      return await group.reduce(into: [any Error]()) { if let error = $1 { $0.append(error) } }
    }
    try await held
    #expect(!failures.isEmpty)
    for failure in failures {
      guard case StoreFault.storage = failure else {
        Issue.record("\(failure)")
        continue
      }
    }
    let total = try await database.read { try Counter.total(in: $0) }
    #expect(total == Int64(10 - failures.count), "those that were told it worked, and no others")
    try await database.write { db in
      _ = try db.rows("PRAGMA max_page_count = 100000")
      try Counter.increment(in: db)
    }
    #expect(try await database.read { try Counter.total(in: $0) } == total + 1)
  }
}
