import Store

extension Order {
  init(
    _ id: ID<Order>, of purchase: ID<Order>?, _ request: OrderRequest, _ quote: Quote, _ attribution: Attribution,
    source: OrderSource, at now: Moment, policy: Policy
  ) {
    self.id = id
    self.purchase = purchase
    part = quote.preordered == nil ? nil : .deposit
    channel = quote.channel
    show = request.bag.show
    creator = quote.creator
    self.source = source
    partner = attribution.partner
    credit = attribution.credit
    market = request.bag.market
    state = .placed
    buyer = request.buyer
    lines = quote.lines.map { OrderLine($0, partner: attribution.rate) }
    subtotal = quote.subtotal
    discount = quote.discount
    promotion = quote.promotion
    coupon = quote.coupon?.id
    couponCode = quote.coupon?.code ?? ""
    shipping = quote.shipping
    shippingTax = quote.shippingTax
    shippingTaxRate = quote.shippingTaxRate
    tax = quote.tax
    taxAdded = quote.taxAdded
    total = quote.total
    refunded = Money(minor: 0, currency: quote.total.currency)
    language = request.language
    tracking = ""
    placed = now
    expires = now.adding(seconds: (request.payMinutes ?? policy.reservationMinutes) * 60)
    paid = nil
  }

  /// Two statements, however many lines.
  ///
  /// - Parameter day: in whose count of its seller's orders it is; nil for a seller without a limit.
  func insert(_ request: OrderRequest, day: Int64?, in db: any Connection) throws {
    try insert(
      access: request.access.hash, fingerprint: request.fingerprint, buyer: request.encodedBuyer,
      holder: request.holder, day: day, in: db)
  }

  /// - Parameter holder: whose holds it counts among; nil for one that its buyer did not place.
  func insert(
    access: [UInt8], fingerprint: [UInt8], buyer encodedBuyer: String, holder: Holder?, day: Int64?,
    in db: any Connection
  ) throws {
    try db.send(
      """
      INSERT INTO orders (id, channel_id, show_id, market, account_id, access_hash, fingerprint, state, currency,
        subtotal_minor, shipping_minor, tax_minor, total_minor, refunded_minor, buyer, language, tracking,
        placed_ms, expires_ms, hold_buyer, hold_address, coupon_id, coupon_code, discount_minor, promotion_minor, creator_id,
        purchase_id, source, via, site, media_time_ms, clip_id, partner_id, credit,
        quota_day, shipping_tax_bp, shipping_tax_minor, tax_added_minor, part)
      VALUES (\(id), \(channel), \(show.sqlValue), \(market), \(buyer.account.sqlValue), \(access), \(fingerprint),
        \(state), \(total.currency), \(total.minor - shippingPaid.minor), \(shippingPaid.minor), \(tax.minor), \(total.minor), 0,
        \(encodedBuyer), \(language), '', \(placed), \(expires),
        \((holder?.buyer).sqlValue), \((holder?.address).sqlValue), \(coupon.sqlValue), \(couponCode),
        \(discount.minor), \(promotion.minor), \(creator.sqlValue), \(purchase.sqlValue), \(source.kind), \(source.via),
        \(source.site), \(source.mediaTime.sqlValue), \(source.clip.sqlValue), \(partner.sqlValue), \(credit),
        \(day.sqlValue), \(shippingTaxRate), \(shippingTax.minor), \(taxAdded.minor), \(part.sqlValue))
      """)
    if let holder { try HeldOrders.at(placed, in: db)?.add(id, of: holder, until: expires, at: placed) }
    let rows: [[any ValueConvertible]] = lines.enumerated().map { position, line in
      [
        id, position, line.offer, line.variant, line.product, line.title, line.sku, line.quantity,
        line.unitPrice.minor, line.total.minor, line.taxRate, line.commissionRate,
        line.tax.minor - line.taxAdded.minor,
        line.commission.minor, line.discount.minor, line.promotion.minor, line.refundFee.minor,
        line.creatorRate, line.creatorShare.minor, line.partnerRate, line.partnerShare.minor, line.grams,
        line.taxClass, line.taxAdded.minor,
        line.bundle,
      ]
    }
    try db.send(
      """
      INSERT INTO order_line (order_id, position, offer_id, variant_id, product_id, title, sku, quantity, price_minor,
        total_minor, tax_bp, commission_bp, tax_minor, commission_minor, discount_minor, promotion_minor,
        refund_fee_minor, creator_bp, creator_minor, partner_bp, partner_minor, weight_grams, tax_class,
        tax_added_minor, bundle_id)
      VALUES \(rows: rows)
      """)
  }

  static func exists(_ id: ID<Order>, in db: any Connection) throws -> Bool {
    try db.row("SELECT 1 FROM orders WHERE id = \(id)") != nil
  }

  static func find(_ id: ID<Order>, in db: any Connection) throws -> Order? {
    try with(rows: db.rows("SELECT \(columns) FROM orders WHERE id = \(id)"), in: db).first
  }

  /// It and those that are paid together with it, the first of the bag first.
  func paidTogether(in db: any Connection) throws -> [Order] {
    guard let purchase else { return [self] }
    let found = try Self.with(
      rows: db.rows("SELECT \(Self.columns) FROM orders WHERE purchase_id = \(purchase) ORDER BY id"), in: db)
    return found.filter { $0.id == purchase } + found.filter { $0.id != purchase }
  }

  static func require(_ id: ID<Order>, in db: any Connection) throws -> Order {
    guard let order = try find(id, in: db) else { throw GeneralRefusal.notFound("order") }
    return order
  }

