import Store

extension Commerce {
  /// Queues what is due to be told of shows, to some of those who asked at a time; gives how many were told. What was
  /// queued is noted in the same transaction: whatever crashes, everyone is told once.
  @discardableResult
  public func advanceReminders(batch: Int = 200) async throws -> Int {
    let now = clock.now
    let ahead = policy.reminderAheadSeconds
    let due = try await database.read { db in
      (
        soon: try ShowNotice.unposted(ahead: ahead, at: now, in: db),
        notices: try ShowNotice.due(at: now, in: db)
      )
    }
    var told = 0
    if !due.soon.isEmpty {
      try await database.write { db in
        for show in try due.soon.compactMap({ try Show.find($0, in: db) }) where show.state == .scheduled {
          try ShowNotice.soon(show, at: now, in: db)
        }
      }
    }
    let notices = due.soon.isEmpty ? due.notices : try await database.read { try ShowNotice.due(at: now, in: $0) }
    for notice in notices {
      while true {
        let step = try await database.write { [policy] db in
          try ShowNotice.tell(notice, atMost: batch, ahead: policy.reminderAheadSeconds, at: clock.now, in: db)
        }
        told += step.told
        if step.isOver { break }
      }
    }
    return told
  }

  /// Deletes reminders of shows that are over, those that nobody confirmed, recipients with nothing left, and what was
  /// told long ago; gives how many.
  public func forgetReminders() async throws -> Int {
    let now = clock.now
    let (over, old) = (now.adding(seconds: -86_400), now.adding(seconds: -policy.mailDays * 86_400))
    let unconfirmed = now.adding(seconds: -policy.reminderConfirmHours * 3600)
    return try await database.write { db in
      let reminders = try db.run(
        """
        DELETE FROM reminder WHERE id IN (
          SELECT reminder.id FROM reminder JOIN show ON show.id = reminder.show_id
          WHERE show.state = 'ended' AND show.ended_ms < \(over) ORDER BY reminder.id LIMIT 1000)
        """)
      let lapsed = try db.run(
        """
        DELETE FROM reminder WHERE id IN (
          SELECT id FROM reminder WHERE is_on = 0 AND since_ms < \(unconfirmed) ORDER BY since_ms, id LIMIT 1000)
        """)
      // Whoever wants nothing more is remembered, or they would be asked again.
      let recipients = try db.run(
        """
        DELETE FROM recipient WHERE id IN (
          SELECT recipient.id FROM recipient
          WHERE recipient.created_ms < \(old) AND recipient.blocked_ms IS NULL
            AND NOT EXISTS (SELECT 1 FROM reminder WHERE reminder.recipient_id = recipient.id)
            AND NOT EXISTS (
              SELECT 1 FROM follow
              WHERE follow.account_id = recipient.account_id AND (follow.mail_live = 1 OR follow.push_live = 1))
          ORDER BY recipient.created_ms, recipient.id LIMIT 1000)
        """)
      let notices = try db.run(
        """
        DELETE FROM show_notice WHERE id IN (
          SELECT id FROM show_notice WHERE made_ms < \(old) AND stage = 'told' ORDER BY made_ms, id LIMIT 1000)
        """)
      return reminders + lapsed + recipients + notices
    }
  }
}

extension ShowNotice {
  /// Shows that begin within `ahead` seconds and of which that was not told yet. A start that was set so late is told as
  /// such alone.
  fileprivate static func unposted(ahead: Int64, at now: Moment, in db: any Connection) throws -> [ID<Show>] {
    try db.rows(
      """
      SELECT show.id FROM show
      WHERE show.state = 'scheduled' AND show.scheduled_ms > \(now)
        AND show.scheduled_ms <= \(now.adding(seconds: ahead))
        AND EXISTS (SELECT 1 FROM reminder WHERE reminder.show_id = show.id AND reminder.is_on = 1)
        AND NOT EXISTS (
          SELECT 1 FROM show_notice
          WHERE show_notice.show_id = show.id AND show_notice.start_ms = show.scheduled_ms
            AND (show_notice.kind = 'soon'
              OR show_notice.kind = 'moved' AND show_notice.made_ms > show.scheduled_ms - \(ahead * 1000)))
      ORDER BY show.scheduled_ms, show.id LIMIT 50
      """
    ).map { try $0.get("id") }
  }

  fileprivate static func due(at now: Moment, in db: any Connection) throws -> [ID<ShowNotice>] {
    try db.rows(
      "SELECT id FROM show_notice WHERE stage <> 'told' AND due_ms <= \(now) ORDER BY due_ms, id LIMIT 20"
    ).map { try $0.get("id") }
  }

