import Dispatch
import Store
import Synchronization
import TestKit

/// The smallest thing to quarrel about: one number, and a list that takes each word once.
enum Counter {
  static let migrations = [
    Migration(
      name: "001",
      sql: """
        CREATE TABLE counter (id BIGINT NOT NULL PRIMARY KEY, total BIGINT NOT NULL CHECK (total >= 0));
        CREATE TABLE word (word TEXT NOT NULL PRIMARY KEY, place BIGINT NOT NULL);
        INSERT INTO counter (id, total) VALUES (1, 0)
        """)
  ]

  static func total(in db: any Connection) throws -> Int64 {
    try db.row("SELECT total FROM counter WHERE id = 1").map { try $0.get("total") } ?? -1
  }

  /// Reads, then writes what it read plus one: right only if nobody gets in between.
  static func increment(in db: any Connection) throws {
    let total = try total(in: db)
    try db.run("UPDATE counter SET total = \(total + 1) WHERE id = 1")
  }
}

extension Engine {
  func counter() async throws -> TestDatabase {
    let test = try await database()
    try await test.database.migrate(Counter.migrations)
    return test
  }
}

extension Database {
  func words() async throws -> [String] {
    try await read { try $0.rows("SELECT word FROM word ORDER BY word").map { try $0.get("word") } }
  }
}

/// Holds the writer's thread still until the test has arranged what is to happen meanwhile.
final class Gate: Sendable {
  private let reached = Atomic(false)
  private let opened = DispatchSemaphore(value: 0)

  /// Called inside a body: it blocks the writer's own thread, as a slow disk would.
  func hold() {
    reached.store(true, ordering: .sequentiallyConsistent)
    opened.wait()
  }

  /// Returns once somebody is held.
  func isHolding() async {
    await condition { reached.load(ordering: .sequentiallyConsistent) }
  }

  func open() {
    opened.signal()
  }
}

/// Returns once it holds. A test that waits in vain is ended by its time limit.
func condition(_ holds: () -> Bool) async {
  while !holds() { await Task.yield() }
}
