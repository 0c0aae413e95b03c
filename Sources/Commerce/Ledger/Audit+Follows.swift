import Store

extension Audit {
  /// Every channel has as many followers as it says.
  mutating func follows(in db: any Connection) throws {
    let count = try db.requireRow("SELECT COUNT(*) AS follows FROM follow").number("follows")
    note("Follows: \(count).")
    try expectNone(
      db.rows(
        """
        SELECT channel.id AS id, channel.followers AS followers, COALESCE(counted.follows, 0) AS follows FROM channel
        LEFT JOIN (SELECT channel_id, COUNT(*) AS follows FROM follow GROUP BY channel_id) counted
          ON counted.channel_id = channel.id
        WHERE channel.followers <> COALESCE(counted.follows, 0)
        """)
    ) { row in
      "channel \(try row.name("id")): counts \(try row.number("followers")) followers, and has \(try row.number("follows"))"
    }
  }
}
