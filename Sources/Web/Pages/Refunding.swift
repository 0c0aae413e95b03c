import Commerce

/// What a seller can give back by line, on an order's page.
struct RefundingView: Sendable {
  /// The refund's id is made with the form: pressing twice refunds once.
  let id: String
  let lines: [CountView]
  let leftText: String?
  let reasonMax: Int
  let formURL: String

  /// Nil when there is nothing to give back.
  init?(_ order: Order, _ units: [LineUnits], _ refunds: [Refund], _ visit: Visit) {
    guard [.paid, .fulfilled, .delivered, .settled].contains(order.state), order.refunded != order.total else {
      return nil
    }
    lines = order.counts(
      units.map { $0.toSend + $0.refundable }, "refund", value: { _ in "0" }, of: "refund.leftOf", visit.words)
    let shipping = Money(minor: order.shippingLeft(after: refunds), currency: order.total.currency)
    leftText =
      shipping.minor > 0 ? visit.words["refund.shipping", ["amount": visit.words.money(shipping)]] : nil
    guard !lines.isEmpty || leftText != nil else { return nil }
    id = visit.commerce.makeID(Refund.self).description
    reasonMax = visit.commerce.policy.reasonCharactersMax
    formURL = "/orders/\(order.id)"
  }

  /// What the form says of each line; a line of 0 or nothing stays.
  static func units(of form: Form) throws -> [Refund.Units] {
    try form.counts("refund").map { Refund.Units(position: $0.position, quantity: $0.quantity) }
  }
}
