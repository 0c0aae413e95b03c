public import Store

/// One try to pay one order, or those of a bag together, stored before the provider is asked.
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
  /// The first of the orders it is to pay.
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
  /// Whose card it is to be from then on, once it has succeeded.
  let savesFor: ID<Account>?
}

/// What a try to pay is to bring one order. It is booked by this.
struct PaymentShare: Sendable {
  let id: ID<PaymentShare>
  let order: ID<Order>
  let amount: Money
}

extension PaymentAttempt {
  /// What it brings each order, the first of them first; they sum to `amount`.
  func shares(in db: any Connection) throws -> [PaymentShare] {
    let shares = try db.rows(
      "SELECT id, order_id, amount_minor FROM payment_share WHERE attempt_id = \(id) ORDER BY id"
    ).map { row in
      PaymentShare(
        id: try row.get("id"), order: try row.get("order_id"),
        amount: Money(minor: try row.get("amount_minor"), currency: amount.currency))
    }
    return shares.filter { $0.order == order } + shares.filter { $0.order != order }
  }
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
