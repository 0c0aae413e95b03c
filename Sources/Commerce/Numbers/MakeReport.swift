import Store

extension Commerce {
  /// The numbers of a show, up to now or of all of it; for members of its channel who see what is sold.
  ///
  /// Throws `GeneralRefusal.notFound` to strangers, `.notAllowed`.
  public func report(of show: ID<Show>, by caller: Caller) async throws -> ShowReport {
    try await requireReport(of: show, by: caller)
    return try await makeReport(of: show).report
  }

  /// Whether the caller may read a show's numbers, for who has them already. Throws as `report` does.
  public func requireReport(of show: ID<Show>, by caller: Caller) async throws {
    try await database.read { db in
      _ = try Membership.require(.sales, of: Show.require(show, in: db).channel, by: caller, "show", in: db)
    }
  }

  /// The numbers of a show, for those of whom `requireReport` was asked, and how long it took to add them up. Throws
  /// `GeneralRefusal.notFound`.
  public func makeReport(of show: ID<Show>) async throws -> (report: ShowReport, took: Duration) {
    try await database.read { db in
      let began = ContinuousClock.now
      return (try ShowReport.make(of: show, at: clock.now, in: db), .now - began)
    }
  }
}

extension ShowReport {
  static func make(of id: ID<Show>, at now: Moment, in db: any Connection) throws -> ShowReport {
    let show = try Show.require(id, in: db)
    let made = try db.requireRow("SELECT created_ms FROM show WHERE id = \(id)")
    return try ReportMaking(show, madeAt: made.get("created_ms"), now: now).report(in: db)
  }
}

/// Adds up a show's numbers.
///
/// Its orders are found by the indexes that lists of orders have (`orders_of_channel`, `orders_of_creator`), from the
/// time the show was made: placing an order costs nothing for it.
private struct ReportMaking {
  private static let millisecondsPerMinute: Int64 = 60_000
  /// Steps of a report; those of a longer show have several minutes.
  private static let stepsMax: Int64 = 1_440
  private static let marksMax = 2_000
  /// A clock that was set back does not hide an order.
  private static let clockMilliseconds: Int64 = 86_400_000

  private let show: Show
  private let now: Moment
  private let started: Moment
  private let ended: Moment
  private let stepMinutes: Int64
  /// Before it none of the show's orders was placed.
  private let since: Moment

  private var takings: [Currency: ShowReport.Takings] = [:]
  private var products: [ID<Product>: ShowReport.ProductNumbers] = [:]
  private var sources: [ShowWay: ShowReport.SourceNumbers] = [:]
  private var steps: [Int64: ShowReport.Step] = [:]

  init(_ show: Show, madeAt: Moment, now: Moment) {
    self.show = show
    self.now = now
    since = madeAt.adding(milliseconds: -Self.clockMilliseconds)
    // What has not begun has no minutes.
    started = show.startedAt ?? .never
    ended = show.endedAt ?? .never
    let length = show.startedAt.map { max(0, (show.endedAt ?? now).milliseconds(since: $0)) } ?? 0
    stepMinutes = max(1, (length / Self.millisecondsPerMinute + Self.stepsMax) / Self.stepsMax)
  }

  private var stepMilliseconds: Int64 { stepMinutes * Self.millisecondsPerMinute }

  func report(in db: any Connection) throws -> ShowReport {
    var making = self
    try making.readOrders(in: db)
    try making.readLines(in: db)
    try making.readRefunds(in: db)
    try making.readInterest(in: db)
    try making.readMinutes(in: db)
    let marks = try making.marks(in: db)
    return try making.finished(marks, in: db)
  }

  // MARK: Orders

  /// In which step a moment is; -1 for none.
  private func step(of column: SQL) -> SQL {
    """
    CASE WHEN \(column) >= \(started) AND \(column) <= \(ended) THEN (\(column) - \(started)) / \(stepMilliseconds)
      ELSE -1 END
    """
  }

