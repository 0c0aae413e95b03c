import Store

extension Audit {
  /// Bids done again come to what every auction says; one that is sold has one paid order, at its price; and a unit is
  /// held for whoever may still buy.
  mutating func auctions(in db: any Connection) throws {
    let auctions = try db.rows("SELECT \(Auction.columns) FROM auction ORDER BY id").map(Auction.init)
    note("Auctions: \(auctions.count).")
    for auction in auctions {
      for fault in try bidding(of: auction, in: db) { differ("auction \(auction.id): \(fault)") }
      for fault in try outcome(of: auction, in: db) { differ("auction \(auction.id): \(fault)") }
    }
    try expectNone(
      db.rows(
        """
        SELECT offer.id AS id FROM offer JOIN order_line ON order_line.offer_id = offer.id
        LEFT JOIN auction_place ON auction_place.order_id = order_line.order_id
        WHERE offer.auction_id IS NOT NULL
          AND (auction_place.auction_id IS NULL OR auction_place.auction_id <> offer.auction_id
            OR auction_place.price_minor <> order_line.price_minor OR order_line.quantity <> 1)
        """)
    ) { row in "offer \(try row.name("id")): was bought under by an order that its auction did not place" }
  }

  private func bidding(of auction: Auction, in db: any Connection) throws -> [String] {
    var faults: [String] = []
    var again = Bidding(
      currency: auction.opening.currency, opening: auction.opening.minor, increment: auction.increment?.minor)
    let bids = try db.rows(
      """
      SELECT sequence, account_id, max_minor, price_minor, is_leading FROM auction_bid
      WHERE auction_id = \(auction.id) ORDER BY sequence
      """)
    for (index, bid) in bids.enumerated() {
      let (number, bidder): (Int64, ID<Account>) = (try bid.get("sequence"), try bid.get("account_id"))
      if number != Int64(index + 1) { faults.append("bid \(number) is the \(index + 1)th") }
      switch again.receive(try bid.get("max_minor"), from: bidder) {
      case .tooLow, .notAbove: faults.append("bid \(number) should not have counted")
      case .leads, .raised, .outbid: break
      }
      let isLeading = again.lead?.bidder == bidder
      if try again.price != bid.get("price_minor") || isLeading != bid.get("is_leading") {
        faults.append("bid \(number) came to something else")
      }
    }
    if Int64(bids.count) != auction.bids {
      faults.append("\(auction.bids) bids are counted, and \(bids.count) are there")
    }
    if again != auction.bidding { faults.append("bid again, it comes to another leader or price") }
    if auction.ends > auction.lastEnd { faults.append("it ends later than it may") }
    return faults
  }

  private func outcome(of auction: Auction, in db: any Connection) throws -> [String] {
    var faults: [String] = []
    func expect(_ isSo: Bool, _ fault: String) { if !isSo { faults.append(fault) } }
    let places = try auction.places(in: db)
    let turns = places.map(\.state)
    let inTurn = turns.filter { $0 == .charging || $0 == .asked }.count
    expect(
      auction.bids == 0 || auction.state == .open || places.first.map { $0.price == auction.price?.minor } ?? false,
      "the winner is not to pay the price")
    var placed = 0
    for place in places {
      guard let id = place.order else {
        expect([.waiting, .failed].contains(place.state), "place \(place.place) has no order")
        continue
      }
      let order = try Order.require(id, in: db)
      if order.state == .placed { placed += 1 }
      expect(
        order.buyer.account == place.account && order.lines.count == 1 && order.lines[0].total.minor == place.price
          && order.lines[0].variant == auction.variant,
        "the order of place \(place.place) is of something else")
      let isPaid = ![.placed, .expired, .cancelled].contains(order.state)
      if place.state == .paid { expect(isPaid, "place \(place.place) has paid, and its order is not") }
      if place.state == .failed { expect(!isPaid, "place \(place.place) has failed, and its order is paid") }
    }
    switch auction.state {
    case .open:
      expect(places.isEmpty && auction.unitsHeld == 1, "it is open without its unit, or with an outcome")
    case .settling:
      expect(inTurn <= 1 && !turns.contains(.paid), "more than one is to buy it")
      let order = try auction.order.map { try Order.require($0, in: db).state }
      let isPaid = order.map { ![.placed, .expired, .cancelled].contains($0) } ?? false
      expect(
        Int64(placed) + auction.unitsHeld == (isPaid ? 0 : 1),
        "\(auction.unitsHeld) units are held, and \(placed) orders are placed")
    case .sold:
      expect(turns.filter { $0 == .paid }.count == 1 && inTurn == 0, "it is sold, and not to one")
      expect(auction.unitsHeld == 0, "it is sold and holds a unit")
    case .unsold, .cancelled:
      expect(auction.unitsHeld == 0 && turns.allSatisfy { $0 == .failed }, "nobody has it, and somebody has")
      expect(auction.state == .unsold || auction.bids == 0, "it was called off with bids")
    }
    return faults
  }
}
