import Store

/// What of one order is in a payout, or came back of one. All parts of an account are what its payouts took, with the
/// sign turned: the money that an order still has to be paid out is what is booked of it less its parts.
struct PayoutPart: Equatable {
  let account: LedgerAccount
  /// Nil for payouts of before there were parts.
  let order: ID<Order>?
  /// Minor units; negative for what came back, and for an order that took from others.
  let minor: Int64

  var reversed: PayoutPart { PayoutPart(account: account, order: order, minor: -minor) }

  /// What each released order of a payee has in a currency, less what was paid out of it; by the orders' age. What has
  /// nothing is left out. They sum to `Payee.released`.
  static func due(_ payee: Payee, _ currency: Currency, in db: any Connection) throws -> [PayoutPart] {
    try parts(payee, currency, "", "", in: db)
  }

  /// The same of one order.
  static func due(_ payee: Payee, _ currency: Currency, of order: ID<Order>, in db: any Connection) throws
    -> [PayoutPart]
  {
    try parts(payee, currency, "AND transfer.order_id = \(order)", "AND order_id = \(order)", in: db)
  }

  private static func parts(
    _ payee: Payee, _ currency: Currency, _ ofBooks: SQL, _ ofParts: SQL, in db: any Connection
  ) throws -> [PayoutPart] {
    let names = payee.accounts.map(\.description)
    return try db.rows(
      """
      SELECT parts.order_id AS order_id, parts.account AS account, CAST(SUM(parts.minor) AS BIGINT) AS minor
      FROM (
        SELECT transfer.order_id AS order_id, entry.account AS account, entry.amount_minor AS minor
        FROM ledger_entry entry JOIN ledger_transfer transfer ON transfer.id = entry.transfer_id
        JOIN orders ON orders.id = transfer.order_id
        WHERE entry.account IN \(list: names) AND entry.currency = \(currency)
          AND orders.state IN ('settled', 'refunded') \(ofBooks)
        UNION ALL
        SELECT order_id, account, -amount_minor AS minor FROM payout_part
        WHERE account IN \(list: names) AND currency = \(currency) \(ofParts)
      ) parts
      GROUP BY parts.order_id, parts.account HAVING SUM(parts.minor) <> 0
      ORDER BY parts.order_id, parts.account
      """
    ).map { row in
      let name: String = try row.get("account")
      guard let account = payee.accounts.first(where: { $0.description == name }) else { throw MissingRow() }
      return PayoutPart(account: account, order: try row.get("order_id"), minor: try row.number("minor"))
    }
  }

  /// What was paid out by a cause.
  static func of(cause: [UInt8], _ payee: Payee, in db: any Connection) throws -> [PayoutPart] {
    try db.rows(
      "SELECT account, order_id, amount_minor FROM payout_part WHERE cause_id = \(cause) ORDER BY position"
    ).map { row in
      let name: String = try row.get("account")
      guard let account = payee.accounts.first(where: { $0.description == name }) else { throw MissingRow() }
      return PayoutPart(account: account, order: try row.get("order_id"), minor: try row.number("amount_minor"))
    }
  }

  /// Writes down what is paid out by a cause, or comes back by it.
  static func insert(_ parts: [PayoutPart], cause: [UInt8], _ currency: Currency, in db: any Connection) throws {
    // A statement has so many values at most.
    for start in stride(from: 0, to: parts.count, by: 500) {
      let rows: [[any ValueConvertible]] = parts[start..<min(start + 500, parts.count)].enumerated().map {
        index, part in
        [cause, start + index, part.account.description, currency, part.order, part.minor]
      }
      try db.run(
        """
        INSERT INTO payout_part (cause_id, position, account, currency, order_id, amount_minor) VALUES \(rows: rows)
        """)
    }
  }

  /// What they come to by account, for the books: what is paid out is taken from it.
  static func entries(_ parts: [PayoutPart], _ payee: Payee, _ currency: Currency) throws -> [Ledger.Entry] {
    try payee.accounts.compactMap { account in
      var sum = Money(minor: 0, currency: currency)
      for part in parts where part.account == account {
        sum = try sum.adding(Money(minor: -part.minor, currency: currency))
      }
      return sum.minor == 0 ? nil : Ledger.Entry(account: account, amount: sum)
    }
  }
}
