import Store

/// Something that was bought in a show on air, as far as others who watch may know of it: no price, no quantity, no
/// place, and no name that was not allowed.
public struct ToldPurchase: Sendable, Equatable {
  public let order: ID<Order>
  public let show: ID<Show>
  public let product: ID<Product>
  public let title: String
  /// Who counts as one, however many orders: the account, or else the order.
  public let buyer: String
  /// Only when the buyer's account allows it.
  public let firstName: String?

  public init(
    order: ID<Order>, show: ID<Show>, product: ID<Product>, title: String, buyer: String, firstName: String?
  ) {
    self.order = order
    self.show = show
    self.product = product
    self.title = title
    self.buyer = buyer
    self.firstName = firstName
  }

  /// An order that was paid longer ago is no news.
  static let freshMilliseconds: Int64 = 60_000
}

extension Commerce {
  /// What of these orders may be told in the shows that they were placed in: of those that have just been paid, while
  /// the show is on air. Prizes, and balances of preorders, are no purchases of the moment.
  public func toldPurchases(of orders: [ID<Order>]) async throws -> [ToldPurchase] {
    guard !orders.isEmpty else { return [] }
    let since = clock.now.adding(milliseconds: -ToldPurchase.freshMilliseconds)
    return try await database.read { db in
      try db.rows(
        """
        SELECT DISTINCT orders.id AS id, orders.show_id AS show_id, orders.account_id AS account_id,
          orders.paid_ms AS paid_ms, product.id AS product_id, product.title AS title, account.name AS name,
          account.shown_as AS shown_as
        FROM orders
        JOIN show ON show.id = orders.show_id
        JOIN order_line ON order_line.order_id = orders.id
        LEFT JOIN variant bundle ON bundle.id = order_line.bundle_id
        -- What was bought is the bundle, whose parts are the lines.
        JOIN product ON product.id = COALESCE(bundle.product_id, order_line.product_id)
        LEFT JOIN account ON account.id = orders.account_id
        WHERE orders.id IN \(list: orders) AND orders.state = 'paid' AND orders.paid_ms >= \(since)
          AND orders.total_minor > 0 AND show.state = 'live' AND COALESCE(account.shown_as, 'someone') <> 'nobody'
          AND NOT EXISTS (SELECT 1 FROM preorder_place WHERE preorder_place.balance_order_id = orders.id)
        ORDER BY paid_ms, id, product_id
        """
      ).map { row in
        let order: ID<Order> = try row.get("id")
        let account: ID<Account>? = try row.get("account_id")
        let shown: ShownBuyer? = try row.get("shown_as")
        let name: String? = try row.get("name")
        return ToldPurchase(
          order: order, show: try row.get("show_id"), product: try row.get("product_id"),
          title: try row.get("title"), buyer: account.map(\.description) ?? order.description,
          firstName: shown == .firstName ? name.flatMap(ShownBuyer.firstName(of:)) : nil)
      }
    }
  }
}
