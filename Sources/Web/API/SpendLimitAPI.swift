import Commerce
import HTTPTypes

/// Limits that buyers set on their own spending.
enum SpendLimitAPI {
  struct LimitAnswer: Codable, Described {
    let period: String
    let limit: Money
    let spent: Money
    let left: Money
    let nextLimit: Money?
    let nextFrom: Moment?

    static let fields = [
      "period": "day, week (7 days) or month (30 days), up to now.",
      "spent": "Ordered, without what was given back, was not paid in time or was cancelled.",
      "nextLimit": "What it becomes; left out with nextFrom set when it is lifted.",
    ]

    init(_ limit: SpendLimit) {
      period = limit.period.name
      self.limit = limit.limit
      spent = limit.spent
      left = limit.left
      nextLimit = limit.next?.limit
      nextFrom = limit.next?.from
    }
  }

  struct NewLimit: Codable, Described {
    let period: String
    let currency: Currency
    let limitMinor: Int64?

    static let fields = [
      "period": "day, week or month.",
      "limitMinor": "Null or left out for none. A higher limit, and none, hold only after a day.",
    ]
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/spend-limits", "Lists the limits you set on your own spending.", gives: List<LimitAnswer>.self
    ) { call in
      List(try await call.commerce.spendLimits(by: call.caller).map(LimitAnswer.init))
    }.by(.account),
    Endpoint(
      .put, "/api/v1/spend-limits", "Sets a limit on your own spending, or lifts it.", takes: NewLimit.self,
      gives: List<LimitAnswer>.self
    ) { call, body in
      guard let period = SpendLimit.Period(name: body.period) else {
        throw GeneralRefusal.invalid(field: "period", why: "must be day, week or month")
      }
      return List(
        try await call.commerce.setSpendLimit(
          by: call.caller, period, currency: body.currency, minor: body.limitMinor
        ).map(LimitAnswer.init))
    }.by(.account),
  ]
}
