/// One connection to an engine, used by one thread at a time. The two engines differ in this and in nothing above it.
protocol Driver: Connection {
  var engine: DatabaseEngine { get }
  func begin(_ purpose: Purpose) throws
  /// Runs what was sent and has not run yet, and throws what is wrong with it.
  func flush() throws
  func commit() throws
  /// Ends the transaction, if there is one, and leaves the connection usable or marks it broken. Never fails.
  func rollback()
  func savepoint() throws
  func releaseSavepoint() throws
  func rollBackToSavepoint() throws
  /// Runs schema text: many statements, in PostgreSQL's spelling.
  func define(_ schema: String) throws
  /// What became of the transaction when a statement failed.
  var damage: Damage { get }
  /// Grows with every change that the transaction makes, and with every statement that fails where that leaves nothing of
  /// a transaction but its savepoints.
  var changes: Int { get }
  /// What is kept of the database in memory, as far as it is true in this transaction; nil where it cannot be known.
  func mirrors() throws -> Mirrors?
}

extension Driver {
  func flush() throws {}

  func mirrors() throws -> Mirrors? { nil }
}

enum Purpose { case read, write }

/// What a failed statement left of its transaction.
enum Damage {
  /// Nothing but the call itself: its savepoint can be rolled back.
  case none
  /// The transaction must be run again from its beginning.
  case rerun
  /// The engine gave the whole transaction up, for this reason.
  case lost
}

/// Where drivers come from. One for the writer and one for each reader; each is used by one thread at a time.
protocol DriverSource: Sendable {
  /// Lends a connection that works, made anew when the last one broke.
  func withDriver<T>(_ body: (any Driver) throws -> T) throws -> T
  /// Lends a connection while nobody else, in this process or another, changes the schema.
  func withDriverAlone<T>(_ body: (any Driver) throws -> T) throws -> T
  /// What makes commits durable; nil where a commit is durable by itself.
  var commitSync: (any CommitSync)? { get }
  func close()
}

extension DriverSource {
  var commitSync: (any CommitSync)? { nil }
}

/// What a body sees of a driver: its statements, and none after one has failed.
final class Session: Connection {
  private let driver: any Driver
  /// Nil where nobody shares the transaction.
  private let memory: Memory?
  private(set) var failure: (any Error)?

  init(_ driver: any Driver, memory: Memory? = nil) {
    self.driver = driver
    self.memory = memory
  }

  func run(_ sql: SQL) throws -> Int {
    memory?.forget(for: sql)
    return try guarded { try driver.run(sql) }
  }

  func rows(_ sql: SQL) throws -> [Row] {
    memory?.forget(for: sql)
    return try guarded { try driver.rows(sql) }
  }

  func send(_ sql: SQL) throws {
    memory?.forget(for: sql)
    try guarded { try driver.send(sql) }
  }

  func kept(for key: AnyHashable) -> Any? { memory?[key] }

  func keep(_ value: Any, for key: AnyHashable, of tables: Set<String>) {
    memory?.keep(value, for: key, of: tables)
  }

  func mirror<M: Mirror>(_ make: (any Connection) throws -> M) throws -> M? {
    guard let mirrors = try guarded({ try driver.mirrors() }) else { return nil }
    if let known = mirrors[M.self] { return known }
    let made = try make(self)
    mirrors[M.self] = made
    return made
  }

  /// Throws what a statement threw, if the body kept it to itself.
  func finish() throws {
    if let failure { throw failure }
  }

  private func guarded<T>(_ statement: () throws -> T) throws -> T {
    if failure != nil { throw StoreFault.statement("an earlier statement of the same call had failed") }
    do {
      return try statement()
    } catch {
      failure = error
      throw error
    }
  }
}
