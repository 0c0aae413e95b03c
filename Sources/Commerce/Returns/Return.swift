public import Store

/// Goods of an order on their way back to its seller, or wished to be.
public struct Return: Sendable, Equatable {
  /// Why. Who pays for what by it: `isSellersFault`.
  public enum Reason: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case damaged
    case notAsDescribed = "not_as_described"
    case wrongSize = "wrong_size"
    case changedMind = "changed_mind"
    case other

    /// Then the seller pays for the way back, and once nothing of the order is kept the shipping goes back as well.
    /// Else the buyer pays for the way back, and the shipping stays paid.
    public var isSellersFault: Bool { self == .damaged || self == .notAsDescribed }
  }

  public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible {
    /// The seller has not answered.
    case requested
    /// The goods may be sent.
    case approved
    /// The buyer says that they are on their way.
    case sent
    /// They came, and their money goes back; the refund has the return's id.
    case received
    case refused
    /// The operator is to decide.
    case disputed
    /// The buyer keeps the goods.
    case withdrawn
    /// The goods were not sent in time.
    case lapsed

    /// Whether anything can still come of it. The order of one that is open is not settled.
    public var isOpen: Bool { [.requested, .approved, .sent, .disputed].contains(self) }
  }

  /// So many units of one of the order's lines.
  public struct Line: Sendable, Equatable {
    /// The line's place in `Order.lines`, from 0.
    public let position: Int
    public let quantity: Int64
    /// Of those that came: back on the shelf, and not to be sold again. Both 0 until it is received; what is missing
    /// then did not come.
    public internal(set) var restocked: Int64 = 0
    public internal(set) var writtenOff: Int64 = 0

    public var received: Int64 { restocked + writtenOff }

    public init(position: Int, quantity: Int64) {
      self.position = position
      self.quantity = quantity
    }
  }

  /// What came of one of its lines.
  public struct Receipt: Sendable, Equatable {
    public let position: Int
    public let restocked: Int64
    public let writtenOff: Int64

    public init(position: Int, restocked: Int64, writtenOff: Int64) {
      self.position = position
      self.restocked = restocked
      self.writtenOff = writtenOff
    }
  }

  public let id: ID<Return>
  public let order: ID<Order>
  public let channel: ID<Channel>
  public let reason: Reason
  /// May be empty.
  public let note: String
  public let state: State
  /// The operator has had the last word.
  public let isDecided: Bool
  /// Where and how to send it; empty until it is approved.
  public let instructions: String
  /// Why it was refused; else empty.
  public let answer: String
  /// The parcel back; empty until it is sent, and where the buyer did not say.
  public let carrier: String
  public let tracking: String
  public let link: String
  public internal(set) var lines: [Line] = []
  public let made: Moment
  /// When it came to its state.
  public let changed: Moment

  public var refund: ID<Refund> { id.named() }

  /// Until when its next step has to be taken, before the program takes it; nil for one that is over, or the operator's.
  public func due(_ policy: Policy) -> Moment? {
    switch state {
    case .requested: changed.adding(seconds: policy.answerDays * 86_400)
    case .approved: changed.adding(seconds: policy.returnSendDays * 86_400)
    case .sent: changed.adding(seconds: policy.returnReceiveDays * 86_400)
    case .received, .refused, .disputed, .withdrawn, .lapsed: nil
    }
  }

  /// Whether its buyer may still ask the operator about its refusal.
  public func mayBeDisputed(at now: Moment, _ policy: Policy) -> Bool {
    state == .refused && !isDecided && now <= changed.adding(seconds: policy.returnDisputeDays * 86_400)
  }
}

extension Return {
  static let columns: SQL = """
    id, order_id, channel_id, reason, note, state, is_decided, instructions, answer, carrier, tracking, link, made_ms,
    changed_ms
    """

  static func find(_ id: ID<Return>, in db: any Connection) throws -> Return? {
    try withLines(db.rows("SELECT \(columns) FROM order_return WHERE id = \(id)"), in: db).first
  }

  static func require(_ id: ID<Return>, of order: ID<Order>, in db: any Connection) throws -> Return {
    guard let found = try find(id, in: db), found.order == order else { throw GeneralRefusal.notFound("return") }
    return found
  }

  static func all(of order: ID<Order>, in db: any Connection) throws -> [Return] {
    try withLines(
      db.rows("SELECT \(columns) FROM order_return WHERE order_id = \(order) ORDER BY made_ms, id"), in: db)
  }

