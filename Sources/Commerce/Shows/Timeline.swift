import Foundation
public import Store

/// One durable event of a show.
public struct TimelineEvent: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable, ValueConvertible {
    case showStarted = "show_started"
    case showEnded = "show_ended"
    case pinned, unpinned, message
    case messageRemoved = "message_removed"
    case soldOut = "sold_out"
    case backInStock = "back_in_stock"
    case dealOpened = "deal_opened"
    case dealEnded = "deal_ended"
    case couponShown = "coupon_shown"
    case couponHidden = "coupon_hidden"
    case giveawayOpened = "giveaway_opened"
    case giveawayClosed = "giveaway_closed"
    case giveawayDrawn = "giveaway_drawn"
    case questionPinned = "question_pinned"
    case questionUnpinned = "question_unpinned"
    case questionAnswered = "question_answered"
    case questionReopened = "question_reopened"
    case claimOpened = "claim_opened"
    case claimClosed = "claim_closed"
    case auctionOpened = "auction_opened"
    case auctionEnded = "auction_ended"
    case auctionSold = "auction_sold"
    case auctionUnsold = "auction_unsold"
    case auctionCancelled = "auction_cancelled"
    case pollOpened = "poll_opened"
    case pollClosed = "poll_closed"
    case pollRemoved = "poll_removed"
    case bannerShown = "banner_shown"
    case bannerHidden = "banner_hidden"
  }

  /// From 1, without gaps, in each show.
  public let sequence: Int64
  public let kind: Kind
  public let at: Moment
  /// Milliseconds on the show's own clock: it takes effect for a viewer whose playhead gets there.
  public let mediaTime: Int64
  /// The rest, by kind, as the text of a JSON object: `{"product":"…"}`.
  public let payload: String

  static let columns: SQL = "sequence, kind, at_ms, media_time_ms, payload"
  /// Of those that have an index of their own: what was said is most of a show, and all else few.
  static let isMoment: SQL = "sequence > 0 AND kind <> 'message' AND kind <> 'message_removed'"

  private struct Named: Decodable { let product: ID<Product>? }

  /// The product it is about, if it is about one.
  public var product: ID<Product>? {
    try? JSONDecoder().decode(Named.self, from: Data(payload.utf8)).product
  }

  /// One of the strings that came with it; empty when there is none of that name.
  public func detail(_ name: String) -> String {
    (try? JSONDecoder().decode([String: String].self, from: Data(payload.utf8)))?[name] ?? ""
  }

  init(row: Row) throws {
    sequence = try row.get("sequence")
    kind = try row.get("kind")
    at = try row.get("at_ms")
    mediaTime = try row.get("media_time_ms")
    payload = try row.get("payload")
  }
}

/// The ordered events of a show. A verb appends to it in its own transaction; the show's sequencer numbers what was
/// appended after that commit, so that events of unrelated transactions need not wait for each other to be numbered.
public enum Timeline {
  /// Milliseconds; over thirty years. A client says where its playhead is, and sums are made of that.
  static let mediaTimeMax: Int64 = 1 << 40

  /// Appends an event, still without a number, and announces it.
  ///
  /// - Parameters:
  ///   - mediaTime: where the show's clock stands; nil takes what it should be by the wall clock, 0 before anything was
  ///     published.
  ///   - payload: strings to send with it.
  ///   - id: the event's own id, when it must be found again.
  public static func append(
    show: ID<Show>, kind: TimelineEvent.Kind, mediaTime: Int64?, payload: [String: String] = [:],
    on occasion: Occasion, id: ID<TimelineEvent>? = nil, in db: any Connection
  ) throws {
    let id = id ?? ID(at: occasion.at, entropy: occasion.entropy)
    let time = try mediaTime ?? self.mediaTime(of: show, at: occasion.at, in: db)
    try db.run(
      """
      INSERT INTO timeline_event (id, show_id, sequence, kind, at_ms, media_time_ms, payload)
      VALUES (\(id), \(show), 0, \(kind), \(occasion.at), \(min(max(0, time), mediaTimeMax)), \(text(of: payload)))
      """)
    try Outbox.announce(.timeline(show), in: db)
    try ShowAction.note(kind, payload, in: show, on: occasion, db)
  }

  /// What the show's clock should say by the wall clock.
  static func mediaTime(of show: ID<Show>, at now: Moment, in db: any Connection) throws -> Int64 {
    let row = try db.row("SELECT media_epoch_ms FROM show WHERE id = \(show)")
    guard let epoch = try row?.get("media_epoch_ms", as: Moment?.self) else { return 0 }
    return max(0, now.milliseconds(since: epoch))
  }

  /// A JSON object with its keys in order, the same text for the same payload.
  static func text(of payload: [String: String]) -> String {
    var json = JSONWriter(capacity: 256)
    json.object(payload)
    return json.text
  }
}

extension Commerce {
  /// Numbers the events of a show that have no number yet, the oldest `Policy.numberingBatch` of them, and gives them.
  ///
  /// However many call it at once, the numbers go 1, 2, 3 … without gap or repeat.
  public func numberTimeline(_ show: ID<Show>) async throws -> [TimelineEvent] {
    try await database.write { [policy] db in
      let rows = try db.rows(
        """
        SELECT id FROM timeline_event WHERE show_id = \(show) AND sequence = 0
        ORDER BY at_ms, id LIMIT \(policy.numberingBatch)
        """)
      guard !rows.isEmpty, let last = try db.row("SELECT sequence FROM show WHERE id = \(show)") else { return [] }
      let before: Int64 = try last.get("sequence")
      for (place, row) in rows.enumerated() {
        let id: ID<TimelineEvent> = try row.get("id")
        try db.run("UPDATE timeline_event SET sequence = \(before + Int64(place) + 1) WHERE id = \(id)")
      }
      let after = before + Int64(rows.count)
      try db.run("UPDATE show SET sequence = \(after) WHERE id = \(show)")
      return try events(of: show, after: before, limit: rows.count, in: db)
    }
  }

  /// The numbered events of a show after `sequence`, at most `limit` (1…1000) of them.
  public func timeline(_ show: ID<Show>, after sequence: Int64, limit: Int) async throws -> [TimelineEvent] {
    try await database.read { db in
      try events(of: show, after: sequence, limit: min(max(1, limit), 1000), in: db)
    }
  }

  /// Numbers have no gaps. Between two bounds: with `> 0`, for the index's sake, and a second lower bound SQLite goes through
  /// the show from its beginning.
  private func events(of show: ID<Show>, after sequence: Int64, limit: Int, in db: any Connection) throws
    -> [TimelineEvent]
  {
    let after = min(max(0, sequence), .max - 1000)
    return try db.rows(
      """
      SELECT \(TimelineEvent.columns) FROM timeline_event
      WHERE show_id = \(show) AND sequence > 0 AND sequence BETWEEN \(after + 1) AND \(after + Int64(limit))
      ORDER BY sequence
      """
    ).map(TimelineEvent.init)
  }
}
