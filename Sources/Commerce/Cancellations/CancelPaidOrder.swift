import Store

extension Commerce {
  /// Cancels a paid order of which nothing was sent, at its buyer's wish: at once within `Policy.cancelMinutes` of its
  /// payment; later its seller is asked, and it is cancelled by itself when they say nothing for `Policy.answerDays`.
  ///
  /// All that was paid goes back, with the shipping. A parcel that is sent first decides. Asked twice with one `id`, or
  /// without any with one `key`, it is one request.
  public func askToCancel(
    _ order: ID<Order>, id: ID<Cancellation>? = nil, key: IdempotencyKey? = nil, by caller: Caller = .nobody,
    token: Secret? = nil, reason: Cancellation.Reason = .buyersWish, note: String = ""
  ) async throws -> Cancellation {
    let note = try policy.text(note, "note", max: policy.reasonCharactersMax, required: false, lines: true)
    let made = id ?? key?.id() ?? makeID()
    let (cancellation, refund) = try await writeAndTell { [policy] db -> (Cancellation, Refund?) in
      let found = try OrderAccess.requireBuyer(of: order, by: caller, token: token, in: db)
      if let known = try Cancellation.find(made, in: db) {
        guard known.order == order, known.party == .buyer, known.reason == reason, known.note == note else {
          throw CancelOrderRefusal.otherCancellation
        }
        return (known, nil)
      }
      if let id { try policy.checkNew(id, at: clock.now) }
      try self.checkCancel(found, in: db)
      guard found.state == .paid, try Shipment.all(of: order, in: db).isEmpty else { throw CancelOrderRefusal.sent }
      // Nothing of a preorder is under way before its balance is paid.
      let isAtOnce =
        found.part == .deposit
        || found.paid.map { clock.now <= $0.adding(seconds: policy.cancelMinutes * 60) } ?? false
      let cancellation = Cancellation(
        id: made, order: order, channel: found.channel, party: .buyer, reason: reason, note: note, state: .requested,
        answer: "", made: clock.now, changed: clock.now)
      try cancellation.insert(by: caller.account, in: db)
      let occasion = occasion(by: caller.account, order: order, note: note)
      try OrderEvent.add(.cancellationRequested, to: order, of: made, by: .buyer, note, on: occasion, in: db)
      try Outbox.announce(.order(order), in: db)
      guard isAtOnce else {
        try Mail.queue(.request, of: found.channel, because: made.bytes, at: occasion.at, in: db)
        return (cancellation, nil)
      }
      return (cancellation, try self.accept(cancellation, of: found, by: .buyer, on: occasion, in: db))
    }
    return try await finish(cancellation, refund)
  }

  /// Cancels a paid order, or `lines` of it, as far as it was not sent; for owners and fulfilment members of its
  /// channel. Of a line as many units are cancelled as said, or all that are still to be sent. Of an order of which
  /// nothing was sent nor is to be sent then, the shipping goes back as well.
  public func cancelPaid(
    _ order: ID<Order>, id: ID<Cancellation>? = nil, key: IdempotencyKey? = nil, by caller: Caller,
    lines: [Refund.Units]? = nil, reason: Cancellation.Reason, note: String = ""
  ) async throws -> Cancellation {
    let note = try policy.text(note, "note", max: policy.reasonCharactersMax, required: false, lines: true)
    guard lines?.isEmpty != true else {
      throw GeneralRefusal.invalid(field: "lines", why: "must name at least one line, or be left out for all")
    }
    let made = id ?? key?.id() ?? makeID()
    let (cancellation, refund) = try await writeAndTell { [policy] db -> (Cancellation, Refund?) in
      let found = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      if let known = try Cancellation.find(made, in: db) {
        guard known.order == order, known.party == .seller, known.reason == reason, known.note == note else {
          throw CancelOrderRefusal.otherCancellation
        }
        return (known, nil)
      }
      if let id { try policy.checkNew(id, at: clock.now) }
      guard found.state == .paid else {
        if found.state == .placed { throw CancelOrderRefusal.notPaid }
        throw [.fulfilled, .delivered, .settled].contains(found.state)
          ? CancelOrderRefusal.sent : CancelOrderRefusal.over
      }
      guard found.refunded != found.total else { throw CancelOrderRefusal.over }
      let all = try Cancellation.all(of: order, in: db)
      guard all.count < policy.cancellationsPerOrderMax else {
        throw GeneralRefusal.tooMany(what: "cancellations of one order", limit: policy.cancellationsPerOrderMax)
      }
      let occasion = occasion(by: caller.account, order: order, note: note)
      // Somebody who cancels all of it need not answer the buyer who asked for it as well.
      if lines == nil, let open = all.first(where: { $0.state == .requested }) {
        return (open, try self.accept(open, of: found, by: .seller, on: occasion, in: db))
      }
      guard !all.contains(where: { $0.state == .requested }) else { throw CancelOrderRefusal.asked }
      let cancellation = Cancellation(
        id: made, order: order, channel: found.channel, party: .seller, reason: reason, note: note, state: .requested,
        answer: "", made: clock.now, changed: clock.now)
      try cancellation.insert(by: caller.account, in: db)
      return (
        cancellation, try self.accept(cancellation, of: found, lines: lines, by: .seller, on: occasion, in: db)
      )
    }
    return try await finish(cancellation, refund)
  }

