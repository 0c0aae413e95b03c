import Commerce
import HTTPTypes
import Hummingbird

/// The books, as far as they are someone's to see.
enum LedgerAPI {
  struct BalanceAnswer: Codable, Described {
    let account: String
    let amount: Money

    static let fields = ["amount": "Positive: the house owes it or has earned it. Negative: it is owed to the house."]
  }

  struct LedgerLine: Codable {
    let transfer: ID<Transfer>
    let kind: String
    let order: ID<Order>?
    let payout: ID<Payout>?
    let at: Moment
    let sold: Money
    let tax: Money
    let commission: Money
    let creator: Money
    let amount: Money

    init(_ line: StatementLine) {
      transfer = line.transfer
      kind = line.kind.rawValue
      order = line.order
      payout = line.payout
      at = line.at
      sold = line.sold
      tax = line.tax
      commission = line.commission
      creator = line.creator
      amount = line.amount
    }
  }

  struct EarningsAnswer: Codable, Described {
    let released: Money
    let waiting: Money

    static let fields = [
      "released": "Of orders that are settled, less what was paid out; negative is a debt.",
      "waiting": "Of orders that are not delivered and settled yet.",
    ]
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/channels/{channel}/earnings",
      "Says what is released to a channel, and what waits for deliveries, by currency; to its owners.",
      gives: List<EarningsAnswer>.self
    ) { call in
      List(
        try await call.commerce.earnings(of: call.channel().id, by: call.caller).map {
          EarningsAnswer(released: $0.released, waiting: $0.waiting)
        })
    }.by(.account),
    Endpoint(
      .get, "/api/v1/ledger/balances", "Lists the balances of the ledger, to the operator.",
      gives: List<BalanceAnswer>.self
    ) { call in
      List(
        try await call.commerce.balances(by: call.caller).map { BalanceAnswer(account: $0.account, amount: $0.amount) })
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/statement", "Lists what a channel earned and gave back, to its owners.",
      gives: List<LedgerLine>.self
    ) { call in
      List(
        try await call.commerce.statement(
          by: call.caller, call.channel().id, after: call.cursor(), limit: call.limit()),
        LedgerLine.init)
    }.paged.by(.account),
  ]
}
