import Store
import TestKit
import Testing

@testable import Commerce

/// Questions to those who watch.
@Suite struct PollTests {
  /// A show on air, and people who vote.
  private struct Fair {
    let stall: Stall
    let show: ID<Show>

    init(_ engine: Engine, policy: Policy = Stall.policy) async throws {
      stall = try await Stall(engine, policy: policy)
      show = try await stall.liveShow()
    }

    var commerce: Commerce { stall.commerce }

    @discardableResult
    func open(
      _ question: String = "Which lamp next?", _ answers: [String] = ["Red", "Blue", "Both"], seconds: Int64 = 60,
      id: ID<Poll>? = nil, by caller: Caller? = nil
    ) async throws -> Poll {
      try await commerce.openPoll(
        id ?? commerce.makeID(), by: caller ?? stall.owner, show: show,
        PollDraft(question: question, answers: answers, durationSeconds: seconds))
    }

    static func visitor(_ number: Int) -> String { "guest" + String(repeating: "x", count: 27) + "\(number)" }

    @discardableResult
    func vote(
      _ poll: Poll, _ answer: Int64, _ number: Int = 0, by caller: Caller = .nobody, from address: String? = nil
    ) async throws -> PollBallot {
      try await commerce.vote(
        in: poll.id, for: answer, by: caller, visitor: Self.visitor(number), address: address)
    }

    func now(_ poll: Poll) async throws -> Poll { try await commerce.ballot(poll.id, by: stall.owner).poll }

    func person(_ name: String, as role: Role? = nil) async throws -> Caller {
      let account: ID<Account> = commerce.makeID()
      try await stall.database.write { [stall] db in
        try Stall.insertAccount(account, "\(name)@example.com", at: stall.clock.now, in: db)
        guard let role else { return }
        try db.run(
          """
          INSERT INTO member (channel_id, account_id, role, created_ms)
          VALUES (\(stall.channel), \(account), \(role), \(stall.clock.now))
          """)
      }
      return Caller(account: account)
    }

    func events() async throws -> [TimelineEvent] {
      while try await !commerce.numberTimeline(show).isEmpty {}
      return try await commerce.timeline(show, after: 0, limit: 1000)
    }

    func audit() async throws { #expect(try await commerce.audit().differences == []) }
  }

