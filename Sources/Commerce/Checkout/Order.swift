public import Store

/// A purchase. `placed` holds stock for a while; `paid` has sold it (DOMAIN.md, "Buying").
public struct Order: Sendable, Equatable {
  public enum State: String, Sendable, Codable, CaseIterable {
    case placed, paid, fulfilled, delivered, settled, expired, cancelled, refunded
  }

  /// What of a preorder it pays (docs/decisions/0033).
  public enum Part: String, Sendable, Codable, CaseIterable, ValueConvertible { case deposit, balance }

  public let id: ID<Order>
  /// The first of the orders it is paid together with, which may be itself; nil when it is paid alone.
  public let purchase: ID<Order>?
  /// Nil for an order that pays for all that it is of. A deposit takes no stock, and is never sent.
  public let part: Part?
  public let channel: ID<Channel>
  public let show: ID<Show>?
  /// The channel in whose show it was sold, when that is not the seller.
  public let creator: ID<Channel>?
  /// Where it came from, as its client told it.
  public let source: OrderSource
  /// Who has a part of the commission; nil without one, and `credit` says why.
  public let partner: ID<Partner>?
  public let credit: Attribution.Credit
  public let market: String
  public let state: State
  public let buyer: Buyer
  public let lines: [OrderLine]
  /// What the lines come to, before a coupon.
  public let subtotal: Money
  /// What the coupon took off, and the part of it that the platform puts in.
  public let discount: Money
  public let promotion: Money
  public let coupon: ID<Coupon>?
  /// Empty without a coupon.
  public let couponCode: String
  /// Without the tax that was added to it.
  public let shipping: Money
  public let shippingTax: Money
  public let shippingTaxRate: Rate
  /// Of the goods and of the shipping, contained in the total either way.
  public let tax: Money
  /// All of `tax` where it was added to prices, else nothing.
  public let taxAdded: Money
  public let total: Money
  /// Refunded so far, or on its way back. `refunded` is the state once it is all of the total.
  public let refunded: Money
  /// The buyer's language when it was placed, such as `hi`.
  public let language: String
  /// Where the parcel can be followed; empty until fulfilled, and when there is nothing to follow.
  public let tracking: String
  public let placed: Moment
  /// Until when the stock is held for an order that is not paid.
  public let expires: Moment
  public let paid: Moment?

  /// The order's name among people: `H-7K3M-92QF`.
  public var number: String { id.orderNumber }

  public var isTaxAdded: Bool { taxAdded.minor > 0 }
  /// What the buyer paid for the shipping, with its tax.
  public var shippingPaid: Money {
    Money(minor: shipping.minor + (isTaxAdded ? shippingTax.minor : 0), currency: shipping.currency)
  }
  public var taxes: [TaxSum] {
    TaxSum.sums(lines.map { ($0.taxRate, $0.tax) } + [(shippingTaxRate, shippingTax)])
  }
}

/// One offer of an order, as sold: later changes of product or price change no order.
public struct OrderLine: Sendable, Equatable {
  public let offer: ID<Offer>
  public let variant: ID<Variant>
  public let product: ID<Product>
  public let title: String
  public let sku: String
  /// What one unit weighed when it was sold, in grams.
  public let grams: Int64
  public let quantity: Int64
  public let unitPrice: Money
  public let total: Money
  /// The line's share of what the coupon took off, and of what the platform puts in.
  public let discount: Money
  public let promotion: Money
  /// The tax on `sold`: contained in it, or added to it.
  public let tax: Money
  /// All of `tax` where it was added, else nothing.
  public let taxAdded: Money
  public let taxRate: Rate
  public let taxClass: String
  /// The rate it was sold under, and what it came to. The seller has the rest of `net`.
  public let commissionRate: Rate
  public let commission: Money
  /// What of `commission` the platform keeps when all of the line is refunded; the seller bears it.
  public let refundFee: Money
  /// The share of the creator in whose show it was sold, of `net`; 0 without one.
  public let creatorRate: Rate
  public let creatorShare: Money
  /// The partner's part of `commission`: the rate it was sold under, and what it came to.
  public let partnerRate: Rate
  public let partnerShare: Money
  /// The bundle it was bought as a part of, by its variant: `offer` is that one's.
  public let bundle: ID<Variant>?

  /// What the seller sold the line for, whoever paid it.
  public var sold: Money { Money(minor: total.minor - discount.minor + promotion.minor, currency: total.currency) }
  /// The same without tax.
  public var net: Money { Money(minor: sold.minor - tax.minor + taxAdded.minor, currency: total.currency) }
}

/// What `placeOrder` answers.
public struct PlacedOrder: Sendable {
  public let order: Order
  /// Those of the bag's other sellers, which are paid together with it.
  public let others: [Order]
  /// Opens the order, and the others, to whoever holds it. It is shown once; asking again with the same id gives another that works too.
  public let access: Secret
  /// False when this id had placed the order before.
  public let isNew: Bool
}

extension ID<Order> {
  /// The last 40 bits of the id, all of them random, as `H-7K3M-92QF`. For people, who also have a name and a date:
  /// programs use the id.
  public var orderNumber: String { number(after: "H") }
}

extension ID {
  /// The last 40 bits of the id, all of them random, after a letter that says what it is of.
  func number(after letter: Character) -> String {
    // Crockford's base 32: no I, L, O or U, so that it can be read out.
    let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    let digits = (0..<8).map { alphabet[Int((low >> (35 - 5 * UInt64($0))) & 31)] }
    return
      "\(letter)-\(String(decoding: digits[..<4], as: UTF8.self))-\(String(decoding: digits[4...], as: UTF8.self))"
  }
}

extension Order.State: ValueConvertible {}
