import Store
import TestKit
import Testing

@testable import Commerce

/// What viewers tell the operator of shows and clips.
@Suite struct FlagTests {
  private static func visitor(_ letter: Character) -> String { String(repeating: letter, count: 40) }

  @Test(arguments: Engine.allCases)
  func `a show is flagged once by each viewer, is seen by operators alone, and is settled until it is flagged again`(
    engine: Engine
  ) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let asha = try await square.person("Asha")
    await #expect(throws: FlagRefusal.noReporter) { try await commerce.flag(.show(show), .scam, by: .nobody) }
    await #expect(throws: GeneralRefusal.notFound("show")) {
      try await commerce.flag(.show(commerce.makeID()), .scam, by: asha)
    }
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.flag(.show(show), .scam, note: String(repeating: "x", count: 5_000), by: asha)
    }
    try await commerce.flag(.show(show), .scam, note: "Not brass", by: asha)
    square.clock.advance(seconds: 1)
    try await commerce.flag(.show(show), .counterfeit, note: "Not brass at all", by: asha)
    for letter in "ab" { try await commerce.flag(.show(show), .scam, by: .nobody, visitor: Self.visitor(letter)) }

    for stranger in [asha, square.owner, .nobody] {
      await #expect(throws: GeneralRefusal.self) { try await commerce.flaggedFilms(by: stranger) }
      await #expect(throws: GeneralRefusal.self) { try await commerce.settleFlags(of: .show(show), by: stranger) }
    }
    let flagged = try #require(try await commerce.flaggedFilms(by: square.operator).first)
    #expect(flagged.subject == .show(show) && flagged.count == 3 && flagged.title == "Evening lamps")
    #expect(flagged.reasons.map(\.reason) == [.scam, .counterfeit] && flagged.notes == ["Not brass at all"])
    #expect(flagged.channelHandle == "lamps" && flagged.last == square.clock.now)

    try await commerce.settleFlags(of: .show(show), by: square.operator)
    #expect(try await commerce.flaggedFilms(by: square.operator).isEmpty)
    try await commerce.flag(.show(show), .scam, note: "Still", by: asha)
    #expect(try await commerce.flaggedFilms(by: square.operator).isEmpty, "who was heard is not heard twice")
    try await commerce.flag(.show(show), .other, by: .nobody, visitor: Self.visitor("c"))
    #expect(try await commerce.flaggedFilms(by: square.operator).map(\.count) == [1])
  }

  @Test(arguments: Engine.allCases)
  func `clips are flagged apart from their show, and what most have flagged comes first`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    let clip = commerce.makeID(Clip.self)
    try await square.testDatabase.database.write { [owner = square.owner.account.unsafelyUnwrapped] db in
      try db.run(
        """
        INSERT INTO clip (id, show_id, channel_id, product_id, title, from_media_ms, until_media_ms, state, tries, bytes,
          duration_ms, account_id, made_hash, created_ms, ready_ms)
        VALUES (\(clip), \(square.show.id), \(square.channel.id), \(square.lamp.id), 'Clip', 0, 9000, 'ready', 0, 9, 9000,
          \(owner), \([UInt8]()), \(square.clock.now), \(square.clock.now))
        """)
    }
    try await commerce.flag(.show(square.show.id), .abuse, by: .nobody, visitor: Self.visitor("a"))
    for letter in "abc" { try await commerce.flag(.clip(clip), .abuse, by: .nobody, visitor: Self.visitor(letter)) }
    let flagged = try await commerce.flaggedFilms(by: square.operator)
    #expect(
      flagged.map(\.subject) == [.clip(clip), .show(square.show.id)]
        && flagged.map(\.title) == ["Clip", "Evening lamps"])
    try await commerce.settleFlags(of: .clip(clip), by: square.operator)
    #expect(try await commerce.flaggedFilms(by: square.operator).map(\.subject) == [.show(square.show.id)])
    _ = try await commerce.removeClip(clip, by: square.owner)
    await #expect(throws: GeneralRefusal.notFound("clip")) {
      try await commerce.flag(.clip(clip), .abuse, by: .nobody, visitor: Self.visitor("d"))
    }
  }
}
