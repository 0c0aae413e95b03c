import Store

extension Commerce {
  /// What the bag would cost now. Holds nothing, and promises nothing about stock.
  public func quote(_ bag: Bag) async throws -> BagQuote {
    try bag.check(policy)
    return try await database.read { db in
      let now = clock.now
      let quotes = try Quote.all(of: bag, at: now, policy: policy, in: db)
      for quote in quotes { try DailyOrders.requireRoom(for: quote, at: now, in: db) }
      return try BagQuote(quotes, of: bag)
    }
  }
}

extension Quote {
  /// Prices a bag in one statement, however many lines it has, and one more for a coupon: a quote for each seller, in
  /// the order in which the bag names them. Throws `BagRefusal`, `CouponRefusal`.
  static func all(of bag: Bag, at now: Moment, policy: Policy, in db: any Connection) throws -> [Quote] {
    // Buyers of one thing ask for the same bag in the same millisecond.
    let asked = PricedOffers.Asked(bag: bag, at: now)
    if let quotes = db.recall(asked, as: [Quote].self) { return quotes }
    let priced = try PricedOffers.of(bag, at: now, in: db)
    let quotes = try all(of: bag, priced, at: now, policy: policy, in: db)
    if priced.isWhole, bag.coupon == nil { db.keep(quotes, for: AnyHashable(asked), of: PricedOffers.tables) }
    return quotes
  }

  private static func all(
    of bag: Bag, _ priced: PricedOffers, at now: Moment, policy: Policy, in db: any Connection
  ) throws -> [Quote] {
    let (rows, found) = (priced.rows, priced.byOffer)
    let plans = priced.plans.holding(at: now)
    let affiliates = try Self.affiliates(rows, market: bag.market, at: now, policy, in: db)
    let bundles = try ProductBundle.parts(
      of: rows.filter { try $0.get("is_bundle") }.map { try $0.get("variant_id") }, market: bag.market, in: db)
    let lines = try bag.lines.flatMap { line in
      guard let row = found[line.offer] else { throw BagRefusal.offerUnknown(line.offer) }
      let whole = try Line(line, row: row, of: bag, plans, affiliates, at: now, policy: policy)
      guard let parts = bundles[whole.variant] else { return [whole] }
      return try whole.split(parts, row: row, plans, at: now)
    }
    var sellers: [(row: Row, channel: ID<Channel>, lines: [Line])] = []
    for line in lines {
      guard let row = found[line.offer] else { continue }
      let channel: ID<Channel> = try row.get("channel_id")
      if let index = sellers.firstIndex(where: { $0.channel == channel }) {
        sellers[index].lines.append(line)
      } else {
        sellers.append((row, channel, [line]))
      }
    }
    // It is paid, sent and given back in its own time.
    if bag.lines.count > 1, let line = lines.first(where: { $0.preorder != nil }) {
      throw BagRefusal.preorderAlone(title: line.title)
    }
    // What is won at auction is one unit, and its bidders were promised it.
    if bag.won == nil { try UnitLimits.check(lines) }
    guard sellers.count <= policy.bagSellersMax else { throw BagRefusal.tooManySellers(limit: policy.bagSellersMax) }
    let quotes = try sellers.map { row, channel, lines in
      let shown: ID<Channel>? = try row.get("show_channel_id")
      return try Quote(
        channel: channel, creator: shown == channel ? nil : shown, lines: lines, rates: ShippingRates(row: row),
        dailyOrdersMax: row.get("daily_orders_max"))
    }
    guard let code = bag.coupon else { return quotes }
    return try Discounts.give(code, to: quotes, in: bag.market, at: now, db)
  }

