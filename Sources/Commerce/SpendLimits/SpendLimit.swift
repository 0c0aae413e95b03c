import Store

/// What a buyer set themselves to spend at most.
public struct SpendLimit: Sendable, Equatable {
  /// Any so many days in a row, up to now.
  public enum Period: Int64, Sendable, Codable, CaseIterable {
    case day = 1
    case week = 7
    case month = 30

    public init?(name: String) {
      guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
      self = found
    }

    public var name: String {
      switch self {
      case .day: "day"
      case .week: "week"
      case .month: "month"
      }
    }
  }

  /// What a limit becomes, and when.
  public struct Next: Sendable, Equatable {
    /// Nil for none.
    public let limit: Money?
    public let from: Moment
  }

  public let period: Period
  public let limit: Money
  /// Ordered in the period, and the maxima of the auctions that the account leads, without what was given back, was not paid in time or was cancelled.
  public let spent: Money
  public let next: Next?

  /// Never negative.
  public var left: Money { Money(minor: max(0, limit.minor - spent.minor), currency: limit.currency) }
}

extension Commerce {
  /// The limits of who asks, with what they have spent. Throws `GeneralRefusal.signInNeeded`.
  public func spendLimits(by caller: Caller) async throws -> [SpendLimit] {
    try await database.read { db in
      guard let account = caller.account else { throw GeneralRefusal.signInNeeded }
      return try SpendLimit.all(of: account, at: clock.now, in: db)
    }
  }

  /// Sets a limit, or lifts it (`nil`). A first and a lower one hold at once, a higher one and none after
  /// `Policy.spendLimitRaiseHours`; the same again takes back what was to come.
  ///
  /// Throws `GeneralRefusal.signInNeeded`, `.invalid`.
  public func setSpendLimit(
    by caller: Caller, _ period: SpendLimit.Period, currency: Currency, minor: Int64?
  ) async throws -> [SpendLimit] {
    if let minor, !(0...Money.minorMax).contains(minor) {
      throw GeneralRefusal.invalid(field: "limitMinor", why: "must be 0 to \(Money.minorMax)")
    }
    return try await database.write { [policy] db in
      guard let account = caller.account else { throw GeneralRefusal.signInNeeded }
      let now = clock.now
      let isSold = try db.row("SELECT 1 FROM market WHERE currency = \(currency)") != nil
      guard isSold else {
        throw GeneralRefusal.invalid(field: "currency", why: "must be one that something is sold in")
      }
      let all = try SpendLimit.all(of: account, at: now, in: db)
      let old = all.first { $0.period == period && $0.limit.currency == currency }
      if let old, minor.map({ $0 > old.limit.minor }) ?? true {
        try db.run(
          """
          UPDATE spend_limit SET limit_minor = \(old.limit.minor), next_minor = \(minor.sqlValue),
            next_ms = \(now.adding(seconds: policy.spendLimitRaiseHours * 3600))
          WHERE account_id = \(account) AND currency = \(currency) AND days = \(period.rawValue)
          """)
      } else if let minor {
        try db.run(
          """
          INSERT INTO spend_limit (account_id, currency, days, limit_minor, next_minor, next_ms)
          VALUES (\(account), \(currency), \(period.rawValue), \(minor), NULL, NULL)
          ON CONFLICT (account_id, currency, days) DO UPDATE SET limit_minor = \(minor), next_minor = NULL, next_ms = NULL
          """)
      }
      return try SpendLimit.all(of: account, at: now, in: db)
    }
  }
}

extension SpendLimit {
  /// Throws `SpendRefusal` when `wanted` more would be above one of an account's limits. One query for who has none.
  static func require(
    _ account: ID<Account>?, wants wanted: Money, at now: Moment, in db: any Connection
  ) throws {
    guard let account else { return }
    for limit in try all(of: account, currency: wanted.currency, at: now, in: db) {
      guard limit.spent.minor + wanted.minor <= limit.limit.minor else { throw SpendRefusal.overLimit(limit) }
    }
  }

  /// The maxima of the auctions that an account leads: what they may come to counts until it is known.
  private static func led(by account: ID<Account>, _ currency: Currency, in db: any Connection) throws -> Int64 {
    try db.requireRow(
      """
      SELECT CAST(COALESCE(SUM(leader_max_minor), 0) AS BIGINT) AS led FROM auction
      WHERE leader_id = \(account) AND currency = \(currency)
        AND (state = 'open' OR state = 'settling' AND order_id IS NULL)
      """
    ).get("led")
  }

  fileprivate static func all(
    of account: ID<Account>, currency: Currency? = nil, at now: Moment, in db: any Connection
  ) throws -> [SpendLimit] {
    let inCurrency: SQL = currency.map { "AND currency = \($0)" } ?? ""
    let rows = try db.rows(
      """
      SELECT currency, days, limit_minor, next_minor, next_ms FROM spend_limit
      WHERE account_id = \(account) \(inCurrency) ORDER BY currency, days
      """)
    return try rows.compactMap { row in
      let currency: Currency = try row.get("currency")
      guard let period = Period(rawValue: try row.get("days")) else { return nil }
      var minor: Int64? = try row.get("limit_minor")
      var next: Next?
      if let from = try row.get("next_ms", as: Moment?.self) {
        let later = try row.get("next_minor", as: Int64?.self)
        if from <= now {
          minor = later
        } else {
          next = Next(limit: later.map { Money(minor: $0, currency: currency) }, from: from)
        }
      }
      guard let minor else { return nil }
      let since = now.adding(seconds: -period.rawValue * 86_400)
      let sum = try db.requireRow(
        """
        SELECT CAST(COALESCE(SUM(total_minor - refunded_minor), 0) AS BIGINT) AS spent FROM orders
        WHERE account_id = \(account) AND placed_ms > \(since) AND currency = \(currency)
          AND state NOT IN ('expired', 'cancelled')
        """)
      return SpendLimit(
        period: period, limit: Money(minor: minor, currency: currency),
        spent: Money(
          minor: try sum.get("spent", as: Int64.self) + led(by: account, currency, in: db), currency: currency),
        next: next)
    }
  }
}

/// Why a buyer who asked to be held back is.
public enum SpendRefusal: Refusal, Equatable {
  case overLimit(SpendLimit)

  public var code: String { "spend_limit" }

  public var sentence: String {
    switch self {
    case .overLimit(let limit):
      "You set yourself a limit of \(limit.limit.plain) a \(limit.period.name), and \(limit.left.plain) of it are left. "
        + "Order less, or change the limit in your account: a higher one holds from tomorrow."
    }
  }

  public var kind: RefusalKind { .conflict }
}
