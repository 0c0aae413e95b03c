import Store

/// How much channels of a tier may sell in a day, and from when on they are in it.
public struct Tier: Sendable, Equatable, Codable {
  /// 1…4.
  public var level: Int64
  /// Orders of a day of UTC; nil is without a limit.
  public var dailyOrdersMax: Int64?
  /// So many delivered orders bring a channel here.
  public var deliveredMin: Int64

  public init(level: Int64, dailyOrdersMax: Int64?, deliveredMin: Int64) {
    self.level = level
    self.dailyOrdersMax = dailyOrdersMax
    self.deliveredMin = deliveredMin
  }

  init(row: Row) throws {
    level = try row.get("level")
    dailyOrdersMax = try row.get("daily_orders_max")
    deliveredMin = try row.get("delivered_min")
  }

  static func all(in db: any Connection) throws -> [Tier] {
    try db.rows("SELECT level, daily_orders_max, delivered_min FROM tier ORDER BY level").map(Tier.init)
  }
}

/// Where one channel stands, and what is left of its day.
public struct ChannelTier: Sendable, Equatable {
  public static let levels: ClosedRange<Int64> = 1...4

  public let level: Int64
  /// It does not rise by itself: the operator put it there.
  public let isHeld: Bool
  /// Nil is without a limit.
  public let dailyOrdersMax: Int64?
  /// Orders of today that are placed or paid, in UTC; 0 without a limit: they are not counted then.
  public let ordersToday: Int64
  /// When the next day begins.
  public let nextDay: Moment
  /// Orders that arrived and were kept; counted only as far as the next tier needs.
  public let delivered: Int64
  /// What the next tier needs; nil in the last one, and where it is held.
  public let deliveredNeeded: Int64?

  /// Nil without a limit.
  public var leftToday: Int64? { dailyOrdersMax.map { max(0, $0 - ordersToday) } }

  /// Little is left: a tenth, or five.
  public var isNearLimit: Bool {
    guard let dailyOrdersMax, let leftToday else { return false }
    return leftToday <= max(5, dailyOrdersMax / 10)
  }

  init(of channel: ID<Channel>, at now: Moment, in db: any Connection) throws {
    let row = try db.requireRow(
      "SELECT tier, is_tier_held, daily_orders_max FROM channel WHERE id = \(channel)")
    level = try row.get("tier")
    isHeld = try row.get("is_tier_held")
    dailyOrdersMax = try row.get("daily_orders_max")
    ordersToday = dailyOrdersMax == nil ? 0 : try DailyOrders.count(of: channel, at: now, in: db)
    nextDay = DailyOrders.dayAfter(now)
    let level = level
    deliveredNeeded = isHeld ? nil : try Tier.all(in: db).first { $0.level == level + 1 }?.deliveredMin
    delivered =
      try deliveredNeeded.map { try Self.delivered(by: channel, upTo: $0, in: db) } ?? 0
  }

  /// Orders of a channel that arrived and were not refunded whole; counted up to so many.
  static func delivered(by channel: ID<Channel>, upTo most: Int64, in db: any Connection) throws -> Int64 {
    try db.requireRow(
      """
      SELECT COUNT(*) AS count FROM (
        SELECT 1 AS one FROM orders WHERE channel_id = \(channel) AND state IN ('delivered', 'settled')
          AND (part IS NULL OR part <> 'deposit') LIMIT \(most)
      ) AS found
      """
    ).get("count")
  }

  /// Puts a channel into a tier. Who gets a limit in the middle of a day has today's orders counted.
  static func put(
    _ channel: ID<Channel>, _ tier: Tier, isHeld: Bool, at now: Moment, in db: any Connection
  ) throws {
    try db.run(
      """
      UPDATE channel SET tier = \(tier.level), is_tier_held = \(isHeld), daily_orders_max = \(tier.dailyOrdersMax.sqlValue)
      WHERE id = \(channel)
      """)
    if tier.dailyOrdersMax != nil { try DailyOrders.recount(channel, at: now, in: db) }
  }

  /// As high as a channel's delivered orders bring it; called when one arrived. Never down.
  static func raise(_ channel: ID<Channel>, on occasion: Occasion, in db: any Connection) throws {
    let row = try db.requireRow("SELECT tier, is_tier_held FROM channel WHERE id = \(channel)")
    let (level, isHeld) = (try row.get("tier", as: Int64.self), try row.get("is_tier_held", as: Bool.self))
    guard !isHeld, level < levels.upperBound else { return }
    let higher = try Tier.all(in: db).filter { $0.level > level }
    guard let most = higher.map(\.deliveredMin).max() else { return }
    let delivered = try delivered(by: channel, upTo: most, in: db)
    guard let tier = higher.last(where: { $0.deliveredMin <= delivered }) else { return }
    try put(channel, tier, isHeld: false, at: occasion.at, in: db)
    let event = try AdmissionEvent.add(
      .tier, channel, .delivered, tier: tier.level, on: Occasion(at: occasion.at, entropy: occasion.entropy), in: db)
    try Mail.queue(event, of: channel, at: occasion.at, in: db)
  }
}

