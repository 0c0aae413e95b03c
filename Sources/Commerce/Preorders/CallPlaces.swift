import Store

extension Commerce {
  /// How many are called, or ended, in one transaction.
  private static var placesMax: Int64 { 100 }

  /// Gives what is ready to those who wait, who paid first first, as far as it reaches: nobody is passed over for
  /// wanting more than there is. Gives how many places that were.
  func callNext(of id: ID<Preorder>, on occasion: Occasion, in db: any Connection) throws -> Int {
    let preorder = try Preorder.require(id, in: db)
    guard preorder.unitsReady > 0 else { return 0 }
    let waiting = try Preorder.Place.all(
      """
      preorder_place.preorder_id = \(id) AND preorder_place.state = 'waiting'
      ORDER BY preorder_place.since_ms, preorder_place.order_id LIMIT \(Self.placesMax)
      """, in: db)
    var left = preorder.unitsReady
    var called: [Preorder.Place] = []
    for place in waiting {
      guard place.quantity <= left, try call(place, on: occasion.of(place.order), in: db) else { break }
      left -= place.quantity
      called.append(place)
    }
    // What nobody waits for is anybody's.
    let isEverybody = called.count == waiting.count && waiting.count < Self.placesMax
    try db.run(
      """
      UPDATE preorder SET units_ready = \(isEverybody ? 0 : left),
        units_waiting = units_waiting - \(called.reduce(0) { $0 + $1.quantity })
      WHERE id = \(id)
      """)
    try Preorder.endIfDone(id, at: occasion.at, in: db)
    return called.count
  }

  /// Holds a place's units, and asks its buyer for the balance; what was paid whole is an order like others from now on.
  /// False, with nothing done, where the shelf has too few by now.
  private func call(_ place: Preorder.Place, on occasion: Occasion, in db: any Connection) throws -> Bool {
    let deposit = try Order.require(place.order, in: db)
    guard !place.isWhole else {
      guard try Stock.reserve(deposit.goods, on: occasion, in: db) == .held else { return false }
      try Stock.sell(deposit.goods, on: occasion, in: db)
      try db.run("UPDATE orders SET part = NULL WHERE id = \(place.order)")
      try place.become(.complete, at: occasion.at, in: db)
      try Outbox.announce(.order(place.order), in: db)
      return true
    }
    let due = occasion.at.adding(seconds: place.payDays * 86_400)
    let order = Order(
      balanceOf: place, deposit, as: ID(at: occasion.at, entropy: entropy), at: occasion.at, until: due)
    guard try Stock.reserve(order.units, on: occasion.of(order.id), in: db) == .held else { return false }
    // Whoever may open the one may open the other: its own token is nobody's.
    try order.insert(
      access: Secret(prefix: "haat_order_", entropy: entropy).hash, fingerprint: entropy.bytes(32),
      buyer: order.buyer.encoded, holder: nil, day: nil, in: db)
    let isFirst = try db.run(
      """
      UPDATE preorder_place SET state = 'called', balance_order_id = \(order.id), due_ms = \(due),
        changed_ms = \(occasion.at)
      WHERE order_id = \(place.order) AND state = 'waiting'
      """)
    guard isFirst == 1 else { throw MissingRow() }
    try Mail.queue(.preorderReady, of: order, because: order.id, at: occasion.at, in: db)
    for id in [order.id, place.order] { try Outbox.announce(.order(id), in: db) }
    return true
  }

  /// A place is over, and its units are others'. What was paid goes back, unless somebody else sees to that; an order
  /// for the balance ends with it.
  func end(
    _ place: Preorder.Place, because why: Preorder.Place.End, isRefunded: Bool = true, on occasion: Occasion,
    in db: any Connection
  ) throws {
    let isFirst = try db.run(
      """
      UPDATE preorder_place SET state = 'ended', why = \(why), changed_ms = \(occasion.at)
      WHERE order_id = \(place.order) AND state = \(place.state)
      """)
    guard isFirst == 1, place.state.isOpen else { throw MissingRow() }
    let waited = place.state == .called ? 0 : place.quantity
    // Its units are on the shelf, for the next.
    let ready = place.state == .called ? place.quantity : 0
    try db.run(
      """
      UPDATE preorder SET units_taken = units_taken - \(place.quantity), units_waiting = units_waiting - \(waited),
        units_ready = CASE WHEN state IN ('open', 'stopped') THEN units_ready + \(ready) ELSE 0 END
      WHERE id = \(place.preorder)
      """)
    let unpaid = try [place.order, place.balanceOrder].compactMap { $0 }.map { try Order.require($0, in: db) }
      .filter { $0.state == .placed }
    try endUnpaid(unpaid, as: .cancelled, on: occasion, in: db)
    let deposit = try Order.require(place.order, in: db)
    if isRefunded, deposit.paid != nil, deposit.refunded != deposit.total {
      _ = try startRefund(
        ID(at: occasion.at, entropy: entropy), of: deposit, .all, by: occasion.by, reason: "", in: db)
    }
    if [.lapsed, .calledOff].contains(why), deposit.paid != nil {
      try Mail.queue(.preorderEnded, of: deposit, because: place.order, at: occasion.at, in: db)
    }
    for id in [place.order, place.balanceOrder].compactMap({ $0 }) { try Outbox.announce(.order(id), in: db) }
    try Outbox.announce(.stock(place.variant), in: db)
    _ = try callNext(of: place.preorder, on: occasion, in: db)
    try Preorder.endIfDone(place.preorder, at: occasion.at, in: db)
  }

