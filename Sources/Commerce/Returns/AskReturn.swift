import Store

extension Commerce {
  /// Asks to send units back that have arrived; for the order's buyer, within the days that its market gave when
  /// it was placed, from the last parcel's arrival. Asked twice with one `id`, or without any with one `key`, it is one return.
  public func askReturn(
    _ order: ID<Order>, id: ID<Return>? = nil, key: IdempotencyKey? = nil, by caller: Caller = .nobody,
    token: Secret? = nil, lines: [Return.Line], reason: Return.Reason, note: String = ""
  ) async throws -> Return {
    let note = try policy.text(note, "note", max: policy.returnNoteCharactersMax, required: false, lines: true)
    let made = id ?? key?.id() ?? makeID()
    let lines = lines.sorted { $0.position < $1.position }
    return try await writeAndTell { [policy] db in
      let found = try OrderAccess.requireBuyer(of: order, by: caller, token: token, in: db)
      if let known = try Return.find(made, in: db) {
        guard known.order == order, known.reason == reason, known.note == note,
          known.lines.map({ Return.Line(position: $0.position, quantity: $0.quantity) }) == lines
        else { throw ReturnRefusal.otherReturn }
        return known
      }
      // One that comes from a key is ours, and no time.
      if let id { try policy.checkNew(id, at: clock.now) }
      guard try ReturnPeriod.days(of: found, policy, in: db) > 0 else { throw ReturnRefusal.notTaken }
      guard [.paid, .fulfilled, .delivered, .settled].contains(found.state), found.refunded != found.total else {
        throw found.paid == nil ? ReturnRefusal.notArrived : .over
      }
      let shipments = try Shipment.all(of: order, in: db)
      guard let until = try ReturnPeriod.end(of: found, shipments, policy, in: db) else {
        throw ReturnRefusal.notArrived
      }
      guard clock.now <= until else { throw ReturnRefusal.tooLate }
      let returns = try Return.all(of: order, in: db)
      guard returns.count < policy.returnsPerOrderMax else {
        throw GeneralRefusal.tooMany(what: "returns of one order", limit: policy.returnsPerOrderMax)
      }
      guard !lines.isEmpty, Set(lines.map(\.position)).count == lines.count else {
        throw GeneralRefusal.invalid(field: "lines", why: "must name at least one line, and each once")
      }
      try Return.check(lines, found.lineUnits(shipments, Refund.all(of: order, in: db), returns))
      let goods = Return(
        id: made, order: order, channel: found.channel, reason: reason, note: note, state: .requested,
        isDecided: false, instructions: "", answer: "", carrier: "", tracking: "", link: "", lines: lines,
        made: clock.now, changed: clock.now)
      try goods.insert(by: caller.account, in: db)
      try OrderEvent.add(
        .returnRequested, to: order, of: made, by: .buyer, note, on: occasion(by: caller.account, order: order), in: db)
      try Outbox.announce(.order(order), in: db)
      try Mail.queue(.request, of: found.channel, because: made.bytes, at: clock.now, in: db)
      return goods
    }
  }

  /// Says that the goods are on their way back; for the order's buyer. Said again, it corrects the parcel.
  public func sendReturn(
    _ id: ID<Return>, of order: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil, carrier: String = "",
    tracking: String = "", link: String = ""
  ) async throws -> Return {
    let carrier = try policy.text(carrier, "carrier", max: policy.nameCharactersMax, required: false)
    let tracking = try policy.text(tracking, "tracking", max: policy.trackingCharactersMax, required: false)
    let link = try policy.link(link, "link")
    return try await writeAndTell { db in
      _ = try OrderAccess.requireBuyer(of: order, by: caller, token: token, in: db)
      let goods = try Return.require(id, of: order, in: db)
      guard goods.state == .approved || goods.state == .sent else { throw ReturnRefusal.moved(goods.state) }
      try db.run(
        "UPDATE order_return SET carrier = \(carrier), tracking = \(tracking), link = \(link) WHERE id = \(id)")
      if goods.state == .approved {
        try goods.move(to: .sent, by: .buyer, on: occasion(by: caller.account, order: order), in: db)
      }
      return try Return.require(id, of: order, in: db)
    }
  }

  /// Keeps the goods after all; for the order's buyer, while they are not on their way. Said again, it changes nothing.
  public func withdrawReturn(
    _ id: ID<Return>, of order: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil
  ) async throws -> Return {
    try await writeAndTell { db in
      _ = try OrderAccess.requireBuyer(of: order, by: caller, token: token, in: db)
      let goods = try Return.require(id, of: order, in: db)
      if goods.state == .withdrawn { return goods }
      guard [.requested, .approved, .disputed].contains(goods.state) else { throw ReturnRefusal.moved(goods.state) }
      try goods.move(to: .withdrawn, by: .buyer, on: occasion(by: caller.account, order: order), in: db)
      return try Return.require(id, of: order, in: db)
    }
  }

  /// Takes a return that its seller refused to the operator, with a reason; for the order's buyer, within
  /// `Policy.returnDisputeDays`. Said again while the operator has not decided, it changes nothing.
  public func disputeReturn(
    _ id: ID<Return>, of order: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil, note: String
  ) async throws -> Return {
    let note = try policy.text(note, "note", max: policy.returnNoteCharactersMax, lines: true)
    return try await writeAndTell { [policy] db in
      _ = try OrderAccess.requireBuyer(of: order, by: caller, token: token, in: db)
      let goods = try Return.require(id, of: order, in: db)
      if goods.state == .disputed { return goods }
      guard goods.mayBeDisputed(at: clock.now, policy) else { throw ReturnRefusal.tooLateToDispute }
      // Meanwhile the money of its units may have gone back, or they may be in another return.
      try Return.check(goods.lines, Order.require(order, in: db).lineUnits(in: db))
      try goods.move(to: .disputed, by: .buyer, note, on: occasion(by: caller.account, order: order), in: db)
      return try Return.require(id, of: order, in: db)
    }
  }
}

extension Return {
  /// Throws unless all of these can be sent back.
  fileprivate static func check(_ lines: [Line], _ units: [LineUnits]) throws {
    for line in lines {
      guard units.indices.contains(line.position) else {
        throw GeneralRefusal.invalid(field: "lines", why: "must be lines of the order, counted from 0")
      }
      guard line.quantity > 0 else { throw GeneralRefusal.invalid(field: "quantity", why: "must be 1 or more") }
      guard line.quantity <= units[line.position].returnable else {
        throw ReturnRefusal.tooManyUnits(position: line.position, left: units[line.position].returnable)
      }
    }
  }
}
