public import Store

/// A price at which a variant can be bought in a market. It is never changed, only closed: order lines name it.
public struct Offer: Hashable, Sendable {
  public enum Kind: String, Sendable { case list, deal, auction }

  public let id: ID<Offer>
  public let variant: ID<Variant>
  public let market: String
  public let kind: Kind
  public let price: Money
  /// What it is compared with on the page (“was ₹1,999”); nil without a comparison.
  public let compareAt: Money?
  public let opened: Moment
  /// `Moment.never` while open and without an end. A deal's is known from the start.
  public let closed: Moment
  /// The deal it belongs to; nil for a list price.
  public let deal: ID<Deal>?
  /// The lowest price of the thirty days before; of deals alone.
  public let lowest: Money?

  public var isOpen: Bool { closed == .never }

  init(
    list id: ID<Offer>, variant: ID<Variant>, market: String, price: Money, compareAt: Money?, opened: Moment
  ) {
    self.id = id
    self.variant = variant
    self.market = market
    kind = .list
    self.price = price
    self.compareAt = compareAt
    self.opened = opened
    closed = .never
    deal = nil
    lowest = nil
  }
}

extension Offer {
  /// Open now, or closed no longer ago than the grace a viewer gets whose picture is behind (DOMAIN.md, "Media time").
  /// When a list price opened does not matter: it exists, and clocks differ between machines and are set back.
  static func isHonoured(closed: Moment, at moment: Moment, graceSeconds: Int64) -> Bool {
    moment < closed.adding(seconds: graceSeconds)
  }

  /// The same, compared with another price.
  func compared(with price: Money) -> Offer { Offer(self, compareAt: price) }

  private init(_ offer: Offer, compareAt: Money) {
    (id, variant, market, kind, price) = (offer.id, offer.variant, offer.market, offer.kind, offer.price)
    self.compareAt = compareAt
    (opened, closed, deal, lowest) = (offer.opened, offer.closed, offer.deal, offer.lowest)
  }

  static let columns: SQL =
    "id, variant_id, market, kind, currency, price_minor, compare_at_minor, opened_ms, closed_ms, deal_id, lowest_minor"

  init(row: Row) throws {
    id = try row.get("id")
    variant = try row.get("variant_id")
    market = try row.get("market")
    kind = try row.get("kind")
    let currency: Currency = try row.get("currency")
    price = Money(minor: try row.get("price_minor"), currency: currency)
    compareAt = try row.get("compare_at_minor", as: Int64?.self).map { Money(minor: $0, currency: currency) }
    opened = try row.get("opened_ms")
    closed = try row.get("closed_ms")
    deal = try row.get("deal_id")
    lowest = try row.get("lowest_minor", as: Int64?.self).map { Money(minor: $0, currency: currency) }
  }
}

extension Offer.Kind: ValueConvertible {}