  /// Cancels what its buyer asked to be cancelled; for owners and fulfilment members of the order's channel. Said again,
  /// it changes nothing.
  public func acceptCancellation(_ id: ID<Cancellation>, of order: ID<Order>, by caller: Caller) async throws
    -> Cancellation
  {
    let (cancellation, refund) = try await writeAndTell { db -> (Cancellation, Refund?) in
      let found = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      let known = try Cancellation.require(id, of: order, in: db)
      if known.state == .accepted { return (known, nil) }
      guard known.state == .requested else { throw CancelOrderRefusal.answered }
      let occasion = occasion(by: caller.account, order: order)
      return (known, try self.accept(known, of: found, by: .seller, on: occasion, in: db))
    }
    return try await finish(cancellation, refund)
  }

  /// Refuses to cancel what its buyer asked to be cancelled, with a reason that the buyer reads; for owners and
  /// fulfilment members of the order's channel. Said again, it changes nothing.
  public func refuseCancellation(
    _ id: ID<Cancellation>, of order: ID<Order>, by caller: Caller, reason: String
  ) async throws -> Cancellation {
    let reason = try policy.text(reason, "reason", max: policy.reasonCharactersMax, lines: true)
    return try await writeAndTell { db in
      let found = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      let known = try Cancellation.require(id, of: order, in: db)
      if known.state == .refused, known.answer == reason { return known }
      guard known.state == .requested else { throw CancelOrderRefusal.answered }
      try known.end(
        as: .refused, answer: reason, by: .seller, of: found, on: occasion(by: caller.account, order: order), in: db)
      return try Cancellation.require(id, of: order, in: db)
    }
  }

  /// The cancellations of an order, the first first, for its buyer and for members of its channel who deal with orders.
  public func cancellations(of order: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil) async throws
    -> [Cancellation]
  {
    try await database.read { db in
      let found = try OrderAccess.requireParty(of: order, by: caller, token: token, in: db)
      return try Cancellation.all(of: found.id, in: db)
    }
  }

