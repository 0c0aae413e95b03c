import Store

/// What the platform keeps of what is sold, for a market, a category and a time (DOMAIN.md, “Money”).
public struct CommissionPlan: Sendable, Equatable {
  public let id: ID<CommissionPlan>
  /// Nil for every market.
  public let market: String?
  /// Of products whose category it is or lies in; empty for all.
  public let category: String
  public let rate: Rate
  /// What a channel pays instead for so many days after it was made; 0 for no such period.
  public let startingDays: Int64
  public let startingRate: Rate
  /// The share of a line's commission that the platform keeps when all of the line is refunded.
  public let refundFee: Rate
  /// The most that is for one line; nil without a limit.
  public let refundFeeMaxMinor: Int64?
  public let starts: Moment
  /// `Moment.never` without an end.
  public let ends: Moment

  /// How a category is compared: without case, and without spaces around the signs between its parts.
  static func folded(_ category: String) -> String {
    category.split(separator: ">").map { part in
      part.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
    }.filter { !$0.isEmpty }.joined(separator: " > ")
  }

  /// The rate for a channel that was made at `made`.
  func rate(forChannelMade made: Moment, at now: Moment) -> Rate {
    now < made.adding(seconds: startingDays * 86_400) ? startingRate : rate
  }

  /// What of a line's commission is kept when the line is refunded.
  func refundFee(of commissionMinor: Int64) -> Int64 {
    min(refundFee.of(commissionMinor), refundFeeMaxMinor ?? .max, commissionMinor)
  }
}

/// The plans that hold in one market at one moment.
struct CommissionPlans: Sendable {
  private let plans: [(plan: CommissionPlan, folded: String)]

  init(for market: String, at now: Moment, in db: any Connection) throws {
    try self.init(
      rows: db.rows(
        """
        SELECT \(Self.columns) FROM commission_plan plan
        WHERE ends_ms > \(now) AND starts_ms <= \(now) AND (market IS NULL OR market = \(market))
        """))
  }

  /// Of rows with `columns`, those without a plan left out.
  init(rows: [Row]) throws {
    plans = try rows.compactMap { row in
      guard try row.get("plan_id", as: ID<CommissionPlan>?.self) != nil else { return nil }
      return (try CommissionPlan(row: row, prefix: "plan_"), try row.get("plan_category_folded"))
    }
  }

  private init(plans: [(plan: CommissionPlan, folded: String)]) { self.plans = plans }

  /// Those that hold at a moment.
  func holding(at now: Moment) -> CommissionPlans {
    CommissionPlans(plans: plans.filter { $0.plan.starts <= now && now < $0.plan.ends })
  }

  /// Joins the plans of a market that have not ended, and may not have started, to rows that would be there without them
  /// too.
  static func join(market: SQL, notEndedAt now: Moment) -> SQL {
    """
    LEFT JOIN commission_plan plan ON plan.ends_ms > \(now) AND (plan.market IS NULL OR plan.market = \(market))
    """
  }

  static let columns: SQL = """
    plan.id AS plan_id, plan.market AS plan_market, plan.category AS plan_category,
    plan.category_folded AS plan_category_folded, plan.commission_bp AS plan_commission_bp,
    plan.starting_days AS plan_starting_days, plan.starting_bp AS plan_starting_bp,
    plan.refund_fee_bp AS plan_refund_fee_bp, plan.refund_fee_max_minor AS plan_refund_fee_max_minor,
    plan.starts_ms AS plan_starts_ms, plan.ends_ms AS plan_ends_ms
    """

  var all: [CommissionPlan] { plans.map(\.plan) }

  /// The plan for products of a category, or nil where the market's own rate holds: the narrowest category first, then
  /// a plan of the market before one of every market, then the one that started last.
  func plan(for category: String) -> CommissionPlan? {
    guard !plans.isEmpty else { return nil }
    let folded = CommissionPlan.folded(category)
    return plans.filter { $0.folded.isEmpty || $0.folded == folded || folded.hasPrefix($0.folded + " > ") }
      .max { left, right in
        let (one, other) = (Self.depth(of: left.folded), Self.depth(of: right.folded))
        if one != other { return one < other }
        if (left.plan.market == nil) != (right.plan.market == nil) { return left.plan.market == nil }
        return (left.plan.starts, left.plan.id) < (right.plan.starts, right.plan.id)
      }?.plan
  }

  private static func depth(of folded: String) -> Int { folded.split(separator: ">").count }
}

extension CommissionPlan {
  static let columns: SQL = """
    id, market, category, commission_bp, starting_days, starting_bp, refund_fee_bp, refund_fee_max_minor, starts_ms,
    ends_ms
    """

  init(row: Row, prefix: String = "") throws {
    id = try row.get(prefix + "id")
    market = try row.get(prefix + "market")
    category = try row.get(prefix + "category")
    rate = try row.get(prefix + "commission_bp")
    startingDays = try row.get(prefix + "starting_days")
    startingRate = try row.get(prefix + "starting_bp")
    refundFee = try row.get(prefix + "refund_fee_bp")
    refundFeeMaxMinor = try row.get(prefix + "refund_fee_max_minor")
    starts = try row.get(prefix + "starts_ms")
    ends = try row.get(prefix + "ends_ms")
  }

  static func require(_ id: ID<CommissionPlan>, in db: any Connection) throws -> CommissionPlan {
    guard let row = try db.row("SELECT \(columns) FROM commission_plan WHERE id = \(id)") else {
      throw GeneralRefusal.notFound("commission plan")
    }
    return try CommissionPlan(row: row)
  }
}
