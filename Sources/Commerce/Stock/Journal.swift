import Store

/// One line of a variant's stock journal.
public struct StockEntry: Sendable, Equatable {
  public let id: ID<Stock.Movement>
  public let kind: Stock.Movement.Kind
  public let onHandChange: Int64
  public let reservedChange: Int64
  /// The stock once it had happened.
  public let after: StockLevel
  public let order: ID<Order>?
  /// Who did it; nil for the house itself and for guests.
  public let by: String?
  /// Why, in the words of who did it.
  public let note: String
  public let at: Moment
}

/// A variant's stock, and a page of what happened to it, newest first.
public struct StockJournal: Sendable {
  public let product: ID<Product>
  public let channel: ID<Channel>
  public let productTitle: String
  /// Empty for a product without options.
  public let variantTitle: String
  public let sku: String
  /// Cannot be bought any more.
  public let isRetired: Bool
  public let level: StockLevel
  public let entries: Page<StockEntry>
}

extension Commerce {
  /// What happened to a variant's stock, newest first. For the channel's members.
  public func stockJournal(
    of variant: ID<Variant>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> StockJournal {
    try policy.check(limit: limit)
    return try await database.read { db in
      let row = try db.row(
        """
        SELECT product.id AS product_id, product.channel_id AS channel_id, product.title AS product_title,
          variant.title AS variant_title, variant.sku AS sku, variant.retired_ms AS retired_ms
        FROM variant JOIN product ON product.id = variant.product_id WHERE variant.id = \(variant)
        """)
      guard let row else { throw GeneralRefusal.notFound("variant") }
      let channel: ID<Channel> = try row.get("channel_id")
      try Membership.require(.look, of: channel, by: caller, "variant", in: db)
      let level = try Stock.levels(of: [variant], in: db)[variant] ?? .none
      // An id begins with its time, and the journal is kept in the order of its ids.
      let place: SQL = cursor.map { "AND stock_movement.id < \($0.id)" } ?? ""
      let rows = try db.rows(
        """
        SELECT stock_movement.id AS id, kind, on_hand_change, reserved_change, order_id, note, at_ms,
          account.name AS account_name
        FROM stock_movement LEFT JOIN account ON account.id = stock_movement.account_id
        WHERE variant_id = \(variant) \(place) ORDER BY stock_movement.id DESC LIMIT \(limit + 1)
        """)
      var onHand = level.onHand
      var reserved = level.reserved
      if let cursor {
        // What came after this page is taken off again: so the newest line ends in the stock there is.
        let newer = try db.requireRow(
          """
          SELECT CAST(COALESCE(SUM(on_hand_change), 0) AS BIGINT) AS on_hand,
            CAST(COALESCE(SUM(reserved_change), 0) AS BIGINT) AS reserved
          FROM stock_movement WHERE variant_id = \(variant) AND id >= \(cursor.id)
          """)
        onHand -= try newer.get("on_hand", as: Int64.self)
        reserved -= try newer.get("reserved", as: Int64.self)
      }
      let entries = try rows.map { row in
        let entry = StockEntry(
          id: try row.get("id"), kind: try row.get("kind"), onHandChange: try row.get("on_hand_change"),
          reservedChange: try row.get("reserved_change"), after: StockLevel(onHand: onHand, reserved: reserved),
          order: try row.get("order_id"), by: try row.get("account_name"), note: try row.get("note"),
          at: try row.get("at_ms"))
        onHand -= entry.onHandChange
        reserved -= entry.reservedChange
        return entry
      }
      return StockJournal(
        product: try row.get("product_id"), channel: channel, productTitle: try row.get("product_title"),
        variantTitle: try row.get("variant_title"), sku: try row.get("sku"),
        isRetired: try row.get("retired_ms", as: Int64?.self) != nil, level: level,
        entries: Page(entries, limit: limit) { Cursor($0.at.milliseconds, $0.id) })
    }
  }

  /// Puts units that came in on the shelf. For the channel's owners.
  ///
  /// Throws `GeneralRefusal.invalid` for no units, more than `Policy.onHandMax` in all, and without a reason.
  @discardableResult
  public func receiveStock(by caller: Caller, variant: ID<Variant>, count: Int64, note: String) async throws
    -> StockLevel
  {
    guard (1...policy.onHandMax).contains(count) else {
      throw GeneralRefusal.invalid(field: "count", why: "must be between 1 and \(policy.onHandMax)")
    }
    let note = try policy.text(note, "note", max: policy.stockNoteCharactersMax)
    return try await writeAndTell { [policy] db in
      let row = try db.row(
        """
        SELECT product.channel_id FROM variant JOIN product ON product.id = variant.product_id
        WHERE variant.id = \(variant) AND variant.retired_ms IS NULL
        """)
      guard let row else { throw GeneralRefusal.notFound("variant") }
      let account = try Membership.require(.everything, of: row.get("channel_id"), by: caller, "variant", in: db)
      let before = try Stock.levels(of: [variant], in: db)[variant] ?? .none
      guard before.onHand <= policy.onHandMax - count else {
        throw GeneralRefusal.invalid(field: "count", why: "makes more than \(policy.onHandMax) on hand")
      }
      return try Stock.receive(count, of: variant, on: occasion(by: account, note: note), in: db)
    }
  }
}
