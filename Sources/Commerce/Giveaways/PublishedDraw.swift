import Crypto
import Foundation

/// What is published of a giveaway, as anyone can fetch it, and whether it is a draw as docs/giveaways.md has it.
public struct PublishedDraw: Sendable, Codable, Equatable {
  public let giveaway: ID<Giveaway>
  public let state: Giveaway.State
  public let winnersMax: Int64
  public let commitment: String
  public let entrants: Int64
  /// Nil while it is open.
  public let root: String?
  public let word: String
  /// Nil before the draw.
  public let seed: String?
  /// Positions in `leaves`, in the order in which they were drawn.
  public let winners: [Int64]
  public let leaves: [String]

  /// What is not as it should be; empty for a good draw, and for one whose time has not come as far as it can be checked.
  public func faults() -> [String] {
    guard state != .open else { return [] }
    guard let list = Self.list(of: leaves) else { return ["a leaf is not 64 hexadecimal digits"] }
    var faults: [String] = []
    if Int64(leaves.count) != entrants { faults.append("the list has \(leaves.count) of \(entrants) entrants") }
    let made = Lot.root(of: Lot.list(of: list))
    if Hexadecimal.text(made) != root { faults.append("the list is another than the one that was published") }
    guard state == .drawn else { return faults }
    guard let seed = seed.flatMap(Self.bytes), seed.count == 32 else { return faults + ["there is no seed"] }
    if Hexadecimal.text(SHA256.hash(data: Data(seed))) != commitment {
      faults.append("the seed is another than the one that was sealed")
    }
    let drawn = Lot.winners(
      Int(clamping: max(0, winnersMax)), of: leaves.count, seed: seed, root: made, word: word)
    if drawn.map(Int64.init) != winners { faults.append("drawn again, others win") }
    return faults
  }

  private static func list(of leaves: [String]) -> [[UInt8]]? {
    let list = leaves.compactMap(bytes)
    return list.count == leaves.count && list.allSatisfy { $0.count == SHA256.byteCount } ? list : nil
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap(Hexadecimal.value)
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
