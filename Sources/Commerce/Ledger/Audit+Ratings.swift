import Store

extension Audit {
  /// Every channel counts the ratings that it has, and their stars.
  mutating func ratings(in db: any Connection) throws {
    let count = try db.requireRow("SELECT COUNT(*) AS ratings FROM rating").number("ratings")
    note("Ratings: \(count).")
    try expectNone(
      db.rows(
        """
        SELECT channel.id AS id, channel.ratings AS ratings, channel.rating_stars AS stars,
          COALESCE(counted.ratings, 0) AS found, COALESCE(counted.stars, 0) AS found_stars
        FROM channel
        LEFT JOIN (
          SELECT channel_id, COUNT(*) AS ratings, CAST(SUM(stars) AS BIGINT) AS stars FROM rating
          WHERE hidden IS NULL GROUP BY channel_id
        ) counted ON counted.channel_id = channel.id
        WHERE channel.ratings <> COALESCE(counted.ratings, 0) OR channel.rating_stars <> COALESCE(counted.stars, 0)
        """)
    ) { row in
      """
      channel \(try row.name("id")): counts \(try row.number("ratings")) ratings of \(try row.number("stars")) stars, and has \
      \(try row.number("found")) of \(try row.number("found_stars"))
      """
    }
    try expectNone(
      db.rows(
        """
        SELECT rating.order_id AS id FROM rating JOIN orders ON orders.id = rating.order_id
        WHERE orders.channel_id <> rating.channel_id
          OR NOT EXISTS (SELECT 1 FROM shipment WHERE shipment.order_id = rating.order_id)
        """)
    ) { row in "order \(try row.name("id")): is rated, and no parcel of it was sent by that channel" }
  }
}
