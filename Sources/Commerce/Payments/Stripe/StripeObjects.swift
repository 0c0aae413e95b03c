import Foundation

/// A payment method, where it is told in full and not by its id alone
/// (https://docs.stripe.com/api/payment_methods/object).
struct StripeMethod: Decodable, Sendable {
  struct Card: Decodable, Sendable {
    let brand: String?
    let last4: String?
    let expMonth: Int?
    let expYear: Int?

    enum CodingKeys: String, CodingKey {
      case brand, last4
      case expMonth = "exp_month"
      case expYear = "exp_year"
    }
  }

  let id: String
  let card: Card?

  /// Nil for what is not a card, or told by its id alone.
  var answer: ProviderCard? {
    guard let card, let last4 = card.last4, let month = card.expMonth, let year = card.expYear,
      (1...12).contains(month)
    else { return nil }
    return ProviderCard(
      method: id, brand: Self.brand(card.brand ?? ""), last4: String(last4.prefix(4)), expMonth: month, expYear: year)
  }

  private enum CodingKeys: String, CodingKey { case id, card }

  init(from decoder: any Decoder) throws {
    if let id = try? decoder.singleValueContainer().decode(String.self) {
      (self.id, card) = (id, nil)
      return
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = try container.decode(String.self, forKey: .id)
    card = try container.decodeIfPresent(Card.self, forKey: .card)
  }

  private static func brand(_ name: String) -> String {
    switch name {
    case "visa": "Visa"
    case "mastercard": "Mastercard"
    case "amex", "american_express": "American Express"
    case "diners", "diners_club": "Diners Club"
    case "jcb": "JCB"
    case "rupay": "RuPay"
    case "unionpay": "UnionPay"
    default: name.isEmpty || name == "unknown" ? "Card" : name.prefix(1).uppercased() + name.dropFirst().prefix(20)
    }
  }
}

/// What has a name, and nothing else we read.
struct StripeNamed: Decodable, Sendable { let id: String }

/// A SetupIntent (https://docs.stripe.com/api/setup_intents/object).
struct StripeSetupIntent: Decodable, Sendable {
  let id: String
  let status: String
  let nextAction: StripeIntent.NextAction?
  let lastSetupError: StripeError?
  let method: StripeMethod?

  enum CodingKeys: String, CodingKey {
    case id, status
    case nextAction = "next_action"
    case lastSetupError = "last_setup_error"
    case method = "payment_method"
  }

  /// Nil for a status this version does not know, and for success with a card that is not told.
  var answer: ProviderSetup? {
    switch status {
    case "succeeded":
      method?.answer.map { ProviderSetup(id: id, state: .succeeded, card: $0) }
    case "processing": ProviderSetup(id: id, state: .processing)
    case "requires_action", "requires_confirmation":
      ProviderSetup(id: id, state: .requiresAction, actionURL: nextAction?.redirectToURL?.url)
    case "requires_payment_method":
      ProviderSetup(id: id, state: .declined, failure: (lastSetupError ?? StripeError()).failure)
    case "canceled":
      ProviderSetup(
        id: id, state: .declined, failure: .init(code: "abandoned", sentence: "The card was not saved. Try again."))
    default: nil
    }
  }
}

/// A PaymentIntent, as much of it as we read (https://docs.stripe.com/api/payment_intents/object).
struct StripeIntent: Decodable, Sendable {
  struct NextAction: Decodable, Sendable {
    struct Redirect: Decodable, Sendable { let url: String? }

    let redirectToURL: Redirect?

    enum CodingKeys: String, CodingKey { case redirectToURL = "redirect_to_url" }
  }

  let id: String
  let amount: Int64
  let currency: String
  let status: String
  let metadata: [String: String]?
  let nextAction: NextAction?
  let lastPaymentError: StripeError?
  let method: StripeMethod?

  enum CodingKeys: String, CodingKey {
    case id, amount, currency, status, metadata
    case method = "payment_method"
    case nextAction = "next_action"
    case lastPaymentError = "last_payment_error"
  }

