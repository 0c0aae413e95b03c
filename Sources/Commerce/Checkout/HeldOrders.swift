import Store

/// The orders that hold stock unpaid, by who holds them, where the process alone writes to its database: two indexes less
/// that every order would write to (docs/decisions/0066).
///
/// It lacks none that is in the database and whose time is not over, and may name some that were undone: whoever asks looks
/// them up. Once a clock has been ahead, what ended by it is not counted again when it is set back.
final class HeldOrders: Mirror {
  private struct Held {
    let buyer: Digest
    let address: Digest?
  }

  /// The 16 bytes of a holder's digest.
  private struct Digest: Hashable {
    let high, low: UInt64

    init?(_ bytes: [UInt8]?) {
      guard let bytes, let id = ID<Holder>(bytes: bytes) else { return nil }
      (high, low) = (id.high, id.low)
    }
  }

  var hasForgotten = false

  private var held: [ID<Order>: Held] = [:]
  private var byBuyer: [Digest: [ID<Order>]] = [:]
  private var byAddress: [Digest: [ID<Order>]] = [:]
  /// By the minute in which their time is over.
  private var ending: [Int64: [ID<Order>]] = [:]
  /// Of those whose time is over.
  private var over: [ID<Order>] = []
  private var minute: Int64 = 0

  /// So many are dropped for each that comes: more than one, and never all that end in the same minute at once.
  private static let droppedAtOnce = 4
  /// Orders that a statement asks for: a crowd behind one address may hold more.
  private static let askedAtOnce = 200

  private init() {}

  /// Nil where others write to the database too.
  static func at(_ now: Moment, in db: any Connection) throws -> HeldOrders? {
    try db.mirror { db in
      let orders = HeldOrders()
      for row in try db.rows(
        """
        SELECT id, hold_buyer, hold_address, expires_ms FROM orders
        WHERE state = 'placed' AND expires_ms > \(now) AND hold_buyer IS NOT NULL ORDER BY expires_ms, id
        """)
      {
        orders.add(
          try row.get("id"), Digest(try row.get("hold_buyer")), Digest(try row.get("hold_address")),
          until: try row.get("expires_ms"))
      }
      orders.minute = Self.minute(of: now)
      return orders
    }
  }

  /// Those of this buyer and this address, as far as is known; the order in which they were added.
  func orders(of holder: Holder) -> (ofBuyer: [ID<Order>], ofAddress: [ID<Order>]) {
    (
      Digest(holder.buyer).flatMap { byBuyer[$0] } ?? [],
      Digest(holder.address).flatMap { byAddress[$0] } ?? []
    )
  }

  /// Those of them, at most `max`, of which the database says so too. The others are forgotten.
  func confirmed(
    _ orders: [ID<Order>], _ isHolder: SQL, max: Int, at now: Moment, in db: any Connection
  ) throws -> [ID<Order>] {
    var confirmed: [ID<Order>] = []
    var rest = orders[...]
    while !rest.isEmpty, confirmed.count < max {
      let asked = rest.prefix(Self.askedAtOnce)
      rest = rest.dropFirst(asked.count)
      let found: [ID<Order>] = try db.rows(
        "SELECT id FROM orders WHERE id IN \(list: Array(asked)) AND \(isHolder) AND expires_ms > \(now)"
      ).map { try $0.get("id") }
      confirmed += found
      if found.count < asked.count { forget(Set(asked).subtracting(found).sorted()) }
    }
    return Array(confirmed.prefix(max))
  }

  func add(_ order: ID<Order>, of holder: Holder, until expires: Moment, at now: Moment) {
    dropSome(at: now)
    add(order, Digest(holder.buyer), Digest(holder.address), until: expires)
  }

  /// They hold nothing any more, if this transaction is not undone.
  func forget(_ orders: [ID<Order>]) {
    for order in orders where held[order] != nil {
      hasForgotten = true
      drop(order)
    }
  }

  private func add(_ order: ID<Order>, _ buyer: Digest?, _ address: Digest?, until expires: Moment) {
    guard let buyer, held[order] == nil else { return }
    held[order] = Held(buyer: buyer, address: address)
    byBuyer[buyer, default: []].append(order)
    if let address { byAddress[address, default: []].append(order) }
    ending[Self.minute(of: expires), default: []].append(order)
  }

  private func drop(_ order: ID<Order>) {
    guard let held = held.removeValue(forKey: order) else { return }
    Self.remove(order, of: held.buyer, from: &byBuyer)
    if let address = held.address { Self.remove(order, of: address, from: &byAddress) }
  }

  private static func remove(_ order: ID<Order>, of digest: Digest, from orders: inout [Digest: [ID<Order>]]) {
    orders[digest]?.removeAll { $0 == order }
    if orders[digest]?.isEmpty ?? false { orders[digest] = nil }
  }

  private func dropSome(at now: Moment) {
    let current = Self.minute(of: now)
    if current > minute {
      minute = current
      for past in ending.keys where past < current { over += ending.removeValue(forKey: past) ?? [] }
    }
    for _ in 0..<min(Self.droppedAtOnce, over.count) { drop(over.removeLast()) }
  }

  private static func minute(of moment: Moment) -> Int64 { moment.milliseconds / 60_000 }
}
