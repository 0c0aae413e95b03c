import Crypto
import Store

/// Who holds the stock of an order that is not paid, as two digests: enough to count by, and gone when the order is paid
/// or ends.
struct Holder: Sendable {
  let buyer: [UInt8]
  /// Nil where nobody said where the order came from.
  let address: [UInt8]?

  init(_ buyer: Buyer, address: String?) {
    self.init(account: buyer.account, email: buyer.email, address: address)
  }

  init(account: ID<Account>?, email: String, address: String?) {
    let name = account.map { "account \($0)" } ?? "email \(Policy.folded(email))"
    self.buyer = Self.digest(name)
    self.address = address.map { Self.digest("address \($0)") }
  }

  private static func digest(_ text: String) -> [UInt8] { Array(SHA256.hash(of: text).prefix(16)) }
}

extension Holder {
  /// Throws `HoldRefusal` when the order would hold more than one buyer, or one network address, may hold unpaid.
  func requireRoom(for units: [Stock.Units], of quote: Quote, _ policy: Policy, at now: Moment, in db: any Connection)
    throws
  {
    let buyers = Bounds(orders: policy.openOrdersPerBuyerMax, units: policy.heldUnitsPerBuyerMax)
    let addresses = Bounds(orders: policy.openOrdersPerAddressMax, units: policy.heldUnitsPerAddressMax)
    guard buyers.isSome || addresses.isSome else { return }
    let open = try open(buyers.isSome ? buyers.seenMax : 0, addresses.isSome ? addresses.seenMax : 0, at: now, in: db)
    if buyers.isSome { try buyers.requireRoom(for: units, of: quote, beside: open.ofBuyer, in: db) }
    if addresses.isSome { try addresses.requireRoom(for: units, of: quote, beside: open.ofAddress, in: db) }
  }

  /// The orders that hold stock for this buyer, and those from this address, so many of each at most.
  func open(
    _ ofBuyerMax: Int, _ ofAddressMax: Int, at now: Moment, in db: any Connection
  ) throws -> (ofBuyer: [ID<Order>], ofAddress: [ID<Order>]) {
    if let held = try HeldOrders.at(now, in: db) {
      let known = held.orders(of: self)
      return (
        try held.confirmed(known.ofBuyer, "hold_buyer = \(buyer)", max: ofBuyerMax, at: now, in: db),
        try held.confirmed(known.ofAddress, "hold_address = \(address)", max: ofAddressMax, at: now, in: db)
      )
    }
    let ofBuyer: SQL = "SELECT id FROM orders WHERE hold_buyer = \(buyer) AND expires_ms > \(now) LIMIT \(ofBuyerMax)"
    guard let address, ofAddressMax > 0 else { return (try db.rows(ofBuyer).map { try $0.get("id") }, []) }
    // Both in one statement: every order asks this.
    let rows = try db.rows(
      """
      SELECT id, 0 AS by_address FROM (\(ofBuyer)) AS of_buyer
      UNION ALL
      SELECT id, 1 FROM (
        SELECT id FROM orders WHERE hold_address = \(address) AND expires_ms > \(now) LIMIT \(ofAddressMax)
      ) AS of_address
      """)
    let parts = try Dictionary(grouping: rows) { try $0.get("by_address", as: Bool.self) }
    return (
      try parts[false, default: []].map { try $0.get("id") }, try parts[true, default: []].map { try $0.get("id") }
    )
  }

  /// What may be held unpaid; 0 for no limit.
  private struct Bounds {
    let orders: Int
    let units: Int64

    var isSome: Bool { orders > 0 || units > 0 }

    /// Without a limit on orders, their units are still counted in so many of them.
    var seenMax: Int { orders > 0 ? orders : 1000 }

    func requireRoom(
      for wanted: [Stock.Units], of quote: Quote, beside open: [ID<Order>], in db: any Connection
    ) throws {
      if orders > 0, open.count >= orders { throw HoldRefusal.tooManyOpenOrders(limit: orders) }
      guard units > 0 else { return }
      var held: [ID<Variant>: Int64] = [:]
      if !open.isEmpty {
        for row in try db.rows(
          """
          SELECT variant_id, SUM(quantity) AS units FROM order_line
          WHERE order_id IN \(list: open) AND variant_id IN \(list: wanted.map(\.variant)) GROUP BY variant_id
          """)
        { held[try row.get("variant_id")] = try row.get("units") }
      }
      for unit in wanted where unit.count + held[unit.variant, default: 0] > units {
        let title = quote.lines.first { $0.variant == unit.variant }?.title ?? ""
        throw HoldRefusal.tooManyUnits(title: title, limit: units)
      }
    }
  }
}

/// Why a buyer may not hold more before paying.
public enum HoldRefusal: Refusal, Equatable {
  case tooManyOpenOrders(limit: Int)
  case tooManyUnits(title: String, limit: Int64)

  public var code: String {
    switch self {
    case .tooManyOpenOrders: "too_many_open_orders"
    case .tooManyUnits: "too_many_held"
    }
  }

  public var sentence: String {
    switch self {
    case .tooManyOpenOrders(let limit):
      "\(limit) orders from here wait for payment already. Pay or cancel one of them, or wait until they end."
    case .tooManyUnits(let title, let limit):
      "At most \(limit) of “\(title)” can be held before they are paid. Pay or cancel what you have ordered first."
    }
  }

  public var kind: RefusalKind { .limited }

  public var field: String? {
    if case .tooManyUnits = self { "lines" } else { nil }
  }
}