  /// What follows for places from orders that ended unpaid: their stock is back already.
  func endPlaces(of orders: [Order], on occasion: Occasion, in db: any Connection) throws {
    for order in orders {
      guard let part = order.part, let place = try Preorder.Place.of(order.id, in: db) else { continue }
      let now = try Order.require(order.id, in: db).state
      switch (part, place.state) {
      case (.deposit, .held):
        try end(place, because: now == .expired ? .unpaid : .cancelled, on: occasion.of(order.id), in: db)
      case (.balance, .called):
        try end(place, because: now == .expired ? .lapsed : .cancelled, on: occasion.of(order.id), in: db)
      // Whoever ended the place has ended its orders.
      default: break
      }
    }
  }

  /// Does what is due: those whose time is over are stopped, places of those that were called off are ended, later dates
  /// told, buyers reminded of a balance, units given out. Gives how much that was.
  @discardableResult
  public func advancePreorders() async throws -> Int {
    let isDue = try await database.read { db in
      try db.row(
        """
        SELECT 1 FROM preorder WHERE state IN ('open', 'stopped', 'called_off')
        UNION ALL SELECT 1 FROM preorder_place WHERE state = 'called' LIMIT 1
        """) != nil
    }
    guard isDue else { return 0 }
    var moved = 0
    while true {
      let batch = try await writeAndTell { db in try advanceBatch(in: db) }
      moved += batch
      if batch < Self.placesMax { break }
    }
    for refund in try await dueDeposits() { await tryRefund(refund) }
    return moved
  }

  private func advanceBatch(in db: any Connection) throws -> Int {
    let now = clock.now
    var moved = 0
    for preorder in try Preorder.all(
      "preorder.state = 'open' AND preorder.until_ms <= \(now) ORDER BY preorder.until_ms LIMIT \(Self.placesMax)",
      in: db)
    {
      try preorder.stop(at: now, in: db)
      moved += 1
    }
    for place in try Preorder.Place.all(
      """
      preorder.state = 'called_off' AND preorder_place.state IN ('held', 'waiting', 'called')
      ORDER BY preorder_place.preorder_id, preorder_place.order_id LIMIT \(Self.placesMax)
      """, in: db)
    {
      try end(place, because: .calledOff, on: occasion(order: place.order), in: db)
      moved += 1
    }
    for place in try Preorder.Place.all(
      """
      preorder.state IN ('open', 'stopped') AND preorder_place.state = 'waiting'
        AND preorder_place.ships_by_ms <> preorder.ships_by_ms
      ORDER BY preorder_place.preorder_id, preorder_place.order_id LIMIT \(Self.placesMax)
      """, in: db)
    {
      try db.run("UPDATE preorder_place SET ships_by_ms = \(place.shipsBy) WHERE order_id = \(place.order)")
      // An earlier date is no bad news: the mail that the goods are there tells it.
      if place.shipsBy > place.told {
        let order = try Order.require(place.order, in: db)
        try Mail.queue(.preorderMoved, of: order, because: place.order, turn: place.shipsBy, at: now, in: db)
        try Outbox.announce(.order(place.order), in: db)
      }
      moved += 1
    }
    // A day before, so that nobody loses it for having forgotten.
    for place in try Preorder.Place.all(
      """
      preorder_place.state = 'called' AND preorder_place.is_reminded = 0
        AND preorder_place.due_ms <= \(now.adding(seconds: 86_400)) AND preorder_place.due_ms > \(now)
      ORDER BY preorder_place.due_ms, preorder_place.order_id LIMIT \(Self.placesMax)
      """, in: db)
    {
      try db.run("UPDATE preorder_place SET is_reminded = 1 WHERE order_id = \(place.order)")
      if let balance = place.balanceOrder {
        try Mail.queue(.preorderReminder, of: Order.require(balance, in: db), because: balance, at: now, in: db)
      }
      moved += 1
    }
    for preorder in try Preorder.all(
      "preorder.state IN ('open', 'stopped') AND preorder.units_ready > 0 ORDER BY preorder.id LIMIT \(Self.placesMax)",
      in: db)
    {
      moved += try callNext(of: preorder.id, on: occasion(), in: db)
    }
    return moved
  }

