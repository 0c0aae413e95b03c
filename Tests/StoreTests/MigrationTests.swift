import Logging
import Store
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1)))
struct MigrationTests {
  private static let first = Migration(name: "001-words", sql: "CREATE TABLE word (word TEXT NOT NULL)")
  private static let second = Migration(
    name: "002-first-word",
    sql: """
      -- A comment; with a semicolon, and a quote that isn't closed.
      CREATE TABLE place (id BIGINT NOT NULL PRIMARY KEY, bytes BYTEA, note TEXT DEFAULT ';--');
      /* another; 'one */ INSERT INTO word (word) VALUES ('O''Haat; BIGINT');
      """)

  private func refusal(_ test: TestDatabase, _ migrations: [Migration]) async -> String {
    let fault = await #expect(throws: StoreFault.self) { try await test.database.migrate(migrations) }
    guard case .migration(let why) = fault else { return "\(String(describing: fault))" }
    return why
  }

  @Test(arguments: Engine.allCases)
  func `each runs once, in order`(engine: Engine) async throws {
    let test = try await engine.database()
    try await test.database.migrate([Self.first])
    try await test.database.migrate([Self.first, Self.second])
    try await test.database.migrate([Self.first, Self.second])
    #expect(try await test.database.words() == ["O'Haat; BIGINT"])
  }

  @Test(arguments: Engine.allCases)
  func `a column may be called like a type`(engine: Engine) async throws {
    let test = try await engine.database()
    let sql = """
      CREATE TABLE message (text TEXT NOT NULL CHECK (text <> '' AND text <> 'TEXT'), bigint BIGINT, PRIMARY KEY (text));
      CREATE INDEX message_text ON message (bigint, text);
      ALTER TABLE message ADD COLUMN note TEXT;
      ALTER TABLE message ADD bytea BYTEA;
      """
    try await test.database.migrate([Migration(name: "001", sql: sql)])
    let texts = try await test.database.write { db in
      try db.run("INSERT INTO message (text, note) VALUES \(rows: [["b", "é"], ["B", "f"]])")
      return try db.rows("SELECT text FROM message ORDER BY note DESC").map { try $0.get(0, as: String.self) }
    }
    #expect(texts == ["b", "B"])
  }

  @Test(arguments: Engine.allCases)
  func `one may be for one engine alone, and counts as run on the other`(engine: Engine) async throws {
    let test = try await engine.database()
    let steps = [
      Self.first, Migration(name: "002", sql: "INSERT INTO word (word) VALUES ('sqlite')", for: .sqlite),
      Migration(name: "003", sql: "INSERT INTO word (word) VALUES ('postgres')", for: .postgres),
    ]
    try await test.database.migrate(steps)
    try await test.database.migrate(steps)
    #expect(try await test.database.words() == [engine == .sqlite ? "sqlite" : "postgres"])
  }

  @Test(arguments: Engine.allCases)
  func `a primary key takes no NULL`(engine: Engine) async throws {
    let test = try await engine.database()
    let sql = """
      CREATE TABLE one (id BYTEA PRIMARY KEY);
      CREATE TABLE two (id BIGINT PRIMARY KEY);
      CREATE TABLE pair (a TEXT, b BIGINT, PRIMARY KEY (a, b));
      """
    try await test.database.migrate([Migration(name: "001", sql: sql)])
    let inserts: [SQL] = [
      "INSERT INTO one (id) VALUES (NULL)", "INSERT INTO two (id) VALUES (NULL)",
      "INSERT INTO pair (a, b) VALUES ('a', NULL)",
    ]
    for insert in inserts {
      let fault = await #expect(throws: StoreFault.self) { try await test.database.write { try $0.run(insert) } }
      guard case .constraint = fault else {
        Issue.record("\(insert): \(String(describing: fault))")
        continue
      }
    }
  }

  @Test(arguments: Engine.allCases)
  func `a changed history is refused, with what to do`(engine: Engine) async throws {
    let test = try await engine.database()
    try await test.database.migrate([Self.first, Self.second])
    let changed = Migration(name: Self.first.name, sql: Self.first.sql + " ")
    #expect(await refusal(test, [changed, Self.second]).contains("001-words was changed"))
    #expect(await refusal(test, [Self.second, Self.first]).contains("001-words has run here where 002-first-word"))
    #expect(await refusal(test, [Self.first]).contains("002-first-word has run here and is unknown"))
    #expect(await refusal(test, [Self.first, Self.second, Self.first]).contains("same name"))
  }

  @Test(arguments: Engine.allCases)
  func `a migration that fails leaves nothing, and can be mended`(engine: Engine) async throws {
    let test = try await engine.database()
    let broken = Migration(name: "002", sql: "CREATE TABLE half (id BIGINT); INSERT INTO nowhere VALUES (1)")
    #expect(await refusal(test, [Self.first, broken]).hasPrefix("002: "))
    let mended = Migration(name: "002", sql: "CREATE TABLE half (id BIGINT); INSERT INTO word VALUES ('mended')")
    try await test.database.migrate([Self.first, mended])
    #expect(try await test.database.words() == ["mended"])
  }

  @Test(arguments: Engine.allCases)
  func `two programs that start at once run each once`(engine: Engine) async throws {
    let test = try await engine.database()
    let more = (3...20).map { Migration(name: "0\($0)", sql: "CREATE TABLE t\($0) (id BIGINT NOT NULL PRIMARY KEY)") }
    let migrations = [Self.first, Self.second] + more
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<6 {
        group.addTask {
          let program = try await Database.open(test.location, logger: Logger(label: "program"))
          try await program.migrate(migrations)
          await program.close()
        }
      }
      try await group.waitForAll()
    }
    #expect(try await test.database.words().count == 1)
  }

  @Test(arguments: Engine.allCases)
  func `a constraint that would fail other calls' commits is refused`(engine: Engine) async throws {
    let test = try await engine.database()
    let deferred = Migration(
      name: "001",
      sql: "CREATE TABLE a (id BIGINT PRIMARY KEY, b BIGINT REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED)")
    #expect(await refusal(test, [deferred]).contains("defers a constraint"))
  }
}
