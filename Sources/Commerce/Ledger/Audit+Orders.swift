import Store

extension Audit {
  private static let ordersPerPage = 1000

  /// Each order's sums and rates are worked out anew, and what the ledger says of it is compared with that.
  mutating func orders(in db: any Connection) throws {
    for row in try db.rows("SELECT state, COUNT(*) AS count FROM orders GROUP BY state ORDER BY state") {
      note("Orders: \(try row.number("count")) \(try row.get("state", as: String.self)).")
    }
    // Before every id there can be, that of all zeros as well.
    var after: [UInt8] = []
    while true {
      let rows = try db.rows(
        "SELECT \(Order.columns) FROM orders WHERE id > \(after) ORDER BY id LIMIT \(Self.ordersPerPage)")
      let orders = try Order.with(rows: rows, in: db)
      guard let last = orders.last else { return }
      let books = try Books(of: orders.map(\.id), in: db)
      for order in orders { check(order, books) }
      after = last.id.bytes
    }
  }

  private mutating func check(_ order: Order, _ books: Books) {
    if order.lines.isEmpty { differ("order \(order.id): has no lines") }
    for line in order.lines {
      let tax = TaxRules.tax(on: line.sold.minor, at: line.taxRate, isAdded: order.isTaxAdded)
      if line.tax.minor != tax { differ("order \(order.id): a line's tax is \(line.tax.minor), not \(tax)") }
      let added = order.isTaxAdded ? tax : 0
      if line.taxAdded.minor != added {
        differ("order \(order.id): \(line.taxAdded.minor) of tax is added to a line, not \(added)")
      }
      let net = line.sold.minor - tax + added
      let commission = line.commissionRate.of(net)
      if line.commission.minor != commission {
        differ("order \(order.id): a line's commission is \(line.commission.minor), not \(commission)")
      }
      let creator = min(line.creatorRate.of(net), net - commission)
      if line.creatorShare.minor != creator || order.creator == nil && creator != 0 {
        differ("order \(order.id): a line's creator has \(line.creatorShare.minor), not \(creator)")
      }
      let partner = line.partnerRate.of(commission)
      if line.partnerShare.minor != partner || order.partner == nil && partner != 0 {
        differ("order \(order.id): a line's partner has \(line.partnerShare.minor), not \(partner)")
      }
      if line.refundFee.minor > commission {
        differ("order \(order.id): a line's refund fee is \(line.refundFee.minor), above its commission")
      }
    }
    let subtotal = order.lines.reduce(0) { $0 + $1.total.minor }
    if order.subtotal.minor != subtotal {
      differ("order \(order.id): its subtotal is \(order.subtotal.minor), but its lines come to \(subtotal)")
    }
    let (discount, promotion) = order.lines.reduce((0, 0)) { ($0.0 + $1.discount.minor, $0.1 + $1.promotion.minor) }
    if order.discount.minor != discount || order.promotion.minor != promotion {
      differ("order \(order.id): \(order.discount.minor) off, but its lines have \(discount)")
    }
    let shippingTax = TaxRules.tax(
      on: order.shipping.minor, at: order.shippingTaxRate, isAdded: order.isTaxAdded)
    if order.shippingTax.minor != shippingTax {
      differ("order \(order.id): the tax on its shipping is \(order.shippingTax.minor), not \(shippingTax)")
    }
    let tax = order.lines.reduce(shippingTax) { $0 + $1.tax.minor }
    if order.tax.minor != tax {
      differ("order \(order.id): its tax is \(order.tax.minor), but its lines' and its shipping's come to \(tax)")
    }
    let total = subtotal - discount + order.shipping.minor + (order.isTaxAdded ? tax : 0)
    if order.total.minor != total {
      differ("order \(order.id): its total is \(order.total.minor), but it comes to \(total)")
    }
    checkPaid(order, books)
    let refunded = books.refunds[order.id, default: []].filter { $0.state != .failed }.reduce(0) { $0 + $1.amount }
    if order.refunded.minor != refunded {
      differ("order \(order.id): \(order.refunded.minor) refunded, but its refunds come to \(refunded)")
    }
    let isWhole = order.refunded == order.total
    if order.state == .refunded && !isWhole { differ("order \(order.id): is refunded, but not all of it") }
  }

