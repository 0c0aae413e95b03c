import Store

/// One bid as everybody sees it: never what its bidder would have paid.
public struct Bid: Sendable, Equatable {
  /// From 1.
  public let sequence: Int64
  /// A first name and an initial.
  public let name: String
  /// The price once it was in.
  public let price: Money
  /// Whether its bidder led then.
  public let isLeading: Bool
  public let at: Moment
}

/// How somebody stands in an auction, and what they need to bid.
public struct BidderStanding: Sendable, Equatable {
  public let auction: Auction
  /// By which they know that the leader is them.
  public let code: String
  /// The most they named; nil for who has not bid.
  public let maximum: Money?
  public let isMember: Bool
  /// The one used last, which would be charged; nil for who has none.
  public let card: SavedCard?
  /// The one in the market that was used last.
  public let address: SavedAddress?
  /// What is added to the next bid, and from which price on nothing is.
  public let shipping: Money
  public let shippingFreeFrom: Money?
  /// Contained in the price, or added to it.
  public let taxRate: Rate
  public let isTaxAdded: Bool
  /// What the next bid would come to if it won, with shipping and tax.
  public let total: Money
  /// The order that was placed for them; nil when they have not won, or not yet.
  public let order: ID<Order>?
  /// Whether they have to pay it themselves, and until when.
  public let payUntil: Moment?
}

extension Commerce {
  /// Throws `GeneralRefusal.notFound`.
  public func auction(_ id: ID<Auction>, by caller: Caller = .nobody) async throws -> Auction {
    try await database.read { db in try visible(id, to: caller, in: db) }
  }

  /// Some auctions as they are now, for those who are told of bids.
  public func auctions(_ ids: [ID<Auction>]) async throws -> [Auction] {
    guard !ids.isEmpty else { return [] }
    return try await database.read { db in
      let rows = try db.rows("SELECT \(Auction.columns) FROM auction WHERE id IN \(list: ids) ORDER BY id")
      return try Auction.withSales(rows.map(Auction.init), in: db)
    }
  }

  /// The auctions of a show, the newest first; there are at most `Policy.auctionsPerShowMax`.
  public func auctions(of show: ID<Show>, by caller: Caller = .nobody) async throws -> [Auction] {
    try await database.read { db in
      try requireVisible(Show.require(show, in: db), to: caller, in: db)
      let rows = try db.rows(
        "SELECT \(Auction.columns) FROM auction WHERE show_id = \(show) ORDER BY created_ms DESC, id DESC")
      return try Auction.withSales(rows.map(Auction.init), in: db)
    }
  }

  /// Its bids, the newest first, at most `limit`.
  ///
  /// - Parameter before: only those with a lower number.
  public func bids(
    of id: ID<Auction>, before: Int64? = nil, by caller: Caller = .nobody, limit: Int = 20
  ) async throws -> [Bid] {
    try policy.check(limit: limit)
    return try await database.read { db in
      let auction = try visible(id, to: caller, in: db)
      return try db.rows(
        """
        SELECT sequence, name, price_minor, is_leading, at_ms FROM auction_bid
        WHERE auction_id = \(id) AND sequence < \(before ?? .max) ORDER BY sequence DESC LIMIT \(limit)
        """
      ).map { row in
        Bid(
          sequence: try row.get("sequence"), name: try row.get("name"),
          price: Money(minor: try row.get("price_minor"), currency: auction.opening.currency),
          isLeading: try row.get("is_leading"), at: try row.get("at_ms"))
      }
    }
  }

  /// How the caller stands, and what they need to bid. Throws `GeneralRefusal.signInNeeded`, `.notFound`.
  public func auctionStanding(_ id: ID<Auction>, by caller: Caller) async throws -> BidderStanding {
    try await database.read { db in
      let account = try caller.requireAccount()
      let auction = try visible(id, to: caller, in: db)
      let currency = auction.opening.currency
      func money(_ minor: Int64?) -> Money? { minor.map { Money(minor: $0, currency: currency) } }
      let maximum = try db.requireRow(
        "SELECT MAX(max_minor) AS maximum FROM auction_bid WHERE auction_id = \(id) AND account_id = \(account)")
      let market = try db.requireRow(
        """
        SELECT currency, shipping_minor, shipping_table, shipping_free_from_minor, \(TaxRules.columns),
          variant.weight_grams AS weight_grams, product.tax_class AS tax_class
        FROM market JOIN variant ON variant.id = \(auction.variant) JOIN product ON product.id = variant.product_id
        WHERE code = \(auction.market)
        """)
      let rates = try ShippingRates(row: market)
      let grams = try market.number("weight_grams")
      guard let shipping = rates.cost(of: auction.next, grams: grams) else {
        throw BagRefusal.tooHeavy(title: auction.title, grams: grams, limit: rates.table.gramsMax ?? 0, ofUnit: true)
      }
      let taxRate = try rates.tax.rate(of: market.get("tax_class"))
      var total = try auction.next.adding(shipping)
      if rates.tax.isAdded {
        let tax = taxRate.of(auction.next.minor) + rates.tax.shippingRate.of(shipping.minor)
        total = try total.adding(Money(minor: tax, currency: currency))
      }
      let turn = try db.row(
        """
        SELECT auction_place.state AS state, orders.id AS id, orders.state AS order_state, orders.expires_ms AS expires_ms
        FROM auction_place JOIN orders ON orders.id = auction_place.order_id
        WHERE auction_place.auction_id = \(id) AND auction_place.account_id = \(account)
        """)
      let mustPay =
        try turn.map {
          try $0.get("state", as: Auction.Turn.self) == .asked && $0.get("order_state", as: Order.State.self) == .placed
        } ?? false
      let provider = providers.current?.name ?? ""
      return BidderStanding(
        auction: auction, code: auction.code(of: account), maximum: try money(maximum.get("maximum")),
        isMember: try auction.isMember(account, in: db),
        card: try SavedCard.all(of: account, provider: provider, in: db).first,
        address: try SavedAddress.all(of: account, in: db).first { $0.address.country == auction.market },
        shipping: shipping, shippingFreeFrom: money(rates.freeFrom),
        taxRate: taxRate, isTaxAdded: rates.tax.isAdded, total: total, order: try turn?.get("id"),
        payUntil: mustPay ? try turn?.get("expires_ms") : nil)
    }
  }

  /// Whether an order was placed by an auction: it is paid where it is, and not from a bag.
  public func isWon(_ order: ID<Order>) async throws -> Bool {
    try await database.read { db in try db.row("SELECT 1 FROM auction_place WHERE order_id = \(order)") != nil }
  }

  /// Throws `notFound` unless the caller may know of its show.
  func visible(_ id: ID<Auction>, to caller: Caller, in db: any Connection) throws -> Auction {
    let auction = try Auction.require(id, in: db)
    do {
      try requireVisible(Show.require(auction.show, in: db), to: caller, in: db)
    } catch is GeneralRefusal {
      throw GeneralRefusal.notFound("auction")
    }
    return auction
  }
}
