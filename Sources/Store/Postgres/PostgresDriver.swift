import CLibpq

/// One PostgreSQL session over libpq, whose calls block: it is used from its lane's thread only.
///
/// Statements are prepared once per session and values travel beside them, in binary, with their types said. What nobody
/// waits for, the transaction's own commands (BEGIN, SAVEPOINT, RELEASE) and what was sent rather than run, is held back
/// and goes out with the next statement whose answer is wanted, as a pipeline: all of it costs one round trip.
final class PostgresDriver: Driver {
  let engine = DatabaseEngine.postgres
  private let connection: OpaquePointer
  private var statements: [PostgresStatement: String] = [:]
  private var statementsMade = 0
  private var heldBack: [Step] = []
  private var isClosed = false

  private(set) var damage = Damage.none
  private(set) var changes = 0
  /// The session cannot be used again.
  private(set) var isBroken = false

  /// A bound for texts that vary in length, such as `IN` lists; far above what the program's own statements need.
  private static let statementsMax = 1000

  /// So much is held back at most.
  private static let heldBackMax = 64

  private enum Step {
    case command(String)
    case statement(SQL, PostgresParameters)

    var text: String {
      switch self {
      case .command(let text): text
      case .statement(let sql, _): sql.text
      }
    }
  }

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
      .command(
        purpose == .write
          ? "BEGIN ISOLATION LEVEL SERIALIZABLE" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    ]
  }

  private static let savepoint = "SAVEPOINT one"

  func savepoint() throws { heldBack.append(.command(Self.savepoint)) }
  func releaseSavepoint() throws { heldBack.append(.command("RELEASE one")) }

  func rollBackToSavepoint() throws {
    if let start = heldBack.lastIndex(where: { $0.text == Self.savepoint }) {
      // The server has not heard of anything that was done since.
      heldBack.removeSubrange(start...)
    } else {
      heldBack = [.command("ROLLBACK TO one"), .command("RELEASE one")]
    }
  }

  func flush() throws { _ = try exchange() }

  func commit() throws {
    try flush()
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
    try flush()
    for statement in SchemaText(schema).postgres { try command(statement) }
  }

  @discardableResult
  func run(_ sql: SQL) throws -> Int {
    changes += 1
    return try execute(sql)?.rowsChanged ?? 0
  }

  func rows(_ sql: SQL) throws -> [Row] {
    if sql.shape.change != .nothing { changes += 1 }
    return try execute(sql)?.rows() ?? []
  }

  func send(_ sql: SQL) throws {
    changes += 1
    heldBack.append(.statement(sql, try PostgresParameters(sql)))
    if heldBack.count >= Self.heldBackMax { try flush() }
  }

  private func execute(_ sql: SQL) throws -> PostgresResult? {
    heldBack.append(.statement(sql, try PostgresParameters(sql)))
    return try exchange()
  }

  /// Sends all that was held back, and gives the answer to the last of it. Throws what was wrong with the first that was
  /// refused: the server leaves out what came after that.
  private func exchange() throws -> PostgresResult? {
    let steps = heldBack
    heldBack = []
    if statements.count + steps.count > Self.statementsMax {
      try command("DEALLOCATE ALL")
      statements = [:]
    }
    switch steps.first {
    case nil: return nil
    case .command(let text) where steps.count == 1: return try checked(PQexec(connection, text), text)
    case .statement(let sql, let parameters) where steps.count == 1:
      let name = try prepared(PostgresStatement(shape: sql.shape, types: parameters.types))
      let result = parameters.withPointers { values, lengths, formats in
        PQexecPrepared(connection, name, CInt(parameters.types.count), values, lengths, formats, 1)
      }
      return try checked(result, sql.text)
    default: return try pipeline(steps)
    }
  }

  private func pipeline(_ steps: [Step]) throws -> PostgresResult? {
    guard PQenterPipelineMode(connection) == 1 else { throw brokenConnection() }
    // What the server is asked for, in order, and what it has prepared when an answer is good.
    var asked: [(step: Step, makes: PostgresStatement?)] = []
    var names: [PostgresStatement: String] = [:]
    for step in steps {
      switch step {
      case .command(let text):
        guard PQsendQueryParams(connection, text, 0, nil, nil, nil, nil, 1) == 1 else { throw brokenConnection() }
      case .statement(let sql, let parameters):
        let statement = PostgresStatement(shape: sql.shape, types: parameters.types)
        let count = CInt(parameters.types.count)
        let name: String
        if let known = statements[statement] ?? names[statement] {
          name = known
        } else {
          name = newName()
          names[statement] = name
          guard PQsendPrepare(connection, name, statement.text, count, statement.types) == 1 else {
            throw brokenConnection()
          }
          asked.append((step, statement))
        }
        let isSent = parameters.withPointers { values, lengths, formats in
          PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw brokenConnection() }
      }
      asked.append((step, nil))
    }
    guard PQpipelineSync(connection) == 1 else { throw brokenConnection() }
    var last: PostgresResult?
    var refusal: (any Error)?
    for (step, statement) in asked {
      let answer = PQgetResult(connection)
      if refusal == nil {
        do {
          last = try checked(answer, step.text)
          if let statement { statements[statement] = names[statement] }
        } catch {
          refusal = error
        }
      } else {
        PQclear(answer)
      }
      if isBroken { break }
      // Each answer ends with none.
      while let more = PQgetResult(connection) { PQclear(more) }
    }
    if !isBroken {
      let sync = PQgetResult(connection)
      let isInStep = PQresultStatus(sync) == PGRES_PIPELINE_SYNC
      PQclear(sync)
      guard isInStep, PQexitPipelineMode(connection) == 1 else { throw brokenConnection() }
    }
    if let refusal { throw refusal }
    return last
  }

  /// The session is of no use any more: what is under way has to be run again on another.
  private func brokenConnection() -> StoreFault {
    isBroken = true
    damage = .rerun
    return .connection(Self.message(of: connection))
  }

  private func prepared(_ statement: PostgresStatement) throws -> String {
    if let name = statements[statement] { return name }
    let name = newName()
    _ = try checked(
      PQprepare(connection, name, statement.text, CInt(statement.types.count), statement.types), statement.text)
    statements[statement] = name
    return name
  }

  private func newName() -> String {
    statementsMade += 1
    return "s\(statementsMade)"
  }

  /// Runs text without values and gives the tag of its last command.
  @discardableResult
  private func command(_ text: String) throws -> String {
    try checked(PQexec(connection, text), text).tag
  }

  private func checked(_ pointer: OpaquePointer?, _ text: @autoclosure () -> String) throws -> PostgresResult {
    let result = PostgresResult(pointer)
    if result.isGood { return result }
    changes += 1
    let message = "\(result.message ?? Self.message(of: connection)) in \(text())"
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
  let shape: SQL.Shape
  let types: [Oid]

  var text: String { shape.text }
}
