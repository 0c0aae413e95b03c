import Logging
import Synchronization

/// What went wrong between us and a payment provider, counted and logged: none of it is lost, because it is asked again,
/// but somebody has to know.
public final class PaymentTroubles: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case paymentUnanswered = "payment_unanswered"
    case paymentRefused = "payment_refused"
    case refundUnanswered = "refund_unanswered"
    case refundRefused = "refund_refused"
    /// One that had succeeded came back, such as from a card that was closed: the buyer does not have the money.
    case refundReturned = "refund_returned"
    /// Money is to go back through a provider that this installation does not have (any more).
    case providerMissing = "provider_missing"
    case cardUnanswered = "card_unanswered"
    case cardRefused = "card_refused"
    /// A card that its owner removed is still kept at the provider, where nobody can name it any more.
    case cardNotForgotten = "card_not_forgotten"
    /// Whether somebody's account at the provider is there, or ready, is not known.
    case payeeUnanswered = "payee_unanswered"
    case payeeRefused = "payee_refused"
    case transferUnanswered = "transfer_unanswered"
    /// Money that was to be sent to somebody's account is in their balance here again.
    case transferRefused = "transfer_refused"
    case reversalUnanswered = "reversal_unanswered"
    /// Money of a refunded order could not be taken back: it is a debt that the next sales pay.
    case reversalRefused = "reversal_refused"
  }

  private let logger: Logger
  private let noted = Mutex<[Kind: Int]>([:])

  init(logger: Logger) { self.logger = logger }

  /// How often each happened since the process began.
  public var counts: [Kind: Int] { noted.withLock { $0 } }

  /// The error's type and code go into the log, never its text: a provider's may hold what it was sent.
  func note(
    _ kind: Kind, provider: String, order: ID<Order>? = nil, refund: ID<Refund>? = nil, _ error: (any Error)? = nil
  ) {
    noted.withLock { $0[kind, default: 0] += 1 }
    var metadata: Logger.Metadata = ["trouble": "\(kind.rawValue)", "provider": "\(provider)"]
    if let order { metadata["order"] = "\(order)" }
    if let refund { metadata["refund"] = "\(refund)" }
    if let error {
      metadata["error"] = "\(type(of: error))"
      if let refused = error as? ProviderRefused { metadata["code"] = "\(refused.code.prefix(64))" }
    }
    logger.error("\(kind.sentence)", metadata: metadata)
  }
}

extension PaymentTroubles.Kind {
  fileprivate var sentence: String {
    switch self {
    case .paymentUnanswered: "the payment provider did not answer; it is asked again"
    case .paymentRefused: "the payment provider refused to make a payment; see its code"
    case .refundUnanswered: "a refund did not go through; it is tried again"
    case .refundRefused: "the payment provider refused a refund; it has failed"
    case .refundReturned: "a refund came back to us; pay the buyer in another way"
    case .cardUnanswered: "the payment provider did not say what came of saving a card; its owner asks again"
    case .cardRefused: "the payment provider refused to save a card; see its code"
    case .cardNotForgotten: "the payment provider did not hear that a card is to be forgotten"
    case .payeeUnanswered: "the payment provider did not say how somebody's account stands; they ask again"
    case .payeeRefused:
      "the payment provider would not open an account for somebody, or not with these details; see its code"
    case .transferUnanswered: "a transfer of a payout did not go through; it is tried again"
    case .transferRefused: "the payment provider refused a transfer of a payout; see its code"
    case .reversalUnanswered: "a transfer was not taken back; it is tried again"
    case .reversalRefused: "the payment provider would not take a transfer back; it is a debt of the payee now"
    case .providerMissing: "a refund waits for a payment provider that is not set up here; set it up again"
    }
  }
}
