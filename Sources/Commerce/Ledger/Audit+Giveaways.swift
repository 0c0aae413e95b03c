import Crypto
import Foundation
import Store

extension Audit {
  /// Every list is what its hash says and has everybody in it, every seed is what was promised, every draw comes out the
  /// same when it is done again, and what is held for winners is what they can still claim.
  mutating func giveaways(in db: any Connection) throws {
    let giveaways = try Giveaway.withWinners(
      db.rows("SELECT \(Giveaway.columns) FROM giveaway ORDER BY id").map(Giveaway.init), in: db)
    note("Giveaways: \(giveaways.count).")
    for giveaway in giveaways {
      for fault in try faults(of: giveaway, in: db) { differ("giveaway \(giveaway.id): \(fault)") }
    }
  }

  private func faults(of giveaway: Giveaway, in db: any Connection) throws -> [String] {
    var faults: [String] = []
    func expect(_ isSo: Bool, _ fault: String) { if !isSo { faults.append(fault) } }
    expect(giveaway.commitment == Array(SHA256.hash(data: Data(giveaway.secretSeed))), "its seed is another")
    let present: Int64 = try db.requireRow(
      "SELECT COUNT(*) AS entrants FROM giveaway_entrant WHERE giveaway_id = \(giveaway.id)"
    ).get("entrants")
    // Some time after the draw they are forgotten.
    let isForgotten = giveaway.state == .drawn && present == 0
    expect(
      present == giveaway.entrants || isForgotten,
      "\(giveaway.entrants) entrants are counted, but \(present) are in it")
    let waiting = giveaway.winners.count { $0.state == .waiting }
    let held = giveaway.variant == nil ? 0 : giveaway.state == .drawn ? Int64(waiting) : giveaway.winnersMax
    expect(giveaway.unitsHeld == held, "\(giveaway.unitsHeld) units are held for \(held) prizes")
    let row = try db.row("SELECT leaves FROM giveaway_list WHERE giveaway_id = \(giveaway.id)")
    let list = try row?.get("leaves", as: [UInt8].self)
    guard giveaway.state != .open else {
      expect(list == nil, "it is open and has a list")
      return faults
    }
    guard let list else { return faults + ["its list is not there"] }
    expect(
      Int64(list.count) == giveaway.entrants * 32,
      "its list has \(list.count / 32) of \(giveaway.entrants) entrants")
    expect(Lot.root(of: list) == giveaway.root, "its list is not the one that was published")
    guard giveaway.state == .drawn else { return faults }
    let positions = Lot.winners(
      Int(giveaway.winnersMax), of: list.count / 32, seed: giveaway.secretSeed, root: giveaway.root ?? [],
      word: giveaway.word)
    expect(giveaway.winners.map { Int($0.position) } == positions, "drawn again it has other winners")
    return faults
  }
}
