import Store

extension Audit {
  /// Every answer has as many votes as were given for it, as long as that is known; every poll is in its show's timeline,
  /// with its result once it is closed; nothing is left of what was removed.
  mutating func polls(in db: any Connection) throws {
    let count = try db.requireRow("SELECT COUNT(*) AS polls FROM poll WHERE state <> 'removed'").number("polls")
    note("Polls: \(count).")
    try expectNone(
      db.rows(
        """
        SELECT answer.poll_id AS id, answer.position AS position, answer.votes AS votes,
          (SELECT COUNT(*) FROM poll_vote WHERE poll_vote.poll_id = answer.poll_id
            AND poll_vote.position = answer.position) AS counted
        FROM poll_answer answer JOIN poll ON poll.id = answer.poll_id
        WHERE poll.has_voices = 1 AND answer.votes <> (SELECT COUNT(*) FROM poll_vote
          WHERE poll_vote.poll_id = answer.poll_id AND poll_vote.position = answer.position)
        """)
    ) { row in
      """
      poll \(try row.name("id")): answer \(try row.number("position")) has \(try row.number("votes")) votes, but \
      \(try row.number("counted")) were given
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT DISTINCT poll_vote.poll_id AS id FROM poll_vote
        LEFT JOIN poll_answer ON poll_answer.poll_id = poll_vote.poll_id AND poll_answer.position = poll_vote.position
        JOIN poll ON poll.id = poll_vote.poll_id
        WHERE poll_answer.poll_id IS NULL OR poll.has_voices = 0
        """)
    ) { row in "poll \(try row.name("id")): has votes for no answer, or that were forgotten" }
    for poll in try Poll.all("state <> 'removed' ORDER BY id", in: db) {
      let events = try db.rows(
        "SELECT kind, payload FROM timeline_event WHERE id IN \(list: [poll.id.bytes] + [poll.closing?.bytes].compactMap(\.self))"
      )
      let kinds = try Set(events.map { try $0.get("kind", as: TimelineEvent.Kind.self) })
      let isOpen = poll.state == .open
      if kinds != (isOpen ? [.pollOpened] : [.pollOpened, .pollClosed]) {
        differ("poll \(poll.id): is \(poll.state.rawValue), and its timeline does not say so")
      }
      if poll.answers.count != poll.votes.count { differ("poll \(poll.id): has answers that cannot be voted for") }
      if isOpen != (poll.closed == nil) { differ("poll \(poll.id): is \(poll.state.rawValue) and was closed or not") }
      let told = try events.first { try $0.get("kind", as: TimelineEvent.Kind.self) == .pollClosed }
      if let told, try told.get("payload", as: String.self) != Timeline.text(of: poll.result) {
        differ("poll \(poll.id): its timeline tells another result")
      }
    }
    try expectNone(
      db.rows(
        """
        SELECT poll.id AS id FROM poll JOIN show ON show.id = poll.show_id
        WHERE poll.state = 'open' AND show.state <> 'live'
          OR poll.state = 'removed' AND (poll.question <> '' OR poll.has_voices = 1 OR EXISTS (
            SELECT 1 FROM timeline_event WHERE timeline_event.id IN (poll.id, poll.closing_id)
              AND timeline_event.payload <> '{}'))
        """)
    ) { row in "poll \(try row.name("id")): is open in a show that is not on air, or removed and not forgotten" }
  }
}
