import Store
import TestKit
import Testing

@testable import Commerce

/// What viewers ask in a show, who answers whom, and what a host does about it.
@Suite struct QuestionTests {
  private struct Square {
    let market: MarketSquare
    let moderator: Caller
    let asha: Caller

    init(_ engine: Engine) async throws {
      market = try await MarketSquare(engine)
      moderator = try await market.person("Mona")
      asha = try await market.person("Asha")
      try await market.commerce.addMember(
        by: market.owner, channel: market.channel.id, email: "mona@example.com", role: .moderator)
    }

    var commerce: Commerce { market.commerce }
    var show: ID<Show> { market.show.id }

    func say(
      _ text: String, _ caller: Caller = .nobody, asks: Bool = false, to: ID<Message>? = nil, visitor: String? = nil,
      show: ID<Show>? = nil
    ) async throws -> Message {
      // Of one moment the timeline would have them in any order.
      market.clock.advance(milliseconds: 1)
      return try await commerce.say(
        commerce.makeID(), by: caller, show: show ?? self.show, text: text, visitor: visitor, isQuestion: asks,
        replyTo: to)
    }

    func pin(_ message: Message?) async throws {
      market.clock.advance(milliseconds: 1)
      try await commerce.pinQuestion(by: moderator, show: show, message: message?.id)
    }

    func told() async throws -> [TimelineEvent] {
      while try await !commerce.numberTimeline(show).isEmpty {}
      return try await commerce.timeline(show, after: 0, limit: 1000)
    }

    func open() async throws -> [String] {
      try await commerce.questions(of: show, by: moderator).map(\.message.text)
    }

    func differences() async throws -> [String] { try await commerce.audit().differences }
    func run(_ sql: SQL) async throws { try await market.testDatabase.database.write { db in _ = try db.run(sql) } }
  }

