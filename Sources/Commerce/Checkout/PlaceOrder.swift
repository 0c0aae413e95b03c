import Store

extension Commerce {
  /// Holds the stock and records the order, or does neither. What it costs is decided here, by the offers.
  ///
  /// A bag of several sellers becomes an order for each, all or none, which are paid together: the first has the id, the
  /// others follow it in `PlacedOrder.others`, and one token opens them all.
  ///
  /// The caller may choose `id`: asking again with the same id, bag and buyer gives the first answer, with another
  /// token; with anything else it throws `PlaceOrderRefusal.otherOrder`. So does `key`, for callers who name their intent
  /// by an `Idempotency-Key` and not by the id: the key is claimed in the same transaction, and needs no other
  /// bookkeeping.
  ///
  /// `source` says by which link, page and moment it comes. It is no part of what makes two requests the same: a repeated
  /// one keeps the first one's.
  ///
  /// `address` is where it comes from, for the limits on what may be held unpaid; nil counts by the buyer alone.
  ///
  /// Throws `BagRefusal`, among them `soldOut`, `CouponRefusal`, `HoldRefusal`, `SpendRefusal`, and `GeneralRefusal.invalid` for what is wrong with the
  /// buyer, or with an `id` that is not of now.
  public func placeOrder(
    _ id: ID<Order>?, _ bag: Bag, buyer: Buyer, language: String, key: IdempotencyKey? = nil, address: String? = nil,
    source: OrderSource = .page
  ) async throws -> PlacedOrder {
    try await placeOrder(
      id, bag, buyer: buyer, language: language, key: key, address: address, source: source, wish: nil,
      claims: nil)
  }

  /// The same, for a caller that waits in no task: `tell` is told what became of it, on a thread that it must not hold up.
  /// What can be refused at once is thrown instead.
  public func placeOrder(
    _ id: ID<Order>?, _ bag: Bag, buyer: Buyer, language: String, key: IdempotencyKey?, address: String?,
    source: OrderSource, then tell: @escaping @Sendable (Result<PlacedOrder, any Error>) -> Void
  ) throws {
    let body = try placing(
      id, bag, buyer: buyer, language: language, key: key, address: address, source: source, wish: nil,
      claims: nil)
    writeAndTell(body, then: tell)
  }

  /// The same, with the unit that is held for a wish of whoever orders, or what their comments reserved, where there is
  /// such.
  func placeOrder(
    _ id: ID<Order>?, _ bag: Bag, buyer: Buyer, language: String, key: IdempotencyKey?, address: String?,
    source: OrderSource, wish: HeldWish?, claims: HeldClaims?
  ) async throws -> PlacedOrder {
    try await writeAndTell(
      placing(
        id, bag, buyer: buyer, language: language, key: key, address: address, source: source, wish: wish,
        claims: claims))
  }

  typealias HeldWish = (id: ID<Wish>, caller: Caller, token: Secret?)
  typealias HeldClaims = (id: ID<ClaimBag>, caller: Caller, token: Secret?)

  /// What is to be written, checked as far as it can be without the database.
  private func placing(
    _ id: ID<Order>?, _ bag: Bag, buyer: Buyer, language: String, key: IdempotencyKey?, address: String?,
    source: OrderSource, wish: HeldWish?, claims: HeldClaims?
  ) throws -> @Sendable (any Connection) throws -> PlacedOrder {
    // All that can be done before is: the writer's thread is the one thing that every order shares.
    try bag.check(policy)
    guard language.utf8.count <= 35 else {
      throw GeneralRefusal.invalid(field: "language", why: "must be a language tag, such as hi")
    }
    let buyer = try buyer.checked(policy)
    let encodedBuyer = buyer.encoded
    var request = OrderRequest(
      id: id ?? makeID(), bag: bag, buyer: buyer, encodedBuyer: encodedBuyer,
      fingerprint: Fingerprint.of(bag, account: buyer.account, encodedBuyer: encodedBuyer), language: language,
      source: source, access: Secret(prefix: "haat_order_", entropy: entropy), holder: Holder(buyer, address: address))
    request.wish = wish?.id
    request.claims = claims?.id
    let keyName = key?.name
    return { [request] db in
      let now = clock.now
      if let wish { _ = try Wish.require(wish.id, by: wish.caller, token: wish.token, in: db) }
      if let claims { _ = try ClaimBag.require(claims.id, by: claims.caller, token: claims.token, in: db) }
      if let key, let keyName, let placed = try key.claim(as: keyName, for: request, at: now, in: db) {
        return try self.repeated(placed, request, in: db)
      }
      // A new id names nothing yet: one statement less for those who go by a key.
      if let id, try Order.exists(id, in: db) { return try self.repeated(id, request, in: db) }
      return try self.place(request, in: db)
    }
  }

  private func place(_ request: OrderRequest, in db: any Connection) throws -> PlacedOrder {
    try switches.require(.checkout)
    if request.buyer.account == nil { try switches.require(.guestCheckout) }
    let occasion = occasion(by: request.buyer.account, order: request.id)
    try policy.checkNew(request.id, at: occasion.at)
    let quotes = try Quote.all(of: request.bag, at: occasion.at, policy: policy, in: db)
    // Prices, tax and shipping are the market's: they hold for what is sent to that country.
    guard request.buyer.address.country == request.bag.market else {
      throw GeneralRefusal.invalid(
        field: "buyer.address.country", why: "must be \(request.bag.market), the country of the market you buy in")
    }
    guard quotes.count > 1 else {
      let order = try place(quotes[0], as: request.id, of: nil, request, on: occasion, in: db)
      return PlacedOrder(order: order, others: [], access: request.access, isNew: true)
    }
    _ = try BagQuote(quotes, of: request.bag)
    let orders = try quotes.enumerated().map { index, quote in
      let id = index == 0 ? request.id : ID<Order>(at: occasion.at, entropy: entropy)
      return try place(quote, as: id, of: request.id, request, on: occasion.of(id), in: db)
    }
    return PlacedOrder(order: orders[0], others: Array(orders.dropFirst()), access: request.access, isNew: true)
  }

