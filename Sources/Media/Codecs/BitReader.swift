/// Reads bit fields, most significant bit first, from bytes that nobody has vouched for: past the end every read is
/// nil.
struct BitReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var bitsLeft: Int { bytes.count * 8 - position }

  mutating func bit() -> Bool? { bits(1).map { $0 == 1 } }

  /// At most 32 bits.
  mutating func bits(_ count: Int) -> UInt32? {
    guard count >= 0, count <= 32, bitsLeft >= count else { return nil }
    var value: UInt32 = 0
    for _ in 0..<count {
      value = value << 1 | UInt32(bytes[position >> 3] >> UInt8(7 - position & 7) & 1)
      position += 1
    }
    return value
  }

  /// False, and nothing is taken, when fewer are left.
  mutating func skip(_ count: Int) -> Bool {
    guard count >= 0, bitsLeft >= count else { return false }
    position += count
    return true
  }

  /// ue(v) of ITU-T H.264 §9.1. Nil beyond 2³² − 2, the largest value that clause allows.
  mutating func unsignedExpGolomb() -> UInt32? {
    var zeros = 0
    while true {
      guard let bit = bit() else { return nil }
      if bit { break }
      zeros += 1
      guard zeros < 32 else { return nil }
    }
    guard let suffix = bits(zeros) else { return nil }
    return (UInt32(1) << UInt32(zeros)) &- 1 &+ suffix
  }

  /// se(v) of ITU-T H.264 §9.1.1.
  mutating func signedExpGolomb() -> Int64? {
    guard let code = unsignedExpGolomb() else { return nil }
    let magnitude = (Int64(code) + 1) / 2
    return code & 1 == 1 ? magnitude : -magnitude
  }
}
