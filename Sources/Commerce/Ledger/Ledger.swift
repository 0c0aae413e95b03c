import Store

/// The books: what everyone is owed is a sum of entries, and nothing else says so.
enum Ledger {
  enum Kind: String {
    case payment, refund
    /// Money that came for an order which did not want it, and its way back.
    case strayPayment = "stray_payment"
    case strayRefund = "stray_refund"
    /// Released money on its way to whom it belongs, its arrival, or its coming back.
    case payout
    case payoutPaid = "payout_paid"
    case payoutReturned = "payout_returned"

    /// A payout is of many orders, and so of none.
    var isOfAnOrder: Bool { ![.payout, .payoutPaid, .payoutReturned].contains(self) }
  }

  struct Entry: Equatable {
    let account: LedgerAccount
    let amount: Money

    func reversed() throws -> Entry { Entry(account: account, amount: try amount.times(-1)) }
  }

  /// Adds one transfer, for good. Entries of nothing are left out.
  ///
  /// Throws `LedgerFault` when they do not sum to zero in each currency, and the schema's uniqueness of `cause` when it
  /// was booked before: either fails the transaction.
  static func book(
    _ kind: Kind, cause: [UInt8], _ entries: [Entry], on occasion: Occasion, in db: any Connection
  ) throws {
    guard (occasion.order != nil) == kind.isOfAnOrder else { throw LedgerFault.noOrder }
    let entries = entries.filter { $0.amount.minor != 0 }
    var sums: [Currency: Money] = [:]
    for entry in entries {
      let nothing = Money(minor: 0, currency: entry.amount.currency)
      sums[entry.amount.currency] = try sums[entry.amount.currency, default: nothing].adding(entry.amount)
    }
    guard !entries.isEmpty, sums.values.allSatisfy({ $0.minor == 0 }) else { throw LedgerFault.unbalanced }
    let transfer = ID<Transfer>(at: occasion.at, entropy: occasion.entropy)
    try db.run(
      """
      INSERT INTO ledger_transfer (id, kind, order_id, cause_id, at_ms)
      VALUES (\(transfer), \(kind.rawValue), \(occasion.order.sqlValue), \(cause), \(occasion.at))
      """)
    let rows: [[any ValueConvertible]] = entries.enumerated().map { position, entry in
      [transfer, position, entry.account.description, entry.amount.currency, entry.amount.minor]
    }
    try db.run(
      """
      INSERT INTO ledger_entry (transfer_id, position, account, currency, amount_minor) VALUES \(rows: rows)
      """)
  }
}

/// One movement of the ledger; its entries sum to zero.
public enum Transfer {}

/// Whose money it is.
enum LedgerAccount: Equatable, CustomStringConvertible {
  /// Holds the buyers' money, so its balance is what the house has there, negative.
  case provider(String)
  case seller(ID<Channel>)
  /// The channel in whose show another's products were sold.
  case creator(ID<Channel>)
  /// Who brought the buyer, for a part of the commission.
  case partner(ID<Partner>)
  case commission
  /// What the platform put in for buyers, negative.
  case promotion
  case tax(market: String)
  case buyer(ID<Order>)
  /// What was taken from balances and has not arrived yet.
  case payouts
  /// What the house's bank paid out.
  case bank

  var description: String {
    switch self {
    case .provider(let name): "provider:\(name)"
    case .seller(let channel): "seller:\(channel)"
    case .creator(let channel): "creator:\(channel)"
    case .partner(let partner): "partner:\(partner)"
    case .commission: "commission"
    case .promotion: "promotion"
    case .tax(let market): "tax:\(market)"
    case .buyer(let order): "buyer:\(order)"
    case .payouts: "payouts"
    case .bank: "bank"
    }
  }
}

/// What must not be: it fails its transaction.
enum LedgerFault: Error, Equatable {
  case unbalanced
  case noOrder
}
