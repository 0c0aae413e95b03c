import Store

extension Audit {
  /// Every order that came from a clip is one of the clip's show, and every clip is of its show's channel and recording.
  mutating func clips(in db: any Connection) throws {
    let count = try db.requireRow("SELECT COUNT(*) AS clips FROM clip WHERE state <> 'removed'").number("clips")
    note("Clips: \(count).")
    try expectNone(
      db.rows(
        """
        SELECT orders.id AS id FROM orders LEFT JOIN clip ON clip.id = orders.clip_id
        WHERE orders.clip_id IS NOT NULL AND (clip.id IS NULL OR orders.show_id IS NULL OR clip.show_id <> orders.show_id)
        """)
    ) { row in "order \(try row.name("id")): came from a clip that is not of its show" }
    try expectNone(
      db.rows(
        """
        SELECT clip.id AS id FROM clip JOIN show ON show.id = clip.show_id
        LEFT JOIN recording ON recording.show_id = clip.show_id
        WHERE clip.channel_id <> show.channel_id OR recording.show_id IS NULL
          OR clip.from_media_ms < recording.start_media_ms OR clip.until_media_ms > recording.end_media_ms
        """)
    ) { row in "clip \(try row.name("id")): is not of its show's channel, or lies outside of its recording" }
  }
}