  /// A paid order has one payment in the books, split as its lines say; one that is not has none.
  private mutating func checkPaid(_ order: Order, _ books: Books) {
    let isPaid = ![.placed, .expired, .cancelled].contains(order.state)
    let payments = books.payments[order.id, default: [:]]
    guard isPaid else {
      if !payments.isEmpty { differ("order \(order.id): is \(order.state), but the books have a payment of it") }
      return
    }
    guard payments.count == 1, let (_, entries) = payments.first else {
      differ("order \(order.id): is \(order.state), and the books have \(payments.count) payments of it")
      return
    }
    // The provider's name is what the entry says: any is right.
    let provider = entries.keys.first { $0.hasPrefix("provider:") }?.dropFirst("provider:".count) ?? ""
    let split = Split(of: order)
    var fees: Int64 = 0
    var expected = split.amounts(of: order, provider: String(provider))
    let refunds = books.refunds[order.id, default: []]
    var pots = Pots(of: order, after: refunds.map(\.refund))
    for refund in refunds where refund.refund.state == .succeeded {
      let parts = pots.take(refund.refund)
      if parts != refund.parts { differ("order \(order.id): refund \(refund.id) was not split in proportion") }
      fees += refund.parts.fee
    }
    for (pot, minor) in Pots(of: order, after: refunds.map(\.refund)).left(after: refunds.map(\.refund)) where minor < 0
    {
      differ("order \(order.id): \(-minor) more than was paid went back of its part \(pot)")
    }
    var left = pots.splits.values.reduce(into: Split.nothing) { $0.add($1) }
    if entries != expected {
      differ("order \(order.id): its payment is booked as \(entries.sortedText), not \(expected.sortedText)")
    }
    // What was kept of refunds is the platform's still, and the seller's no more.
    left.commission += fees
    left.seller -= fees
    expected = left.amounts(of: order, provider: String(provider))
    let net = books.net[order.id, default: [:]].filter { $0.value != 0 }
    if net != expected {
      differ("order \(order.id): the books come to \(net.sortedText) for it, not \(expected.sortedText)")
    }
  }
}

/// What the ledger and the refunds say of some orders.
private struct Books {
  struct OneRefund {
    let id: String
    let refund: Refund
    let parts: Split

    var state: Refund.State { refund.state }
    var amount: Int64 { refund.amount.minor }
  }

  /// By order and transfer: amounts by account.
  var payments: [ID<Order>: [ID<Transfer>: [String: Int64]]] = [:]
  /// By order: what payments and refunds come to, by account.
  var net: [ID<Order>: [String: Int64]] = [:]
  /// In the order in which they went through.
  var refunds: [ID<Order>: [OneRefund]] = [:]

  init(of orders: [ID<Order>], in db: any Connection) throws {
    let entries = try db.rows(
      """
      SELECT transfer.order_id AS order_id, transfer.id AS id, transfer.kind AS kind, entry.account AS account,
        entry.amount_minor AS amount_minor
      FROM ledger_transfer transfer JOIN ledger_entry entry ON entry.transfer_id = transfer.id
      WHERE transfer.kind IN ('payment', 'refund') AND transfer.order_id IN \(list: orders)
      """)
    for row in entries {
      let order: ID<Order> = try row.get("order_id")
      let account: String = try row.get("account")
      let amount = try row.number("amount_minor")
      net[order, default: [:]][account, default: 0] &+= amount
      guard try row.get("kind", as: String.self) == "payment" else { continue }
      payments[order, default: [:]][try row.get("id"), default: [:]][account, default: 0] &+= amount
    }
    let found = try db.rows(
      """
      SELECT id, tax_minor, commission_minor, seller_minor, creator_minor, partner_minor, fee_minor FROM refund
      WHERE kind = 'sale' AND order_id IN \(list: orders)
      """)
    let ids = try found.map { try $0.get("id", as: ID<Refund>.self) }
    let refunds = Dictionary(try Refund.all(ids, in: db).map { ($0.id, $0) }) { first, _ in first }
    for (id, row) in zip(ids, found) {
      guard let refund = refunds[id] else { continue }
      var parts = Split(
        tax: try row.number("tax_minor"), commission: try row.number("commission_minor"),
        seller: try row.number("seller_minor"), creator: try row.number("creator_minor"),
        partner: try row.number("partner_minor"), fee: try row.number("fee_minor"))
      // What the others give beyond the amount is the platform's.
      if refund.state == .succeeded { parts.promotion = parts.whole - refund.amount.minor }
      self.refunds[refund.order, default: []].append(OneRefund(id: id.description, refund: refund, parts: parts))
    }
    for order in self.refunds.keys { self.refunds[order]?.sort { $0.refund.place < $1.refund.place } }
  }
}

extension Split {
  /// The entries of its payment, by account, without those of nothing.
  fileprivate func amounts(of order: Order, provider: String) -> [String: Int64] {
    var amounts: [String: Int64] = [:]
    for entry in entries(of: order, provider: provider) where entry.amount.minor != 0 {
      amounts[entry.account.description] = entry.amount.minor
    }
    return amounts
  }
}

extension [String: Int64] {
  fileprivate var sortedText: String {
    isEmpty ? "nothing" : sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}
