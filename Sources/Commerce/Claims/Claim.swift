public import Store

/// Units that a comment reserved, for whoever said it (docs/decisions/0044).
public struct Claim: Sendable, Equatable {
  /// It is `held` until it is `taken` by an order; or until its time is over, its buyer let it go, or who runs the show
  /// called it off.
  public enum State: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case held, taken, lapsed, left, cancelled
  }

  public let id: ID<Claim>
  public let bag: ID<ClaimBag>
  public let word: ID<ClaimWord>
  public let message: ID<Message>
  /// What whoever said it is called.
  public let name: String
  public let variant: ID<Variant>
  /// Of the product and the variant, as it was then.
  public let title: String
  public let quantity: Int64
  public let state: State
  /// Until when the units are held.
  public let until: Moment
  /// What it was taken by.
  public let order: ID<Order>?
  public let at: Moment

  /// In the journal of the stock.
  static let stockNote = "claim"

  static let columns: SQL = """
    claim.id, claim.bag_id, claim.word_id, claim.message_id, claim.name, claim.variant_id, claim.title, claim.quantity,
    claim.state, claim.until_ms, claim.order_id, claim.created_ms
    """

  init(row: Row) throws {
    id = try row.get("id")
    bag = try row.get("bag_id")
    word = try row.get("word_id")
    message = try row.get("message_id")
    name = try row.get("name")
    variant = try row.get("variant_id")
    title = try row.get("title")
    quantity = try row.get("quantity")
    state = try row.get("state")
    until = try row.get("until_ms")
    order = try row.get("order_id")
    at = try row.get("created_ms")
  }

  /// Whether its units are still its buyer's; its time may be over before anybody has written that down.
  public func holds(at now: Moment) -> Bool { state == .held && until > now }

  /// It is over: its units are free. False when it was over already.
  @discardableResult
  func end(as state: State, on occasion: Occasion, in db: any Connection) throws -> Bool {
    let ended = try db.run(
      """
      UPDATE claim SET state = \(state), units_held = 0, address = NULL, changed_ms = \(occasion.at)
      WHERE id = \(id) AND state = 'held'
      """)
    guard ended == 1 else { return false }
    try db.run("UPDATE claim_word SET units_taken = units_taken - \(quantity) WHERE id = \(word)")
    let noted = Occasion(at: occasion.at, entropy: occasion.entropy, by: occasion.by, note: Self.stockNote)
    try Stock.release([Stock.Units(variant: variant, count: quantity)], on: noted, in: db)
    return true
  }
}

/// All that one person reserves in a show: what the private link opens.
public struct ClaimBag: Sendable, Equatable {
  public let id: ID<ClaimBag>
  public let show: ID<Show>
  public let market: String
  /// Nil for a guest.
  public let account: ID<Account>?
  public let at: Moment
  /// The newest first.
  public let claims: [Claim]

  static let columns: SQL = "id, show_id, market, account_id, created_ms"

  init(row: Row, in db: any Connection) throws {
    let id: ID<ClaimBag> = try row.get("id")
    self.id = id
    show = try row.get("show_id")
    market = try row.get("market")
    account = try row.get("account_id")
    at = try row.get("created_ms")
    claims = try db.rows(
      "SELECT \(Claim.columns) FROM claim WHERE bag_id = \(id) ORDER BY created_ms DESC, id DESC LIMIT 200"
    ).map(Claim.init)
  }

  static func find(_ id: ID<ClaimBag>, in db: any Connection) throws -> ClaimBag {
    try ClaimBag(row: db.requireRow("SELECT \(columns) FROM claim_bag WHERE id = \(id)"), in: db)
  }

  /// For whose it is: their account, or a holder of one of its tokens. To anyone else it does not exist.
  static func require(_ id: ID<ClaimBag>, by caller: Caller, token: Secret?, in db: any Connection) throws -> ClaimBag {
    guard let row = try db.row("SELECT \(columns) FROM claim_bag WHERE id = \(id)") else {
      throw GeneralRefusal.notFound("claim")
    }
    let bag = try ClaimBag(row: row, in: db)
    if let account = bag.account {
      guard account == caller.account else { throw GeneralRefusal.notFound("claim") }
      return bag
    }
    guard let token,
      try db.row("SELECT 1 FROM claim_access WHERE bag_id = \(id) AND access_hash = \(token.hash)") != nil
    else { throw GeneralRefusal.notFound("claim") }
    return bag
  }

  /// Makes a token open it. The oldest goes when there are `max`.
  static func add(_ token: Secret, to id: ID<ClaimBag>, at now: Moment, max: Int, in db: any Connection) throws {
    let held = try db.rows(
      "SELECT access_hash FROM claim_access WHERE bag_id = \(id) ORDER BY made_ms DESC, access_hash")
    for row in held.dropFirst(max - 1) {
      let hash: [UInt8] = try row.get("access_hash")
      try db.run("DELETE FROM claim_access WHERE bag_id = \(id) AND access_hash = \(hash)")
    }
    try db.run("INSERT INTO claim_access (bag_id, access_hash, made_ms) VALUES (\(id), \(token.hash), \(now))")
  }
}

extension ClaimBag {
  /// Units of each variant that are held in it at a moment.
  func units(at now: Moment) -> [Stock.Units] {
    Stock.Units.summed(claims.filter { $0.holds(at: now) }.map { ($0.variant, $0.quantity) })
      .sorted { $0.variant < $1.variant }
  }

  /// The order has what is held here from now on: the shelf does not notice.
  func take(by order: ID<Order>, _ units: [Stock.Units], on occasion: Occasion, in db: any Connection) throws {
    let held = claims.filter { $0.holds(at: occasion.at) }
    guard !held.isEmpty else { throw ClaimRefusal.over }
    guard self.units(at: occasion.at) == units.sorted(by: { $0.variant < $1.variant }) else {
      throw ClaimRefusal.otherThings
    }
    for claim in held {
      let taken = try db.run(
        """
        UPDATE claim SET state = 'taken', units_held = 0, order_id = \(order), address = NULL,
          changed_ms = \(occasion.at)
        WHERE id = \(claim.id) AND state = 'held' AND until_ms > \(occasion.at)
        """)
      guard taken == 1 else { throw ClaimRefusal.over }
    }
    for unit in units { try Stock.pass(unit, from: nil, to: order, on: occasion, in: db) }
  }
}
