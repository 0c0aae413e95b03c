/// A product as a viewer in one market sees it: pictures, and for every variant how many are left and the open offer.
public struct ProductCard: Sendable, Equatable {
  public let id: ID<Product>
  public let channel: ID<Channel>
  /// The channel's name.
  public let seller: String
  /// How the seller is rated.
  public let sellerRating: RatingSum
  public let title: String
  public let description: String
  /// Empty when none was named.
  public let category: String
  public let taxClass: String
  public let options: [String]
  public let pictures: [Picture]
  public let variants: [Choice]
  /// The deal on it in this show: it may not have started, or have ended so lately that its price is still honoured.
  public let deal: Deal?

  /// One variant, and the offer to buy it under.
  public struct Choice: Sendable, Equatable {
    public let id: ID<Variant>
    public let sku: String
    public let title: String
    public let options: [String]
    /// What one unit weighs; 0 when nobody weighed it.
    public let grams: Int64
    /// The lower of its own and its product's.
    public let limits: UnitLimits
    /// Never negative. What may still be preordered, of what is on preorder.
    public let available: Int64
    /// Nil when it is not sold in this market.
    public let offer: Offer?
    /// What it costs while the product's deal runs; nil without one in this market.
    public let dealOffer: Offer?
    /// What a bundle is made of; empty for others. Its offer is compared with what they cost.
    public var parts: [ProductBundle.Part] = []
    /// The preorder it is on, by which it is sold; nil for others.
    public var preorder: Preorder?
  }
}
