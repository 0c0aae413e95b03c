import Store

/// A product in a list to choose from.
public struct ProductName: Sendable, Equatable {
  public let id: ID<Product>
  public let title: String
}

extension Commerce {
  /// A channel's products in whose title or SKU every word of `text` occurs, newest first, for its members; all of them
  /// when there is no word.
  ///
  /// Letters are compared here and not by the engines, which fold them differently: a channel has at most
  /// `productsPerChannelMax` products, and their names are read in two queries. The page has no cursor, but says
  /// whether there was more (`isCut`).
  public func findProducts(
    of channel: ID<Channel>, by caller: Caller, matching text: String, leavingOut known: Set<ID<Product>> = [],
    limit: Int = 50
  ) async throws -> (found: [ProductName], isCut: Bool) {
    try policy.check(limit: limit)
    let words = Policy.folded(String(text.prefix(policy.titleCharactersMax))).split(whereSeparator: \.isWhitespace)
    return try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      var skus: [ID<Product>: String] = [:]
      if !words.isEmpty {
        for row in try db.rows(
          """
          SELECT variant.product_id, variant.sku FROM variant JOIN product ON product.id = variant.product_id
          WHERE product.channel_id = \(channel) AND variant.retired_ms IS NULL
          """)
        { skus[try row.get("product_id"), default: ""] += "\n" + (try row.get("sku", as: String.self)) }
      }
      var found: [ProductName] = []
      for row in try db.rows(
        "SELECT id, title FROM product WHERE channel_id = \(channel) ORDER BY created_ms DESC, id DESC")
      {
        let name = ProductName(id: try row.get("id"), title: try row.get("title"))
        guard !known.contains(name.id) else { continue }
        if !words.isEmpty {
          let letters = Policy.folded(name.title + (skus[name.id] ?? ""))
          guard words.allSatisfy({ letters.contains($0) }) else { continue }
        }
        guard found.count < limit else { return (found, true) }
        found.append(name)
      }
      return (found, false)
    }
  }

  /// The names of these products in this order, those of other channels left out; for the channel's members.
  public func productNames(_ ids: [ID<Product>], of channel: ID<Channel>, by caller: Caller) async throws
    -> [ProductName]
  {
    let asked = Array(ids.prefix(policy.productsPerRunMax))
    return try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      let rows = try db.rows("SELECT id, title FROM product WHERE channel_id = \(channel) AND id IN \(list: asked)")
      let titles = Dictionary(
        try rows.map { (try $0.get("id", as: ID<Product>.self), try $0.get("title", as: String.self)) }
      ) { first, _ in first }
      return asked.compactMap { id in titles[id].map { ProductName(id: id, title: $0) } }
    }
  }
}
