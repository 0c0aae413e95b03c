import Commerce

/// Paying an order by UPI on its page, with or without scripts: a button that asks for a code, and the code.
struct PayByUPI: Sendable {
  /// What waits for its buyer.
  struct Code: Sendable {
    /// For apps on this device.
    let link: String
    let picture: String
    let againURL: String
  }

  /// Names this try to pay.
  let key: String
  let buttonText: String

  /// Nil where another provider takes payments, or nothing waits for one.
  init?(_ orders: [Order], _ visit: Visit) {
    let open = orders.filter { $0.state == .placed && visit.commerce.clock.now < $0.expires }
    guard let first = open.first, let provider = visit.commerce.providers.current, provider.means == .upi,
      provider.takes(first.total.currency)
    else { return nil }
    let total = Money(minor: open.reduce(0) { $0 + $1.total.minor }, currency: first.total.currency)
    key = visit.commerce.makeID(PaymentAttempt.self).description
    buttonText = visit.words["upi.pay", ["amount": visit.words.money(total)]]
  }

  static func isLink(_ url: String) -> Bool { url.hasPrefix("upi://") }

  /// The same as a picture to scan; nil for what is no such link.
  static func picture(of url: String?) -> String? {
    guard let url, isLink(url) else { return nil }
    return QRCode(url)?.dataURL
  }
}

extension PayByUPI.Code {
  init?(_ link: String?, of order: ID<Order>) {
    guard let link, let picture = PayByUPI.picture(of: link) else { return nil }
    self.init(link: link, picture: picture, againURL: "/orders/\(order)?payment=returned")
  }
}