  /// Refunds of ended places that nobody has asked for yet; `reconcilePayments` asks for them later all the same.
  private func dueDeposits() async throws -> [ID<Refund>] {
    let since = clock.now.adding(seconds: -policy.reconcileSeconds)
    return try await database.read { db in
      try db.rows(
        """
        SELECT refund.id AS id FROM refund JOIN orders ON orders.id = refund.order_id
        WHERE refund.state = 'pending' AND refund.refund_id = '' AND refund.made_ms > \(since) AND orders.part = 'deposit'
        ORDER BY refund.made_ms, refund.id LIMIT \(Self.placesMax)
        """
      ).map { try $0.get("id") }
    }
  }

  /// What goes back of the deposit with what goes back of the balance: the deposit of the same units, or all of it with all of
  /// it. An amount that leaves some of the balance takes nothing of the deposit.
  func refundDeposit(
    with refund: Refund, of balance: Order, by account: ID<Account>?, in db: any Connection
  ) throws {
    guard balance.part == .balance, let place = try Preorder.Place.of(balance.id, in: db) else { return }
    let deposit = try Order.require(place.order, in: db)
    guard deposit.refunded != deposit.total else { return }
    let isWhole = balance.refunded.minor + refund.amount.minor == balance.total.minor
    let units = refund.lines.map { Refund.Units(position: $0.position, quantity: $0.quantity, unsent: $0.quantity) }
    guard isWhole || !units.isEmpty else { return }
    _ = try startRefund(
      ID(at: clock.now, entropy: entropy), of: deposit, isWhole ? .all : .lines(units, shippingMinor: 0), by: account,
      reason: refund.reason, in: db)
  }

  /// Refunds of the deposit that go with one of the balance.
  func pendingWithDeposit(of balance: ID<Order>) async throws -> [ID<Refund>] {
    try await database.read { db in
      try db.rows(
        """
        SELECT refund.id AS id FROM refund JOIN preorder_place ON preorder_place.order_id = refund.order_id
        WHERE preorder_place.balance_order_id = \(balance) AND refund.state = 'pending' AND refund.refund_id = ''
        """
      ).map { try $0.get("id") }
    }
  }
}

extension Preorder.Place {
  /// The next state of a place that goes on.
  func become(_ next: State, at now: Moment, in db: any Connection) throws {
    let since = next == .waiting ? now : since
    let isFirst = try db.run(
      """
      UPDATE preorder_place SET state = \(next), since_ms = \(since.sqlValue), changed_ms = \(now)
      WHERE order_id = \(order) AND state = \(state)
      """)
    guard isFirst == 1 else { throw MissingRow() }
  }

  /// A part of a preorder was paid.
  static func paid(_ order: Order, at now: Moment, in db: any Connection) throws {
    guard let part = order.part, let place = try of(order.id, in: db) else { return }
    switch (part, place.state) {
    case (.deposit, .held): try place.become(.waiting, at: now, in: db)
    case (.balance, .called):
      try place.become(.complete, at: now, in: db)
      try Outbox.announce(.order(place.order), in: db)
    default: break
    }
  }

  /// Throws where money of a deposit may not go back by itself: while its preorder goes on all of it, and once its goods
  /// are paid for all but an amount.
  static func requireRefundable(_ order: Order, _ share: RefundShare, in db: any Connection) throws {
    guard order.part == .deposit, let place = try of(order.id, in: db) else { return }
    var isAmount = false
    if case .amount(let amount) = share { isAmount = amount < order.total.minor - order.refunded.minor }
    guard !isAmount else { return }
    if place.state.isOpen { throw PreorderRefusal.cancelInstead }
    if place.state == .complete, let balance = place.balanceOrder {
      // Where all of that went back, this is what a failed refund has left.
      guard try Order.require(balance, in: db).state == .refunded else {
        throw PreorderRefusal.goesWithBalance(number: balance.orderNumber)
      }
    }
  }
}

extension Order {
  /// With its balance's goods, the deposit has arrived.
  func deliverDeposit(at now: Moment, in db: any Connection) throws {
    guard part == .balance, let place = try Preorder.Place.of(id, in: db) else { return }
    try db.run(
      "UPDATE orders SET state = \(State.delivered), delivered_ms = \(now) WHERE id = \(place.order) AND state = 'paid'"
    )
    try Outbox.announce(.order(place.order), in: db)
  }
}
