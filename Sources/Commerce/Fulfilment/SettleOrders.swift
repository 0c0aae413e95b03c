import Store

extension Commerce {
  /// Releases the money of orders that were delivered `Policy.settleHours` ago; gives how many. An order with a refund
  /// or a return under way waits for it; the deposit of a preorder waits for its balance.
  @discardableResult
  public func settleOrders() async throws -> Int {
    let due = clock.now.adding(seconds: -policy.settleHours * 3600)
    let isDue = try await database.read { db in
      try db.row("SELECT 1 FROM orders WHERE state = 'delivered' AND delivered_ms <= \(due) LIMIT 1") != nil
    }
    guard isDue else { return 0 }
    return try await writeAndTell { db in
      let ids = try db.rows(
        """
        SELECT id FROM orders WHERE state = 'delivered' AND delivered_ms <= \(due)
          AND id NOT IN (SELECT order_id FROM refund WHERE state = 'pending')
          AND id NOT IN (SELECT order_id FROM order_return WHERE state IN ('requested', 'approved', 'sent', 'disputed'))
          AND (part IS NULL OR part <> 'deposit' OR id NOT IN (
            SELECT preorder_place.order_id FROM preorder_place
            JOIN orders AS balance ON balance.id = preorder_place.balance_order_id
            WHERE balance.state NOT IN ('settled', 'refunded')))
        ORDER BY delivered_ms LIMIT 100
        """
      ).map { try $0.get("id", as: ID<Order>.self) }
      guard !ids.isEmpty else { return 0 }
      try db.run(
        "UPDATE orders SET state = \(Order.State.settled) WHERE id IN \(list: ids) AND state = 'delivered'")
      for id in ids { try Outbox.announce(.order(id), in: db) }
      return ids.count
    }
  }
}
