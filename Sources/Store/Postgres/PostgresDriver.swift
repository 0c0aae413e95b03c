import CLibpq

/// One PostgreSQL session over libpq, whose calls block: it is used from its lane's thread only.
///
/// Statements are prepared once per session and values travel beside them, in binary, with their types said. The
/// transaction's own commands (BEGIN, SAVEPOINT, RELEASE) are held back and sent in one message before the next
/// statement, so that they cost a body one round trip, not three.
final class PostgresDriver: Driver {
  private let connection: OpaquePointer
  private var statements: [PostgresStatement: String] = [:]
  private var heldBack: [String] = []
  private var isClosed = false

  private(set) var damage = Damage.none
  let changes: Int? = nil
  /// The session cannot be used again.
  private(set) var isBroken = false

  /// A bound for texts that vary in length, such as `IN` lists; far above what the program's own statements need.
  private static let statementsMax = 1000

  /// What a session is set to. Another node that stops while it holds a lock must not stop this one for good; and
  /// what `commit` answered for must survive a power cut, even where the server was told to be faster than that.
  private static let settings = """
    SET client_min_messages = warning;
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '60s';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
    """

  init(url: String) throws {
    // What stands before `dbname` is only a default: the URL may say otherwise.
    let settings = [
      ("connect_timeout", "10"), ("tcp_user_timeout", "20000"), ("fallback_application_name", "haat"),
      ("dbname", url), ("client_encoding", "UTF8"),
    ]
    guard let connection = Self.connect(settings) else { throw StoreFault.connection("out of memory") }
    guard PQstatus(connection) == CONNECTION_OK else {
      defer { PQfinish(connection) }
      throw StoreFault.connection(Self.message(of: connection))
    }
    self.connection = connection
    // Notices would be printed to standard error.
    PQsetNoticeReceiver(connection, { _, _ in }, nil)
    do {
      let encoding = PQparameterStatus(connection, "server_encoding").map { String(cString: $0) } ?? "unknown"
      guard encoding == "UTF8" else { throw StoreFault.connection("the database's encoding is \(encoding), not UTF8") }
      try command(Self.settings)
    } catch {
      close()
      throw error
    }
  }

  deinit { close() }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    isBroken = true
    PQfinish(connection)
  }

  func begin(_ purpose: Purpose) throws {
    damage = .none
    heldBack = [
      purpose == .write
        ? "BEGIN ISOLATION LEVEL SERIALIZABLE" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    ]
  }

  func savepoint() throws { heldBack.append("SAVEPOINT one") }
  func releaseSavepoint() throws { heldBack.append("RELEASE one") }

  func rollBackToSavepoint() throws {
    try sendHeldBack()
    heldBack = ["ROLLBACK TO one", "RELEASE one"]
  }

  func commit() throws {
    try sendHeldBack()
    do {
      let tag = try command("COMMIT")
      // PostgreSQL answers a COMMIT of a failed transaction with ROLLBACK, and calls it a success.
      guard tag == "COMMIT" else { throw StoreFault.statement("the transaction was rolled back") }
    } catch let fault as StoreFault where isBroken {
      damage = .lost
      throw StoreFault.inDoubt(fault.description)
    }
  }

  func rollback() {
    heldBack = []
    guard !isBroken, PQtransactionStatus(connection) != PQTRANS_IDLE else { return }
    do { try command("ROLLBACK") } catch { isBroken = true }
  }

  func define(_ schema: String) throws {
    try sendHeldBack()
    for statement in SchemaText(schema).postgres { try command(statement) }
  }

  @discardableResult
  func run(_ sql: SQL) throws -> Int {
    try execute(sql).rowsChanged
  }

  func rows(_ sql: SQL) throws -> [Row] {
    try execute(sql).rows()
  }

  private func execute(_ sql: SQL) throws -> PostgresResult {
    let parameters = try PostgresParameters(sql)
    try sendHeldBack()
    let name = try prepared(PostgresStatement(text: sql.text, types: parameters.types))
    let result = parameters.withPointers { values, lengths, formats in
      PQexecPrepared(connection, name, CInt(parameters.types.count), values, lengths, formats, 1)
    }
    return try checked(result, sql.text)
  }

  private func prepared(_ statement: PostgresStatement) throws -> String {
    if let name = statements[statement] { return name }
    if statements.count >= Self.statementsMax {
      try command("DEALLOCATE ALL")
      statements = [:]
    }
    let name = "s\(statements.count)"
    _ = try checked(
      PQprepare(connection, name, statement.text, CInt(statement.types.count), statement.types), statement.text)
    statements[statement] = name
    return name
  }

  private func sendHeldBack() throws {
    guard !heldBack.isEmpty else { return }
    let commands = heldBack.joined(separator: ";")
    heldBack = []
    try command(commands)
  }

  /// Runs text without values and gives the tag of its last command.
  @discardableResult
  private func command(_ text: String) throws -> String {
    try checked(PQexec(connection, text), text).tag
  }

  private func checked(_ pointer: OpaquePointer?, _ text: String) throws -> PostgresResult {
    let result = PostgresResult(pointer)
    if result.isGood { return result }
    let message = "\(result.message ?? Self.message(of: connection)) in \(text)"
    guard PQstatus(connection) == CONNECTION_OK else {
      isBroken = true
      damage = .rerun
      throw StoreFault.connection(message)
    }
    let state = result.state
    switch state {
    case "40001", "40P01":
      damage = .rerun
      throw StoreFault.contended(message)
    case "0A000", "26000":
      // The schema changed under a prepared statement, or a proxy gave the session to another. A new session knows.
      if statements.count > 0 {
        isBroken = true
        damage = .rerun
      }
      throw StoreFault.statement(message)
    case "55P03": throw StoreFault.contended(message)
    case _ where state.hasPrefix("23"): throw StoreFault.constraint(message)
    case _ where state.hasPrefix("53") || state.hasPrefix("58"): throw StoreFault.storage(message)
    default: throw StoreFault.statement("\(message) (\(state))")
    }
  }

  private static func connect(_ settings: [(String, String)]) -> OpaquePointer? {
    withCStrings(settings.map(\.0)) { keywords in
      withCStrings(settings.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
    }
  }

  /// A null-terminated array of C strings.
  private static func withCStrings<T>(_ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> T) -> T {
    func lend(_ rest: ArraySlice<String>, _ lent: [UnsafePointer<CChar>?]) -> T {
      guard let first = rest.first else { return body(lent + [nil]) }
      return first.withCString { lend(rest.dropFirst(), lent + [$0]) }
    }
    return lend(texts[...], [])
  }

  private static func message(of connection: OpaquePointer) -> String {
    PostgresResult.oneLine(PQerrorMessage(connection))
  }
}

/// What a prepared statement is known by: the same text with other types is another statement.
struct PostgresStatement: Hashable {
  let text: String
  let types: [Oid]
}
