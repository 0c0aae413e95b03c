import Commerce
import HTTPTypes

/// Commission plans: what the platform keeps of what is sold.
enum CommissionPlanAPI {
  struct PlanAnswer: Codable, Described {
    let id: ID<CommissionPlan>
    let market: String?
    let category: String
    let commissionBasisPoints: Int64
    let startingDays: Int64
    let startingBasisPoints: Int64
    let refundFeeBasisPoints: Int64
    let refundFeeMaxMinor: Int64?
    let startsAt: Moment
    let endsAt: Moment?

    static let fields = NewPlan.fields.merging(["endsAt": "Left out without an end."]) { $1 }

    init(_ plan: CommissionPlan) {
      id = plan.id
      market = plan.market
      category = plan.category
      commissionBasisPoints = plan.rate.basisPoints
      startingDays = plan.startingDays
      startingBasisPoints = plan.startingRate.basisPoints
      refundFeeBasisPoints = plan.refundFee.basisPoints
      refundFeeMaxMinor = plan.refundFeeMaxMinor
      startsAt = plan.starts
      endsAt = plan.ends == .never ? nil : plan.ends
    }
  }

  struct NewPlan: Codable, Described {
    let id: ID<CommissionPlan>?
    let market: String?
    let category: String?
    let commissionBasisPoints: Int64
    let startingDays: Int64?
    let startingBasisPoints: Int64?
    let refundFeeBasisPoints: Int64?
    let refundFeeMaxMinor: Int64?
    let startsAt: Moment?
    let endsAt: Moment?

    static let fields = [
      "market": "Left out for every market.",
      "category": "Of products whose category it is or lies in, such as Apparel > Shoes; left out or empty for all.",
      "startingDays": "So many days after a channel was made it pays startingBasisPoints.",
      "refundFeeBasisPoints": "What of a line's commission the platform keeps when the line is refunded.",
      "refundFeeMaxMinor": "The most that is for one line; needs a market.",
    ]

    var draft: CommissionPlanDraft {
      CommissionPlanDraft(
        market: market, category: category ?? "", commissionBasisPoints: commissionBasisPoints,
        startingDays: startingDays ?? 0, startingBasisPoints: startingBasisPoints ?? 0,
        refundFeeBasisPoints: refundFeeBasisPoints ?? 0, refundFeeMaxMinor: refundFeeMaxMinor, starts: startsAt,
        ends: endsAt)
    }
  }

  struct CommissionTermsAnswer: Codable, Described {
    let market: String
    let category: String
    let commissionBasisPoints: Int64
    let startingUntil: Moment?
    let afterwardsBasisPoints: Int64
    let refundFeeBasisPoints: Int64
    let refundFeeMax: Money?

    static let fields = [
      "category": "Empty for all that no other terms are for.",
      "startingUntil": "Until when the rate is that of the channel's first days; left out when it is not.",
    ]

    init(_ terms: CommissionTerms) {
      market = terms.market.code
      category = terms.category
      commissionBasisPoints = terms.rate.basisPoints
      startingUntil = terms.startingUntil
      afterwardsBasisPoints = terms.rateAfterwards.basisPoints
      refundFeeBasisPoints = terms.refundFee.basisPoints
      refundFeeMax = terms.refundFeeMax
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .post, "/api/v1/commission-plans",
      "Makes a commission plan for what is ordered from its start on; for the operator. It can be ended, not changed.",
      takes: NewPlan.self, gives: PlanAnswer.self, as: .created
    ) { call, body in
      PlanAnswer(
        try await call.commerce.makeCommissionPlan(body.id ?? call.commerce.makeID(), by: call.caller, body.draft))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/commission-plans",
      "Lists commission plans, those that have not ended first, at most 100; to the operator.",
      gives: List<PlanAnswer>.self
    ) { call in
      List(try await call.commerce.commissionPlans(by: call.caller).map(PlanAnswer.init))
    }.by(.account),
    Endpoint(
      .delete, "/api/v1/commission-plans/{plan}", "Ends a commission plan; for the operator.", gives: PlanAnswer.self
    ) { call in
      PlanAnswer(try await call.commerce.endCommissionPlan(call.id("plan"), by: call.caller))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/channels/{channel}/commission",
      "Says what the platform keeps of what a channel sells today, by market and category; to its members.",
      gives: List<CommissionTermsAnswer>.self
    ) { call in
      List(
        try await call.commerce.commissionTerms(of: call.channel().id, by: call.caller).map(CommissionTermsAnswer.init))
    }.by(.account),
  ]
}
