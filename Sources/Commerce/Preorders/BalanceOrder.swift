extension Order {
  /// The order for the balance of a place: the same buyer, goods, rates and credit as the deposit's, for what is left of
  /// the price and the shipping that were promised with it.
  init(
    balanceOf place: Preorder.Place, _ deposit: Order, as id: ID<Order>, at now: Moment, until due: Moment
  ) {
    func money(_ minor: Int64) -> Money { Money(minor: minor, currency: deposit.total.currency) }
    self.id = id
    part = .balance
    purchase = nil
    (channel, show, creator, source) = (deposit.channel, deposit.show, deposit.creator, deposit.source)
    (partner, credit, market, buyer) = (deposit.partner, deposit.credit, deposit.market, deposit.buyer)
    state = .placed
    lines = deposit.lines.map { OrderLine(balanceOf: place, $0) }
    subtotal = money(lines.reduce(0) { $0 + $1.total.minor })
    (discount, promotion, coupon, couponCode) = (money(0), money(0), nil, "")
    shipping = place.shipping
    shippingTaxRate = deposit.shippingTaxRate
    shippingTax = money(TaxRules.tax(on: shipping.minor, at: shippingTaxRate, isAdded: place.isTaxAdded))
    tax = money(lines.reduce(shippingTax.minor) { $0 + $1.tax.minor })
    taxAdded = place.isTaxAdded ? tax : money(0)
    total = money(subtotal.minor + shipping.minor + taxAdded.minor)
    refunded = money(0)
    (language, tracking, placed, expires, paid) = (deposit.language, "", now, due, nil)
  }
}

extension OrderLine {
  fileprivate init(balanceOf place: Preorder.Place, _ line: OrderLine) {
    let currency = line.total.currency
    (offer, variant, product, title, sku) = (line.offer, line.variant, line.product, line.title, line.sku)
    (grams, quantity, unitPrice) = (line.grams, line.quantity, place.balance)
    total = Money(minor: place.balance.minor * line.quantity, currency: currency)
    discount = Money(minor: 0, currency: currency)
    promotion = discount
    (taxRate, taxClass, commissionRate) = (line.taxRate, line.taxClass, line.commissionRate)
    (creatorRate, partnerRate, bundle) = (line.creatorRate, line.partnerRate, nil)
    let shares = Quote.Line.shares(
      of: total, line.taxRate, isAdded: place.isTaxAdded, line.commissionRate, nil, line.creatorRate)
    (tax, taxAdded, commission, creatorShare) = (shares.tax, shares.added, shares.commission, shares.creator)
    refundFee = Money(minor: min(place.refundFee, commission.minor), currency: currency)
    partnerShare = Money(minor: partnerRate.of(commission.minor), currency: currency)
  }
}