  /// The show's orders, by its channel and those of others that were sold in it.
  private func orders(_ which: SQL) -> SQL {
    func part(_ column: SQL) -> SQL {
      """
      SELECT id, currency, state, total_minor, refunded_minor, account_id, buyer,
        CASE WHEN part = 'balance' THEN 0 ELSE 1 END AS counted,
        \(step(of: "placed_ms")) AS step, \(ShowWay.ofOrders(endedAt: ended)) AS way
      FROM orders
      WHERE \(column) = \(show.channel) AND placed_ms >= \(since) AND show_id = \(show.id) AND \(which)
      """
    }
    return "(\(part("channel_id")) UNION ALL \(part("creator_id")))"
  }

  private mutating func readOrders(in db: any Connection) throws {
    let sold = orders("paid_ms IS NOT NULL")
    for row in try db.rows(
      """
      SELECT step, way, currency, CAST(SUM(counted) AS BIGINT) AS orders, CAST(SUM(total_minor) AS BIGINT) AS gross,
        CAST(SUM(refunded_minor) AS BIGINT) AS back
      FROM \(sold) sold GROUP BY step, way, currency
      """)
    {
      let (orders, gross, back) = (try row.number("orders"), try row.number("gross"), try row.number("back"))
      let currency: Currency = try row.get("currency")
      let way: ShowWay = try row.get("way")
      takings[currency, default: .init(currency: currency)].add(gross: gross, refunded: back)
      sources[way, default: .init(way: way)].orders += orders
      sources[way, default: .init(way: way)].takings.add(currency, gross: gross, refunded: back)
      change(try row.number("step")) { step in
        step.orders += orders
        step.gross.add(gross, currency)
      }
    }
    for row in try db.rows(
      """
      SELECT sold.way AS way, sold.currency AS currency, CAST(SUM(refund.amount_minor) AS BIGINT) AS minor
      FROM \(sold) sold JOIN refund ON refund.order_id = sold.id JOIN cancellation ON cancellation.id = refund.id
      WHERE sold.refunded_minor > 0 AND refund.kind = 'sale' AND refund.state <> 'failed'
      GROUP BY sold.way, sold.currency
      """)
    {
      let (minor, currency): (Int64, Currency) = (try row.number("minor"), try row.get("currency"))
      let way: ShowWay = try row.get("way")
      takings[currency]?.add(refunded: -minor, cancelled: minor)
      sources[way]?.takings.add(currency, refunded: -minor, cancelled: minor)
    }
  }

  /// What the lines say of products: a bundle's are of the bundle.
  private mutating func readLines(in db: any Connection) throws {
    for row in try db.rows(
      """
      SELECT step, product_id, currency, CAST(COUNT(DISTINCT order_id) AS BIGINT) AS orders,
        CAST(SUM(units) AS BIGINT) AS units, CAST(SUM(paid) AS BIGINT) AS gross
      FROM (
        SELECT sold.step AS step, COALESCE(bundle.product_id, line.product_id) AS product_id, sold.currency AS currency,
          CASE WHEN sold.counted = 1 THEN sold.id END AS order_id,
          CASE WHEN sold.counted = 0 THEN 0 WHEN line.bundle_id IS NULL THEN line.quantity
            WHEN part.position = 0 THEN line.quantity / part.quantity ELSE 0 END AS units,
          line.total_minor - line.discount_minor + line.tax_added_minor AS paid
        FROM \(orders("paid_ms IS NOT NULL")) sold
        JOIN order_line line ON line.order_id = sold.id
        LEFT JOIN variant bundle ON bundle.id = line.bundle_id
        LEFT JOIN bundle_part part ON part.bundle_id = line.bundle_id AND part.variant_id = line.variant_id
      ) bought GROUP BY step, product_id, currency
      """)
    {
      let product: ID<Product> = try row.get("product_id")
      let (orders, units, gross) = (try row.number("orders"), try row.number("units"), try row.number("gross"))
      let currency: Currency = try row.get("currency")
      change(product) { numbers in
        numbers.orders += orders
        numbers.units += units
        numbers.takings.add(currency, gross: gross)
      }
      change(try row.number("step"), product) { step in
        step.orders += orders
        step.units += units
        step.gross.add(gross, currency)
      }
    }
  }

