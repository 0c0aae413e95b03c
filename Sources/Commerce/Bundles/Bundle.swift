import Store

/// A product made of other variants of its channel, at one price of its own. It has one variant, and no stock but that of
/// its parts.
public enum ProductBundle {
  /// A variant in a bundle, as it is now.
  public struct Part: Sendable, Equatable {
    public let variant: ID<Variant>
    public let product: ID<Product>
    /// Of the product and the variant.
    public let title: String
    public let sku: String
    /// Units of it in one bundle.
    public let quantity: Int64
    /// What is left of it; nothing once it is not sold any more.
    public let available: Int64
    /// Of one unit, in the market that was asked for; nil where it is not sold.
    public let listPrice: Money?
    let category: String
    let taxClass: String
    let grams: Int64
    let limits: UnitLimits
    let productLimits: UnitLimits
    let productTitle: String
  }

  /// Units of one part at one price.
  struct Share: Sendable, Equatable {
    let part: Int
    let count: Int64
    let unitPrice: Int64
  }

  /// What each part of one bundle is sold for, so that all units together come to `price` to the last minor unit.
  ///
  /// Every unit has its share of the price by its list price, rounded down, and one minor unit at least; what is left over goes
  /// to the first units, one minor unit each. So at most one part has units of two prices.
  ///
  /// - Parameter parts: units and the list price of one, above 0; the price is at least the number of units.
  static func shares(of price: Int64, _ parts: [(count: Int64, list: Int64)]) -> [Share] {
    let units = parts.reduce(0) { $0 + $1.count }
    let worth = parts.reduce(0) { $0 + $1.count * $1.list }
    guard units > 0, worth > 0, price >= units else { return [] }
    let spare = price - units
    let floors = parts.map { 1 + worth.dividingFullWidth($0.list.multipliedFullWidth(by: spare)).quotient }
    var left = price - zip(parts, floors).reduce(0) { $0 + $1.0.count * $1.1 }
    var shares: [Share] = []
    for (index, part) in parts.enumerated() {
      let more = min(left, part.count)
      left -= more
      if more > 0 { shares.append(Share(part: index, count: more, unitPrice: floors[index] + 1)) }
      if part.count > more { shares.append(Share(part: index, count: part.count - more, unitPrice: floors[index])) }
    }
    return shares
  }
}

extension [ProductBundle.Part] {
  /// How many bundles could be sold of what is left of their parts.
  public var available: Int64 { map { $0.available / $0.quantity }.min() ?? 0 }

  /// What the parts cost on their own; nil where one of them is not sold, or nobody could pay it.
  public var worth: Money? {
    guard let currency = first?.listPrice?.currency else { return nil }
    var sum: Int64 = 0
    for part in self {
      guard let price = part.listPrice?.minor else { return nil }
      let (total, isOver) = price.multipliedReportingOverflow(by: part.quantity)
      guard !isOver, total <= Money.minorMax, sum + total <= Money.minorMax else { return nil }
      sum += total
    }
    return Money(minor: sum, currency: currency)
  }

  /// The offer of a bundle of them, compared with what they cost on their own; nil where it cannot be sold at its price now.
  func offer(_ offer: Offer?) -> Offer? {
    guard let offer, let worth, lets(offer.price) else { return nil }
    return offer.compared(with: worth)
  }

  /// Whether a bundle of them can be sold at that price: below what they cost on their own, and enough for a minor unit
  /// each.
  func lets(_ price: Money) -> Bool {
    guard let worth, price.minor >= reduce(0, { $0 + $1.quantity }) else { return false }
    return price.minor < worth.minor
  }
}

