import Store

extension Commerce {
  /// Opens an auction of one unit in a show that is on air. For the channel's owners and hosts. The unit is reserved for
  /// as long as it runs, and for whoever buys it.
  ///
  /// - Parameter mediaTime: where the show's clock stands, in milliseconds; nil takes it by the wall clock.
  /// - Throws: `AuctionRefusal`, `PayOrderRefusal.cardsNotKept`, `ShowRefusal.notLive`, `.ended`, `BagRefusal` where nothing is sold,
  ///   `GeneralRefusal.invalid`, `.notFound`, `IDTaken`.
  public func openAuction(
    _ id: ID<Auction>, by caller: Caller, show showID: ID<Show>, _ draft: AuctionDraft, mediaTime: Int64? = nil
  ) async throws -> Auction {
    let fingerprint = try MadeHash.of(draft, by: caller, for: showID.description)
    try draft.check(policy)
    return try await writeAndTell { [policy] db in
      let (show, occasion) = try changing(showID, by: caller, in: db)
      if let row = try db.row("SELECT made_hash FROM auction WHERE id = \(id)") {
        guard try row.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "auction") }
        return try Auction.require(id, of: showID, in: db)
      }
      try switches.require(.auctions)
      try policy.checkNew(id, at: occasion.at)
      // A bid is a card that will be charged.
      guard providers.current?.means != .upi else { throw PayOrderRefusal.cardsNotKept }
      try show.requireLive()
      guard show.markets.contains(draft.market),
        let market = try Market.find(draft.market, in: db)
      else { throw GeneralRefusal.invalid(field: "market", why: "must be one that the show sells in") }
      try requireSelling(show.channel, in: draft.market, db)
      let title = try title(of: draft.variant, channel: show.channel, in: db)
      try requireSendable(draft.variant, title, in: market, db)
      try Preorder.requireNone(of: [draft.variant], in: db)
      let states = try db.rows("SELECT state FROM auction WHERE show_id = \(showID)").map {
        try $0.get("state", as: Auction.State.self)
      }
      guard !states.contains(.open) else { throw AuctionRefusal.underWay }
      guard states.count < policy.auctionsPerShowMax else {
        throw AuctionRefusal.tooMany(limit: policy.auctionsPerShowMax)
      }
      try hold(draft.variant, on: occasion, in: db)
      let media = try mediaTime ?? Timeline.mediaTime(of: showID, at: occasion.at, in: db)
      // By the clock that bidders are held to; the timeline's can be a moment ahead of it.
      let opened = clock.now
      let ends = opened.adding(seconds: draft.durationSeconds)
      let lastEnd = draft.isSuddenDeath ? ends : ends.adding(seconds: policy.auctionExtensionSecondsMax)
      try db.run(
        """
        INSERT INTO auction (id, show_id, variant_id, title, market, currency, opening_minor, increment_minor,
          is_sudden_death, state, opened_ms, ends_ms, last_end_ms, open_media_ms, extensions, bids, leader_id,
          leader_name, leader_max_minor, price_minor, ended_ms, order_id, units_held, account_id, made_hash, created_ms)
        VALUES (\(id), \(showID), \(draft.variant), \(title), \(draft.market),
          \(market.currency), \(draft.openingMinor), \(draft.incrementMinor.sqlValue),
          \(draft.isSuddenDeath), \(Auction.State.open), \(opened), \(ends), \(lastEnd),
          \(min(max(0, media), Timeline.mediaTimeMax)), 0, 0, NULL, '', NULL, NULL, NULL, NULL, 1,
          \(caller.account.sqlValue), \(fingerprint), \(occasion.at))
        """)
      let auction = try Auction.require(id, in: db)
      try Timeline.append(
        show: showID, kind: .auctionOpened, mediaTime: media, payload: auction.told(price: auction.opening),
        on: occasion, in: db)
      try Outbox.announce(.auction(id), in: db)
      return auction
    }
  }

  /// Throws `BagRefusal` where the channel may not sell, or nobody may.
  func requireSelling(_ channel: ID<Channel>, in market: String, _ db: any Connection) throws {
    switch try SalesStop.of(channel, in: market, policy, switches, db: db) {
    case nil: return
    case .seller: throw BagRefusal.channelNotSelling
    case .market: throw BagRefusal.marketClosed(market)
    case .house: throw SwitchedOff(feature: .checkout, notice: switches.notice(.checkout))
    }
  }

  /// Nobody should win what cannot be sent to them.
  private func requireSendable(
    _ variant: ID<Variant>, _ title: String, in market: Market, _ db: any Connection
  ) throws {
    let grams = try db.requireRow("SELECT weight_grams FROM variant WHERE id = \(variant)").number("weight_grams")
    guard market.shippingTable.gramsMax.map({ grams <= $0 }) ?? true else {
      throw BagRefusal.tooHeavy(title: title, grams: grams, limit: market.shippingTable.gramsMax ?? 0, ofUnit: true)
    }
  }

  private func title(of variant: ID<Variant>, channel: ID<Channel>, in db: any Connection) throws -> String {
    let row = try db.row(
      """
      SELECT product.title AS product_title, variant.title AS variant_title
      FROM variant JOIN product ON product.id = variant.product_id
      WHERE variant.id = \(variant) AND variant.retired_ms IS NULL AND product.channel_id = \(channel)
      """)
    guard let row else { throw GeneralRefusal.notFound("variant") }
    return Quote.Line.title(product: try row.get("product_title"), variant: try row.get("variant_title"))
  }

  private func hold(_ variant: ID<Variant>, on occasion: Occasion, in db: any Connection) throws {
    let noted = Occasion(at: occasion.at, entropy: entropy, by: occasion.by, note: Auction.stockNote)
    guard try Stock.reserve([Stock.Units(variant: variant, count: 1)], on: noted, in: db) == .held else {
      throw AuctionRefusal.noUnit
    }
  }
}

