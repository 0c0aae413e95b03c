import Store

/// What a seller says of a preorder.
public struct PreorderDraft: Sendable, Codable, Equatable {
  /// Of the price, in whole percent: 1…100.
  public var depositPercent: Int64
  /// How many units may be preordered: 1…`Policy.preorderUnitsMax`.
  public var unitsMax: Int64
  /// When the goods are expected to be sent.
  public var shipsBy: Moment
  /// Until when preorders are taken: not after `shipsBy`.
  public var until: Moment
  /// How many days a buyer has for the balance: 3…30.
  public var payDays: Int64

  public init(depositPercent: Int64, unitsMax: Int64, shipsBy: Moment, until: Moment, payDays: Int64 = 7) {
    self.depositPercent = depositPercent
    self.unitsMax = unitsMax
    self.shipsBy = shipsBy
    self.until = until
    self.payDays = payDays
  }
}

/// What may be changed of one later. What is nil stays.
public struct PreorderChange: Sendable, Codable, Equatable {
  public var unitsMax: Int64?
  public var shipsBy: Moment?
  public var until: Moment?

  public init(unitsMax: Int64? = nil, shipsBy: Moment? = nil, until: Moment? = nil) {
    self.unitsMax = unitsMax
    self.shipsBy = shipsBy
    self.until = until
  }
}

extension Commerce {
  /// Puts a variant on preorder: from now on it is ordered for a deposit, and not sold otherwise. For the channel's owners.
  ///
  /// Throws `PreorderRefusal`, `GeneralRefusal.invalid`, `.notFound`, `IDTaken`.
  public func openPreorder(
    _ id: ID<Preorder>, of variant: ID<Variant>, in channel: ID<Channel>, _ draft: PreorderDraft, by caller: Caller
  ) async throws -> Preorder {
    let fingerprint = try MadeHash.of(draft, by: caller, for: "preorder \(variant)")
    return try await writeAndTell { [policy] db in
      let account = try Membership.require(.everything, of: channel, by: caller, in: db)
      let known = try db.row("SELECT made_hash FROM preorder WHERE id = \(id) AND channel_id = \(channel)")
      if let known {
        guard try known.get("made_hash", as: [UInt8].self) == fingerprint else { throw IDTaken(what: "preorder") }
        return try Preorder.require(id, in: db)
      }
      guard try Preorder.find(id, in: db) == nil else { throw IDTaken(what: "preorder") }
      let now = clock.now
      try policy.checkNew(id, at: now)
      try draft.check(at: now, policy)
      try requirePreorderable(variant, in: channel, db)
      try db.run(
        """
        INSERT INTO preorder (id, channel_id, variant_id, state, deposit_bp, units_max, units_taken, units_waiting,
          units_ready, ships_by_ms, until_ms, pay_days, account_id, made_hash, created_ms, changed_ms)
        VALUES (\(id), \(channel), \(variant), \(Preorder.State.open), \(draft.depositPercent * 100),
          \(draft.unitsMax), 0, 0, 0, \(draft.shipsBy), \(draft.until), \(draft.payDays), \(account), \(fingerprint),
          \(now), \(now))
        """)
      try db.run("UPDATE variant SET preorder_id = \(id) WHERE id = \(variant)")
      try Outbox.announce(.offer(variant), in: db)
      try Outbox.announce(.stock(variant), in: db)
      return try Preorder.require(id, in: db)
    }
  }

