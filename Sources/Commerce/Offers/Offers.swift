public import Store

/// Opens, closes and finds offers inside the transaction of the verb that needs them.
public enum Offers {
  /// Makes `price` the list price of a variant in a market. The offer that was open is closed at the same moment;
  /// when nothing differs, it stays as it is.
  ///
  /// Throws `GeneralRefusal.invalid` for a price outside 1…`Money.minorMax`, or a comparison that is not above it or
  /// is in another currency.
  @discardableResult
  public static func openList(
    _ price: Money, compareAt: Money?, of variant: ID<Variant>, market: String, on occasion: Occasion,
    in db: any Connection
  ) throws -> Offer {
    guard (1...Money.minorMax).contains(price.minor) else {
      throw GeneralRefusal.invalid(field: "price", why: "must be at least 1 minor unit and at most \(Money.minorMax)")
    }
    if let compareAt {
      guard compareAt.currency == price.currency, compareAt.minor > price.minor, compareAt.minor <= Money.minorMax
      else {
        throw GeneralRefusal.invalid(field: "compareAt", why: "must be above the price, and in its currency")
      }
    }
    if try db.row("SELECT 1 FROM variant WHERE id = \(variant) AND is_bundle = 1") != nil {
      guard compareAt == nil else { throw BundleRefusal.oneVariant }
      try ProductBundle.check(price, of: variant, market: market, in: db)
    }
    if let open = try list(of: variant, market: market, in: db) {
      if open.price == price && open.compareAt == compareAt { return open }
      try close(open, on: occasion, in: db)
    }
    let offer = Offer(
      list: ID(at: occasion.at, entropy: occasion.entropy), variant: variant, market: market, price: price,
      compareAt: compareAt, opened: occasion.at)
    try db.run(
      """
      INSERT INTO offer (\(Offer.columns))
      VALUES (\(offer.id), \(variant), \(market), \(offer.kind), \(price.currency), \(price.minor), \
      \((compareAt?.minor).sqlValue), \(offer.opened), \(offer.closed), NULL, NULL)
      """)
    try Outbox.announce(.offer(variant), in: db)
    return offer
  }

  /// Takes a variant off sale in a market, out of a deal too. Nothing happens when it is not on sale there.
  public static func closeList(of variant: ID<Variant>, market: String, on occasion: Occasion, in db: any Connection)
    throws
  {
    guard let open = try list(of: variant, market: market, in: db) else { return }
    try close(open, on: occasion, in: db)
    try db.run(
      """
      UPDATE offer SET closed_ms = CASE WHEN opened_ms > \(occasion.at) THEN opened_ms ELSE \(occasion.at) END
      WHERE kind = 'deal' AND variant_id = \(variant) AND market = \(market) AND closed_ms > \(occasion.at)
      """)
    try Outbox.announce(.offer(variant), in: db)
  }

  /// The open list offers of some variants in a market, by variant, in one statement.
  public static func lists(of variants: [ID<Variant>], market: String, in db: any Connection) throws
    -> [ID<Variant>: Offer]
  {
    guard !variants.isEmpty else { return [:] }
    let rows = try db.rows(
      """
      SELECT \(Offer.columns) FROM offer
      WHERE kind = 'list' AND closed_ms = 9223372036854775807 AND market = \(market)
        AND variant_id IN \(list: variants)
      """)
    var offers: [ID<Variant>: Offer] = [:]
    for row in rows {
      let offer = try Offer(row: row)
      offers[offer.variant] = offer
    }
    return offers
  }

  /// The offers of some deals in a market, by variant. A product has one deal at a time.
  static func ofDeals(_ deals: [ID<Deal>], market: String, in db: any Connection) throws -> [ID<Variant>: Offer] {
    guard !deals.isEmpty else { return [:] }
    let rows = try db.rows(
      """
      SELECT \(Offer.columns) FROM offer
      WHERE deal_id IN \(list: deals) AND market = \(market) AND closed_ms > opened_ms
      """)
    return Dictionary(try rows.map(Offer.init).map { ($0.variant, $0) }) { $1 }
  }

  /// Every open list offer of some variants, in all markets.
  public static func lists(of variants: [ID<Variant>], in db: any Connection) throws -> [Offer] {
    guard !variants.isEmpty else { return [] }
    return try db.rows(
      """
      SELECT \(Offer.columns) FROM offer
      WHERE kind = 'list' AND closed_ms = 9223372036854775807 AND variant_id IN \(list: variants)
      ORDER BY variant_id, market
      """
    ).map(Offer.init)
  }

  /// The open list offer of a variant in a market.
  public static func list(of variant: ID<Variant>, market: String, in db: any Connection) throws -> Offer? {
    try lists(of: [variant], market: market, in: db)[variant]
  }

  private static func close(_ offer: Offer, on occasion: Occasion, in db: any Connection) throws {
    // A clock that was set back must not close an offer before it opened.
    let closed = max(occasion.at, offer.opened)
    try db.run("UPDATE offer SET closed_ms = \(closed) WHERE id = \(offer.id)")
  }
}
