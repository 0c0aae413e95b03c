import Store
import TestKit
import Testing

struct ValueTests {
  @Test(arguments: Engine.allCases)
  func `what is written is read, at the edges too`(engine: Engine) async throws {
    let test = try await engine.database()
    try await test.database.migrate([
      Migration(
        name: "001", sql: "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT NOT NULL, bytes BYTEA NOT NULL)")
    ])
    let integers = [Int64.min, -1, 0, 1, .max]
    for integer in integers {
      try await test.database.write { db in
        try db.run("INSERT INTO thing VALUES (\(integer), \("नमस्ते 👩‍👩‍👧"), \([UInt8]()))")
      }
    }
    let rows = try await test.database.read { try $0.rows("SELECT id, name, bytes FROM thing ORDER BY id") }
    #expect(try rows.map { try $0.get("id") } == integers)
    #expect(try rows[0].get("name") == "नमस्ते 👩‍👩‍👧")
    #expect(try rows[0].get("bytes", as: [UInt8].self) == [])
  }
}
