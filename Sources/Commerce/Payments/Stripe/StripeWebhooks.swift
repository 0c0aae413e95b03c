import Foundation

extension StripeProvider {
  /// Reads `payment_intent.*`, `refund.*`, and of a connected account `account.updated`; all else is an event about
  /// nothing of ours, as is one of the other mode. What it shows may be older than what came before it, and in the version of the API that
  /// the endpoint was set up with: it is a hint, after which the object itself is fetched.
  public func event(headers: [String: String], body: [UInt8], now: Moment) throws -> ProviderEvent {
    let header = headers.first { $0.key.lowercased() == "stripe-signature" }?.value
    try WebhookSignature.check(
      header, body: body, secrets: settings.webhookSecrets, now: now, ageSeconds: webhookAgeSeconds)
    guard let event = try? JSONDecoder().decode(Told.self, from: Data(body)), (1...255).contains(event.id.utf8.count)
    else { throw WebhookRefusal.unreadable }
    let kind = String(event.type.prefix(100))
    guard (event.livemode ?? false) == settings.isLive else { return ProviderEvent(id: event.id, kind: kind) }
    if let account = event.account {
      let isOfItself = kind == "account.updated" && account.utf8.count <= 255
      return ProviderEvent(
        id: event.id, kind: kind, payee: isOfItself ? PayeeNames(account: account) : nil, isHint: true)
    }
    switch event.data {
    case .intent(let intent): return ProviderEvent(id: event.id, kind: kind, payment: intent.payment, isHint: true)
    case .refund(let refund):
      let key = refund.metadata?["refund"]
      return ProviderEvent(id: event.id, kind: kind, refund: key.map { ($0, refund.answer) }, isHint: true)
    case .other: return ProviderEvent(id: event.id, kind: kind)
    }
  }
}

/// The body of a webhook (https://docs.stripe.com/api/events/object).
private struct Told: Decodable {
  enum Content {
    case intent(StripeIntent)
    case refund(StripeRefund)
    case other
  }

  let id: String
  let type: String
  let livemode: Bool?
  /// The connected account it happened to.
  let account: String?
  let data: Content

  enum CodingKeys: String, CodingKey { case id, type, livemode, account, data }
  private enum DataKeys: String, CodingKey { case object }
  private enum ObjectKeys: String, CodingKey { case object }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = try container.decode(String.self, forKey: .id)
    type = try container.decode(String.self, forKey: .type)
    livemode = try container.decodeIfPresent(Bool.self, forKey: .livemode)
    account = try container.decodeIfPresent(String.self, forKey: .account)
    let data = try container.nestedContainer(keyedBy: DataKeys.self, forKey: .data)
    let kind = try data.nestedContainer(keyedBy: ObjectKeys.self, forKey: .object)
      .decodeIfPresent(String.self, forKey: .object)
    switch kind {
    case "payment_intent": self.data = .intent(try data.decode(StripeIntent.self, forKey: .object))
    case "refund": self.data = .refund(try data.decode(StripeRefund.self, forKey: .object))
    default: self.data = .other
    }
  }
}
