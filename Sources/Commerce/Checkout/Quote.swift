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
    /// The tax contained in `total`.
    public let tax: Money
    public let taxRate: Rate
    public let commissionRate: Rate
    public let commission: Money
    /// The deal that its offer belongs to; nil for a list price.
    public let deal: ID<Deal>?
  }

  /// The one seller of all its lines.
  public let channel: ID<Channel>
  public let lines: [Line]
  public let subtotal: Money
  public let shipping: Money
  /// Contained in the total, not added to it.
  public let tax: Money
  public let total: Money
}