extension Auction {
  /// What its events tell.
  func told(price: Money?, to name: String = "") -> [String: String] {
    [
      "auction": "\(id)", "variant": "\(variant)", "title": title, "priceMinor": price.map { "\($0.minor)" } ?? "",
      "currency": opening.currency.code, "name": name, "bids": "\(bids)",
    ]
  }
}

extension AuctionDraft {
  /// Everything that can be refused without a look at the database.
  fileprivate func check(_ policy: Policy) throws {
    func check(_ value: Int64, _ field: String, _ range: ClosedRange<Int64>, _ unit: String = "") throws {
      guard range.contains(value) else {
        throw GeneralRefusal.invalid(field: field, why: "must be \(range.lowerBound) to \(range.upperBound)\(unit)")
      }
    }
    try check(openingMinor, "openingMinor", 1...Money.minorMax)
    if let incrementMinor { try check(incrementMinor, "incrementMinor", 1...Money.minorMax) }
    try check(
      durationSeconds, "durationSeconds", policy.auctionSecondsMin...policy.auctionSecondsMax, " seconds")
  }
}

/// Why nothing came of it.
public enum AuctionRefusal: Refusal, Equatable {
  case underWay
  case tooMany(limit: Int)
  case noUnit
  case hasBids
  case closed
  case member
  case noCard
  case noAddress(market: String)
  case tooLow(least: Money)
  case notAbove(maximum: Money)
  case tooFast(limit: Int, seconds: Int64)
  case full(limit: Int64)

  public var code: String {
    switch self {
    case .underWay: "auction_under_way"
    case .tooMany: "too_many_auctions"
    case .noUnit: "auction_no_unit"
    case .hasBids: "auction_has_bids"
    case .closed: "auction_closed"
    case .member: "auction_member"
    case .noCard: "auction_no_card"
    case .noAddress: "auction_no_address"
    case .tooLow: "bid_too_low"
    case .notAbove: "bid_not_above"
    case .tooFast: "too_many_bids"
    case .full: "auction_full"
    }
  }

  public var sentence: String {
    switch self {
    case .underWay: "This show has an auction under way. Open the next one when it has ended."
    case .tooMany(let limit): "A show has at most \(limit) auctions."
    case .noUnit: "There is no unit of this to sell. Add what has come in to the stock first."
    case .hasBids: "Somebody has bid: the auction runs to its end. It can be called off before the first bid only."
    case .closed: "Bidding is over."
    case .member: "Members of the channel cannot bid in its auctions."
    case .noCard: "Save a card in your account before you bid: it is charged if you win."
    case .noAddress(let market):
      "Save an address in \(market) in your account before you bid: what you win is sent there."
    case .tooLow(let least): "The next bid has to be at least \(least.plain)."
    case .notAbove(let maximum): "You lead with a maximum of \(maximum.plain). Name more than that to raise it."
    case .tooFast(let limit, let seconds):
      "You have bid \(limit) times in \(seconds) seconds. Wait a moment, or name the most you would pay at once."
    case .full(let limit): "This auction has had \(limit) bids, and takes no more."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .underWay, .tooMany, .noUnit, .hasBids, .noCard, .noAddress, .tooLow, .notAbove, .full: .conflict
    case .member: .forbidden
    case .tooFast: .limited
    case .closed: .gone
    }
  }

  public var field: String? {
    switch self {
    case .noUnit: "variant"
    case .tooLow, .notAbove: "maximumMinor"
    case .noCard: "card"
    case .noAddress: "address"
    default: nil
    }
  }
}
