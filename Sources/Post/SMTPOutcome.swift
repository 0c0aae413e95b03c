/// What became of one message.
public enum SMTPOutcome: Sendable, Equatable {
  /// The server has it, and answers for it.
  case taken(words: String)
  /// The server will not have it, however often it is asked.
  case refused(SMTPTrouble, words: String)
  /// Not this time.
  case deferred(SMTPTrouble, words: String)
}

/// Where it went wrong.
public enum SMTPTrouble: String, Sendable, CaseIterable {
  /// The server cannot be connected to.
  case unreachable
  /// It did not answer in time.
  case noAnswer
  /// It ended the connection.
  case closed
  /// What it says is not SMTP.
  case notSMTP
  /// It offers no encryption, which is asked for.
  case unencrypted
  /// Its certificate does not hold, or its TLS cannot be spoken.
  case certificate
  /// It does not take the user or the password, or offers no way of ours to give them.
  case login
  /// It wants nothing from us at all.
  case turnedAway
  /// It does not take mail from this sender.
  case sender
  /// It does not take mail for this recipient.
  case recipient
  /// It cannot take an address, or a text, that goes beyond ASCII.
  case unicode
  /// It takes no message of this size.
  case size
  /// It did not take the message.
  case message
  /// We stopped before it could be handed over.
  case interrupted

  /// Whether every other message would fare the same now: there is no use in trying the next one at once.
  public var isOfServer: Bool {
    switch self {
    case .unreachable, .noAnswer, .closed, .notSMTP, .unencrypted, .certificate, .login, .turnedAway, .interrupted: true
    case .sender, .recipient, .unicode, .size, .message: false
    }
  }
}
