import Crypto
public import Store

/// A unit of a variant that is sold on air to whoever bids most (docs/auctions.md).
public struct Auction: Sendable, Equatable {
  /// `open` takes bids until its end; `settling` waits for the money of the winner or a runner-up; then it is `sold`, or
  /// `unsold` and its unit is back on the shelf. `cancelled` was called off before anybody bid.
  public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case open, settling, sold, unsold, cancelled
  }

  public let id: ID<Auction>
  public let show: ID<Show>
  public let variant: ID<Variant>
  /// Of the product and the variant, as it was when it opened.
  public let title: String
  /// Bids are in this market's currency, and what is won is sent there.
  public let market: String
  public let opening: Money
  /// What the host chose; nil goes by `BidIncrements`.
  public let increment: Money?
  /// Late bids do not put off its end.
  public let isSuddenDeath: Bool
  public let state: State
  public let opened: Moment
  /// Bids before it count, by the server's clock.
  public let ends: Moment
  /// Beyond which no bid puts the end.
  public let lastEnd: Moment
  /// When it opened on the show's own clock, in milliseconds.
  public let openMediaTime: Int64
  public let extensions: Int64
  public let bids: Int64
  /// Nil before the first bid.
  public let price: Money?
  /// Their first name and an initial; empty before the first bid.
  public let leaderName: String
  public let ended: Moment?
  /// Whom it was sold to, and at what price: the winner, or a runner-up.
  public internal(set) var sale: Sale?
  let leader: ID<Account>?
  let leaderMaximum: Int64?
  let unitsHeld: Int64
  let order: ID<Order>?

  public struct Sale: Sendable, Equatable {
    /// 0 is the winner.
    public let place: Int64
    public let name: String
    public let price: Money
  }

  /// The least that the next bid has to be.
  public var next: Money { Money(minor: bidding.least, currency: opening.currency) }
  /// By which the leader knows themselves: nobody reads an account from it.
  public var leaderCode: String? { leader.map(code) }

  func code(of account: ID<Account>) -> String {
    Hexadecimal.text(SHA256.hash(of: "auction \(id) \(account)").prefix(8))
  }

  var bidding: Bidding {
    var bidding = Bidding(currency: opening.currency, opening: opening.minor, increment: increment?.minor)
    if let leader, let leaderMaximum { bidding.lead = Bidding.Lead(bidder: leader, maximum: leaderMaximum) }
    bidding.price = price?.minor
    return bidding
  }

  func takesBids(at now: Moment) -> Bool { state == .open && now < ends }
}

extension Auction {
  /// In the journal of the stock.
  static let stockNote = "auction"
  /// Whose try to pay it is, of an order that an auction placed.
  static let chargeKey = "auction"

  static let columns: SQL = """
    auction.id, auction.show_id, auction.variant_id, auction.title, auction.market, auction.currency,
    auction.opening_minor, auction.increment_minor, auction.is_sudden_death, auction.state, auction.opened_ms,
    auction.ends_ms, auction.last_end_ms, auction.open_media_ms, auction.extensions, auction.bids, auction.leader_id,
    auction.leader_name, auction.leader_max_minor, auction.price_minor, auction.ended_ms, auction.order_id,
    auction.units_held
    """

  init(row: Row) throws {
    let currency: Currency = try row.get("currency")
    id = try row.get("id")
    show = try row.get("show_id")
    variant = try row.get("variant_id")
    title = try row.get("title")
    market = try row.get("market")
    opening = Money(minor: try row.get("opening_minor"), currency: currency)
    increment = try row.get("increment_minor", as: Int64?.self).map { Money(minor: $0, currency: currency) }
    isSuddenDeath = try row.get("is_sudden_death")
    state = try row.get("state")
    opened = try row.get("opened_ms")
    ends = try row.get("ends_ms")
    lastEnd = try row.get("last_end_ms")
    openMediaTime = try row.get("open_media_ms")
    extensions = try row.get("extensions")
    bids = try row.get("bids")
    leader = try row.get("leader_id")
    leaderName = try row.get("leader_name")
    leaderMaximum = try row.get("leader_max_minor")
    price = try row.get("price_minor", as: Int64?.self).map { Money(minor: $0, currency: currency) }
    ended = try row.get("ended_ms")
    order = try row.get("order_id")
    unitsHeld = try row.get("units_held")
  }

  /// Throws `GeneralRefusal.notFound`.
  static func require(_ id: ID<Auction>, of show: ID<Show>? = nil, in db: any Connection) throws -> Auction {
    guard let row = try db.row("SELECT \(columns) FROM auction WHERE id = \(id)") else {
      throw GeneralRefusal.notFound("auction")
    }
    let auction = try Auction(row: row)
    guard show == nil || auction.show == show else { throw GeneralRefusal.notFound("auction") }
    return try withSales([auction], in: db)[0]
  }

  /// The newest of a show.
  static func latest(of show: ID<Show>, in db: any Connection) throws -> Auction? {
    try withSales(
      db.rows(
        "SELECT \(columns) FROM auction WHERE show_id = \(show) ORDER BY created_ms DESC, id DESC LIMIT 1"
      ).map(Auction.init), in: db
    ).first
  }

  /// One more query, where some were sold.
  static func withSales(_ auctions: [Auction], in db: any Connection) throws -> [Auction] {
    let sold = auctions.filter { $0.state == .sold }.map(\.id)
    guard !sold.isEmpty else { return auctions }
    var sales: [ID<Auction>: (place: Int64, name: String, price: Int64)] = [:]
    for row in try db.rows(
      """
      SELECT auction_id, place, name, price_minor FROM auction_place
      WHERE auction_id IN \(list: sold) AND state = 'paid'
      """)
    {
      sales[try row.get("auction_id")] = (try row.get("place"), try row.get("name"), try row.get("price_minor"))
    }
    return auctions.map { auction in
      var auction = auction
      auction.sale = sales[auction.id].map {
        Sale(place: $0.place, name: $0.name, price: Money(minor: $0.price, currency: auction.opening.currency))
      }
      return auction
    }
  }

  /// As everybody sees a bidder: `Asha K.`
  static func shortName(_ name: String) -> String {
    let words = name.split(whereSeparator: \.isWhitespace)
    guard let first = words.first else { return "?" }
    let initial = words.count > 1 ? words.last?.first.map { " \($0)." } ?? "" : ""
    return String(first.prefix(20)) + initial
  }
}

/// What an auction is opened from.
public struct AuctionDraft: Sendable, Codable, Equatable {
  public var variant: ID<Variant>
  /// By its code, one of the show's.
  public var market: String
  public var openingMinor: Int64
  /// Nil goes by `BidIncrements`.
  public var incrementMinor: Int64?
  public var durationSeconds: Int64
  public var isSuddenDeath: Bool

  public init(
    variant: ID<Variant>, market: String, openingMinor: Int64, incrementMinor: Int64? = nil, durationSeconds: Int64,
    isSuddenDeath: Bool = false
  ) {
    self.variant = variant
    self.market = market
    self.openingMinor = openingMinor
    self.incrementMinor = incrementMinor
    self.durationSeconds = durationSeconds
    self.isSuddenDeath = isSuddenDeath
  }
}
