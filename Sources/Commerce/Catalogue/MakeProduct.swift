import Store

extension Commerce {
  /// Makes a product of a channel, with its variants, their list prices and their stock. For the channel's owners.
  ///
  /// Throws `GeneralRefusal.invalid`, `CatalogueRefusal.tooManyProducts`, `IDTaken`.
  public func makeProduct(
    _ id: ID<Product>, by caller: Caller, channel: ID<Channel>, _ draft: ProductDraft
  ) async throws -> Product {
    let fingerprint = try MadeHash.of(draft, by: caller, for: channel.description)
    let draft = try draft.checked(policy)
    return try await writeAndTell { [policy] db in
      let account = try Membership.require(.everything, of: channel, by: caller, in: db)
      if let row = try db.row("SELECT made_hash FROM product WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "product") }
        return try Product.require(id, in: db)
      }
      try policy.checkNew(id, at: clock.now)
      for (place, variant) in draft.variants.enumerated() {
        if let id = variant.id { try policy.checkNew(id, "variants[\(place)].id", at: clock.now) }
      }
      try Product.requireRoom(in: channel, policy, db: db)
      return try draft.make(
        id, in: channel, importHandle: "", fingerprint: fingerprint, on: occasion(by: account), db: db)
    }
  }

  /// Changes what the change names, and leaves the rest as it is at that moment: of two people who change different
  /// things at once, neither undoes the other. Variants are one thing; one is found by its id, or by its options'
  /// values, and one that is not named is retired: it can no longer be bought, and orders still name it. A price that
  /// differs closes the offer it was and opens another.
  ///
  /// - Parameter seen: what the change was made from. Throws `ChangedMeanwhile` when the product is another by now.
  /// - Throws: `GeneralRefusal.invalid`, `.notFound`, `StockRefusal`.
  public func changeProduct(
    _ id: ID<Product>, by caller: Caller, _ change: ProductChange, seen: Revision? = nil
  ) async throws -> Product {
    try await writeAndTell { [policy] db in
      let product = try Product.require(id, in: db)
      let account = try Membership.require(.everything, of: product.channel, by: caller, "product", in: db)
      try product.revision.require(seen, "product")
      return try change.draft(of: product).checked(policy).change(product, on: occasion(by: account), db: db)
    }
  }
}

extension Product {
  static func requireRoom(in channel: ID<Channel>, _ policy: Policy, db: any Connection) throws {
    let row = try db.requireRow("SELECT COUNT(*) AS products FROM product WHERE channel_id = \(channel)")
    guard try row.get("products", as: Int.self) < policy.productsPerChannelMax else {
      throw CatalogueRefusal.tooManyProducts(limit: policy.productsPerChannelMax)
    }
  }
}

extension ProductDraft {
  /// Makes the product this checked draft describes.
  func make(
    _ id: ID<Product>, in channel: ID<Channel>, importHandle: String, fingerprint: [UInt8], on occasion: Occasion,
    db: any Connection
  ) throws -> Product {
    try db.run(
      """
      INSERT INTO product (id, channel_id, title, description, category, options, import_handle, made_hash, created_ms,
        order_units_max, buyer_units_max, tax_class)
      VALUES (\(id), \(channel), \(title), \(description), \(category ?? ""), \(try TextList.text(of: options)), \(importHandle),
        \(fingerprint), \(occasion.at), \((limits?.perOrder).sqlValue), \((limits?.perBuyer).sqlValue),
        \(taxClass ?? TaxTable.standard))
      """)
    let markets = try marketsByCode(db)
    try requireTaxClass(TaxTable.standard, in: markets)
    for (place, variant) in variants.enumerated() {
      try variant.make(place, of: id, markets: markets, on: occasion, db: db)
    }
    return try Product.require(id, in: db)
  }