  /// What went back of products, as far as a refund says what it is for.
  private mutating func readRefunds(in db: any Connection) throws {
    for row in try db.rows(
      """
      SELECT product_id, currency, is_cancelled, CAST(SUM(amount_minor) AS BIGINT) AS minor FROM (
        SELECT COALESCE(bundle.product_id, line.product_id) AS product_id, sold.currency AS currency,
          CAST(CASE WHEN cancellation.id IS NULL THEN 0 ELSE 1 END AS BIGINT) AS is_cancelled, part.amount_minor AS amount_minor
        FROM \(orders("paid_ms IS NOT NULL")) sold
        JOIN refund ON refund.order_id = sold.id
        JOIN refund_part part ON part.refund_id = refund.id
        JOIN order_line line ON line.order_id = sold.id AND line.position = part.pot
        LEFT JOIN variant bundle ON bundle.id = line.bundle_id
        LEFT JOIN cancellation ON cancellation.id = refund.id
        WHERE sold.refunded_minor > 0 AND refund.kind = 'sale' AND refund.state <> 'failed'
      ) given GROUP BY product_id, currency, is_cancelled
      """)
    {
      let (minor, currency): (Int64, Currency) = (try row.number("minor"), try row.get("currency"))
      let isCancelled = try row.get("is_cancelled", as: Bool.self)
      change(try row.get("product_id")) {
        $0.takings.add(currency, refunded: isCancelled ? 0 : minor, cancelled: isCancelled ? minor : 0)
      }
    }
  }

  // MARK: What the room and the chat have kept

  private mutating func readInterest(in db: any Connection) throws {
    for row in try db.rows(
      "SELECT minute, product_id, way, taps, bag_adds FROM show_interest WHERE show_id = \(show.id)")
    {
      let interest = Interest(taps: try row.number("taps"), bagAdds: try row.number("bag_adds"))
      let (product, way): (ID<Product>, ShowWay) = (try row.get("product_id"), try row.get("way"))
      let minute = try row.number("minute")
      sources[way, default: .init(way: way)].interest = sources[way, default: .init(way: way)].interest + interest
      change(product) { $0.interest = $0.interest + interest }
      let step = minute < 0 ? -1 : minute / stepMinutes
      change(step) { $0.interest = $0.interest + interest }
      change(step, product) { $0.interest = $0.interest + interest }
    }
  }

  private mutating func readMinutes(in db: any Connection) throws {
    for row in try db.rows("SELECT minute, viewers FROM show_minute WHERE show_id = \(show.id)") {
      let viewers = try row.number("viewers")
      change(try row.number("minute") / stepMinutes) { $0.viewers = max($0.viewers, viewers) }
    }
    for row in try db.rows(
      """
      SELECT step, CAST(COUNT(*) AS BIGINT) AS messages FROM (
        SELECT \(step(of: "created_ms")) AS step FROM message WHERE show_id = \(show.id) AND removed_ms IS NULL
      ) said GROUP BY step
      """)
    {
      let messages = try row.number("messages")
      change(try row.number("step")) { $0.messages += messages }
    }
  }

  private mutating func change(_ step: Int64, _ body: (inout ShowReport.Step) -> Void) {
    body(&steps[step, default: .init(minute: step < 0 ? nil : step * stepMinutes)])
  }

  private mutating func change(_ product: ID<Product>, _ body: (inout ShowReport.ProductNumbers) -> Void) {
    body(&products[product, default: .init(product: product)])
  }

  private mutating func change(
    _ step: Int64, _ product: ID<Product>, _ body: (inout ShowReport.ProductStep) -> Void
  ) {
    change(step) { step in
      let place = step.products.firstIndex { $0.product == product } ?? step.products.count
      if place == step.products.count { step.products.append(.init(product: product)) }
      body(&step.products[place])
    }
  }

  // MARK: Marks

