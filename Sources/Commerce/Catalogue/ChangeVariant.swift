import Store

/// What of a variant is to be another; what is not named stays as it is.
public struct VariantChange: Sendable, Equatable {
  public var sku: String?
  /// What one unit weighs.
  public var grams: Int64?
  public var limits: UnitLimits?
  /// Minor units by market code; 0 takes it off sale there.
  public var prices: [String: Int64]
  /// By market code; 0 takes the comparison away.
  public var compareAt: [String: Int64]

  public init(
    sku: String? = nil, grams: Int64? = nil, limits: UnitLimits? = nil, prices: [String: Int64] = [:],
    compareAt: [String: Int64] = [:]
  ) {
    self.sku = sku
    self.grams = grams
    self.limits = limits
    self.prices = prices
    self.compareAt = compareAt
  }
}

extension Commerce {
  /// Changes one variant's SKU, its weight and its prices in the markets that are named. Of two people who change different variants
  /// of a product, or one variant in different markets, neither undoes the other. For the channel's owners.
  ///
  /// - Parameter seen: the product that the change was made from. Throws `ChangedMeanwhile` when it is another by now.
  /// - Throws: `GeneralRefusal.invalid`, `.notFound`.
  public func changeVariant(
    _ id: ID<Variant>, by caller: Caller, _ change: VariantChange, seen: Revision? = nil
  ) async throws -> Product {
    try await writeAndTell { [policy] db in
      let row = try db.row("SELECT product_id FROM variant WHERE id = \(id) AND retired_ms IS NULL")
      guard let row else { throw GeneralRefusal.notFound("variant") }
      let product = try Product.require(row.get("product_id"), in: db)
      let account = try Membership.require(.everything, of: product.channel, by: caller, "variant", in: db)
      try product.revision.require(seen, "product")
      var draft = ProductChange().draft(of: product)
      guard let place = draft.variants.firstIndex(where: { $0.id == id }) else {
        throw GeneralRefusal.notFound("variant")
      }
      if let sku = change.sku { draft.variants[place].sku = sku }
      draft.variants[place].grams = change.grams
      draft.variants[place].limits = change.limits
      for (market, price) in change.prices {
        draft.variants[place].prices[market] = price == 0 ? nil : price
        if price == 0 { draft.variants[place].compareAt[market] = nil }
      }
      for (market, amount) in change.compareAt { draft.variants[place].compareAt[market] = amount == 0 ? nil : amount }
      return try draft.checked(policy).change(product, on: occasion(by: account), db: db)
    }
  }
}