  /// Tells it to at most so many more.
  fileprivate static func tell(
    _ id: ID<ShowNotice>, atMost limit: Int, ahead: Int64, at now: Moment, in db: any Connection
  ) throws -> (told: Int, isOver: Bool) {
    guard let notice = try find(id, in: db), notice.stage != .told else { return (0, true) }
    guard let show = try Show.find(notice.show, in: db), notice.holds(of: show, at: now),
      try Channel.find(show.channel, in: db)?.state == .approved
    else {
      try notice.go(to: .told, after: [], in: db)
      return (0, true)
    }
    switch notice.stage {
    case .told: return (0, true)
    case .reminders:
      let recipients = try notice.reminded(atMost: limit, ahead: ahead, in: db)
      try notice.queue(recipients, of: show, at: now, in: db)
      if notice.kind == .moved {
        try db.run(
          """
          UPDATE reminder SET start_ms = \(notice.start)
          WHERE show_id = \(show.id) AND recipient_id IN \(list: recipients.map(\.id))
          """)
      }
      guard recipients.count == limit, let last = recipients.last else {
        let isOver = notice.kind != .live
        try notice.go(to: isOver ? .told : .followers, after: [], in: db)
        return (recipients.count, isOver)
      }
      try notice.go(to: .reminders, after: last.id.bytes, in: db)
      return (recipients.count, false)
    case .followers:
      let accounts = try notice.following(show.channel, atMost: limit, in: db)
      let recipients = try notice.recipients(of: accounts, following: show.channel, in: db)
      try notice.queue(recipients, of: show, at: now, in: db)
      let isOver = accounts.count < limit
      try notice.go(to: isOver ? .told : .followers, after: accounts.last?.bytes ?? [], in: db)
      return (recipients.count, isOver)
    }
  }

  private func go(to stage: Stage, after: [UInt8], in db: any Connection) throws {
    try db.run("UPDATE show_notice SET stage = \(stage), after_id = \(after) WHERE id = \(id)")
  }

  /// Who asked to be reminded and does not know it yet, by their ids.
  private func reminded(atMost limit: Int, ahead: Int64, in db: any Connection) throws -> [Recipient] {
    let which: SQL =
      switch kind {
      // Who asked within those last minutes knows.
      case .soon: "AND reminder.since_ms <= \(start.adding(seconds: -ahead))"
      case .moved: "AND reminder.start_ms <> \(start)"
      case .live, .calledOff: ""
      }
    return try db.rows(
      """
      SELECT \(Recipient.columns) FROM \(Reminder.tables)
      WHERE reminder.show_id = \(show) AND reminder.is_on = 1 \(which) AND reminder.recipient_id > \(after)
      ORDER BY reminder.recipient_id LIMIT \(limit)
      """
    ).map(Recipient.init)
  }

  /// Accounts that follow the channel and want to be told.
  private func following(
    _ channel: ID<Channel>, atMost limit: Int, in db: any Connection
  ) throws -> [ID<Account>] {
    try db.rows(
      """
      SELECT account_id FROM follow
      WHERE channel_id = \(channel) AND (mail_live = 1 OR push_live = 1) AND account_id > \(after)
      ORDER BY account_id LIMIT \(limit)
      """
    ).map { try $0.get("account_id") }
  }

  private func recipients(
    of accounts: [ID<Account>], following channel: ID<Channel>, in db: any Connection
  ) throws -> [Recipient] {
    guard !accounts.isEmpty else { return [] }
    return try db.rows(
      """
      SELECT \(Recipient.columns) FROM recipient JOIN follow ON follow.account_id = recipient.account_id
      WHERE follow.channel_id = \(channel) AND recipient.account_id IN \(list: accounts)
        AND (recipient.way = 'mail' AND follow.mail_live = 1 AND recipient.confirmed_ms IS NOT NULL
          OR recipient.way = 'push' AND follow.push_live = 1)
      ORDER BY recipient.id
      """
    ).map(Recipient.init)
  }

  private func queue(_ recipients: [Recipient], of show: Show, at now: Moment, in db: any Connection) throws {
    let turn =
      switch kind {
      case .soon: "\(start.milliseconds)"
      // It may come back to a start that was told before.
      case .moved: "\(id)"
      case .live, .calledOff: ""
      }
    for recipient in recipients {
      switch recipient.way {
      case .mail:
        try Mail.queue(
          kind.mail, of: show, to: recipient, turn: turn, until: kind == .live ? until.adding(seconds: 1800) : until,
          at: now, in: db)
      case .push: try PushMessage.queue(kind, of: show, to: recipient, turn: turn, until: until, at: now, in: db)
      }
    }
  }
}

extension ShowNotice.Kind {
  var mail: Mail.Kind {
    switch self {
    case .soon: .reminderSoon
    case .live: .reminderLive
    case .moved: .reminderMoved
    case .calledOff: .reminderCalledOff
    }
  }
}