  /// Cancels what nobody answered for `Policy.answerDays`; gives how many.
  func acceptOldCancellations() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.answerDays * 86_400)
    let due = try await database.read { db in
      try db.rows(
        "SELECT id FROM cancellation WHERE state = 'requested' AND made_ms <= \(before) ORDER BY made_ms LIMIT 100"
      ).map { try $0.get("id", as: ID<Cancellation>.self) }
    }
    for id in due {
      let refund = try await writeAndTell { db -> Refund? in
        guard let known = try Cancellation.find(id, in: db), known.state == .requested else { return nil }
        let order = try Order.require(known.order, in: db)
        // Its money is on the way back already, and ends this with it; should it fail, this is looked at again.
        guard order.state == .paid, order.refunded != order.total else { return nil }
        return try self.accept(known, of: order, by: .house, on: occasion(order: order.id), in: db)
      }
      if let refund { _ = try await finishRefund(refund) }
    }
    return due.count
  }

  /// Why an order can have no more cancellations now.
  private func checkCancel(_ order: Order, in db: any Connection) throws {
    switch order.state {
    case .placed: throw CancelOrderRefusal.notPaid
    case .expired, .cancelled, .refunded: throw CancelOrderRefusal.over
    case .paid, .fulfilled, .delivered, .settled: break
    }
    guard order.refunded != order.total else { throw CancelOrderRefusal.over }
    let all = try Cancellation.all(of: order.id, in: db)
    guard !all.contains(where: { $0.state == .requested }) else { throw CancelOrderRefusal.asked }
    guard all.count < policy.cancellationsPerOrderMax else {
      throw GeneralRefusal.tooMany(what: "cancellations of one order", limit: policy.cancellationsPerOrderMax)
    }
  }

  /// Writes down that it is cancelled, and the refund, which is to be asked for after the transaction.
  private func accept(
    _ cancellation: Cancellation, of order: Order, lines: [Refund.Units]? = nil, by party: Party,
    on occasion: Occasion, in db: any Connection
  ) throws -> Refund {
    guard order.state == .paid, order.refunded != order.total else { throw CancelOrderRefusal.over }
    try endPlace(of: order, lines, on: occasion, in: db)
    let units = try order.lineUnits(in: db)
    let wanted =
      lines
      ?? units.enumerated().filter { $1.toSend > 0 }.map {
        Refund.Units(position: $0, quantity: $1.toSend)
      }
    guard !wanted.isEmpty else { throw CancelOrderRefusal.sent }
    let unsent = try wanted.map { wanted in
      // Never those that were sent: they come back with a return.
      guard units.indices.contains(wanted.position), wanted.quantity <= units[wanted.position].toSend else {
        throw CancelOrderRefusal.tooManyUnits(
          position: wanted.position,
          left: units.indices.contains(wanted.position) ? units[wanted.position].toSend : 0)
      }
      return Refund.Units(position: wanted.position, quantity: wanted.quantity, unsent: wanted.quantity)
    }
    try cancellation.end(as: .accepted, answer: "", by: party, of: order, on: occasion, in: db)
    guard
      let refund = try startRefund(
        cancellation.refund, of: order, .lines(unsent, shippingMinor: 0), by: occasion.by,
        reason: cancellation.note, in: db)
    else {
      throw GeneralRefusal.invalid(field: "lines", why: "must be units that were paid for: nothing was for these")
    }
    return refund
  }

  /// A deposit's order is cancelled with all of its preorder, and only until the balance is paid.
  private func endPlace(
    of order: Order, _ lines: [Refund.Units]?, on occasion: Occasion, in db: any Connection
  ) throws {
    guard order.part == .deposit, let place = try Preorder.Place.of(order.id, in: db) else { return }
    if place.state == .complete, let balance = place.balanceOrder {
      throw PreorderRefusal.goesWithBalance(number: balance.orderNumber)
    }
    guard lines?.allSatisfy({ $0.position == 0 && $0.quantity == place.quantity }) ?? true else {
      throw PreorderRefusal.cancelWhole
    }
    // Ended before, this is what a failed refund has left.
    if place.state.isOpen { try end(place, because: .cancelled, isRefunded: false, on: occasion, in: db) }
  }

  private func finish(_ cancellation: Cancellation, _ refund: Refund?) async throws -> Cancellation {
    if let refund { _ = try await finishRefund(refund) }
    return try await database.read { db in try Cancellation.find(cancellation.id, in: db) } ?? cancellation
  }
}

extension Cancellation {
  static func require(_ id: ID<Cancellation>, of order: ID<Order>, in db: any Connection) throws -> Cancellation {
    guard let found = try find(id, in: db), found.order == order else { throw GeneralRefusal.notFound("cancellation") }
    return found
  }
}
