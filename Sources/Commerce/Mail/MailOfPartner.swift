import Store

extension Mail {
  /// Queues one for each of a partner's people, in the transaction of what it tells of. The same again changes nothing.
  static func queue(
    _ kind: Kind, of partner: ID<Partner>, because cause: [UInt8], at now: Moment, in db: any Connection
  ) throws {
    let chosen: String = try db.requireRow("SELECT language FROM partner WHERE id = \(partner)").get("language")
    let language = chosen.isEmpty ? "en" : chosen
    for person in try db.rows(
      """
      SELECT account.id AS id, account.email AS email
      FROM partner_member people JOIN account ON account.id = people.account_id
      WHERE people.partner_id = \(partner) ORDER BY account.id
      """)
    {
      let account: ID<Account> = try person.get("id")
      try db.run(
        """
        INSERT INTO mail (id, kind, order_id, channel_id, partner_id, cause_id, recipient, language, state, attempts,
          next_ms, failure, made_ms, sent_ms)
        VALUES (\(try id(kind, because: cause + partner.bytes + account.bytes)), \(kind), NULL, NULL, \(partner),
          \(cause), \(try person.get("email", as: String.self)), \(language), \(State.waiting), 0, \(now), '',
          \(now), NULL)
        ON CONFLICT (id) DO NOTHING
        """)
    }
  }

  /// What a partnership became and when; the cause of a mail that says so.
  static func cause(_ state: Partner.State, at now: Moment) -> [UInt8] {
    Array("\(state.rawValue) \(now.milliseconds)".utf8)
  }

  /// What the partnership became; nil for mails of anything else.
  var partnerState: Partner.State? {
    guard kind == .partnership else { return nil }
    return String(decoding: cause, as: UTF8.self).split(separator: " ").first.map(String.init)
      .flatMap(Partner.State.init)
  }
}
