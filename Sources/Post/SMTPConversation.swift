internal import Foundation

/// The client's half of handing over one message (RFC 5321): takes bytes, says what to do. Pure, so that a transcript of
/// any server is a test.
///
/// Nothing is said in the clear when encryption is asked for, and nobody is told a password without it. A reply that was
/// not asked for ends the talk: it could be somebody else's, put in before the encryption began.
struct SMTPConversation {
  enum Action: Equatable {
    case send([UInt8])
    /// Encrypt everything from here on.
    case encrypt
    /// Said once.
    case finish(SMTPOutcome)
    /// Close, after everything sent is written.
    case close
  }

  private enum State: Equatable {
    case awaitingGreeting, awaitingHello, awaitingEncryption
    case awaitingPlain, awaitingUserPrompt, awaitingPasswordPrompt, awaitingLogin
    case awaitingSender, awaitingRecipient, awaitingData, awaitingTaken
    case awaitingGoodbye, closed
  }

  private let server: SMTPServer
  private let envelope: SMTPEnvelope
  private var state = State.awaitingGreeting
  private var isEncrypted: Bool
  private var hasFinished = false
  private var reader = SMTPReplyReader()
  /// Keywords the server offers, in capitals, with what stands after them.
  private var offers: [String: String] = [:]

  init(_ server: SMTPServer, _ envelope: SMTPEnvelope) {
    self.server = server
    self.envelope = envelope
    isEncrypted = server.security == .tls
  }

  /// How long the server has to answer, from now.
  var patienceSeconds: Int64 {
    switch state {
    case .awaitingTaken: server.limits.takenSeconds
    case .awaitingGoodbye: min(5, server.limits.answerSeconds)
    default: server.limits.answerSeconds
    }
  }

  mutating func received(_ bytes: some Sequence<UInt8>) -> [Action] {
    guard state != .closed else { return [] }
    reader.append(bytes)
    let reply: SMTPReply?
    do throws(SMTPReplyReader.Fault) { reply = try reader.next() } catch { return fail(.notSMTP, "") }
    guard let reply else { return [] }
    guard reader.isEmpty || state == .awaitingGoodbye else { return fail(.notSMTP, reply.words) }
    return receivedReply(reply)
  }

  /// The answer did not come within `patienceSeconds`.
  mutating func timedOut() -> [Action] { fail(.noAnswer, "") }

  mutating func lostConnection() -> [Action] { fail(.closed, "") }

  mutating func failedEncryption() -> [Action] { fail(.certificate, "") }

  /// We have to stop. What has been handed over whole stays open for its answer.
  mutating func interrupted() -> [Action] { state == .awaitingTaken ? [] : fail(.interrupted, "") }

  private mutating func receivedReply(_ reply: SMTPReply) -> [Action] {
    // The server is about to close, whatever was asked (RFC 5321 §3.8).
    if reply.code == 421, state != .awaitingGoodbye { return fail(.turnedAway, reply.words) }
    switch state {
    case .awaitingGreeting:
      // A server that wants nothing to do with us is a matter of settings, not of this message: it waits.
      return reply.code == 220 ? hello() : quit(.deferred(.turnedAway, words: reply.words))
    case .awaitingHello: return receivedHello(reply)
    case .awaitingEncryption:
      guard reply.code == 220 else { return quit(.deferred(.unencrypted, words: reply.words)) }
      isEncrypted = true
      offers = [:]
      return [.encrypt] + hello()
    case .awaitingPlain, .awaitingLogin:
      return reply.code == 235 ? sender() : quit(.deferred(.login, words: reply.words))
    case .awaitingUserPrompt:
      guard reply.code == 334 else { return quit(.deferred(.login, words: reply.words)) }
      return say(Self.base64(server.user), then: .awaitingPasswordPrompt)
    case .awaitingPasswordPrompt:
      guard reply.code == 334 else { return quit(.deferred(.login, words: reply.words)) }
      return say(Self.base64(server.password), then: .awaitingLogin)
    case .awaitingSender:
      guard reply.isPositive else { return quit(refusal(.sender, reply)) }
      return say("RCPT TO:<\(envelope.recipient)>", then: .awaitingRecipient)
    case .awaitingRecipient:
      guard reply.isPositive else { return quit(refusal(.recipient, reply)) }
      return say("DATA", then: .awaitingData)
    case .awaitingData:
      guard reply.code == 354 else { return quit(refusal(.message, reply)) }
      state = .awaitingTaken
      return [.send(envelope.stuffed)]
    case .awaitingTaken:
      return quit(reply.isPositive ? .taken(words: reply.words) : refusal(.message, reply))
    case .awaitingGoodbye:
      state = .closed
      return [.close]
    case .closed: return []
    }
  }

