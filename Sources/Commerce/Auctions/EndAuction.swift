import Store

extension Commerce {
  /// Calls an auction off that nobody has bid in. For the channel's owners and hosts. Called off already, nothing happens.
  ///
  /// Throws `AuctionRefusal.hasBids`, `.closed`, `GeneralRefusal.notFound`.
  @discardableResult
  public func cancelAuction(
    _ id: ID<Auction>, by caller: Caller, show: ID<Show>, mediaTime: Int64? = nil
  ) async throws -> Auction {
    try await writeAndTell { db in
      let (_, occasion) = try changing(show, by: caller, in: db)
      let auction = try Auction.require(id, of: show, in: db)
      switch auction.state {
      case .cancelled: return auction
      case .open where auction.bids == 0: break
      case .open: throw AuctionRefusal.hasBids
      case .settling, .sold, .unsold: throw AuctionRefusal.closed
      }
      try close(auction, as: .cancelled, mediaTime: mediaTime, on: occasion, in: db)
      return try Auction.require(id, in: db)
    }
  }

  /// The show is over: an auction that nobody has bid in is called off. One with bids runs to its end, which those who bid
  /// were told.
  func callOffAuction(of show: ID<Show>, mediaTime: Int64?, on occasion: Occasion, in db: any Connection) throws {
    guard
      let row = try db.row(
        "SELECT \(Auction.columns) FROM auction WHERE show_id = \(show) AND state = 'open' AND bids = 0")
    else { return }
    try close(Auction(row: row), as: .cancelled, mediaTime: mediaTime, on: occasion, in: db)
  }

  /// Ends the auctions whose time is over: who won is known from then on, and whose turn it is to buy. Gives how many.
  @discardableResult
  public func endDueAuctions() async throws -> Int {
    let now = clock.now
    let due = try await database.read { db in
      try db.rows("SELECT id FROM auction WHERE state = 'open' AND ends_ms <= \(now) ORDER BY ends_ms, id")
        .map { try $0.get("id", as: ID<Auction>.self) }
    }
    for id in due {
      try await writeAndTell { db in
        let auction = try Auction.require(id, in: db)
        guard auction.state == .open, auction.ends <= clock.now else { return }
        let occasion = try houseOccasion(in: auction.show, db)
        let mediaTime = try lastMediaTime(of: auction.show, in: db)
        guard auction.bids > 0 else {
          return try close(auction, as: .unsold, mediaTime: mediaTime, on: occasion, in: db)
        }
        try end(auction, mediaTime: mediaTime, on: occasion, in: db)
      }
    }
    return due.count
  }

  private func end(_ auction: Auction, mediaTime: Int64?, on occasion: Occasion, in db: any Connection) throws {
    let changed = try db.run(
      "UPDATE auction SET state = 'settling', ended_ms = \(occasion.at) WHERE id = \(auction.id) AND state = 'open'")
    guard changed == 1 else { throw MissingRow() }
    let last = try db.rows(
      """
      SELECT account_id, MAX(name) AS name, MAX(max_minor) AS maximum, MAX(sequence) AS last FROM auction_bid
      WHERE auction_id = \(auction.id) GROUP BY account_id
      """)
    var names: [ID<Account>: String] = [:]
    let maxima = try last.map { row -> (bidder: ID<Account>, maximum: Int64, sequence: Int64) in
      let bidder: ID<Account> = try row.get("account_id")
      names[bidder] = try row.get("name")
      return (bidder, try row.get("maximum"), try row.get("last"))
    }
    let places = auction.bidding.places(maxima, runnersUp: policy.auctionRunnersUpMax)
    for (number, place) in places.enumerated() {
      try db.run(
        """
        INSERT INTO auction_place (auction_id, place, account_id, name, price_minor, state, why, card_id, order_id)
        VALUES (\(auction.id), \(Int64(number)), \(place.bidder), \(names[place.bidder] ?? ""), \(place.price),
          \(Auction.Turn.waiting), '', NULL, NULL)
        """)
    }
    try Timeline.append(
      show: auction.show, kind: .auctionEnded, mediaTime: mediaTime,
      payload: auction.told(price: auction.price, to: auction.leaderName), on: occasion, in: db)
    try Outbox.announce(.auction(auction.id), in: db)
  }

  /// Nobody has it: its unit goes back on the shelf.
  func close(
    _ auction: Auction, as state: Auction.State, mediaTime: Int64?, on occasion: Occasion, in db: any Connection
  ) throws {
    let changed = try db.run(
      """
      UPDATE auction SET state = \(state), units_held = 0,
        ended_ms = CASE WHEN ended_ms IS NULL THEN \(occasion.at) ELSE ended_ms END
      WHERE id = \(auction.id) AND state = \(auction.state) AND units_held = 1
      """)
    guard changed == 1 else { throw MissingRow() }
    let noted = Occasion(at: occasion.at, entropy: entropy, by: occasion.by, note: Auction.stockNote)
    try Stock.release([Stock.Units(variant: auction.variant, count: 1)], on: noted, in: db)
    try Timeline.append(
      show: auction.show, kind: state == .cancelled ? .auctionCancelled : .auctionUnsold, mediaTime: mediaTime,
      payload: auction.told(price: auction.price), on: occasion, in: db)
    try Outbox.announce(.auction(auction.id), in: db)
  }
}
