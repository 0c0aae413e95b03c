import Store

/// One run of the program.
public enum ServerProcess {}

/// What one process did in one minute.
public struct StatusMinute: Sendable, Equatable {
  /// Minutes since 1970.
  public let minute: Int64
  public let process: ID<ServerProcess>
  public let started: Moment
  public var figures: StatusFigures

  public init(minute: Int64, process: ID<ServerProcess>, started: Moment, figures: StatusFigures) {
    self.minute = minute
    self.process = process
    self.started = started
    self.figures = figures
  }
}

/// What waits to leave the house.
public struct QueueLengths: Sendable, Equatable {
  public let mails: Int64
  public let pushes: Int64
  public let webhooks: Int64
}

extension Commerce {
  /// Minutes that are kept.
  public static let statusMinutes: Int64 = 24 * 60
  /// Counts of what waits stop here.
  private static let waitingMax: Int64 = 100_000

  /// Keeps what a process did in a minute, and forgets what is older than a day. Kept again, it is what was kept last.
  public func keepStatus(_ status: StatusMinute) async throws {
    let figures = try status.figures.json
    try await database.write { db in
      try db.run(
        """
        INSERT INTO status_minute (minute, process_id, started_ms, figures)
        VALUES (\(status.minute), \(status.process), \(status.started), \(figures))
        ON CONFLICT (minute, process_id) DO UPDATE SET figures = excluded.figures
        """)
      try db.run("DELETE FROM status_minute WHERE minute < \(status.minute - Self.statusMinutes)")
    }
  }

  /// What all processes did, from a minute on, the oldest first; for operators.
  public func status(from minute: Int64, by caller: Caller) async throws -> [StatusMinute] {
    try await database.read { db in
      try caller.requireOperator(in: db)
      return try db.rows(
        """
        SELECT minute, process_id, started_ms, figures FROM status_minute WHERE minute >= \(minute)
        ORDER BY minute, process_id LIMIT 100000
        """
      ).map { row in
        StatusMinute(
          minute: try row.get("minute"), process: try row.get("process_id"), started: try row.get("started_ms"),
          figures: StatusFigures(json: try row.get("figures")))
      }
    }
  }

  /// What waits in the queues, for whoever watches them from inside.
  public func queueLengths() async throws -> QueueLengths {
    try await database.read { db in
      func count(_ table: SQL) throws -> Int64 {
        try db.row(
          """
          SELECT COUNT(*) AS count FROM (SELECT 1 AS one FROM \(table) WHERE state = 'waiting' LIMIT \(Self.waitingMax))
          AS found
          """)?.get("count") ?? 0
      }
      return QueueLengths(
        mails: try count("mail"), pushes: try count("push_message"), webhooks: try count("webhook_message"))
    }
  }

  /// What keeps the database, as people call it, and how much it takes on disk.
  public func databaseSize() async throws -> (engine: String, bytes: Int64) {
    (database.engine.rawValue, try await database.bytes())
  }
}
