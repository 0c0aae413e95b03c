import Commerce
import HTTPTypes
import Hummingbird
import NIOCore

/// Payments, the sandbox's cards, and what providers tell.
enum PaymentAPI {
  struct NewPayment: Codable, Described {
    let paymentMethod: String?
    let card: ID<SavedCard>?
    let save: Bool?

    static let fields = [
      "paymentMethod": "The provider's name for a card (`pm_…`), never a card number, or `upi`. Either this or `card`.",
      "card": "One of your saved cards.",
      "save": "Whether the provider is to keep the card for your account, once it has paid.",
    ]
  }

  struct PaymentAnswer: Codable, Described {
    enum State: String, Codable, CaseIterable { case paid, requiresAction = "requires_action", processing }

    let state: State
    let actionURL: String?
    let actionPicture: String?
    let order: OrderAPI.OrderAnswer

    static let fields = [
      "actionURL": actionURLText, "actionPicture": actionPictureText,
    ]
  }

  private static let actionURLText =
    "Where the buyer confirms, with `requires_action`; by UPI the `upi://` link that opens an app."
  private static let actionPictureText = "The same `upi://` link as a QR code to scan: an SVG picture as a `data:` URL."

  struct StandingAnswer: Codable, Described {
    enum State: String, Codable, CaseIterable {
      case unpaid, paid, requiresAction = "requires_action", processing, declined
    }

    let state: State
    let actionURL: String?
    let actionPicture: String?
    let code: String?
    let detail: String?
    let order: OrderAPI.OrderAnswer

    static let fields = [
      "state": "Of the last try to pay: `unpaid` when there was none.",
      "actionURL": actionURLText, "actionPicture": actionPictureText,
      "code": "Why it was `declined`, such as `card_declined`.",
      "detail": "The same as a sentence.",
    ]

    init(_ standing: PaymentStanding) {
      var (actionURL, code, detail): (String?, String?, String?)
      switch standing.outcome {
      case nil: state = .unpaid
      case .paid: state = .paid
      case .processing: state = .processing
      case .requiresAction(let url):
        state = .requiresAction
        actionURL = url
      case .declined(let why, let sentence):
        state = .declined
        (code, detail) = (why, sentence)
      }
      (self.actionURL, self.code, self.detail) = (actionURL, code, detail)
      actionPicture = PayByUPI.picture(of: actionURL)
      order = OrderAPI.OrderAnswer(standing.order)
    }
  }

  struct NewCard: Codable {
    let number: String
    let expMonth: Int
    let expYear: Int
    let cvc: String
  }

  struct CardAnswer: Codable {
    let id: String
    let brand: String
    let last4: String
  }

  struct Received: Codable { let received: Bool }

  static let endpoints: [Endpoint] = [paying, standing, tokenizing, hearing]

  private static var paying: Endpoint {
    var endpoint = Endpoint(
      .post, "/api/v1/orders/{order}/payment", "Pays an order; for its buyer. A card that is declined is a 402."
    ) { call in
      let body = try call.decode(NewPayment.self)
      let id: ID<Order> = try call.id("order")
      let token = call.orderToken
      // Who may not open the order learns nothing from its payment, and the key is already theirs.
      guard let key = call.intent else { throw Problem.keyMissing }
      let outcome: PaymentOutcome
      switch (body.paymentMethod, body.card) {
      case (let method?, nil):
        outcome = try await call.commerce.pay(
          id, method: method, saves: body.save ?? false, key: key, by: call.caller, token: token)
      case (nil, let card?):
        outcome = try await call.commerce.pay(id, card: card, key: key, by: call.caller, token: token)
      default:
        throw GeneralRefusal.invalid(field: "paymentMethod", why: "or card is needed, and not both")
      }
      let state: PaymentAnswer.State
      var actionURL: String?
      switch outcome {
      case .paid: state = .paid
      case .processing: state = .processing
      case .requiresAction(let url):
        state = .requiresAction
        actionURL = url
      case .declined(let code, let sentence):
        return Problem(.paymentRequired, code, sentence, field: "paymentMethod").response()
      }
      let order = try await call.commerce.order(id, by: call.caller, token: token)
      return try Endpoint.json(
        PaymentAnswer(
          state: state, actionURL: actionURL, actionPicture: PayByUPI.picture(of: actionURL),
          order: OrderAPI.OrderAnswer(order)))
    }
    endpoint.body = .json(NewPayment.self)
    endpoint.answer = .json(PaymentAnswer.self)
    return endpoint.limited(.orders).repeated(.keyRequired).by(.orderToken)
  }

  private static var standing: Endpoint {
    Endpoint(
      .get, "/api/v1/orders/{order}/payment", "Says how the last try to pay an order stands; for its buyer.",
      gives: StandingAnswer.self
    ) { call in
      StandingAnswer(
        try await call.commerce.paymentStanding(call.id("order"), by: call.caller, token: call.orderToken))
    }.by(.orderToken)
  }

  private static var tokenizing: Endpoint {
    Endpoint(
      .post, "/sandbox/v1/payment_methods", "Makes a payment method of one of Stripe's published test cards.",
      takes: NewCard.self, gives: CardAnswer.self, as: .created
    ) { call, body in
      guard let sandbox = call.site.sandbox else { throw Problem.notFound("payment provider") }
      let method = try await sandbox.makeMethod(
        number: body.number, expMonth: body.expMonth, expYear: body.expYear, cvc: body.cvc)
      return CardAnswer(id: method.id, brand: method.brand, last4: method.last4)
    }.limited(.orders).repeated(.ignored)
  }

  private static var hearing: Endpoint {
    var endpoint = Endpoint(
      .post, "/webhooks/{provider}", "Takes what a payment provider tells, signed by it."
    ) { call in
      let headers = Dictionary(
        call.request.headers.map { ($0.name.canonicalName, $0.value) }, uniquingKeysWith: { first, _ in first })
      _ = try await call.commerce.receivedWebhook(
        call.text("provider"), headers: headers, body: Array(buffer: call.bytes))
      return try Endpoint.json(Received(received: true))
    }
    endpoint.body = .bytes(["application/json"], max: { $0.bodyBytes })
    endpoint.answer = .json(Received.self)
    // A provider repeats what was not taken, from few addresses: its signature is what keeps others out.
    endpoint.limit = nil
    return endpoint.repeated(.ignored)
  }
}

extension HTTPResponse.Status {
  static let paymentRequired = HTTPResponse.Status(code: 402, reasonPhrase: "Payment Required")
}
