import Store

extension Commerce {
  /// A channel's preorders, the newest first; for its members.
  public func preorders(
    of channel: ID<Channel>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 20
  ) async throws -> Page<Preorder> {
    try policy.check(limit: limit)
    return try await database.read { db in
      try Membership.require(.look, of: channel, by: caller, in: db)
      let found = try Preorder.all(
        """
        preorder.channel_id = \(channel)
          AND (preorder.created_ms, preorder.id) < (\(cursor?.key ?? .max), \(cursor?.id ?? []))
        ORDER BY preorder.created_ms DESC, preorder.id DESC LIMIT \(limit + 1)
        """, in: db)
      return Page(found, limit: limit) { Cursor($0.made.milliseconds, $0.id) }
    }
  }

  /// One preorder, for the members of its channel.
  public func preorder(_ id: ID<Preorder>, by caller: Caller) async throws -> Preorder {
    try await database.read { db in try own(id, .look, by: caller, in: db) }
  }

  /// The places of a preorder, the first first; for owners and fulfilment members of its channel.
  public func places(
    of preorder: ID<Preorder>, by caller: Caller, after cursor: Cursor? = nil, limit: Int = 50
  ) async throws -> Page<Preorder.Place> {
    try policy.check(limit: limit)
    return try await database.read { db in
      let preorder = try own(preorder, .orders, by: caller, in: db)
      let found = try Preorder.Place.all(
        """
        preorder_place.preorder_id = \(preorder.id)
          AND (preorder_place.created_ms, preorder_place.order_id) > (\(cursor?.key ?? .min), \(cursor?.id ?? []))
        ORDER BY preorder_place.created_ms, preorder_place.order_id LIMIT \(limit + 1)
        """, in: db)
      return Page(found, limit: limit) { Cursor($0.made.milliseconds, $0.order) }
    }
  }

  /// The preorder that an order pays the deposit or the balance of; nil for others. For those who may see the order.
  public func place(
    of order: ID<Order>, by caller: Caller = .nobody, token: Secret? = nil
  ) async throws -> Preorder.Place? {
    try await database.read { db in
      let order = try OrderAccess.requireParty(of: order, by: caller, token: token, in: db)
      return try Preorder.Place.of(order.id, in: db)
    }
  }

  /// The preorder that a variant is on; nil without one. For the members of its channel.
  public func preorder(of variant: ID<Variant>, by caller: Caller) async throws -> Preorder? {
    let now = clock.now
    return try await database.read { db in
      guard let preorder = try Preorder.current(of: [variant], at: now, in: db)[variant] else { return nil }
      try Membership.require(.look, of: preorder.channel, by: caller, "variant", in: db)
      return preorder
    }
  }
}
