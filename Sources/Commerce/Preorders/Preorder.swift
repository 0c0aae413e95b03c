public import Store

/// That a variant can be ordered before it is there: for a deposit now, and the balance once the goods have come
/// (DOMAIN.md, “What is sold”). It is its seller's; `Place` is a buyer's part in it.
public struct Preorder: Sendable, Equatable {
  /// `open` takes preorders until its time is over; `stopped` takes no more; `ended` when nobody waits for goods then,
  /// and the variant is sold as others are; `called_off` gives all deposits back.
  public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case open, stopped, ended
    case calledOff = "called_off"

    /// Whether the variant is on it.
    public var isOn: Bool { self == .open || self == .stopped }
  }

  public let id: ID<Preorder>
  public let channel: ID<Channel>
  public let variant: ID<Variant>
  public let product: ID<Product>
  /// Of the product and the variant, as it is now.
  public let title: String
  public let state: State
  /// The deposit's part of the price: 1 %…100 %. With 100 % everything is paid at once.
  public let depositRate: Rate
  /// How many units may be preordered.
  public let unitsMax: Int64
  /// Those that are, without what has ended.
  public let unitsTaken: Int64
  /// Those of them that wait for goods, or for their deposit.
  public let unitsWaiting: Int64
  /// Given by the seller, and nobody's yet.
  public let unitsReady: Int64
  /// All that the seller ever gave.
  public let unitsGiven: Int64
  /// When the goods are expected to be sent.
  public let shipsBy: Moment
  /// Until when preorders are taken.
  public let until: Moment
  /// How many days a buyer has for the balance.
  public let payDays: Int64
  public let made: Moment

  /// How many more can be preordered at `now`.
  public func left(at now: Moment) -> Int64 {
    state == .open && now < until ? max(0, unitsMax - unitsTaken) : 0
  }

  /// The deposit and the balance of one unit at a price: the deposit is rounded half to even, and at least one minor
  /// unit.
  public func parts(of price: Money) -> (deposit: Money, balance: Money) {
    let deposit = Self.deposit(of: price, at: depositRate)
    return (deposit, Money(minor: price.minor - deposit.minor, currency: price.currency))
  }

  static func deposit(of price: Money, at rate: Rate) -> Money {
    Money(minor: min(price.minor, max(1, rate.of(price.minor))), currency: price.currency)
  }
}

extension Preorder {
  /// A buyer's preorder: the order that paid the deposit, and what becomes of it.
  public struct Place: Sendable, Equatable {
    /// `held` until the deposit is paid; `waiting` for goods; `called` to pay the balance; `complete` when that is paid,
    /// or everything was, and the goods are theirs.
    public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible {
      case held, waiting, called, complete, ended

      /// Whether it can still be cancelled for all that was paid.
      public var isOpen: Bool { [.held, .waiting, .called].contains(self) }
    }

    /// Why it ended: nobody paid the deposit; its buyer or seller cancelled it; the balance was not paid in time; all of
    /// the preorder was called off.
    public enum End: String, Sendable, Codable, CaseIterable, ValueConvertible {
      case none = ""
      case unpaid, cancelled, lapsed
      case calledOff = "called_off"
    }

    /// The order that pays the deposit.
    public let order: ID<Order>
    public let preorder: ID<Preorder>
    public let channel: ID<Channel>
    public let variant: ID<Variant>
    public let title: String
    public let quantity: Int64
    public let state: State
    public let why: End
    /// Of one unit, as it was sold.
    public let price: Money
    /// What of it is paid with the balance; nothing where all is paid at once.
    public let balance: Money
    /// What is paid for shipping with the balance, without tax that is added to it.
    public let shipping: Money
    /// By when the goods are expected to be sent.
    public let shipsBy: Moment
    public let payDays: Int64
    /// The order that pays the balance, once there are goods.
    public let balanceOrder: ID<Order>?
    /// Until when the balance can be paid.
    public let due: Moment?
    /// When its turn began: the deposit was paid.
    public let since: Moment?
    public let made: Moment
    let refundFee: Int64
    let isTaxAdded: Bool
    /// What the buyer was told of `shipsBy`.
    let told: Moment

    /// Everything was paid at once.
    public var isWhole: Bool { balance.minor == 0 }
  }
}

extension Preorder {
  static let columns: SQL = """
    preorder.id AS id, preorder.channel_id AS channel_id, preorder.variant_id AS variant_id,
    variant.product_id AS product_id, product.title AS product_title, variant.title AS variant_title,
    preorder.state AS state, preorder.deposit_bp AS deposit_bp, preorder.units_max AS units_max,
    preorder.units_taken AS units_taken, preorder.units_waiting AS units_waiting, preorder.units_ready AS units_ready,
    preorder.units_given AS units_given, preorder.ships_by_ms AS ships_by_ms, preorder.until_ms AS until_ms,
    preorder.pay_days AS pay_days, preorder.created_ms AS created_ms
    """

  static let tables: SQL = """
    preorder JOIN variant ON variant.id = preorder.variant_id JOIN product ON product.id = variant.product_id
    """

