/// One step in the history of the schema. Once it has run anywhere, neither its name nor its text may change.
public struct Migration: Sendable {
  /// Unique; by convention the file's name, which begins with its number.
  public let name: String
  /// Statements in PostgreSQL's spelling, of `BIGINT`, `TEXT` and `BYTEA` columns only. Each `CREATE TABLE` becomes a
  /// STRICT one for SQLite; text is compared by its bytes on both engines.
  public let sql: String
  /// The engine that it is for; nil for both. On the other nothing is done, and it counts as run.
  public let engine: DatabaseEngine?
  /// FNV-1a, 64 bits: against a changed file, not against an adversary.
  let checksum: String

  public init(name: String, sql: String, for engine: DatabaseEngine? = nil) {
    self.name = name
    self.sql = sql
    self.engine = engine
    checksum = Self.checksum(of: sql)
  }

  private static func checksum(of sql: String) -> String {
    let hash = sql.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Runs those of `migrations` that have not run yet, each in a transaction of its own.
  static func run(_ migrations: [Migration], on driver: any Driver) throws {
    try inTransaction(on: driver) {
      try driver.define(
        """
        CREATE TABLE IF NOT EXISTS migration (
          position BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, checksum TEXT NOT NULL
        )
        """)
    }
    var isChecked = false
    while try inTransaction(on: driver, { try runNext(of: migrations, isChecked: &isChecked, on: driver) }) {}
  }

  /// One step further, or false when there is none left. The history is read in the step's own transaction: another
  /// program may have taken a step since the last one.
  private static func runNext(
    of migrations: [Migration], isChecked: inout Bool, on driver: any Driver
  ) throws -> Bool {
    let done = try driver.rows("SELECT name, checksum FROM migration ORDER BY position").map { row in
      (name: try row.get("name", as: String.self), checksum: try row.get("checksum", as: String.self))
    }
    try refuseUnsound(done: done, given: migrations)
    guard done.count < migrations.count else { return false }
    // Read through once and before the first step, not before each.
    if !isChecked { try refuseDeferred(migrations[done.count...]) }
    isChecked = true
    let migration = migrations[done.count]
    do {
      if migration.engine.map({ $0 == driver.engine }) ?? true { try driver.define(migration.sql) }
    } catch {
      throw StoreFault.migration("\(migration.name): \(error)")
    }
    try driver.run(
      """
      INSERT INTO migration (position, name, checksum)
      VALUES (\(done.count), \(migration.name), \(migration.checksum))
      """)
    return true
  }

  private static func refuseUnsound(done: [(name: String, checksum: String)], given: [Migration]) throws {
    guard Set(given.map(\.name)).count == given.count else {
      throw StoreFault.migration("two migrations have the same name")
    }
    for (position, step) in done.enumerated() {
      guard position < given.count else {
        throw StoreFault.migration("\(step.name) has run here and is unknown to this program, which is older")
      }
      guard given[position].name == step.name else {
        throw StoreFault.migration("\(step.name) has run here where \(given[position].name) should have")
      }
      guard given[position].checksum == step.checksum else {
        throw StoreFault.migration("\(step.name) was changed after it had run here; add a new migration instead")
      }
    }
  }

  private static func refuseDeferred(_ migrations: ArraySlice<Migration>) throws {
    if let deferred = migrations.first(where: { SchemaText($0.sql).hasDeferredConstraints }) {
      throw StoreFault.migration("\(deferred.name) defers a constraint, which would fail other calls' commits")
    }
  }

  private static func inTransaction<T>(on driver: any Driver, _ body: () throws -> T) throws -> T {
    do {
      try driver.begin(.write)
      let value = try body()
      try driver.commit()
      return value
    } catch {
      driver.rollback()
      throw error
    }
  }
}
