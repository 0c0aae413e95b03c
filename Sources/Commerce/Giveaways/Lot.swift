import Crypto
import Foundation

/// The draw itself, as docs/giveaways.md writes it down for anyone who wants to do it again.
public enum Lot {
  /// SHA-256 of the list as text: each leaf as 64 hexadecimal digits and a line end, in the order of the digits.
  static func root(of leaves: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    let size = SHA256.byteCount
    for start in stride(from: 0, to: leaves.count - leaves.count % size, by: size) {
      hash.update(data: Data((Hexadecimal.text(leaves[start..<start + size]) + "\n").utf8))
    }
    return Array(hash.finalize())
  }

  /// The leaves one after the other, in their order.
  static func list(of leaves: [[UInt8]]) -> [UInt8] {
    leaves.sorted { $0.lexicographicallyPrecedes($1) }.flatMap(\.self)
  }

  /// Positions of the winners in a list of `count`, in the order in which they are drawn: at most `winnersMax`, each once.
  ///
  /// Block number c is HMAC-SHA256 with the seed as key of root, SHA-256 of the word, and c as eight bytes, the highest
  /// first. Its first eight bytes are a number x; one that is not below the largest multiple of `count` up to 2⁶⁴ is
  /// passed over, or else the lower positions would be likelier (rejection sampling), and so is one whose position,
  /// x mod `count`, has won already.
  static func winners(_ winnersMax: Int, of count: Int, seed: [UInt8], root: [UInt8], word: String) -> [Int] {
    guard count > 0 else { return [] }
    let key = SymmetricKey(data: seed)
    let message = root + Array(SHA256.hash(of: word))
    // 2⁶⁴ mod count.
    let rest = (UInt64.max % UInt64(count) + 1) % UInt64(count)
    var winners: [Int] = []
    var counter: UInt64 = 0
    while winners.count < min(winnersMax, count) {
      let number = withUnsafeBytes(of: counter.bigEndian) { Array($0) }
      let block = HMAC<SHA256>.authenticationCode(for: message + number, using: key)
      counter += 1
      let value = block.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard value <= UInt64.max - rest else { continue }
      let position = Int(value % UInt64(count))
      if !winners.contains(position) { winners.append(position) }
    }
    return winners
  }
}