  /// A variant that is sold in one other way at a time.
  private func requirePreorderable(_ variant: ID<Variant>, in channel: ID<Channel>, _ db: any Connection) throws {
    let row = try db.row(
      """
      SELECT variant.is_bundle AS is_bundle, variant.preorder_id AS preorder_id, stock.is_part AS is_part,
        variant.product_id AS product_id
      FROM variant JOIN product ON product.id = variant.product_id
      LEFT JOIN stock ON stock.variant_id = variant.id
      WHERE variant.id = \(variant) AND variant.retired_ms IS NULL AND product.channel_id = \(channel)
      """)
    guard let row else { throw GeneralRefusal.notFound("variant") }
    guard try row.get("preorder_id", as: ID<Preorder>?.self) == nil else { throw PreorderRefusal.alreadyOn }
    guard try !row.get("is_bundle", as: Bool.self), try row.get("is_part", as: Bool?.self) != true else {
      throw PreorderRefusal.bundle
    }
    let product: ID<Product> = try row.get("product_id")
    guard try db.row("SELECT 1 FROM deal WHERE product_id = \(product) AND ended_why IS NULL LIMIT 1") == nil else {
      throw PreorderRefusal.deal
    }
    let auction = try db.row(
      "SELECT 1 FROM auction WHERE variant_id = \(variant) AND state IN ('open', 'settling') LIMIT 1")
    guard auction == nil else { throw PreorderRefusal.auction }
  }

  /// Changes how many may be preordered, until when, and when the goods are expected. A later date is told to everybody
  /// who waits. For the channel's owners.
  ///
  /// Throws `PreorderRefusal`, `GeneralRefusal.invalid`, `.notFound`.
  public func changePreorder(_ id: ID<Preorder>, _ change: PreorderChange, by caller: Caller) async throws -> Preorder {
    let changed = try await writeAndTell { [policy] db in
      let (preorder, now) = (try own(id, .everything, by: caller, in: db), clock.now)
      guard preorder.state.isOn else { throw PreorderRefusal.over }
      let draft = PreorderDraft(
        depositPercent: preorder.depositRate.basisPoints / 100, unitsMax: change.unitsMax ?? preorder.unitsMax,
        shipsBy: change.shipsBy ?? preorder.shipsBy, until: change.until ?? preorder.until, payDays: preorder.payDays)
      guard change.until == nil || preorder.state == .open else { throw PreorderRefusal.stopped }
      try draft.check(at: now, policy, isNew: false)
      if change.until != nil, draft.until <= now {
        throw GeneralRefusal.invalid(field: "until", why: "must be in the future: stop the preorder to end it now")
      }
      if change.shipsBy != nil, draft.shipsBy <= now {
        throw GeneralRefusal.invalid(field: "shipsBy", why: "must be in the future")
      }
      // One statement, or somebody's preorder could come between.
      let isSet = try db.run(
        """
        UPDATE preorder SET units_max = \(draft.unitsMax), ships_by_ms = \(draft.shipsBy), until_ms = \(draft.until),
          changed_ms = \(now)
        WHERE id = \(id) AND units_taken <= \(draft.unitsMax)
        """)
      guard isSet == 1 else {
        throw GeneralRefusal.invalid(
          field: "unitsMax", why: "must be \(preorder.unitsTaken) or more: so many are preordered already")
      }
      try Outbox.announce(.offer(preorder.variant), in: db)
      try Outbox.announce(.stock(preorder.variant), in: db)
      return try Preorder.require(id, in: db)
    }
    // Those who wait are told at once, as far as they fit into one transaction.
    try await advancePreorders()
    return try await database.read { db in try Preorder.require(changed.id, in: db) }
  }

  /// Takes no more preorders; those there are go on. For the channel's owners. Said again, it changes nothing.
  ///
  /// Throws `PreorderRefusal.over`, `GeneralRefusal.notFound`.
  public func stopPreorder(_ id: ID<Preorder>, by caller: Caller) async throws -> Preorder {
    try await writeAndTell { db in
      let preorder = try own(id, .everything, by: caller, in: db)
      guard preorder.state != .ended else { return preorder }
      guard preorder.state.isOn else { throw PreorderRefusal.over }
      try preorder.stop(at: clock.now, in: db)
      return try Preorder.require(id, in: db)
    }
  }

