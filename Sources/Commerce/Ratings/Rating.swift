import Store

/// What a buyer says of a seller after an order arrived.
public struct Rating: Sendable, Equatable {
  public let id: ID<Rating>
  public let order: ID<Order>
  public let channel: ID<Channel>
  /// 1…5.
  public let stars: Int64
  /// May be empty.
  public let text: String
  /// What everybody is told of who said it: `Asha R.`. Empty once their account was deleted.
  public let name: String
  /// Why an operator took it down; nil while everybody sees it.
  public let hidden: String?
  /// The seller's; empty without one.
  public let answer: String
  public let answered: Moment?
  public let made: Moment
  public let changed: Moment

  public static let stars: ClosedRange<Int64> = 1...5

  /// Until when its buyer may change it.
  public func changeable(_ policy: Policy) -> Moment { made.adding(seconds: policy.ratingChangeDays * 86_400) }
}

/// How a seller is rated: how many, and what their stars come to.
public struct RatingSum: Sendable, Equatable, Codable {
  public let count: Int64
  public let stars: Int64

  public init(count: Int64, stars: Int64) {
    self.count = count
    self.stars = stars
  }

  public static let none = RatingSum(count: 0, stars: 0)

  /// The average in tenths of a star, rounded half up; nil without any.
  public var tenths: Int64? { count > 0 ? (stars * 20 + count) / (count * 2) : nil }
  /// `4.6`; nil without any.
  public var average: String? { tenths.map { "\($0 / 10).\($0 % 10)" } }
  /// `★ 4.6 (12)`, the same in every language; nil without any.
  public var short: String? { average.map { "★ \($0) (\(count))" } }
}

/// How an order stands with its rating, for its buyer and its seller.
public struct RatingStanding: Sendable, Equatable {
  public let rating: Rating?
  /// Whether its buyer may give or change one now.
  public let isOpen: Bool
}

/// A rating that somebody told the operator of.
public struct FlaggedRating: Sendable, Equatable {
  public let rating: Rating
  public let channelName: String
  public let channelHandle: String
  public let count: Int64
  public let last: Moment
  /// The newest first; at most five.
  public let notes: [String]
}

extension Rating {
  static let columns: SQL = """
    rating.id, rating.order_id, rating.channel_id, rating.stars, rating.said, rating.name, rating.hidden,
    rating.answer, rating.answered_ms, rating.created_ms, rating.changed_ms
    """

  init(row: Row) throws {
    id = try row.get("id")
    order = try row.get("order_id")
    channel = try row.get("channel_id")
    stars = try row.get("stars")
    text = try row.get("said")
    name = try row.get("name")
    hidden = try row.get("hidden")
    answer = try row.get("answer")
    answered = try row.get("answered_ms")
    made = try row.get("created_ms")
    changed = try row.get("changed_ms")
  }

  static func of(_ order: ID<Order>, in db: any Connection) throws -> Rating? {
    try db.row("SELECT \(columns) FROM rating WHERE order_id = \(order)").map(Rating.init)
  }

  static func require(_ id: ID<Rating>, in db: any Connection) throws -> Rating {
    guard let row = try db.row("SELECT \(columns) FROM rating WHERE id = \(id)") else {
      throw GeneralRefusal.notFound("rating")
    }
    return try Rating(row: row)
  }

  /// What everybody is told of a buyer: the first name, and of the last its first letter.
  static func shownName(of name: String) -> String {
    let parts = name.split(separator: " ")
    guard let first = parts.first else { return "" }
    guard parts.count > 1, let initial = parts.last?.first else { return String(first.prefix(30)) }
    return "\(first.prefix(30)) \(initial)."
  }

  /// Who they were is forgotten, and what they wrote; what they gave still counts.
  static func forget(account: ID<Account>, in db: any Connection) throws {
    try db.run("UPDATE rating SET name = '', said = '' WHERE account_id = \(account)")
  }
}

/// Why an order is not rated, or a rating not answered.
public enum RatingRefusal: Refusal, Equatable {
  /// Nothing of it has arrived, or was sent long enough ago.
  case notArrived
  case tooLate
  /// Who sold it does not rate it.
  case own
  case link
  case answered
  case hidden
  case noReporter

  public var code: String {
    switch self {
    case .notArrived: "rating_not_arrived"
    case .tooLate: "rating_too_late"
    case .own: "rating_own"
    case .link: "rating_link"
    case .answered: "rating_answered"
    case .hidden: "rating_hidden"
    case .noReporter: "flag_no_reporter"
    }
  }

  public var sentence: String {
    switch self {
    case .notArrived: "An order is rated once it has arrived."
    case .tooLate: "The time to rate this order, or to change its rating, is over."
    case .own: "This order was bought by one of those who sell it: they do not rate it."
    case .link: "A rating leads nowhere else: leave the link out."
    case .answered: "This rating is answered. There is one answer to each."
    case .hidden: "The operator took this rating down."
    case .noReporter: "It has to be known that nobody reports twice: sign in, or send “Haat-Visitor”."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .notArrived, .tooLate, .answered, .hidden: .conflict
    case .own: .forbidden
    case .link, .noReporter: .invalid
    }
  }

  public var field: String? { self == .link ? "text" : nil }
}