  /// On which terms those of the rows are sold that are of another channel than their show.
  private static func affiliates(
    _ rows: [Row], market: String, at now: Moment, _ policy: Policy, in db: any Connection
  ) throws -> [ID<Product>: AffiliateTerms] {
    guard let row = rows.first, let creator = try row.get("show_channel_id", as: ID<Channel>?.self) else { return [:] }
    let others = try rows.compactMap { row in
      let seller: ID<Channel> = try row.get("channel_id")
      return seller == creator ? nil : (id: try row.get("product_id", as: ID<Product>.self), seller: seller)
    }
    guard !others.isEmpty else { return [:] }
    // Whoever shows it has to be let in there too.
    guard try SalesStop.of(creator, in: market, policy, SwitchBoard(), db: db) != .seller else {
      throw BagRefusal.channelNotSelling
    }
    return try AffiliateTerms.of(
      others, for: creator, since: row.get("show_started_ms", as: Moment?.self) ?? now, at: now, in: db)
  }

  /// The same bag with lines that a coupon took something off.
  init(_ quote: Quote, _ coupon: Coupon, _ lines: [Line]) throws {
    try self.init(
      channel: quote.channel, creator: quote.creator, lines: lines, rates: quote.rates,
      dailyOrdersMax: quote.dailyOrdersMax, coupon: coupon)
  }

  private init(
    channel: ID<Channel>, creator: ID<Channel>?, lines: [Line], rates: ShippingRates, dailyOrdersMax: Int64?,
    coupon: Coupon? = nil
  ) throws {
    self.channel = channel
    self.creator = creator
    self.lines = lines
    self.rates = rates
    self.dailyOrdersMax = dailyOrdersMax
    self.coupon = coupon
    let nothing = Money(minor: 0, currency: rates.currency)
    subtotal = try lines.reduce(nothing) { try $0.adding($1.total) }
    discount = try lines.reduce(nothing) { try $0.adding($1.discount) }
    promotion = try lines.reduce(nothing) { try $0.adding($1.promotion) }
    let goods = Money(minor: subtotal.minor - discount.minor, currency: rates.currency)
    let grams = lines.reduce(0) { $0 + $1.grams * $1.quantity }
    let preorder = lines.first?.preorder
    let later = preorder?.goods ?? nothing
    guard let cost = rates.cost(of: try goods.adding(later), grams: grams) else {
      throw BagRefusal.tooHeavy(lines, limit: rates.table.gramsMax ?? 0)
    }
    // The parcel is paid for when it can be sent.
    shipping = later.minor > 0 ? nothing : cost
    balance = try preorder.flatMap { try Balance(of: $0, shipping: cost, rates.tax) }
    shippingTaxRate = rates.tax.shippingRate
    let taxOnShipping = TaxRules.tax(on: shipping.minor, at: shippingTaxRate, isAdded: rates.tax.isAdded)
    shippingTax = Money(minor: taxOnShipping, currency: rates.currency)
    tax = try lines.reduce(shippingTax) { try $0.adding($1.tax) }
    taxAdded = rates.tax.isAdded ? tax : nothing
    total = try goods.adding(shipping).adding(taxAdded)
    guard total.minor <= Money.minorMax else { throw BagRefusal.amountTooLarge }
  }
}

