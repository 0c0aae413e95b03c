import Crypto
import Foundation
import Store
import TestKit
import Testing

@testable import Commerce

/// Messages to browsers: encrypted, signed, and each handed over once.
@Suite struct PushTests {
  /// A browser's keys.
  struct Person {
    let key = P256.KeyAgreement.PrivateKey()
    let auth = Entropy.system.bytes(16)
    let name: String

    func subscription(_ endpoint: String? = nil) throws -> PushSubscription {
      try PushSubscription(
        endpoint: endpoint ?? "https://push.example/\(name)",
        publicKey: Base64URL.text(key.publicKey.x963Representation), auth: Base64URL.text(auth))
    }
  }

  private static func asked(
    _ evening: ReminderTests.Evening, _ person: Person, by caller: Caller = .nobody, address: String? = nil
  ) async throws -> (reminder: Reminder, token: Secret) {
    try await evening.commerce.remindByPush(
      evening.commerce.makeID(), of: evening.show.id, by: caller, at: person.subscription(), language: "hi",
      address: address)
  }

  @Test func `a message is encrypted as in the example of RFC 8291`() throws {
    func bytes(_ text: String) throws -> [UInt8] { try #require(Base64URL.bytes(text)) }
    let subscription = try PushSubscription(
      endpoint: "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
      publicKey: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
      auth: "BTBZMqHH6r4Tts7J_aSIgg")
    let sender = try P256.KeyAgreement.PrivateKey(
      rawRepresentation: bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    let body = try PushEncryption.encrypt(
      Array("When I grow up, I want to be a watermelon".utf8), for: subscription, sender: sender,
      salt: bytes("DGv6ra1nlYgDCS1FRnbzlw"))
    #expect(
      Base64URL.text(body)
        == """
        DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A\
        _yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN
        """)
    #expect(throws: (any Error).self) {
      try PushEncryption.encrypt(
        [UInt8](repeating: 0, count: PushEncryption.textBytesMax + 1), for: subscription, sender: sender,
        salt: [UInt8](repeating: 1, count: 16))
    }
    let largest = try PushEncryption.encrypt(
      [UInt8](repeating: 0, count: PushEncryption.textBytesMax), for: subscription, sender: sender,
      salt: [UInt8](repeating: 1, count: 16))
    #expect(largest.count == 4_096)
  }

