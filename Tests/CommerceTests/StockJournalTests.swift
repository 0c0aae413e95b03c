import Commerce
import Store
import TestKit
import Testing

@Suite struct StockJournalTests {
  @Test(arguments: Engine.allCases)
  func `the journal tells who did what and why, and each line ends in the stock there was`(
    engine: Engine
  ) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce, owner = square.owner, variant = square.lampVariant
    try await commerce.receiveStock(by: owner, variant: variant, count: 5, note: "from the kiln")
    square.clock.advance(seconds: 1)
    try await commerce.setStock(by: owner, variant: variant, onHand: 12, note: "three broke")
    let journal = try await commerce.stockJournal(of: variant, by: owner)
    #expect((journal.level.onHand, journal.level.reserved) == (12, 0))
    #expect(journal.entries.items.map(\.kind) == [.corrected, .received, .received])
    #expect(journal.entries.items.map(\.onHandChange) == [-3, 5, 10])
    #expect(journal.entries.items.map(\.after.onHand) == [12, 15, 10])
    #expect(journal.entries.items.map(\.note) == ["three broke", "from the kiln", ""])
    #expect(journal.entries.items.allSatisfy { $0.by == "Lata" })
    #expect(try await commerce.audit().differences.isEmpty)

    var after: [Int64] = []
    var next: Cursor?
    repeat {
      let page = try await commerce.stockJournal(of: variant, by: owner, after: next, limit: 1)
      after += page.entries.items.map(\.after.onHand)
      next = page.entries.next
    } while next != nil
    #expect(after == [12, 15, 10], "page after page the same")
  }

  @Test(arguments: Engine.allCases)
  func `goods come in with a reason, in sane numbers, and only for owners`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce, variant = square.lampVariant
    let stranger = try await square.person("Stranger")
    await #expect(throws: GeneralRefusal.notFound("variant")) {
      try await commerce.receiveStock(by: stranger, variant: variant, count: 1, note: "mine")
    }
    await #expect(throws: GeneralRefusal.notFound("variant")) {
      _ = try await commerce.stockJournal(of: variant, by: stranger)
    }
    for (count, note) in [(0, "none"), (-1, "less"), (commerce.policy.onHandMax, "too many"), (1, " ")]
      as [(Int64, String)]
    {
      await #expect(throws: GeneralRefusal.self, "\(count) \(note)") {
        try await commerce.receiveStock(by: square.owner, variant: variant, count: count, note: note)
      }
    }
    #expect(try await commerce.stockJournal(of: variant, by: square.owner).level.onHand == 10)
  }
}
