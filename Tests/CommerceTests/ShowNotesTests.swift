import Store
import TestKit
import Testing

@testable import Commerce

/// What a host wants to say in a show.
@Suite struct ShowNotesTests {
  @Test(arguments: Engine.allCases)
  func `hosts write a show's notes, its people read them, and nobody else knows of them`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    #expect(try await commerce.notes(of: show, by: square.owner) == ShowNotes(text: "", edition: 0, changed: nil))
    let first = try await commerce.putNotes("Good evening!\r\n\r\nनमस्ते", of: show, by: square.owner)
    #expect(first == ShowNotes(text: "Good evening!\n\nनमस्ते", edition: 1, changed: square.clock.now))

    let (moderator, asha) = (try await square.person("Moderator"), try await square.person("Asha"))
    _ = try await commerce.addMember(
      by: square.owner, channel: square.channel.id, email: "moderator@example.com", role: .moderator)
    #expect(try await commerce.notes(of: show, by: moderator) == first)
    await #expect(throws: GeneralRefusal.self) { try await commerce.putNotes("x", of: show, by: moderator) }
    for stranger in [asha, .nobody] {
      await #expect(throws: GeneralRefusal.self) { try await commerce.notes(of: show, by: stranger) }
      await #expect(throws: GeneralRefusal.self) { try await commerce.putNotes("x", of: show, by: stranger) }
    }
  }

  @Test(arguments: Engine.allCases)
  func `of two who write at once, the second is told, and the same text again is no change`(engine: Engine) async throws
  {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let first = try await commerce.putNotes("One", of: show, by: square.owner, from: 0)
    #expect(try await commerce.putNotes("Two", of: show, by: square.owner, from: first.edition).edition == 2)
    await #expect(throws: ShowRefusal.notesChanged) {
      try await commerce.putNotes("Three", of: show, by: square.owner, from: first.edition)
    }
    #expect(try await commerce.putNotes("Two", of: show, by: square.owner, from: 2).edition == 2)
    #expect(try await commerce.putNotes("Four", of: show, by: square.owner).text == "Four")
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.putNotes(String(repeating: "x", count: ShowNotes.lengthMax + 1), of: show, by: square.owner)
    }
    #expect(try await commerce.putNotes("", of: show, by: square.owner).text == "")
  }
}