  /// By which event a mark begins, what of it says which of several of its kind it is, and what it is called. Of a poll
  /// that was removed nothing is left to say so; there is one at a time.
  private static let kinds: [TimelineEvent.Kind: (ShowReport.Mark.Kind, name: String, title: String)] = [
    .pinned: (.pin, "", ""), .dealOpened: (.deal, "deal", ""), .couponShown: (.coupon, "", "title"),
    .giveawayOpened: (.giveaway, "giveaway", "prize"), .auctionOpened: (.auction, "auction", "title"),
    .pollOpened: (.poll, "", "question"), .bannerShown: (.banner, "banner", "text"),
  ]
  private static let ends: [TimelineEvent.Kind: (ShowReport.Mark.Kind, name: String)] = [
    .unpinned: (.pin, ""), .dealEnded: (.deal, "deal"), .couponHidden: (.coupon, ""),
    .giveawayDrawn: (.giveaway, "giveaway"), .auctionEnded: (.auction, "auction"),
    .auctionCancelled: (.auction, "auction"), .pollClosed: (.poll, ""), .pollRemoved: (.poll, ""),
    .bannerHidden: (.banner, "banner"),
  ]

  private func marks(in db: any Connection) throws -> [ShowReport.Mark] {
    guard let start = show.startedAt else { return [] }
    let kinds = Array(Self.kinds.keys) + Array(Self.ends.keys) + [.showEnded]
    var marks: [ShowReport.Mark] = []
    // Where the mark of a kind and a name is that has not ended.
    var open: [String: Int] = [:]
    for row in try db.rows(
      """
      SELECT \(TimelineEvent.columns) FROM timeline_event
      WHERE show_id = \(show.id) AND \(TimelineEvent.isMoment) AND kind IN \(list: kinds) ORDER BY sequence LIMIT \(Self.marksMax)
      """)
    {
      let event = try TimelineEvent(row: row)
      let at = max(0, event.at.milliseconds(since: start))
      func key(_ kind: ShowReport.Mark.Kind, _ name: String) -> String {
        "\(kind) \(name.isEmpty ? "" : event.detail(name))"
      }
      if let (kind, name, title) = Self.kinds[event.kind] {
        let key = key(kind, name)
        // What takes the place of another ends it.
        if let before = open[key] { marks[before].until = at }
        open[key] = marks.count
        marks.append(
          .init(
            kind: kind, from: at, until: nil, product: event.product, title: title.isEmpty ? "" : event.detail(title)))
      } else if let (kind, name) = Self.ends[event.kind], let place = open.removeValue(forKey: key(kind, name)) {
        marks[place].until = at
      } else if event.kind == .showEnded {
        for place in open.values { marks[place].until = at }
        open = [:]
      }
    }
    return marks
  }

  // MARK: All of it

  private func finished(_ found: [ShowReport.Mark], in db: any Connection) throws -> ShowReport {
    let named = Set(products.keys).union(found.compactMap(\.product))
    var titles: [ID<Product>: String] = [:]
    for row in try db.rows("SELECT id, title FROM product WHERE id IN \(list: named)") {
      titles[try row.get("id")] = try row.get("title")
    }
    let listed = products.values.map { numbers in
      var numbers = numbers
      numbers.title = titles[numbers.product] ?? ""
      numbers.takings.sort { $0.currency.code < $1.currency.code }
      return numbers
    }.sorted { $0.precedes($1) }
    let places = Dictionary(uniqueKeysWithValues: listed.enumerated().map { ($1.product, $0) })
    let steps = steps.values.map { step in
      var step = step
      step.gross.sort { $0.currency.code < $1.currency.code }
      step.products.sort { places[$0.product] ?? 0 < places[$1.product] ?? 0 }
      return step
    }.sorted { $0.minute ?? .max < $1.minute ?? .max }
    let marks = found.map { mark in
      var mark = mark
      if let product = mark.product { mark.title = titles[product] ?? mark.title }
      return mark
    }
    let reach = try db.row("SELECT viewers FROM show_reach WHERE show_id = \(show.id)")?.number("viewers") ?? 0
    let attendance = try Attendance.find(of: show.id, in: db)
    let buyers = try self.buyers(in: db)
    let unpaid = try self.unpaid(in: db)
    let all = takings.values.sorted { $0.currency.code < $1.currency.code }
    return ShowReport(
      show: show, madeAt: now, stepMinutes: stepMinutes, attendance: attendance,
      // Those who were there at once were at least as many different ones.
      viewers: max(reach, attendance.peak), messages: steps.reduce(0) { $0 + $1.messages },
      interest: steps.reduce(Interest()) { $0 + $1.interest }, orders: steps.reduce(0) { $0 + $1.orders },
      waiting: unpaid.waiting, lapsed: unpaid.lapsed, buyers: buyers.all, buyersOnAir: buyers.onAir, takings: all,
      shipping: all.map { whole in
        listed.flatMap(\.takings).filter { $0.currency == whole.currency }.reduce(whole) { $0.less($1) }
      },
      products: listed,
      sources: ShowWay.allCases.compactMap { way in
        var source = sources[way]
        source?.takings.sort { $0.currency.code < $1.currency.code }
        return source
      },
      steps: steps, marks: marks)
  }