  @Test(arguments: Engine.allCases)
  func `what is asked waits in the host's list until it is answered, and everybody is told`(engine: Engine) async throws
  {
    let square = try await Square(engine)
    _ = try await square.say("hello")
    let size = try await square.say("Which sizes?", square.asha, asks: true)
    let price = try await square.say("How much?", asks: true)
    #expect(size.question == .open)
    #expect(try await square.open() == ["Which sizes?", "How much?"])
    square.market.clock.advance(milliseconds: 1)
    let answered = try await square.commerce.markQuestion(
      .answered, by: square.market.owner, show: square.show, message: size.id)
    #expect(answered.message.question == .answered && !answered.isPinned)
    // Again, nothing happens.
    try await square.commerce.markQuestion(.answered, by: square.moderator, show: square.show, message: size.id)
    #expect(try await square.open() == ["How much?"])
    #expect(
      try await square.commerce.questions(of: square.show, .answered, by: square.moderator).map(\.message.text)
        == ["Which sizes?"])
    let told = try await square.told()
    #expect(told.map(\.kind) == [.showStarted, .message, .message, .message, .questionAnswered])
    #expect(told[1].detail("question") == "" && told[3].detail("question") == "open")
    #expect(told[4].detail("message") == "\(size.id)")
    // Who comes later reads that it was answered.
    #expect(try await square.commerce.liveState(square.show).messages[1].detail("question") == "answered")
    square.market.clock.advance(milliseconds: 1)
    try await square.commerce.markQuestion(.open, by: square.moderator, show: square.show, message: size.id)
    #expect(try await square.open() == ["Which sizes?", "How much?"])
    #expect(try await square.told().last?.kind == .questionReopened)
    #expect(price.question == .open)
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `one question is above the chat, for who comes later too, until it is answered or the show is over`(
    engine: Engine
  ) async throws {
    let square = try await Square(engine)
    let first = try await square.say("Which sizes?", square.asha, asks: true)
    let second = try await square.say("How much?", asks: true)
    #expect(try await square.commerce.liveState(square.show).question == nil)
    try await square.pin(first)
    try await square.pin(first)
    let shown = PinnedQuestion(message: first.id, name: "Asha", text: "Which sizes?")
    #expect(try await square.commerce.liveState(square.show).question == shown)
    try await square.pin(second)
    #expect(try await square.commerce.liveState(square.show).question?.message == second.id)
    #expect(
      try await square.commerce.questions(of: square.show, by: square.moderator).map(\.isPinned) == [false, true])
    square.market.clock.advance(milliseconds: 1)
    try await square.commerce.markQuestion(.answered, by: square.moderator, show: square.show, message: second.id)
    #expect(try await square.commerce.liveState(square.show).question == nil)
    try await square.pin(first)
    try await square.pin(nil)
    try await square.pin(nil)
    #expect(try await square.commerce.liveState(square.show).question == nil)
    try await square.pin(first)
    square.market.clock.advance(milliseconds: 1)
    try await square.commerce.endShow(by: square.market.owner, show: square.show)
    let told = try await square.told()
    #expect(
      told.map(\.kind).filter { [.questionPinned, .questionUnpinned, .showEnded].contains($0) } == [
        .questionPinned, .questionPinned, .questionUnpinned, .questionPinned, .questionUnpinned, .questionPinned,
        .questionUnpinned, .showEnded,
      ])
    #expect(told.first { $0.kind == .questionPinned }?.detail("text") == "Which sizes?")
    #expect(try await refusal { try await square.pin(second) } == "show_ended")
    #expect(
      try await refusal {
        try await square.commerce.markQuestion(.answered, by: square.moderator, show: square.show, message: first.id)
      } == "show_ended")
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `a reply quotes what it answers, and a removed message takes its quotes and its place above the chat away`(
    engine: Engine
  ) async throws {
    let square = try await Square(engine)
    let long = String(repeating: "क", count: 100)
    let rude = try await square.say("rude words", square.asha, asks: true)
    let wordy = try await square.say(long)
    let reply = try await square.say("No!", to: rude.id)
    _ = try await square.say("Shorter, please", square.market.owner, to: wordy.id)
    #expect(reply.replyTo == rude.id)
    try await square.pin(rude)
    let before = try await square.told()
    #expect(before[3].detail("quoteText") == "rude words" && before[3].detail("quoteName") == "Asha")
    #expect(before[3].detail("replyTo") == "\(rude.id)")
    #expect(before[4].detail("quoteText") == String(repeating: "क", count: 80) + "…")
    try await square.commerce.removeMessage(by: square.moderator, show: square.show, message: rude.id)
    let after = try await square.told()
    #expect(!after.contains { $0.payload.contains("rude words") || $0.payload.contains("Asha") })
    #expect(after[3].detail("text") == "No!" && after[3].detail("replyTo") == "")
    #expect(after[4].detail("replyTo") == "\(wordy.id)")
    #expect(Set(after.suffix(2).map(\.kind)) == [.messageRemoved, .questionUnpinned])
    #expect(try await square.commerce.liveState(square.show).question == nil)
    #expect(try await square.open().isEmpty)
    #expect(try await square.differences() == [])
    // What is gone is not answered, nor is what was said elsewhere.
    #expect(try await refusal { try await square.say("Well?", to: rude.id) } == "chat_reply_gone")
    let other = try await square.commerce.scheduleShow(
      square.commerce.makeID(), by: square.market.owner, channel: square.market.channel.id,
      ShowDraft(title: "Another", scheduledAt: square.market.clock.now, markets: ["IN"]))
    #expect(try await refusal { try await square.say("Hm", to: wordy.id, show: other.id) } == "chat_reply_gone")
  }

  @Test(arguments: Engine.allCases)
  func `a question passes what every message passes, and who asks too much waits`(engine: Engine) async throws {
    let square = try await Square(engine)
    let (commerce, show) = (square.commerce, square.show)
    _ = try await commerce.putChatWord("fake", .hold, by: square.market.owner, channel: square.market.channel.id)
    let original = try await square.say("Hello")
    let held = try await square.say("Is it fake?", square.asha, asks: true, to: original.id)
    #expect(held.isHeld && held.question == .open)
    #expect(try await square.open().isEmpty)
    // What it answers goes while it waits.
    try await commerce.removeMessage(by: square.moderator, show: show, message: original.id)
    try await commerce.decideHeld(held.id, approve: true, by: square.moderator)
    #expect(try await square.open() == ["Is it fake?"])
    #expect(try await square.told().last?.detail("replyTo") == "")
    for number in 2...3 { _ = try await square.say("Question \(number)?", square.asha, asks: true) }
    #expect(
      try await refusal { try await square.say("A fourth?", square.asha, asks: true) } == "chat_too_many_questions")
    // They may say other things, others may ask, and answered questions are none of those that count.
    _ = try await square.say("Please!", square.asha)
    _ = try await square.say("And me?", asks: true, visitor: String(repeating: "v", count: 40))
    try await commerce.markQuestion(.answered, by: square.moderator, show: show, message: held.id)
    _ = try await square.say("A fourth?", square.asha, asks: true)
    try await commerce.setChatMode(ChatMode(audience: .buyers), by: square.market.owner, show: show)
    #expect(try await refusal { try await square.say("Me?", square.asha, asks: true) } == "chat_buyers_only")
    #expect(try await square.differences() == [])
  }

  @Test(arguments: Engine.allCases)
  func `only who moderates sees what is open, answers it and puts it above the chat`(engine: Engine) async throws {
    let square = try await Square(engine)
    let (commerce, show) = (square.commerce, square.show)
    let plain = try await square.say("hello")
    let asked = try await square.say("Which sizes?", square.asha, asks: true)
    for caller in [Caller.nobody, square.asha] {
      #expect(try await refusal { try await commerce.questions(of: show, by: caller) } != nil)
      #expect(
        try await refusal { try await commerce.markQuestion(.answered, by: caller, show: show, message: asked.id) }
          != nil
      )
      for message in [asked.id, nil] {
        #expect(try await refusal { try await commerce.pinQuestion(by: caller, show: show, message: message) } != nil)
      }
    }
    #expect(try await refusal { try await square.pin(plain) } == "not_found")
    #expect(
      try await refusal {
        try await commerce.markQuestion(.answered, by: square.moderator, show: show, message: plain.id)
      } == "not_found")
    #expect(try await square.open() == ["Which sizes?"])
  }

  @Test(arguments: Engine.allCases)
  func `the audit finds what is left of a removed message, and what is wrongly above a chat`(engine: Engine)
    async throws
  {
    let square = try await Square(engine)
    let asked = try await square.say("Which sizes?", asks: true)
    let reply = try await square.say("All of them", to: asked.id)
    try await square.pin(asked)
    #expect(try await square.differences() == [])
    try await square.run("UPDATE message SET question = NULL WHERE id = \(asked.id)")
    #expect(try await square.differences().count == 1)
    try await square.run("UPDATE message SET question = 'open' WHERE id = \(asked.id)")
    try await square.run("UPDATE message SET reply_to = NULL WHERE id = \(reply.id)")
    #expect(try await square.differences().count == 1)
    try await square.run("UPDATE message SET reply_to = \(asked.id), removed_ms = 1, body = '' WHERE id = \(reply.id)")
    try await square.run("UPDATE message SET reply_to = \(reply.id) WHERE id = \(asked.id)")
    #expect(try await square.differences().count == 1)
  }
}
