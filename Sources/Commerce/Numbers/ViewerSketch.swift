import Crypto
import Foundation

/// How many different people watched a show, each counted once however often they come back, without a list of them.
///
/// What is remembered of somebody is 64 bits of a salted digest, another salt for each show. Of up to 2,048 people these
/// are kept and the count is exact; of more, only 2¹⁴ registers of them (HyperLogLog, Flajolet et al. 2007, with the
/// estimator of Ertl 2017), which is right to about 1 %: 16 KB, however many come.
public struct ViewerSketch: Sendable, Equatable {
  static let exactMax = 2_048
  private static let registerBits = 14
  private static let saltBytes = 16

  private let salt: [UInt8]
  private var few: Set<UInt64> = []
  /// Empty while `few` counts.
  private var registers: [UInt8] = []

  /// - Parameter entropy: what the salt is made of.
  public init(_ entropy: Entropy) { salt = entropy.bytes(Self.saltBytes) }

  /// True when they had not been counted, as far as is known.
  public mutating func add(_ who: String) -> Bool {
    let digest = SHA256.hash(data: Data(salt + Array(who.utf8)))
    return add(hash: digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  mutating func add(hash: UInt64) -> Bool {
    guard registers.isEmpty else { return note(hash) }
    guard few.insert(hash).inserted else { return false }
    if few.count > Self.exactMax {
      registers = [UInt8](repeating: 0, count: 1 << Self.registerBits)
      for hash in few { _ = note(hash) }
      few = []
    }
    return true
  }

  private mutating func note(_ hash: UInt64) -> Bool {
    let index = Int(hash >> UInt64(64 - Self.registerBits))
    let rest = hash << UInt64(Self.registerBits)
    let rank = UInt8(min(rest.leadingZeroBitCount, 64 - Self.registerBits) + 1)
    guard rank > registers[index] else { return false }
    registers[index] = rank
    return true
  }

  /// How many there were; of many, about.
  public var count: Int64 {
    guard !registers.isEmpty else { return Int64(few.count) }
    let most = 64 - Self.registerBits
    var times = [Double](repeating: 0, count: most + 2)
    for register in registers { times[Int(register)] += 1 }
    let all = Double(registers.count)
    var sum = all * Self.tau(1 - times[most + 1] / all)
    for rank in stride(from: most, through: 1, by: -1) { sum = 0.5 * (sum + times[rank]) }
    sum += all * Self.sigma(times[0] / all)
    return Int64(clamping: UInt64(max(0, all * all / (2 * log(2) * sum)).rounded()))
  }

  /// Ertl 2017, algorithm 6: the registers that are still empty.
  private static func sigma(_ part: Double) -> Double {
    guard part < 1 else { return .infinity }
    var (x, y, sum) = (part, 1.0, part)
    while true {
      x *= x
      let before = sum
      sum += x * y
      y += y
      if sum == before { return sum }
    }
  }

  /// The same: those that are full.
  private static func tau(_ part: Double) -> Double {
    guard part > 0, part < 1 else { return 0 }
    var (x, y, sum) = (part, 1.0, 1 - part)
    while true {
      x = x.squareRoot()
      let before = sum
      y *= 0.5
      sum -= (1 - x) * (1 - x) * y
      if sum == before { return sum / 3 }
    }
  }
}

extension ViewerSketch {
  private enum Form: UInt8 { case few = 1, registers = 2 }

  /// As it is kept.
  var bytes: [UInt8] {
    guard registers.isEmpty else { return [Form.registers.rawValue] + salt + registers }
    return [Form.few.rawValue] + salt
      + few.sorted().flatMap { hash in (0..<8).map { UInt8(hash >> (56 - 8 * $0) & 255) } }
  }

  /// Nil for what is none of ours.
  init?(bytes: [UInt8]) {
    let head = 1 + Self.saltBytes
    guard bytes.count >= head, let form = Form(rawValue: bytes[0]) else { return nil }
    salt = Array(bytes[1..<head])
    let rest = bytes[head...]
    switch form {
    case .few:
      guard rest.count.isMultiple(of: 8), rest.count / 8 <= Self.exactMax else { return nil }
      for start in stride(from: head, to: bytes.count, by: 8) {
        few.insert(bytes[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
      }
    case .registers:
      guard rest.count == 1 << Self.registerBits, rest.allSatisfy({ $0 <= 65 - Self.registerBits }) else { return nil }
      registers = Array(rest)
    }
  }
}