extension Commerce {
  /// The four tiers; for everybody.
  public func tiers() async throws -> [Tier] { try await database.read { db in try Tier.all(in: db) } }

  /// Sets the limits and thresholds of all tiers; for the operator. They hold at once for the channels in them, and no
  /// channel moves before its next order arrives.
  ///
  /// Throws `GeneralRefusal.invalid` unless there are four, each with a higher limit and threshold than the one before.
  public func putTiers(_ tiers: [Tier], by caller: Caller) async throws -> [Tier] {
    let tiers = tiers.sorted { $0.level < $1.level }
    return try await database.write { db in
      try caller.requireOperator(in: db)
      try Self.check(tiers)
      let now = clock.now
      for (old, new) in zip(try Tier.all(in: db), tiers) where old != new {
        try db.run(
          """
          UPDATE tier SET daily_orders_max = \(new.dailyOrdersMax.sqlValue), delivered_min = \(new.deliveredMin)
          WHERE level = \(new.level)
          """)
        guard old.dailyOrdersMax != new.dailyOrdersMax else { continue }
        try db.run(
          "UPDATE channel SET daily_orders_max = \(new.dailyOrdersMax.sqlValue) WHERE tier = \(new.level)")
        guard old.dailyOrdersMax == nil else { continue }
        // Nobody counted these today.
        for row in try db.rows(
          """
          SELECT DISTINCT orders.channel_id AS channel_id FROM orders JOIN channel ON channel.id = orders.channel_id
          WHERE channel.tier = \(new.level) AND orders.placed_ms >= \(DailyOrders.start(of: now))
          """)
        { try DailyOrders.recount(try row.get("channel_id"), at: now, in: db) }
      }
      return try Tier.all(in: db)
    }
  }

  private static func check(_ tiers: [Tier]) throws {
    guard tiers.map(\.level) == Array(ChannelTier.levels) else {
      throw GeneralRefusal.invalid(field: "tiers", why: "must be four, with the levels 1 to 4")
    }
    for tier in tiers {
      guard tier.dailyOrdersMax.map({ (1...Self.tierNumberMax).contains($0) }) ?? true else {
        throw GeneralRefusal.invalid(field: "dailyOrdersMax", why: "must be 1 to \(Self.tierNumberMax), or left out")
      }
      guard (0...Self.tierNumberMax).contains(tier.deliveredMin), tier.level > 1 || tier.deliveredMin == 0 else {
        throw GeneralRefusal.invalid(
          field: "deliveredMin", why: "must be 0 to \(Self.tierNumberMax), and 0 in the first tier")
      }
    }
    for (lower, higher) in zip(tiers, tiers.dropFirst()) {
      guard lower.dailyOrdersMax ?? .max <= higher.dailyOrdersMax ?? .max, lower.deliveredMin <= higher.deliveredMin
      else {
        throw GeneralRefusal.invalid(
          field: "tiers", why: "must rise: a higher tier has no lower limit, and needs no fewer delivered orders")
      }
    }
  }

  private static var tierNumberMax: Int64 { 1_000_000_000 }

  /// Puts a channel into a tier, with a reason; for the operator.
  ///
  /// - Parameter isHeld: it stays there, until it is put elsewhere or set free by the same call.
  public func setTier(
    of id: ID<Channel>, by caller: Caller, level: Int64, isHeld: Bool, words: String
  ) async throws -> AdmissionStanding {
    let words = try policy.text(words, "words", max: policy.reasonCharactersMax, lines: true)
    return try await database.write { [policy] db in
      let person = try caller.requireOperator(in: db)
      guard let channel = try Channel.find(id, in: db) else { throw GeneralRefusal.notFound("channel") }
      guard let tier = try Tier.all(in: db).first(where: { $0.level == level }) else {
        throw GeneralRefusal.invalid(field: "tier", why: "must be 1 to 4")
      }
      let occasion = occasion(by: person)
      let before = try ChannelTier(of: channel.id, at: occasion.at, in: db)
      if before.level != level || before.isHeld != isHeld {
        try ChannelTier.put(id, tier, isHeld: isHeld, at: occasion.at, in: db)
        let event = try AdmissionEvent.add(.tier, id, .agreed, words: words, tier: level, on: occasion, in: db)
        if before.level != level { try Mail.queue(event, of: id, at: occasion.at, in: db) }
      }
      return try AdmissionStanding(of: id, at: occasion.at, policy, in: db)
    }
  }
}