  /// Changes `product` to what this checked draft describes.
  func change(_ product: Product, on occasion: Occasion, db: any Connection) throws -> Product {
    if product.variants.contains(where: \.isBundle) {
      // What a bundle is made of does not change, and so its one variant stays.
      guard variants.count == 1, options.isEmpty, variants[0].isOf(product.variants[0]) else {
        throw BundleRefusal.oneVariant
      }
      guard variants[0].grams ?? 0 == 0, variants[0].limits ?? .unlimited == .unlimited,
        limits ?? .unlimited == .unlimited
      else { throw BundleRefusal.ofParts }
    }
    try db.run(
      """
      UPDATE product SET title = \(title), description = \(description), category = \(category ?? product.category),
        options = \(try TextList.text(of: options)), order_units_max = \((limits ?? product.limits).perOrder.sqlValue),
        buyer_units_max = \((limits ?? product.limits).perBuyer.sqlValue), tax_class = \(taxClass ?? product.taxClass),
        indexed = 0
      WHERE id = \(product.id)
      """)
    let markets = try marketsByCode(db)
    try requireTaxClass(product.taxClass, in: markets)
    var left = product.variants
    for (place, draft) in variants.enumerated() {
      if let found = left.firstIndex(where: { draft.isOf($0) }) {
        try draft.change(left.remove(at: found), to: place, markets: markets, on: occasion, db: db)
      } else if draft.id != nil {
        throw GeneralRefusal.invalid(field: "variants[\(place)].id", why: "must be of a variant of this product")
      } else {
        try draft.make(place, of: product.id, markets: markets, on: occasion, db: db)
      }
    }
    for variant in left {
      try db.run("UPDATE variant SET retired_ms = \(occasion.at) WHERE id = \(variant.id)")
      for market in variant.prices.keys.sorted() {
        try Offers.closeList(of: variant.id, market: market, on: occasion, in: db)
      }
    }
    return try Product.require(product.id, in: db)
  }

  /// One that it had may stay, whatever became of it.
  private func requireTaxClass(_ before: String, in markets: [String: Market]) throws {
    guard let taxClass, ![before, TaxTable.standard].contains(taxClass) else { return }
    guard markets.values.contains(where: { $0.taxTable.rate(of: taxClass) != nil }) else {
      throw GeneralRefusal.invalid(
        field: "taxClass", why: "must be “\(TaxTable.standard)”, or one that a market here has a rate for")
    }
  }

  private func marketsByCode(_ db: any Connection) throws -> [String: Market] {
    Dictionary(try Market.all(in: db).map { ($0.code, $0) }) { first, _ in first }
  }
}

extension VariantDraft {
  fileprivate func isOf(_ variant: Variant) -> Bool {
    id.map { $0 == variant.id } ?? (variant.options == optionValues)
  }

  fileprivate var title: String { optionValues.joined(separator: " / ") }

  fileprivate func make(
    _ place: Int, of product: ID<Product>, markets: [String: Market], on occasion: Occasion, db: any Connection
  ) throws {
    let variant = id ?? ID(at: occasion.at, entropy: occasion.entropy)
    let made = try db.run(
      """
      INSERT INTO variant (id, product_id, position, sku, title, options, weight_grams, created_ms, retired_ms,
        order_units_max, buyer_units_max)
      VALUES (\(variant), \(product), \(place), \(sku), \(title), \(try TextList.text(of: optionValues)),
        \(grams ?? 0), \(occasion.at), NULL, \((limits?.perOrder).sqlValue), \((limits?.perBuyer).sqlValue))
      ON CONFLICT DO NOTHING
      """)
    guard made == 1 else { throw IDTaken(what: "variant") }
    try Stock.receive(onHand ?? 0, of: variant, on: occasion, in: db)
    try openOffers(of: variant, place, markets: markets, on: occasion, db: db)
  }

  fileprivate func change(
    _ variant: Variant, to place: Int, markets: [String: Market], on occasion: Occasion, db: any Connection
  ) throws {
    try db.run(
      """
      UPDATE variant SET position = \(place), sku = \(sku), title = \(title), weight_grams = \(grams ?? variant.grams),
        options = \(try TextList.text(of: optionValues)), order_units_max = \((limits ?? variant.limits).perOrder.sqlValue),
        buyer_units_max = \((limits ?? variant.limits).perBuyer.sqlValue)
      WHERE id = \(variant.id)
      """)
    if let onHand { try Stock.correct(onHand: onHand, of: variant.id, on: occasion, in: db) }
    for market in variant.prices.keys.sorted() where prices[market] == nil {
      try Offers.closeList(of: variant.id, market: market, on: occasion, in: db)
    }
    try openOffers(of: variant.id, place, markets: markets, on: occasion, db: db)
  }

  private func openOffers(
    of variant: ID<Variant>, _ place: Int, markets: [String: Market], on occasion: Occasion, db: any Connection
  ) throws {
    for (code, price) in prices.sorted(by: { $0.key < $1.key }) {
      guard let market = markets[code] else {
        throw GeneralRefusal.invalid(
          field: "variants[\(place)].prices", why: "names “\(code.prefix(16))”, which is no market of this installation"
        )
      }
      let money = { (minor: Int64) in Money(minor: minor, currency: market.currency) }
      try Offers.openList(
        money(price), compareAt: compareAt[code].map(money), of: variant, market: code, on: occasion, in: db)
    }
  }
}
