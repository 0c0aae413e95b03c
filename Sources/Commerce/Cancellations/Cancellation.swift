public import Store

/// That units of a paid order which were not sent are not to be sent, and their money goes back.
public struct Cancellation: Sendable, Equatable {
  public enum Reason: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case outOfStock = "out_of_stock"
    case buyersWish = "buyers_wish"
    case address, other
  }

  public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible {
    /// A buyer asked, and the seller has not answered.
    case requested
    case refused
    /// A parcel was sent before anybody answered.
    case overtaken
    /// It is cancelled, and the money is on its way; the refund has this one's id.
    case accepted
    /// The payment provider did not take the refund, so it is not cancelled after all.
    case failed
  }

  public let id: ID<Cancellation>
  public let order: ID<Order>
  public let channel: ID<Channel>
  /// Who wanted it: the buyer or the seller.
  public let party: Party
  public let reason: Reason
  /// May be empty.
  public let note: String
  public let state: State
  /// Why it was refused; else empty.
  public let answer: String
  public let made: Moment
  public let changed: Moment

  public var refund: ID<Refund> { id.named() }
}

extension Cancellation {
  func insert(by account: ID<Account>?, in db: any Connection) throws {
    try db.run(
      """
      INSERT INTO cancellation (id, order_id, channel_id, party, reason, note, state, answer, account_id, made_ms,
        changed_ms)
      VALUES (\(id), \(order), \(channel), \(party), \(reason), \(note), \(state), \(answer), \(account.sqlValue),
        \(made), \(changed))
      """)
  }

  static let columns: SQL =
    "id, order_id, channel_id, party, reason, note, state, answer, made_ms, changed_ms"

  static func find(_ id: ID<Cancellation>, in db: any Connection) throws -> Cancellation? {
    try db.row("SELECT \(columns) FROM cancellation WHERE id = \(id)").map(Cancellation.init)
  }

  static func all(of order: ID<Order>, in db: any Connection) throws -> [Cancellation] {
    try db.rows("SELECT \(columns) FROM cancellation WHERE order_id = \(order) ORDER BY made_ms, id")
      .map(Cancellation.init)
  }

  /// Ends the request that is open for an order, if there is one.
  static func end(
    of order: Order, as state: State, by account: ID<Account>?, on occasion: Occasion, in db: any Connection
  ) throws {
    guard let open = try all(of: order.id, in: db).first(where: { $0.state == .requested }) else { return }
    try open.end(as: state, answer: "", by: account == nil ? .house : .seller, of: order, on: occasion, in: db)
  }

  /// Ends a request, and tells its buyer.
  func end(
    as state: State, answer: String, by party: Party, of order: Order, on occasion: Occasion, in db: any Connection
  ) throws {
    let isFirst = try db.run(
      """
      UPDATE cancellation SET state = \(state), answer = \(answer), changed_ms = \(occasion.at)
      WHERE id = \(id) AND state = \(State.requested)
      """)
    guard isFirst == 1 else { throw CancelOrderRefusal.answered }
    let kind: OrderEvent.Kind =
      switch state {
      case .accepted: .cancelled
      case .overtaken: .cancellationOvertaken
      default: .cancellationRefused
      }
    try OrderEvent.add(kind, to: order.id, of: id, by: party, answer, on: occasion, in: db)
    try Mail.queue(state == .accepted ? .cancelled : .requestRefused, of: order, because: id, at: occasion.at, in: db)
    try Outbox.announce(.order(order.id), in: db)
  }

  /// Its refund did not go through: what was cancelled is to be sent again, or cancelled again.
  static func refundFailed(_ refund: Refund, on occasion: Occasion, in db: any Connection) throws {
    let isOne = try db.run(
      """
      UPDATE cancellation SET state = \(State.failed), changed_ms = \(occasion.at)
      WHERE id = \(refund.id) AND state = \(State.accepted)
      """)
    guard isOne == 1 else { return }
    try OrderEvent.add(
      .cancellationFailed, to: refund.order, of: refund.id.named(Cancellation.self), by: .house, on: occasion, in: db)
  }

  init(row: Row) throws {
    id = try row.get("id")
    order = try row.get("order_id")
    channel = try row.get("channel_id")
    party = try row.get("party")
    reason = try row.get("reason")
    note = try row.get("note")
    state = try row.get("state")
    answer = try row.get("answer")
    made = try row.get("made_ms")
    changed = try row.get("changed_ms")
  }
}
