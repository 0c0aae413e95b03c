import Store

extension Mail {
  /// Queues one for each owner of a channel about what was decided, in the transaction of the decision.
  static func queue(
    _ event: ID<AdmissionEvent>, of channel: ID<Channel>, at now: Moment, in db: any Connection
  ) throws {
    let row = try db.requireRow(
      """
      SELECT channel.language AS language, COALESCE(market.languages, '') AS languages
      FROM channel LEFT JOIN market ON market.code = channel.market WHERE channel.id = \(channel)
      """)
    let chosen: String = try row.get("language")
    let first = try row.get("languages", as: String.self).split(separator: ",").first.map(String.init)
    let language = chosen.isEmpty ? first ?? "en" : chosen
    for owner in try db.rows(
      """
      SELECT account.id AS id, account.email AS email FROM member JOIN account ON account.id = member.account_id
      WHERE member.channel_id = \(channel) AND member.role = 'owner' ORDER BY account.id
      """)
    {
      let account: ID<Account> = try owner.get("id")
      try db.run(
        """
        INSERT INTO mail (id, kind, order_id, channel_id, cause_id, recipient, language, state, attempts, next_ms,
          failure, made_ms, sent_ms)
        VALUES (\(try id(.admission, because: event.bytes + account.bytes)), \(Kind.admission), NULL, \(channel),
          \(event.bytes), \(try owner.get("email", as: String.self)), \(language), \(State.waiting), 0, \(now), '',
          \(now), NULL)
        ON CONFLICT (id) DO NOTHING
        """)
    }
  }
}
