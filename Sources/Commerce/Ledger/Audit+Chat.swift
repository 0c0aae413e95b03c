import Store

extension Audit {
  /// Every message has as many reports as it says, what a log says can be lifted is there, and of what was
  /// removed nothing is left above a chat, among its questions or in what others answered.
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
    try expectNone(
      db.rows(
        """
        SELECT message.id AS id FROM message
        WHERE message.removed_ms IS NOT NULL AND (message.question IS NOT NULL OR message.body <> ''
          OR EXISTS (SELECT 1 FROM message AS reply WHERE reply.reply_to = message.id))
        """)
    ) { row in "message \(try row.name("id")): was removed, and something is left of it" }
    try expectNone(
      db.rows(
        """
        SELECT message.id AS id FROM message LEFT JOIN message AS original
          ON original.id = message.reply_to AND original.show_id = message.show_id
        WHERE message.reply_to IS NOT NULL AND original.id IS NULL
        """)
    ) { row in "message \(try row.name("id")): answers what was not said in its show" }
    try expectNone(
      db.rows(
        """
        SELECT timeline_event.id AS id FROM timeline_event JOIN message ON message.id = timeline_event.id
        WHERE timeline_event.kind = 'message' AND message.reply_to IS NULL
          AND timeline_event.payload LIKE '%"quoteText":%'
        """)
    ) { row in "message \(try row.name("id")): quotes what it does not answer" }
    try expectNone(
      db.rows(
        """
        SELECT chat_pin.id AS id FROM chat_pin LEFT JOIN message ON message.id = chat_pin.message_id
          AND message.show_id = chat_pin.show_id AND message.removed_ms IS NULL AND message.question IS NOT NULL
        WHERE chat_pin.unpinned_ms IS NULL AND message.id IS NULL
        """)
    ) { row in "pin \(try row.name("id")): what is above the chat is no question of its show" }
    try expectNone(
      db.rows(
        """
        SELECT chat_pin.id AS id FROM chat_pin LEFT JOIN timeline_event ON timeline_event.id = chat_pin.id
          AND timeline_event.show_id = chat_pin.show_id AND timeline_event.kind = 'question_pinned'
        WHERE timeline_event.id IS NULL
        """)
    ) { row in "pin \(try row.name("id")): nobody was told of it" }
  }
}