  /// Ends it for everybody who has not paid their balance, and gives them their deposits back. For the channel's owners.
  /// Said again, it changes nothing.
  ///
  /// Throws `PreorderRefusal.over`, `GeneralRefusal.notFound`.
  public func callOffPreorder(_ id: ID<Preorder>, by caller: Caller) async throws -> Preorder {
    try await writeAndTell { db in
      let (preorder, now) = (try own(id, .everything, by: caller, in: db), clock.now)
      guard preorder.state != .calledOff else { return }
      let isOff = try db.run(
        "UPDATE preorder SET state = \(Preorder.State.calledOff), units_ready = 0, changed_ms = \(now) WHERE id = \(id)"
      )
      guard isOff == 1 else { throw MissingRow() }
      try preorder.free(in: db)
    }
    // What is left of a long list goes on in the background.
    try await advancePreorders()
    return try await database.read { db in try Preorder.require(id, in: db) }
  }

  /// Gives `units` that are on the shelf to those who wait, who paid first first: each is asked for the balance, and has
  /// their units held until it is due. What was paid whole is ready to be sent. For owners and fulfilment members.
  ///
  /// - Parameter seen: the `Preorder.unitsGiven` that the caller saw. When more were given since, nothing is done: who
  ///   presses a button twice gives once.
  ///
  /// Throws `PreorderRefusal`, `GeneralRefusal.invalid`, `.notFound`.
  public func readyPreorder(
    _ id: ID<Preorder>, units: Int64, by caller: Caller, seen: Int64? = nil
  ) async throws -> Preorder {
    guard units >= 1, units <= policy.preorderUnitsMax else {
      throw GeneralRefusal.invalid(field: "units", why: "must be 1 to \(policy.preorderUnitsMax)")
    }
    return try await writeAndTell { db in
      let preorder = try own(id, .orders, by: caller, in: db)
      guard seen == nil || seen == preorder.unitsGiven else { return preorder }
      guard preorder.state.isOn else { throw PreorderRefusal.over }
      let waiting = try db.requireRow(
        """
        SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) AS units FROM preorder_place
        WHERE preorder_id = \(id) AND state = 'waiting'
        """
      ).number("units")
      guard waiting > 0 else { throw PreorderRefusal.nobodyWaits }
      let onShelf = try Stock.levels(of: [preorder.variant], in: db)[preorder.variant]?.available ?? 0
      let most = max(0, min(onShelf, waiting) - preorder.unitsReady)
      guard units <= most else { throw PreorderRefusal.tooFewUnits(left: most, onShelf: onShelf, waiting: waiting) }
      try db.run(
        """
        UPDATE preorder SET units_ready = units_ready + \(units), units_given = units_given + \(units)
        WHERE id = \(id)
        """)
      _ = try callNext(of: id, on: occasion(by: caller.account), in: db)
      return try Preorder.require(id, in: db)
    }
  }

  /// The preorder, for those members of its channel who may do that.
  func own(
    _ id: ID<Preorder>, _ permission: Permission, by caller: Caller, in db: any Connection
  ) throws -> Preorder {
    _ = try caller.requireAccount()
    let preorder = try Preorder.require(id, in: db)
    try Membership.require(permission, of: preorder.channel, by: caller, "preorder", in: db)
    return preorder
  }
}

extension PreorderDraft {
  static let payDaysRange: ClosedRange<Int64> = 3...30

