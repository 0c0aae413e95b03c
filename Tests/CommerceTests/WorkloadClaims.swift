@testable import Commerce
import Store
import TestKit
import Testing

extension Auditor {
  /// Units of a variant that are held for who waited for it.
  static func offered(_ variant: ID<Variant>, _ stall: Stall) async throws -> Int64 {
    try await stall.number("SELECT COUNT(*) FROM wish WHERE variant_id = \(variant) AND state = 'offered'")
  }

  /// Units of a variant that comments hold, by what was claimed, not by what the claims say is reserved for them.
  static func claimed(_ variant: ID<Variant>, _ stall: Stall) async throws -> Int64 {
    try await stall.number(
      """
      SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM claim WHERE variant_id = \(variant) AND state = 'held'
      """)
  }
}

/// Comments that reserve, with chances of their own.
extension Workload {
  mutating func makeClaimants() async throws {
    for number in 0..<4 {
      let account: ID<Account> = stall.commerce.makeID()
      try await stall.database.write { [now = stall.clock.now] db in
        try Stall.insertAccount(account, "claimant\(number)@example.com", at: now, in: db)
      }
      claimants.append(Caller(account: account))
    }
  }

  /// A host opens or closes a word or calls a claim off; somebody says it, orders what they have, or lets it go.
  mutating func claim() async throws {
    let (commerce, owner, show) = (stall.commerce, stall.owner, claimShow)
    func any(_ bound: UInt64) -> Int { Int(haste.next() % bound) }
    let person = claimants[any(4)]
    do {
      switch any(10) {
      case 0, 1:
        let product = any(2)
        _ = try await commerce.openClaimWord(
          commerce.makeID(), by: owner, show: show,
          ClaimWordDraft(
            product: stall.products[product], market: "IN", word: ["take", "mine"][product],
            unitsMax: [nil, 3][any(2)], unitsPerBuyerMax: [nil, 2][any(2)], holdMinutes: Int64(any(20) + 1)))
      case 2:
        let open = try await commerce.claimWords(of: show, by: owner).filter { $0.closed == nil }
        guard !open.isEmpty, any(2) == 0 else { return }
        try await commerce.closeClaimWord(open[any(UInt64(open.count))].id, by: owner, show: show)
      case 3..<7:
        let text = "\(["take", "mine"][any(2)]) x\(any(3) + 1)"
        if case .refused(.soldOut(let left)) = try await commerce.speak(
          commerce.makeID(), by: person, show: show, text: text
        ).claim {
          auditor.expect(left < 3, "sold out, and \(left) are left")
        }
      case 7:
        let held = try await commerce.claims(of: show, by: owner).filter { $0.state == .held }
        guard !held.isEmpty else { return }
        try await commerce.cancelClaim(held[any(UInt64(held.count))].id, by: owner, show: show)
      case 8:
        guard let bag = try await commerce.claimBags(by: person).first, let first = bag.claims.first else { return }
        _ = try await commerce.leaveClaim(first.id, in: bag.id, by: person)
      default: try await orderClaimed(by: person)
      }
    } catch is BagRefusal {
      auditor.expect(auditor.isSuspended || auditor.isClosed, "not selling, and nobody stopped it")
    } catch is ClaimRefusal {
    } catch is ChatRefusal {
    } catch is GeneralRefusal {
      // A limit, or a channel that is suspended.
    }
  }

  private mutating func orderClaimed(by person: Caller) async throws {
    guard let bag = try await stall.commerce.claimBags(by: person).first else { return }
    let offers = try await stall.database.read { [stall] db in
      try Offers.lists(of: stall.variants, market: "IN", in: db)
    }
    var (wanted, lines): ([Auditor.Line], [Bag.Line]) = ([], [])
    for unit in bag.units(at: stall.clock.now) {
      guard let product = stall.variants.firstIndex(of: unit.variant), let offer = offers[unit.variant] else {
        throw Stall.Unexpected(what: "no offer")
      }
      wanted.append(Auditor.Line(product: product, quantity: unit.count, price: prices[product], deal: nil))
      lines.append(Bag.Line(offer: offer.id, quantity: unit.count))
    }
    guard !lines.isEmpty else { return }
    do {
      let placed = try await stall.commerce.orderClaimed(
        bag.id, as: nil, offers: lines.map(\.offer), buyer: Stall.buyer(account: person.account), by: person,
        language: "en")
      auditor.placed(placed, Bag(show: claimShow, market: "IN", lines: lines), wanted)
    } catch let refused as BagRefusal {
      auditor.expect(refused.code != "sold_out", "sold out, and held for them")
    }
  }
}