  @Test func `a request is signed for one push service and one half day`() throws {
    let key = try PushKey.make(.system)
    let expires = Moment(milliseconds: 1_800_000_000_000)
    let header = try key.authorization(
      for: "https://push.example:8443", contact: "mailto:house@example.com", expires: expires)
    let match = try #require(header.firstMatch(of: /vapid t=([^.]+)\.([^.]+)\.([^,]+), k=(.+)/))
    let signature = try P256.Signing.ECDSASignature(
      rawRepresentation: try #require(Base64URL.bytes(String(match.3))))
    let raw = try #require(Base64URL.bytes(String(match.4)))
    let point = try P256.Signing.PublicKey(x963Representation: raw)
    #expect(point.isValidSignature(signature, for: Data("\(match.1).\(match.2)".utf8)))
    let claims = try JSONDecoder().decode(
      JSON.self, from: Data(try #require(Base64URL.bytes(String(match.2)))))
    #expect(claims == ["aud": "https://push.example:8443", "exp": 1_800_000_000, "sub": "mailto:house@example.com"])
  }

  @Test func `what is no address of a push service, and what is no key, is refused`() throws {
    let person = Person(name: "asha")
    for wrong in [
      "http://push.example/a", "https://", "https://user@push.example/a", "https://push.example/a#b",
      "ftp://push.example",
      "https://push.example/ä", "https://push.example:0/", "not an address",
      "https://push.example/" + String(repeating: "a", count: 1_000),
    ] {
      #expect(throws: GeneralRefusal.self, "\(wrong)") { try person.subscription(wrong) }
    }
    for (key, auth) in [
      ("", Base64URL.text(person.auth)), ("AAAA", Base64URL.text(person.auth)),
      (Base64URL.text([4] + [UInt8](repeating: 7, count: 64)), Base64URL.text(person.auth)),
      (Base64URL.text(person.key.publicKey.x963Representation), "AAAA"),
      (Base64URL.text(person.key.publicKey.x963Representation), "+/+/"),
    ] {
      #expect(throws: GeneralRefusal.self) {
        try PushSubscription(endpoint: "https://push.example/a", publicKey: key, auth: auth)
      }
    }
  }

  @Test(arguments: Engine.allCases)
  func `this installation's key is made once, and is not readable in the database`(engine: Engine) async throws {
    let evening = try await ReminderTests.Evening(engine)
    let key = try await evening.commerce.pushKey()
    #expect(try await evening.commerce.pushKey().publicText == key.publicText)
    let sealed = try await evening.stall.database.read { db in
      try db.requireRow("SELECT sealed_key FROM push_key").get("sealed_key", as: [UInt8].self)
    }
    #expect(sealed.count > 32 && !String(decoding: sealed, as: UTF8.self).contains(key.sealable))
    // Another secret opens nothing: there is a new key, and then that one.
    let other = Commerce(
      database: evening.stall.database, clock: evening.clock.wallClock, providers: .none)
    let anew = try await other.pushKey()
    #expect(anew.publicText != key.publicText)
    #expect(try await other.pushKey().publicText == anew.publicText)
  }

  @Test(arguments: Engine.allCases)
  func `a browser is told once each, whoever is signed in in it, and until it is gone`(engine: Engine) async throws {
    let evening = try await ReminderTests.Evening(engine)
    let (commerce, person) = (evening.commerce, Person(name: "asha"))
    let first = try await Self.asked(evening, person)
    #expect(first.reminder.isOn && first.reminder.recipient.account == nil)
    #expect(try await Self.asked(evening, person).reminder.id == first.reminder.id)
    #expect(try await commerce.reminded(of: evening.show.id, by: evening.stall.owner).reminders == 1)
    let stranger = try PushSubscription(
      endpoint: "https://push.example/asha",
      publicKey: Base64URL.text(P256.KeyAgreement.PrivateKey().publicKey.x963Representation),
      auth: Base64URL.text(Entropy.system.bytes(16)))
    #expect(
      try await refusal {
        try await commerce.remindByPush(
          commerce.makeID(), of: evening.show.id, by: .nobody, at: stranger, language: "en")
      } == "invalid", "nobody takes over another's browser")
    let account = try await evening.person("asha")
    #expect(try await Self.asked(evening, person, by: account).reminder.recipient.account == account.account)
    #expect(try await commerce.reminders(by: account).map(\.recipient.way) == [.push])

    evening.clock.advance(seconds: 6_600)
    try await commerce.advanceReminders()
    let taken = try await commerce.takePushes()
    #expect(taken.map(\.kind) == [.soon] && taken[0].recipient.language == "hi")
    #expect(try await commerce.takePushes().isEmpty, "one sender at a time")
    let request = try commerce.request(
      for: taken[0], Array("{}".utf8), by: try await commerce.pushKey(), contact: "mailto:a@example.com")
    let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
    #expect(headers["TTL"] == "600" && headers["Urgency"] == "normal" && headers["Topic"]?.count == 32)
    try await commerce.pushSent(taken[0])
    evening.clock.advance(seconds: 600)
    try await evening.start()
    try await commerce.advanceReminders()
    try await commerce.advanceReminders()
    let live = try await commerce.takePushes()
    #expect(live.map(\.kind) == [.live])
    try await commerce.pushGone(live[0])
    #expect(try await evening.stall.number("SELECT COUNT(*) FROM recipient") == 0)
    #expect(try await evening.stall.number("SELECT COUNT(*) FROM reminder") == 0)
    evening.clock.advance(seconds: 400)
    #expect(try await commerce.takePushes().isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `what a push service does not take is tried later and later, and not when it is of no use`(engine: Engine)
    async throws
  {
    let evening = try await ReminderTests.Evening(engine)
    let (commerce, clock) = (evening.commerce, evening.clock)
    _ = try await Self.asked(evening, Person(name: "asha"))
    try await evening.start()
    try await commerce.advanceReminders()
    var waits: [Int64] = []
    for _ in 0..<5 {
      let message = try #require(try await commerce.takePushes().first)
      try await commerce.pushFailed(message, "server")
      var waited: Int64 = 0
      while try await evening.stall.number(
        "SELECT COUNT(*) FROM push_message WHERE state = 'waiting' AND next_ms <= \(clock.now)") == 0
      {
        clock.advance(seconds: 10)
        waited += 10
      }
      waits.append(waited)
    }
    #expect(waits == [30, 60, 120, 240, 480])
    // After half an hour it tells nothing any more.
    clock.advance(seconds: 1_000)
    #expect(try await commerce.takePushes().isEmpty)
    #expect(try await evening.stall.number("SELECT COUNT(*) FROM push_message WHERE state = 'failed'") == 1)
    clock.advance(days: 8)
    #expect(try await commerce.forgetPushes() == 1)
  }

  @Test(arguments: Engine.allCases)
  func `a push service that says when is asked then, and one that says no is asked no more`(engine: Engine) async throws
  {
    let evening = try await ReminderTests.Evening(engine)
    let commerce = evening.commerce
    for name in ["asha", "ravi"] { _ = try await Self.asked(evening, Person(name: name)) }
    try await evening.start()
    try await commerce.advanceReminders()
    let messages = try await commerce.takePushes()
    #expect(messages.count == 2)
    try await commerce.pushFailed(messages[0], "busy", after: 600)
    try await commerce.pushFailed(messages[1], "refused", isFinal: true)
    evening.clock.advance(seconds: 599)
    #expect(try await commerce.takePushes().isEmpty)
    evening.clock.advance(seconds: 1)
    #expect(try await commerce.takePushes().map(\.id) == [messages[0].id])
    // A sender that died leaves it to the next.
    evening.clock.advance(seconds: 300)
    #expect(try await commerce.takePushes().map(\.attempts) == [3])
  }

  @Test func `one browser's token ends what is its own, and one network asks for so much`() async throws {
    let evening = try await ReminderTests.Evening(.sqlite)
    let (asha, ravi) = (
      try await Self.asked(evening, Person(name: "asha")), try await Self.asked(evening, Person(name: "ravi"))
    )
    #expect(
      try await refusal { try await evening.commerce.endReminder(asha.reminder.id, token: ravi.token) } == "not_found")
    #expect(try await evening.commerce.reminders(token: asha.token).reminders.count == 1)
    try await evening.commerce.endReminder(asha.reminder.id, token: asha.token)
    try await evening.commerce.stopReminders(token: ravi.token)
    #expect(try await evening.stall.number("SELECT COUNT(*) FROM reminder") == 0)
    #expect(try await refusal { try await evening.commerce.reminders(token: ravi.token) } == "not_found")
    let account = try await evening.person("meera")
    for number in 0..<21 {
      evening.clock.advance(seconds: 1)
      _ = try await Self.asked(evening, Person(name: "meera\(number)"), by: account)
    }
    let browsers = try await evening.commerce.recipients(by: account)
    #expect(browsers.count == 20 && browsers.last?.subscription?.endpoint == "https://push.example/meera20")
    #expect(browsers.first?.subscription?.endpoint == "https://push.example/meera1", "the oldest went")
    for number in 0..<500 { _ = try await Self.asked(evening, Person(name: "\(number)"), address: "203.0.113.9") }
    #expect(
      try await refusal { try await Self.asked(evening, Person(name: "one"), address: "203.0.113.9") }
        == "reminder_address")
  }
}
