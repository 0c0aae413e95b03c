import Store

extension Mail {
  /// Queues one for each owner of a channel about what was decided, in the transaction of the decision.
  static func queue(
    _ event: ID<AdmissionEvent>, of channel: ID<Channel>, at now: Moment, in db: any Connection
  ) throws {
    try queue(.admission, of: channel, because: event.bytes, at: now, in: db)
  }

  /// Queues one for each owner of a channel, and for those who pack its orders when it is a `request`, in the
  /// transaction of what it tells of. The same again changes nothing.
  static func queue(
    _ kind: Kind, of channel: ID<Channel>, because cause: [UInt8], at now: Moment, in db: any Connection
  ) throws {
    let row = try db.requireRow(
      """
      SELECT channel.language AS language, COALESCE(market.languages, '') AS languages
      FROM channel LEFT JOIN market ON market.code = channel.market WHERE channel.id = \(channel)
      """)
    let chosen: String = try row.get("language")
    let first = try row.get("languages", as: String.self).split(separator: ",").first.map(String.init)
    let language = chosen.isEmpty ? first ?? "en" : chosen
    let roles = kind == .request ? ["owner", "fulfilment"] : ["owner"]
    for person in try db.rows(
      """
      SELECT account.id AS id, account.email AS email FROM member JOIN account ON account.id = member.account_id
      WHERE member.channel_id = \(channel) AND member.role IN \(list: roles) ORDER BY account.id
      """)
    {
      let account: ID<Account> = try person.get("id")
      try db.run(
        """
        INSERT INTO mail (id, kind, order_id, channel_id, cause_id, recipient, language, state, attempts, next_ms,
          failure, made_ms, sent_ms)
        VALUES (\(try id(kind, because: cause + channel.bytes + account.bytes)), \(kind), NULL, \(channel),
          \(cause), \(try person.get("email", as: String.self)), \(language), \(State.waiting), 0, \(now), '',
          \(now), NULL)
        ON CONFLICT (id) DO NOTHING
        """)
    }
  }
}
