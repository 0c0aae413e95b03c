public import Store

/// A price with a clock and a limit, for every variant of a product, opened by the host on air (DOMAIN.md, "What is
/// sold").
public struct Deal: Sendable, Equatable {
  /// Why it ended before or when its time was over.
  public enum End: String, Sendable, CaseIterable { case time, host, show }

  public let id: ID<Deal>
  public let show: ID<Show>
  public let product: ID<Product>
  public let starts: Moment
  /// When its time is over, or was cut short.
  public let ends: Moment
  /// When it starts on the show's own clock, in milliseconds: for a viewer whose picture is behind it starts later.
  public let startMediaTime: Int64
  /// Units it sells at most, of all variants and in all markets.
  public let unitsMax: Int64
  public let unitsPerBuyerMax: Int64
  /// Units of its orders that wait for payment or were paid. A unit that is not paid for in time can be taken again.
  public let taken: Int64
  /// Nil as long as nobody has seen that it ended.
  public let ended: End?

  /// Never negative.
  public var left: Int64 { unitsMax - taken }
  /// Whether its price can be had at a moment by the server's clock.
  public func isOn(at moment: Moment) -> Bool { starts <= moment && moment < ends && left > 0 }

  /// On the show's own clock, in milliseconds.
  public var endMediaTime: Int64 { startMediaTime + ends.milliseconds(since: starts) }
}

extension Deal {
  static let columns: SQL = """
    deal.id, deal.show_id, deal.product_id, deal.starts_ms, deal.ends_ms, deal.start_media_ms, deal.units_max,
    deal.units_per_buyer_max, deal.taken, deal.ended_why
    """

  init(row: Row) throws {
    id = try row.get("id")
    show = try row.get("show_id")
    product = try row.get("product_id")
    starts = try row.get("starts_ms")
    ends = try row.get("ends_ms")
    startMediaTime = try row.get("start_media_ms")
    unitsMax = try row.get("units_max")
    unitsPerBuyerMax = try row.get("units_per_buyer_max")
    taken = try row.get("taken")
    ended = try row.get("ended_why")
  }

  static func require(_ id: ID<Deal>, of show: ID<Show>, in db: any Connection) throws -> Deal {
    guard let row = try db.row("SELECT \(columns) FROM deal WHERE id = \(id) AND show_id = \(show)") else {
      throw GeneralRefusal.notFound("deal")
    }
    return try Deal(row: row)
  }

  /// The deals of some products in a show that have not ended before `since`: a product may have had one and then
  /// another, the later one comes last.
  static func onAir(of products: [ID<Product>], show: ID<Show>, since: Moment, in db: any Connection) throws -> [Deal] {
    guard !products.isEmpty else { return [] }
    return try db.rows(
      """
      SELECT \(columns) FROM deal
      WHERE show_id = \(show) AND product_id IN \(list: products) AND ends_ms > starts_ms AND ends_ms > \(since)
      ORDER BY created_ms, id
      """
    ).map(Deal.init)
  }
}

extension Deal.End: ValueConvertible {}

/// What a deal is opened from.
public struct DealDraft: Sendable, Codable, Equatable {
  public var product: ID<Product>
  /// Minor units by market code; in a market that is not named there is no deal.
  public var prices: [String: Int64]
  /// From now until it starts.
  public var countdownSeconds: Int64
  public var durationSeconds: Int64
  public var unitsMax: Int64
  public var unitsPerBuyerMax: Int64

  public init(
    product: ID<Product>, prices: [String: Int64], countdownSeconds: Int64 = 0, durationSeconds: Int64,
    unitsMax: Int64, unitsPerBuyerMax: Int64
  ) {
    self.product = product
    self.prices = prices
    self.countdownSeconds = countdownSeconds
    self.durationSeconds = durationSeconds
    self.unitsMax = unitsMax
    self.unitsPerBuyerMax = unitsPerBuyerMax
  }
}
