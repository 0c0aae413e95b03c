import Logging
import Store
import Synchronization
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1)))
struct WriteTests {
  struct Refused: Error, Equatable {}

  final class Reads: Sendable {
    let count = Atomic(0)
  }

  @Test(arguments: Engine.allCases)
  func `a write is seen by another connection once it has returned`(engine: Engine) async throws {
    let test = try await engine.counter()
    let other = try await Database.open(test.location, logger: Logger(label: "other"))
    for expected in 1...20 as ClosedRange<Int64> {
      try await test.database.write { try Counter.increment(in: $0) }
      #expect(try await other.read { try Counter.total(in: $0) } == expected)
      #expect(try await test.database.read { try Counter.total(in: $0) } == expected)
    }
    await other.close()
  }

  @Test(arguments: Engine.allCases)
  func `a body that throws leaves nothing`(engine: Engine) async throws {
    let test = try await engine.counter()
    await #expect(throws: Refused.self) {
      try await test.database.write { db in
        try Counter.increment(in: db)
        throw Refused()
      }
    }
    #expect(try await test.database.read { try Counter.total(in: $0) } == 0)
  }

  @Test(arguments: Engine.allCases)
  func `calls that wait share one commit, and none shares another's failure`(engine: Engine) async throws {
    let test = try await engine.counter()
    let database = test.database
    let gate = Gate()
    async let held: Void = database.write { _ in gate.hold() }
    await gate.isHolding()
    let before = database.statistics()
    let outcomes = try await withThrowingTaskGroup(of: Result<Int64, any Error>.self) { group in
      for number in 0..<100 {
        group.addTask {
          do {
            return .success(
              try await database.write { db in
                try Counter.increment(in: db)
                switch number % 5 {
                case 1: throw Refused()
                case 2: try db.run("INSERT INTO word (word, place) VALUES (NULL, 1)")
                case 3: try db.run("this is not SQL")
                default: try db.run("INSERT INTO word (word, place) VALUES (\("\(number)"), \(number))")
                }
                return try Counter.total(in: db)
              })
          } catch {
            return .failure(error)
          }
        }
      }
      await condition { database.statistics().queued == 100 }
      gate.open()
      return try await group.reduce(into: []) { $0.append($1) }
    }
    try await held

    let totals = outcomes.compactMap { try? $0.get() }.sorted()
    #expect(totals == [Int64](1...40))
    let errors = outcomes.compactMap { outcome in if case .failure(let error) = outcome { error } else { nil } }
    #expect(errors.count { $0 is Refused } == 20)
    #expect(errors.count { if case StoreFault.constraint = $0 { true } else { false } } == 20)
    #expect(errors.count { if case StoreFault.statement = $0 { true } else { false } } == 20)
    #expect(try await database.words().count == 40)
    #expect(try await database.read { try Counter.total(in: $0) } == 40)

    let after = database.statistics()
    #expect(after.commits - before.commits == 2, "the one that was held, and the one all others shared")
    #expect(after.writes - before.writes == 101)
    #expect(after.largestBatch == 100)
    #expect(after.queued == 0)
  }

  /// How a call of a batch fails.
  enum Failing: CaseIterable { case unchanged, unmatched, changed, made }

  @Test(arguments: Engine.allCases, Failing.allCases)
  func `a call that fails takes back what it did, whatever that was, and others keep theirs`(
    engine: Engine, failing: Failing
  ) async throws {
    let test = try await engine.counter()
    let database = test.database
    let gate = Gate()
    let before = database.statistics().commits
    async let held: Void = database.write { _ in gate.hold() }
    await gate.isHolding()
    let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<10 {
        group.addTask {
          do {
            try await database.write { db in
              guard number == 5 else { return try Counter.increment(in: db) }
              switch failing {
              case .unchanged: break
              case .unmatched: try db.run("UPDATE counter SET total = total + 100 WHERE id = 77")
              case .changed: try db.run("UPDATE counter SET total = total + 100")
              case .made: try db.run("CREATE TABLE made (id BIGINT NOT NULL)")
              }
              throw Refused()
            }
            return false
          } catch is Refused {
            return true
          }
        }
      }
      await condition { database.statistics().queued == 10 }
      gate.open()
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    try await held
    #expect(refused == 1)
    #expect(try await database.read { try Counter.total(in: $0) } == 9)
    #expect(database.statistics().commits - before == 2, "the one that was held, and the one all others shared")
    await #expect(throws: StoreFault.self) { try await database.read { try $0.rows("SELECT id FROM made") } }
  }

  /// Where what is wrong with a statement is found that was sent, and not run.
  enum Sending: CaseIterable { case last, beforeAnother, thenRefused }

  @Test(arguments: Engine.allCases, Sending.allCases)
  func `what is sent is in order, and fails its own call alone`(engine: Engine, sending: Sending) async throws {
    let test = try await engine.counter()
    let database = test.database
    let gate = Gate()
    async let held: Void = database.write { _ in gate.hold() }
    await gate.isHolding()
    let faults = try await withThrowingTaskGroup(of: (any Error)?.self) { group in
      for number in 0..<10 {
        group.addTask {
          do {
            try await database.write { db in
              try db.send("INSERT INTO word (word, place) VALUES (\("word \(number)"), \(number))")
              let places = try db.rows("SELECT place FROM word WHERE place = \(number)")
              #expect(places.count == 1, "a later statement sees what was sent")
              try db.send("UPDATE counter SET total = total + 1 WHERE id = 1")
              guard number == 5 else { return }
              if sending == .thenRefused { throw Refused() }
              try db.send("INSERT INTO word (word, place) VALUES (NULL, 1)")
              if sending == .beforeAnother { _ = try Counter.total(in: db) }
            }
            return nil
          } catch {
            return error
          }
        }
      }
      await condition { database.statistics().queued == 10 }
      gate.open()
      return try await group.reduce(into: [any Error]()) { if let error = $1 { $0.append(error) } }
    }
    try await held
    #expect(faults.count == 1)
    switch (sending, faults.first) {
    case (.thenRefused, is Refused), (_, .some(StoreFault.constraint)): break
    default: Issue.record("\(faults)")
    }
    #expect(try await database.read { try Counter.total(in: $0) } == 9)
    #expect(try await database.words().count == 9)
  }

  @Test(arguments: Engine.allCases)
  func `what one call has read, those it shares a commit with need not, until it has changed`(engine: Engine)
    async throws
  {
    let test = try await engine.counter()
    let database = test.database
    let reads = Reads()
    @Sendable func remembered(in db: any Connection) throws -> Int64 {
      try db.remember("total", of: ["counter"]) {
        reads.count.add(1, ordering: .relaxed)
        return try Counter.total(in: db)
      }
    }
    let gate = Gate()
    async let held: Void = database.write { _ in gate.hold() }
    await gate.isHolding()
    let seen = try await withThrowingTaskGroup(of: (Int, Int64).self) { group in
      for number in 0..<9 {
        group.addTask {
          let total = try await database.write { db in
            let before = try remembered(in: db)
            // Another table is nothing to it.
            try db.run("INSERT INTO word (word, place) VALUES (\("word \(number)"), \(number))")
            _ = try remembered(in: db)
            if number == 4 { try Counter.increment(in: db) }
            return (before, try remembered(in: db))
          }
          return (number, total.1 - total.0)
        }
        // In their order.
        await condition { database.statistics().queued == number + 1 }
      }
      gate.open()
      return try await group.reduce(into: [Int: Int64]()) { $0[$1.0] = $1.1 }
    }
    try await held
    #expect(seen[4] == 1, "a call sees what it changed itself")
    #expect(seen.values.reduce(0, +) == 1)
    #expect(reads.count.load(ordering: .relaxed) == 2)
    #expect(try await database.write { try remembered(in: $0) } == 1)
    #expect(reads.count.load(ordering: .relaxed) == 3, "another transaction reads again")
  }

  @Test(arguments: Engine.allCases)
  func `what a call that failed has left in memory is forgotten with what it did`(engine: Engine) async throws {
    let test = try await engine.counter()
    let database = test.database
    @Sendable func remembered(in db: any Connection) throws -> Int64 {
      try db.remember("total", of: ["counter"]) { try Counter.total(in: db) }
    }
    let gate = Gate()
    async let held: Void = database.write { _ in gate.hold() }
    await gate.isHolding()
    let totals = try await withThrowingTaskGroup(of: Int64?.self) { group in
      for number in 0..<6 {
        group.addTask {
          try? await database.write { db in
            guard number % 2 == 0 else { return try remembered(in: db) }
            try Counter.increment(in: db)
            _ = try remembered(in: db)
            throw Refused()
          }
        }
        await condition { database.statistics().queued == number + 1 }
      }
      gate.open()
      return try await group.reduce(into: [Int64]()) { if let total = $1 { $0.append(total) } }
    }
    try await held
    #expect(totals == [0, 0, 0])
  }

  @Test(arguments: Engine.allCases)
  func `a batch has a bound`(engine: Engine) async throws {
    let test = try await engine.counter()
    var limits = DatabaseLimits()
    limits.writesPerCommitMax = 8
    let database = try await Database.open(test.location, limits: limits, logger: Logger(label: "test"))
    let gate = Gate()
    async let held: Void = database.write { _ in gate.hold() }
    await gate.isHolding()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 { group.addTask { try await database.write { try Counter.increment(in: $0) } } }
      await condition { database.statistics().queued == 20 }
      gate.open()
      try await group.waitForAll()
    }
    try await held
    #expect(database.statistics().largestBatch == 8)
    #expect(database.statistics().commits == 4)
    await database.close()
  }

  @Test(arguments: Engine.allCases)
  func `a call too many is refused at once, and nothing of it happens`(engine: Engine) async throws {
    let test = try await engine.counter()
    var limits = DatabaseLimits()
    limits.writesWaitingMax = 3
    let database = try await Database.open(test.location, limits: limits, logger: Logger(label: "test"))
    let gate = Gate()
    async let held: Void = database.write { _ in gate.hold() }
    await gate.isHolding()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<3 { group.addTask { try await database.write { try Counter.increment(in: $0) } } }
      await condition { database.statistics().queued == 3 }
      await #expect(throws: StoreFault.overloaded) { try await database.write { try Counter.increment(in: $0) } }
      gate.open()
      try await group.waitForAll()
    }
    try await held
    #expect(try await database.read { try Counter.total(in: $0) } == 3)
    await database.close()
  }

  @Test(arguments: Engine.allCases)
  func `an error that is caught still fails the call`(engine: Engine) async throws {
    let test = try await engine.counter()
    let fault = await #expect(throws: StoreFault.self) {
      try await test.database.write { db in
        try Counter.increment(in: db)
        do { try db.run("INSERT INTO word (word, place) VALUES (NULL, 1)") } catch {}
      }
    }
    guard case .constraint = fault else {
      Issue.record("\(String(describing: fault))")
      return
    }
    let later = await #expect(throws: StoreFault.self) {
      try await test.database.write { db in
        do { try db.run("INSERT INTO word (word, place) VALUES (NULL, 1)") } catch {}
        try Counter.increment(in: db)
      }
    }
    guard case .statement = later else {
      Issue.record("\(String(describing: later))")
      return
    }
    #expect(try await test.database.read { try Counter.total(in: $0) } == 0)
  }

  @Test(arguments: Engine.allCases)
  func `a conflict is found without an error`(engine: Engine) async throws {
    let test = try await engine.counter()
    let places = try await test.database.write { db in
      try ["one", "two", "one"].enumerated().map { place, word in
        try db.row(
          """
          INSERT INTO word (word, place) VALUES (\(word), \(place)) ON CONFLICT DO NOTHING RETURNING place
          """)?.get("place", as: Int.self)
      }
    }
    #expect(places == [0, 1, nil])
  }

  @Test(arguments: Engine.allCases)
  func `read-then-write code loses no update, from two programs at once`(engine: Engine) async throws {
    let test = try await engine.counter()
    let other = try await Database.open(test.location, logger: Logger(label: "other"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<60 {
        for database in [test.database, other] {
          group.addTask { try await database.write { try Counter.increment(in: $0) } }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await test.database.read { try Counter.total(in: $0) } == 120)
    await other.close()
  }

  @Test
  func `on PostgreSQL, calls that another program got in between are run again, all of the batch`() async throws {
    let test = try await Engine.postgres.counter()
    let other = try await Database.open(test.location, logger: Logger(label: "other"))
    let database = test.database
    let gate = Gate()
    let runs = Atomic(0)
    async let first = database.write { db in
      let total = try Counter.total(in: db)
      if runs.add(1, ordering: .relaxed).newValue == 1 { gate.hold() }
      try db.run("UPDATE counter SET total = \(total + 1) WHERE id = 1")
      return total
    }
    await gate.isHolding()
    try await other.write { try $0.run("UPDATE counter SET total = 41 WHERE id = 1") }
    gate.open()
    #expect(try await first == 41)
    #expect(runs.load(ordering: .relaxed) == 2)
    #expect(database.statistics().retries == 1)
    #expect(try await other.read { try Counter.total(in: $0) } == 42)
    await other.close()
  }

  @Test(arguments: Engine.allCases)
  func `a caller that is cancelled gets the outcome all the same`(engine: Engine) async throws {
    let test = try await engine.counter()
    let database = test.database
    let gate = Gate()
    async let held: Void = database.write { _ in gate.hold() }
    await gate.isHolding()
    let cancelled = Task { try await database.write { try Counter.increment(in: $0) } }
    await condition { database.statistics().queued == 1 }
    cancelled.cancel()
    gate.open()
    try await cancelled.value
    try await held
    #expect(try await database.read { try Counter.total(in: $0) } == 1)
  }

  @Test(arguments: Engine.allCases)
  func `a read changes nothing and sees one moment`(engine: Engine) async throws {
    let test = try await engine.counter()
    let database = test.database
    await #expect(throws: StoreFault.self) {
      try await database.read { try $0.run("UPDATE counter SET total = 5 WHERE id = 1") }
    }
    let gate = Gate()
    async let totals = database.read { db in
      let first = try Counter.total(in: db)
      gate.hold()
      return [first, try Counter.total(in: db)]
    }
    await gate.isHolding()
    try await database.write { try Counter.increment(in: $0) }
    gate.open()
    #expect(try await totals == [0, 0])
    #expect(try await database.read { try Counter.total(in: $0) } == 1)
  }
}
