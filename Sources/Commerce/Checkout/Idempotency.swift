import Crypto
import Foundation
import Store

/// The `Idempotency-Key` of a request, within the scope in which it must be unique (who asks, and for what).
public struct IdempotencyKey: Hashable, Sendable {
  public let scope: String
  public let key: String

  /// Nil when `key` is empty or has more than `bytesMax` bytes (`Policy.idempotencyKeyBytesMax`).
  public init?(_ key: String, scope: String, bytesMax: Int = 200) {
    guard !key.isEmpty, key.utf8.count <= bytesMax else { return nil }
    self.scope = scope
    self.key = key
  }

  /// The id of what a request with this key makes, when its caller gives none: the same for every try, so that one whose
  /// answer was lost, or whose claim was taken over, makes nothing twice.
  public func id<Entity>(_ entity: Entity.Type = Entity.self) -> ID<Entity>? {
    ID(bytes: Array(digest(for: "id").prefix(16)))
  }

  /// What the table knows it by: neither scope nor key can be read from it.
  ///
  /// A key that is a UUIDv7 lends it the six bytes of its time. Such names come in order, and share the pages of their
  /// neighbours; others each dirty a page of their own, which costs as much as all else of an order.
  var name: [UInt8] {
    var name = Array(digest(for: "name"))
    if let id = timed { name.replaceSubrange(..<6, with: id.bytes.prefix(6)) }
    return name
  }

  /// The key as an id, when it is a UUIDv7.
  private var timed: ID<Order>? {
    guard let id = ID<Order>(key), id.bytes[6] >> 4 == 7 else { return nil }
    return id
  }

  /// What an answer is sealed with. It is not kept: an answer may hold a secret that is otherwise known by its hash
  /// alone, and only who sends the key again can read it.
  fileprivate var seal: SymmetricKey {
    SymmetricKey(data: digest(for: "seal"))
  }

  private func digest(for purpose: String) -> SHA256Digest { SHA256.hash(of: "\(purpose)\u{0}\(scope)\u{0}\(key)") }

  /// Takes the key for an order, in the order's own transaction. The order that was placed under it before, if any.
  ///
  /// A key that is the order's id says nothing the order does not: it needs no row.
  ///
  /// - Parameter name: its `name`, which is a digest: worked out where it holds nobody up.
  func claim(as name: [UInt8], for request: OrderRequest, at now: Moment, in db: any Connection) throws -> ID<Order>? {
    if ID<Order>(key) == request.id { return nil }
    let isNew = try db.run(
      """
      INSERT INTO idempotency_key (name, fingerprint, order_id, claimed_ms)
      VALUES (\(name), \(request.fingerprint), \(request.id), \(now)) ON CONFLICT (name) DO NOTHING
      """)
    guard isNew == 0 else { return nil }
    let row = try db.row("SELECT order_id FROM idempotency_key WHERE name = \(name)")
    guard let placed = try row?.get("order_id", as: ID<Order>?.self) else { throw PlaceOrderRefusal.otherOrder }
    return placed
  }
}

/// What became of a request with this key before.
public enum IdempotencyClaim: Sendable, Equatable {
  /// It is the first: go on, then `answer` or `abandon`.
  case fresh
  /// It was answered so.
  case answered(status: Int, body: [UInt8])
  /// The first is still under way: ask again later (409).
  case inFlight
  /// The key was used for another body (422).
  case mismatch
}

/// Makes any request that creates something happen once: its first answer is kept for a day and given again.
///
/// `placeOrder` does not need it: it takes the key along.
public struct IdempotencyKeys: Sendable {
  let database: Database
  let clock: WallClock
  let policy: Policy

  /// Takes the key for a request whose body has this SHA-256. A claim that was neither answered nor abandoned within
  /// 60 s belongs to a process that died, and is taken over.
  public func claim(_ key: IdempotencyKey, bodyHash: [UInt8]) async throws -> IdempotencyClaim {
    try await database.write { db in
      let now = clock.now
      let isNew = try db.run(
        """
        INSERT INTO idempotency_key (name, fingerprint, claimed_ms) VALUES (\(key.name), \(bodyHash), \(now))
        ON CONFLICT (name) DO NOTHING
        """)
      if isNew == 1 { return .fresh }
      let row = try db.row(
        "SELECT fingerprint, status, answer, claimed_ms FROM idempotency_key WHERE name = \(key.name)")
      guard let row, try row.get("fingerprint", as: [UInt8].self) == bodyHash else { return .mismatch }
      if let status = try row.get("status", as: Int?.self), let sealed = try row.get("answer", as: [UInt8]?.self) {
        let box = try AES.GCM.SealedBox(combined: sealed)
        return .answered(status: status, body: Array(try AES.GCM.open(box, using: key.seal)))
      }
      let age = now.milliseconds(since: try row.get("claimed_ms"))
      guard abs(age) >= policy.idempotencyInFlightSeconds * 1000 else { return .inFlight }
      try db.run("UPDATE idempotency_key SET claimed_ms = \(now) WHERE name = \(key.name)")
      return .fresh
    }
  }

  /// Keeps the answer of a claimed key, sealed with the key. Only the first answer counts.
  public func answer(_ key: IdempotencyKey, status: Int, body: [UInt8]) async throws {
    guard let sealed = try AES.GCM.seal(body, using: key.seal).combined.map(Array.init) else { return }
    _ = try await database.write { db in
      try db.run(
        """
        UPDATE idempotency_key SET status = \(status), answer = \(sealed)
        WHERE name = \(key.name) AND status IS NULL
        """)
    }
  }

  /// Gives a claimed key back, because the request had no effect and may be tried again with another body.
  public func abandon(_ key: IdempotencyKey) async throws {
    _ = try await database.write { db in
      try db.run("DELETE FROM idempotency_key WHERE name = \(key.name) AND status IS NULL AND order_id IS NULL")
    }
  }

  /// Forgets keys older than a day, in batches of 1 000, each a transaction of its own; gives how many.
  @discardableResult
  public func prune() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.idempotencyHours * 3600)
    var forgotten = 0
    while true {
      let batch = try await database.write { db in
        try db.run(
          """
          DELETE FROM idempotency_key WHERE name IN
            (SELECT name FROM idempotency_key WHERE claimed_ms < \(before) ORDER BY claimed_ms LIMIT 1000)
          """)
      }
      forgotten += batch
      if batch < 1000 { return forgotten }
    }
  }
}

extension Commerce {
  public var idempotencyKeys: IdempotencyKeys {
    IdempotencyKeys(database: database, clock: clock, policy: policy)
  }
}