  private mutating func receivedHello(_ reply: SMTPReply) -> [Action] {
    guard reply.code == 250 else { return quit(.deferred(.turnedAway, words: reply.words)) }
    offers = [:]
    for line in reply.lines.dropFirst() {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard let keyword = parts.first else { continue }
      offers[keyword.uppercased()] = parts.count == 2 ? parts[1].uppercased() : ""
    }
    if server.security == .starttls, !isEncrypted {
      guard offers["STARTTLS"] != nil else { return quit(.deferred(.unencrypted, words: "")) }
      return say("STARTTLS", then: .awaitingEncryption)
    }
    guard !server.user.isEmpty else { return sender() }
    let ways = Set((offers["AUTH"] ?? "").split(separator: " "))
    if ways.contains("PLAIN") {
      // RFC 4616: no other identity, user, password.
      return say("AUTH PLAIN " + Self.base64("\0\(server.user)\0\(server.password)"), then: .awaitingPlain)
    }
    if ways.contains("LOGIN") { return say("AUTH LOGIN", then: .awaitingUserPrompt) }
    return quit(.deferred(.login, words: ""))
  }

  private mutating func hello() -> [Action] { say("EHLO \(Self.domain(server.ownName))", then: .awaitingHello) }

  private mutating func sender() -> [Action] {
    let message = envelope.message.count
    // A maximum of 0 is none (RFC 1870 §4).
    if let most = offers["SIZE"].flatMap({ Int($0) }), most > 0, message > most {
      return quit(.refused(.size, words: ""))
    }
    var line = "MAIL FROM:<\(envelope.sender)>"
    if envelope.isEightBit || envelope.needsUTF8 {
      guard offers["8BITMIME"] != nil else { return quit(.refused(.unicode, words: "")) }
      line += " BODY=8BITMIME"
    }
    if envelope.needsUTF8 {
      guard offers["SMTPUTF8"] != nil else { return quit(.refused(.unicode, words: "")) }
      line += " SMTPUTF8"
    }
    if offers["SIZE"] != nil { line += " SIZE=\(message)" }
    return say(line, then: .awaitingSender)
  }

  private func refusal(_ trouble: SMTPTrouble, _ reply: SMTPReply) -> SMTPOutcome {
    reply.isPermanent ? .refused(trouble, words: reply.words) : .deferred(trouble, words: reply.words)
  }

  private mutating func say(_ line: String, then next: State) -> [Action] {
    state = next
    return [.send(Array(line.utf8) + [13, 10])]
  }

  private mutating func quit(_ outcome: SMTPOutcome) -> [Action] {
    hasFinished = true
    return [.finish(outcome)] + say("QUIT", then: .awaitingGoodbye)
  }

  private mutating func fail(_ trouble: SMTPTrouble, _ words: String) -> [Action] {
    guard state != .closed else { return [] }
    state = .closed
    if hasFinished { return [.close] }
    hasFinished = true
    return [.finish(.deferred(trouble, words: words)), .close]
  }

  private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  /// What may stand in EHLO: letters, digits, dots and hyphens.
  private static func domain(_ name: String) -> String {
    let plain = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }
    return plain.isEmpty ? "localhost" : String(plain.prefix(255))
  }
}
