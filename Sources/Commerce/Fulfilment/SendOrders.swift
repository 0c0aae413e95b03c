import Store

extension Commerce {
  /// Says that all that is left of some of a channel's orders was sent, a parcel each; for owners and fulfilment members
  /// of it. Each row is taken or refused for itself, and the answers are in the order of the rows. What was sent by an
  /// earlier try is refused as no longer waiting, and not sent again.
  ///
  /// Throws for who may not, and for more than `ParcelRow.rowsMax` rows.
  public func sendOrders(
    _ rows: [ParcelRow], of channel: ID<Channel>, by caller: Caller
  ) async throws -> [SentRow] {
    guard rows.count <= ParcelRow.rowsMax else {
      throw GeneralRefusal.invalid(field: "rows", why: "can be \(ParcelRow.rowsMax) at most")
    }
    let found = try await database.read { db in
      try Membership.require(.orders, of: channel, by: caller, in: db)
      return try Self.waitingOrders(named: rows.map(\.order), of: channel, in: db)
    }
    var seen: Set<ID<Order>> = []
    var work: [(place: Int, order: ID<Order>)] = []
    var results: [SentRow?] = rows.enumerated().map { place, row in
      func refused(_ refusal: ParcelRowRefusal) -> SentRow {
        SentRow(place: place, row: row, shipment: nil, refusal: refusal)
      }
      let orders = found[row.order.uppercased()] ?? []
      guard let order = orders.first else { return refused(.notWaiting) }
      guard orders.count == 1 else { return refused(.ambiguous) }
      guard seen.insert(order).inserted else { return refused(.twice) }
      work.append((place, order))
      return nil
    }
    // Some at once, so that they share commits.
    for start in stride(from: 0, to: work.count, by: 25) {
      try await withThrowingTaskGroup(of: SentRow.self) { group in
        for (place, order) in work[start..<min(start + 25, work.count)] {
          group.addTask { try await self.send(rows[place], place, order, by: caller) }
        }
        for try await result in group { results[result.place] = result }
      }
    }
    return results.compactMap(\.self)
  }

  private func send(_ row: ParcelRow, _ place: Int, _ order: ID<Order>, by caller: Caller) async throws -> SentRow {
    do {
      let shipment = try await ship(
        order, by: caller, carrier: row.carrier, tracking: row.tracking, link: row.link)
      return SentRow(place: place, row: row, shipment: shipment, refusal: nil)
    } catch let refusal as any Refusal {
      return SentRow(place: place, row: row, shipment: nil, refusal: refusal)
    }
  }

  /// The orders that wait, by number and by id in capitals; those that are named alone.
  private static func waitingOrders(
    named names: [String], of channel: ID<Channel>, in db: any Connection
  ) throws -> [String: [ID<Order>]] {
    let wanted = Set(names.map { $0.uppercased() })
    var found: [String: [ID<Order>]] = [:]
    var (time, last) = (Int64.min, [UInt8]())
    while true {
      let rows = try db.rows(
        """
        SELECT id, paid_ms FROM orders WHERE channel_id = \(channel) AND state = 'paid'
          AND (paid_ms, id) > (\(time), \(last)) ORDER BY paid_ms, id LIMIT 1000
        """)
      for row in rows {
        let id: ID<Order> = try row.get("id")
        for name in [id.orderNumber, id.description.uppercased()] where wanted.contains(name) {
          found[name, default: []].append(id)
        }
        (time, last) = (try row.get("paid_ms"), id.bytes)
      }
      if rows.count < 1000 { return found }
    }
  }
}

extension Commerce {
  /// What the seller's people wrote down about an order; may be empty. For owners and fulfilment members of its channel.
  public func note(of order: ID<Order>, by caller: Caller) async throws -> String {
    try await database.read { db in
      _ = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      return try db.row("SELECT note FROM order_note WHERE order_id = \(order)")?.get("note") ?? ""
    }
  }

  /// Writes it down, or forgets it when it is empty. Whatever becomes of the order, it can be changed.
  public func putNote(_ note: String, of order: ID<Order>, by caller: Caller) async throws -> String {
    let note = try policy.text(note, "note", max: policy.reasonCharactersMax, required: false, lines: true)
    return try await database.write { [clock] db in
      _ = try OrderAccess.requireSeller(of: order, by: caller, in: db)
      if note.isEmpty {
        try db.run("DELETE FROM order_note WHERE order_id = \(order)")
      } else {
        try db.run(
          """
          INSERT INTO order_note (order_id, note, account_id, changed_ms)
          VALUES (\(order), \(note), \(caller.account.sqlValue), \(clock.now))
          ON CONFLICT (order_id) DO UPDATE SET note = excluded.note, account_id = excluded.account_id,
            changed_ms = excluded.changed_ms
          """)
      }
      return note
    }
  }
}
