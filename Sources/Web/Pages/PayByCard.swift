import Commerce

/// What the script needs that takes a card to pay an order with: `card-payer.js`.
struct PayByCard: Encodable {
  struct Person: Encodable { let name, email, phone: String }
  struct Form: Encodable {
    let script, key: String
    let words: [String: String]
  }

  let account: Person
  let methodsURL: String?
  let stripe: Form?
  let total: Money
  let providerUnits: Int64?
  /// Where the page's own form to pay is sent.
  let action: String
  /// Names this try to pay.
  let key: String

  /// Nil where nothing takes payments, or nothing waits for one.
  init?(_ orders: [Order], _ visit: Visit) {
    let open = orders.filter { $0.state == .placed && visit.commerce.clock.now < $0.expires }
    guard let first = open.first, let provider = visit.commerce.providers.current, provider.means == .card
    else { return nil }
    let settings = (provider as? StripeProvider)?.settings
    account = Person(name: first.buyer.name, email: first.buyer.email, phone: first.buyer.phone)
    methodsURL = OrderAPI.PaymentWay(provider).methodsURL
    stripe = settings.map {
      Form(script: $0.scriptURL, key: $0.publishableKey, words: visit.words.groups["cardForm"] ?? [:])
    }
    total = Money(minor: open.reduce(0) { $0 + $1.total.minor }, currency: first.total.currency)
    let units = settings == nil ? nil : StripeAmount.units(of: total)
    providerUnits = units == total.minor ? nil : units
    action = "/orders/\(first.id)"
    key = visit.commerce.makeID(PaymentAttempt.self).description
  }
}
