import Store

extension Audit {
  /// Every message has as many reports as it says, and what a log says can be lifted is there.
  mutating func chat(in db: any Connection) throws {
    let counts = try db.requireRow(
      """
      SELECT (SELECT COUNT(*) FROM chat_report) AS reports,
        (SELECT COUNT(*) FROM chat_restriction WHERE lifted_ms IS NULL) AS restrictions
      """)
    note("Chat: \(try counts.number("reports")) reports, \(try counts.number("restrictions")) mutes and bans.")
    try expectNone(
      db.rows(
        """
        SELECT message.id AS id, message.reports AS reports, COALESCE(counted.reports, 0) AS counted FROM message
        LEFT JOIN (SELECT message_id, COUNT(*) AS reports FROM chat_report GROUP BY message_id) counted
          ON counted.message_id = message.id
        WHERE message.reports <> COALESCE(counted.reports, 0)
        """)
    ) { row in
      "message \(try row.name("id")): counts \(try row.number("reports")) reports, and has \(try row.number("counted"))"
    }
    try expectNone(
      db.rows(
        """
        SELECT chat_restriction.id AS id FROM chat_restriction
        LEFT JOIN chat_action ON chat_action.restriction_id = chat_restriction.id
          AND chat_action.kind = chat_restriction.kind
        WHERE chat_action.id IS NULL
        """)
    ) { row in "mute or ban \(try row.name("id")): nobody is known to have made it" }
  }
}
