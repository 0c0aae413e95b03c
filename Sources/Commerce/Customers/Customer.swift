import Store

/// Somebody who bought from a channel.
public struct Customer: Sendable, Equatable {
  public let id: ID<Customer>
  public let channel: ID<Channel>
  /// Nil for a guest.
  public let account: ID<Account>?
  /// Whether the account was deleted: then nothing here says who it was.
  public let isDeleted: Bool
  /// As in their last order; empty when `isDeleted`.
  public let name: String
  /// As in their last order; masked for who may not read it whole, and empty when `isDeleted`.
  public let email: String
  /// Those that were paid.
  public let orders: Int64
  public let first: Moment
  public let last: Moment
  /// What they paid less what went back to them, by currency; nil for who may not know.
  public let spent: [Money]?
  /// What the channel's people wrote down about them.
  public let note: String

  /// A file has so many rows.
  public static let fileRowsMax = 10_000

  /// The first sign of the name and where it is: `a…@example.com`. Enough to tell two people apart.
  static func masked(_ email: String) -> String {
    let parts = email.split(separator: "@", maxSplits: 1)
    guard parts.count == 2, let first = parts[0].first else { return "" }
    return "\(first)…@\(parts[1])"
  }
}

/// One customer as the channel's people look them up.
public struct CustomerFile: Sendable {
  public let customer: Customer
  /// Where their last order went; nil when the account was deleted, and for who does not send parcels.
  public let phone: String
  /// Their latest orders, the latest first; more are in `next`.
  public let orders: Page<Order>
  /// The latest first.
  public let returns: [Return]
}

extension Customer {
  static let source: SQL = """
    SELECT customer.id AS id, customer.channel_id AS channel_id, customer.account_id AS account_id,
      customer.orders AS orders, customer.first_ms AS first_ms, customer.last_ms AS last_ms, customer.note AS note,
      CASE WHEN account.deleted_ms IS NULL THEN 0 ELSE 1 END AS is_deleted,
      (SELECT orders.buyer FROM customer_order JOIN orders ON orders.id = customer_order.order_id
        WHERE customer_order.customer_id = customer.id
        ORDER BY customer_order.paid_ms DESC, customer_order.order_id DESC LIMIT 1) AS buyer
    FROM customer LEFT JOIN account ON account.id = customer.account_id
    """

  /// Of rows of `source`, in their order. What they spent is left out unless `withSpent`; addresses are masked unless
  /// `whole`.
  static func of(rows: [Row], withSpent: Bool, whole: Bool, in db: any Connection) throws -> [Customer] {
    guard !rows.isEmpty else { return [] }
    var spent: [ID<Customer>: [Money]] = [:]
    if withSpent {
      let ids = try rows.map { try $0.get("id", as: ID<Customer>.self) }
      for row in try db.rows(
        """
        SELECT customer_order.customer_id AS customer_id, orders.currency AS currency,
          CAST(SUM(orders.total_minor - orders.refunded_minor) AS BIGINT) AS minor
        FROM customer_order JOIN orders ON orders.id = customer_order.order_id
        WHERE customer_order.customer_id IN \(list: ids)
        GROUP BY customer_order.customer_id, orders.currency ORDER BY customer_order.customer_id, orders.currency
        """)
      {
        spent[try row.get("customer_id"), default: []].append(
          Money(minor: try row.get("minor"), currency: try row.get("currency")))
      }
    }
    return try rows.map { row in
      let id: ID<Customer> = try row.get("id")
      let account: ID<Account>? = try row.get("account_id")
      let isDeleted: Bool = try row.get("is_deleted")
      let buyer = try isDeleted ? nil : Buyer(account: account, encoded: row.get("buyer"))
      let email = buyer?.email ?? ""
      return Customer(
        id: id, channel: try row.get("channel_id"), account: account, isDeleted: isDeleted, name: buyer?.name ?? "",
        email: whole ? email : masked(email), orders: try row.get("orders"), first: try row.get("first_ms"),
        last: try row.get("last_ms"), spent: withSpent ? spent[id] ?? [] : nil, note: try row.get("note"))
    }
  }
}
