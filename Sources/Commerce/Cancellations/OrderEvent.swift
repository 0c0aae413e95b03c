public import Store

/// Something that happened to an order after its payment, besides its parcels and refunds. It is written once, in the
/// transaction of what it tells of.
public struct OrderEvent: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case cancellationRequested = "cancellation_requested"
    case cancellationRefused = "cancellation_refused"
    /// A parcel was sent first.
    case cancellationOvertaken = "cancellation_overtaken"
    case cancelled
    /// The money did not go back, so nothing was cancelled.
    case cancellationFailed = "cancellation_failed"
    case returnRequested = "return_requested"
    case returnApproved = "return_approved"
    case returnRefused = "return_refused"
    case returnSent = "return_sent"
    case returnReceived = "return_received"
    /// The operator is to decide.
    case returnDisputed = "return_disputed"
    case returnWithdrawn = "return_withdrawn"
    /// It was approved and not sent in time.
    case returnLapsed = "return_lapsed"
  }

  public let kind: Kind
  public let party: Party
  /// In the words of who did it; may be empty.
  public let note: String
  public let at: Moment

  /// Notes one. `subject` is the cancellation or the return.
  static func add<Subject>(
    _ kind: Kind, to order: ID<Order>, of subject: ID<Subject>, by party: Party, _ note: String = "",
    on occasion: Occasion, in db: any Connection
  ) throws {
    let id = ID<OrderEvent>(at: occasion.at, entropy: occasion.entropy)
    try db.run(
      """
      INSERT INTO order_event (id, order_id, subject_id, kind, party, account_id, note, at_ms, place)
      VALUES (\(id), \(order), \(subject), \(kind), \(party), \(occasion.by.sqlValue), \(note), \(occasion.at),
        (SELECT COUNT(*) + 1 FROM order_event WHERE order_id = \(order)))
      """)
  }
}

/// Who did something to an order.
public enum Party: String, Sendable, Codable, CaseIterable, ValueConvertible {
  case buyer, seller, `operator`
  /// The program, because a time was up.
  case house
}

extension Commerce {
  /// What happened to an order, the first first, for its buyer, for members of its channel who deal with orders, and for
  /// the operator. Its parcels and refunds are not in it.
  public func events(of order: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil) async throws
    -> [OrderEvent]
  {
    try await database.read { db in
      let found = try OrderAccess.requireParty(of: order, by: caller, token: token, in: db)
      // Each cancellation and each return has a handful, and there is a limit on both.
      return try db.rows(
        "SELECT kind, party, note, at_ms FROM order_event WHERE order_id = \(found.id) ORDER BY place"
      ).map { row in
        OrderEvent(
          kind: try row.get("kind"), party: try row.get("party"), note: try row.get("note"), at: try row.get("at_ms"))
      }
    }
  }
}
