import Store

/// On which terms a seller's products may be sold in other channels' shows (DOMAIN.md, “Money”).
public struct AffiliateTerms: Sendable, Equatable {
  public let id: ID<AffiliateTerms>
  public let seller: ID<Channel>
  public let sellerName: String
  /// One product; nil for all.
  public let product: ID<Product>?
  /// Empty for all.
  public let productTitle: String
  /// One creator; nil for every channel.
  public let creator: ID<Channel>?
  /// Empty for every channel.
  public let creatorName: String
  /// The creator's share of what is sold, without its tax: 1…80 %.
  public let rate: Rate
  /// When they were made. They hold from then on, whatever a clock says that was set back.
  public let starts: Moment
  /// `Moment.never` without an end.
  public let ends: Moment

  public static let rates: ClosedRange<Int64> = 100...8_000

  /// What wins over what: the creator's own terms over those for everyone, then a product's over those for all, then
  /// the later.
  static func wins(_ one: AffiliateTerms, over other: AffiliateTerms) -> Bool {
    if (one.creator == nil) != (other.creator == nil) { return one.creator != nil }
    if (one.product == nil) != (other.product == nil) { return one.product != nil }
    return (one.starts, one.id) > (other.starts, other.id)
  }
}

extension AffiliateTerms {
  /// The terms on which a creator may sell some products, by product; those without any are left out.
  ///
  /// - Parameter since: terms that ended after it still hold: a show that began with them goes on with them.
  static func of(
    _ products: [(id: ID<Product>, seller: ID<Channel>)], for creator: ID<Channel>, since: Moment, at now: Moment,
    in db: any Connection
  ) throws -> [ID<Product>: AffiliateTerms] {
    let sellers = Set(products.map(\.seller)).subtracting([creator])
    guard !sellers.isEmpty else { return [:] }
    let all = try db.rows(
      """
      \(query) WHERE terms.channel_id IN \(list: Array(sellers))
        AND (terms.ends_ms > \(now) OR terms.ends_ms > \(since))
        AND (terms.creator_id IS NULL OR terms.creator_id = \(creator)) AND seller.state = 'approved'
      """
    ).map(AffiliateTerms.init)
    var found: [ID<Product>: AffiliateTerms] = [:]
    for product in products {
      let best = all.filter { $0.seller == product.seller && ($0.product == nil || $0.product == product.id) }
        .max { wins($1, over: $0) }
      if let best { found[product.id] = best }
    }
    return found
  }

  static let query: SQL = """
    SELECT terms.id AS id, terms.channel_id AS channel_id, terms.product_id AS product_id,
      terms.creator_id AS creator_id, terms.rate_bp AS rate_bp, terms.starts_ms AS starts_ms,
      terms.ends_ms AS ends_ms, seller.name AS seller_name, COALESCE(product.title, '') AS product_title,
      COALESCE(creator.name, '') AS creator_name
    FROM affiliate_terms terms JOIN channel seller ON seller.id = terms.channel_id
    LEFT JOIN product ON product.id = terms.product_id LEFT JOIN channel creator ON creator.id = terms.creator_id
    """

  init(row: Row) throws {
    id = try row.get("id")
    seller = try row.get("channel_id")
    sellerName = try row.get("seller_name")
    product = try row.get("product_id")
    productTitle = try row.get("product_title")
    creator = try row.get("creator_id")
    creatorName = try row.get("creator_name")
    rate = try row.get("rate_bp")
    starts = try row.get("starts_ms")
    ends = try row.get("ends_ms")
  }

  static func require(_ id: ID<AffiliateTerms>, in db: any Connection) throws -> AffiliateTerms {
    guard let row = try db.row("\(query) WHERE terms.id = \(id)") else {
      throw GeneralRefusal.notFound("affiliate terms")
    }
    return try AffiliateTerms(row: row)
  }
}

extension Product {
  /// Throws `GeneralRefusal.notFound` unless the channel may sell it in a show: its own, or one on affiliate terms.
  ///
  /// - Parameter show: terms that held when it began still do.
  static func requireSellable(
    _ products: [ID<Product>], in show: Show, at now: Moment, db: any Connection
  ) throws {
    guard !products.isEmpty else { return }
    let found = try db.rows("SELECT id, channel_id FROM product WHERE id IN \(list: products)").map {
      (id: try $0.get("id", as: ID<Product>.self), seller: try $0.get("channel_id", as: ID<Channel>.self))
    }
    guard found.count == products.count else { throw GeneralRefusal.notFound("product") }
    let others = found.filter { $0.seller != show.channel }
    let terms = try AffiliateTerms.of(others, for: show.channel, since: show.startedAt ?? now, at: now, in: db)
    guard terms.count == others.count else { throw GeneralRefusal.notFound("product") }
  }
}
