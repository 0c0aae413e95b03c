/// A payment provider that also sends money on to those it belongs to: an account there for each, transfers out of what
/// buyers paid, and reversals when an order is refunded afterwards.
///
/// Every call may fail, and may have had its effect all the same: callers store what they are about to ask for first, and
/// ask again with the same key.
public protocol PayoutProvider: PaymentProvider {
  /// Whom somebody tells who they are and where their bank account is.
  var opening: PayeeOpening { get }

  /// How an account stands now: whether the provider would take a transfer to it, and what keeps it.
  func standing(_ names: PayeeNames) async throws -> PayeeStanding

  /// Sends money. The same `key` again is the same transfer, however much later. Throws `ProviderRefused` when it never
  /// will, and anything else when the answer is unknown, or may be another one later.
  func transfer(_ request: TransferRequest) async throws -> ProviderTransfer

  /// What became of a transfer that was pending. Throws when the answer is unknown.
  func transfer(_ id: String) async throws -> ProviderTransfer

  /// Takes some of a transfer back. The same `key` again is the same reversal.
  func reverse(_ request: ReversalRequest) async throws -> String
}

/// How somebody's account at a provider comes to be.
public enum PayeeOpening: Sendable {
  /// They tell the provider, on pages of its own.
  case address(any PayeeAddresses)
  /// They tell us in a form, and we pass it on.
  case form(any PayeeForms)
}

/// A provider with pages of its own for those who are paid.
public protocol PayeeAddresses: PayoutProvider {
  /// The provider's name for an account of somebody's. Within a day the same payee in the same country is the same account.
  func makePayee(_ payee: Payee, country: String) async throws -> String

  /// The site that `onboarding` leads to; nil for our own.
  var onboardingOrigin: String? { get }

  /// Where somebody says to the provider who they are and where their bank account is. The address holds for one visit of
  /// a few minutes. `back` is a path of ours: with `connect=returned` they have been there, with `connect=again` they want
  /// a new address.
  func onboarding(_ account: String, back: String) async throws -> String
}

extension PayeeAddresses {
  public var opening: PayeeOpening { .address(self) }
}

/// A provider that has no such pages.
public protocol PayeeForms: PayoutProvider {
  /// The country that such an account is in (ISO 3166).
  var country: String { get }

  /// Where its terms are, to which whoever opens an account agrees.
  var terms: String { get }

  /// Passes on what somebody says, to the account there is or a new one, and says how it stands then. What is learned on
  /// the way is told at once, and the names to go on with come back: a later step may fail, and is taken up there.
  ///
  /// Throws `ProviderRefused` with the provider's sentence when it does not take the details.
  func tell(
    _ details: PayeeDetails, of payee: Payee, known: PayeeNames,
    learned: @Sendable (PayeeNames) async throws -> PayeeNames
  ) async throws -> PayeeStanding
}

extension PayeeForms {
  public var opening: PayeeOpening { .form(self) }
}

/// The provider's names for somebody's account and its parts; each empty until it has answered, or where it has none.
public struct PayeeNames: Sendable, Equatable {
  public var account: String
  /// The person behind it.
  public var person: String
  /// What the account is to be used for.
  public var product: String

  public init(account: String, person: String = "", product: String = "") {
    self.account = account
    self.person = person
    self.product = product
  }
}

/// How somebody's account at a provider stands.
public struct PayeeStanding: Sendable, Equatable {
  public enum State: String, Sendable, CaseIterable, Codable {
    case requested
    /// The provider wants to know something.
    case needsClarification = "needs_clarification"
    case underReview = "under_review"
    case activated
    case suspended
    case rejected
  }

  /// Something the provider wants, in its words: such as `settlements.ifsc_code` because of `field_missing`.
  public struct Requirement: Sendable, Equatable, Codable {
    public let field: String
    public let reason: String

    public init(field: String, reason: String) {
      self.field = field
      self.reason = reason
    }
  }

  public let state: State
  public let requirements: [Requirement]

  public init(_ state: State, requirements: [Requirement] = []) {
    self.state = state
    self.requirements = requirements
  }

  /// Whether a transfer would be taken.
  public var isReady: Bool { state == .activated }
}

public struct TransferRequest: Sendable {
  /// Ours for the transfer.
  public let key: String
  /// The provider's name for the account it goes to.
  public let account: String
  public let amount: Money
  /// The order, or the payout, as people name it.
  public let reference: String
  /// The provider's name for the payment that the money came with; nil when it came another way.
  public let payment: String?
  /// When it was first asked for: providers forget keys.
  public let made: Moment

  public init(key: String, account: String, amount: Money, reference: String, payment: String?, made: Moment) {
    self.key = key
    self.account = account
    self.amount = amount
    self.reference = reference
    self.payment = payment
    self.made = made
  }
}

/// A transfer as its provider sees it.
public struct ProviderTransfer: Sendable, Equatable {
  public enum State: Sendable, Equatable {
    case sent
    /// The provider has it, and it may still fail.
    case pending
    case failed(code: String)
  }

  public let id: String
  public let state: State
  /// Our key, where the provider tells it.
  public let key: String?

  public init(id: String, state: State = .sent, key: String? = nil) {
    self.id = id
    self.state = state
    self.key = key
  }
}

public struct ReversalRequest: Sendable {
  public let key: String
  /// The provider's name for the transfer.
  public let transfer: String
  public let amount: Money
  public let made: Moment

  public init(key: String, transfer: String, amount: Money, made: Moment) {
    self.key = key
    self.transfer = transfer
    self.amount = amount
    self.made = made
  }
}
