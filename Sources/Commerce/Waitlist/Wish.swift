public import Store

/// A buyer's place in the waitlist of a sold-out variant (DOMAIN.md, “What is sold”).
public struct Wish: Sendable, Equatable {
  /// `unconfirmed` waits for a guest to open the link in their mail; `waiting` is in the list; while it is `offered` a
  /// unit is held for it. It ends as `taken` by an order, `lapsed` when the offer, or the wish, was not used in time,
  /// `left` by its buyer, or `ended` because the variant is sold no more.
  public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case unconfirmed, waiting, offered, taken, lapsed, left, ended

    public var isOpen: Bool { [.unconfirmed, .waiting, .offered].contains(self) }
  }

  public let id: ID<Wish>
  public let variant: ID<Variant>
  public let product: ID<Product>
  public let channel: ID<Channel>
  /// Of the product and the variant, as it is now.
  public let title: String
  /// At whose price it is offered, and where it would be sent.
  public let market: String
  /// Nil for a guest.
  public let account: ID<Account>?
  public let email: String
  /// The buyer's when they asked, such as `hi`.
  public let language: String
  public let state: State
  /// When it came into the list.
  public let since: Moment
  /// For how long a unit is held for it.
  public let offerSeconds: Int64
  /// Until when a unit is held; of the last offer, nil before the first.
  public let until: Moment?
  /// The order that took the offer.
  public let order: ID<Order>?
  /// From 1; nil unless it waits.
  public internal(set) var place: Int64?
  let offers: Int64
  let asked: Int64
}

extension Wish {
  /// In the journal of the stock.
  static let stockNote = "waitlist"

  static let columns: SQL = """
    wish.id AS id, wish.variant_id AS variant_id, wish.market AS market, wish.account_id AS account_id,
    wish.email AS email, wish.language AS language, wish.state AS state, wish.since_ms AS since_ms,
    wish.offer_seconds AS offer_seconds, wish.offers AS offers, wish.until_ms AS until_ms, wish.order_id AS order_id,
    wish.asked AS asked, product.id AS product_id, product.channel_id AS channel_id, product.title AS product_title,
    variant.title AS variant_title
    """

  static let tables: SQL = """
    wish JOIN variant ON variant.id = wish.variant_id JOIN product ON product.id = variant.product_id
    """

  init(row: Row) throws {
    id = try row.get("id")
    variant = try row.get("variant_id")
    product = try row.get("product_id")
    channel = try row.get("channel_id")
    title = Quote.Line.title(product: try row.get("product_title"), variant: try row.get("variant_title"))
    market = try row.get("market")
    account = try row.get("account_id")
    email = try row.get("email")
    language = try row.get("language")
    state = try row.get("state")
    since = try row.get("since_ms")
    offerSeconds = try row.get("offer_seconds")
    offers = try row.get("offers")
    until = try row.get("until_ms")
    order = try row.get("order_id")
    asked = try row.get("asked")
  }

  static func find(_ id: ID<Wish>, in db: any Connection) throws -> Wish? {
    try all("wish.id = \(id)", in: db).first
  }

  /// Each with its place in the list, where it waits.
  static func all(_ condition: SQL, in db: any Connection) throws -> [Wish] {
    try db.rows("SELECT \(columns) FROM \(tables) WHERE \(condition)").map { row in
      var wish = try Wish(row: row)
      guard wish.state == .waiting else { return wish }
      let before = try db.requireRow(
        """
        SELECT COUNT(*) AS before FROM wish
        WHERE variant_id = \(wish.variant) AND state = 'waiting'
          AND (since_ms, id) < (\(wish.since), \(wish.id))
        """)
      wish.place = try before.get("before", as: Int64.self) + 1
      return wish
    }
  }

  /// For whoever asked for it: its account, or a holder of one of its tokens. To anyone else it does not exist.
  static func require(
    _ id: ID<Wish>, by caller: Caller, token: Secret?, in db: any Connection
  ) throws -> Wish {
    guard let wish = try find(id, in: db) else { throw GeneralRefusal.notFound("wish") }
    if let account = wish.account, account == caller.account { return wish }
    guard let token,
      try db.row("SELECT 1 FROM wish_access WHERE wish_id = \(id) AND access_hash = \(token.hash)") != nil
    else { throw GeneralRefusal.notFound("wish") }
    return wish
  }
}

/// How many wait for a variant, for its seller.
public struct Waitlist: Sendable, Equatable {
  public let waiting: Int64
  /// Units that are held for somebody.
  public let offered: Int64

  public static let empty = Waitlist(waiting: 0, offered: 0)
}

/// Why nothing came of a wish.
public enum WaitlistRefusal: Refusal, Equatable {
  case available
  case notSold
  case bundle
  case full(limit: Int64)
  case tooMany(limit: Int64)
  case tooManyFromAddress
  case noOffer
  case offerOver
  case otherVariant

  public var code: String {
    switch self {
    case .available: "not_sold_out"
    case .notSold: "wish_not_sold"
    case .bundle: "wish_bundle"
    case .full: "waitlist_full"
    case .tooMany: "too_many_wishes"
    case .tooManyFromAddress: "wish_address"
    case .noOffer: "wish_not_offered"
    case .offerOver: "wish_offer_over"
    case .otherVariant: "wish_other_variant"
    }
  }

  public var sentence: String {
    switch self {
    case .available: "This is not sold out: it can be bought now."
    case .notSold: "This is not sold in that market, so that there is nothing to wait for."
    case .bundle: "A bundle has no waitlist of its own. Ask to be told of what is in it."
    case .full(let limit): "\(limit) people wait for this already. Come back later."
    case .tooMany(let limit): "You wait for \(limit) things already. Leave one of their lists first."
    case .tooManyFromAddress:
      "Many who have not confirmed their wish yet ask from your network. Confirm yours, or sign in."
    case .noOffer: "No unit is held for this wish at the moment. You are told when one is."
    case .offerOver: "The time to take this offer is over, and it has gone to the next one. Ask to be told again."
    case .otherVariant: "One unit of the variant that was waited for is held, and nothing else: order exactly that."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .available, .notSold, .bundle, .full, .tooMany, .noOffer: .conflict
    case .tooManyFromAddress: .limited
    case .offerOver: .gone
    case .otherVariant: .invalid
    }
  }

  public var field: String? {
    switch self {
    case .available, .bundle, .full: "variant"
    case .notSold: "market"
    case .otherVariant: "offer"
    default: nil
    }
  }
}
