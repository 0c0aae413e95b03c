import Store

extension Product {
  fileprivate static let columns: SQL = """
    id, channel_id, title, description, category, options, order_units_max, buyer_units_max, tax_class, created_ms
    """

  static func find(_ id: ID<Product>, in db: any Connection) throws -> Product? {
    try read(db.rows("SELECT \(columns) FROM product WHERE id = \(id)"), in: db).first
  }

  static func require(_ id: ID<Product>, in db: any Connection) throws -> Product {
    guard let product = try find(id, in: db) else { throw GeneralRefusal.notFound("product") }
    return product
  }

  /// The channel's products that came from a file under these handles, by handle.
  static func imported(_ handles: [String], of channel: ID<Channel>, in db: any Connection) throws -> [String: Product]
  {
    let rows = try db.rows(
      """
      SELECT \(columns), import_handle FROM product
      WHERE channel_id = \(channel) AND import_handle <> '' AND import_handle IN \(list: handles)
      """)
    let products = try read(rows, in: db)
    let named = try zip(rows, products).map { (try $0.get("import_handle", as: String.self), $1) }
    return Dictionary(named) { first, _ in first }
  }

  /// The products of these rows, whole: four more queries, however many there are.
  static func read(_ rows: [Row], in db: any Connection) throws -> [Product] {
    let ids = try rows.map { try $0.get("id", as: ID<Product>.self) }
    let variants = try VariantRow.current(of: ids, in: db)
    let variantIDs = variants.map(\.id)
    let offers = Dictionary(grouping: try Offers.lists(of: variantIDs, in: db), by: \.variant)
    let levels = try Stock.levels(of: variantIDs, in: db)
    let ofProduct = Dictionary(grouping: variants, by: \.product)
    let pictures = try Picture.all(of: ids, in: db)
    return try zip(ids, rows).map { id, row in
      Product(
        id: id, channel: try row.get("channel_id"), title: try row.get("title"),
        description: try row.get("description"), category: try row.get("category"),
        options: try TextList.list(of: row.get("options")),
        variants: (ofProduct[id] ?? []).map {
          Variant($0, offers: offers[$0.id] ?? [], stock: levels[$0.id] ?? .none)
        },
        pictures: pictures[id] ?? [],
        limits: UnitLimits(perOrder: try row.get("order_units_max"), perBuyer: try row.get("buyer_units_max")),
        taxClass: try row.get("tax_class"), createdAt: try row.get("created_ms"))
    }
  }
}

extension Variant {
  fileprivate init(_ row: VariantRow, offers: [Offer], stock: StockLevel) {
    self.init(
      id: row.id, product: row.product, sku: row.sku, title: row.title, options: row.options,
      prices: Dictionary(offers.map { ($0.market, $0.price) }) { first, _ in first },
      compareAt: Dictionary(offers.compactMap { offer in offer.compareAt.map { (offer.market, $0) } }) { $1 },
      grams: row.grams, limits: row.limits, onHand: stock.onHand, reserved: stock.reserved,
      isBundle: row.isBundle, isPreordered: row.isPreordered)
  }
}

/// A variant as its table has it.
struct VariantRow {
  let id: ID<Variant>
  let product: ID<Product>
  let sku: String
  let title: String
  let options: [String]
  let grams: Int64
  let limits: UnitLimits
  let isBundle: Bool
  let isPreordered: Bool

  /// The variants of these products that can be bought, in order.
  static func current(of products: [ID<Product>], in db: any Connection) throws -> [VariantRow] {
    guard !products.isEmpty else { return [] }
    return try db.rows(
      """
      SELECT id, product_id, sku, title, options, weight_grams, order_units_max, buyer_units_max, is_bundle,
        preorder_id
      FROM variant
      WHERE product_id IN \(list: products) AND retired_ms IS NULL ORDER BY product_id, position, id
      """
    ).map { row in
      VariantRow(
        id: try row.get("id"), product: try row.get("product_id"), sku: try row.get("sku"),
        title: try row.get("title"), options: try TextList.list(of: row.get("options")),
        grams: try row.get("weight_grams"),
        limits: UnitLimits(perOrder: try row.get("order_units_max"), perBuyer: try row.get("buyer_units_max")),
        isBundle: try row.get("is_bundle"),
        isPreordered: try row.get("preorder_id", as: ID<Preorder>?.self) != nil)
    }
  }
}

extension Commerce {
  /// A product with every price and its stock, for members of its channel.
  ///
  /// Throws `GeneralRefusal.notFound` for anybody else's.
  public func product(_ id: ID<Product>, by caller: Caller) async throws -> Product {
    try await database.read { db in
      let product = try Product.require(id, in: db)
      try Membership.require(.look, of: product.channel, by: caller, "product", in: db)
      return product
    }
  }

  /// A channel's products, newest first, for its members.
  public func products(
    of channel: ID<Channel>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<Product> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      let rows = try db.rows(
        """
        SELECT \(Product.columns) FROM product
        WHERE channel_id = \(channel) \(cursor.productsBefore) ORDER BY created_ms DESC, id DESC LIMIT \(limit + 1)
        """)
      return Page(try Product.read(rows, in: db), limit: limit) { Cursor($0.createdAt.milliseconds, $0.id) }
    }
  }

  /// Says how many units of a variant are on the shelf after counting them. For the channel's owners.
  ///
  /// Throws `GeneralRefusal.invalid`, and `StockRefusal.belowReserved` when fewer than are held for orders.
  @discardableResult
  public func setStock(by caller: Caller, variant: ID<Variant>, onHand: Int64, note: String = "") async throws
    -> StockLevel
  {
    guard (0...policy.onHandMax).contains(onHand) else {
      throw GeneralRefusal.invalid(field: "onHand", why: "must be between 0 and \(policy.onHandMax)")
    }
    let note = try policy.text(note, "note", max: policy.stockNoteCharactersMax, required: false)
    return try await writeAndTell { db in
      let row = try db.row(
        """
        SELECT product.channel_id FROM variant JOIN product ON product.id = variant.product_id
        WHERE variant.id = \(variant) AND variant.retired_ms IS NULL
        """)
      guard let channel = try row?.get("channel_id", as: ID<Channel>.self) else {
        throw GeneralRefusal.notFound("variant")
      }
      let account = try Membership.require(.everything, of: channel, by: caller, "variant", in: db)
      return try Stock.correct(onHand: onHand, of: variant, on: occasion(by: account, note: note), in: db)
    }
  }
}

extension Cursor? {
  /// The condition for the products that come after this place, newest first.
  var productsBefore: SQL {
    guard let place = self else { return "" }
    return """
      AND (product.created_ms < \(place.key) OR (product.created_ms = \(place.key) AND product.id < \(place.id)))
      """
  }
}