  /// Of rows with `columns`, in their order, with all their lines in one statement.
  static func withLines(_ rows: [Row], in db: any Connection) throws -> [Return] {
    var found = try rows.map(Return.init)
    guard !found.isEmpty else { return [] }
    var lines: [ID<Return>: [Line]] = [:]
    for row in try db.rows(
      """
      SELECT return_id, position, quantity, restocked, written_off FROM order_return_line
      WHERE return_id IN \(list: found.map(\.id)) ORDER BY return_id, position
      """)
    {
      var line = Line(position: try row.get("position"), quantity: try row.get("quantity"))
      line.restocked = try row.get("restocked")
      line.writtenOff = try row.get("written_off")
      lines[try row.get("return_id"), default: []].append(line)
    }
    for index in found.indices { found[index].lines = lines[found[index].id] ?? [] }
    return found
  }

  func insert(by account: ID<Account>?, in db: any Connection) throws {
    try db.run(
      """
      INSERT INTO order_return (id, order_id, channel_id, reason, note, state, instructions, answer, carrier, tracking,
        link, account_id, made_ms, changed_ms)
      VALUES (\(id), \(order), \(channel), \(reason), \(note), \(state), '', '', '', '', '', \(account.sqlValue),
        \(made), \(changed))
      """)
    let rows: [[any ValueConvertible]] = lines.map { [id, $0.position, $0.quantity, 0, 0] }
    try db.run(
      "INSERT INTO order_return_line (return_id, position, quantity, restocked, written_off) VALUES \(rows: rows)")
  }

  /// Moves it on from the state it is in, and notes that. Throws `ReturnRefusal.moved` when it is in another by now.
  func move(
    to next: State, by party: Party, _ note: String = "", on occasion: Occasion, in db: any Connection
  ) throws {
    let moved = try db.run(
      """
      UPDATE order_return SET state = \(next), changed_ms = \(occasion.at), is_decided = \(isDecided || party == .operator)
      WHERE id = \(id) AND state = \(state)
      """)
    guard moved == 1 else { throw ReturnRefusal.moved(state) }
    try OrderEvent.add(next.event, to: order, of: id, by: party, note, on: occasion, in: db)
    try Outbox.announce(.order(order), in: db)
  }

  private init(row: Row) throws {
    id = try row.get("id")
    order = try row.get("order_id")
    channel = try row.get("channel_id")
    reason = try row.get("reason")
    note = try row.get("note")
    state = try row.get("state")
    isDecided = try row.get("is_decided")
    instructions = try row.get("instructions")
    answer = try row.get("answer")
    carrier = try row.get("carrier")
    tracking = try row.get("tracking")
    link = try row.get("link")
    made = try row.get("made_ms")
    changed = try row.get("changed_ms")
  }
}

extension Return.State {
  /// What happened when it came to it.
  var event: OrderEvent.Kind {
    switch self {
    case .requested: .returnRequested
    case .approved: .returnApproved
    case .sent: .returnSent
    case .received: .returnReceived
    case .refused: .returnRefused
    case .disputed: .returnDisputed
    case .withdrawn: .returnWithdrawn
    case .lapsed: .returnLapsed
    }
  }
}

/// Why a return does not go on.
public enum ReturnRefusal: Refusal, Equatable {
  case notTaken
  case notArrived
  case tooLate
  case over
  case tooManyUnits(position: Int, left: Int64)
  /// It is past that.
  case moved(Return.State)
  case nothingReceived
  case tooLateToDispute
  case otherReturn

  public var code: String {
    switch self {
    case .notTaken: "returns_not_taken"
    case .notArrived: "return_not_arrived"
    case .tooLate: "return_too_late"
    case .over: "order_over"
    case .tooManyUnits: "return_too_many_units"
    case .moved: "return_moved"
    case .nothingReceived: "return_nothing_received"
    case .tooLateToDispute: "return_dispute_too_late"
    case .otherReturn: "idempotency_mismatch"
    }
  }

  public var sentence: String {
    switch self {
    case .notTaken: "Nothing is taken back here. Is something wrong with it? Write to the seller."
    case .notArrived: "Nothing of this order has arrived yet. Say that the parcel arrived, then ask to send it back."
    case .tooLate: "The time in which this order could be sent back is over."
    case .over: "The order has ended, or all of its money is on its way back already."
    case .tooManyUnits(let position, let left):
      "Only \(left) of line \(position + 1) have arrived and can be sent back."
    case .moved(let state): "The return is \(state.rawValue) by now. Look at it again."
    case .nothingReceived: "Say of at least one unit that it came."
    case .tooLateToDispute: "Only a return that its seller refused a short time ago can be taken to the operator, once."
    case .otherReturn: "This return's id was used for another return. Take a new one."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .tooManyUnits, .nothingReceived: .invalid
    case .otherReturn: .mismatch
    default: .conflict
    }
  }

  public var field: String? {
    switch self {
    case .tooManyUnits, .nothingReceived: "lines"
    default: nil
    }
  }
}