  /// Orders of rows with `columns`, in their order, with all their lines in one statement.
  static func with(rows: [Row], in db: any Connection) throws -> [Order] {
    guard !rows.isEmpty else { return [] }
    let ids = try rows.map { try $0.get("id", as: ID<Order>.self) }
    var lines: [ID<Order>: [Row]] = [:]
    let found = try db.rows(
      """
      SELECT order_id, offer_id, variant_id, product_id, title, sku, quantity, price_minor, total_minor, tax_bp,
        commission_bp, tax_minor, commission_minor, discount_minor, promotion_minor, refund_fee_minor,
        creator_bp, creator_minor, partner_bp, partner_minor, weight_grams, tax_class, tax_added_minor, bundle_id
      FROM order_line WHERE order_id IN \(list: ids) ORDER BY order_id, position
      """)
    for row in found { lines[try row.get("order_id"), default: []].append(row) }
    return try rows.map { row in
      let currency: Currency = try row.get("currency")
      let lines = try lines[row.get("id"), default: []].map { try OrderLine(row: $0, currency: currency) }
      return try Order(row: row, lines: lines, currency: currency)
    }
  }

  static let columns: SQL = """
    id, channel_id, show_id, market, account_id, state, currency, subtotal_minor, shipping_minor, tax_minor,
    total_minor, refunded_minor, buyer, language, tracking, placed_ms, expires_ms, paid_ms, coupon_id, coupon_code,
    discount_minor, promotion_minor, creator_id, purchase_id, source, via, site, media_time_ms, clip_id, partner_id, credit,
    shipping_tax_bp, shipping_tax_minor, tax_added_minor, part
    """

  private init(row: Row, lines: [OrderLine], currency: Currency) throws {
    func money(_ column: String) throws -> Money { Money(minor: try row.get(column), currency: currency) }
    id = try row.get("id")
    purchase = try row.get("purchase_id")
    part = try row.get("part")
    channel = try row.get("channel_id")
    show = try row.get("show_id")
    creator = try row.get("creator_id")
    source = try OrderSource(row: row)
    partner = try row.get("partner_id")
    credit = try row.get("credit")
    market = try row.get("market")
    state = try row.get("state")
    buyer = try Buyer(account: try row.get("account_id"), encoded: try row.get("buyer"))
    self.lines = lines
    discount = try money("discount_minor")
    promotion = try money("promotion_minor")
    coupon = try row.get("coupon_id")
    couponCode = try row.get("coupon_code")
    shippingTax = try money("shipping_tax_minor")
    shippingTaxRate = try row.get("shipping_tax_bp")
    tax = try money("tax_minor")
    taxAdded = try money("tax_added_minor")
    let addedToShipping = taxAdded.minor > 0 ? shippingTax.minor : 0
    let goods = try row.get("subtotal_minor", as: Int64.self) - (taxAdded.minor - addedToShipping)
    subtotal = Money(minor: goods + discount.minor, currency: currency)
    shipping = Money(minor: try row.get("shipping_minor", as: Int64.self) - addedToShipping, currency: currency)
    total = try money("total_minor")
    refunded = try money("refunded_minor")
    language = try row.get("language")
    tracking = try row.get("tracking")
    placed = try row.get("placed_ms")
    expires = try row.get("expires_ms")
    paid = try row.get("paid_ms")
  }

  /// What has to be on the shelf for it: nothing for a deposit.
  var units: [Stock.Units] { part == .deposit ? [] : goods }
  /// What it is of.
  var goods: [Stock.Units] { Stock.Units.summed(lines.map { ($0.variant, $0.quantity) }) }
}

extension OrderLine {
  init(_ line: Quote.Line, partner: Rate) {
    offer = line.offer
    variant = line.variant
    product = line.product
    title = line.title
    sku = line.sku
    grams = line.grams
    quantity = line.quantity
    unitPrice = line.unitPrice
    total = line.total
    discount = line.discount
    promotion = line.promotion
    tax = line.tax
    taxAdded = line.taxAdded
    taxRate = line.taxRate
    taxClass = line.taxClass
    commissionRate = line.commissionRate
    commission = line.commission
    refundFee = line.refundFee
    creatorRate = line.creatorRate
    creatorShare = line.creatorShare
    partnerRate = partner
    bundle = line.bundle?.variant
    partnerShare = Money(minor: partner.of(line.commission.minor), currency: line.commission.currency)
  }

  fileprivate init(row: Row, currency: Currency) throws {
    func money(_ column: String) throws -> Money { Money(minor: try row.get(column), currency: currency) }
    offer = try row.get("offer_id")
    variant = try row.get("variant_id")
    product = try row.get("product_id")
    title = try row.get("title")
    sku = try row.get("sku")
    grams = try row.get("weight_grams")
    quantity = try row.get("quantity")
    unitPrice = try money("price_minor")
    total = try money("total_minor")
    discount = try money("discount_minor")
    promotion = try money("promotion_minor")
    taxAdded = try money("tax_added_minor")
    tax = Money(minor: try row.get("tax_minor", as: Int64.self) + taxAdded.minor, currency: currency)
    taxRate = try row.get("tax_bp")
    taxClass = try row.get("tax_class")
    commissionRate = try row.get("commission_bp")
    commission = try money("commission_minor")
    refundFee = try money("refund_fee_minor")
    creatorRate = try row.get("creator_bp")
    creatorShare = try money("creator_minor")
    partnerRate = try row.get("partner_bp")
    partnerShare = try money("partner_minor")
    bundle = try row.get("bundle_id")
  }
}
