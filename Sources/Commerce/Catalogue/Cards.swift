import Store

extension Commerce {
  /// The run of a show as viewers in a market see it, in order. Ten queries at most, however long the run is.
  ///
  /// In a market that the show does not sell in, or where nothing is sold now, nothing has an offer. Throws `GeneralRefusal.notFound`.
  public func cards(show id: ID<Show>, market: String, by caller: Caller = .nobody) async throws -> [ProductCard] {
    try await database.read { db in
      let show = try Show.require(id, in: db)
      try requireVisible(show, to: caller, in: db)
      // Who is behind sees a deal end later: it stays on the card for as long as its price is honoured.
      let since = clock.now.adding(seconds: -policy.offerGraceSeconds)
      let isStopped = try SalesStop.all(of: show.id, policy, switches, in: db)[market] != nil
      let run = try ProductCard.run(
        of: show, market: isStopped ? "" : market, dealsSince: since, at: clock.now, in: db)
      // What is another seller's is sold as long as that one sells.
      let others = Set(run.map(\.channel)).subtracting([show.channel])
      let stopped = try SalesStop.stopped(others.sorted(), in: market, policy, switches, db: db)
      return stopped.isEmpty ? run : run.map { stopped.contains($0.channel) ? $0.unsold : $0 }
    }
  }

  /// A channel's products as viewers in a market see them, newest first.
  public func cards(
    channel: ID<Channel>, market: String, by caller: Caller = .nobody, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<ProductCard> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try requireVisible(channel, "channel", to: caller, in: db)
      let rows = try db.rows(
        """
        SELECT \(ProductCard.columns) FROM product WHERE channel_id = \(channel) \(cursor.productsBefore)
        ORDER BY created_ms DESC, id DESC LIMIT \(limit + 1)
        """)
      let isStopped = try SalesStop.of(channel, in: market, policy, switches, db: db) != nil
      let cards = try ProductCard.read(
        Array(rows.prefix(limit)), market: isStopped ? nil : market, at: clock.now, in: db)
      guard rows.count > limit, let last = rows.prefix(limit).last else { return Page(items: cards, next: nil) }
      return Page(items: cards, next: Cursor(try last.get("created_ms"), try last.get("id", as: ID<Product>.self)))
    }
  }

  /// One product as viewers in a market see it. Throws `GeneralRefusal.notFound`.
  public func card(product id: ID<Product>, market: String, by caller: Caller = .nobody) async throws -> ProductCard {
    try await database.read { db in
      let rows = try db.rows("SELECT \(ProductCard.columns) FROM product WHERE id = \(id)")
      let seller = try rows.first?.get("channel_id", as: ID<Channel>.self)
      let isStopped = try seller.flatMap { try SalesStop.of($0, in: market, policy, switches, db: db) } != nil
      guard let card = try ProductCard.read(rows, market: isStopped ? nil : market, at: clock.now, in: db).first
      else {
        throw GeneralRefusal.notFound("product")
      }
      try requireVisible(card.channel, "product", to: caller, in: db)
      return card
    }
  }

  private func requireVisible(_ channel: ID<Channel>, _ what: String, to caller: Caller, in db: any Connection) throws {
    if try Channel.find(channel, in: db)?.state == .approved { return }
    guard try Membership.role(of: caller, in: channel, in: db) != nil else { throw GeneralRefusal.notFound(what) }
  }
}

extension ProductCard {
  /// The same where nobody sells it.
  fileprivate var unsold: ProductCard {
    ProductCard(
      id: id, channel: channel, seller: seller, sellerRating: sellerRating, title: title, description: description,
      category: category,
      taxClass: taxClass,
      options: options, pictures: pictures,
      variants: variants.map {
        Choice(
          id: $0.id, sku: $0.sku, title: $0.title, options: $0.options, grams: $0.grams, limits: $0.limits,
          available: $0.available,
          offer: nil, dealOffer: nil, parts: $0.parts, preorder: $0.preorder)
      }, deal: nil)
  }

  /// The cards of a show's run: six queries, and one more when it has deals.
  static func run(
    of show: Show, market: String, dealsSince since: Moment, at now: Moment, in db: any Connection
  ) throws -> [ProductCard] {
    let rows = try db.rows(
      """
      SELECT \(columns) FROM show_product JOIN product ON product.id = show_product.product_id
      WHERE show_product.show_id = \(show.id) ORDER BY show_product.position, product.id
      """)
    return try read(
      rows, market: show.markets.contains(market) ? market : nil, deals: (show.id, since), at: now, in: db)
  }

