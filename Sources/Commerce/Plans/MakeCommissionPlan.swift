import Store

/// What a commission plan is made from.
public struct CommissionPlanDraft: Sendable, Codable, Equatable {
  /// Nil for every market.
  public var market: String?
  public var category: String
  /// Basis points, 0…10 000.
  public var commissionBasisPoints: Int64
  public var startingDays: Int64
  public var startingBasisPoints: Int64
  public var refundFeeBasisPoints: Int64
  /// Minor units of the market's currency, so it needs a market.
  public var refundFeeMaxMinor: Int64?
  /// Nil for now.
  public var starts: Moment?
  public var ends: Moment?

  public init(
    market: String? = nil, category: String = "", commissionBasisPoints: Int64, startingDays: Int64 = 0,
    startingBasisPoints: Int64 = 0, refundFeeBasisPoints: Int64 = 0, refundFeeMaxMinor: Int64? = nil,
    starts: Moment? = nil, ends: Moment? = nil
  ) {
    self.market = market
    self.category = category
    self.commissionBasisPoints = commissionBasisPoints
    self.startingDays = startingDays
    self.startingBasisPoints = startingBasisPoints
    self.refundFeeBasisPoints = refundFeeBasisPoints
    self.refundFeeMaxMinor = refundFeeMaxMinor
    self.starts = starts
    self.ends = ends
  }
}

extension Commerce {
  /// Makes a commission plan, for orders placed from its start on; for the operator. It cannot be changed, only ended.
  ///
  /// Throws `GeneralRefusal.invalid`, `.notFound`, `.tooMany`, `IDTaken`.
  public func makeCommissionPlan(
    _ id: ID<CommissionPlan>, by caller: Caller, _ draft: CommissionPlanDraft
  ) async throws -> CommissionPlan {
    let fingerprint = try MadeHash.of(draft, by: caller, for: "commission plan")
    let draft = try draft.checked(policy)
    return try await database.write { [policy] db in
      let account = try caller.requireOperator(in: db)
      if let row = try db.row("SELECT made_hash FROM commission_plan WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "commission plan") }
        return try CommissionPlan.require(id, in: db)
      }
      let now = clock.now
      try policy.checkNew(id, at: now)
      if let market = draft.market, try Market.find(market, in: db) == nil { throw GeneralRefusal.notFound("market") }
      // An order that was placed keeps its rates: a plan from before now would look as if it had not.
      guard draft.starts.map({ $0 >= now }) ?? true else {
        throw GeneralRefusal.invalid(field: "startsAt", why: "must not be before now; leave it out for now")
      }
      let starts = draft.starts ?? now
      let ends = draft.ends ?? .never
      guard ends > starts else { throw GeneralRefusal.invalid(field: "endsAt", why: "must be after the start") }
      let open: Int = try db.requireRow("SELECT COUNT(*) AS plans FROM commission_plan WHERE ends_ms > \(now)")
        .get("plans")
      guard open < policy.commissionPlansMax else {
        throw GeneralRefusal.tooMany(what: "open commission plans", limit: policy.commissionPlansMax)
      }
      try db.run(
        """
        INSERT INTO commission_plan (id, market, category, category_folded, commission_bp, starting_days, starting_bp,
          refund_fee_bp, refund_fee_max_minor, starts_ms, ends_ms, account_id, made_hash, created_ms)
        VALUES (\(id), \(draft.market.sqlValue), \(draft.category), \(CommissionPlan.folded(draft.category)),
          \(draft.commissionBasisPoints), \(draft.startingDays), \(draft.startingBasisPoints),
          \(draft.refundFeeBasisPoints), \(draft.refundFeeMaxMinor.sqlValue), \(starts), \(ends), \(account),
          \(fingerprint), \(now))
        """)
      return try CommissionPlan.require(id, in: db)
    }
  }

  /// Ends a plan now, or before it began; for the operator. Orders that were placed under it keep it. Ended already,
  /// nothing happens.
  @discardableResult
  public func endCommissionPlan(_ id: ID<CommissionPlan>, by caller: Caller) async throws -> CommissionPlan {
    try await database.write { db in
      try caller.requireOperator(in: db)
      let plan = try CommissionPlan.require(id, in: db)
      let now = clock.now
      guard plan.ends > now else { return plan }
      // One that never began ends as it begins.
      try db.run(
        """
        UPDATE commission_plan SET starts_ms = \(min(plan.starts, now)), ends_ms = \(now) WHERE id = \(id)
        """)
      return try CommissionPlan.require(id, in: db)
    }
  }