  /// Nil for one that is not ours, and for a status this version does not know.
  var payment: ProviderPayment? {
    guard let attempt = metadata?["attempt"].flatMap({ ID<PaymentAttempt>($0) }),
      let currency = Currency(currency.uppercased()), let amount = StripeAmount.money(amount, currency)
    else { return nil }
    let state: ProviderPayment.State
    var failure: ProviderPayment.Failure?
    switch status {
    case "succeeded": state = .succeeded
    // We capture at once; should somebody ask for a capture by hand, it is not paid before that.
    case "processing", "requires_capture": state = .processing
    case "requires_action", "requires_confirmation": state = .requiresAction
    // Ours are confirmed as they are made: one that wants another method has failed, and is not tried again.
    case "requires_payment_method":
      state = .declined
      failure = (lastPaymentError ?? StripeError()).failure
    case "canceled":
      state = .declined
      failure = .init(code: "abandoned", sentence: "The payment did not come about. Try again.")
    default: return nil
    }
    return ProviderPayment(
      id: id, attempt: attempt, amount: amount, state: state,
      actionURL: state == .requiresAction ? nextAction?.redirectToURL?.url : nil, failure: failure,
      card: state == .succeeded ? method?.answer : nil)
  }
}

/// A refund (https://docs.stripe.com/api/refunds/object).
struct StripeRefund: Decodable, Sendable {
  let id: String
  let status: String?
  let metadata: [String: String]?
  let failureReason: String?

  enum CodingKeys: String, CodingKey {
    case id, status, metadata
    case failureReason = "failure_reason"
  }

  var answer: ProviderRefund {
    switch status {
    case "failed", "canceled":
      ProviderRefund(id: id, state: .failed(code: failureReason ?? status ?? "failed"))
    case "pending", "requires_action": ProviderRefund(id: id, state: .pending)
    default: ProviderRefund(id: id)
    }
  }
}

/// What Stripe says went wrong, with a request or with a card (https://docs.stripe.com/api/errors).
struct StripeError: Decodable, Sendable {
  var type: String?
  var code: String?
  var declineCode: String?
  var param: String?

  init() {}

  enum CodingKeys: String, CodingKey {
    case type, code, param
    case declineCode = "decline_code"
  }

  /// What the buyer is told. A card that was reported stolen is declined like any other: whoever holds it learns
  /// nothing (https://docs.stripe.com/declines/codes).
  var failure: ProviderPayment.Failure {
    switch declineCode ?? code {
    case "insufficient_funds":
      .init(code: "insufficient_funds", sentence: "The card has too little money on it. Try another card.")
    case "expired_card": .init(code: "expired_card", sentence: "The card has expired. Try another card.")
    case "incorrect_cvc", "invalid_cvc":
      .init(code: "incorrect_cvc", sentence: "The card's security code is wrong. Check it.")
    case "authentication_required": SandboxPayment.authenticationRequired
    case "payment_intent_authentication_failure", "setup_intent_authentication_failure", "authentication_not_handled":
      .init(
        code: "authentication_failed", sentence: "The payment was not confirmed. Try again, or with another card.")
    case "resource_missing":
      .init(code: "payment_method_unknown", sentence: "The card's details have expired. Type them again.")
    default: .init(code: "card_declined", sentence: "The card was declined. Try another card.")
    }
  }
}

/// The body of an answer that is an error.
struct StripeProblem: Decodable, Sendable {
  let error: StripeError
  /// With a card that was declined, the payment that it declined.
  let intent: StripeIntent?

  enum CodingKeys: String, CodingKey { case error }
  private enum ErrorKeys: String, CodingKey { case intent = "payment_intent" }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    error = try container.decode(StripeError.self, forKey: .error)
    let details = try container.nestedContainer(keyedBy: ErrorKeys.self, forKey: .error)
    intent = try details.decodeIfPresent(StripeIntent.self, forKey: .intent)
  }
}

/// A page of a list.
struct StripeList<Item: Decodable & Sendable>: Decodable, Sendable {
  let data: [Item]
  let hasMore: Bool?

  enum CodingKeys: String, CodingKey {
    case data
    case hasMore = "has_more"
  }
}

/// Stripe did not say what came of a call, or said nothing that can be understood: it is asked again.
///
/// It holds nothing of what was sent, and of what came back only Stripe's own code.
struct StripeFault: Error, CustomStringConvertible {
  let status: Int
  let code: String

  var description: String { "Stripe answered \(status) \(code.prefix(64))" }
}
