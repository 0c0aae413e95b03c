import Store

extension Commerce {
  /// What buyers said of a channel, the latest first, without what was taken down; for everybody who sees the channel.
  public func ratings(
    of channel: ID<Channel>, by caller: Caller = .nobody, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<Rating> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try Self.requireVisible(channel, to: caller, in: db)
      let (time, id) = (cursor?.key ?? .max, cursor?.id ?? [])
      let rows = try db.rows(
        """
        SELECT \(Rating.columns) FROM rating WHERE channel_id = \(channel) AND hidden IS NULL
          AND (created_ms, id) < (\(time), \(id))
        ORDER BY created_ms DESC, id DESC LIMIT \(limit + 1)
        """)
      return Page(try rows.map(Rating.init), limit: limit) { Cursor($0.made.milliseconds, $0.id) }
    }
  }

  /// What the caller said of sellers with their account, the latest first, also what was taken down.
  public func ownRatings(by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20) async throws -> Page<Rating> {
    try policy.check(limit: limit)
    return try await database.read { db in
      let account = try caller.requireAccount()
      let (time, id) = (cursor?.key ?? .max, cursor?.id ?? [])
      let rows = try db.rows(
        """
        SELECT \(Rating.columns) FROM rating WHERE account_id = \(account) AND (created_ms, id) < (\(time), \(id))
        ORDER BY created_ms DESC, id DESC LIMIT \(limit + 1)
        """)
      return Page(try rows.map(Rating.init), limit: limit) { Cursor($0.made.milliseconds, $0.id) }
    }
  }

  /// How a channel is rated.
  public func ratingSum(of channel: ID<Channel>, by caller: Caller = .nobody) async throws -> RatingSum {
    try await database.read { db in
      try Self.requireVisible(channel, to: caller, in: db)
      let row = try db.requireRow("SELECT ratings, rating_stars FROM channel WHERE id = \(channel)")
      return RatingSum(count: try row.get("ratings"), stars: try row.get("rating_stars"))
    }
  }

  /// Ratings that somebody told the operator of and no operator has looked at, at most 100, what most have told of first;
  /// for operators.
  public func flaggedRatings(by caller: Caller) async throws -> [FlaggedRating] {
    try await database.read { db in
      try caller.requireOperator(in: db)
      let rows = try db.rows(
        """
        SELECT \(Rating.columns), channel.name AS channel_name, channel.handle AS channel_handle,
          flagged.flags AS flags, flagged.last_ms AS last_ms
        FROM (
          SELECT rating_id, COUNT(*) AS flags, MAX(created_ms) AS last_ms FROM rating_flag WHERE settled_ms IS NULL
          GROUP BY rating_id ORDER BY COUNT(*) DESC, MAX(created_ms) DESC, rating_id LIMIT 100
        ) flagged
        JOIN rating ON rating.id = flagged.rating_id JOIN channel ON channel.id = rating.channel_id
        ORDER BY flagged.flags DESC, flagged.last_ms DESC, flagged.rating_id
        """)
      return try rows.map { row in
        let rating = try Rating(row: row)
        let notes = try db.rows(
          """
          SELECT note FROM rating_flag WHERE rating_id = \(rating.id) AND settled_ms IS NULL AND note <> ''
          ORDER BY created_ms DESC, reporter LIMIT 5
          """)
        return FlaggedRating(
          rating: rating, channelName: try row.get("channel_name"), channelHandle: try row.get("channel_handle"),
          count: try row.get("flags"), last: try row.get("last_ms"), notes: try notes.map { try $0.get("note") })
      }
    }
  }

  private static func requireVisible(_ channel: ID<Channel>, to caller: Caller, in db: any Connection) throws {
    if try Channel.find(channel, in: db)?.state == .approved { return }
    guard try Membership.role(of: caller, in: channel, in: db) != nil else { throw GeneralRefusal.notFound("channel") }
  }
}
