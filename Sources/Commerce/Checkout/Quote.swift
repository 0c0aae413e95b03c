/// What a bag would cost now. Nothing is held by it.
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
    /// The tax contained in what the seller sells the line for, `total` − `discount` + `promotion`.
    public let tax: Money
    public let taxRate: Rate
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
    /// What the deal takes off the list price, for all units; nothing without one.
    public let dealSaving: Money
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
  public let shipping: Money
  /// Contained in the total, not added to it.
  public let tax: Money
  public let total: Money

  /// What live deals take off the list prices; in `subtotal` already.
  public var dealSaving: Money {
    Money(minor: lines.reduce(0) { $0 + $1.dealSaving.minor }, currency: total.currency)
  }
}
