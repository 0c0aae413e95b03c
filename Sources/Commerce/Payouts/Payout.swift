public import Store

/// Money on its way from the house to somebody it owes it to.
public struct Payout: Sendable, Equatable {
  public enum State: String, Sendable, Codable, CaseIterable {
    /// Taken from the payee's balance, and in no file yet.
    case pending
    /// In a file for the bank. What a payment provider sends stays `pending` until all of it is sent.
    case sent
    case paid
    /// The bank did not take it: the payee has it in their balance again.
    case returned
  }

  public let id: ID<Payout>
  public let payee: Payee
  public let amount: Money
  public let state: State
  public let holder: String
  public let ending: String
  public let file: ID<PayoutFile>?
  /// The payment provider that sends it; empty for a bank.
  public let provider: String
  /// Why it, or a part of it, came back.
  public let failure: String
  public let made: Moment
  public let ended: Moment?

  /// Its name among people and banks: `P-7K3M-92QF`.
  public var number: String { id.number(after: "P") }
}

/// A file of payouts for a bank.
public struct PayoutFile: Sendable, Equatable {
  public let id: ID<PayoutFile>
  public let currency: Currency
  public let made: Moment
  public let count: Int64
  public let sum: Money
  /// Those of it that were neither paid nor returned yet.
  public let open: Int64
}

extension Payout.State: ValueConvertible {}

extension Payout {
  static let columns: SQL = """
    id, payee, currency, amount_minor, state, holder, ending, file_id, provider, failure, made_ms, ended_ms
    """

  init(row: Row) throws {
    id = try row.get("id")
    payee = try row.get("payee")
    amount = Money(minor: try row.get("amount_minor"), currency: try row.get("currency"))
    state = try row.get("state")
    holder = try row.get("holder")
    ending = try row.get("ending")
    file = try row.get("file_id")
    provider = try row.get("provider")
    failure = try row.get("failure")
    made = try row.get("made_ms")
    ended = try row.get("ended_ms")
  }

  static func require(_ id: ID<Payout>, in db: any Connection) throws -> Payout {
    guard let row = try db.row("SELECT \(columns) FROM payout WHERE id = \(id)") else {
      throw GeneralRefusal.notFound("payout")
    }
    return try Payout(row: row)
  }
}

/// Why a payout does not go further.
public enum PayoutRefusal: Refusal, Equatable {
  case ended(Payout.State)
  case nothingToSend(Currency)
  /// The installation's secret is another than the one the bank accounts were sealed with.
  case unreadable(String)
  /// The provider says itself what became of it.
  case atProvider(String)
  case noProvider
  /// The provider would not open an account.
  case payeeRefused
  /// The provider has no page for it: we ask.
  case byForm(String)
  /// The provider asks on its own page.
  case atPages(String)
  /// The provider does not take the details, and what it says of them: to whoever gave them, and to nobody else.
  case detailsRefused(provider: String, String)
  /// The provider looks at them, or has said yes or no.
  case detailsClosed
  case tooOften(seconds: Int64)
  case unanswered

  public var code: String {
    switch self {
    case .ended: "payout_ended"
    case .nothingToSend: "no_payouts"
    case .unreadable: "payout_destination_unreadable"
    case .atProvider: "payout_at_provider"
    case .noProvider: "no_payout_provider"
    case .payeeRefused: "payout_account_refused"
    case .byForm: "payout_account_by_form"
    case .atPages: "payout_account_at_provider"
    case .detailsRefused: "payout_details_refused"
    case .detailsClosed: "payout_details_closed"
    case .tooOften: "too_often"
    case .unanswered: "provider_unanswered"
    }
  }

  public var sentence: String {
    switch self {
    case .ended(let state): "This payout was \(state.rawValue) already."
    case .nothingToSend(let currency): "There is no payout of \(currency) that waits for a file."
    case .unreadable(let name):
      "The bank account of \(name) was sealed with another secret than this installation has. Ask them to enter it again."
    case .atProvider(let provider):
      "This payout is sent through \(provider), which says itself what becomes of it."
    case .noProvider: "Nobody is paid through a payment provider here. Give a bank account."
    case .payeeRefused:
      "The payment provider would not open an account. Give a bank account, or ask the platform why."
    case .byForm(let provider):
      "\(provider) has no page of its own for this. Give the details here, with PUT …/payout-account/details."
    case .atPages(let provider):
      "\(provider) asks for these details itself. Ask for a visit with POST …/payout-account."
    case .detailsRefused(let provider, let sentence):
      sentence.isEmpty
        ? "\(provider) does not take these details. Compare them with your PAN card and your bank's papers."
        : "\(provider) does not take these details: “\(sentence)”"
    case .detailsClosed:
      "The details of this account cannot be changed from here now. Ask the platform, who can at the payment provider."
    case .tooOften(let seconds): "The details were sent too often. Try again in \(seconds) seconds."
    case .unanswered:
      "The payment provider did not answer. Try again in a minute; what it has taken already stays."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .unanswered: .busy
    case .tooOften: .limited
    case .detailsRefused: .invalid
    default: .conflict
    }
  }
}
