import Logging
import Store
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CloseTests {
  @Test(arguments: Engine.allCases)
  func `closing lets those that wait end, and refuses those that come`(engine: Engine) async throws {
    let test = try await engine.counter()
    let database = test.database
    let gate = Gate()
    async let held: Void = database.write { _ in gate.hold() }
    await gate.isHolding()
    let waiting = (0..<5).map { _ in Task { try await database.write { try Counter.increment(in: $0) } } }
    await condition { database.statistics().queued == 5 }
    let closing = Task { await database.close() }
    // A write that comes before closing has reached the writer would wait behind the gate; a read says when it began.
    await conditionAsync { await refused { _ = try await database.read { try Counter.total(in: $0) } } }
    gate.open()
    await closing.value
    try await held
    for write in waiting { try await write.value }
    await #expect(throws: StoreFault.closed) { try await database.write { try Counter.increment(in: $0) } }
    await #expect(throws: StoreFault.closed) { try await database.migrate(Counter.migrations) }
    await database.close()

    let again = try await Database.open(test.location, logger: .init(label: "again"))
    #expect(try await again.read { try Counter.total(in: $0) } == 5)
    await again.close()
  }

  private func refused(_ call: () async throws -> Void) async -> Bool {
    do {
      try await call()
      return false
    } catch {
      return error as? StoreFault == .closed
    }
  }

  private func conditionAsync(_ holds: () async -> Bool) async {
    while await !holds() { await Task.yield() }
  }
}
