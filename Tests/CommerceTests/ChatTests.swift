import Commerce
import Store
import TestKit
import Testing

@Suite struct ChatTests {
  @Test(arguments: Engine.allCases)
  func `who speaks is named by their account, their role, or as a guest`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let viewer = try await square.person("Vik")
    func say(_ caller: Caller, _ name: String?) async throws -> Message {
      try await commerce.say(commerce.makeID(), by: caller, show: show, name: name, text: "hello", mediaTime: 700)
    }
    let messages = [
      try await say(square.owner, "Somebody else"), try await say(viewer, nil), try await say(.nobody, "Lata"),
      try await say(.nobody, nil),
    ]
    #expect(messages.map(\.name) == ["Lata", "Vik", "Lata", "Guest"])
    #expect(messages.map(\.role) == [.owner, .viewer, .guest, .guest])
    _ = try await commerce.numberTimeline(show)
    let recent = try await commerce.liveState(show).messages
    #expect(recent.count == 4)
    #expect(recent.allSatisfy { $0.mediaTime == 700 })
    let payload = "{\"id\":\"\(messages[1].id)\",\"name\":\"Vik\",\"role\":\"viewer\",\"text\":\"hello\"}"
    #expect(recent.map(\.payload).contains(payload))
  }

  @Test(arguments: Engine.allCases)
  func `nobody speaks from the future`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    _ = try await commerce.mediaEpoch(show, now: square.clock.now)
    square.clock.advance(seconds: 5)
    for time in [4000, Int64.max] {
      _ = try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: "hello", mediaTime: time)
    }
    _ = try await commerce.numberTimeline(show)
    #expect(try await commerce.liveState(show).messages.map(\.mediaTime).sorted() == [4000, 5000])
  }

  @Test(arguments: Engine.allCases)
  func `a message sent twice is said once, and its id says nothing else`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let id = commerce.makeID(Message.self)
    let said = try await commerce.say(id, by: square.owner, show: show, text: "hello")
    #expect(try await commerce.say(id, by: square.owner, show: show, text: "hello") == said)
    await #expect(throws: IDTaken(what: "message")) {
      try await commerce.say(id, by: square.owner, show: show, text: "goodbye")
    }
    await #expect(throws: IDTaken(what: "message")) {
      try await commerce.say(id, by: .nobody, show: show, text: "hello")
    }
    #expect(try await commerce.numberTimeline(show).map(\.kind) == [.showStarted, .message])
  }

  @Test(arguments: [
    ("  hello  ", "hello"),
    ("one\r\ntwo\nthree\u{2028}four", "one two three four"),
    ("a\u{0}b\u{7}c\u{1B}[31m", "abc[31m"),
    ("pay \u{202E}evil\u{202C} now", "pay evil now"),
    ("\u{2066}x\u{2069}\u{200F}y\u{FEFF}", "xy"),
    ("z\u{0300}\u{0301}\u{0302}\u{0303}\u{0304}\u{0305}\u{0306}", "z\u{0300}\u{0301}\u{0302}\u{0303}\u{0304}"),
    ("<b>&\"'", "<b>&\"'"),
    ("कार्त्स्न्य क्षत्रिय हिन्दी", "कार्त्स्न्य क्षत्रिय हिन्दी"),
    ("👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️", "👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️"),
    ("می‌خواهم", "می‌خواهم"),
    // One joiner joins; a row of them hides something.
    ("a\u{200D}\u{200D}\u{200C}\u{200D}b", "a\u{200D}b"),
    // Marks that take room, as those that do not.
    ("क" + String(repeating: "\u{093E}", count: 9), "क" + String(repeating: "\u{093E}", count: 5)),
    // Tags are letters nobody sees: a flag has them, and nothing else.
    ("hi\u{E0068}\u{E0069}", "hi"),
    ("🏴" + String(repeating: "\u{E0061}", count: 12) + "!", "🏴" + String(repeating: "\u{E0061}", count: 7) + "!"),
    ("👩🏻‍❤️‍💋‍👨🏾 5️⃣ 🇮🇳", "👩🏻‍❤️‍💋‍👨🏾 5️⃣ 🇮🇳"),
  ])
  func `a text is kept without what hides, reorders or piles up`(text: String, kept: String) async throws {
    let square = try await MarketSquare(.sqlite)
    let said = try await square.commerce.say(
      square.commerce.makeID(), by: .nobody, show: square.show.id, text: text)
    #expect(Array(said.text.unicodeScalars) == Array(kept.unicodeScalars))
  }

  @Test(arguments: ["", "   ", "\n\n", "\u{200D}\u{FE0F}", "\u{202E}", "\u{0301}", "\u{3164}", "\u{2800} \u{2800}"])
  func `a text with nothing to see is refused`(text: String) async throws {
    let square = try await MarketSquare(.sqlite)
    await #expect(throws: GeneralRefusal.invalid(field: "text", why: "must not be empty")) {
      try await square.commerce.say(square.commerce.makeID(), by: .nobody, show: square.show.id, text: text)
    }
  }

  @Test(arguments: Engine.allCases)
  func `the limit counts what a person counts`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let flags = String(repeating: "🇮🇳", count: 300)
    #expect(try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: flags).text == flags)
    let tooLong = GeneralRefusal.invalid(field: "text", why: "is too long: at most 300 characters are kept")
    await #expect(throws: tooLong) {
      try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: flags + "x")
    }
    // One emoji is one, however it is put together; a chain of emoji that never ends is not.
    let kisses = String(repeating: "👩🏻‍❤️‍💋‍👨🏾", count: 150)
    #expect(try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: kisses).text == kisses)
    let chain = Array(repeating: "👩", count: 800).joined(separator: "\u{200D}")
    #expect(chain.count == 1)
    #expect(try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: chain).text == chain)
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.say(
        commerce.makeID(), by: .nobody, show: show, text: chain + String(repeating: "x", count: 141))
    }
    // One grapheme of a megabyte.
    await #expect(throws: tooLong) {
      try await commerce.say(
        commerce.makeID(), by: .nobody, show: show, text: "e" + String(repeating: "\u{0301}", count: 500_000))
    }
    let refusal = await #expect(throws: GeneralRefusal.self) {
      try await commerce.say(
        commerce.makeID(), by: .nobody, show: show, name: String(repeating: "n", count: 41), text: "hello")
    }
    #expect(refusal?.field == "name")
  }

  @Test(arguments: Engine.allCases)
  func `a removed message is forgotten, and its place in the timeline stays`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let rude = try await commerce.say(commerce.makeID(), by: .nobody, show: show, name: "Rudy", text: "rude words")
    let kind = try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: "kind words")
    _ = try await commerce.numberTimeline(show)
    try await commerce.removeMessage(by: square.owner, show: show, message: rude.id)
    try await commerce.removeMessage(by: square.owner, show: show, message: rude.id)
    let told = try await commerce.numberTimeline(show)
    #expect(told.map(\.kind) == [.messageRemoved])
    #expect(told.map(\.payload) == ["{\"message\":\"\(rude.id)\"}"])
    let events = try await commerce.timeline(show, after: 0, limit: 100)
    #expect(events.map(\.sequence) == [1, 2, 3, 4])
    #expect(!events.contains { $0.payload.contains("rude words") || $0.payload.contains("Rudy") })
    let recent = try await commerce.liveState(show).messages
    #expect(recent.count == 1)
    #expect(recent.first?.payload.contains(kind.id.description) == true)
  }

  @Test(arguments: Engine.allCases)
  func `a message is removed by who moderates, and by who wrote it`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let author = try await square.person("Asha")
    let other = try await square.person("Omar")
    let moderator = try await square.person("Mira")
    let packer = try await square.person("Pia")
    for (email, role) in [("mira@example.com", Role.moderator), ("pia@example.com", .fulfilment)] {
      try await commerce.addMember(by: square.owner, channel: square.channel.id, email: email, role: role)
    }
    let first = try await commerce.say(commerce.makeID(), by: author, show: show, text: "first")
    let second = try await commerce.say(commerce.makeID(), by: author, show: show, text: "second")
    await #expect(throws: GeneralRefusal.signInNeeded) {
      try await commerce.removeMessage(by: .nobody, show: show, message: first.id)
    }
    await #expect(throws: GeneralRefusal.notFound("message")) {
      try await commerce.removeMessage(by: other, show: show, message: first.id)
    }
    await #expect(throws: GeneralRefusal.self) {
      try await commerce.removeMessage(by: packer, show: show, message: first.id)
    }
    try await commerce.removeMessage(by: author, show: show, message: first.id)
    try await commerce.removeMessage(by: moderator, show: show, message: second.id)
    await #expect(throws: GeneralRefusal.notFound("message")) {
      try await commerce.removeMessage(by: moderator, show: show, message: commerce.makeID())
    }
  }

  @Test(arguments: Engine.allCases)
  func `who comes in gets the last messages in order, and nobody talks after the end`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    for number in 0..<55 {
      square.clock.advance(milliseconds: 1)
      _ = try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: "message \(number)")
    }
    _ = try await commerce.numberTimeline(show)
    let recent = try await commerce.liveState(show).messages
    #expect(recent.map(\.sequence) == Array(7...56))
    try await commerce.endShow(by: square.owner, show: show)
    await #expect(throws: ShowRefusal.ended) {
      try await commerce.say(commerce.makeID(), by: .nobody, show: show, text: "too late")
    }
  }
}