  /// The cards of some products, in no order.
  static func all(
    of products: [ID<Product>], market: String, _ policy: Policy, _ switches: SwitchBoard, at now: Moment,
    in db: any Connection
  ) throws -> [ProductCard] {
    guard !products.isEmpty else { return [] }
    let rows = try db.rows("SELECT \(columns) FROM product WHERE id IN \(list: products)")
    let sellers = try Set(rows.map { try $0.get("channel_id", as: ID<Channel>.self) })
    let stopped = try SalesStop.stopped(sellers.sorted(), in: market, policy, switches, db: db)
    let sold = try rows.filter { try !stopped.contains($0.get("channel_id")) }
    let unsold = try rows.filter { try stopped.contains($0.get("channel_id")) }
    return try read(sold, market: market, at: now, in: db)
      + (unsold.isEmpty ? [] : read(unsold, market: nil, at: now, in: db))
  }

  fileprivate static let columns: SQL = """
    product.id, product.channel_id, product.title, product.description, product.category, product.options,
    product.created_ms, product.order_units_max, product.buyer_units_max,
    product.tax_class, (SELECT channel.name FROM channel WHERE channel.id = product.channel_id) AS seller,
    (SELECT channel.ratings FROM channel WHERE channel.id = product.channel_id) AS ratings,
    (SELECT channel.rating_stars FROM channel WHERE channel.id = product.channel_id) AS rating_stars
    """

  /// The cards of these rows: four more queries, however many there are, and one or two for the deals of a show. Without
  /// a market nothing has an offer.
  fileprivate static func read(
    _ rows: [Row], market: String?, deals dealsOf: (show: ID<Show>, since: Moment)? = nil, at now: Moment,
    in db: any Connection
  ) throws -> [ProductCard] {
    let market = market.flatMap { Market.isCode($0) ? $0 : nil }
    let ids = try rows.map { try $0.get("id", as: ID<Product>.self) }
    let variants = try VariantRow.current(of: ids, in: db)
    let variantIDs = variants.map(\.id)
    let offers = try market.map { try Offers.lists(of: variantIDs, market: $0, in: db) } ?? [:]
    let deals = try dealsOf.map { try Deal.onAir(of: ids, show: $0.show, since: $0.since, in: db) } ?? []
    let dealOf = Dictionary(deals.map { ($0.product, $0) }) { $1 }
    let dealOffers = try market.map { try Offers.ofDeals(deals.map(\.id), market: $0, in: db) } ?? [:]
    let levels = try Stock.levels(of: variantIDs, in: db)
    let bundles = try ProductBundle.parts(of: variants.filter(\.isBundle).map(\.id), market: market, in: db)
    let preorders = try Preorder.current(of: variants.filter(\.isPreordered).map(\.id), at: now, in: db)
    let ofProduct = Dictionary(grouping: variants, by: \.product)
    let pictures = try Picture.all(of: ids, in: db)
    return try zip(ids, rows).map { id, row in
      let limits = UnitLimits(perOrder: try row.get("order_units_max"), perBuyer: try row.get("buyer_units_max"))
      return ProductCard(
        id: id, channel: try row.get("channel_id"), seller: try row.get("seller"),
        sellerRating: RatingSum(count: try row.get("ratings"), stars: try row.get("rating_stars")),
        title: try row.get("title"),
        description: try row.get("description"), category: try row.get("category"), taxClass: try row.get("tax_class"),
        options: try TextList.list(of: row.get("options")),
        pictures: pictures[id] ?? [],
        variants: (ofProduct[id] ?? []).map { variant in
          let (parts, preorder) = (bundles[variant.id], preorders[variant.id])
          return Choice(
            id: variant.id, sku: variant.sku, title: variant.title, options: variant.options, grams: variant.grams,
            limits: variant.limits.and(limits),
            available: preorder?.left(at: now) ?? parts?.available ?? (levels[variant.id] ?? .none).available,
            offer: parts.map { $0.offer(offers[variant.id]) } ?? offers[variant.id],
            dealOffer: dealOffers[variant.id], parts: parts ?? [], preorder: preorder)
        }, deal: dealOf[id])
    }
  }
}
