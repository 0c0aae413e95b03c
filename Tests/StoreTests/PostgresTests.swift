import Logging
import Store
import TestKit
import Testing

/// What only PostgreSQL does.
@Suite(.timeLimit(.minutes(1)))
struct PostgresTests {
  private static func endOtherSessions(_ db: any Connection) throws {
    _ = try db.rows(
      """
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()
      """)
  }

  @Test
  func `a session the server ended is made anew, unseen`() async throws {
    let test = try await Engine.postgres.counter()
    let other = try await Database.open(test.location, logger: Logger(label: "other"))
    #expect(try await test.database.read { try Counter.total(in: $0) } == 0)
    for _ in 0..<3 {
      try await other.write { try Self.endOtherSessions($0) }
      try await test.database.write { try Counter.increment(in: $0) }
      #expect(try await test.database.read { try Counter.total(in: $0) } > 0)
    }
    #expect(try await test.database.read { try Counter.total(in: $0) } == 3)
    await other.close()
  }

  @Test
  func `a session the server ends in the middle of a call is made anew, and the call runs again`() async throws {
    let test = try await Engine.postgres.counter()
    let other = try await Database.open(test.location, logger: Logger(label: "other"))
    let gate = Gate()
    async let increment: Void = test.database.write { db in
      try Counter.increment(in: db)
      gate.hold()
      try Counter.increment(in: db)
    }
    await gate.isHolding()
    try await other.write { try Self.endOtherSessions($0) }
    gate.open()
    // The second run passes the gate only when it is opened again.
    gate.open()
    try await increment
    #expect(try await test.database.read { try Counter.total(in: $0) } == 2)
    await other.close()
  }

  @Test
  func `a server that is not there is named, and no password is`() async throws {
    let fault = await #expect(throws: StoreFault.self) {
      let location = try DatabaseLocation("postgres://me:secret@/haat?host=/nonexistent")
      _ = try await Database.open(location, logger: Logger(label: "test"))
    }
    guard case .connection(let why) = fault else {
      Issue.record("\(String(describing: fault))")
      return
    }
    #expect(why.contains("/nonexistent"))
    #expect(!why.contains("secret"))
  }

  @Test
  func `a statement survives a change of the schema`() async throws {
    let test = try await Engine.postgres.counter()
    let other = try await Database.open(test.location, logger: Logger(label: "other"))
    let columns = { @Sendable (db: any Connection) in try db.rows("SELECT * FROM counter").count }
    #expect(try await test.database.write(columns) == 1)
    try await other.migrate(Counter.migrations + [Migration(name: "002", sql: "ALTER TABLE counter ADD note TEXT")])
    #expect(try await test.database.write(columns) == 1)
    #expect(try await test.database.read(columns) == 1)
    await other.close()
  }
}
