import Commerce

/// What a seller can give back by line, on an order's page: units that were sent.
struct RefundingView: Sendable {
  struct Line: Sendable {
    let name: String
    let title: String
    let left: String
    let ofText: String
  }

  /// The refund's id is made with the form: pressing twice refunds once.
  let id: String
  let lines: [Line]
  let reasonMax: Int
  let formURL: String

  /// Nil when there is nothing to give back.
  init?(_ order: Order, _ shipments: [Shipment], _ refunds: [Refund], _ visit: Visit) {
    guard [.paid, .fulfilled, .delivered, .settled].contains(order.state), order.refunded != order.total else {
      return nil
    }
    var left = zip(order.lines, order.unsent(after: shipments)).map { $0.quantity - $1 }
    for line in refunds.filter({ $0.state != .failed }).flatMap(\.lines) where left.indices.contains(line.position) {
      left[line.position] -= line.quantity
    }
    lines = left.enumerated().filter { $1 > 0 }.map { position, left in
      Line(
        name: "refund.\(position)", title: order.lines[position].title, left: String(left),
        ofText: visit.words["refund.leftOf", ["left": Figures.grouped(left)]])
    }
    guard !lines.isEmpty else { return nil }
    id = visit.commerce.makeID(Refund.self).description
    reasonMax = visit.commerce.policy.reasonCharactersMax
    formURL = "/orders/\(order.id)"
  }

  /// What the form says of each line; a line of 0 or nothing stays.
  static func units(of form: Form) throws -> [Refund.Units] {
    try form.names(after: "refund.").compactMap { name in
      let text = form["refund.\(name)"]
      guard !text.isEmpty, text != "0" else { return nil }
      guard let position = Int(name), let quantity = Int64(text) else {
        throw GeneralRefusal.invalid(field: "quantity", why: "must be a whole number")
      }
      return Refund.Units(position: position, quantity: quantity)
    }
  }
}
