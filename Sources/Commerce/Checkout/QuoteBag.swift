import Store

extension Commerce {
  /// What the bag would cost now. Holds nothing, and promises nothing about stock.
  public func quote(_ bag: Bag) async throws -> Quote {
    try bag.check(policy)
    return try await database.read { db in
      try Quote.of(bag, at: clock.now, policy: policy, in: db)
    }
  }
}

extension Quote {
  /// Prices a bag in one statement, however many lines it has. Throws `BagRefusal`.
  static func of(_ bag: Bag, at now: Moment, policy: Policy, in db: any Connection) throws -> Quote {
    let rows = try db.rows(
      """
      SELECT offer.id AS offer_id, offer.market AS market, offer.price_minor AS price_minor,
        offer.opened_ms AS opened_ms, offer.closed_ms AS closed_ms, offer.deal_id AS deal_id,
        variant.id AS variant_id, variant.title AS variant_title, variant.sku AS sku,
        product.id AS product_id, product.title AS product_title,
        channel.id AS channel_id, channel.state AS channel_state,
        market.currency AS currency, market.is_open AS is_open, market.commission_bp AS commission_bp,
        market.tax_included_bp AS tax_included_bp, market.shipping_minor AS shipping_minor,
        market.shipping_free_from_minor AS shipping_free_from_minor,
        show_market.show_id AS show_id
      FROM offer
      JOIN variant ON variant.id = offer.variant_id
      JOIN product ON product.id = variant.product_id
      JOIN channel ON channel.id = product.channel_id
      JOIN market ON market.code = offer.market
      LEFT JOIN show ON show.id = \(bag.show.sqlValue) AND show.channel_id = channel.id
      LEFT JOIN show_market ON show_market.show_id = show.id AND show_market.market = offer.market
      WHERE offer.id IN \(list: bag.lines.map(\.offer))
      """)
    var found: [ID<Offer>: Row] = [:]
    for row in rows { found[try row.get("offer_id")] = row }
    let lines = try bag.lines.map { line in
      guard let row = found[line.offer] else { throw BagRefusal.offerUnknown(line.offer) }
      return try Line(line, row: row, of: bag, at: now, policy: policy)
    }
    guard let row = rows.first else { throw BagRefusal.offerUnknown(bag.lines[0].offer) }
    let channel: ID<Channel> = try row.get("channel_id")
    guard try rows.allSatisfy({ try $0.get("channel_id") == channel }) else { throw BagRefusal.severalSellers }
    return try Quote(channel: channel, lines: lines, shipping: Shipping(row: row))
  }

  private init(channel: ID<Channel>, lines: [Line], shipping: Shipping) throws {
    self.channel = channel
    self.lines = lines
    let nothing = Money(minor: 0, currency: shipping.currency)
    subtotal = try lines.reduce(nothing) { try $0.adding($1.total) }
    tax = try lines.reduce(nothing) { try $0.adding($1.tax) }
    self.shipping = shipping.cost(of: subtotal)
    total = try subtotal.adding(self.shipping)
    guard total.minor <= Money.minorMax else { throw BagRefusal.amountTooLarge }
  }
}

extension Quote.Line {
  fileprivate init(_ line: Bag.Line, row: Row, of bag: Bag, at now: Moment, policy: Policy) throws {
    let market: String = try row.get("market")
    guard market == bag.market else { throw BagRefusal.otherMarket(line.offer) }
    guard try row.get("is_open") else { throw BagRefusal.marketClosed(market) }
    guard try row.get("channel_state", as: ChannelState.self) == .approved else { throw BagRefusal.channelNotSelling }
    if bag.show != nil {
      guard try row.get("show_id", as: ID<Show>?.self) != nil else { throw BagRefusal.notInShow }
    }
    let isHonoured = Offer.isHonoured(
      closed: try row.get("closed_ms"), at: now, graceSeconds: policy.offerGraceSeconds)
    guard isHonoured else { throw BagRefusal.offerClosed(line.offer) }
    deal = try row.get("deal_id")
    // A deal is told of before it starts. Its viewers see it start later than the clock does, never earlier.
    if deal != nil, try row.get("opened_ms", as: Moment.self) > now { throw BagRefusal.offerNotOpen(line.offer) }
    offer = line.offer
    quantity = line.quantity
    variant = try row.get("variant_id")
    product = try row.get("product_id")
    sku = try row.get("sku")
    title = Self.title(product: try row.get("product_title"), variant: try row.get("variant_title"))
    unitPrice = Money(minor: try row.get("price_minor"), currency: try row.get("currency"))
    total = try unitPrice.times(line.quantity)
    let taxRate: Rate = try row.get("tax_included_bp")
    tax = Money(minor: taxRate.includedIn(total.minor), currency: total.currency)
    commissionRate = try row.get("commission_bp")
    commission = Money(minor: commissionRate.of(total.minor - tax.minor), currency: total.currency)
    self.taxRate = taxRate
  }

  /// A product with one variant has a variant without a title, or with one that says nothing.
  private static func title(product: String, variant: String) -> String {
    variant.isEmpty || variant == product ? product : "\(product) · \(variant)"
  }
}

/// What a market asks for bringing a parcel.
private struct Shipping {
  let currency: Currency
  let flat: Int64
  let freeFrom: Int64?

  init(row: Row) throws {
    currency = try row.get("currency")
    flat = try row.get("shipping_minor")
    freeFrom = try row.get("shipping_free_from_minor")
  }

  func cost(of subtotal: Money) -> Money {
    let isFree = freeFrom.map { subtotal.minor >= $0 } ?? false
    return Money(minor: isFree ? 0 : flat, currency: currency)
  }
}
