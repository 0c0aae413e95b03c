import Store

/// What a bid came to.
public struct PlacedBid: Sendable, Equatable {
  public let auction: Auction
  public let isLeading: Bool
  public let maximum: Money
}

extension Commerce {
  /// Names the most that somebody would pay; the price goes no higher than it takes. A bid counts when it is here before
  /// the end by the server's clock, and cannot be withdrawn. One in the last `Policy.auctionLateSeconds` puts the end that
  /// far from then, unless it is sudden death.
  ///
  /// - Parameters:
  ///   - card: charged at the end if it comes to that; nil for the one used last.
  ///   - address: in the auction's market; nil for the one used last.
  ///   - language: of what is written to the bidder.
  /// - Throws: `AuctionRefusal`, `SpendRefusal`, `PayOrderRefusal.noProvider`, `BagRefusal`, `GeneralRefusal.invalid`,
  ///   `.notFound`.
  public func bid(
    _ id: ID<Auction>, by caller: Caller, maximumMinor: Int64, card: ID<SavedCard>? = nil,
    address: ID<SavedAddress>? = nil, language: String = "en"
  ) async throws -> PlacedBid {
    guard (1...Money.minorMax).contains(maximumMinor) else {
      throw GeneralRefusal.invalid(field: "maximumMinor", why: "must be 1 to \(Money.minorMax)")
    }
    guard language.utf8.count <= 35 else {
      throw GeneralRefusal.invalid(field: "language", why: "must be a language tag, such as hi")
    }
    return try await writeAndTell { db in
      let account = try caller.requireAccount()
      let now = clock.now
      let auction = try visible(id, to: caller, in: db)
      guard auction.takesBids(at: now) else { throw AuctionRefusal.closed }
      let wallet = try wallet(of: account, for: auction, card: card, address: address, in: db)
      try requireRoom(for: account, in: auction, at: now, db)
      let bid = Money(minor: maximumMinor, currency: auction.opening.currency)
      var bidding = auction.bidding
      func money(_ minor: Int64) -> Money { Money(minor: minor, currency: bid.currency) }
      switch bidding.receive(maximumMinor, from: account) {
      case .tooLow(let least): throw AuctionRefusal.tooLow(least: money(least))
      case .notAbove(let maximum): throw AuctionRefusal.notAbove(maximum: money(maximum))
      case .leads, .raised, .outbid: break
      }
      // Of an auction one leads the maximum counts already.
      let counted = auction.leader == account ? auction.leaderMaximum ?? 0 : 0
      let most = try auction.withTax(money(maximumMinor), in: db)
      try SpendLimit.require(account, wants: money(most.minor - counted), at: now, in: db)
      return try write(bid, of: account, wallet, bidding, to: auction, language: language, at: now, in: db)
    }
  }

  /// Everything that a bid changes, once it is known to count.
  private func write(
    _ bid: Money, of account: ID<Account>, _ wallet: (card: SavedCard, address: SavedAddress), _ bidding: Bidding,
    to auction: Auction, language: String, at now: Moment, in db: any Connection
  ) throws -> PlacedBid {
    guard let lead = bidding.lead, let price = bidding.price else { throw MissingRow() }
    let name = Auction.shortName(try Account.find(account, in: db)?.name ?? "")
    let isLeading = lead.bidder == account
    let ends = max(auction.ends, min(auction.lastEnd, now.adding(seconds: policy.auctionLateSeconds)))
    // The one row that decides: whoever comes second finds another number in it, or that bidding is over.
    let changed = try db.run(
      """
      UPDATE auction SET bids = bids + 1, leader_id = \(lead.bidder),
        leader_name = \(isLeading ? name : auction.leaderName), leader_max_minor = \(lead.maximum),
        price_minor = \(price), ends_ms = \(ends), extensions = extensions + \(ends > auction.ends ? 1 : 0)
      WHERE id = \(auction.id) AND state = 'open' AND bids = \(auction.bids) AND ends_ms > \(now)
      """)
    guard changed == 1 else { throw AuctionRefusal.closed }
    try db.run(
      """
      INSERT INTO auction_bid (auction_id, sequence, account_id, name, max_minor, price_minor, is_leading, at_ms)
      VALUES (\(auction.id), \(auction.bids + 1), \(account), \(name), \(bid.minor), \(price), \(isLeading), \(now))
      """)
    try db.run(
      """
      INSERT INTO auction_bidder (auction_id, account_id, card_id, address_id, language)
      VALUES (\(auction.id), \(account), \(wallet.card.id), \(wallet.address.id), \(language))
      ON CONFLICT (auction_id, account_id) DO UPDATE SET card_id = \(wallet.card.id),
        address_id = \(wallet.address.id), language = \(language)
      """)
    try Outbox.announce(.auction(auction.id), in: db)
    return PlacedBid(auction: try Auction.require(auction.id, in: db), isLeading: isLeading, maximum: bid)
  }

