import Logging
import Synchronization
import TestKit
import Testing

@testable import Store

/// What is kept in memory of a database that nobody else writes to.
@Suite(.timeLimit(.minutes(1)))
struct MirrorTests {
  /// The words, as they were when it was made and as it was told since.
  private final class Words: Mirror {
    var hasForgotten = false
    var words: Set<String>
    let making: Int

    private init(_ words: Set<String>, _ making: Int) { (self.words, self.making) = (words, making) }

    static func of(_ db: any Connection, _ count: Counted) throws -> Words? {
      try db.mirror { db in
        Words(Set(try db.rows("SELECT word FROM word").map { try $0.get("word") }), count.next())
      }
    }

    func forget(_ word: String) {
      hasForgotten = true
      words.remove(word)
    }
  }

  /// How often it was made.
  private final class Counted: Sendable {
    private let count = Atomic(0)

    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
  }

  private struct Known: Equatable, Sendable {
    let words: [String]
    let making: Int
  }

  private let count = Counted()

  private func add(_ word: String, in db: any Connection) throws {
    try db.run("INSERT INTO word (word, place) VALUES (\(word), 1)")
    try Words.of(db, count)?.words.insert(word)
  }

  private func known(in database: Database) async throws -> Known? {
    try await database.write { [count] db in
      try Words.of(db, count).map { Known(words: $0.words.sorted(), making: $0.making) }
    }
  }

  @Test
  func `it is made once and goes from one write to the next`() async throws {
    let test = try await Engine.sqlite.counter()
    try await test.database.write { try add("one", in: $0) }
    try await test.database.write { try add("two", in: $0) }
    #expect(try await known(in: test.database) == Known(words: ["one", "two"], making: 1))
  }

  @Test
  func `there is none where others may write, and none for who reads`() async throws {
    let postgres = try await Engine.postgres.counter()
    try await postgres.database.write { try add("one", in: $0) }
    #expect(try await known(in: postgres.database) == nil)
    let sqlite = try await Engine.sqlite.counter()
    let read = try await sqlite.database.read { [count] db in try Words.of(db, count) == nil }
    #expect(read)
  }

  @Test
  func `it is made again when another program has changed the file`() async throws {
    let test = try await Engine.sqlite.counter()
    try await test.database.write { try add("one", in: $0) }
    let other = try await Database.open(test.location, logger: Logger(label: "test"))
    _ = try await other.read { try Counter.total(in: $0) }
    #expect(try await known(in: test.database) == Known(words: ["one"], making: 1), "who only reads changes nothing")
    try await other.write { db in try db.run("INSERT INTO word (word, place) VALUES ('two', 2)") }
    #expect(try await known(in: test.database) == Known(words: ["one", "two"], making: 2))
    await other.close()
  }

  @Test
  func `it is not made again because the log was copied`() async throws {
    let test = try await Engine.sqlite.counter()
    try await test.database.write { try add("one", in: $0) }
    // Pages beyond those from which the log is copied beside the writer, and by it.
    for number in 0..<12 {
      try await test.database.write { db in
        try db.run(
          "INSERT INTO word (word, place) VALUES (\(String(repeating: "x", count: 1_000_000) + String(number)), 1)")
      }
    }
    #expect(try await known(in: test.database)?.making == 1)
  }

  private struct Undone: Error {}

  @Test
  func `what it was told in a call that is undone it goes on to know`() async throws {
    let test = try await Engine.sqlite.counter()
    try await test.database.write { try add("one", in: $0) }
    await #expect(throws: Undone.self) {
      try await test.database.write { db in
        try add("two", in: db)
        throw Undone()
      }
    }
    #expect(try await known(in: test.database) == Known(words: ["one", "two"], making: 1))
    #expect(try await test.database.words() == ["one"])
  }

  @Test
  func `it is made again when a call is undone in which it had forgotten something, or was made`() async throws {
    let test = try await Engine.sqlite.counter()
    await #expect(throws: Undone.self) {
      try await test.database.write { db in
        try add("zero", in: db)
        throw Undone()
      }
    }
    try await test.database.write { try add("one", in: $0) }
    #expect(try await known(in: test.database) == Known(words: ["one"], making: 2))
    await #expect(throws: Undone.self) {
      try await test.database.write { [count] db in
        try db.run("DELETE FROM word WHERE word = 'one'")
        try Words.of(db, count)?.forget("one")
        throw Undone()
      }
    }
    #expect(try await known(in: test.database) == Known(words: ["one"], making: 3))
    try await test.database.write { [count] db in
      try db.run("DELETE FROM word WHERE word = 'one'")
      try Words.of(db, count)?.forget("one")
    }
    #expect(try await known(in: test.database) == Known(words: [], making: 3), "what is done is done")
  }
}
