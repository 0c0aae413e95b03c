/// The bounds of a ``Database``. The defaults suit one machine.
public struct DatabaseLimits: Sendable {
  /// Calls that share one commit, at most.
  public var writesPerCommitMax = 512
  /// Calls of ``Database/write(_:)`` that wait, at most; one more is refused as ``StoreFault/overloaded``.
  public var writesWaitingMax = 8192
  /// Calls of ``Database/read(_:)`` that wait, at most; one more is refused as ``StoreFault/overloaded``.
  public var readsWaitingMax = 8192
  /// Connections that read at the same time.
  public var readersMax = 4
  /// How often a write is tried when other writers get in between (PostgreSQL only).
  public var attemptsMax = 10

  public init() {}
}
