import Store

extension Audit {
  /// What may be sold where is what was last decided, each day's count is that of its orders, and no history has a gap.
  mutating func admission(in db: any Connection) throws {
    let row = try db.requireRow(
      """
      SELECT (SELECT COUNT(*) FROM admission_event) AS events,
        (SELECT COUNT(*) FROM review WHERE decided_ms IS NULL) AS waiting,
        (SELECT COUNT(*) FROM invitation) AS invitations
      """)
    note(
      """
      Admission: \(try row.number("events")) decisions and requests, \(try row.number("waiting")) waiting, \
      \(try row.number("invitations")) invitations.
      """)
    try permissions(in: db)
    try quotas(in: db)
    try expectNone(
      db.rows(
        """
        SELECT invitation.id AS id, invitation.uses AS uses, COUNT(used.channel_id) AS used
        FROM invitation LEFT JOIN invitation_use used ON used.invitation_id = invitation.id
        GROUP BY invitation.id, invitation.uses, invitation.uses_max
        HAVING invitation.uses <> COUNT(used.channel_id) OR invitation.uses > invitation.uses_max
        """)
    ) { row in
      "invitation \(try row.name("id")): counts \(try row.number("uses")) uses, but \(try row.number("used")) came by it"
    }
  }

  private mutating func permissions(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT channel_id AS id, COUNT(*) AS events, MAX(place) AS last FROM admission_event
        GROUP BY channel_id HAVING COUNT(*) <> MAX(place) OR MIN(place) <> 1
        """)
    ) { row in
      "channel \(try row.name("id")): its history has \(try row.number("events")) of \(try row.number("last")) entries"
    }
    // Of those from before there was a history, nothing is known but the state.
    try expectNone(
      db.rows(
        """
        SELECT event.channel_id AS id, event.market AS market, event.kind AS kind
        FROM admission_event event
        LEFT JOIN channel_market ON channel_market.channel_id = event.channel_id AND channel_market.market = event.market
        WHERE event.market <> '' AND event.place = (
          SELECT MAX(later.place) FROM admission_event later
          WHERE later.channel_id = event.channel_id AND later.market = event.market
            AND later.kind IN ('applied', 'approved', 'refused'))
          AND COALESCE(channel_market.state, '') <> event.kind
        """)
    ) { row in
      """
      channel \(try row.name("id")): was last \(try row.get("kind", as: String.self)) in \
      \(try row.get("market", as: String.self)), and is not
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT event.channel_id AS id, event.kind AS kind, channel.state AS state
        FROM admission_event event JOIN channel ON channel.id = event.channel_id
        WHERE event.place = (
          SELECT MAX(later.place) FROM admission_event later
          WHERE later.channel_id = event.channel_id AND later.kind IN ('suspended', 'lifted'))
          AND (event.kind = 'suspended') <> (channel.state = 'suspended')
        """)
    ) { row in
      """
      channel \(try row.name("id")): was last \(try row.get("kind", as: String.self)), and is \
      \(try row.get("state", as: String.self))
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT channel_market.channel_id AS id, channel_market.market AS market FROM channel_market
        WHERE channel_market.state = 'applied' AND NOT EXISTS (
          SELECT 1 FROM review WHERE review.channel_id = channel_market.channel_id
            AND review.market = channel_market.market AND review.kind = 'application' AND review.decided_ms IS NULL)
        """)
    ) { row in
      "channel \(try row.name("id")): waits in \(try row.get("market", as: String.self)), and in no queue"
    }
  }

  private mutating func quotas(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT channel.id AS id, channel.tier AS tier FROM channel JOIN tier ON tier.level = channel.tier
        WHERE COALESCE(channel.daily_orders_max, -1) <> COALESCE(tier.daily_orders_max, -1)
        """)
    ) { row in "channel \(try row.name("id")): has another daily limit than its tier \(try row.number("tier"))" }
    try expectNone(
      db.rows(
        """
        SELECT daily.channel_id AS id, daily.day AS day, daily.orders AS orders, COALESCE(found.orders, 0) AS found
        FROM daily_orders daily
        LEFT JOIN (
          SELECT channel_id, quota_day, COUNT(*) AS orders FROM orders WHERE quota_day IS NOT NULL
          GROUP BY channel_id, quota_day
        ) found ON found.channel_id = daily.channel_id AND found.quota_day = daily.day
        WHERE daily.orders <> COALESCE(found.orders, 0)
        """)
    ) { row in
      """
      channel \(try row.name("id")): counts \(try row.number("orders")) orders of day \(try row.number("day")), and has \
      \(try row.number("found"))
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT orders.id AS id FROM orders
        WHERE orders.quota_day IS NOT NULL AND (orders.state = 'expired' OR NOT EXISTS (
          SELECT 1 FROM daily_orders daily WHERE daily.channel_id = orders.channel_id AND daily.day = orders.quota_day))
        """)
    ) { row in "order \(try row.name("id")): is counted in a day that does not count it, or after it ended unpaid" }
  }
}
