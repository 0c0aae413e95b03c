/// Somebody who takes buyers' money: Stripe, or the built-in sandbox.
///
/// Every call may fail, and may have had its effect all the same: callers store what they are about to ask for first, and
/// ask again with the same attempt or key.
public protocol PaymentProvider: Sendable {
  /// A stable word in lower case; part of the webhook's path, and of the ledger's account names.
  var name: String { get }

  /// What buyers pay with.
  var means: PaymentMeans { get }

  /// Whether a payment in it can be made at all.
  func takes(_ currency: Currency) -> Bool

  /// Takes money. The same `attempt` again is the same payment, never a second one. Throws `ProviderRefused` when it was
  /// refused for another reason than the buyer's card, and anything else when the answer is unknown.
  func pay(_ request: PaymentRequest) async throws -> ProviderPayment

  /// What became of a payment.
  func payment(_ id: String) async throws -> ProviderPayment

  /// What became of an attempt whose answer was lost; nil when the provider never heard of it.
  func payment(attempt: ID<PaymentAttempt>) async throws -> ProviderPayment?

  /// Gives up a payment that its buyer does not go on with, and says how it stands: it may have been made meanwhile.
  func cancel(_ id: String) async throws -> ProviderPayment

  /// Gives money back. The same `key` again is the same refund, however much later. Throws `ProviderRefused` when it
  /// never will.
  func refund(_ request: RefundRequest) async throws -> ProviderRefund

  /// What became of a refund that was pending.
  func refund(_ id: String) async throws -> ProviderRefund

  /// The provider's name for one of our accounts, to keep cards under. Within a day the same account is the same customer.
  func makeCustomer(_ account: ID<Account>) async throws -> String

  /// Keeps a card for later payments, without taking money. The same `setup` again is the same one.
  func keep(_ request: CardRequest) async throws -> ProviderSetup

  /// What became of a card that was to be kept.
  func setup(_ id: String) async throws -> ProviderSetup

  /// Forgets a card that was kept. One that is not known is forgotten already.
  func forget(_ method: String) async throws

  /// Reads a webhook. Throws `WebhookRefusal` unless its signature is right and it was signed at about `now` (five
  /// minutes before or after, unless it was made with another bound).
  func event(headers: [String: String], body: [UInt8], now: Moment) throws -> ProviderEvent
}

/// What buyers pay with at a provider.
public enum PaymentMeans: String, Sendable, CaseIterable, Codable {
  /// The provider may keep them, and charge a kept one without its owner.
  case card
  /// India's payments from app to app. Each is made by the buyer: nothing is kept, and nothing is charged without them.
  case upi
}

extension PaymentProvider {
  public var means: PaymentMeans { .card }

  public func takes(_ currency: Currency) -> Bool { true }
}

public struct PaymentRequest: Sendable {
  /// The order, as people name it; shown on the buyer's statement where the provider can.
  public let reference: String
  public let order: ID<Order>
  public let attempt: ID<PaymentAttempt>
  public let amount: Money
  /// The provider's name for the card or account, such as `pm_…`. Never a card number.
  public let method: String
  /// The provider's name for the account whose card it is, or is to be; nil for a card that is used once.
  public let customer: String?
  /// Whether the provider is to keep the card for later payments.
  public let saves: Bool
  /// Whether the buyer is not there to take a second step.
  public let isOffSession: Bool
  /// When the orders stop waiting for it.
  public let expires: Moment?

  public init(
    reference: String, order: ID<Order>, attempt: ID<PaymentAttempt>, amount: Money, method: String,
    customer: String? = nil, saves: Bool = false, isOffSession: Bool = false, expires: Moment? = nil
  ) {
    self.expires = expires
    self.customer = customer
    self.saves = saves
    self.isOffSession = isOffSession
    self.reference = reference
    self.order = order
    self.attempt = attempt
    self.amount = amount
    self.method = method
  }
}

/// A card that is to be kept for an account.
public struct CardRequest: Sendable {
  public let setup: ID<CardSetup>
  public let account: ID<Account>
  public let customer: String
  /// The provider's name for the card as the buyer's browser got it.
  public let method: String

  public init(setup: ID<CardSetup>, account: ID<Account>, customer: String, method: String) {
    self.setup = setup
    self.account = account
    self.customer = customer
    self.method = method
  }
}

/// A card that its provider keeps, as it tells it to people.
public struct ProviderCard: Sendable, Equatable {
  /// The provider's name for it from now on.
  public let method: String
  public let brand: String
  public let last4: String
  /// 1…12.
  public let expMonth: Int
  public let expYear: Int

  public init(method: String, brand: String, last4: String, expMonth: Int, expYear: Int) {
    self.method = method
    self.brand = brand
    self.last4 = last4
    self.expMonth = expMonth
    self.expYear = expYear
  }
}

