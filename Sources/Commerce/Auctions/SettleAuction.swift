import Store

extension Auction {
  /// How it stands with somebody who may buy: their turn has not come, their card is being charged, they were asked to
  /// pay themselves, they have paid, or they have not.
  enum Turn: String, Sendable, ValueConvertible { case waiting, charging, asked, paid, failed }

  /// One who may buy.
  struct Place: Sendable {
    let place: Int64
    let account: ID<Account>
    let name: String
    let price: Int64
    let state: Turn
    let card: ID<SavedCard>?
    let order: ID<Order>?

    init(row: Row) throws {
      place = try row.get("place")
      account = try row.get("account_id")
      name = try row.get("name")
      price = try row.get("price_minor")
      state = try row.get("state")
      card = try row.get("card_id")
      order = try row.get("order_id")
    }
  }

  func places(in db: any Connection) throws -> [Place] {
    try db.rows(
      """
      SELECT place, account_id, name, price_minor, state, card_id, order_id FROM auction_place
      WHERE auction_id = \(id) ORDER BY place
      """
    ).map(Place.init)
  }

  fileprivate func turn(_ place: Place, _ state: Turn, why: String = "", in db: any Connection) throws {
    try db.run(
      """
      UPDATE auction_place SET state = \(state), why = \(why)
      WHERE auction_id = \(id) AND place = \(place.place) AND state = \(place.state)
      """)
  }
}

