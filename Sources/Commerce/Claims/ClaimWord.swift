import Store

/// What viewers say in a show's chat to reserve a product (docs/decisions/0044).
public struct ClaimWord: Sendable, Equatable {
  public let id: ID<ClaimWord>
  public let show: ID<Show>
  public let product: ID<Product>
  /// The product's, as it was when it opened.
  public let title: String
  /// At whose price it is sold, and where it is sent.
  public let market: String
  /// As the host typed it, such as `sold 12`.
  public let word: String
  /// Nil for as many as there are.
  public let unitsMax: Int64?
  /// Units of the claims that hold, or were ordered.
  public let taken: Int64
  public let unitsPerBuyerMax: Int64?
  /// For how long a comment reserves something.
  public let holdSeconds: Int64
  /// Guests' comments reserve nothing.
  public let isForAccounts: Bool
  public let opened: Moment
  /// Nil while it can be said.
  public let closed: Moment?
  let folded: String

  static let columns: SQL = """
    id, show_id, product_id, title, market, word, folded, units_max, units_taken, units_per_buyer_max, hold_seconds,
    accounts_only, created_ms, closed_ms
    """

  init(row: Row) throws {
    id = try row.get("id")
    show = try row.get("show_id")
    product = try row.get("product_id")
    title = try row.get("title")
    market = try row.get("market")
    word = try row.get("word")
    folded = try row.get("folded")
    unitsMax = try row.get("units_max")
    taken = try row.get("units_taken")
    unitsPerBuyerMax = try row.get("units_per_buyer_max")
    holdSeconds = try row.get("hold_seconds")
    isForAccounts = try row.get("accounts_only")
    opened = try row.get("created_ms")
    closed = try row.get("closed_ms")
  }

  static func require(_ id: ID<ClaimWord>, of show: ID<Show>, in db: any Connection) throws -> ClaimWord {
    guard let row = try db.row("SELECT \(columns) FROM claim_word WHERE id = \(id) AND show_id = \(show)") else {
      throw GeneralRefusal.notFound("claim word")
    }
    return try ClaimWord(row: row)
  }

  /// Those that can be said now, the first opened first.
  static func open(in show: ID<Show>, _ db: any Connection) throws -> [ClaimWord] {
    try db.rows(
      "SELECT \(columns) FROM claim_word WHERE show_id = \(show) AND closed_ms IS NULL ORDER BY created_ms, id"
    ).map(ClaimWord.init)
  }

  /// As its events tell it: what to say, and for what. `options` has what has to be said beside it where there is a
  /// choice, such as `Colour, Size`.
  func told(options: [String]) -> [String: String] {
    [
      "claimWord": "\(id)", "word": word, "product": "\(product)", "title": title,
      "options": options.joined(separator: ", "),
    ]
  }
}

/// What a claim word is opened from.
public struct ClaimWordDraft: Sendable, Codable, Equatable {
  public var product: ID<Product>
  public var market: String
  public var word: String
  public var unitsMax: Int64?
  public var unitsPerBuyerMax: Int64?
  public var holdMinutes: Int64
  public var isForAccounts: Bool

  public init(
    product: ID<Product>, market: String, word: String, unitsMax: Int64? = nil, unitsPerBuyerMax: Int64? = nil,
    holdMinutes: Int64 = 15, isForAccounts: Bool = false
  ) {
    self.product = product
    self.market = market
    self.word = word
    self.unitsMax = unitsMax
    self.unitsPerBuyerMax = unitsPerBuyerMax
    self.holdMinutes = holdMinutes
    self.isForAccounts = isForAccounts
  }
}

/// Why a comment reserved nothing, or a claim word is not opened, or a claim not ordered.
public enum ClaimRefusal: Refusal, Equatable {
  case wordTaken(String)
  case tooManyWords(limit: Int)
  case notOrdinary
  /// There is a choice, and what was said leaves it open.
  case which(options: String)
  case soldOut(left: Int64)
  case buyerLimit(Int64)
  case signIn
  case noVisitor
  case tooMany
  case notSold
  case over
  case otherThings

  public var code: String {
    switch self {
    case .wordTaken: "claim_word_taken"
    case .tooManyWords: "too_many_claim_words"
    case .notOrdinary: "claim_not_ordinary"
    case .which: "claim_which"
    case .soldOut: "claim_sold_out"
    case .buyerLimit: "claim_limit"
    case .signIn: "claim_sign_in"
    case .noVisitor: "claim_no_visitor"
    case .tooMany: "claim_too_many"
    case .notSold: "claim_not_sold"
    case .over: "claim_over"
    case .otherThings: "claim_other_things"
    }
  }

  public var sentence: String {
    switch self {
    case .wordTaken(let word): "“\(word)” is said for something else in this show already, or begins so. Take another."
    case .tooManyWords(let limit): "A show has at most \(limit) words to claim by. Close one first."
    case .notOrdinary: "Bundles and what is on preorder cannot be claimed by a comment."
    case .which(let options): "Say which one: \(options)."
    case .soldOut(let left):
      left > 0 ? "Only \(left) are left. Say a smaller number." : "It is all reserved. Somebody was faster."
    case .buyerLimit(let limit): "Nobody can have more than \(limit) of this."
    case .signIn: "Sign in first: only then a comment reserves something here."
    case .noVisitor: "Your browser keeps nothing by which it is known. Sign in to reserve something by a comment."
    case .tooMany: "You have reserved too much that is not ordered yet. Order it or let it go first."
    case .notSold: "This is not sold at the moment."
    case .over: "What was reserved for you is not any more: its time was over."
    case .otherThings: "What is reserved for you is something else by now. Look at it again."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .wordTaken, .tooManyWords, .notOrdinary, .soldOut, .buyerLimit, .notSold, .otherThings: .conflict
    case .which, .noVisitor: .invalid
    case .signIn: .unauthenticated
    case .tooMany: .limited
    case .over: .gone
    }
  }

  public var field: String? {
    switch self {
    case .wordTaken: "word"
    case .notOrdinary: "product"
    case .otherThings: "offers"
    default: nil
    }
  }
}
