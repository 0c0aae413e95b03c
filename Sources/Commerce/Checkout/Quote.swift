/// What one seller's part of a bag would cost now. Nothing is held by it.
public struct Quote: Sendable, Equatable {
  public struct Line: Sendable, Equatable {
    public let offer: ID<Offer>
    public let variant: ID<Variant>
    public let product: ID<Product>
    public let title: String
    public let sku: String
    public let quantity: Int64
    public let unitPrice: Money
    public let total: Money
    /// Off `total`, by a coupon.
    public let discount: Money
    /// The part of `discount` that the platform puts in: the seller has it all the same.
    public let promotion: Money
    /// The tax on what the seller sells the line for, `total` − `discount` + `promotion`: contained in it, or added to it.
    public let tax: Money
    /// All of `tax` where it is added, else nothing.
    public let taxAdded: Money
    public let taxRate: Rate
    public let taxClass: String
    public let commissionRate: Rate
    public let commission: Money
    /// What of `commission` is kept when the line is refunded.
    public let refundFee: Money
    /// Of a line sold in another channel's show.
    public let creatorRate: Rate
    public let creatorShare: Money
    /// The plan it is sold under; nil under the market's own rate.
    let plan: CommissionPlan?
    /// The deal that its offer belongs to; nil for a list price.
    public let deal: ID<Deal>?
    /// On the units of the variant, and of the product's variants together.
    let limits: UnitLimits
    let productLimits: UnitLimits
    let productTitle: String
    /// What one unit weighs, in grams; 0 when nobody weighed it.
    public let grams: Int64
    /// What the deal takes off the list price, for all units; nothing without one.
    public let dealSaving: Money
    /// What it was asked for as a part of; nil for what was asked for itself.
    public let bundle: Bundled?
    /// How it is paid, of a variant on preorder: `unitPrice` is the deposit's. Nil for others.
    public let preorder: Preordered?
  }

  /// A bundle as a bag names it.
  public struct Bundled: Sendable, Equatable {
    public let variant: ID<Variant>
    public let product: ID<Product>
    public let title: String
    public let sku: String
    public let quantity: Int64
    public let unitPrice: Money
    public let total: Money
  }

  /// The one seller of all its lines.
  public let channel: ID<Channel>
  /// The channel in whose show it is sold, when that is not the seller.
  public let creator: ID<Channel>?
  public let lines: [Line]
  /// What the lines come to, before a coupon.
  public let subtotal: Money
  /// What the coupon takes off.
  public let discount: Money
  /// The part of `discount` that the platform puts in.
  public let promotion: Money
  public let coupon: Coupon?
  let rates: ShippingRates
  /// How many orders the seller takes in a day; nil without a limit.
  let dailyOrdersMax: Int64?
  /// Without the tax that is added to it.
  public let shipping: Money
  public let shippingTax: Money
  public let shippingTaxRate: Rate
  /// Of the goods and of the shipping, contained in the total either way.
  public let tax: Money
  /// All of `tax` where it is added to prices, else nothing.
  public let taxAdded: Money
  public let total: Money
  /// What of a preorder is paid later; nil for others, and where all is paid at once.
  public let balance: Balance?

  public var taxes: [TaxSum] {
    TaxSum.sums(lines.map { ($0.taxRate, $0.tax) } + [(shippingTaxRate, shippingTax)])
  }

  /// What live deals take off the list prices; in `subtotal` already.
  public var dealSaving: Money {
    Money(minor: lines.reduce(0) { $0 + $1.dealSaving.minor }, currency: total.currency)
  }
}

/// What a bag would cost now: a quote for each seller in it, and their sums.
public struct BagQuote: Sendable, Equatable {
  /// At least one, in the order in which the bag names them. Each becomes an order of its own, with its own shipping.
  public let sellers: [Quote]
  public let subtotal: Money
  public let discount: Money
  public let promotion: Money
  public let shipping: Money
  /// Contained in the total either way.
  public let tax: Money
  /// All of `tax` where it is added to prices, else nothing.
  public let taxAdded: Money
  public let total: Money

  /// In the order of the bag, bundles by their parts.
  public let lines: [Quote.Line]

  /// Throws `BagRefusal.amountTooLarge`.
  init(_ sellers: [Quote], of bag: Bag) throws {
    guard let first = sellers.first else { throw BagRefusal.amountTooLarge }
    func sum(_ part: (Quote) -> Money) throws -> Money {
      try sellers.dropFirst().reduce(part(first)) { try $0.adding(part($1)) }
    }
    self.sellers = sellers
    let found = sellers.flatMap(\.lines)
    lines = bag.lines.flatMap { line in found.filter { $0.offer == line.offer } }
    subtotal = try sum { $0.subtotal }
    discount = try sum { $0.discount }
    promotion = try sum { $0.promotion }
    shipping = try sum { $0.shipping }
    tax = try sum { $0.tax }
    taxAdded = try sum { $0.taxAdded }
    total = try sum { $0.total }
    guard total.minor <= Money.minorMax else { throw BagRefusal.amountTooLarge }
  }

  public var taxes: [TaxSum] {
    TaxSum.sums(lines.map { ($0.taxRate, $0.tax) } + sellers.map { ($0.shippingTaxRate, $0.shippingTax) })
  }

  public var coupon: Coupon? { sellers.lazy.compactMap(\.coupon).first }

  /// Of a bag that is a preorder, which is one line.
  public var preordered: Quote.Preordered? { sellers.first?.preordered }
  /// What of it is paid later.
  public var balance: Quote.Balance? { sellers.first?.balance }

  /// What live deals take off the list prices; in `subtotal` already.
  public var dealSaving: Money {
    Money(minor: sellers.reduce(0) { $0 + $1.dealSaving.minor }, currency: total.currency)
  }
}