  /// One seller's order. What was placed before it in the same transaction counts towards all limits.
  func place(
    _ quote: Quote, as id: ID<Order>, of purchase: ID<Order>?, _ request: OrderRequest, on occasion: Occasion,
    in db: any Connection
  ) throws -> Order {
    let day = try DailyOrders.take(for: quote, at: occasion.at, in: db)
    try SpendLimit.require(request.buyer.account, wants: quote.total, at: occasion.at, in: db)
    let units = quote.units
    if request.bag.won != nil {
      // The auction has held it since it opened.
      for unit in units { try Stock.pass(unit, from: nil, to: id, on: occasion, in: db) }
    } else {
      try request.holder.requireRoom(for: quote.goods, of: quote, policy, at: occasion.at, in: db)
      if let wish = try request.wish.flatMap({ try Wish.find($0, in: db) }) {
        try wish.take(by: id, units, on: occasion, in: db)
      } else if let claims = request.claims {
        try ClaimBag.find(claims, in: db).take(by: id, units, on: occasion, in: db)
      } else if let line = quote.lines.first, let terms = line.preorder {
        try Preorder.take(line, terms, at: occasion.at, in: db)
      } else {
        try reserve(units, of: quote, on: occasion, in: db)
      }
      try UnitLimits.take(quote.lines, for: request.holder.buyer, in: id, db: db)
    }
    try Deal.take(quote.dealUnits, for: request.holder.buyer, in: db)
    try quote.coupon?.claim(for: request.holder.buyer, in: db)
    let attribution = try Attribution.of(
      request.source, seller: quote.channel, creator: quote.creator, buyer: request.buyer.account, at: occasion.at,
      in: db)
    let order = Order(
      id, of: purchase, request, quote, attribution, source: try request.source.checked(in: request.bag.show, db),
      at: occasion.at, policy: policy)
    try order.insert(request, day: day, in: db)
    if let line = quote.lines.first, let terms = line.preorder {
      try Preorder.Place.insert(order, quote, line, terms, in: db)
    }
    return order
  }

  private func reserve(_ units: [Stock.Units], of quote: Quote, on occasion: Occasion, in db: any Connection) throws {
    guard case .tooFew(let variant) = try Stock.reserve(units, on: occasion, in: db) else { return }
    let line = quote.lines.first { $0.variant == variant }
    let available = try Stock.levels(of: [variant], in: db)[variant]?.available ?? 0
    throw BagRefusal.soldOut(variant, title: line?.title ?? "", available: available)
  }

  /// The order as it is by now. The first answer's token is known by its hash alone, so another one is made.
  private func repeated(_ id: ID<Order>, _ request: OrderRequest, in db: any Connection) throws -> PlacedOrder {
    let row = try db.row("SELECT fingerprint FROM orders WHERE id = \(id)")
    guard let row, try row.get("fingerprint", as: [UInt8].self) == request.fingerprint else {
      throw PlaceOrderRefusal.otherOrder
    }
    let orders = try Order.require(id, in: db).paidTogether(in: db)
    for order in orders {
      try HeldTokens.ofOrder(order.id).add(request.access, at: clock.now, max: policy.tokensPerOrderMax, in: db)
    }
    return PlacedOrder(
      order: orders[0], others: Array(orders.dropFirst()), access: request.access, isNew: false)
  }
}

/// Why an order is not placed, other than for what is in its bag.
public enum PlaceOrderRefusal: Refusal, Equatable {
  case otherOrder

  public var code: String { "idempotency_mismatch" }

  public var sentence: String {
    "This order id or Idempotency-Key was used for another order. Take a new one for a new order."
  }

  public var kind: RefusalKind { .mismatch }
}

/// What `placeOrder` was asked for, with everything that could be worked out beforehand.
struct OrderRequest: Sendable {
  let id: ID<Order>
  let bag: Bag
  let buyer: Buyer
  let encodedBuyer: String
  let fingerprint: [UInt8]
  let language: String
  let source: OrderSource
  let access: Secret
  let holder: Holder
  /// How long it waits for payment; nil for as long as orders do.
  var payMinutes: Int64?
  /// Whose held unit it takes.
  var wish: ID<Wish>?
  /// What comments reserved, and it takes.
  var claims: ID<ClaimBag>?
}

extension Quote {
  /// What has to be on the shelf: nothing for a preorder. Two offers of one variant are one need.
  var units: [Stock.Units] { preordered == nil ? goods : [] }
  /// What it is of.
  var goods: [Stock.Units] { Stock.Units.summed(lines.map { ($0.variant, $0.quantity) }) }
}

extension Stock.Units {
  static func summed(_ parts: [(ID<Variant>, Int64)]) -> [Self] {
    var counts: [ID<Variant>: Int64] = [:]
    for (variant, count) in parts { counts[variant, default: 0] += count }
    return counts.map { Self(variant: $0.key, count: $0.value) }
  }
}
