import Store

/// What takes something off an order, by its code or by a card on screen (DOMAIN.md, "What is sold").
public struct Coupon: Sendable, Equatable {
  public enum Value: Sendable, Equatable {
    /// A share of what it applies to, of at most `max`.
    case percent(Rate, max: Money?)
    case amount(Money)
  }

  public enum Funder: String, Sendable, Codable, CaseIterable {
    /// The seller gets less.
    case seller
    /// The seller gets all, and the platform puts in what the buyer does not pay.
    case platform
  }

  public let id: ID<Coupon>
  /// Nil for the platform's own.
  public let channel: ID<Channel>?
  /// 3 to 20 capital letters, digits and hyphens.
  public let code: String
  public let title: String
  public let market: String
  public let currency: Currency
  public let value: Value
  /// What it applies to has to come to at least this.
  public let minimum: Money
  /// Orders it can be used for.
  public let claimsMax: Int64
  public let claimsPerBuyerMax: Int64
  /// Orders with it that wait for payment or were paid. One that is not paid in time gives it back.
  public let taken: Int64
  /// 0 when it began at once.
  public let starts: Moment
  /// `Moment.never` without an end.
  public let ends: Moment

  public var funder: Funder { channel == nil ? .platform : .seller }
  /// Never negative.
  public var left: Int64 { claimsMax - taken }

  /// What viewers are told of it, as strings.
  public var told: [String: String] {
    var told = [
      "coupon": "\(id)", "code": code, "title": title, "market": market, "currency": "\(currency)",
      "minimumMinor": "\(minimum.minor)",
    ]
    switch value {
    case .percent(let rate, let max):
      told["percentBasisPoints"] = "\(rate.basisPoints)"
      if let max { told["discountMaxMinor"] = "\(max.minor)" }
    case .amount(let amount): told["amountMinor"] = "\(amount.minor)"
    }
    if ends != .never { told["endsAt"] = "\(ends)" }
    return told
  }

  public func isOpen(at moment: Moment) -> Bool { starts <= moment && moment < ends && left > 0 }
}

extension Coupon {
  static let columns: SQL = """
    coupon.id, coupon.channel_id, coupon.code, coupon.title, coupon.market, coupon.currency, coupon.percent_bp,
    coupon.amount_minor, coupon.discount_max_minor, coupon.minimum_minor, coupon.claims_max,
    coupon.claims_per_buyer_max, coupon.taken, coupon.starts_ms, coupon.ends_ms
    """

  init(row: Row) throws {
    let currency: Currency = try row.get("currency")
    func money(_ column: String) throws -> Money? {
      try row.get(column, as: Int64?.self).map { Money(minor: $0, currency: currency) }
    }
    id = try row.get("id")
    channel = try row.get("channel_id")
    code = try row.get("code")
    title = try row.get("title")
    market = try row.get("market")
    self.currency = currency
    if let amount = try money("amount_minor") {
      value = .amount(amount)
    } else {
      value = .percent(try row.get("percent_bp"), max: try money("discount_max_minor"))
    }
    minimum = Money(minor: try row.get("minimum_minor"), currency: currency)
    claimsMax = try row.get("claims_max")
    claimsPerBuyerMax = try row.get("claims_per_buyer_max")
    taken = try row.get("taken")
    starts = try row.get("starts_ms")
    ends = try row.get("ends_ms")
  }

  static func find(_ id: ID<Coupon>, in db: any Connection) throws -> Coupon? {
    try db.row("SELECT \(columns) FROM coupon WHERE id = \(id)").map(Coupon.init)
  }

  static func require(_ id: ID<Coupon>, in db: any Connection) throws -> Coupon {
    guard let coupon = try find(id, in: db) else { throw GeneralRefusal.notFound("coupon") }
    return coupon
  }

  /// The one with that code that a seller's buyers can use in a market: the seller's own goes before the platform's.
  static func named(
    _ code: String, of channel: ID<Channel>, market: String, in db: any Connection
  ) throws -> Coupon? {
    let scopes: [[UInt8]] = [channel.bytes, []]
    let found = try db.rows(
      """
      SELECT \(columns) FROM coupon
      WHERE code = \(normalized(code)) AND market = \(market) AND scope IN \(list: scopes)
      """
    ).map(Coupon.init)
    return found.first { $0.channel != nil } ?? found.first
  }

  /// As it is stored and compared: without spaces around it, in capital letters.
  static func normalized(_ code: String) -> String {
    String(code.unicodeScalars.filter { !$0.properties.isWhitespace }.map(Character.init)).uppercased()
  }
}

/// What a coupon is made from.
public struct CouponDraft: Sendable, Codable, Equatable {
  public var code: String
  public var title: String
  public var market: String
  /// Basis points, 1 to 9000; or `amountMinor`, not both.
  public var percentBasisPoints: Int64?
  public var amountMinor: Int64?
  public var discountMaxMinor: Int64?
  public var minimumMinor: Int64
  public var claimsMax: Int64
  public var claimsPerBuyerMax: Int64
  /// Nil for now.
  public var starts: Moment?
  /// Nil for no end.
  public var ends: Moment?

  public init(
    code: String, title: String = "", market: String, percentBasisPoints: Int64? = nil, amountMinor: Int64? = nil,
    discountMaxMinor: Int64? = nil, minimumMinor: Int64 = 0, claimsMax: Int64, claimsPerBuyerMax: Int64 = 1,
    starts: Moment? = nil, ends: Moment? = nil
  ) {
    self.code = code
    self.title = title
    self.market = market
    self.percentBasisPoints = percentBasisPoints
    self.amountMinor = amountMinor
    self.discountMaxMinor = discountMaxMinor
    self.minimumMinor = minimumMinor
    self.claimsMax = claimsMax
    self.claimsPerBuyerMax = claimsPerBuyerMax
    self.starts = starts
    self.ends = ends
  }
}
