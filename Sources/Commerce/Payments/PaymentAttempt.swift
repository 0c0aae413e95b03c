public import Store

/// One try to pay one order, stored before the provider is asked.
public struct PaymentAttempt: Sendable, Equatable {
  public enum State: String, Sendable {
    /// Asked, and not heard back.
    case started
    case requiresAction = "requires_action"
    case processing
    case declined
    case succeeded
  }

  public let id: ID<PaymentAttempt>
  public let order: ID<Order>
  public let provider: String
  public let amount: Money
  public let state: State
  /// What the provider calls the payment; empty until it answered.
  public let payment: String
  public let actionURL: String
  public let failureCode: String
  public let failureSentence: String
  public let started: Moment
}

/// What came of a try to pay.
public enum PaymentOutcome: Sendable, Equatable {
  case paid
  /// The buyer has to confirm at this address, such as with their bank's second step.
  case requiresAction(url: String)
  /// The provider has not said yet; its webhook will, or `reconcilePayments` will ask.
  case processing
  /// A word such as `card_declined` and a sentence for the buyer, who may try again.
  case declined(code: String, sentence: String)
}

/// What came of a webhook. All of them are answered with success: the provider is not to send it again.
public enum WebhookOutcome: Sendable, Equatable {
  case acted
  /// Seen before.
  case repeated
  /// Stored, and about nothing of ours.
  case ignored
}

extension PaymentAttempt.State: ValueConvertible {}
