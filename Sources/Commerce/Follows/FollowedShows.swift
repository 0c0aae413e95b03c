import Store

extension Commerce {
  /// The shows of the channels that the caller follows, in the order of `shows`; none for a guest.
  public func followedShows(state: ShowState, by caller: Caller, limit: Int = 20) async throws -> [Show] {
    try policy.check(limit: limit)
    guard let account = caller.account else { return [] }
    return try await database.read { db in
      let order: SQL =
        state == .scheduled ? "show.scheduled_ms, show.id" : "show.scheduled_ms DESC, show.id DESC"
      return try Show.read(
        db.rows(
          """
          SELECT \(Show.columns) FROM \(Show.source) JOIN follow ON follow.channel_id = show.channel_id
          WHERE follow.account_id = \(account) AND channel.state = 'approved' AND show.called_off_ms IS NULL
            AND show.state = \(state)
          ORDER BY \(order) LIMIT \(limit)
          """), in: db)
    }
  }
}
