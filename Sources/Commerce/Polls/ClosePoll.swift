import Store

extension Commerce {
  /// Closes a poll now, and puts its result into the timeline. For the channel's owners and hosts. Closed already, nothing
  /// happens.
  @discardableResult
  public func closePoll(
    _ id: ID<Poll>, by caller: Caller, show: ID<Show>, mediaTime: Int64? = nil
  ) async throws -> Poll {
    try await writeAndTell { db in
      let (_, occasion) = try changing(show, by: caller, in: db)
      let poll = try Poll.require(id, of: show, in: db)
      try close(poll, mediaTime: mediaTime, on: occasion, in: db)
      return try Poll.require(id, in: db)
    }
  }

  /// Takes a poll away, open or closed: what it said is forgotten, and those who see it are told to hide it. For the
  /// channel's owners, hosts and moderators. Removed already, nothing happens.
  public func removePoll(_ id: ID<Poll>, by caller: Caller, show: ID<Show>) async throws {
    try await writeAndTell { db in
      let found = try Show.require(show, in: db)
      let account = try Membership.require(.chat, of: found.channel, by: caller, "poll", in: db)
      let poll = try Poll.require(id, of: show, in: db)
      guard poll.state != .removed else { return }
      let at = try houseOccasion(in: show, db).at
      let occasion = Occasion(at: at, entropy: entropy, by: account)
      try db.run(
        """
        UPDATE poll SET state = \(Poll.State.removed), question = '', answers = '[]', has_voices = 0,
          closed_ms = COALESCE(closed_ms, \(at))
        WHERE id = \(id)
        """)
      try db.run("DELETE FROM poll_vote WHERE poll_id = \(id)")
      // Their places in the timeline stay, or the numbers would have a gap.
      let events = [ID<TimelineEvent>(bytes: id.bytes), poll.closing].compactMap(\.self)
      try db.run("UPDATE timeline_event SET payload = '{}' WHERE id IN \(list: events)")
      try Timeline.append(
        show: show, kind: .pollRemoved, mediaTime: nil, payload: ["poll": "\(id)"], on: occasion, in: db)
    }
  }

  /// Closes the polls whose time is over; gives how many. The house's own round.
  @discardableResult
  public func closeDuePolls() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.pollGraceSeconds)
    let due = try await database.read { db in
      try Poll.all("state = 'open' AND ends_ms <= \(before) ORDER BY ends_ms, id", in: db)
    }
    for poll in due {
      try await writeAndTell { db in
        let poll = try Poll.require(poll.id, in: db)
        guard poll.state == .open else { return }
        try close(poll, mediaTime: nil, on: houseOccasion(in: poll.show, db), in: db)
      }
    }
    return due.count
  }

  /// Forgets who voted for what in polls that were closed a day ago; gives how many votes. The sums stay.
  @discardableResult
  public func forgetVoices() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.pollVoiceSeconds)
    let due: SQL = "has_voices = 1 AND state <> 'open' AND closed_ms < \(before)"
    let isDue = try await database.read { db in try db.row("SELECT 1 FROM poll WHERE \(due) LIMIT 1") != nil }
    guard isDue else { return 0 }
    return try await database.write { db in
      let polls = try db.rows(
        "SELECT id FROM poll WHERE \(due) ORDER BY closed_ms LIMIT 20"
      ).map { try $0.get("id", as: ID<Poll>.self) }
      guard !polls.isEmpty else { return 0 }
      try db.run("UPDATE poll SET has_voices = 0 WHERE id IN \(list: polls)")
      return try db.run("DELETE FROM poll_vote WHERE poll_id IN \(list: polls)")
    }
  }

  /// The show is over, and its poll with it.
  func closePoll(of show: ID<Show>, mediaTime: Int64?, on occasion: Occasion, in db: any Connection) throws {
    guard let poll = try Poll.all("show_id = \(show) AND state = 'open'", in: db).first else { return }
    // A little before the end, or no replay would get there.
    let end = try mediaTime ?? Timeline.mediaTime(of: show, at: occasion.at, in: db)
    try close(
      poll, mediaTime: max(poll.openMediaTime, end - Giveaway.beforeEndMilliseconds), on: occasion, in: db)
  }

  private func close(
    _ poll: Poll, mediaTime: Int64?, on occasion: Occasion, in db: any Connection
  ) throws {
    let event = ID<TimelineEvent>(at: occasion.at, entropy: entropy)
    let isFirst = try db.run(
      """
      UPDATE poll SET state = \(Poll.State.closed), closed_ms = \(occasion.at), closing_id = \(event)
      WHERE id = \(poll.id) AND state = 'open'
      """)
    guard isFirst == 1 else { return }
    try Timeline.append(
      show: poll.show, kind: .pollClosed, mediaTime: mediaTime, payload: try poll.result, on: occasion, id: event,
      in: db)
  }
}
