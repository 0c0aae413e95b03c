import Foundation
import Testing

@testable import Post

/// Transcripts: what a server says, and what is said to it.
@Suite struct SMTPConversationTests {
  static let text = "Subject: Lamp\r\n\r\nHello\r\n.dot\r\n..two\r\nend\r\n"

  static func envelope(_ to: String = "asha@example.com", message: String = text) throws -> SMTPEnvelope {
    try SMTPEnvelope(from: "orders@haat.example", to: to, message: Array(message.utf8))
  }

  static func server(
    _ security: SMTPServer.Security = .none, user: String = "", password: String = ""
  ) -> SMTPServer {
    SMTPServer(
      host: "mail.test", port: 25, security: security, user: user, password: password, ownName: "haat.example")
  }

  /// What is done when the server says each of `replies` in turn, each in as many reads as it has bytes split into two
  /// at `split`; nil is one read.
  static func actions(
    _ server: SMTPServer, _ envelope: SMTPEnvelope, _ replies: [String], splitAt split: Int? = nil
  ) -> [SMTPConversation.Action] {
    var conversation = SMTPConversation(server, envelope)
    var actions: [SMTPConversation.Action] = []
    for reply in replies {
      let bytes = Array(reply.utf8)
      guard let split, split < bytes.count else {
        actions += conversation.received(bytes)
        continue
      }
      actions += conversation.received(bytes[..<split])
      actions += conversation.received(bytes[split...])
    }
    return actions
  }

