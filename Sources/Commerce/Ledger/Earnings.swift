import Store

/// What the books owe a channel in one currency.
public struct Earnings: Sendable, Equatable {
  /// Of orders that are settled, or refunded whole, less what was paid out. Negative is a debt.
  public let released: Money
  /// Of orders that are paid and on their way, or were delivered less than `Policy.settleHours` ago.
  public let waiting: Money
}

extension Commerce {
  /// What a channel has in the books, by currency: what is released to it, and what waits for its orders to be
  /// delivered and settled; for its owners. Together they are the channel's balance.
  public func earnings(of channel: ID<Channel>, by caller: Caller) async throws -> [Earnings] {
    try await earnings(of: .channel(channel), by: caller)
  }

  /// The same of any payee.
  public func earnings(of payee: Payee, by caller: Caller) async throws -> [Earnings] {
    try await database.read { db in
      try payee.requireLook(caller, in: db)
      return try db.rows(
        """
        SELECT entry.currency AS currency,
          CAST(SUM(CASE WHEN orders.id IS NULL OR orders.state IN ('settled', 'refunded')
            THEN entry.amount_minor ELSE 0 END) AS BIGINT) AS released,
          CAST(SUM(CASE WHEN orders.id IS NULL OR orders.state IN ('settled', 'refunded')
            THEN 0 ELSE entry.amount_minor END) AS BIGINT) AS waiting
        FROM ledger_entry entry JOIN ledger_transfer transfer ON transfer.id = entry.transfer_id
        LEFT JOIN orders ON orders.id = transfer.order_id
        WHERE entry.account IN \(list: payee.accounts.map(\.description))
        GROUP BY entry.currency ORDER BY entry.currency
        """
      ).map { row in
        let currency: Currency = try row.get("currency")
        return Earnings(
          released: Money(minor: try row.get("released"), currency: currency),
          waiting: Money(minor: try row.get("waiting"), currency: currency))
      }
    }
  }
}
