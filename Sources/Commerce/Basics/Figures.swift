import Store

/// How the database is doing, for whoever watches the process.
public struct Figures: Sendable, Equatable {
  /// Changes that were asked for, and commits (each one fsync) that made them.
  public let writes: Int
  public let commits: Int
  /// Transactions run again because another writer got in between.
  public let retries: Int
  /// Changes that wait now.
  public let queued: Int
}

extension Commerce {
  public var figures: Figures {
    let statistics = database.statistics()
    return Figures(
      writes: statistics.writes, commits: statistics.commits, retries: statistics.retries, queued: statistics.queued)
  }
}