  /// The actions as text, a line each.
  static func script(_ actions: [SMTPConversation.Action]) -> [String] {
    actions.map { action in
      switch action {
      case .send(let bytes): String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "⏎")
      case .encrypt: "‹encrypt›"
      case .close: "‹close›"
      case .finish(.taken(let words)): "‹taken \(words)›"
      case .finish(.refused(let trouble, let words)): "‹refused \(trouble) \(words)›"
      case .finish(.deferred(let trouble, let words)): "‹deferred \(trouble) \(words)›"
      }
    }
  }

  static let wholeReplies = [
    "220 mail.test ESMTP\r\n", "250-mail.test\r\n250-STARTTLS\r\n250 SIZE 1000000\r\n", "220 2.0.0 Go ahead\r\n",
    "250-mail.test\r\n250-SIZE 1000000\r\n250-AUTH LOGIN PLAIN\r\n250 8BITMIME\r\n", "235 2.7.0 Good\r\n",
    "250 2.1.0 OK\r\n", "250 2.1.5 OK\r\n", "354 End with a dot\r\n", "250 2.0.0 Taken as 1\r\n", "221 Bye\r\n",
  ]

  static let wholeScript = [
    "EHLO haat.example⏎", "STARTTLS⏎", "‹encrypt›", "EHLO haat.example⏎", "AUTH PLAIN AGFzaGEAc8OpY3JldA==⏎",
    "MAIL FROM:<orders@haat.example> SIZE=42⏎", "RCPT TO:<asha@example.com>⏎", "DATA⏎",
    "Subject: Lamp⏎⏎Hello⏎..dot⏎...two⏎end⏎.⏎", "‹taken 250 2.0.0 Taken as 1›", "QUIT⏎", "‹close›",
  ]

  @Test func `a whole delivery, however its replies are split`() throws {
    let (server, envelope) = (Self.server(.starttls, user: "asha", password: "sécret"), try Self.envelope())
    #expect(Self.script(Self.actions(server, envelope, Self.wholeReplies)) == Self.wholeScript)
    let longest = Self.wholeReplies.map(\.utf8.count).max() ?? 0
    for split in 0..<longest {
      #expect(
        Self.script(Self.actions(server, envelope, Self.wholeReplies, splitAt: split)) == Self.wholeScript,
        "split at \(split)")
    }
    // A byte at a time.
    var conversation = SMTPConversation(server, envelope)
    var actions: [SMTPConversation.Action] = []
    for byte in Self.wholeReplies.joined().utf8 { actions += conversation.received([byte]) }
    #expect(Self.script(actions) == Self.wholeScript)
  }

  @Test func `without a user nobody signs in, and LOGIN is spoken where PLAIN is not`() throws {
    let greeting = ["220 a\r\n", "250-a\r\n250 AUTH LOGIN\r\n"]
    let anonymous = Self.actions(Self.server(), try Self.envelope(), greeting)
    #expect(Self.script(anonymous).last == "MAIL FROM:<orders@haat.example>⏎")
    let server = Self.server(.tls, user: "asha", password: "secret")
    let signedIn = Self.actions(
      server, try Self.envelope(), greeting + ["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n", "235 ok\r\n"])
    #expect(
      Self.script(signedIn) == [
        "EHLO haat.example⏎", "AUTH LOGIN⏎", "YXNoYQ==⏎", "c2VjcmV0⏎", "MAIL FROM:<orders@haat.example>⏎",
      ])
    for ways in ["250 a\r\n", "250-a\r\n250 AUTH CRAM-MD5\r\n"] {
      let none = Self.actions(server, try Self.envelope(), ["220 a\r\n", ways])
      #expect(Self.script(none).contains("‹deferred login ›"), "\(ways)")
    }
  }

  @Test func `nothing is said in the clear when encryption is asked for`() throws {
    let server = Self.server(.starttls, user: "asha", password: "secret")
    let hello = "250-a\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"
    // It offers none: an attacker who took it out of the answer gets nothing.
    let stripped = Self.actions(server, try Self.envelope(), ["220 a\r\n", "250-a\r\n250 AUTH PLAIN\r\n"])
    #expect(Self.script(stripped) == ["EHLO haat.example⏎", "‹deferred unencrypted ›", "QUIT⏎"])
    let refused = Self.actions(server, try Self.envelope(), ["220 a\r\n", hello, "454 Not now\r\n"])
    #expect(Self.script(refused).contains("‹deferred unencrypted 454 Not now›"))
    // What was put in behind the go-ahead would be read as if it came encrypted.
    let injected = Self.actions(
      server, try Self.envelope(), ["220 a\r\n", hello, "220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n"])
    #expect(Self.script(injected).suffix(2) == ["‹deferred notSMTP 220 go›", "‹close›"])
    #expect(!injected.contains(.encrypt))
    // What was offered before the encryption counts no more.
    let forgotten = Self.actions(
      server, try Self.envelope(), ["220 a\r\n", hello, "220 go\r\n", "250 a\r\n"])
    #expect(Self.script(forgotten).contains("‹deferred login ›"))
  }

  @Test(arguments: [
    ("RCPT", "550 5.1.1 Nobody here", "‹refused recipient 550 5.1.1 Nobody here›"),
    ("RCPT", "450 4.2.1 Busy", "‹deferred recipient 450 4.2.1 Busy›"),
    ("MAIL", "553 5.7.1 Not you", "‹refused sender 553 5.7.1 Not you›"),
    ("MAIL", "451 Later", "‹deferred sender 451 Later›"),
    ("DATA", "554 No", "‹refused message 554 No›"),
    ("DATA", "250 What?", "‹deferred message 250 What?›"),
    ("end", "452 4.3.1 Full", "‹deferred message 452 4.3.1 Full›"),
    ("end", "552 5.3.4 Too big", "‹refused message 552 5.3.4 Too big›"),
    ("AUTH", "535 5.7.8 Wrong", "‹deferred login 535 5.7.8 Wrong›"),
    ("AUTH", "454 4.7.0 Later", "‹deferred login 454 4.7.0 Later›"),
    ("EHLO", "502 No", "‹deferred turnedAway 502 No›"),
    ("greeting", "554 Go away", "‹deferred turnedAway 554 Go away›"),
  ])
  func `a no is final for the message alone, and a wait for everything else`(
    step: String, reply: String, outcome: String
  ) throws {
    let steps = [
      ("greeting", "220 a"), ("EHLO", "250-a\r\n250 AUTH PLAIN"), ("AUTH", "235 a"), ("MAIL", "250 a"),
      ("RCPT", "250 a"), ("DATA", "354 a"), ("end", "250 a"),
    ]
    let replies = steps.prefix { $0.0 != step }.map { $0.1 + "\r\n" } + [reply + "\r\n", "221 Bye\r\n"]
    let server = Self.server(.tls, user: "asha", password: "secret")
    let script = Self.script(Self.actions(server, try Self.envelope(), replies))
    #expect(script.suffix(3) == [outcome, "QUIT⏎", "‹close›"], "\(script)")
    #expect(script.filter { $0.hasPrefix("‹refused") || $0.hasPrefix("‹deferred") }.count == 1)
  }

  @Test func `a server that goes away, or says that it does, is asked again another time`() throws {
    let replies = ["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n"]
    for count in 0...replies.count {
      for (end, name) in [
        ({ (talk: inout SMTPConversation) in talk.lostConnection() }, "closed"),
        ({ (talk: inout SMTPConversation) in talk.timedOut() }, "noAnswer"),
        ({ (talk: inout SMTPConversation) in talk.failedEncryption() }, "certificate"),
        ({ (talk: inout SMTPConversation) in talk.received(Array("421 Closing\r\n".utf8)) }, "turnedAway 421 Closing"),
        ({ (talk: inout SMTPConversation) in talk.received(Array("HTTP/1.1 400\r\n".utf8)) }, "notSMTP"),
      ] {
        var talk = SMTPConversation(Self.server(), try Self.envelope())
        for reply in replies.prefix(count) { _ = talk.received(Array(reply.utf8)) }
        let script = Self.script(end(&talk)).map { $0.replacing(" ›", with: "›") }
        #expect(script == ["‹deferred \(name)›", "‹close›"], "after \(count)")
        #expect(talk.received(Array("250 a\r\n".utf8)).isEmpty && talk.timedOut().isEmpty)
      }
    }
  }

  @Test func `who stops in the middle lets go, but for a message that is handed over whole`() throws {
    let replies = ["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n"]
    for count in 0...replies.count {
      var talk = SMTPConversation(Self.server(), try Self.envelope())
      for reply in replies.prefix(count) { _ = talk.received(Array(reply.utf8)) }
      let isHandedOver = count == replies.count
      #expect(Self.script(talk.interrupted()) == (isHandedOver ? [] : ["‹deferred interrupted ›", "‹close›"]))
      guard isHandedOver else { continue }
      #expect(talk.patienceSeconds == 600)
      #expect(Self.script(talk.received(Array("250 ok\r\n".utf8))).first == "‹taken 250 ok›")
      // Taken is taken, whatever becomes of the good-bye.
      #expect(talk.timedOut() == [.close])
    }
  }

  @Test func `replies without end, and lines without end, are cut off`() throws {
    let line = "250-" + String(repeating: "x", count: 900) + "\r\n"
    for flood in [
      String(repeating: "2", count: 3_000), String(repeating: line, count: 40), "25\r\n", "250_a\r\n", "\r\n",
    ] {
      var talk = SMTPConversation(Self.server(), try Self.envelope())
      #expect(Self.script(talk.received(Array(flood.utf8))).last == "‹close›", "\(flood.prefix(20))")
    }
    let mixed = Self.actions(Self.server(), try Self.envelope(), ["220-a\r\n250 b\r\n"])
    #expect(Self.script(mixed).first?.hasPrefix("‹deferred notSMTP") == true)
    // Words are kept as one printable line.
    let rude = Self.actions(Self.server(), try Self.envelope(), ["554 no\u{1B}[31m\u{202E}\u{2028}way\r\n"])
    #expect(Self.script(rude).first == "‹deferred turnedAway 554 no[31mway›")
  }

  @Test func `what goes beyond ASCII is sent to servers that take it, and to no others`() throws {
    let hindi = try Self.envelope("दीपक@example.com", message: "To: <दीपक@example.com>\r\n\r\nhi\r\n")
    let eightBit = try Self.envelope(message: "Subject: a\r\n\r\nनमस्ते\r\n")
    let greeting = "220 a\r\n"
    let both = Self.actions(
      Self.server(), hindi, [greeting, "250-a\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n", "250 ok\r\n"])
    #expect(
      Self.script(both).dropFirst() == [
        "MAIL FROM:<orders@haat.example> BODY=8BITMIME SMTPUTF8⏎", "RCPT TO:<दीपक@example.com>⏎",
      ])
    let one = Self.actions(Self.server(), hindi, [greeting, "250-a\r\n250 8BITMIME\r\n"])
    #expect(Self.script(one).contains("‹refused unicode ›"))
    let eight = Self.actions(Self.server(), eightBit, [greeting, "250-a\r\n250 8BITMIME\r\n"])
    #expect(Self.script(eight).last == "MAIL FROM:<orders@haat.example> BODY=8BITMIME⏎")
    #expect(Self.script(Self.actions(Self.server(), eightBit, [greeting, "250 a\r\n"])).contains("‹refused unicode ›"))
    let small = Self.actions(Self.server(), try Self.envelope(), [greeting, "250-a\r\n250 SIZE 41\r\n"])
    #expect(Self.script(small).contains("‹refused size ›"))
    for size in ["42", "0", "", "x"] {
      let fits = Self.actions(Self.server(), try Self.envelope(), [greeting, "250-a\r\n250 SIZE \(size)\r\n"])
      #expect(Self.script(fits).last?.hasPrefix("MAIL") == true, "\(size)")
    }
  }

  /// A trap would end every stream of the process.
  @Test(arguments: Array(UInt64(1)...8))
  func `whatever a server says, the talk ends once, and no password is told in the clear`(seed: UInt64) throws {
    var generator = Noise(state: seed)
    let server = Self.server(.starttls, user: "asha", password: "secret")
    let secret = Array("AGFzaGEAc2VjcmV0".utf8)
    for _ in 0..<400 {
      var talk = SMTPConversation(server, try Self.envelope())
      var (finished, isEncrypted, isClosed) = (0, false, false)
      func look(_ actions: [SMTPConversation.Action]) {
        for action in actions {
          #expect(!isClosed, "nothing comes after the end")
          switch action {
          case .finish: finished += 1
          case .encrypt: isEncrypted = true
          case .close: isClosed = true
          case .send(let bytes): #expect(isEncrypted || !bytes.contains(secret))
          }
        }
      }
      for reply in Self.wholeReplies { look(talk.received(Self.spoiled(Array(reply.utf8), &generator))) }
      look(talk.lostConnection())
      look(talk.timedOut())
      #expect(finished == 1 && isClosed)
    }
  }

  /// One in five has some bytes changed, put in or taken out.
  private static func spoiled(_ reply: [UInt8], _ generator: inout Noise) -> [UInt8] {
    var bytes = reply
    guard UInt8.random(in: 0..<5, using: &generator) == 0 else { return bytes }
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let place = Int.random(in: bytes.indices, using: &generator)
      switch UInt8.random(in: 0..<3, using: &generator) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.insert(contentsOf: "5\r\n250-".utf8.prefix(Int.random(in: 1...6, using: &generator)), at: place)
      default: bytes.removeSubrange(place..<max(place, min(bytes.count - 1, place + 3)))
      }
    }
    return bytes
  }

  @Test func `no address and no message can start a second command`() throws {
    let body = Array("a: b\r\n\r\n".utf8)
    for address in [
      "a@b>\r\nRCPT TO:<c@d", "a@b\r\n", "a\n@b", "a b@c", "<a@b>", "a@b@c", "@b", "a@", "", "a@b\u{85}",
      "a@b\u{2028}c",
      "a@b\u{A0}", "a\u{200B}@b", String(repeating: "a", count: 251) + "@b.c", "\"a\"@b", "a\0@b",
    ] {
      #expect(throws: SMTPEnvelope.Fault.address, "\(address.debugDescription)") {
        try SMTPEnvelope(from: "a@b", to: address, message: body)
      }
      #expect(throws: SMTPEnvelope.Fault.address) { try SMTPEnvelope(from: address, to: "a@b", message: body) }
    }
    for (text, fault) in [
      ("a\nb\r\n", SMTPEnvelope.Fault.lineEnd), ("a\rb\r\n", .lineEnd), ("a\r", .lineEnd), ("a\r\r\n", .lineEnd),
      ("a\0\r\n", .nul), (String(repeating: "x", count: 999) + "\r\n", .lineTooLong),
    ] {
      #expect(throws: fault) { try SMTPEnvelope(from: "a@b", to: "a@b", message: Array(text.utf8)) }
    }
    // The dots that a server takes away again leave what was written, and only the last line is a dot alone.
    for text in [".", "..", ".\r\n", "a\r\n.\r\nb", "\r\n.\r\n.\r\n", "", String(repeating: "x", count: 998)] {
      let sent = try SMTPEnvelope(from: "a@b", to: "a@b", message: Array(text.utf8)).stuffed
      let lines = String(decoding: sent, as: UTF8.self).components(separatedBy: "\r\n")
      #expect(lines.suffix(2) == [".", ""])
      let body = lines.dropLast(2)
      #expect(body.allSatisfy { $0 != "." })
      let read = body.map { $0.hasPrefix(".") ? String($0.dropFirst()) : $0 }.joined(separator: "\r\n")
      #expect(read == text || read + "\r\n" == text, "\(text.debugDescription)")
    }
    let strange = SMTPServer(host: "a", port: 1, security: .none, ownName: "a\r\nMAIL FROM:<x@y>")
    #expect(Self.script(Self.actions(strange, try Self.envelope(), ["220 a\r\n"])) == ["EHLO aMAILFROMxy⏎"])
    let secretive = SMTPServer(host: "mail.test", port: 587, user: "asha", password: "sécret")
    #expect("\(secretive)" == "mail.test:587 (starttls)")
  }
}

/// SplitMix64: the same from the same seed.
private struct Noise: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
