/// A product as a viewer in one market sees it: pictures, and for every variant how many are left and the open offer.
public struct ProductCard: Sendable, Equatable {
  public let id: ID<Product>
  public let channel: ID<Channel>
  public let title: String
  public let description: String
  public let options: [String]
  public let pictures: [Picture]
  public let variants: [Choice]

  /// One variant, and the offer to buy it under.
  public struct Choice: Sendable, Equatable {
    public let id: ID<Variant>
    public let sku: String
    public let title: String
    public let options: [String]
    /// Never negative.
    public let available: Int64
    /// Nil when it is not sold in this market.
    public let offer: Offer?
  }
}