extension ProductBundle {
  /// What bundles are made of, by their variant, in order: one statement. Those of other variants are left out.
  ///
  /// - Parameter market: by whose list prices; nil for none.
  static func parts(
    of bundles: [ID<Variant>], market: String?, in db: any Connection
  ) throws -> [ID<Variant>: [Part]] {
    guard !bundles.isEmpty else { return [:] }
    var found: [ID<Variant>: [Part]] = [:]
    for row in try db.rows(
      """
      SELECT bundle_part.bundle_id AS bundle_id, bundle_part.variant_id AS variant_id,
        bundle_part.quantity AS quantity, variant.title AS variant_title, variant.sku AS sku,
        variant.retired_ms AS retired_ms, product.id AS product_id, product.title AS product_title,
        product.category AS category, product.tax_class AS tax_class, variant.weight_grams AS weight_grams,
        variant.order_units_max AS order_units_max, variant.buyer_units_max AS buyer_units_max,
        product.order_units_max AS product_order_max, product.buyer_units_max AS product_buyer_max,
        stock.on_hand AS on_hand, stock.reserved AS reserved,
        offer.price_minor AS price_minor, offer.currency AS currency
      FROM bundle_part
      JOIN variant ON variant.id = bundle_part.variant_id
      JOIN product ON product.id = variant.product_id
      LEFT JOIN stock ON stock.variant_id = bundle_part.variant_id
      LEFT JOIN offer ON offer.variant_id = bundle_part.variant_id AND offer.market = \(market ?? "")
        AND offer.kind = 'list' AND offer.closed_ms = 9223372036854775807
      WHERE bundle_part.bundle_id IN \(list: bundles)
      ORDER BY bundle_part.bundle_id, bundle_part.position
      """)
    {
      let isRetired = try row.get("retired_ms", as: Int64?.self) != nil
      let left = try (row.get("on_hand", as: Int64?.self) ?? 0) - (row.get("reserved", as: Int64?.self) ?? 0)
      let price: Int64? = isRetired ? nil : try row.get("price_minor")
      let currency: Currency? = try row.get("currency")
      found[try row.get("bundle_id"), default: []].append(
        Part(
          variant: try row.get("variant_id"), product: try row.get("product_id"),
          title: Quote.Line.title(product: try row.get("product_title"), variant: try row.get("variant_title")),
          sku: try row.get("sku"), quantity: try row.get("quantity"), available: isRetired ? 0 : max(0, left),
          listPrice: price.flatMap { price in currency.map { Money(minor: price, currency: $0) } },
          category: try row.get("category"), taxClass: try row.get("tax_class"),
          grams: try row.get("weight_grams"),
          limits: UnitLimits(perOrder: try row.get("order_units_max"), perBuyer: try row.get("buyer_units_max")),
          productLimits: UnitLimits(
            perOrder: try row.get("product_order_max"), perBuyer: try row.get("product_buyer_max")),
          productTitle: try row.get("product_title")))
    }
    return found
  }

  /// The bundles that some variants are in.
  static func holding(_ variants: [ID<Variant>], in db: any Connection) throws -> [ID<Variant>] {
    try db.rows(
      "SELECT DISTINCT bundle_id FROM bundle_part WHERE variant_id IN \(list: variants) ORDER BY bundle_id"
    ).map { try $0.get("bundle_id") }
  }

  /// Throws `BundleRefusal.noStock` for a bundle.
  static func requireNone(_ variant: ID<Variant>, in db: any Connection) throws {
    guard try db.row("SELECT 1 FROM variant WHERE id = \(variant) AND is_bundle = 1") == nil else {
      throw BundleRefusal.noStock
    }
  }

  /// Throws `BundleRefusal.notBelow` for a price at which a bundle cannot be sold in a market. Other variants have any.
  static func check(_ price: Money, of variant: ID<Variant>, market: String, in db: any Connection) throws {
    guard let parts = try parts(of: [variant], market: market, in: db)[variant] else { return }
    guard parts.lets(price) else { throw BundleRefusal.notBelow(parts.worth, market: market) }
  }
}

/// Why there is no such bundle.
public enum BundleRefusal: Refusal, Equatable {
  /// What its parts cost there on their own; nil where one of them is not sold.
  case notBelow(Money?, market: String)
  case oneVariant
  case noStock
  case ofParts

  public var code: String {
    switch self {
    case .notBelow: "bundle_not_below"
    case .oneVariant: "bundle_one_variant"
    case .noStock: "bundle_no_stock"
    case .ofParts: "bundle_of_parts"
    }
  }

  public var sentence: String {
    switch self {
    case .notBelow(let worth?, let market):
      "In \(market) the parts cost \(worth.plain) on their own. The bundle has to cost less, and a minor unit for each unit in it at least."
    case .notBelow(nil, let market): "Not all of the parts are sold in \(market) on their own, so the bundle cannot be."
    case .oneVariant: "A bundle has one variant, without options and without a comparison: that is what its parts cost."
    case .noStock: "A bundle has no stock of its own: receive and count its parts."
    case .ofParts: "A bundle weighs what its parts do, and has their limits and taxes: set them there."
    }
  }

  public var kind: RefusalKind { .invalid }

  public var field: String? {
    switch self {
    case .notBelow: "prices"
    case .oneVariant: "variants"
    case .noStock: "onHand"
    case .ofParts: "variants"
    }
  }
}
