import Store

extension Commerce {
  /// Opens a deal on a product in a show that is on air. For the channel's owners and hosts. One that is not in the run
  /// yet is added to its end.
  ///
  /// - Parameter mediaTime: where the show's clock stands, in milliseconds; nil takes it by the wall clock.
  /// - Throws: `DealRefusal`, `ShowRefusal.notLive`, `.ended`, `.runFull`, `GeneralRefusal.invalid`, `.notFound`,
  ///   `IDTaken`.
  public func openDeal(
    _ id: ID<Deal>, by caller: Caller, show showID: ID<Show>, _ draft: DealDraft, mediaTime: Int64? = nil
  ) async throws -> Deal {
    let fingerprint = try MadeHash.of(draft, by: caller, for: showID.description)
    try draft.check(policy)
    return try await writeAndTell { [policy] db in
      let (show, occasion) = try changing(showID, by: caller, in: db)
      if let row = try db.row("SELECT made_hash FROM deal WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "deal") }
        return try Deal.require(id, of: showID, in: db)
      }
      try policy.checkNew(id, at: occasion.at)
      try show.requireLive()
      // What a product costs is its seller's to say.
      try Product.requireOwn(draft.product, of: show.channel, in: db)
      let bundle = try db.row("SELECT 1 FROM variant WHERE product_id = \(draft.product) AND is_bundle = 1")
      guard bundle == nil else { throw DealRefusal.bundle }
      let variants = try db.rows("SELECT id FROM variant WHERE product_id = \(draft.product)")
      try Preorder.requireNone(of: variants.map { try $0.get("id") }, in: db)
      try addToRun(draft.product, of: show, in: db)
      try endDueDeals(of: showID, on: occasion, in: db)
      let open = try db.row("SELECT 1 FROM deal WHERE product_id = \(draft.product) AND ended_why IS NULL")
      guard open == nil else { throw DealRefusal.alreadyOpen }
      let terms = try DealTerms.of(draft.product, markets: show.markets, at: occasion.at, policy: policy, in: db)
      try draft.check(terms, policy)
      let now = try mediaTime ?? Timeline.mediaTime(of: showID, at: occasion.at, in: db)
      // By the clock that buyers are held to; the timeline's can be a moment ahead of it.
      let starts = clock.now.adding(seconds: draft.countdownSeconds)
      let deal = Deal(
        id: id, show: showID, product: draft.product, starts: starts,
        ends: starts.adding(seconds: draft.durationSeconds),
        startMediaTime: min(max(0, now), Timeline.mediaTimeMax) + draft.countdownSeconds * 1000,
        unitsMax: draft.unitsMax, unitsPerBuyerMax: draft.unitsPerBuyerMax, taken: 0, ended: nil)
      try deal.insert(by: caller, fingerprint, draft.prices, terms, on: occasion, in: db)
      try Timeline.append(
        show: showID, kind: .dealOpened, mediaTime: now,
        payload: [
          "deal": "\(id)", "product": "\(draft.product)", "startMediaTime": "\(deal.startMediaTime)",
          "endMediaTime": "\(deal.endMediaTime)",
        ], on: occasion, in: db)
      return deal
    }
  }
}

extension Deal {
  fileprivate func insert(
    by caller: Caller, _ fingerprint: [UInt8], _ prices: [String: Int64], _ terms: DealTerms, on occasion: Occasion,
    in db: any Connection
  ) throws {
    try db.run(
      """
      INSERT INTO deal (id, show_id, product_id, starts_ms, ends_ms, start_media_ms, units_max, units_per_buyer_max,
        taken, ended_why, account_id, made_hash, created_ms)
      VALUES (\(id), \(show), \(product), \(starts), \(ends), \(startMediaTime), \(unitsMax), \(unitsPerBuyerMax), 0,
        NULL, \(caller.account), \(fingerprint), \(occasion.at))
      """)
    for place in terms.prices {
      guard let price = prices[place.market] else { continue }
      try db.run(
        """
        INSERT INTO offer (id, variant_id, market, kind, currency, price_minor, compare_at_minor, opened_ms, closed_ms,
          deal_id, lowest_minor)
        VALUES (\(ID<Offer>(at: occasion.at, entropy: occasion.entropy)), \(place.variant), \(place.market),
          \(Offer.Kind.deal), \(place.list.currency), \(price), \(place.list.minor), \(starts), \(ends), \(id),
          \(place.lowest.minor))
        """)
      try Outbox.announce(.offer(place.variant), in: db)
    }
  }
}

