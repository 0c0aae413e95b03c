import Foundation
import Store

/// How the channel reaches a winner. Only its owners and those who send its parcels see it.
public struct PrizeClaim: Sendable, Codable, Equatable {
  public var name: String
  public var email: String
  public var phone: String
  /// Where a thing is to be sent; several lines.
  public var address: String

  public init(name: String, email: String, phone: String = "", address: String = "") {
    self.name = name
    self.email = email
    self.phone = phone
    self.address = address
  }
}

extension Commerce {
  /// A winner says how they are reached. With it a unit of the prize's variant leaves the stock. The same again, nothing
  /// happens.
  ///
  /// - Throws: `GiveawayRefusal.notWinner`, `.claimed`, `.claimOver`, `GeneralRefusal.invalid`, `.notFound`.
  @discardableResult
  public func claimPrize(
    _ id: ID<Giveaway>, _ entrant: Entrant, _ claim: PrizeClaim, by caller: Caller = .nobody
  ) async throws -> Giveaway.Winner {
    let claim = try claim.checked(policy)
    return try await writeAndTell { db in
      let giveaway = try visible(id, to: caller, in: db)
      let row = try db.row(
        """
        SELECT place, state, claim_until_ms, claim FROM giveaway_winner
        WHERE giveaway_id = \(id) AND entrant = \(entrant.bytes)
        """)
      guard let row, let place = try Int(exactly: row.get("place", as: Int64.self)) else {
        throw GiveawayRefusal.notWinner
      }
      guard giveaway.variant == nil || !claim.address.isEmpty else {
        throw GeneralRefusal.invalid(field: "address", why: "must say where the prize is to be sent")
      }
      let text = try claim.text
      switch try row.get("state", as: Giveaway.Winner.State.self) {
      case .claimed:
        guard try row.get("claim", as: String.self) == text else { throw GiveawayRefusal.claimed }
        return giveaway.winners[place]
      case .expired: throw GiveawayRefusal.claimOver
      case .waiting: break
      }
      let now = clock.now
      let changed = try db.run(
        """
        UPDATE giveaway_winner SET state = 'claimed', claim = \(text), claimed_ms = \(now)
        WHERE giveaway_id = \(id) AND place = \(Int64(place)) AND state = 'waiting' AND claim_until_ms > \(now)
        """)
      guard changed == 1 else { throw GiveawayRefusal.claimOver }
      if let variant = giveaway.variant {
        try db.run("UPDATE giveaway SET units_held = units_held - 1 WHERE id = \(id)")
        let occasion = occasion(by: caller.account, note: Giveaway.stockNote)
        try Stock.sell([Stock.Units(variant: variant, count: 1)], on: occasion, in: db)
      }
      return try Giveaway.require(id, in: db).winners[place]
    }
  }

  /// The time of prizes that nobody claimed is over, and their units go back on sale; gives of how many.
  @discardableResult
  public func expirePrizes() async throws -> Int {
    let now = clock.now
    let due = try await database.read { db in
      try db.rows("SELECT giveaway_id FROM giveaway_winner WHERE state = 'waiting' AND claim_until_ms <= \(now)")
        .map { try $0.get("giveaway_id", as: ID<Giveaway>.self) }
    }
    var expired = 0
    for id in Set(due).sorted() {
      expired += try await writeAndTell { db in
        let giveaway = try Giveaway.require(id, in: db)
        let count = try db.run(
          """
          UPDATE giveaway_winner SET state = 'expired'
          WHERE giveaway_id = \(id) AND state = 'waiting' AND claim_until_ms <= \(now)
          """)
        try release(giveaway.variant == nil ? 0 : Int64(count), of: giveaway, on: occasion(), in: db)
        return count
      }
    }
    return expired
  }

  /// Forgets who took part in giveaways that were drawn some time ago, but for the winners; gives of how many entrants.
  /// The lists stay: nobody can be read from them.
  @discardableResult
  public func forgetEntrants() async throws -> Int {
    let before = clock.now.adding(seconds: -policy.giveawayEntrantDays * 86_400)
    return try await database.write { db in
      Int(
        try db.run(
          """
          DELETE FROM giveaway_entrant WHERE giveaway_id IN (SELECT id FROM giveaway WHERE drawn_ms < \(before))
          """))
    }
  }
}

extension PrizeClaim {
  fileprivate func checked(_ policy: Policy) throws -> PrizeClaim {
    PrizeClaim(
      name: try policy.text(name, "name", max: policy.nameCharactersMax), email: try policy.email(email),
      phone: try policy.text(phone, "phone", max: policy.phoneCharactersMax, required: false),
      address: try policy.text(
        address, "address", max: policy.giveawayAddressCharactersMax, required: false, lines: true))
  }

  fileprivate var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  init(text: String) throws { self = try JSONDecoder().decode(Self.self, from: Data(text.utf8)) }
}
