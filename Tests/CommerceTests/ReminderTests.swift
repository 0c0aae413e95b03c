import Store
import TestKit
import Testing

@testable import Commerce

/// Who asked to be reminded of a show is told, once, and nobody else is.
@Suite struct ReminderTests {
  /// A channel with a show in two hours, and people who want to see it.
  struct Evening {
    let stall: Stall
    let show: Show

    init(_ engine: Engine, policy: Policy = Stall.policy) async throws {
      stall = try await Stall(engine, policy: policy)
      let draft = ShowDraft(
        title: "Lamps tonight", scheduledAt: stall.clock.now.adding(seconds: 7_200), markets: ["IN"])
      show = try await stall.commerce.scheduleShow(
        stall.commerce.makeID(), by: stall.owner, channel: stall.channel, draft)
    }

    var commerce: Commerce { stall.commerce }
    var clock: SettableClock { stall.clock }

    func person(_ name: String) async throws -> Caller {
      let caller = Caller(account: commerce.makeID())
      try await stall.database.write { [stall, account = caller.account.unsafelyUnwrapped] db in
        try Stall.insertAccount(account, "\(name)@example.com", at: stall.clock.now, in: db)
      }
      return caller
    }

    @discardableResult
    func ask(
      _ caller: Caller = .nobody, _ email: String? = nil, of show: ID<Show>? = nil, token: Secret? = nil,
      address: String? = nil
    ) async throws -> Commerce.Reminded {
      try await commerce.remindByMail(
        commerce.makeID(), of: show ?? self.show.id, by: caller, email: email, language: "hi", token: token,
        address: address)
    }

    func mails(_ kind: Mail.Kind, to email: String? = nil) async throws -> [Mail] {
      try await stall.database.read { db in
        let whose: SQL = email.map { "AND recipient = \($0)" } ?? ""
        return try db.rows("SELECT \(Mail.columns) FROM mail WHERE kind = \(kind) \(whose) ORDER BY made_ms, id")
          .map(Mail.init)
      }
    }

    /// What the link in the last mail that asks carries.
    func token(_ email: String) async throws -> Secret {
      let mail = try #require(try await mails(.reminderConfirm, to: email).last)
      return try #require(try await commerce.openMail(mail).reminders)
    }

    /// A guest who asked and said yes.
    @discardableResult
    func guest(_ email: String) async throws -> (reminder: Reminder, token: Secret) {
      #expect(try await ask(.nobody, email) == .mailed)
      let token = try await token(email)
      let waiting = try #require(try await commerce.reminders(token: token).reminders.first)
      return (try await commerce.confirmReminder(waiting.id, token: token), token)
    }

    func start() async throws {
      // Later than every change of it before.
      clock.advance(seconds: 1)
      try await commerce.startShow(by: stall.owner, show: show.id)
    }

    func move(to seconds: Int64) async throws {
      _ = try await commerce.changeShow(
        show.id, by: stall.owner, ShowChange(scheduledAt: clock.now.adding(seconds: seconds)))
    }
  }

