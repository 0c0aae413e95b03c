/// A payment provider that also sends money on to those it belongs to: an account there for each, transfers out of what
/// buyers paid, and reversals when an order is refunded afterwards.
///
/// Every call may fail, and may have had its effect all the same: callers store what they are about to ask for first, and
/// ask again with the same key.
public protocol PayoutProvider: PaymentProvider {
  /// The provider's name for an account of somebody's. Within a day the same payee in the same country is the same account.
  func makePayee(_ payee: Payee, country: String) async throws -> String

  /// The site that `onboarding` leads to; nil for our own.
  var onboardingOrigin: String? { get }

  /// Where somebody says to the provider who they are and where their bank account is. The address holds for one visit of
  /// a few minutes. `back` is a path of ours: with `connect=returned` they have been there, with `connect=again` they want
  /// a new address.
  func onboarding(_ account: String, back: String) async throws -> String

  /// Whether the provider would take a transfer to it now.
  func isReady(_ account: String) async throws -> Bool

  /// Sends money. The same `key` again is the same transfer, however much later. Throws `ProviderRefused` when it never
  /// will, and anything else when the answer is unknown, or may be another one later.
  func transfer(_ request: TransferRequest) async throws -> String

  /// Takes some of a transfer back. The same `key` again is the same reversal.
  func reverse(_ request: ReversalRequest) async throws -> String
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