extension DealDraft {
  /// Everything that can be refused without a look at the database.
  fileprivate func check(_ policy: Policy) throws {
    func check(_ value: Int64, _ field: String, _ range: ClosedRange<Int64>, _ unit: String) throws {
      guard range.contains(value) else {
        throw GeneralRefusal.invalid(
          field: field, why: "must be \(range.lowerBound) to \(range.upperBound)\(unit)")
      }
    }
    try check(countdownSeconds, "countdownSeconds", 0...policy.dealCountdownSecondsMax, " seconds")
    try check(
      durationSeconds, "durationSeconds",
      policy.dealSecondsMin...max(policy.dealSecondsMin, policy.dealSecondsMax), " seconds")
    try check(unitsMax, "unitsMax", 1...policy.dealUnitsMax, "")
    try check(unitsPerBuyerMax, "unitsPerBuyerMax", 1...min(policy.quantityMax, unitsMax), "")
    guard (1...policy.marketsPerShowMax).contains(prices.count) else {
      throw GeneralRefusal.invalid(field: "prices", why: "must name 1 to \(policy.marketsPerShowMax) markets")
    }
  }

  /// Throws `DealRefusal` unless every price is below all that it has to be below.
  fileprivate func check(_ terms: DealTerms, _ policy: Policy) throws {
    for (market, price) in prices.sorted(by: { $0.key < $1.key }) {
      let sold = terms.prices.filter { $0.market == market }
      guard !sold.isEmpty else {
        throw GeneralRefusal.invalid(
          field: "prices", why: "names “\(market.prefix(16))”, where the show does not sell this product")
      }
      guard price >= 1 else {
        throw GeneralRefusal.invalid(field: "prices", why: "must be at least 1 minor unit in \(market)")
      }
      if let above = sold.first(where: { price >= $0.list.minor }) { throw DealRefusal.notBelowList(above.list) }
      if let above = sold.first(where: { price > $0.max.minor }) {
        throw DealRefusal.notBelowLowest(above.lowest, days: policy.dealLowestDays)
      }
    }
    guard unitsMax <= terms.available else { throw DealRefusal.tooFewUnits(available: terms.available) }
  }
}

/// Why a deal is not opened.
public enum DealRefusal: Refusal, Equatable {
  case alreadyOpen
  case bundle
  case notBelowList(Money)
  case notBelowLowest(Money, days: Int64)
  case tooFewUnits(available: Int64)

  public var code: String {
    switch self {
    case .alreadyOpen: "deal_open"
    case .bundle: "deal_bundle"
    case .notBelowList: "deal_not_below_list"
    case .notBelowLowest: "deal_not_below_lowest"
    case .tooFewUnits: "deal_too_few_units"
    }
  }

  public var sentence: String {
    switch self {
    case .bundle:
      "A bundle is a lower price already, and has no deal. Open one on a part, or change the bundle's price."
    case .alreadyOpen: "This product has a deal already. End it, or wait until its time is over."
    case .notBelowList(let list): "A deal must be below the price of today, \(list.plain). Take a lower price."
    case .notBelowLowest(let lowest, let days):
      "A deal must be below the lowest price of the last \(days) days, \(lowest.plain). Take a lower price."
    case .tooFewUnits(let available):
      "There are \(available) units to sell. Limit the deal to those, or add what has come in to the stock first."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .alreadyOpen, .bundle, .tooFewUnits: .conflict
    case .notBelowList, .notBelowLowest: .invalid
    }
  }

  public var field: String? {
    switch self {
    case .alreadyOpen, .bundle: "product"
    case .notBelowList, .notBelowLowest: "prices"
    case .tooFewUnits: "unitsMax"
    }
  }
}