  @Test(arguments: Engine.allCases)
  func `a guest is told a quarter of an hour before a show and when it is on air, each once`(engine: Engine)
    async throws
  {
    let evening = try await Evening(engine)
    let (reminder, _) = try await evening.guest("asha@example.com")
    #expect(reminder.isOn && reminder.recipient.language == "hi")
    evening.clock.advance(seconds: 7_200 - 901)
    #expect(try await evening.commerce.advanceReminders() == 0)
    evening.clock.advance(seconds: 1)
    #expect(try await evening.commerce.advanceReminders() == 1)
    #expect(try await evening.commerce.advanceReminders() == 0)
    let soon = try #require(try await evening.mails(.reminderSoon).first)
    #expect(soon.recipient == "asha@example.com" && soon.language == "hi")
    let content = try await evening.commerce.openMail(soon)
    #expect(content.show?.id == evening.show.id && content.seller?.handle == "lamps")
    // Who asks so late knows.
    evening.clock.advance(seconds: 60)
    try await evening.guest("ravi@example.com")
    #expect(try await evening.commerce.advanceReminders() == 0)
    evening.clock.advance(seconds: 940)
    try await evening.start()
    for _ in 0..<3 { try await evening.commerce.advanceReminders() }
    #expect(try await evening.mails(.reminderSoon).count == 1)
    #expect(
      try await evening.mails(.reminderLive).map(\.recipient).sorted() == ["asha@example.com", "ravi@example.com"])
  }

  @Test(arguments: Engine.allCases)
  func `nobody is reminded at an address before whoever reads its mail has said yes`(engine: Engine) async throws {
    let evening = try await Evening(engine)
    #expect(try await evening.ask(.nobody, "Asha@Example.com") == .mailed)
    let ravi = try await evening.person("ravi")
    #expect(try await evening.ask(ravi) == .mailed, "an account says nothing of who reads its mail")
    #expect(try await evening.commerce.reminded(of: evening.show.id, by: evening.stall.owner).reminders == 0)
    evening.clock.advance(seconds: 6_600)
    try await evening.commerce.advanceReminders()
    try await evening.start()
    try await evening.commerce.advanceReminders()
    #expect(try await evening.mails(.reminderSoon).isEmpty)
    #expect(try await evening.mails(.reminderLive).isEmpty)
    #expect(try await evening.mails(.reminderConfirm).count == 2)
  }

  @Test(arguments: Engine.allCases)
  func `an account says yes once, a guest to every show, but where their browser is known`(engine: Engine) async throws
  {
    let evening = try await Evening(engine)
    let another = try await evening.commerce.scheduleShow(
      evening.commerce.makeID(), by: evening.stall.owner, channel: evening.stall.channel,
      ShowDraft(title: "Cups", scheduledAt: evening.clock.now.adding(seconds: 9_000), markets: ["IN"]))
    let ravi = try await evening.person("ravi")
    try await evening.ask(ravi)
    let token = try await evening.token("ravi@example.com")
    try await evening.commerce.confirmAddress(token: token)
    guard case .isOn(let second) = try await evening.ask(ravi, of: another.id) else {
      Issue.record("asked twice")
      return
    }
    #expect(second.isOn)
    #expect(try await evening.commerce.reminders(by: ravi).map(\.isOn) == [true, true])
    #expect(try await evening.commerce.reminders(by: ravi).map(\.show.title) == ["Lamps tonight", "Cups"])

    let guest = try await evening.guest("asha@example.com")
    evening.clock.advance(seconds: 61)
    #expect(try await evening.ask(.nobody, "asha@example.com", of: another.id) == .mailed)
    #expect(try await evening.mails(.reminderConfirm, to: "asha@example.com").count == 2)
    guard case .isOn = try await evening.ask(.nobody, "asha@example.com", of: another.id, token: guest.token) else {
      Issue.record("the browser is not known")
      return
    }
    #expect(
      try await evening.ask(.nobody, "meera@example.com", of: another.id, token: guest.token) == .mailed,
      "a token is of one address")
    #expect(try await refusal { try await evening.commerce.confirmAddress(token: guest.token) } == "not_found")
  }

  @Test(arguments: Engine.allCases)
  func `an address is not flooded, whoever asks and however often`(engine: Engine) async throws {
    let evening = try await Evening(engine)
    for _ in 0..<10 {
      try await evening.ask(.nobody, "asha@example.com")
      try await evening.ask(.nobody, "asha@example.com")
      evening.clock.advance(seconds: 61)
    }
    #expect(try await evening.mails(.reminderConfirm).count == 3, "of one show")
    for number in 0..<5 {
      let show = try await evening.commerce.scheduleShow(
        evening.commerce.makeID(), by: evening.stall.owner, channel: evening.stall.channel,
        ShowDraft(
          title: "Show \(number)", scheduledAt: evening.clock.now.adding(seconds: 90_000), markets: ["IN"]))
      #expect(try await evening.ask(.nobody, "asha@example.com", of: show.id) == .mailed)
      evening.clock.advance(seconds: 61)
    }
    #expect(try await evening.mails(.reminderConfirm).count == 5, "of all shows in a day")
    let token = try await evening.token("asha@example.com")
    #expect(try await evening.commerce.reminders(token: token).reminders.count == 6, "each mail's link shows them all")
    // Whoever never wanted any of it is asked no more.
    #expect(try await evening.commerce.stopReminders(token: token).blocked != nil)
    #expect(try await evening.mails(.reminderConfirm).isEmpty, "what waited to be sent is not")
    evening.clock.advance(seconds: 86_400)
    let late = try await evening.commerce.scheduleShow(
      evening.commerce.makeID(), by: evening.stall.owner, channel: evening.stall.channel,
      ShowDraft(title: "Late", scheduledAt: evening.clock.now.adding(seconds: 9_000), markets: ["IN"]))
    #expect(try await evening.ask(.nobody, "asha@example.com", of: late.id) == .mailed)
    #expect(try await evening.mails(.reminderConfirm).isEmpty)
    try await evening.commerce.allowReminders(token: token)
    try await evening.ask(.nobody, "asha@example.com", of: late.id)
    #expect(try await evening.mails(.reminderConfirm).count == 1)
  }

  @Test func `what one address and one network ask for has a limit`() async throws {
    let evening = try await Evening(.sqlite)
    let asha = try await evening.person("asha")
    for number in 0...100 {
      let show = try await evening.commerce.scheduleShow(
        evening.commerce.makeID(), by: evening.stall.owner, channel: evening.stall.channel,
        ShowDraft(title: "\(number)", scheduledAt: evening.clock.now.adding(seconds: 90_000), markets: ["IN"]))
      let answer = try await refusal { try await evening.ask(asha, of: show.id) }
      #expect(answer == (number < 100 ? nil : "too_many_reminders"), "\(number)")
    }
    for number in 0..<50 { try await evening.ask(.nobody, "guest\(number)@example.com", address: "203.0.113.9") }
    #expect(
      try await refusal { try await evening.ask(.nobody, "one@example.com", address: "203.0.113.9") }
        == "reminder_address")
    #expect(try await evening.ask(.nobody, "one@example.com", address: "203.0.113.10") == .mailed)
    #expect(try await refusal { try await evening.ask(.nobody, "no address") } == "invalid")
    #expect(try await refusal { try await evening.ask(.nobody, nil) } == "invalid")
  }

  @Test(arguments: Engine.allCases)
  func `a show at another time is told once, however often its host looked for it`(engine: Engine) async throws {
    let evening = try await Evening(engine)
    try await evening.guest("asha@example.com")
    try await evening.move(to: 9_000)
    evening.clock.advance(seconds: 20)
    try await evening.move(to: 10_000)
    #expect(try await evening.commerce.advanceReminders() == 0, "not at once")
    evening.clock.advance(seconds: 60)
    #expect(try await evening.commerce.advanceReminders() == 1)
    #expect(try await evening.commerce.advanceReminders() == 0)
    let moved = try #require(try await evening.mails(.reminderMoved).first)
    #expect(try await evening.commerce.openMail(moved).show?.scheduledAt == evening.clock.now.adding(seconds: 9_940))
    #expect(try await evening.commerce.calendarShow(evening.show.id).sequence == 2)
    // There and back again is nothing to tell.
    try await evening.move(to: 20_000)
    try await evening.move(to: 9_940)
    evening.clock.advance(seconds: 61)
    #expect(try await evening.commerce.advanceReminders() == 0)
    // The reminder before the show goes by the new time.
    evening.clock.advance(seconds: 9_940 - 61 - 900)
    #expect(try await evening.commerce.advanceReminders() == 1)
    #expect(try await evening.mails(.reminderSoon).count == 1)
    // A start that is nearer than that is told as such alone.
    try await evening.move(to: 600)
    evening.clock.advance(seconds: 60)
    #expect(try await evening.commerce.advanceReminders() == 1)
    #expect(try await evening.mails(.reminderMoved).count == 2)
    #expect(try await evening.mails(.reminderSoon).count == 1)
  }

  @Test(arguments: Engine.allCases)
  func `a show that is called off is told once, and never begins`(engine: Engine) async throws {
    let evening = try await Evening(engine)
    try await evening.guest("asha@example.com")
    let (commerce, show) = (evening.commerce, evening.show.id)
    let off = try await commerce.callOffShow(by: evening.stall.owner, show: show)
    #expect(off.state == .ended && off.calledOff != nil && off.startedAt == nil)
    #expect(try await commerce.callOffShow(by: evening.stall.owner, show: show).calledOff == off.calledOff)
    evening.clock.advance(seconds: 1)
    for _ in 0..<2 { try await commerce.advanceReminders() }
    #expect(try await evening.mails(.reminderCalledOff).map(\.recipient) == ["asha@example.com"])
    evening.clock.advance(seconds: 7_200)
    #expect(try await commerce.advanceReminders() == 0)
    #expect(try await refusal { try await evening.start() } == "show_ended")
    #expect(try await refusal { try await evening.ask(.nobody, "ravi@example.com") } == "reminder_over")
    #expect(try await commerce.shows(channel: evening.stall.channel).items.isEmpty)
    #expect(try await commerce.shows(channel: evening.stall.channel, by: evening.stall.owner).items.map(\.id) == [show])
    #expect(try await commerce.calendarShows(of: evening.stall.channel).map(\.show.id) == [show])
    let stranger = try await evening.person("stranger")
    #expect(try await refusal { try await commerce.callOffShow(by: stranger, show: show) } == "not_found")
    let live = try await evening.stall.liveShow()
    #expect(
      try await refusal { try await commerce.callOffShow(by: evening.stall.owner, show: live) } == "show_on_air")
    #expect(try await refusal { try await evening.ask(stranger, of: live) } == "reminder_on_air")
  }

  @Test(arguments: Engine.allCases)
  func `followers who asked for it are told that a show is on air, and nobody twice`(engine: Engine) async throws {
    let evening = try await Evening(engine)
    let (commerce, channel) = (evening.commerce, evening.stall.channel)
    let names = ["asha", "ravi", "meera", "tara"]
    var people: [Caller] = []
    for name in names { people.append(try await evening.person(name)) }
    for person in people { try await commerce.follow(channel, by: person) }
    // Asha and Ravi want to be told, Meera does not; Tara never says yes in her mail.
    for person in [people[0], people[1], people[3]] {
      let notices = try await commerce.setLiveNotices(of: channel, by: person, mail: true, push: false, language: "en")
      #expect(notices.mail && notices.isMailed)
    }
    for name in ["asha", "ravi"] {
      let mail = try #require(try await evening.mails(.followConfirm, to: "\(name)@example.com").first)
      try await commerce.confirmAddress(token: try await commerce.openMail(mail).reminders)
    }
    // Asha wants to be reminded of the show as well.
    guard case .isOn = try await evening.ask(people[0]) else {
      Issue.record("Asha's address is confirmed")
      return
    }
    let stranger = try await evening.person("stranger")
    #expect(
      try await refusal {
        try await commerce.setLiveNotices(of: channel, by: stranger, mail: true, push: false, language: "en")
      } == "not_followed")
    #expect(
      try await commerce.reminded(of: evening.show.id, by: evening.stall.owner)
        == RemindedCount(reminders: 1, followers: 3))
    #expect(try await refusal { try await commerce.reminded(of: evening.show.id, by: stranger) } == "not_found")
    evening.clock.advance(seconds: 60)
    try await evening.start()
    // One at a time, with another process that does the same.
    while try await commerce.advanceReminders(batch: 1) > 0 { try await commerce.advanceReminders(batch: 1) }
    #expect(
      try await evening.mails(.reminderLive).map(\.recipient).sorted() == ["asha@example.com", "ravi@example.com"])
    #expect(try await commerce.toldChannels(by: people[0]).map(\.channel.id) == [channel])
    // With the follow goes what came with it.
    try await commerce.unfollow(channel, by: people[0])
    #expect(try await commerce.toldChannels(by: people[0]).isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `what a crash or a pause left is told later, unless it is of no use any more`(engine: Engine) async throws {
    let evening = try await Evening(engine)
    try await evening.guest("asha@example.com")
    try await evening.guest("ravi@example.com")
    // Half of it was told when the process died, and who asked since then knows when it begins.
    evening.clock.advance(seconds: 6_600)
    try await evening.guest("meera@example.com")
    try await evening.stall.database.write { [show = evening.show, clock = evening.clock] db in
      try ShowNotice.soon(show, at: clock.now, in: db)
    }
    #expect(try await evening.commerce.advanceReminders(batch: 1) == 2)
    #expect(try await evening.mails(.reminderSoon).count == 2)
    // Nobody is there while it goes on air, and for an hour.
    try await evening.start()
    evening.clock.advance(seconds: 3_600)
    #expect(try await evening.commerce.advanceReminders() == 0)
    #expect(try await evening.mails(.reminderLive).isEmpty)
    // Mail that could not leave before the show is not sent after it.
    #expect(try await evening.commerce.takeMail().allSatisfy { $0.kind == .reminderConfirm })
    #expect(try await evening.mails(.reminderSoon).allSatisfy { $0.state == .failed && $0.trouble == "late" })
  }

  @Test(arguments: Engine.allCases)
  func `who ends their reminders gets nothing that waited, and nothing more`(engine: Engine) async throws {
    let evening = try await Evening(engine)
    let (asha, ravi) = (try await evening.guest("asha@example.com"), try await evening.guest("ravi@example.com"))
    #expect(
      try await refusal { try await evening.commerce.endReminder(asha.reminder.id, token: ravi.token) } == "not_found")
    #expect(try await refusal { try await evening.commerce.endReminder(asha.reminder.id) } == "not_found")
    evening.clock.advance(seconds: 6_600)
    try await evening.commerce.advanceReminders()
    #expect(try await evening.mails(.reminderSoon).count == 2)
    try await evening.commerce.endReminder(asha.reminder.id, token: asha.token)
    #expect(try await evening.mails(.reminderSoon).map(\.recipient) == ["ravi@example.com"])
    for _ in 0..<2 {
      #expect(try await evening.commerce.stopReminders(token: ravi.token).blocked == nil, "they wanted it once")
    }
    #expect(try await evening.mails(.reminderSoon).isEmpty)
    try await evening.start()
    try await evening.commerce.advanceReminders()
    #expect(try await evening.mails(.reminderLive).isEmpty)
    let forged = Secret(made: String(asha.token.text.dropLast(4)) + "0000")
    for wrong in [forged, Secret(made: "haat_remind_"), Secret(made: "haat_remind_zz"), nil] {
      #expect(try await refusal { try await evening.commerce.reminders(token: wrong) } == "not_found")
    }
  }

  @Test(arguments: Engine.allCases)
  func `an account that goes takes its reminders with it`(engine: Engine) async throws {
    let evening = try await Evening(engine)
    let asha = try await evening.person("asha")
    try await evening.commerce.follow(evening.stall.channel, by: asha)
    try await evening.ask(asha)
    try await evening.commerce.setLiveNotices(
      of: evening.stall.channel, by: asha, mail: true, push: false, language: "en")
    try await evening.stall.database.write { db in
      try Recipient.forget(account: asha.account.unsafelyUnwrapped, in: db)
    }
    #expect(try await evening.stall.number("SELECT COUNT(*) FROM recipient") == 0)
    #expect(try await evening.stall.number("SELECT COUNT(*) FROM reminder") == 0)
    #expect(try await evening.mails(.reminderConfirm).isEmpty)
    #expect(try await evening.commerce.toldChannels(by: asha).isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `what is over is forgotten, but not who wants to be left alone`(engine: Engine) async throws {
    let evening = try await Evening(engine)
    try await evening.guest("asha@example.com")
    try await evening.ask(.nobody, "ravi@example.com")
    try await evening.ask(.nobody, "meera@example.com")
    try await evening.commerce.stopReminders(token: evening.token("meera@example.com"))
    evening.clock.advance(seconds: 49 * 3_600)
    _ = try await evening.commerce.forgetReminders()
    #expect(try await evening.stall.number("SELECT COUNT(*) FROM reminder") == 1, "Ravi never said yes")
    try await evening.commerce.callOffShow(by: evening.stall.owner, show: evening.show.id)
    evening.clock.advance(seconds: 1)
    try await evening.commerce.advanceReminders()
    evening.clock.advance(days: 91)
    while try await evening.commerce.forgetReminders() > 0 {}
    #expect(try await evening.stall.number("SELECT COUNT(*) FROM reminder") == 0)
    #expect(try await evening.stall.number("SELECT COUNT(*) FROM show_notice") == 0)
    #expect(try await evening.stall.number("SELECT COUNT(*) FROM recipient") == 1)
  }

  @Test func `who wants to be reminded is no business of the seller's`() async throws {
    let evening = try await Evening(.sqlite)
    try await evening.guest("asha@example.com")
    let seen = try await evening.commerce.mails(of: evening.stall.channel, by: evening.stall.owner).items
    #expect(seen.isEmpty)
    let mail = try #require(try await evening.mails(.reminderConfirm).first)
    #expect(try await refusal { try await evening.commerce.mail(mail.id, by: evening.stall.owner) } == "not_found")
    let house = try await evening.person("house")
    try await evening.stall.database.write { db in
      _ = try db.run("UPDATE account SET is_operator = 1 WHERE id = \(house.account.unsafelyUnwrapped)")
    }
    let record = try #require(try await evening.commerce.mails(of: nil, by: house).items.first)
    #expect(record.content.show?.id == evening.show.id && record.content.reminders == nil)
  }
}
