/// What a ``Database`` has done since it was opened.
public struct DatabaseStatistics: Sendable, Equatable {
  /// Calls of ``Database/write(_:)`` that ended, well or not.
  public var writes = 0
  /// Transactions committed for them: each is one fsync.
  public var commits = 0
  /// Transactions run again because another writer got in between.
  public var retries = 0
  /// Calls of ``Database/write(_:)`` that wait now.
  public var queued = 0
  /// The most calls that shared one commit.
  public var largestBatch = 0

  public init() {}
}
