import Store

extension Commerce {
  /// Queues a mail that left, or was given up, once more; for members of its channel who deal with orders, and the
  /// operator. One that waits for its next attempt is tried now; one that is being sent is left alone.
  ///
  /// - Parameter seen: the `Mail.attempts` that the caller saw. When there were more since, nothing is done: who presses
  ///   a button twice sends one mail.
  /// - Throws: `SendMailAgainRefusal.tooOften` after `Policy.mailRepeatsMax` times.
  public func sendMailAgain(_ id: ID<Mail>, by caller: Caller, seen: Int64? = nil) async throws -> MailRecord {
    let now = clock.now
    try await database.write { [policy] db in
      let mail = try Mail.require(id, by: caller, in: db)
      guard seen == nil || seen == mail.attempts else { return }
      if mail.state == .waiting {
        try db.run(
          """
          UPDATE mail SET next_ms = \(now)
          WHERE id = \(id) AND state = 'waiting' AND is_taken = 0 AND next_ms > \(now)
          """)
        return
      }
      guard mail.repeats < policy.mailRepeatsMax else {
        throw SendMailAgainRefusal.tooOften(limit: policy.mailRepeatsMax)
      }
      try db.run(
        """
        UPDATE mail SET state = \(Mail.State.waiting), next_ms = \(now), is_taken = 0, attempts_before = attempts,
          repeats = repeats + 1, trouble = '', failure = ''
        WHERE id = \(id) AND state <> 'waiting' AND attempts = \(mail.attempts)
        """)
    }
    return try await mail(id, by: caller)
  }
}

/// Why a mail is not sent once more.
public enum SendMailAgainRefusal: Refusal, Equatable {
  case tooOften(limit: Int64)

  public var code: String { "mail_sent_often" }

  public var sentence: String {
    switch self {
    case .tooOften(let limit): "This mail was sent again \(limit) times already. Write to the buyer yourself."
    }
  }

  public var kind: RefusalKind { .conflict }
}
