/// One connection to a PostgreSQL server, made when it is first needed and again when it broke.
///
/// Its lane uses it from one thread at a time, which is what makes it safe to share between tasks.
final class PostgresSource: DriverSource, @unchecked Sendable {
  private let url: String
  private var connection: PostgresDriver?
  private var isClosed = false

  /// Any number will do that no other program asks for: "haat" in ASCII.
  private static let migrationLock: Int64 = 0x6861_6174

  init(url: String) { self.url = url }

  func withDriver<T>(_ body: (any Driver) throws -> T) throws -> T {
    let connection = try connected()
    defer { if connection.isBroken { close(for: .anotherUse) } }
    return try body(connection)
  }

  /// In a session of its own, which may wait for as long as another program's migrations take and whose end gives the
  /// lock back. The lock is the session's, not the transaction's: a transaction that waits for a lock has its snapshot
  /// already, and would not see the migrations that ran while it waited.
  func withDriverAlone<T>(_ body: (any Driver) throws -> T) throws -> T {
    let alone = try PostgresDriver(url: url)
    defer { alone.close() }
    _ = try alone.rows("SELECT set_config('lock_timeout', '0', false)")
    _ = try alone.rows("SELECT pg_advisory_lock(\(Self.migrationLock))")
    return try body(alone)
  }

  func close() { close(for: .ever) }

  private enum Closing { case anotherUse, ever }

  private func close(for closing: Closing) {
    connection?.close()
    connection = nil
    if closing == .ever { isClosed = true }
  }

  private func connected() throws -> PostgresDriver {
    guard !isClosed else { throw StoreFault.closed }
    if let connection { return connection }
    let made = try PostgresDriver(url: url)
    connection = made
    return made
  }
}