  /// All plans that have not ended, and then those that have, the latest start first; for the operator.
  public func commissionPlans(by caller: Caller, limit: Int = 100) async throws -> [CommissionPlan] {
    try policy.check(limit: limit)
    return try await database.read { db in
      try caller.requireOperator(in: db)
      let now = clock.now
      return try db.rows(
        """
        SELECT \(CommissionPlan.columns) FROM commission_plan
        ORDER BY CASE WHEN ends_ms > \(now) THEN 0 ELSE 1 END, starts_ms DESC, id DESC LIMIT \(limit)
        """
      ).map { try CommissionPlan(row: $0) }
    }
  }

  /// What the platform keeps of what a channel sells today, market by market; for its members.
  public func commissionTerms(of channel: ID<Channel>, by caller: Caller) async throws -> [CommissionTerms] {
    try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      let made: Moment = try db.requireRow("SELECT created_ms FROM channel WHERE id = \(channel)").get("created_ms")
      let now = clock.now
      return try Market.all(in: db).filter(\.isOpen).flatMap { market in
        let plans = try CommissionPlans(for: market.code, at: now, in: db)
        return plans.categories.map { category in
          let plan = plans.plan(for: category)
          let isStarting = plan.map { now < made.adding(seconds: $0.startingDays * 86_400) } ?? false
          return CommissionTerms(
            market: market, category: category,
            rate: plan?.rate(forChannelMade: made, at: now) ?? market.commission,
            startingUntil: isStarting ? plan.map { made.adding(seconds: $0.startingDays * 86_400) } : nil,
            rateAfterwards: plan?.rate ?? market.commission, refundFee: plan?.refundFee ?? .zero,
            refundFeeMax: plan?.refundFeeMaxMinor.map { Money(minor: $0, currency: market.currency) })
        }
      }
    }
  }
}

/// What the platform keeps of a channel's sales in one market and category.
public struct CommissionTerms: Sendable, Equatable {
  public let market: Market
  /// Empty for all that no other terms are for.
  public let category: String
  public let rate: Rate
  /// Until when `rate` is that of the channel's first days; nil when it is not.
  public let startingUntil: Moment?
  public let rateAfterwards: Rate
  public let refundFee: Rate
  public let refundFeeMax: Money?
}

extension CommissionPlans {
  /// Every category that a plan is for, after the empty one.
  fileprivate var categories: [String] {
    var seen: Set<String> = [""]
    return [""]
      + all.sorted { $0.category < $1.category }.map(\.category).filter {
        seen.insert(CommissionPlan.folded($0)).inserted
      }
  }
}

extension CommissionPlanDraft {
  /// Cleaned. Throws `GeneralRefusal.invalid` for all that can be refused without a look at the database.
  fileprivate func checked(_ policy: Policy) throws -> CommissionPlanDraft {
    var draft = self
    draft.category = try policy.category(category)
    func check(_ value: Int64?, _ field: String, _ range: ClosedRange<Int64>) throws {
      guard value.map(range.contains) ?? true else {
        throw GeneralRefusal.invalid(field: field, why: "must be \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check(commissionBasisPoints, "commissionBasisPoints", 0...10_000)
    try check(startingBasisPoints, "startingBasisPoints", 0...10_000)
    try check(startingDays, "startingDays", 0...3_650)
    try check(refundFeeBasisPoints, "refundFeeBasisPoints", 0...10_000)
    try check(refundFeeMaxMinor, "refundFeeMaxMinor", 0...Money.minorMax)
    guard refundFeeMaxMinor == nil || market != nil else {
      throw GeneralRefusal.invalid(
        field: "refundFeeMaxMinor", why: "needs a market, which says what currency it is in")
    }
    return draft
  }
}

extension Policy {
  /// A product's category, as text of at most 200 characters.
  func category(_ text: String) throws -> String {
    try self.text(text, "category", max: categoryCharactersMax, required: false)
  }
}
