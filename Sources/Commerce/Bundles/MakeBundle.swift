import Store

/// What a bundle is made from.
public struct BundleDraft: Sendable, Codable, Equatable {
  public struct Part: Sendable, Codable, Equatable {
    public var variant: ID<Variant>
    /// 1…20.
    public var quantity: Int64

    public init(variant: ID<Variant>, quantity: Int64) {
      self.variant = variant
      self.quantity = quantity
    }
  }

  public var title: String
  public var description: String
  public var category: String?
  public var sku: String
  /// 2…10 different variants of the channel, none of them a bundle. They cannot be changed afterwards.
  public var parts: [Part]
  /// Minor units by market code, each below what the parts cost there on their own.
  public var prices: [String: Int64]

  public init(
    title: String, description: String = "", category: String? = nil, sku: String = "", parts: [Part],
    prices: [String: Int64]
  ) {
    self.title = title
    self.description = description
    self.category = category
    self.sku = sku
    self.parts = parts
    self.prices = prices
  }
}

extension Commerce {
  /// Makes a product of other variants of its channel, at one price. For the channel's owners. Title, pictures and prices are
  /// changed as any product's; what it is made of is not.
  ///
  /// Throws `BundleRefusal`, `GeneralRefusal.invalid`, `.notFound`, `CatalogueRefusal.tooManyProducts`, `IDTaken`.
  public func makeBundle(
    _ id: ID<Product>, by caller: Caller, channel: ID<Channel>, _ draft: BundleDraft
  ) async throws -> Product {
    let fingerprint = try MadeHash.of(draft, by: caller, for: "bundle \(channel)")
    try draft.check()
    let product = try ProductDraft(
      title: draft.title, description: draft.description, category: draft.category,
      variants: [VariantDraft(sku: draft.sku, prices: draft.prices)]
    ).checked(policy)
    return try await writeAndTell { [policy] db in
      let account = try Membership.require(.everything, of: channel, by: caller, in: db)
      if let row = try db.row("SELECT made_hash FROM product WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "product") }
        return try Product.require(id, in: db)
      }
      let occasion = occasion(by: account)
      try policy.checkNew(id, at: occasion.at)
      try Product.requireRoom(in: channel, policy, db: db)
      try draft.requireParts(of: channel, in: db)
      try Preorder.requireNone(of: draft.parts.map(\.variant), in: db)
      let made = try product.make(
        id, in: channel, importHandle: "", fingerprint: fingerprint, on: occasion, db: db)
      guard let variant = made.variants.first else { throw MissingRow() }
      let rows: [[any ValueConvertible]] = draft.parts.enumerated().map {
        [variant.id, $0, $1.variant, $1.quantity]
      }
      try db.run("INSERT INTO bundle_part (bundle_id, position, variant_id, quantity) VALUES \(rows: rows)")
      try db.run("UPDATE variant SET is_bundle = 1 WHERE id = \(variant.id)")
      try db.run("UPDATE stock SET is_part = 1 WHERE variant_id IN \(list: draft.parts.map(\.variant))")
      for (market, price) in variant.prices.sorted(by: { $0.key < $1.key }) {
        try ProductBundle.check(price, of: variant.id, market: market, in: db)
      }
      return try Product.require(id, in: db)
    }
  }

  /// What a bundle is made of, with list prices in a market; empty for what is none. For the channel's members.
  public func bundleParts(
    of variant: ID<Variant>, in channel: ID<Channel>, market: String, by caller: Caller
  ) async throws -> [ProductBundle.Part] {
    try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      let row = try db.row(
        """
        SELECT 1 FROM variant JOIN product ON product.id = variant.product_id
        WHERE variant.id = \(variant) AND product.channel_id = \(channel)
        """)
      guard row != nil else { throw GeneralRefusal.notFound("variant") }
      return try ProductBundle.parts(of: [variant], market: market, in: db)[variant] ?? []
    }
  }

  /// The variant of a channel that a person names by its SKU or its id. For the channel's owners.
  ///
  /// Throws `GeneralRefusal.invalid` for what names none, or several.
  public func variant(named name: String, in channel: ID<Channel>, field: String, by caller: Caller) async throws
    -> ID<Variant>
  {
    try await database.read { db in
      try Membership.require(.everything, of: channel, by: caller, in: db)
      let id = ID<Variant>(name)
      let which: SQL = id.map { "variant.id = \($0)" } ?? "variant.sku = \(name)"
      let found = try db.rows(
        """
        SELECT variant.id AS id FROM variant JOIN product ON product.id = variant.product_id
        WHERE product.channel_id = \(channel) AND variant.retired_ms IS NULL AND variant.is_bundle = 0 AND \(which)
        ORDER BY variant.id LIMIT 2
        """
      ).map { try $0.get("id", as: ID<Variant>.self) }
      guard found.count < 2 else {
        throw GeneralRefusal.invalid(field: field, why: "is the SKU of several variants: give its id instead")
      }
      guard let only = found.first, !name.isEmpty else {
        throw GeneralRefusal.invalid(field: field, why: "must be the SKU, or the id, of a variant of this channel")
      }
      return only
    }
  }
}

extension BundleDraft {
  static let partsMax = 10
  static let quantityMax: Int64 = 20

  /// Everything that can be refused without a look at the database.
  fileprivate func check() throws {
    guard (2...Self.partsMax).contains(parts.count), Set(parts.map(\.variant)).count == parts.count else {
      throw GeneralRefusal.invalid(field: "parts", why: "must be 2 to \(Self.partsMax) different variants")
    }
    for (index, part) in parts.enumerated() where !(1...Self.quantityMax).contains(part.quantity) {
      throw GeneralRefusal.invalid(field: "parts[\(index)].quantity", why: "must be 1 to \(Self.quantityMax)")
    }
  }

  fileprivate func requireParts(of channel: ID<Channel>, in db: any Connection) throws {
    let found = try Set(
      db.rows(
        """
        SELECT variant.id AS id FROM variant JOIN product ON product.id = variant.product_id
        WHERE product.channel_id = \(channel) AND variant.retired_ms IS NULL AND variant.is_bundle = 0
          AND variant.id IN \(list: parts.map(\.variant))
        """
      ).map { try $0.get("id", as: ID<Variant>.self) })
    for (index, part) in parts.enumerated() where !found.contains(part.variant) {
      throw GeneralRefusal.invalid(
        field: "parts[\(index)].variant", why: "must be a variant of this channel that is sold, and no bundle itself")
    }
  }
}
