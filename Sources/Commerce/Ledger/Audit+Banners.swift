import Store

extension Audit {
  /// Every banner is of a time, and a show that has ended shows none.
  mutating func banners(in db: any Connection) throws {
    try expectNone(
      db.rows(
        """
        SELECT banner.id AS id FROM banner JOIN show ON show.id = banner.show_id
        WHERE show.state = 'ended' AND banner.hidden_ms IS NULL
          OR banner.hidden_ms IS NOT NULL AND banner.hidden_ms < banner.shown_ms
        """)
    ) { row in "banner \(try row.name("id")): is on screen after its show, or was taken off before it was there" }
  }
}
