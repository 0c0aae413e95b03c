import Store

extension Commerce {
  /// Orders the unit that is held for a wish, under an offer of today: the price is the one of `offer`, and all that
  /// holds for other orders holds for it. It takes the wish out of the list; should the order end unpaid, its unit goes
  /// to the next one.
  ///
  /// `id`, `key` and a repetition are as of `placeOrder`.
  ///
  /// Throws `WaitlistRefusal` besides what `placeOrder` throws, and `GeneralRefusal.notFound` for anyone but whose the
  /// wish is.
  public func orderOffered(
    _ wish: ID<Wish>, as id: ID<Order>?, offer: ID<Offer>, coupon: String? = nil, buyer: Buyer, by caller: Caller,
    token: Secret? = nil, language: String, key: IdempotencyKey? = nil, address: String? = nil
  ) async throws -> PlacedOrder {
    let market = try await database.read { db in try Wish.require(wish, by: caller, token: token, in: db).market }
    let bag = Bag(show: nil, market: market, lines: [Bag.Line(offer: offer, quantity: 1)], coupon: coupon)
    return try await placeOrder(
      id, bag, buyer: buyer, language: language, key: key, address: address, source: .page,
      wish: (wish, caller, token), claims: nil)
  }

  /// What the unit that is held for a wish costs now, with its shipping; nil where it is not sold at the moment.
  public func quote(for wish: Wish) async throws -> BagQuote? {
    let offer = try await database.read { db in try Offers.list(of: wish.variant, market: wish.market, in: db) }
    guard let offer else { return nil }
    do {
      return try await quote(Bag(show: nil, market: wish.market, lines: [Bag.Line(offer: offer.id, quantity: 1)]))
    } catch is BagRefusal {
      return nil
    }
  }
}

extension Commerce {
  /// Whose it is what somebody waits for.
  public func seller(of wish: Wish) async throws -> Channel {
    try await database.read { db in
      guard let channel = try Channel.find(wish.channel, in: db) else { throw GeneralRefusal.notFound("channel") }
      return channel
    }
  }
}