  private func buyers(in db: any Connection) throws -> (all: Int64, onAir: Int64) {
    let row = try db.requireRow(
      """
      SELECT COUNT(DISTINCT account_id) AS accounts,
        COUNT(DISTINCT CASE WHEN account_id IS NULL THEN buyer END) AS guests,
        COUNT(DISTINCT CASE WHEN step >= 0 THEN account_id END) AS accounts_on_air,
        COUNT(DISTINCT CASE WHEN step >= 0 AND account_id IS NULL THEN buyer END) AS guests_on_air
      FROM \(orders("paid_ms IS NOT NULL")) sold
      """)
    return (
      try row.number("accounts") + row.number("guests"),
      try row.number("accounts_on_air") + row.number("guests_on_air")
    )
  }

  private func unpaid(in db: any Connection) throws -> (waiting: Int64, lapsed: Int64) {
    let row = try db.requireRow(
      """
      SELECT CAST(COALESCE(SUM(CASE WHEN state = 'placed' THEN counted ELSE 0 END), 0) AS BIGINT) AS waiting,
        CAST(COALESCE(SUM(CASE WHEN state = 'placed' THEN 0 ELSE counted END), 0) AS BIGINT) AS lapsed
      FROM \(orders("paid_ms IS NULL")) unpaid
      """)
    return (try row.number("waiting"), try row.number("lapsed"))
  }
}

extension ShowReport.Takings {
  init(currency: Currency) { self.init(currency: currency, grossMinor: 0) }

  mutating func add(gross: Int64 = 0, refunded: Int64 = 0, cancelled: Int64 = 0) {
    grossMinor += gross
    refundedMinor += refunded
    cancelledMinor += cancelled
  }

  fileprivate func less(_ other: ShowReport.Takings) -> ShowReport.Takings {
    var rest = self
    rest.add(gross: -other.grossMinor, refunded: -other.refundedMinor, cancelled: -other.cancelledMinor)
    return rest
  }
}

extension [ShowReport.Takings] {
  fileprivate mutating func add(_ currency: Currency, gross: Int64 = 0, refunded: Int64 = 0, cancelled: Int64 = 0) {
    let place = firstIndex { $0.currency == currency } ?? count
    if place == count { append(.init(currency: currency)) }
    self[place].add(gross: gross, refunded: refunded, cancelled: cancelled)
  }
}

extension [Money] {
  fileprivate mutating func add(_ minor: Int64, _ currency: Currency) {
    guard let place = firstIndex(where: { $0.currency == currency }) else {
      return append(Money(minor: minor, currency: currency))
    }
    self[place] = Money(minor: self[place].minor + minor, currency: currency)
  }
}

extension ShowReport.ProductNumbers {
  /// The order in which products are listed.
  fileprivate func precedes(_ other: Self) -> Bool {
    (orders, units, interest.bagAdds, interest.taps, other.product)
      > (other.orders, other.units, other.interest.bagAdds, other.interest.taps, product)
  }
}
