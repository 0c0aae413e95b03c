import Store

/// How many orders a channel with a limit has today. A day is one of UTC, for a channel sells in markets of several time
/// zones at once; an order that is not paid in time or is cancelled gives its place back.
enum DailyOrders {
  static let dayMilliseconds: Int64 = 86_400_000

  static func day(of moment: Moment) -> Int64 {
    let (days, rest) = moment.milliseconds.quotientAndRemainder(dividingBy: dayMilliseconds)
    return rest < 0 ? days - 1 : days
  }

  static func start(of moment: Moment) -> Moment { Moment(milliseconds: day(of: moment) * dayMilliseconds) }

  static func dayAfter(_ moment: Moment) -> Moment {
    Moment(milliseconds: (day(of: moment) + 1) * dayMilliseconds)
  }

  static func count(of channel: ID<Channel>, at now: Moment, in db: any Connection) throws -> Int64 {
    try db.row("SELECT orders FROM daily_orders WHERE channel_id = \(channel) AND day = \(day(of: now))")?
      .get("orders") ?? 0
  }

  /// Takes a place in the seller's day; nothing is done, nor asked, for a seller without a limit. One statement decides,
  /// so that two buyers cannot both have the last one.
  ///
  /// - Returns: the day whose count the order is in.
  static func take(for quote: Quote, at now: Moment, in db: any Connection) throws -> Int64? {
    guard let most = quote.dailyOrdersMax else { return nil }
    let day = day(of: now)
    let taken = try db.run(
      """
      INSERT INTO daily_orders (channel_id, day, orders) VALUES (\(quote.channel), \(day), 1)
      ON CONFLICT (channel_id, day) DO UPDATE SET orders = daily_orders.orders + 1
        WHERE daily_orders.orders < \(most)
      """)
    guard taken == 1 else { throw BagRefusal.sellerFull(until: dayAfter(now)) }
    return day
  }

  /// Throws `BagRefusal.sellerFull` when there is no place; for a bag that is only looked at.
  static func requireRoom(for quote: Quote, at now: Moment, in db: any Connection) throws {
    guard let most = quote.dailyOrdersMax else { return }
    guard try count(of: quote.channel, at: now, in: db) < most else {
      throw BagRefusal.sellerFull(until: dayAfter(now))
    }
  }

  /// Gives back the places of orders that end unpaid. Before their rows forget the day.
  static func giveBack(_ orders: [Order], in db: any Connection) throws {
    for row in try db.rows(
      """
      SELECT channel_id, quota_day, COUNT(*) AS orders FROM orders
      WHERE id IN \(list: orders.map(\.id)) AND quota_day IS NOT NULL AND state = 'placed'
      GROUP BY channel_id, quota_day ORDER BY channel_id, quota_day
      """)
    {
      let (channel, day): (ID<Channel>, Int64) = (try row.get("channel_id"), try row.get("quota_day"))
      try db.run(
        """
        UPDATE daily_orders SET orders = orders - \(try row.get("orders", as: Int64.self))
        WHERE channel_id = \(channel) AND day = \(day)
        """)
    }
  }

  /// Counts today's orders of a channel that had no limit when they were placed.
  static func recount(_ channel: ID<Channel>, at now: Moment, in db: any Connection) throws {
    let day = day(of: now)
    try db.run(
      """
      UPDATE orders SET quota_day = \(day)
      WHERE channel_id = \(channel) AND quota_day IS NULL AND state NOT IN ('expired', 'cancelled')
        AND placed_ms >= \(start(of: now)) AND placed_ms < \(dayAfter(now))
      """)
    let count: Int64 = try db.requireRow(
      """
      SELECT COUNT(*) AS orders FROM orders
      WHERE channel_id = \(channel) AND quota_day = \(day) AND placed_ms >= \(start(of: now))
        AND placed_ms < \(dayAfter(now))
      """
    ).get("orders")
    try db.run(
      """
      INSERT INTO daily_orders (channel_id, day, orders) VALUES (\(channel), \(day), \(count))
      ON CONFLICT (channel_id, day) DO UPDATE SET orders = \(count)
      """)
  }
}