  init(row: Row) throws {
    id = try row.get("id")
    channel = try row.get("channel_id")
    variant = try row.get("variant_id")
    product = try row.get("product_id")
    title = Quote.Line.title(product: try row.get("product_title"), variant: try row.get("variant_title"))
    state = try row.get("state")
    depositRate = try row.get("deposit_bp")
    unitsMax = try row.get("units_max")
    unitsTaken = try row.get("units_taken")
    unitsWaiting = try row.get("units_waiting")
    unitsReady = try row.get("units_ready")
    unitsGiven = try row.get("units_given")
    shipsBy = try row.get("ships_by_ms")
    until = try row.get("until_ms")
    payDays = try row.get("pay_days")
    made = try row.get("created_ms")
  }

  static func all(_ condition: SQL, in db: any Connection) throws -> [Preorder] {
    try db.rows("SELECT \(columns) FROM \(tables) WHERE \(condition)").map(Preorder.init)
  }

  static func find(_ id: ID<Preorder>, in db: any Connection) throws -> Preorder? {
    try all("preorder.id = \(id)", in: db).first
  }

  static func require(_ id: ID<Preorder>, in db: any Connection) throws -> Preorder {
    guard let preorder = try find(id, in: db) else { throw GeneralRefusal.notFound("preorder") }
    return preorder
  }

  /// Those that some variants are on now, by variant; one that only ends what it began is left out, for its variant is
  /// sold as others are.
  static func current(
    of variants: [ID<Variant>], at now: Moment, in db: any Connection
  ) throws -> [ID<Variant>: Preorder] {
    guard !variants.isEmpty else { return [:] }
    let found = try all("variant.id IN \(list: variants) AND preorder.id = variant.preorder_id", in: db)
    let on = found.filter { $0.state == .open && now < $0.until || $0.unitsWaiting > 0 }
    return Dictionary(on.map { ($0.variant, $0) }) { $1 }
  }

  /// Throws `PreorderRefusal.onPreorder` for what cannot be sold otherwise.
  static func requireNone(of variants: [ID<Variant>], in db: any Connection) throws {
    guard
      try db.row("SELECT 1 FROM variant WHERE id IN \(list: variants) AND preorder_id IS NOT NULL LIMIT 1") == nil
    else { throw PreorderRefusal.onPreorder }
  }
}

extension Preorder.Place {
  static let columns: SQL = """
    preorder_place.order_id AS order_id, preorder_place.preorder_id AS preorder_id,
    preorder.channel_id AS channel_id, preorder.variant_id AS variant_id, order_line.title AS title,
    preorder_place.quantity AS quantity, preorder_place.state AS state, preorder_place.why AS why,
    preorder_place.price_minor AS price_minor, preorder_place.balance_minor AS balance_minor,
    preorder_place.refund_fee_minor AS refund_fee_minor, preorder_place.shipping_minor AS shipping_minor,
    preorder_place.is_tax_added AS is_tax_added, preorder.ships_by_ms AS ships_by_ms,
    preorder_place.ships_by_ms AS told_ms, preorder_place.pay_days AS pay_days,
    preorder_place.balance_order_id AS balance_order_id, preorder_place.due_ms AS due_ms,
    preorder_place.since_ms AS since_ms, preorder_place.created_ms AS created_ms, deposit.currency AS currency
    """

  static let tables: SQL = """
    preorder_place JOIN preorder ON preorder.id = preorder_place.preorder_id
    JOIN orders AS deposit ON deposit.id = preorder_place.order_id
    JOIN order_line ON order_line.order_id = preorder_place.order_id AND order_line.position = 0
    """

  init(row: Row) throws {
    let currency: Currency = try row.get("currency")
    func money(_ column: String) throws -> Money { Money(minor: try row.get(column), currency: currency) }
    order = try row.get("order_id")
    preorder = try row.get("preorder_id")
    channel = try row.get("channel_id")
    variant = try row.get("variant_id")
    title = try row.get("title")
    quantity = try row.get("quantity")
    state = try row.get("state")
    why = try row.get("why")
    price = try money("price_minor")
    balance = try money("balance_minor")
    shipping = try money("shipping_minor")
    shipsBy = try row.get("ships_by_ms")
    payDays = try row.get("pay_days")
    balanceOrder = try row.get("balance_order_id")
    due = try row.get("due_ms")
    since = try row.get("since_ms")
    made = try row.get("created_ms")
    refundFee = try row.get("refund_fee_minor")
    isTaxAdded = try row.get("is_tax_added")
    told = try row.get("told_ms")
  }

  static func all(_ condition: SQL, in db: any Connection) throws -> [Self] {
    try db.rows("SELECT \(columns) FROM \(tables) WHERE \(condition)").map(Self.init)
  }

  /// The place that an order pays the deposit or the balance of; nil for other orders.
  static func of(_ order: ID<Order>, in db: any Connection) throws -> Self? {
    try all("preorder_place.order_id = \(order) OR preorder_place.balance_order_id = \(order)", in: db).first
  }

  /// By any of the orders in it.
  static func all(of orders: [ID<Order>], in db: any Connection) throws -> [ID<Order>: Self] {
    guard !orders.isEmpty else { return [:] }
    var found: [ID<Order>: Self] = [:]
    for place in try all(
      "preorder_place.order_id IN \(list: orders) OR preorder_place.balance_order_id IN \(list: orders)", in: db)
    {
      found[place.order] = place
      if let balance = place.balanceOrder { found[balance] = place }
    }
    return found
  }
}
