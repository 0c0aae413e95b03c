import Crypto
import Foundation

extension RazorpayProvider {
  /// Reads a webhook (https://razorpay.com/docs/webhooks/validate-test): `X-Razorpay-Signature` is the HMAC-SHA256 of the
  /// body as it came. A code or a refund that is not ours is an event about nothing of ours. What it shows is how things
  /// were then, and events come in any order: it is a hint, after which the object itself is fetched.
  ///
  /// The time is part of the body, and the same for every delivery. Razorpay repeats what was not taken for a day, and
  /// its dashboard for a week: so long may it be old, but not from the future.
  public func event(headers: [String: String], body: [UInt8], now: Moment) throws -> ProviderEvent {
    func header(_ name: String) -> String? { headers.first { $0.key.lowercased() == name }?.value }
    try Self.check(header("x-razorpay-signature"), body: body, secrets: settings.webhookSecrets)
    guard let told = try? JSONDecoder().decode(Told.self, from: Data(body)) else { throw WebhookRefusal.unreadable }
    let (milliseconds, isTooLarge) = told.created.multipliedReportingOverflow(by: 1000)
    guard !isTooLarge, told.created >= 0 else { throw WebhookRefusal.tooOld }
    let age = now.milliseconds(since: Moment(milliseconds: milliseconds))
    guard (-webhookAgeSeconds * 1000 - 999...Self.webhookAgeMilliseconds).contains(age) else {
      throw WebhookRefusal.tooOld
    }
    let kind = String(told.event.prefix(100))
    let id =
      header("x-razorpay-event-id").flatMap { (1...255).contains($0.utf8.count) ? $0 : nil }
      // The same delivery again has the same body.
      ?? Hexadecimal.text(SHA256.hash(data: Data(body)))
    if let refund = told.payload.refund?.entity, let answer = refund.answer, let key = refund.notes?["refund"] {
      return ProviderEvent(id: id, kind: kind, refund: (key, answer), isHint: true)
    }
    if let transfer = told.payload.transfer?.entity, let key = transfer.notes?["transfer"] {
      return ProviderEvent(id: id, kind: kind, transfer: (key, transfer.id), isHint: true)
    }
    if kind.hasPrefix("product.route."), let product = told.payload.product?.entity {
      return ProviderEvent(
        id: id, kind: kind, payee: PayeeNames(account: product.account, product: product.id), isHint: true)
    }
    if let code = told.payload.code?.entity, let payment = Self.hint(code, told.payload.payment?.entity) {
      return ProviderEvent(id: id, kind: kind, payment: payment, isHint: true)
    }
    return ProviderEvent(id: id, kind: kind)
  }

  /// What a code's event seems to say; nil for a code that is not ours, or no news.
  private static func hint(_ code: RazorpayCode, _ payment: RazorpayPayment?) -> ProviderPayment? {
    guard let attempt = code.attempt, let amount = code.amount, let currency = Currency(currency) else { return nil }
    let state: ProviderPayment.State? =
      payment?.hasCome == true ? .succeeded : code.status == "closed" ? .declined : nil
    return state.map {
      ProviderPayment(id: code.id, attempt: attempt, amount: Money(minor: amount, currency: currency), state: $0)
    }
  }

  static func sign(_ body: [UInt8], secret: String) -> String {
    Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: Data(body), using: SymmetricKey(data: Data(secret.utf8))))
  }

  /// An empty secret matches nothing.
  private static func check(_ signature: String?, body: [UInt8], secrets: [String]) throws {
    guard let signature, signature.utf8.count == 64, let code = Hexadecimal.bytes(signature[...]) else {
      throw WebhookRefusal.badSignature
    }
    // CryptoKit's comparison takes the same time wherever the first difference is.
    let isSigned = secrets.contains { secret in
      !secret.isEmpty
        && HMAC<SHA256>.isValidAuthenticationCode(
          code, authenticating: Data(body), using: SymmetricKey(data: Data(secret.utf8)))
    }
    guard isSigned else { throw WebhookRefusal.badSignature }
  }

  /// A week of replays, and a day for those that begin at its end.
  private static let webhookAgeMilliseconds: Int64 = 8 * 86_400_000
}

/// The body of a webhook (https://razorpay.com/docs/webhooks/payloads).
private struct Told: Decodable {
  struct Holder<Entity: Decodable>: Decodable { let entity: Entity }

  struct Payload: Decodable {
    let code: Holder<RazorpayCode>?
    let payment: Holder<RazorpayPayment>?
    let refund: Holder<RazorpayRefund>?
    let transfer: Holder<RazorpayTransfer>?
    let product: Holder<RazorpayToldProduct>?

    enum CodingKeys: String, CodingKey {
      case payment, refund, transfer
      case code = "qr_code"
      case product = "merchant_product"
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      // What cannot be read is about nothing of ours; Razorpay is not to send it again for a day.
      code = try? container.decodeIfPresent(Holder<RazorpayCode>.self, forKey: .code)
      payment = try? container.decodeIfPresent(Holder<RazorpayPayment>.self, forKey: .payment)
      refund = try? container.decodeIfPresent(Holder<RazorpayRefund>.self, forKey: .refund)
      transfer = try? container.decodeIfPresent(Holder<RazorpayTransfer>.self, forKey: .transfer)
      product = try? container.decodeIfPresent(Holder<RazorpayToldProduct>.self, forKey: .product)
    }
  }

  let event: String
  /// In seconds since 1970.
  let created: Int64
  let payload: Payload

  enum CodingKeys: String, CodingKey {
    case event, payload
    case created = "created_at"
  }
}
