import Store

extension Commerce {
  /// Takes at most `limit` mails that are due, for its caller alone to send; a caller that dies with them leaves them
  /// to be taken again after `Policy.mailLeaseSeconds`. One that was taken `Policy.mailAttemptsMax` times since it was
  /// last asked for is given up, and so is one that is of no use any more.
  public func takeMail(limit: Int = 20) async throws -> [Mail] {
    let now = clock.now
    let isDue = try await database.read { db in
      try db.row("SELECT 1 FROM mail WHERE state = 'waiting' AND next_ms <= \(now) LIMIT 1") != nil
    }
    guard isDue else { return [] }
    return try await database.write { [policy] db in
      try db.run(
        """
        UPDATE mail SET state = \(Mail.State.failed), is_taken = 0,
          trouble = CASE WHEN trouble = '' THEN 'interrupted' ELSE trouble END
        WHERE state = 'waiting' AND next_ms <= \(now) AND attempts - attempts_before >= \(policy.mailAttemptsMax)
        """)
      try db.run(
        """
        UPDATE mail SET state = \(Mail.State.failed), is_taken = 0, trouble = 'late'
        WHERE state = 'waiting' AND next_ms <= \(now) AND expires_ms <= \(now)
        """)
      let ids = try db.rows(
        "SELECT id FROM mail WHERE state = 'waiting' AND next_ms <= \(now) ORDER BY next_ms, id LIMIT \(limit)"
      ).map { try $0.get("id", as: ID<Mail>.self) }
      guard !ids.isEmpty else { return [] }
      try db.run(
        """
        UPDATE mail SET attempts = attempts + 1, is_taken = 1, next_ms = \(now.adding(seconds: policy.mailLeaseSeconds))
        WHERE id IN \(list: ids)
        """)
      return try db.rows("SELECT \(Mail.columns) FROM mail WHERE id IN \(list: ids) ORDER BY made_ms, id")
        .map(Mail.init)
    }
  }

  /// Notes that it left. What a late sender says of an attempt from before it was asked for again counts no more.
  public func mailSent(_ mail: Mail, by way: Mail.Way) async throws {
    let now = clock.now
    try await database.write { db in
      _ = try db.run(
        """
        UPDATE mail SET state = \(Mail.State.sent), sent_ms = \(now), way = \(way), is_taken = 0, trouble = '',
          failure = ''
        WHERE id = \(mail.id) AND state <> 'sent' AND attempts_before < \(mail.attempts)
        """)
    }
  }

  /// Notes that it could not leave. It is tried again after a minute, then after twice as long each time up to
  /// `Policy.mailBackoffSecondsMax`, unless `isFinal` or it was tried `Policy.mailAttemptsMax` times.
  ///
  /// - Parameters:
  ///   - trouble: a word for what went wrong, of at most 40 characters.
  ///   - words: what the server said to it, cut at 300 characters.
  public func mailFailed(_ mail: Mail, _ trouble: String, words: String = "", isFinal: Bool = false) async throws {
    let attempts = mail.attempts - mail.attemptsBefore
    let isOver = isFinal || attempts >= policy.mailAttemptsMax
    let next = clock.now.adding(seconds: policy.mailBackoffSeconds(after: attempts))
    try await database.write { db in
      // Only the attempt that holds it: another may have taken it since.
      _ = try db.run(
        """
        UPDATE mail SET state = \(isOver ? Mail.State.failed : .waiting), is_taken = 0, next_ms = \(next),
          trouble = \(String(trouble.prefix(40))), failure = \(String(words.prefix(300)))
        WHERE id = \(mail.id) AND state = 'waiting' AND attempts = \(mail.attempts)
        """)
    }
  }

  /// Deletes mail that was queued more than `Policy.mailDays` ago; gives how many.
  public func forgetOldMail() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.mailDays * 86_400)
    var forgotten = 0
    while true {
      let batch = try await database.write { db in
        try db.run(
          """
          DELETE FROM mail WHERE id IN
            (SELECT id FROM mail WHERE made_ms < \(before) ORDER BY made_ms LIMIT 1000)
          """)
      }
      forgotten += batch
      if batch < 1000 { return forgotten }
    }
  }
}

extension Policy {
  /// 60 seconds, doubled with each attempt, and bounded.
  func mailBackoffSeconds(after attempts: Int64) -> Int64 {
    let doublings = min(max(attempts - 1, 0), 20)
    return min(60 << doublings, mailBackoffSecondsMax)
  }
}
