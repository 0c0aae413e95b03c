import Store

extension Commerce {
  /// What happened in a stretch of a show, by media time, for its replay. Messages that were removed, and their removal,
  /// are not in it.
  ///
  /// - Parameters:
  ///   - from: milliseconds of media time, with it.
  ///   - until: without it.
  ///   - sequence: only what comes after this event at `from`; for the next page.
  ///   - messages: what was said, or everything else.
  ///   - limit: 1…1000. Of messages the last ones are given: those that a viewer would see.
  public func moments(
    of id: ID<Show>, from: Int64, until: Int64, messages: Bool, limit: Int, by caller: Caller = .nobody
  ) async throws -> [TimelineEvent] {
    guard (1...1000).contains(limit) else {
      throw GeneralRefusal.invalid(field: "limit", why: "must be between 1 and 1000")
    }
    return try await database.read { db in
      try requireVisible(Show.require(id, in: db), to: caller, in: db)
      let kinds: SQL =
        messages
        ? """
        sequence > 0 AND kind = 'message' AND EXISTS (
          SELECT 1 FROM message WHERE message.id = timeline_event.id AND message.removed_ms IS NULL)
        """ : TimelineEvent.isMoment
      let order: SQL = messages ? "media_time_ms DESC, sequence DESC" : "media_time_ms, sequence"
      let events = try db.rows(
        """
        SELECT \(TimelineEvent.columns) FROM timeline_event
        WHERE show_id = \(id) AND media_time_ms >= \(from) AND media_time_ms < \(until) AND \(kinds)
        ORDER BY \(order) LIMIT \(limit)
        """
      ).map(TimelineEvent.init)
      return messages ? events.reversed() : events
    }
  }

  /// Nobody pins so often: one every second for three hours.
  private static let pinsMax = 10_000

  /// The pins of a show, with the products' titles as they are now: the chapters of its replay. The first 10,000.
  public func pins(of id: ID<Show>, by caller: Caller = .nobody) async throws -> [Pin] {
    try await database.read { db in
      try requireVisible(Show.require(id, in: db), to: caller, in: db)
      let events = try db.rows(
        """
        SELECT \(TimelineEvent.columns) FROM timeline_event
        WHERE show_id = \(id) AND \(TimelineEvent.isMoment) AND kind = 'pinned'
        ORDER BY media_time_ms, sequence LIMIT \(Self.pinsMax)
        """
      ).map(TimelineEvent.init)
      let products = events.compactMap { event in
        event.product.map { Pin(mediaTime: event.mediaTime, product: $0, title: "") }
      }
      guard !products.isEmpty else { return [] }
      var titles: [ID<Product>: String] = [:]
      for row in try db.rows("SELECT id, title FROM product WHERE id IN \(list: Array(Set(products.map(\.product))))") {
        titles[try row.get("id")] = try row.get("title", as: String.self)
      }
      return products.compactMap { pin in
        titles[pin.product].map { Pin(mediaTime: pin.mediaTime, product: pin.product, title: $0) }
      }
    }
  }

  /// A product that came on screen.
  public struct Pin: Sendable, Equatable {
    /// Milliseconds on the show's clock.
    public let mediaTime: Int64
    public let product: ID<Product>
    public let title: String
  }
}
