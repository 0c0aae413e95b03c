import Store
import TestKit
import Testing

@testable import Commerce

@Suite(.timeLimit(.minutes(2))) struct StatusTests {
  private static func spread(_ counts: [Int: Int64]) -> Spread {
    Spread((0...Spread.bounds.count).map { counts[$0] ?? 0 })
  }

  @Test func `a share of a spread lies between the bounds of its place`() {
    #expect(Spread().microseconds(percent: 50) == nil)
    // All within the first millisecond: half of them within half of it.
    #expect(Self.spread([0: 10]).microseconds(percent: 50) == 500)
    let mixed = Self.spread([0: 98, 6: 1, 9: 1])
    #expect(mixed.microseconds(percent: 99) == 100_000, "the end of 50 to 100 ms")
    #expect(mixed.microseconds(percent: 100) == 1_000_000)
    // What took longer than the last bound is told as that.
    #expect(Self.spread([Spread.bounds.count: 3]).microseconds(percent: 50) == 10_000_000)
    #expect(Spread([1, 2, 3]).total == 0, "counts for other bounds")
  }

  @Test func `figures follow each other in time and stand beside each other in processes`() {
    var early = StatusFigures()
    (early.viewers, early.orders, early.mailsWaiting) = (10, 2, 7)
    var late = StatusFigures()
    (late.viewers, late.orders, late.mailsWaiting) = (4, 3, 9)
    var both = early
    both.follow(late)
    #expect(both.viewers == 10 && both.orders == 5 && both.mailsWaiting == 9)
    both = early
    both.join(late)
    #expect(both.viewers == 14 && both.orders == 5 && both.mailsWaiting == 9)
    #expect(late.since(early).orders == 1 && late.since(early).viewers == 4)
    #expect(early.since(late).orders == 0, "a count never falls")
  }

  @Test(arguments: Engine.allCases)
  func `minutes are kept for a day, of every process, and read by operators alone`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let (one, other): (ID<ServerProcess>, ID<ServerProcess>) = (commerce.makeID(), commerce.makeID())
    var figures = StatusFigures()
    (figures.orders, figures.answers) = (3, Self.spread([2: 5]))
    func keep(_ minute: Int64, _ process: ID<ServerProcess>, orders: Int64) async throws {
      figures.orders = orders
      try await commerce.keepStatus(
        StatusMinute(minute: minute, process: process, started: square.clock.wallClock.now, figures: figures))
    }
    try await keep(1_000, one, orders: 1)
    try await keep(1_001, one, orders: 2)
    try await keep(1_001, other, orders: 3)
    try await keep(1_001, one, orders: 4)
    let kept = try await commerce.status(from: 0, by: square.operator)
    #expect(kept.map(\.minute) == [1_000, 1_001, 1_001])
    #expect(kept.map(\.figures.orders).sorted() == [1, 3, 4], "kept again, it is what was kept last")
    #expect(kept.allSatisfy { $0.figures.answers == figures.answers })
    #expect(try await commerce.status(from: 1_001, by: square.operator).count == 2)
    await #expect(throws: GeneralRefusal.self) { try await commerce.status(from: 0, by: square.owner) }
    await #expect(throws: GeneralRefusal.signInNeeded) { try await commerce.paymentsHealth(by: .nobody) }
    try await keep(1_001 + Commerce.statusMinutes, one, orders: 1)
    #expect(try await commerce.status(from: 0, by: square.operator).map(\.minute) == [1_001, 1_001, 2_441])
  }

  @Test func `what another version kept is read as far as it is known`() {
    let figures = StatusFigures(json: #"{"orders":[7],"dragons":[1],"answers":[1,2]}"#)
    #expect(figures.orders == 7 && figures.answers.total == 0)
    #expect(StatusFigures(json: "nothing") == StatusFigures())
  }

  @Test(arguments: Engine.allCases)
  func `the queues and the size of the database are known`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    #expect(try await square.commerce.queueLengths() == QueueLengths(mails: 0, pushes: 0, webhooks: 0))
    let size = try await square.commerce.databaseSize()
    #expect(size.bytes > 100_000 && size.engine == (engine == .sqlite ? "SQLite" : "PostgreSQL"))
  }
}
