@testable import Store
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SQLTests {
  @Test
  func `values become numbered parameters`() {
    let sql: SQL = "UPDATE stock SET reserved = reserved + \(3) WHERE variant_id = \("v") AND reserved > \(-1)"
    #expect(sql.description == "UPDATE stock SET reserved = reserved + $1 WHERE variant_id = $2 AND reserved > $3")
  }

  @Test
  func `a part is numbered where it stands`() {
    let part: SQL = "state = \("live") AND channel_id = \(7)"
    let sql: SQL = "SELECT \(raw: "id, title") FROM show WHERE day > \(1) AND \(part) LIMIT \(10)"
    #expect(
      sql.description
        == "SELECT id, title FROM show WHERE day > $1 AND state = $2 AND channel_id = $3 LIMIT $4")
  }

  @Test
  func `lists and rows become tuples`() {
    let sql: SQL =
      "a IN \(list: [1, 2]) AND b IN \(list: [String]()) AND (c, d) IN (VALUES \(rows: [[1, "x"], [2, "y"]]))"
    #expect(sql.description == "a IN ($1,$2) AND b IN (NULL) AND (c, d) IN (VALUES ($3,$4),($5,$6))")
  }

  @Test
  func `parameters are numbered beyond nine and ninety-nine`() {
    let sql: SQL = "a IN \(list: 1...120)"
    #expect(sql.description == "a IN (" + (1...120).map { "$\($0)" }.joined(separator: ",") + ")")
    let part: SQL = "\(sql) AND b = \(0)"
    let whole: SQL = "c = \(0) AND \(part)"
    #expect(
      whole.description == "c = $1 AND a IN (" + (2...121).map { "$\($0)" }.joined(separator: ",") + ") AND b = $122")
  }

  @Test(arguments: Engine.allCases)
  func `no value becomes SQL`(engine: Engine) async throws {
    let test = try await engine.counter()
    let attacks = [
      "'; DROP TABLE word; --", "\"", "$1", "') OR 1=1 --", "\\'; DELETE FROM counter; --", "%",
      "x' || (SELECT 1) || '",
    ]
    let read = try await test.database.write { db in
      for (place, attack) in attacks.enumerated() {
        try db.run("INSERT INTO word (word, place) VALUES (\(attack), \(place))")
      }
      return try attacks.map { attack in
        try db.rows("SELECT word FROM word WHERE word = \(attack)").map { try $0.get("word", as: String.self) }
      }
    }
    #expect(read == attacks.map { [$0] })
    #expect(try await test.database.read { try Counter.total(in: $0) } == 0)
  }

  @Test(arguments: Engine.allCases)
  func `an empty list matches nothing`(engine: Engine) async throws {
    let test = try await engine.counter()
    let matched = try await test.database.read { try $0.rows("SELECT id FROM counter WHERE id IN \(list: [Int64]())") }
    #expect(matched.isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `changed rows are counted`(engine: Engine) async throws {
    let test = try await engine.counter()
    let counts = try await test.database.write { db in
      [
        try db.run("INSERT INTO word (word, place) VALUES \(rows: [["a", 1], ["b", 2], ["c", 3]])"),
        try db.run("UPDATE word SET place = place + 1 WHERE place >= \(2)"),
        try db.run("UPDATE word SET place = 0 WHERE word = \("z")"),
        try db.run("INSERT INTO word (word, place) VALUES (\("a"), 9) ON CONFLICT DO NOTHING"),
        try db.run("DELETE FROM word"),
        try db.run("SELECT id FROM counter"),
      ]
    }
    #expect(counts == [3, 2, 0, 0, 3, engine == .sqlite ? 0 : 1])
  }

  @Test(arguments: Engine.allCases)
  func `the same text takes a NULL and a value`(engine: Engine) async throws {
    let test = try await engine.database()
    try await test.database.migrate([Migration(name: "001", sql: "CREATE TABLE note (number BIGINT, text TEXT)")])
    let numbers = try await test.database.write { db in
      for number in [Int64?.none, 1, nil, 2] {
        try db.run("INSERT INTO note (number, text) VALUES (\(number), \(number.map { "\($0)" }))")
      }
      return try db.rows("SELECT number FROM note WHERE text IS NOT NULL ORDER BY number").map {
        try $0.get("number", as: Int64.self)
      }
    }
    #expect(numbers == [1, 2])
  }

  @Test
  func `an address is one of ours, and is not repeated when it is not`() throws {
    #expect(try DatabaseLocation("sqlite:haat-data/haat.sqlite") == .sqlite(path: "haat-data/haat.sqlite"))
    #expect(try DatabaseLocation("postgres://me@here/haat") == .postgres(url: "postgres://me@here/haat"))
    for text in ["", "sqlite:", "sqlite::memory:", "mysql://me:secret@here/haat", "haat.sqlite"] {
      let fault = #expect(throws: StoreFault.self) { try DatabaseLocation(text) }
      #expect(fault?.description.contains("secret") == false)
    }
  }

  @Test
  func `the first words of a statement say what it changes`() {
    #expect(SQL("SELECT 1").shape.change == .nothing)
    #expect(SQL("INSERT INTO show_market (show_id) VALUES (1)").shape.change == .rows("show_market"))
    #expect(SQL("UPDATE stock SET reserved = 1").shape.change == .rows("stock"))
    for other: SQL in [
      "DELETE FROM stock", "WITH a AS (SELECT 1) UPDATE stock SET on_hand = 1", "UPDATE \"Stock\" SET a = 1",
    ] {
      #expect(other.shape.change == .anything)
    }
  }

  @Test
  func `a statement is known again by what it is made of, and by nothing that it is about`() {
    func priced(_ from: Int, _ columns: SQL = "price") -> SQL {
      "SELECT \(columns) FROM offer WHERE price > \(from) AND market = \("IN")"
    }
    #expect(priced(1).shape == priced(2).shape && priced(1).shape.hashValue == priced(2).shape.hashValue)
    #expect(priced(1).values != priced(2).values)
    #expect(priced(1).shape != priced(1, "price, market").shape)
    #expect(SQL("a IN \(list: [1, 2])").shape != SQL("a IN \(list: [1, 2, 3])").shape)
    #expect(SQL("\(1)\(raw: "+")").shape != SQL("\(raw: "+")\(1)").shape)
    #expect(SQL(verbatim: "BEGIN").shape == SQL(verbatim: "BEGIN").shape)
    #expect(SQL(verbatim: "BEGIN").shape != SQL(verbatim: "COMMIT").shape)
  }

  @Test(arguments: Engine.allCases)
  func `statements without number, and those from before a migration, say what they should`(engine: Engine) async throws
  {
    let test = try await engine.counter()
    let totals = try await test.database.write { db in
      // More than are kept prepared.
      try (1...1_100).map { count in
        try db.rows("SELECT total FROM counter WHERE id IN \(list: Array(repeating: 1, count: count))").count
      }
    }
    #expect(totals == Array(repeating: 1, count: 1_100))
    func columns() async throws -> [String: Int64] {
      try await test.database.write { db in
        let row = try #require(try db.row("SELECT * FROM counter"))
        return ["total": try row.get("total"), "limit": (try? row.get("most")) ?? -1]
      }
    }
    #expect(try await columns() == ["total": 0, "limit": -1])
    try await test.database.migrate(
      Counter.migrations + [
        Migration(name: "002", sql: "ALTER TABLE counter ADD COLUMN most BIGINT NOT NULL DEFAULT 7")
      ])
    #expect(try await columns() == ["total": 0, "limit": 7])
  }
}
