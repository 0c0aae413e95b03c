import Store

/// What a deal on a product has to keep to, for whoever is about to open one.
public struct DealTerms: Sendable, Equatable {
  /// One variant in one market.
  public struct Price: Sendable, Equatable {
    public let variant: ID<Variant>
    public let title: String
    public let market: String
    public let list: Money
    /// Of the thirty days before now, deals as well.
    public let lowest: Money
    /// A deal has to be at most this.
    public let max: Money
  }

  public let prices: [Price]
  /// Units that can be sold now, of all variants.
  public let available: Int64

  /// What a deal has to be at most in a market: what suits all variants. Nil where nothing is sold, or nothing can be
  /// cheaper.
  public func max(in market: String) -> Money? {
    prices.filter { $0.market == market }.map(\.max).min { $0.minor < $1.minor }.flatMap { $0.minor > 0 ? $0 : nil }
  }
}

extension Commerce {
  /// What a deal on a product would have to keep to now. For the channel's owners and hosts.
  ///
  /// Throws `GeneralRefusal.notFound`.
  public func dealTerms(of product: ID<Product>, show id: ID<Show>, by caller: Caller) async throws -> DealTerms {
    try await database.read { db in
      let show = try Show.require(id, in: db)
      try Membership.require(.shows, of: show.channel, by: caller, "show", in: db)
      try Product.requireOwn(product, of: show.channel, in: db)
      return try DealTerms.of(product, markets: show.markets, at: clock.now, policy: policy, in: db)
    }
  }
}

extension DealTerms {
  /// Three queries, however many variants and markets.
  static func of(
    _ product: ID<Product>, markets: [String], at now: Moment, policy: Policy, in db: any Connection
  ) throws -> DealTerms {
    let variants = try VariantRow.current(of: [product], in: db)
    let ids = variants.map(\.id)
    let lowest = try Offers.lowest(of: ids, days: policy.dealLowestDays, before: now, in: db)
    let titles = Dictionary(uniqueKeysWithValues: variants.map { ($0.id, $0.title) })
    let prices = try Offers.lists(of: ids, in: db).filter { markets.contains($0.market) }.map { offer in
      let low = min(lowest[offer.place] ?? offer.price.minor, offer.price.minor)
      return Price(
        variant: offer.variant, title: titles[offer.variant] ?? "", market: offer.market, list: offer.price,
        lowest: Money(minor: low, currency: offer.price.currency),
        max: Money(
          minor: (policy.dealsUndercutLowest ? low : offer.price.minor) - 1, currency: offer.price.currency))
    }
    let available = try Stock.levels(of: ids, in: db).values.reduce(0) { $0 + $1.available }
    return DealTerms(prices: prices, available: available)
  }
}

extension Product {
  /// Throws `GeneralRefusal.notFound` for another channel's.
  static func requireOwn(_ product: ID<Product>, of channel: ID<Channel>, in db: any Connection) throws {
    guard try db.row("SELECT 1 FROM product WHERE id = \(product) AND channel_id = \(channel)") != nil else {
      throw GeneralRefusal.notFound("product")
    }
  }
}

extension Offers {
  /// A variant in a market.
  struct Place: Hashable {
    let variant: ID<Variant>
    let market: String
  }

  /// The lowest prices at which some variants could be bought in the `days` before a moment, in minor units of the
  /// currency of the list price of today.
  static func lowest(
    of variants: [ID<Variant>], days: Int64, before now: Moment, in db: any Connection
  ) throws -> [Place: Int64] {
    guard !variants.isEmpty else { return [:] }
    // What was closed before it opened was never offered: a deal called off during its countdown. What an auction came
    // to was offered to nobody else.
    let rows = try db.rows(
      """
      SELECT offer.variant_id, offer.market, MIN(offer.price_minor) AS lowest
      FROM offer JOIN market ON market.code = offer.market AND market.currency = offer.currency
      WHERE offer.kind <> 'auction' AND offer.variant_id IN \(list: variants) AND offer.opened_ms <= \(now) AND offer.closed_ms > offer.opened_ms
        AND offer.closed_ms > \(now.adding(seconds: -days * 86_400))
      GROUP BY offer.variant_id, offer.market
      """)
    var lowest: [Place: Int64] = [:]
    for row in rows {
      lowest[Place(variant: try row.get("variant_id"), market: try row.get("market"))] = try row.get("lowest")
    }
    return lowest
  }
}

extension Offer {
  var place: Offers.Place { Offers.Place(variant: variant, market: market) }
}
