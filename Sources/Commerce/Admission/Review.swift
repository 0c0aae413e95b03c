public import Store

/// What waits for an operator, or waited: an application for a market, or an appeal.
public struct Review: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable, ValueConvertible { case application, appeal }

  public let id: ID<Review>
  public let channel: ID<Channel>
  public let channelHandle: String
  public let channelName: String
  public let channelState: ChannelState
  /// Empty for an appeal against a suspension.
  public let market: String
  public let kind: Kind
  /// An appeal has words alone: its `note`.
  public let application: ChannelApplication
  public let asked: Moment
  public let decided: Moment?
  public let isGranted: Bool?

  static let query: SQL = """
    SELECT review.id AS id, review.channel_id AS channel_id, channel.handle AS handle, channel.name AS name,
      channel.state AS state, review.market AS market, review.kind AS kind, review.sells AS sells,
      review.location AS location, review.website AS website, review.note AS note, review.asked_ms AS asked_ms,
      review.decided_ms AS decided_ms, review.is_granted AS is_granted
    FROM review JOIN channel ON channel.id = review.channel_id
    """

  init(row: Row) throws {
    id = try row.get("id")
    channel = try row.get("channel_id")
    channelHandle = try row.get("handle")
    channelName = try row.get("name")
    channelState = try row.get("state")
    market = try row.get("market")
    kind = try row.get("kind")
    application = ChannelApplication(
      sells: try row.get("sells"), location: try row.get("location"), website: try row.get("website"),
      note: try row.get("note"))
    asked = try row.get("asked_ms")
    decided = try row.get("decided_ms")
    isGranted = try row.get("is_granted")
  }

  static func require(_ id: ID<Review>, in db: any Connection) throws -> Review {
    guard let row = try db.row("\(query) WHERE review.id = \(id)") else { throw GeneralRefusal.notFound("review") }
    return try Review(row: row)
  }

  /// The one that waits, of a channel in a market.
  static func open(_ channel: ID<Channel>, _ market: String, in db: any Connection) throws -> Review? {
    try db.row(
      "\(query) WHERE review.channel_id = \(channel) AND review.market = \(market) AND review.decided_ms IS NULL"
    ).map(Review.init)
  }

  static func insert(
    _ id: ID<Review>, _ channel: ID<Channel>, _ market: String, _ kind: Kind, _ said: ChannelApplication,
    by account: ID<Account>?, at now: Moment, in db: any Connection
  ) throws {
    try db.run(
      """
      INSERT INTO review (id, channel_id, market, kind, sells, location, website, note, account_id, asked_ms)
      VALUES (\(id), \(channel), \(market), \(kind), \(said.sells), \(said.location), \(said.website), \(said.note),
        \(account.sqlValue), \(now))
      """)
  }

  static func close(
    _ channel: ID<Channel>, _ market: String, granted: Bool, at now: Moment, in db: any Connection
  ) throws {
    try db.run(
      """
      UPDATE review SET decided_ms = \(now), is_granted = \(granted)
      WHERE channel_id = \(channel) AND market = \(market) AND decided_ms IS NULL
      """)
  }
}

extension Commerce {
  /// What waits, the longest first; for the operator.
  public func reviews(
    by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<Review> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try caller.requireOperator(in: db)
      let found = try db.rows(
        """
        \(Review.query) WHERE review.decided_ms IS NULL
          AND (review.asked_ms, review.id) > (\(cursor?.key ?? .min), \(cursor?.id ?? []))
        ORDER BY review.asked_ms, review.id LIMIT \(limit + 1)
        """
      ).map(Review.init)
      return Page(found, limit: limit) { Cursor($0.asked.milliseconds, $0.id) }
    }
  }

  /// One of them with what was decided about the channel before; for the operator.
  public func review(_ id: ID<Review>, by caller: Caller) async throws -> (review: Review, history: [AdmissionEvent]) {
    try await database.read { [policy] db in
      try caller.requireOperator(in: db)
      let review = try Review.require(id, in: db)
      return (
        review, try AdmissionEvent.all(of: review.channel, limit: policy.admissionEventsShownMax, in: db)
      )
    }
  }

  /// How many wait, for the operator; counted up to 1 000.
  public func reviewsWaiting(by caller: Caller) async throws -> Int64 {
    try await database.read { db in
      try caller.requireOperator(in: db)
      return try db.requireRow(
        "SELECT COUNT(*) AS count FROM (SELECT 1 AS one FROM review WHERE decided_ms IS NULL LIMIT 1000) AS found"
      ).get("count")
    }
  }

  /// Decides what waits; for the operator. The same decision again changes nothing.
  ///
  /// Throws `AdmissionRefusal.decided`, and `GeneralRefusal.invalid` for a no without a reason.
  @discardableResult
  public func decide(
    _ id: ID<Review>, by caller: Caller, granted: Bool, _ verdict: Verdict = Verdict()
  ) async throws -> Review {
    let verdict = try verdict.checked(isNo: !granted, policy)
    return try await writeAndTell { db in
      let person = try caller.requireOperator(in: db)
      let review = try Review.require(id, in: db)
      guard review.decided == nil else {
        guard review.isGranted == granted else { throw AdmissionRefusal.decided }
        return review
      }
      let isFinal = review.kind == .appeal
      if review.market.isEmpty {
        let suspension = Suspension(channel: review.channel, on: occasion(by: person))
        if granted {
          try suspension.lift(verdict, in: db)
        } else {
          try suspension.uphold(verdict, in: db)
        }
      } else {
        let gate = gate(review.channel, review.market, by: person)
        if granted {
          try gate.approve(.agreed, words: verdict.words, isFinal: isFinal, in: db)
        } else {
          try gate.refuse(verdict, isFinal: isFinal, in: db)
        }
      }
      return try Review.require(id, in: db)
    }
  }
}
