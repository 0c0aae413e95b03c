import Store

extension Commerce {
  /// What somebody reserves in a show by their comments. For whose it is: their account, or a holder of the token that
  /// their comment was answered with.
  ///
  /// Throws `GeneralRefusal.notFound`.
  public func claimBag(_ id: ID<ClaimBag>, by caller: Caller, token: Secret? = nil) async throws -> ClaimBag {
    try await database.read { db in try ClaimBag.require(id, by: caller, token: token, in: db) }
  }

  /// The caller's bags in which something is held, the newest first, at most 100.
  public func claimBags(by caller: Caller) async throws -> [ClaimBag] {
    try await database.read { [clock] db in
      let account = try caller.requireAccount()
      return try db.rows(
        """
        SELECT \(ClaimBag.columns) FROM claim_bag WHERE account_id = \(account) AND EXISTS (
          SELECT 1 FROM claim WHERE claim.bag_id = claim_bag.id AND claim.state = 'held' AND claim.until_ms > \(clock.now))
        ORDER BY created_ms DESC, id DESC LIMIT 100
        """
      ).map { try ClaimBag(row: $0, in: db) }
    }
  }

  /// Of each variant in it, the first picture of its product.
  public func covers(of bag: ClaimBag) async throws -> [ID<Variant>: Picture] {
    guard !bag.claims.isEmpty else { return [:] }
    var products: [ID<Variant>: ID<Product>] = [:]
    let rows = try await database.read { db in
      try db.rows("SELECT id, product_id FROM variant WHERE id IN \(list: Array(Set(bag.claims.map(\.variant))))")
    }
    for row in rows { products[try row.get("id")] = try row.get("product_id") }
    let covers = try await covers(products: Array(Set(products.values)))
    return products.compactMapValues { covers[$0] }
  }

  /// Lets go what a comment reserved. Over already, nothing happens.
  ///
  /// Throws `GeneralRefusal.notFound`.
  @discardableResult
  public func leaveClaim(
    _ claim: ID<Claim>, in id: ID<ClaimBag>, by caller: Caller, token: Secret? = nil
  ) async throws -> ClaimBag {
    try await writeAndTell { db in
      let bag = try ClaimBag.require(id, by: caller, token: token, in: db)
      guard let left = bag.claims.first(where: { $0.id == claim }) else { throw GeneralRefusal.notFound("claim") }
      try left.end(as: .left, on: occasion(by: bag.account), in: db)
      return try ClaimBag.find(id, in: db)
    }
  }

  /// What all that is held costs now, with its shipping, at the price of the deal that is on or else the list price; nil
  /// where nothing is held, or it is not sold at the moment.
  public func quote(for bag: ClaimBag) async throws -> BagQuote? {
    let now = clock.now
    let units = bag.units(at: now)
    guard !units.isEmpty else { return nil }
    let lines = try await database.read { db in
      let lists = try Offers.lists(of: units.map(\.variant), market: bag.market, in: db)
      let deals = try onDeal(units, of: bag, at: now, in: db)
      return units.compactMap { unit in
        (deals[unit.variant] ?? lists[unit.variant]).map { Bag.Line(offer: $0.id, quantity: unit.count) }
      }
    }
    guard lines.count == units.count else { return nil }
    do {
      return try await quote(Bag(show: bag.show, market: bag.market, lines: lines))
    } catch is BagRefusal {
      return nil
    }
  }

  /// The offers of the deals that are on, where they have enough for what is held.
  private func onDeal(
    _ units: [Stock.Units], of bag: ClaimBag, at now: Moment, in db: any Connection
  ) throws -> [ID<Variant>: Offer] {
    let products = try db.rows(
      "SELECT id, product_id FROM variant WHERE id IN \(list: units.map(\.variant))"
    ).map { (variant: try $0.get("id", as: ID<Variant>.self), product: try $0.get("product_id", as: ID<Product>.self)) }
    let deals = try Deal.onAir(of: Array(Set(products.map(\.product))), show: bag.show, since: now, in: db)
    let suited = deals.filter { deal in
      let ofDeal = Set(products.filter { $0.product == deal.product }.map(\.variant))
      let wanted = units.filter { ofDeal.contains($0.variant) }.reduce(0) { $0 + $1.count }
      return deal.isOn(at: now) && wanted <= deal.left && wanted <= deal.unitsPerBuyerMax
    }
    return try Offers.ofDeals(suited.map(\.id), market: bag.market, in: db)
  }

