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

  struct Line: Codable {
    let transfer: ID<Transfer>
    let kind: String
    let order: ID<Order>
    let at: Moment
    let amount: Money
  }

  struct EarningsAnswer: Codable, Described {
    let released: Money
    let waiting: Money

    static let fields = [
      "released": "Of orders that are settled.", "waiting": "Of orders that are not delivered and settled yet.",
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
      gives: List<Line>.self
    ) { call in
      List(
        try await call.commerce.statement(
          by: call.caller, call.channel().id, after: call.cursor(), limit: call.limit())
      ) { Line(transfer: $0.transfer, kind: $0.kind.rawValue, order: $0.order, at: $0.at, amount: $0.amount) }
    }.paged.by(.account),
  ]
}
