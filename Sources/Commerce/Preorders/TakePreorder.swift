import Store

extension Quote {
  /// What a buyer pays of a preorder later.
  public struct Balance: Sendable, Equatable {
    public let goods: Money
    /// Without the tax that is added to it.
    public let shipping: Money
    public let shippingTax: Money
    /// With that on the shipping; nothing where prices include it.
    public let taxAdded: Money
    public let total: Money
  }

  /// How a line of a variant on preorder is paid.
  public struct Preordered: Sendable, Equatable {
    public let preorder: ID<Preorder>
    public let depositRate: Rate
    /// Of one unit: all of it, and its two parts.
    public let price: Money
    public let deposit: Money
    /// Nothing where all is paid at once.
    public let balance: Money
    public let shipsBy: Moment
    public let payDays: Int64
    /// Of the balance of all units.
    let goods: Money
    let taxAdded: Money
    let refundFee: Money
  }

  /// Of a quote for a preorder, which has one line.
  public var preordered: Preordered? { lines.first?.preorder }
}

extension Quote.Balance {
  /// Nil where nothing is left to pay later.
  init?(of terms: Quote.Preordered, shipping: Money, _ rules: TaxRules) throws {
    guard terms.goods.minor > 0 else { return nil }
    let currency = shipping.currency
    goods = terms.goods
    self.shipping = shipping
    shippingTax = Money(
      minor: TaxRules.tax(on: shipping.minor, at: rules.shippingRate, isAdded: rules.isAdded), currency: currency)
    taxAdded = Money(
      minor: rules.isAdded ? terms.taxAdded.minor + shippingTax.minor : 0, currency: currency)
    total = try goods.adding(shipping).adding(taxAdded)
    guard total.minor <= Money.minorMax else { throw BagRefusal.amountTooLarge }
  }
}

extension Quote.Preordered {
  /// Nil for what is sold as usual. Throws `BagRefusal.preorderOver` while those who wait come first.
  init?(_ row: Row, _ variant: ID<Variant>, title: String, price: Money, _ quantity: Int64, at now: Moment) throws {
    guard let id = try row.get("preorder_id", as: ID<Preorder>?.self) else { return nil }
    let isOpen =
      try row.get("preorder_state", as: Preorder.State.self) == .open
      && now < row.get("preorder_until_ms", as: Moment.self)
    guard isOpen else {
      guard try row.number("preorder_waiting") == 0 else { throw BagRefusal.preorderOver(title: title) }
      return nil
    }
    preorder = id
    depositRate = try row.get("deposit_bp")
    self.price = price
    deposit = Preorder.deposit(of: price, at: depositRate)
    balance = Money(minor: price.minor - deposit.minor, currency: price.currency)
    shipsBy = try row.get("ships_by_ms")
    payDays = try row.get("pay_days")
    goods = try balance.times(quantity)
    taxAdded = Money(minor: 0, currency: price.currency)
    refundFee = taxAdded
  }

  /// The same with what the balance's line will come to.
  func with(taxAdded: Money, refundFee: Money) -> Self { Self(self, taxAdded, refundFee) }

  private init(_ line: Self, _ taxAdded: Money, _ refundFee: Money) {
    (preorder, depositRate, price, deposit) = (line.preorder, line.depositRate, line.price, line.deposit)
    (balance, shipsBy, payDays, goods) = (line.balance, line.shipsBy, line.payDays, line.goods)
    (self.taxAdded, self.refundFee) = (taxAdded, refundFee)
  }
}

extension Preorder {
  /// Takes units of what may be preordered. One statement decides, so that two buyers cannot both have the last one.
  ///
  /// Throws `BagRefusal.soldOut`.
  static func take(_ line: Quote.Line, _ terms: Quote.Preordered, at now: Moment, in db: any Connection) throws {
    let taken = try db.run(
      """
      UPDATE preorder SET units_taken = units_taken + \(line.quantity), units_waiting = units_waiting + \(line.quantity)
      WHERE id = \(terms.preorder) AND state = 'open' AND until_ms > \(now)
        AND units_taken + \(line.quantity) <= units_max
      """)
    guard taken == 1 else {
      let left = try require(terms.preorder, in: db).left(at: now)
      throw BagRefusal.soldOut(line.variant, title: line.title, available: left)
    }
    try Outbox.announce(.stock(line.variant), in: db)
  }
}

extension Preorder.Place {
  /// The place of an order that was just placed.
  static func insert(
    _ order: Order, _ quote: Quote, _ line: Quote.Line, _ terms: Quote.Preordered, in db: any Connection
  ) throws {
    try db.run(
      """
      INSERT INTO preorder_place (order_id, preorder_id, quantity, state, why, price_minor, balance_minor,
        refund_fee_minor, shipping_minor, is_tax_added, ships_by_ms, pay_days, balance_order_id, due_ms, since_ms,
        created_ms, changed_ms)
      VALUES (\(order.id), \(terms.preorder), \(line.quantity), \(State.held), '', \(terms.price.minor),
        \(terms.balance.minor), \(terms.refundFee.minor), \(quote.balance?.shipping.minor ?? 0),
        \(quote.rates.tax.isAdded), \(terms.shipsBy), \(terms.payDays), NULL, NULL, NULL, \(order.placed),
        \(order.placed))
      """)
  }
}