  /// Orders all that is held, under offers of today, one for each variant: the prices are those of `offers`, and all that
  /// holds for other orders holds for it. Should the order end unpaid, its units go back on the shelf.
  ///
  /// `id`, `key` and a repetition are as of `placeOrder`.
  ///
  /// Throws `ClaimRefusal` besides what `placeOrder` throws, and `GeneralRefusal.notFound` for anyone but whose it is.
  public func orderClaimed(
    _ bag: ID<ClaimBag>, as id: ID<Order>?, offers: [ID<Offer>], coupon: String? = nil, buyer: Buyer, by caller: Caller,
    token: Secret? = nil, language: String, key: IdempotencyKey? = nil, address: String? = nil
  ) async throws -> PlacedOrder {
    guard (1...policy.bagLinesMax).contains(offers.count), Set(offers).count == offers.count else {
      throw GeneralRefusal.invalid(field: "offers", why: "must be 1 to \(policy.bagLinesMax), each once")
    }
    let wanted = try await database.read { db in
      let claims = try ClaimBag.require(bag, by: caller, token: token, in: db)
      var units = claims.units(at: clock.now)
      // Asked again, by its id or its key, it gives the order that it has become.
      let known = try id.flatMap { try Order.exists($0, in: db) ? $0 : nil }
      if let order = known ?? (units.isEmpty ? claims.claims.first(where: { $0.order != nil })?.order : nil) {
        let taken = claims.claims.filter { $0.order == order }
        units = Stock.Units.summed(taken.map { ($0.variant, $0.quantity) })
      }
      guard !units.isEmpty else { throw ClaimRefusal.over }
      var variants: [ID<Offer>: ID<Variant>] = [:]
      for row in try db.rows("SELECT id, variant_id FROM offer WHERE id IN \(list: offers)") {
        variants[try row.get("id")] = try row.get("variant_id")
      }
      let lines = offers.compactMap { offer in
        units.first { $0.variant == variants[offer] }.map { Bag.Line(offer: offer, quantity: $0.count) }
      }
      guard lines.count == offers.count, lines.count == units.count else { throw ClaimRefusal.otherThings }
      return Bag(show: claims.show, market: claims.market, lines: lines, coupon: coupon)
    }
    return try await placeOrder(
      id, wanted, buyer: buyer, language: language, key: key, address: address, source: .page, wish: nil,
      claims: (bag, caller, token))
  }

  /// Ends claims whose time is over: their units are free. Gives how many.
  @discardableResult
  public func advanceClaims() async throws -> Int {
    let now = clock.now
    let due: SQL = "state = 'held' AND until_ms <= \(now)"
    guard try await database.read({ db in try db.row("SELECT 1 FROM claim WHERE \(due) LIMIT 1") != nil }) else {
      return 0
    }
    var moved = 0
    while true {
      let batch = try await writeAndTell { db in
        let over = try db.rows(
          "SELECT \(Claim.columns) FROM claim WHERE \(due) ORDER BY until_ms, id LIMIT 100"
        ).map(Claim.init)
        for claim in over { try claim.end(as: .lapsed, on: occasion(), in: db) }
        return over.count
      }
      moved += batch
      if batch < 100 { return moved }
    }
  }

  /// Forgets, `Policy.claimDays` after it began, which browser a guest's bag was of, and its private links. Gives how many.
  @discardableResult
  public func forgetClaimants() async throws -> Int {
    let old = clock.now.adding(seconds: -policy.claimDays * 86_400)
    return try await database.write { db in
      let bags: SQL = "SELECT id FROM claim_bag WHERE account_id IS NULL AND buyer <> id AND created_ms < \(old)"
      try db.run("DELETE FROM claim_access WHERE bag_id IN (\(bags))")
      return try db.run("UPDATE claim_bag SET buyer = id WHERE id IN (\(bags))")
    }
  }
}
