import Foundation
import Store

extension Commerce {
  /// Makes customers of a channel's orders that were paid since it was last done. A payment costs nothing for it: whoever
  /// looks at the list does (docs/decisions/0058).
  func gatherCustomers(of channel: ID<Channel>) async throws {
    while true {
      let isMore = try await database.read { db in
        try Self.newlyPaid(of: channel, limit: 1, in: db).isEmpty == false
      }
      guard isMore else { return }
      try Task.checkCancellation()
      try await database.write { db in
        let rows = try Self.newlyPaid(of: channel, limit: 200, in: db)
        for row in rows { try Self.gather(row, of: channel, in: db) }
        if let last = try rows.last?.get("paid_ms", as: Moment.self) {
          try db.run(
            "UPDATE channel SET customers_ms = \(last) WHERE id = \(channel) AND customers_ms < \(last)")
        }
      }
    }
  }

  /// An order that was paid before another may be committed after it, and clocks differ: those of the last hour are
  /// looked at again.
  private static let overlapMilliseconds: Int64 = 3_600_000

  private static func newlyPaid(of channel: ID<Channel>, limit: Int, in db: any Connection) throws -> [Row] {
    let since: Moment = try db.requireRow("SELECT customers_ms FROM channel WHERE id = \(channel)").get("customers_ms")
    return try db.rows(
      """
      SELECT orders.id AS id, orders.account_id AS account_id, orders.buyer AS buyer, orders.paid_ms AS paid_ms,
        CASE WHEN account.deleted_ms IS NULL THEN 0 ELSE 1 END AS is_deleted
      FROM orders LEFT JOIN account ON account.id = orders.account_id
      WHERE orders.channel_id = \(channel) AND orders.paid_ms IS NOT NULL
        AND orders.paid_ms >= \(since.adding(milliseconds: -overlapMilliseconds))
        AND NOT EXISTS (SELECT 1 FROM customer_order WHERE customer_order.order_id = orders.id)
      ORDER BY orders.paid_ms, orders.id LIMIT \(limit)
      """)
  }

  private static func gather(_ row: Row, of channel: ID<Channel>, in db: any Connection) throws {
    let order: ID<Order> = try row.get("id")
    let paid: Moment = try row.get("paid_ms")
    let buyer = try Buyer(account: row.get("account_id"), encoded: row.get("buyer"))
    let id = Customer.id(of: buyer, in: channel)
    let words = try row.get("is_deleted", as: Bool.self) ? "" : Customer.words(of: buyer)
    try db.run(
      """
      INSERT INTO customer (id, channel_id, account_id, orders, first_ms, last_ms, words, note)
      VALUES (\(id), \(channel), \(buyer.account.sqlValue), 1, \(paid), \(paid), \(words), '')
      ON CONFLICT (id) DO UPDATE SET orders = customer.orders + 1,
        first_ms = CASE WHEN excluded.first_ms < customer.first_ms THEN excluded.first_ms ELSE customer.first_ms END,
        last_ms = CASE WHEN excluded.last_ms > customer.last_ms THEN excluded.last_ms ELSE customer.last_ms END,
        words = CASE WHEN excluded.last_ms >= customer.last_ms THEN excluded.words ELSE customer.words END
      """)
    try db.run("INSERT INTO customer_order (order_id, customer_id, paid_ms) VALUES (\(order), \(id), \(paid))")
  }
}

extension Customer {
  /// The account's, or for a guest that of the e-mail address, as holds and limits count buyers.
  static func id(of buyer: Buyer, in channel: ID<Channel>) -> ID<Customer> {
    let who = Holder(buyer, address: nil).buyer
    return ID(digest: Array("customer ".utf8) + channel.bytes + who)
  }

  /// What a search looks in: names, the e-mail address, the city.
  static func words(of buyer: Buyer) -> String {
    [buyer.name, buyer.address.name == buyer.name ? "" : buyer.address.name, buyer.email, buyer.address.city]
      .filter { !$0.isEmpty }.joined(separator: " ").precomposedStringWithCanonicalMapping.lowercased()
  }

  /// Forgets what says who an account's orders were from.
  static func forget(account: ID<Account>, in db: any Connection) throws {
    try db.run("UPDATE customer SET words = '', note = '' WHERE account_id = \(account)")
  }
}
