import Store
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ValueTests {
  private static let thing = [
    Migration(name: "001", sql: "CREATE TABLE thing (number BIGINT NOT NULL, name TEXT, bytes BYTEA)")
  ]

  private func things(_ engine: Engine) async throws -> TestDatabase {
    let test = try await engine.database()
    try await test.database.migrate(Self.thing)
    return test
  }

  @Test(arguments: Engine.allCases)
  func `what is written is read, at the edges too`(engine: Engine) async throws {
    let test = try await things(engine)
    let integers = [Int64.min, -1, 0, 1, .max]
    let texts: [String?] = ["", "नमस्ते 👩‍👩‍👧 é\u{301}", "'; --\n\t\\", String(repeating: "ह", count: 100_000), nil]
    let blobs: [[UInt8]?] = [[], [0], [UInt8](0...255), nil, [UInt8](repeating: 0xff, count: 1_000_000)]
    try await test.database.write { db in
      for ((integer, text), blob) in zip(zip(integers, texts), blobs) {
        try db.run("INSERT INTO thing (number, name, bytes) VALUES (\(integer), \(text), \(blob))")
      }
    }
    let rows = try await test.database.read { try $0.rows("SELECT number, name, bytes FROM thing ORDER BY number") }
    #expect(try rows.map { try $0.get("number", as: Int64.self) } == integers)
    #expect(try rows.map { try $0.get("name", as: String?.self) } == texts)
    #expect(try rows.map { try $0.get(2, as: [UInt8]?.self) } == blobs)
  }

  @Test(arguments: Engine.allCases)
  func `truths, counts and sums are integers`(engine: Engine) async throws {
    let test = try await things(engine)
    let row = try await test.database.write { db in
      try db.run("INSERT INTO thing (number) VALUES \(rows: [[Int64.max - 7], [-1], [3]])")
      return try db.row(
        """
        SELECT COUNT(*) AS things, SUM(number) AS total, SUM(-number) AS debt, MAX(number) > 0 AS some,
          EXISTS (SELECT 1 FROM thing WHERE number = \(5)) AS five, 40000000 AS flat FROM thing
        """)
    }
    #expect(try row?.get("things") == 3)
    #expect(try row?.get("total") == Int64.max - 5)
    #expect(try row?.get("debt") == -(Int64.max - 5))
    #expect(try row?.get("some") == true)
    #expect(try row?.get("five") == false)
    #expect(try row?.get("flat") == 40_000_000)
  }

  @Test(arguments: Engine.allCases)
  func `a fraction is refused, not rounded`(engine: Engine) async throws {
    let test = try await things(engine)
    await #expect(throws: StoreFault.self) { try await test.database.read { _ = try $0.rows("SELECT 1.5 AS half") } }
    await #expect(throws: StoreFault.self) {
      try await test.database.write { try $0.run("INSERT INTO thing (number) VALUES (1.5 * \(1))") }
      // PostgreSQL rounds it on the way in: then it must be an integer that comes out.
      let row = try await test.database.read { try $0.row("SELECT number FROM thing") }
      #expect(try row?.get("number") == Int64(2))
      throw StoreFault.value("rounded")
    }
  }

  @Test(arguments: Engine.allCases)
  func `a sum beyond 64 bits fails`(engine: Engine) async throws {
    let test = try await things(engine)
    try await test.database.write { try $0.run("INSERT INTO thing (number) VALUES \(rows: [[Int64.max], [1]])") }
    await #expect(throws: StoreFault.self) {
      try await test.database.read { _ = try $0.rows("SELECT SUM(number) AS total FROM thing") }
    }
  }

  @Test(arguments: Engine.allCases)
  func `text with a NUL character is refused by name`(engine: Engine) async throws {
    let test = try await things(engine)
    let fault = await #expect(throws: StoreFault.self) {
      try await test.database.write { try $0.run("INSERT INTO thing (number, name) VALUES (1, \("a\0b"))") }
    }
    guard case .value(let why) = fault else {
      Issue.record("\(String(describing: fault))")
      return
    }
    #expect(why.contains("NUL"))
    #expect(!why.contains("a\0b"))
  }

  @Test(arguments: Engine.allCases)
  func `a column of another shape or name is an error, not a guess`(engine: Engine) async throws {
    let test = try await things(engine)
    try await test.database.write { try $0.run("INSERT INTO thing (number, name) VALUES (1, \("one"))") }
    let found = try await test.database.read { try $0.row("SELECT number, name, bytes FROM thing") }
    let row = try #require(found)
    #expect(throws: UnexpectedValue.self) { try row.get("name", as: Int64.self) }
    #expect(throws: UnexpectedValue.self) { try row.get("number", as: String.self) }
    #expect(throws: UnexpectedValue.self) { try row.get("bytes", as: [UInt8].self) }
    #expect(throws: StoreFault.self) { try row.get("price", as: Int64.self) }
    #expect(throws: StoreFault.self) { try row.get(3, as: Int64.self) }
  }

  @Test(arguments: Engine.allCases)
  func `a column takes its own shape only`(engine: Engine) async throws {
    let test = try await things(engine)
    await #expect(throws: StoreFault.self) {
      try await test.database.write { try $0.run("INSERT INTO thing (number) VALUES (\("many"))") }
    }
    await #expect(throws: StoreFault.self) {
      try await test.database.write { try $0.run("INSERT INTO thing (number) VALUES (\([UInt8]([1])))") }
    }
  }

  @Test(arguments: Engine.allCases)
  func `text sorts by its bytes`(engine: Engine) async throws {
    let test = try await things(engine)
    let sorted = try await test.database.write { db in
      for text in ["b", "a", "B", "é", "Z", "ह", ""] {
        try db.run("INSERT INTO thing (number, name) VALUES (1, \(text))")
      }
      return try db.rows("SELECT name FROM thing ORDER BY name").map { try $0.get("name", as: String.self) }
    }
    #expect(sorted == ["", "B", "Z", "a", "b", "é", "ह"])
  }
}