  @Test(arguments: Engine.allCases)
  func `each voice has one vote, which it may change until the poll is closed`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let poll = try await fair.open()
    let asha = try await fair.person("asha")
    #expect(poll.votes == [0, 0, 0] && poll.state == .open)
    for _ in 0..<3 { try await fair.vote(poll, 0, 1) }
    try await fair.vote(poll, 0, 2)
    // An account is one voice, in whatever browser.
    try await fair.vote(poll, 2, 3, by: asha)
    let again = try await fair.vote(poll, 1, 4, by: asha)
    #expect(again.mine == 1 && again.poll.votes == [2, 1, 0])
    try await fair.vote(poll, 1, 1)
    #expect(try await fair.now(poll).votes == [1, 2, 0])
    #expect(try await fair.commerce.ballot(poll.id, visitor: Fair.visitor(1)).mine == 1)
    #expect(try await fair.commerce.ballot(poll.id, visitor: Fair.visitor(9)).mine == nil)
    try await fair.audit()
    for wrong: Int64 in [-1, 3, .max, .min] {
      #expect(try await refusal { try await fair.vote(poll, wrong, 1) } == "invalid", "\(wrong)")
    }
    #expect(try await refusal { try await fair.commerce.vote(in: poll.id, for: 0) } == "poll_no_voice")
    let closed = try await fair.commerce.closePoll(poll.id, by: fair.stall.owner, show: fair.show)
    #expect(closed.state == .closed && closed.votes == [1, 2, 0])
    #expect(try await refusal { try await fair.vote(poll, 0, 7) } == "poll_closed")
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a poll is opened once, ends by itself a grace after its time, and its result stays in the timeline`(
    engine: Engine
  ) async throws {
    let fair = try await Fair(engine)
    let id: ID<Poll> = fair.commerce.makeID()
    let poll = try await fair.open(id: id)
    #expect(try await fair.open(id: id) == poll)
    #expect(try await refusal { try await fair.open("Another?", id: id) } == "id_taken")
    #expect(try await refusal { try await fair.open() } == "poll_under_way")
    try await fair.vote(poll, 2)
    fair.stall.clock.advance(seconds: 62)
    #expect(try await fair.commerce.closeDuePolls() == 0)
    // Whoever's picture is behind is still heard.
    try await fair.vote(poll, 0, 1)
    fair.stall.clock.advance(seconds: 1)
    #expect(try await refusal { try await fair.vote(poll, 0, 2) } == "poll_closed")
    #expect(try await fair.commerce.closeDuePolls() == 1)
    #expect(try await fair.commerce.closeDuePolls() == 0)
    let events = try await fair.events()
    #expect(events.map(\.kind) == [.pollOpened, .pollClosed])
    #expect(
      events[0].detail("question") == "Which lamp next?" && events[0].detail("answers") == #"["Red","Blue","Both"]"#)
    #expect(events[1].detail("votes") == "[1,0,1]" && events[1].detail("poll") == "\(id)")
    #expect(events[1].detail("question") == "Which lamp next?", "who comes later needs no other event")
    let second = try await fair.open("And the shade?")
    #expect(try await fair.commerce.polls(of: fair.show).map(\.id) == [second.id, id])
    #expect(try await fair.commerce.liveState(fair.show).poll?.id == second.id)
    // With its show it ends too.
    _ = try await fair.commerce.endShow(by: fair.stall.owner, show: fair.show)
    #expect(try await fair.now(second).state == .closed)
    #expect(try await refusal { try await fair.open() } == "show_ended")
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `what cannot be asked is refused with why, and only hosts ask`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let (host, moderator, asha) = (
      try await fair.person("host", as: .host), try await fair.person("mona", as: .moderator),
      try await fair.person("asha")
    )
    for (question, answers) in [
      ("", ["a", "b"]), (String(repeating: "q", count: 141), ["a", "b"]), ("q", []), ("q", ["a"]),
      ("q", ["a", "b", "c", "d", "e", "f", "g"]), ("q", ["a", ""]), ("q", ["Red", "red"]),
      ("q", ["a", String(repeating: "b", count: 61)]),
    ] {
      #expect(try await refusal { try await fair.open(question, answers) } == "invalid", "\(question) \(answers)")
    }
    for seconds: Int64 in [9, 601, .max, -1] {
      #expect(try await refusal { try await fair.open(seconds: seconds) } == "invalid", "\(seconds)")
    }
    for caller in [moderator, asha, .nobody] {
      #expect(try await refusal { try await fair.open(by: caller) } != nil)
    }
    let poll = try await fair.open("\u{202E}<b>Which\u{0}?</b>\n", ["<i>1</i>", "2"], by: host)
    #expect(poll.question == "<b>Which?</b>" && poll.answers == ["<i>1</i>", "2"])
    for caller in [moderator, asha, .nobody] {
      #expect(try await refusal { try await fair.commerce.closePoll(poll.id, by: caller, show: fair.show) } != nil)
    }
    for caller in [asha, .nobody] {
      #expect(try await refusal { try await fair.commerce.removePoll(poll.id, by: caller, show: fair.show) } != nil)
    }
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `nothing is left of a poll that a moderator removed`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let moderator = try await fair.person("mona", as: .moderator)
    let first = try await fair.open("Something unkind", ["Yes", "No"])
    try await fair.vote(first, 0)
    _ = try await fair.commerce.closePoll(first.id, by: fair.stall.owner, show: fair.show)
    let second = try await fair.open("Something else", ["Yes", "No"])
    for poll in [first, second, first] { try await fair.commerce.removePoll(poll.id, by: moderator, show: fair.show) }
    let events = try await fair.events()
    #expect(events.map(\.kind) == [.pollOpened, .pollClosed, .pollOpened, .pollRemoved, .pollRemoved])
    #expect(!events.contains { $0.payload.contains("omething") })
    #expect(try await fair.commerce.polls(of: fair.show).isEmpty)
    #expect(try await fair.commerce.liveState(fair.show).poll == nil)
    #expect(try await refusal { try await fair.now(first) } == "not_found")
    #expect(try await refusal { try await fair.vote(second, 0) } == "not_found")
    #expect(try await fair.stall.number("SELECT COUNT(*) FROM poll_vote") == 0)
    _ = try await fair.open()
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `many guests of one network stop counting as others, and who is signed in does not`(
    engine: Engine
  ) async throws {
    var policy = Stall.policy
    policy.pollGuestsPerAddressMax = 2
    let fair = try await Fair(engine, policy: policy)
    let poll = try await fair.open()
    for number in 0..<2 { try await fair.vote(poll, 0, number, from: "192.0.2.1") }
    #expect(try await refusal { try await fair.vote(poll, 0, 2, from: "192.0.2.1") } == "poll_address")
    // They may change their minds, and others are somewhere else.
    try await fair.vote(poll, 1, 1, from: "192.0.2.1")
    try await fair.vote(poll, 1, 2, from: "192.0.2.2")
    try await fair.vote(poll, 1, 3, by: fair.person("asha"), from: "192.0.2.1")
    #expect(try await fair.now(poll).votes == [1, 3, 0])
    try await fair.audit()
    // A day later it is not known any more who voted for what, and what it came to is.
    _ = try await fair.commerce.closePoll(poll.id, by: fair.stall.owner, show: fair.show)
    #expect(try await fair.commerce.forgetVoices() == 0)
    fair.stall.clock.advance(days: 1)
    fair.stall.clock.advance(seconds: 1)
    #expect(try await fair.commerce.forgetVoices() == 4)
    #expect(try await fair.now(poll).votes == [1, 3, 0])
    try await fair.audit()
  }

  @Test(arguments: Engine.allCases)
  func `a rush of votes loses none and counts none twice`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let poll = try await fair.open()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<60 {
        group.addTask {
          try await fair.vote(poll, Int64(number % 3), number)
          try await fair.vote(poll, Int64((number + 1) % 3), number)
        }
      }
      try await group.waitForAll()
    }
    #expect(try await fair.now(poll).votes == [20, 20, 20])
    try await fair.audit()
  }

  private struct Undone: Error {}

  @Test(arguments: Engine.allCases)
  func `an audit finds polls that were changed by hand`(engine: Engine) async throws {
    let fair = try await Fair(engine)
    let closed = try await fair.open()
    try await fair.vote(closed, 0)
    _ = try await fair.commerce.closePoll(closed.id, by: fair.stall.owner, show: fair.show)
    let removed = try await fair.open("Gone?")
    try await fair.commerce.removePoll(removed.id, by: fair.stall.owner, show: fair.show)
    let open = try await fair.open("Still?")
    try await fair.audit()
    for (sql, sentence): (SQL, String) in [
      ("UPDATE poll_answer SET votes = votes + 1 WHERE position = 0", "votes, but"),
      ("UPDATE poll_vote SET position = 5", "has votes for no answer"),
      ("UPDATE poll SET state = 'closed' WHERE id = \(open.id)", "its timeline does not say so"),
      ("UPDATE poll SET question = 'x' WHERE id = \(closed.id)", "tells another result"),
      ("UPDATE poll SET question = 'x' WHERE id = \(removed.id)", "removed and not forgotten"),
      ("DELETE FROM timeline_event WHERE id = \(open.id)", "its timeline does not say so"),
      ("UPDATE show SET state = 'ended'", "is open in a show that is not on air"),
      ("DELETE FROM poll_answer WHERE poll_id = \(open.id) AND position = 2", "cannot be voted for"),
    ] {
      await #expect(throws: Undone.self) {
        try await fair.stall.database.write { db in
          try db.run(sql)
          let report = try Audit.run(in: db)
          #expect(report.differences.contains { $0.contains(sentence) }, "\(sql): \(report.differences)")
          throw Undone()
        }
      }
    }
  }
}