  /// Everything that can be refused without a look at the database.
  fileprivate func check(at now: Moment, _ policy: Policy, isNew: Bool = true) throws {
    func check(_ value: Int64, _ field: String, _ range: ClosedRange<Int64>) throws {
      guard range.contains(value) else {
        throw GeneralRefusal.invalid(field: field, why: "must be \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check(depositPercent, "depositPercent", 1...100)
    try check(unitsMax, "unitsMax", 1...policy.preorderUnitsMax)
    try check(payDays, "payDays", Self.payDaysRange)
    let latest = now.adding(seconds: policy.preorderDaysMax * 86_400)
    guard shipsBy <= latest, !isNew || shipsBy > now else {
      throw GeneralRefusal.invalid(
        field: "shipsBy", why: "must be in the future, within \(policy.preorderDaysMax) days")
    }
    guard until <= shipsBy, !isNew || until > now else {
      throw GeneralRefusal.invalid(field: "until", why: "must be in the future, and not after the goods are sent")
    }
  }
}

extension Preorder {
  /// Takes no more; over at once where nobody waits.
  func stop(at now: Moment, in db: any Connection) throws {
    try db.run(
      "UPDATE preorder SET state = \(State.stopped), changed_ms = \(now) WHERE id = \(id) AND state = 'open'")
    try Outbox.announce(.stock(variant), in: db)
    try Self.endIfDone(id, at: now, in: db)
  }

  /// A stopped one is over when nobody waits: its variant is sold as others are.
  static func endIfDone(_ id: ID<Preorder>, at now: Moment, in db: any Connection) throws {
    let isOver = try db.run(
      """
      UPDATE preorder SET state = \(State.ended), units_ready = 0, changed_ms = \(now)
      WHERE id = \(id) AND state = 'stopped' AND units_waiting = 0
      """)
    if isOver == 1 { try require(id, in: db).free(in: db) }
  }

  fileprivate func free(in db: any Connection) throws {
    try db.run("UPDATE variant SET preorder_id = NULL WHERE id = \(variant) AND preorder_id = \(id)")
    try Outbox.announce(.offer(variant), in: db)
    try Outbox.announce(.stock(variant), in: db)
  }
}

/// Why nothing came of a preorder.
public enum PreorderRefusal: Refusal, Equatable {
  case alreadyOn
  /// It is sold by preorder alone.
  case onPreorder
  case bundle
  case deal
  case auction
  case over
  case stopped
  case nobodyWaits
  case tooFewUnits(left: Int64, onShelf: Int64, waiting: Int64)
  /// The goods are paid for: its money goes back with the other order's.
  case goesWithBalance(number: String)
  case cancelInstead
  case cancelWhole

  public var code: String {
    switch self {
    case .alreadyOn: "preorder_open"
    case .onPreorder: "on_preorder"
    case .bundle: "preorder_bundle"
    case .deal: "preorder_deal"
    case .auction: "preorder_auction"
    case .over: "preorder_over"
    case .stopped: "preorder_stopped"
    case .nobodyWaits: "preorder_nobody_waits"
    case .tooFewUnits: "preorder_too_few_units"
    case .goesWithBalance: "preorder_goes_with_balance"
    case .cancelInstead: "preorder_cancel_instead"
    case .cancelWhole: "preorder_cancel_whole"
    }
  }

  public var sentence: String {
    switch self {
    case .alreadyOn: "This variant is on preorder already. Change that preorder, or stop it first."
    case .onPreorder:
      "This is on preorder, and is not sold otherwise until nobody waits for it. Stop the preorder first, and give those who wait theirs."
    case .bundle: "A bundle and what is in one cannot be on preorder: their parts are sent together, and now."
    case .deal: "This product has a live deal. End it before the variant goes on preorder."
    case .auction: "This variant is in an auction. Wait until it is over before the variant goes on preorder."
    case .over: "This preorder is over. Open a new one."
    case .stopped: "This preorder takes no more. Open a new one when everybody has theirs."
    case .nobodyWaits: "Nobody has paid a deposit and waits for goods."
    case .tooFewUnits(let left, let onShelf, let waiting):
      "At most \(left) more can be given out now: \(onShelf) are on the shelf, and \(waiting) are waited for. Receive what has come in first."
    case .goesWithBalance(let number):
      "Its goods are paid for with order \(number). Cancel or refund that one: the deposit's part goes back with it."
    case .cancelInstead:
      "This deposit is of a preorder that goes on. Cancel the order: all of the deposit goes back then."
    case .cancelWhole: "A preorder is cancelled whole. Leave the lines out."
    }
  }

  public var kind: RefusalKind {
    switch self {
    case .cancelWhole: .invalid
    default: .conflict
    }
  }

  public var field: String? {
    switch self {
    case .alreadyOn, .onPreorder, .bundle, .deal, .auction: "variant"
    case .tooFewUnits: "units"
    case .stopped: "until"
    case .cancelWhole: "lines"
    default: nil
    }
  }
}