/// How the keeping of a card stands.
public struct ProviderSetup: Sendable, Equatable {
  public let id: String
  public let state: ProviderPayment.State
  public let actionURL: String?
  public let failure: ProviderPayment.Failure?
  /// With `succeeded`.
  public let card: ProviderCard?

  public init(
    id: String, state: ProviderPayment.State, actionURL: String? = nil, failure: ProviderPayment.Failure? = nil,
    card: ProviderCard? = nil
  ) {
    self.id = id
    self.state = state
    self.actionURL = actionURL
    self.failure = failure
    self.card = card
  }
}

public struct RefundRequest: Sendable {
  /// The provider's name for the payment it is taken from.
  public let payment: String
  public let amount: Money
  /// Ours for the refund.
  public let key: String
  /// When it was first asked for: providers forget keys.
  public let made: Moment

  public init(payment: String, amount: Money, key: String, made: Moment) {
    self.payment = payment
    self.amount = amount
    self.key = key
    self.made = made
  }
}

/// A payment as its provider sees it.
public struct ProviderPayment: Sendable, Equatable {
  public enum State: String, Sendable { case requiresAction, processing, succeeded, declined }

  public struct Failure: Sendable, Equatable {
    /// A stable word, such as `card_declined`.
    public let code: String
    public let sentence: String

    public init(code: String, sentence: String) {
      self.code = code
      self.sentence = sentence
    }
  }

  public let id: String
  public let attempt: ID<PaymentAttempt>
  public let amount: Money
  public let state: State
  /// Where the buyer goes to confirm, with `requiresAction`.
  public let actionURL: String?
  public let failure: Failure?
  /// The card it was made with, where the provider keeps it.
  public let card: ProviderCard?

  public init(
    id: String, attempt: ID<PaymentAttempt>, amount: Money, state: State, actionURL: String? = nil,
    failure: Failure? = nil, card: ProviderCard? = nil
  ) {
    self.card = card
    self.id = id
    self.attempt = attempt
    self.amount = amount
    self.state = state
    self.actionURL = actionURL
    self.failure = failure
  }
}

public struct ProviderRefund: Sendable, Equatable {
  public enum State: Sendable, Equatable {
    case succeeded
    /// On its way: it may take days, and may still fail.
    case pending
    case failed(code: String)
  }

  public let id: String
  public let state: State

  public init(id: String, state: State = .succeeded) {
    self.id = id
    self.state = state
  }
}

/// A provider's definite no, as opposed to no answer.
public struct ProviderRefused: Error, Sendable {
  public let code: String
  public let sentence: String

  public init(code: String, sentence: String) {
    self.code = code
    self.sentence = sentence
  }
}

/// Something that happened at a provider, as its webhook told it.
public struct ProviderEvent: Sendable {
  /// Unique at the provider: the same event is acted on once.
  public let id: String
  public let kind: String
  /// The payment as it was then; nil for an event that is about none.
  public let payment: ProviderPayment?
  /// Our key of the refund it is about, and the refund as it was then.
  public let refund: (key: String, refund: ProviderRefund)?
  /// The provider's names for somebody's account that changed.
  public let payee: PayeeNames?
  /// Our key of the transfer it is about, and the provider's name for it.
  public let transfer: (key: String, id: String)?
  /// What it tells may be old by now: before anything is done, the provider is asked how it stands.
  public let isHint: Bool

  public init(
    id: String, kind: String, payment: ProviderPayment? = nil, refund: (key: String, refund: ProviderRefund)? = nil,
    payee: PayeeNames? = nil, transfer: (key: String, id: String)? = nil, isHint: Bool = false
  ) {
    self.payee = payee
    self.transfer = transfer
    self.id = id
    self.kind = kind
    self.payment = payment
    self.refund = refund
    self.isHint = isHint
  }
}

/// The providers of an installation. The first one takes new payments.
public struct PaymentProviders: Sendable {
  private let providers: [any PaymentProvider]
  private let takesNew: Bool
  private let paysOut: Bool

  /// Without `takesNew` none of them takes new payments, but what was paid through them can be refunded. With `paysOut`
  /// sellers may be paid through the one that takes new payments.
  public init(_ providers: [any PaymentProvider], takesNew: Bool = true, paysOut: Bool = false) {
    self.providers = providers
    self.takesNew = takesNew
    self.paysOut = paysOut
  }

  public static let none = PaymentProviders([])

  public subscript(name: String) -> (any PaymentProvider)? { providers.first { $0.name == name } }

  /// All of them, the one that takes new payments first.
  public var all: [any PaymentProvider] { providers }

  /// The one that takes new payments.
  public var current: (any PaymentProvider)? { takesNew ? providers.first : nil }

  /// The one that new payouts can go through.
  public var payingOut: (any PayoutProvider)? { paysOut ? current as? any PayoutProvider : nil }
}