  /// What it would be paid with and where it would go.
  private func wallet(
    of account: ID<Account>, for auction: Auction, card: ID<SavedCard>?, address: ID<SavedAddress>?,
    in db: any Connection
  ) throws -> (card: SavedCard, address: SavedAddress) {
    guard try !auction.isMember(account, in: db) else { throw AuctionRefusal.member }
    try requireSelling(Show.require(auction.show, in: db).channel, in: auction.market, db)
    guard let current = providers.current else { throw PayOrderRefusal.noProvider }
    guard current.means == .card else { throw PayOrderRefusal.cardsNotKept }
    let provider = current.name
    let cards = try SavedCard.all(of: account, provider: provider, in: db)
    guard let found = cards.first(where: { card == nil || $0.id == card }) else {
      throw card == nil ? AuctionRefusal.noCard as any Refusal : GeneralRefusal.notFound("card")
    }
    let addresses = try SavedAddress.all(of: account, in: db).filter { $0.address.country == auction.market }
    guard let to = addresses.first(where: { address == nil || $0.id == address }) else {
      throw AuctionRefusal.noAddress(market: auction.market)
    }
    return (found, to)
  }

  private func requireRoom(
    for account: ID<Account>, in auction: Auction, at now: Moment, _ db: any Connection
  ) throws {
    guard auction.bids < policy.auctionBidsMax else { throw AuctionRefusal.full(limit: policy.auctionBidsMax) }
    let since = now.adding(seconds: -policy.auctionBidsSeconds)
    let made: Int64 = try db.requireRow(
      """
      SELECT COUNT(*) AS bids FROM auction_bid
      WHERE auction_id = \(auction.id) AND account_id = \(account) AND at_ms > \(since)
      """
    ).get("bids")
    guard made < Int64(policy.auctionBidsPerBuyerMax) else {
      throw AuctionRefusal.tooFast(limit: policy.auctionBidsPerBuyerMax, seconds: policy.auctionBidsSeconds)
    }
  }
}

extension Auction {
  /// What an amount comes to with the tax that is added to it.
  fileprivate func withTax(_ amount: Money, in db: any Connection) throws -> Money {
    let row = try db.requireRow(
      """
      SELECT \(TaxRules.columns), product.tax_class AS tax_class
      FROM market JOIN variant ON variant.id = \(variant) JOIN product ON product.id = variant.product_id
      WHERE market.code = \(market)
      """)
    let rules = try TaxRules(row: row)
    guard rules.isAdded else { return amount }
    let tax = try rules.rate(of: row.get("tax_class")).of(amount.minor)
    return try amount.adding(Money(minor: tax, currency: amount.currency))
  }

  func isMember(_ account: ID<Account>, in db: any Connection) throws -> Bool {
    try db.row(
      """
      SELECT 1 FROM member JOIN show ON show.channel_id = member.channel_id
      WHERE show.id = \(show) AND member.account_id = \(account)
      """) != nil
  }
}