extension Commerce {
  /// Goes on with the auctions whose money is still to come: the winner's order is placed and their card charged; when that
  /// fails they may pay themselves for `Policy.auctionPaymentMinutes`; then it is the next one's turn, each once, and
  /// when there is nobody left the unit goes back on the shelf.
  ///
  /// Every step is a transaction, and what comes next is read from what is written: it goes on from wherever a crash has
  /// left it, and no step happens twice. Gives how many went on.
  @discardableResult
  public func settleAuctions() async throws -> Int {
    let waiting = try await database.read { db in
      try db.rows("SELECT id FROM auction WHERE state = 'settling' ORDER BY ends_ms, id")
        .map { try $0.get("id", as: ID<Auction>.self) }
    }
    var moved = 0
    var failure: (any Error)?
    for id in waiting {
      // One that cannot go on must not keep the others.
      do { if try await settle(id) { moved += 1 } } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
    return moved
  }

  private enum Step: Sendable {
    /// For somebody to pay, or for the provider's word.
    case wait
    case over
    case again
    case place(Auction.Place)
    case charge(Auction.Place, ID<Order>, ID<SavedCard>)
  }

  /// True when something happened.
  private func settle(_ id: ID<Auction>) async throws -> Bool {
    var hasMoved = false
    while true {
      switch try await writeAndTell({ db in try nextStep(of: id, in: db) }) {
      case .wait: return hasMoved
      case .over: return true
      case .again: break
      case .place(let place):
        do { try await sell(id, to: place) } catch let refusal as any Refusal {
          try await writeAndTell { db in
            let auction = try Auction.require(id, in: db)
            try auction.turn(place, .failed, why: refusal.code, in: db)
          }
        }
      case .charge(let place, let order, let card):
        do {
          // Asked again after a crash it is the same try, and nothing is taken twice.
          if try await charge(order, card: card, key: Auction.chargeKey) == .processing { return hasMoved }
        } catch let refusal as PayOrderRefusal where [.underWay, .noProvider].contains(refusal) {
          return hasMoved
        } catch let refusal as any Refusal {
          try await writeAndTell { db in try ask(place, of: id, why: refusal.code, in: db) }
        }
      }
      hasMoved = true
    }
  }

  /// What is to be done now, and done at once where it takes nothing but the database.
  private func nextStep(of id: ID<Auction>, in db: any Connection) throws -> Step {
    let auction = try Auction.require(id, in: db)
    guard auction.state == .settling else { return .over }
    let places = try auction.places(in: db)
    guard let place = places.first(where: { [.charging, .asked].contains($0.state) }), let id = place.order else {
      if let next = places.first(where: { $0.state == .waiting }) { return .place(next) }
      try close(
        auction, as: .unsold, mediaTime: lastMediaTime(of: auction.show, in: db),
        on: houseOccasion(in: auction.show, db), in: db)
      return .over
    }
    let order = try Order.require(id, in: db)
    switch order.state {
    case .expired, .cancelled:
      try auction.turn(place, .failed, why: order.state.rawValue, in: db)
      try Outbox.announce(.auction(auction.id), in: db)
      return .again
    case .paid, .fulfilled, .delivered, .settled, .refunded:
      try markSold(auction, to: place, in: db)
      return .over
    case .placed: break
    }
    guard place.state == .charging else { return .wait }
    let attempt = try db.row(
      """
      SELECT state, failure_code FROM payment_attempt
      WHERE order_id = \(order.id) AND key = \(Auction.chargeKey)
      """)
    guard let attempt else {
      guard let card = place.card else {
        try ask(place, of: auction.id, why: "no_card", in: db)
        return .wait
      }
      return clock.now < order.expires ? .charge(place, order.id, card) : .wait
    }
    switch try attempt.get("state", as: PaymentAttempt.State.self) {
    case .started, .processing, .succeeded: return .wait
    case .declined, .requiresAction:
      try ask(place, of: auction.id, why: attempt.get("failure_code"), in: db)
      return .wait
    }
  }

  /// The card was not charged: its owner may pay themselves as long as the order holds.
  private func ask(_ place: Auction.Place, of id: ID<Auction>, why: String, in db: any Connection) throws {
    let auction = try Auction.require(id, in: db)
    guard let order = place.order else { return }
    try auction.turn(place, .asked, why: why, in: db)
    try Mail.queue(.auction, of: Order.require(order, in: db), because: order, at: clock.now, in: db)
    try Outbox.announce(.auction(id), in: db)
  }

  private func markSold(_ auction: Auction, to place: Auction.Place, in db: any Connection) throws {
    let occasion = try houseOccasion(in: auction.show, db)
    let changed = try db.run("UPDATE auction SET state = 'sold' WHERE id = \(auction.id) AND state = 'settling'")
    guard changed == 1 else { throw MissingRow() }
    try auction.turn(place, .paid, in: db)
    let price = Money(minor: place.price, currency: auction.opening.currency)
    try Timeline.append(
      show: auction.show, kind: .auctionSold, mediaTime: lastMediaTime(of: auction.show, in: db),
      payload: auction.told(price: price, to: place.name), on: occasion, in: db)
    try Outbox.announce(.auction(auction.id), in: db)
  }

  /// Places the order of somebody whose turn it is, at their price, with the unit that the auction holds: all of it or
  /// nothing. Throws the refusal where they cannot buy.
  private func sell(_ id: ID<Auction>, to place: Auction.Place) async throws {
    try await writeAndTell { [policy] db in
      let auction = try Auction.require(id, in: db)
      let order: ID<Order> = makeID()
      let bidder = try bidder(place.account, in: auction, db)
      // The row that decides who of two sweeps does it.
      let taken = try db.run(
        """
        UPDATE auction_place SET state = \(Auction.Turn.charging), order_id = \(order),
          card_id = \((bidder.card?.id).sqlValue)
        WHERE auction_id = \(id) AND place = \(place.place) AND state = 'waiting'
        """)
      guard taken == 1 else { return }
      let held = try db.run(
        """
        UPDATE auction SET units_held = 0, order_id = \(order)
        WHERE id = \(id) AND state = 'settling' AND units_held = 1
        """)
      guard held == 1 else { throw MissingRow() }
      let occasion = occasion(by: place.account, order: order, note: Auction.stockNote)
      let offer: ID<Offer> = ID(at: occasion.at, entropy: entropy)
      try db.run(
        """
        INSERT INTO offer (id, variant_id, market, kind, currency, price_minor, compare_at_minor, opened_ms, closed_ms,
          deal_id, lowest_minor, auction_id)
        VALUES (\(offer), \(auction.variant), \(auction.market), \(Offer.Kind.auction), \(auction.opening.currency),
          \(place.price), NULL, \(occasion.at), \(occasion.at.adding(milliseconds: 1)), NULL, NULL, \(id))
        """)
      let bag = Bag(show: auction.show, market: auction.market, lines: [.init(offer: offer, quantity: 1)], won: id)
      let encoded = bidder.buyer.encoded
      let request = OrderRequest(
        id: order, bag: bag, buyer: bidder.buyer, encodedBuyer: encoded,
        fingerprint: Fingerprint.of(bag, account: place.account, encodedBuyer: encoded), language: bidder.language,
        source: .page, access: Secret(prefix: "haat_order_", entropy: entropy),
        holder: Holder(bidder.buyer, address: nil), payMinutes: policy.auctionPaymentMinutes)
      let quotes = try Quote.all(of: bag, at: occasion.at, policy: policy, in: db)
      guard quotes.count == 1 else { throw MissingRow() }
      _ = try self.place(quotes[0], as: order, of: nil, request, on: occasion, in: db)
      try Outbox.announce(.auction(id), in: db)
    }
  }

  /// Who buys, with the card and address they named, or what they have by now.
  private func bidder(
    _ account: ID<Account>, in auction: Auction, _ db: any Connection
  ) throws -> (buyer: Buyer, card: SavedCard?, language: String) {
    let row = try db.requireRow(
      """
      SELECT card_id, address_id, language FROM auction_bidder
      WHERE auction_id = \(auction.id) AND account_id = \(account)
      """)
    guard let person = try Account.find(account, in: db) else { throw GeneralRefusal.notFound("account") }
    let cards = try SavedCard.all(of: account, provider: providers.current?.name ?? "", in: db)
    let (card, address): (ID<SavedCard>, ID<SavedAddress>) = (try row.get("card_id"), try row.get("address_id"))
    let addresses = try SavedAddress.all(of: account, in: db).filter { $0.address.country == auction.market }
    guard let to = addresses.first(where: { $0.id == address }) ?? addresses.first else {
      throw AuctionRefusal.noAddress(market: auction.market)
    }
    let buyer = Buyer(
      account: account, name: person.name, email: person.email, phone: to.phone, address: to.address)
    return (
      try buyer.checked(policy), cards.first { $0.id == card } ?? cards.first, try row.get("language")
    )
  }
}

extension Auction {
  /// Orders of auctions that end unpaid give their unit back to the auction, which goes on with it: the shelf does not
  /// notice. Gives which of them were.
  static func takeBack(_ orders: [Order], on occasion: Occasion, in db: any Connection) throws -> Set<ID<Order>> {
    var taken: Set<ID<Order>> = []
    for row in try db.rows(
      """
      SELECT auction_place.auction_id AS auction_id, auction_place.order_id AS order_id
      FROM auction_place JOIN orders ON orders.id = auction_place.order_id
      WHERE auction_place.order_id IN \(list: orders.map(\.id)) AND orders.state = 'placed'
      """)
    {
      let (auction, id): (ID<Auction>, ID<Order>) = (try row.get("auction_id"), try row.get("order_id"))
      guard let order = orders.first(where: { $0.id == id }) else { continue }
      let held = try db.run(
        "UPDATE auction SET units_held = 1 WHERE id = \(auction) AND state = 'settling' AND units_held = 0")
      guard held == 1 else { throw MissingRow() }
      for unit in order.units { try Stock.pass(unit, from: id, to: nil, on: occasion, in: db) }
      taken.insert(id)
    }
    return taken
  }
}
