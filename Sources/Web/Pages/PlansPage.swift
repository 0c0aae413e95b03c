import Commerce
import Hummingbird

/// `/operator/plans`: what the platform keeps of what is sold, by market, category and time.
struct PlansPage: Sendable {
  struct View: Sendable {
    let id: String
    let category: String
    let marketName: String
    let rateText: String
    let startingText: String?
    let feeText: String?
    let startISO: String
    let startText: String
    let endISO: String?
    let endText: String?
    let stateText: String
    let stateTone: String
    let canEnd: Bool
  }

  struct MarketView: Sendable {
    let code: String
    let name: String
    let currency: String
    let isChosen: Bool
  }

  /// What was typed and could not be taken.
  struct Draft: Sendable {
    var market = ""
    var category = ""
    var commission = ""
    var startingDays = ""
    var startingRate = ""
    var refundFee = ""
    var refundFeeMax = ""
    var starts = ""
    var ends = ""
    var isOpen = false

    init() {}

    init(_ form: Form) {
      market = form["market"]
      category = form["category"]
      commission = form["commission"]
      startingDays = form["startingDays"]
      startingRate = form["startingRate"]
      refundFee = form["refundFee"]
      refundFeeMax = form["refundFeeMax"]
      starts = ShowFormPage.utc(form["starts"], offsetMinutes: form["startsOffset"])
      ends = ShowFormPage.utc(form["ends"], offsetMinutes: form["endsOffset"])
      isOpen = true
    }
  }

  let markets: [MarketView]
  let plans: [View]
  let hasPlans: Bool
  let draft: Draft
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit) }

  static func act(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let form = try await visit.form()
    do {
      switch form["do"] {
      case "make":
        let draft = try await draft(from: form, visit)
        _ = try await visit.commerce.makeCommissionPlan(visit.commerce.makeID(), by: visit.caller, draft)
      case "end":
        guard let plan = ID<CommissionPlan>(form["plan"]) else { throw Problem.notFound("commission plan") }
        try await visit.commerce.endCommissionPlan(plan, by: visit.caller)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/operator/plans?saved=yes")
    } catch {
      return try await page(visit, form["do"] == "make" ? Draft(form) : Draft(), visit.complaint(error))
    }
  }

  private static func draft(from form: Form, _ visit: Visit) async throws -> CommissionPlanDraft {
    let market = try await form["market"].isEmpty ? nil : visit.commerce.market(form["market"])
    func percent(_ name: String) throws -> Int64 {
      guard !form[name].isEmpty else { return 0 }
      guard let points = Figures.basisPoints(form[name]) else {
        throw GeneralRefusal.invalid(field: name, why: "must be a percentage between 0 and 100, such as 8.5")
      }
      return points
    }
    guard !form["commission"].isEmpty else {
      throw GeneralRefusal.invalid(field: "commission", why: "must be a percentage between 0 and 100, such as 8.5")
    }
    var feeMax: Int64?
    if !form["refundFeeMax"].isEmpty {
      guard let market else {
        throw GeneralRefusal.invalid(
          field: "refundFeeMaxMinor", why: "needs a market, which says what currency it is in")
      }
      guard let minor = Figures.minor(form["refundFeeMax"], market.currency) else {
        throw GeneralRefusal.invalid(
          field: "refundFeeMax", why: "must be an amount of \(market.currency) such as 49.00")
      }
      feeMax = minor
    }
    guard let days = Int64(form["startingDays"].isEmpty ? "0" : form["startingDays"]) else {
      throw GeneralRefusal.invalid(field: "startingDays", why: "must be a whole number")
    }
    func moment(_ name: String) throws -> Moment? {
      form[name].isEmpty
        ? nil : try ShowFormPage.moment(form[name], offsetMinutes: form["\(name)Offset"], name)
    }
    return CommissionPlanDraft(
      market: market?.code, category: form["category"], commissionBasisPoints: try percent("commission"),
      startingDays: days, startingBasisPoints: try percent("startingRate"),
      refundFeeBasisPoints: try percent("refundFee"), refundFeeMaxMinor: feeMax, starts: try moment("starts"),
      ends: try moment("ends"))
  }

  private static func page(
    _ visit: Visit, _ draft: Draft = Draft(), _ complaint: Visit.Complaint? = nil
  ) async throws -> Response {
    _ = try visit.requireAccount()
    let plans = try await visit.commerce.commissionPlans(by: visit.caller)
    let markets = try await visit.commerce.markets()
    let model = PlansPage(
      plans, markets: markets, draft, error: complaint?.sentence, isSaved: try visit.query("saved") != nil,
      now: visit.commerce.clock.now, visit.words)
    return try visit.page(
      "operator-plans", title: visit.words["plans.title"], status: complaint?.status ?? .ok, model)
  }

  private init(
    _ plans: [CommissionPlan], markets: [Market], _ draft: Draft, error: String?, isSaved: Bool, now: Moment,
    _ words: Words
  ) {
    self.markets = markets.map {
      MarketView(code: $0.code, name: $0.name, currency: $0.currency.code, isChosen: $0.code == draft.market)
    }
    self.plans = plans.map { plan in View(plan, market: markets.first { $0.code == plan.market }, at: now, words) }
    hasPlans = !plans.isEmpty
    self.draft = draft
    self.error = error
    self.isSaved = isSaved
  }
}

extension PlansPage.View {
  init(_ plan: CommissionPlan, market: Market?, at now: Moment, _ words: Words) {
    func percent(_ rate: Rate) -> String { Figures.percent(rate) + "%" }
    id = "\(plan.id)"
    category = plan.category.isEmpty ? words["plans.everything"] : plan.category
    marketName = market?.name ?? plan.market ?? words["plans.allMarkets"]
    rateText = words["plans.rate", ["percent": percent(plan.rate)]]
    startingText =
      plan.startingDays == 0
      ? nil
      : words["plans.starting", ["percent": percent(plan.startingRate), "days": Figures.grouped(plan.startingDays)]]
    var fee: String?
    if plan.refundFee.basisPoints > 0 {
      fee = words["plans.fee", ["percent": percent(plan.refundFee)]]
      if let max = plan.refundFeeMaxMinor, let market {
        let amount = words.money(Money(minor: max, currency: market.currency))
        fee = (fee ?? "") + ", " + words["plans.feeMax", ["amount": amount]]
      }
    }
    feeText = fee
    startISO = plan.starts.description
    startText = plan.starts.plainText
    endISO = plan.ends == .never ? nil : plan.ends.description
    endText = plan.ends == .never ? nil : plan.ends.plainText
    let (name, tone) =
      if plan.ends <= now { ("over", "") } else if plan.starts > now { ("soon", "warn") } else { ("open", "good") }
    stateText = words["plans.\(name)"]
    stateTone = tone
    canEnd = plan.ends > now
  }
}