extension Quote.Line {
  fileprivate init(
    _ line: Bag.Line, row: Row, of bag: Bag, _ plans: CommissionPlans,
    _ affiliates: [ID<Product>: AffiliateTerms], at now: Moment, policy: Policy
  ) throws {
    let market: String = try row.get("market")
    // What somebody won is nobody else's to buy.
    guard try row.get("auction_id", as: ID<Auction>?.self) == bag.won else { throw BagRefusal.offerUnknown(line.offer) }
    guard market == bag.market else { throw BagRefusal.otherMarket(line.offer) }
    guard try row.get("is_open") else { throw BagRefusal.marketClosed(market) }
    guard try row.get("channel_state", as: ChannelState.self) == .approved else { throw BagRefusal.channelNotSelling }
    let admission = try row.get("admission", as: Admission?.self) ?? policy.admission
    guard try admission.lets(row.get("permission")) else { throw BagRefusal.channelNotInMarket(market) }
    if bag.show != nil {
      guard try row.get("show_id", as: ID<Show>?.self) != nil else { throw BagRefusal.notInShow }
      // Another seller's is sold where it is in the run, on terms that hold.
      if try row.get("show_channel_id", as: ID<Channel>.self) != row.get("channel_id") {
        let isInRun = try row.get("run_product_id", as: ID<Product>?.self) != nil
        guard isInRun, try affiliates[row.get("product_id")] != nil else { throw BagRefusal.notInShow }
      }
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
    grams = try row.get("weight_grams")
    productTitle = try row.get("product_title")
    limits = UnitLimits(perOrder: try row.get("variant_order_max"), perBuyer: try row.get("variant_buyer_max"))
    productLimits = UnitLimits(perOrder: try row.get("product_order_max"), perBuyer: try row.get("product_buyer_max"))
    title = Self.title(product: productTitle, variant: try row.get("variant_title"))
    let price = Money(minor: try row.get("price_minor"), currency: try row.get("currency"))
    let preordered =
      bag.won == nil
      ? try Quote.Preordered(row, variant, title: title, price: price, line.quantity, at: now) : nil
    unitPrice = preordered?.deposit ?? price
    total = try unitPrice.times(line.quantity)
    let listPrice = try row.get("compare_at_minor", as: Int64?.self) ?? unitPrice.minor
    dealSaving = Money(
      minor: deal == nil ? 0 : max(0, listPrice - unitPrice.minor) * line.quantity, currency: total.currency)
    discount = Money(minor: 0, currency: total.currency)
    promotion = discount
    taxClass = try row.get("tax_class")
    let rules = try TaxRules(row: row)
    taxRate = rules.rate(of: taxClass)
    plan = plans.plan(for: try row.get("category"))
    commissionRate =
      try plan?.rate(forChannelMade: row.get("channel_created_ms"), at: now) ?? row.get("commission_bp")
    creatorRate = try affiliates[row.get("product_id")]?.rate ?? .zero
    bundle = nil
    (tax, taxAdded, commission, refundFee, creatorShare) = Self.shares(
      of: total, taxRate, isAdded: rules.isAdded, commissionRate, plan, creatorRate)
    let (taxRate, rate, plan, creator) = (taxRate, commissionRate, plan, creatorRate)
    preorder = preordered.map { terms in
      let later = Self.shares(of: terms.goods, taxRate, isAdded: rules.isAdded, rate, plan, creator)
      return terms.with(taxAdded: later.added, refundFee: later.refundFee)
    }
  }

  /// The lines of a bundle's parts, which come to what it costs. The tax and the commission of each are its own product's.
  fileprivate func split(
    _ parts: [ProductBundle.Part], row: Row, _ plans: CommissionPlans, at now: Moment
  ) throws -> [Self] {
    // A part that is sold no more, or a price that is not below the parts' any more.
    guard parts.lets(unitPrice) else { throw BagRefusal.offerClosed(offer) }
    if let part = parts.first(where: { $0.quantity * quantity > Self.quantityMax }) {
      throw GeneralRefusal.invalid(
        field: "lines", why: "must not take more than \(Self.quantityMax / part.quantity) of “\(title)”")
    }
    let bundled = Quote.Bundled(
      variant: variant, product: product, title: title, sku: sku, quantity: quantity, unitPrice: unitPrice,
      total: total)
    let shares = ProductBundle.shares(of: unitPrice.minor, parts.map { ($0.quantity, $0.listPrice?.minor ?? 0) })
    let rules = try TaxRules(row: row)
    return try shares.map { share in
      let part = parts[share.part]
      let plan = plans.plan(for: part.category)
      let rate = try plan?.rate(forChannelMade: row.get("channel_created_ms"), at: now) ?? row.get("commission_bp")
      return Self(self, part, share, of: bundled, plan, rate, rules)
    }
  }

  /// The most units of one line of an order.
  private static var quantityMax: Int64 { 99 }

  private init(
    _ line: Self, _ part: ProductBundle.Part, _ share: ProductBundle.Share, of bundle: Quote.Bundled,
    _ plan: CommissionPlan?, _ rate: Rate, _ rules: TaxRules
  ) {
    let currency = line.total.currency
    offer = line.offer
    (variant, product, sku) = (part.variant, part.product, part.sku)
    title = "\(bundle.title): \(part.title)"
    quantity = share.count * bundle.quantity
    unitPrice = Money(minor: share.unitPrice, currency: currency)
    total = Money(minor: share.unitPrice * quantity, currency: currency)
    (discount, promotion, dealSaving) = (line.discount, line.promotion, line.dealSaving)
    deal = nil
    preorder = nil
    self.bundle = bundle
    (grams, limits, productLimits, productTitle) = (part.grams, part.limits, part.productLimits, part.productTitle)
    taxClass = part.taxClass
    taxRate = rules.rate(of: taxClass)
    creatorRate = line.creatorRate
    self.plan = plan
    commissionRate = rate
    (tax, taxAdded, commission, refundFee, creatorShare) = Self.shares(
      of: total, taxRate, isAdded: rules.isAdded, commissionRate, plan, creatorRate)
  }

  /// The same line with so many minor units off.
  func discounted(by minor: Int64, paidBy funder: Coupon.Funder, isTaxAdded: Bool) -> Self {
    Self(self, minor, funder, isTaxAdded: isTaxAdded)
  }

  private init(_ line: Self, _ minor: Int64, _ funder: Coupon.Funder, isTaxAdded: Bool) {
    (offer, variant, product) = (line.offer, line.variant, line.product)
    (limits, productLimits, productTitle) = (line.limits, line.productLimits, line.productTitle)
    (title, sku, quantity, grams) = (line.title, line.sku, line.quantity, line.grams)
    (unitPrice, total, deal, dealSaving) = (line.unitPrice, line.total, line.deal, line.dealSaving)
    discount = Money(minor: minor, currency: total.currency)
    promotion = Money(minor: funder == .platform ? minor : 0, currency: total.currency)
    (taxRate, commissionRate, plan, creatorRate) = (line.taxRate, line.commissionRate, line.plan, line.creatorRate)
    taxClass = line.taxClass
    bundle = line.bundle
    preorder = line.preorder
    let sold = Money(minor: total.minor - minor + promotion.minor, currency: total.currency)
    (tax, taxAdded, commission, refundFee, creatorShare) = Self.shares(
      of: sold, taxRate, isAdded: isTaxAdded, commissionRate, plan, creatorRate)
  }

  static func shares(
    of sold: Money, _ taxRate: Rate, isAdded: Bool, _ commissionRate: Rate, _ plan: CommissionPlan?,
    _ creatorRate: Rate
  ) -> (tax: Money, added: Money, commission: Money, refundFee: Money, creator: Money) {
    func money(_ minor: Int64) -> Money { Money(minor: minor, currency: sold.currency) }
    let tax = TaxRules.tax(on: sold.minor, at: taxRate, isAdded: isAdded)
    let net = isAdded ? sold.minor : sold.minor - tax
    let commission = commissionRate.of(net)
    // What the rates leave together can be no more than there is.
    let creator = min(creatorRate.of(net), net - commission)
    return (
      money(tax), money(isAdded ? tax : 0), money(commission), money(plan?.refundFee(of: commission) ?? 0),
      money(creator)
    )
  }

  /// A product with one variant has a variant without a title, or with one that says nothing.
  static func title(product: String, variant: String) -> String {
    variant.isEmpty || variant == product ? product : "\(product) · \(variant)"
  }
}

/// What there is to know of some offers, and of the plans that commissions go by, before it is asked who wants how many.
private struct PricedOffers: Sendable {
  /// A row for each offer and plan; without plans, one for each offer.
  let rows: [Row]
  let byOffer: [ID<Offer>: Row]
  /// Those of the market that have not ended.
  let plans: CommissionPlans
  let readAt: Moment
  /// Whether it is all that a quote goes by but for a coupon: no bundle, whose parts have their own, and nothing that
  /// somebody shows for another seller.
  let isWhole: Bool

