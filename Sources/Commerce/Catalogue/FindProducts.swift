import Store

/// A product in a list to choose from.
public struct ProductName: Sendable, Equatable {
  public let id: ID<Product>
  public let title: String
  /// Whose it is, and what of its price is the channel's that shows it; nil for its own.
  public let seller: String?
  public let share: Rate?

  init(id: ID<Product>, title: String, seller: String? = nil, share: Rate? = nil) {
    self.id = id
    self.title = title
    self.seller = seller
    self.share = share
  }
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

  /// What a channel may sell of others now, in whose title or seller's name every word of `text` occurs, newest first;
  /// for its members. The newest 2 000 are looked at.
  public func findAffiliateProducts(
    for channel: ID<Channel>, by caller: Caller, matching text: String, leavingOut known: Set<ID<Product>> = [],
    limit: Int = 50
  ) async throws -> [ProductName] {
    try policy.check(limit: limit)
    let words = Policy.folded(String(text.prefix(policy.titleCharactersMax))).split(whereSeparator: \.isWhitespace)
    return try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      let now = clock.now
      let rows = try db.rows(
        """
        SELECT id, channel_id, title FROM product WHERE channel_id IN (
          SELECT channel_id FROM affiliate_terms WHERE channel_id <> \(channel) AND ends_ms > \(now) AND (creator_id IS NULL OR creator_id = \(channel)))
        ORDER BY created_ms DESC, id DESC LIMIT 2000
        """)
      let products = try rows.map {
        (id: try $0.get("id", as: ID<Product>.self), seller: try $0.get("channel_id", as: ID<Channel>.self))
      }
      let terms = try AffiliateTerms.of(products, for: channel, since: now, at: now, in: db)
      return try zip(products, rows).compactMap { product, row -> ProductName? in
        guard !known.contains(product.id), let terms = terms[product.id] else { return nil }
        let title: String = try row.get("title")
        let letters = Policy.folded("\(title) \(terms.sellerName)")
        guard words.allSatisfy({ letters.contains($0) }) else { return nil }
        return ProductName(id: product.id, title: title, seller: terms.sellerName, share: terms.rate)
      }.prefix(limit).map { $0 }
    }
  }

  /// The names of these products in this order, those that the channel may not sell left out; for the channel's members.
  public func productNames(_ ids: [ID<Product>], of channel: ID<Channel>, by caller: Caller) async throws
    -> [ProductName]
  {
    let asked = Array(ids.prefix(policy.productsPerRunMax))
    return try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      let now = clock.now
      var names: [ID<Product>: ProductName] = [:]
      var others: [(id: ID<Product>, seller: ID<Channel>)] = []
      for row in try db.rows("SELECT id, channel_id, title FROM product WHERE id IN \(list: asked)") {
        let name = ProductName(id: try row.get("id"), title: try row.get("title"))
        names[name.id] = name
        let seller: ID<Channel> = try row.get("channel_id")
        if seller != channel { others.append((name.id, seller)) }
      }
      let terms = try AffiliateTerms.of(others, for: channel, since: now, at: now, in: db)
      return asked.compactMap { id in
        guard let name = names[id] else { return nil }
        guard others.contains(where: { $0.id == id }) else { return name }
        return terms[id].map { ProductName(id: id, title: name.title, seller: $0.sellerName, share: $0.rate) }
      }
    }
  }
}