  struct Asked: Hashable, Sendable {
    let bag: Bag
    let at: Moment
  }

  private struct Key: Hashable, Sendable {
    let show: ID<Show>?
    let offers: [ID<Offer>]
  }

  /// Whatever `read` looks at.
  static let tables: Set<String> = [
    "offer", "variant", "product", "channel", "market", "channel_market", "show", "show_market", "show_product",
    "commission_plan", "preorder",
  ]

  /// In one statement; in none for what another order of the same transaction has asked just before.
  static func of(_ bag: Bag, at now: Moment, in db: any Connection) throws -> PricedOffers {
    let key = Key(show: bag.show, offers: bag.lines.map(\.offer))
    let kept = try db.remember(key, of: tables) { try read(key.offers, in: key.show, at: now, db) }
    // A clock that was put back makes plans hold again that had ended.
    return kept.readAt <= now ? kept : try read(key.offers, in: key.show, at: now, db)
  }

  private static func read(
    _ offers: [ID<Offer>], in show: ID<Show>?, at now: Moment, _ db: any Connection
  ) throws -> PricedOffers {
    let rows = try db.rows(
      """
      SELECT offer.id AS offer_id, offer.market AS market, offer.price_minor AS price_minor,
        offer.compare_at_minor AS compare_at_minor,
        offer.opened_ms AS opened_ms, offer.closed_ms AS closed_ms, offer.deal_id AS deal_id,
        offer.auction_id AS auction_id,
        variant.id AS variant_id, variant.title AS variant_title, variant.sku AS sku, variant.weight_grams AS weight_grams,
        variant.order_units_max AS variant_order_max, variant.buyer_units_max AS variant_buyer_max,
        variant.is_bundle AS is_bundle, product.order_units_max AS product_order_max, product.buyer_units_max AS product_buyer_max,
        product.id AS product_id, product.title AS product_title, product.category AS category,
        channel.id AS channel_id, channel.state AS channel_state, channel.created_ms AS channel_created_ms,
        channel.daily_orders_max AS daily_orders_max, channel_market.state AS permission,
        market.currency AS currency, market.is_open AS is_open, market.admission AS admission,
        market.commission_bp AS commission_bp,
        variant.preorder_id AS preorder_id, preorder.state AS preorder_state, preorder.until_ms AS preorder_until_ms,
        preorder.units_waiting AS preorder_waiting, preorder.deposit_bp AS deposit_bp,
        preorder.ships_by_ms AS ships_by_ms, preorder.pay_days AS pay_days,
        product.tax_class AS tax_class, market.tax_included_bp AS tax_included_bp, market.tax_table AS tax_table,
        market.tax_is_added AS tax_is_added, market.taxes_shipping AS taxes_shipping, market.shipping_minor AS shipping_minor,
        market.shipping_table AS shipping_table, market.shipping_free_from_minor AS shipping_free_from_minor,
        show_market.show_id AS show_id, show.channel_id AS show_channel_id, show.started_ms AS show_started_ms,
        show_product.product_id AS run_product_id, \(CommissionPlans.columns)
      FROM offer
      JOIN variant ON variant.id = offer.variant_id
      JOIN product ON product.id = variant.product_id
      JOIN channel ON channel.id = product.channel_id
      JOIN market ON market.code = offer.market
      LEFT JOIN preorder ON preorder.id = variant.preorder_id
      LEFT JOIN channel_market ON channel_market.channel_id = channel.id AND channel_market.market = offer.market
      LEFT JOIN show ON show.id = \(show.sqlValue)
      LEFT JOIN show_market ON show_market.show_id = show.id AND show_market.market = offer.market
      LEFT JOIN show_product ON show_product.show_id = show.id AND show_product.product_id = product.id
      \(CommissionPlans.join(market: "offer.market", notEndedAt: now))
      WHERE offer.id IN \(list: offers)
      """)
    var byOffer: [ID<Offer>: Row] = [:]
    for row in rows { byOffer[try row.get("offer_id")] = row }
    let first: ID<Offer>? = try rows.first?.get("offer_id")
    return PricedOffers(
      rows: rows, byOffer: byOffer,
      plans: try CommissionPlans(rows: rows.filter { try $0.get("offer_id") == first }), readAt: now,
      isWhole: try !rows.contains { row in
        let shown: ID<Channel>? = try row.get("show_channel_id")
        return try row.get("is_bundle") || (shown != nil && shown != row.get("channel_id"))
      })
  }
}
