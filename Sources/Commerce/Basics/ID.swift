public import Store

/// The name of one entity: a UUIDv7 (RFC 9562 §5.7), so that ids made later sort later and new rows share index pages.
///
/// Stored as 16 bytes; written as the canonical lower-case UUID in the API. The caller makes the id, and it is then the
/// idempotency key of what it names.
public struct ID<Entity>: Hashable, Sendable, Comparable {
  /// The high and low half, big-endian: comparing them in turn is comparing the bytes.
  let high: UInt64
  let low: UInt64

  /// A new id for the given millisecond. `entropy` gives the 74 random bits.
  public init(at moment: Moment, entropy: Entropy) {
    let random = entropy.bytes(10)
    let time = UInt64(clamping: moment.milliseconds) & 0xFFFF_FFFF_FFFF
    let randomA = (UInt64(random[0]) << 8 | UInt64(random[1])) & 0x0FFF
    high = time << 16 | 0x7000 | randomA
    let randomB = random[2...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    low = (randomB & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
  }

  /// Reads 16 bytes; nil for any other length.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    (high, low) = bytes.withUnsafeBytes { buffer in
      (
        UInt64(bigEndian: buffer.loadUnaligned(as: UInt64.self)),
        UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
  }

  private init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  init(halves high: UInt64, _ low: UInt64) { self.init(high: high, low: low) }

  /// The same name, for what follows from this one and from nothing else.
  public func named<Other>(_ other: Other.Type = Other.self) -> ID<Other> { ID<Other>(high: high, low: low) }

  public var bytes: [UInt8] {
    Array(unsafeUninitializedCapacity: 16) { buffer, count in
      for place in 0..<8 {
        let shift = UInt64(56 - 8 * place)
        buffer[place] = UInt8(truncatingIfNeeded: high >> shift)
        buffer[place + 8] = UInt8(truncatingIfNeeded: low >> shift)
      }
      count = 16
    }
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

extension ID: LosslessStringConvertible, CustomStringConvertible {
  /// Reads the canonical form, `8-4-4-4-12` hexadecimal digits in either case; nil for anything else.
  public init?(_ text: String) {
    guard text.utf8.count == 36 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for (place, character) in text.utf8.enumerated() {
      if place == 8 || place == 13 || place == 18 || place == 23 {
        guard character == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let digit = Hexadecimal.value(character) else { return nil }
      if place < 18 { high = high << 4 | UInt64(digit) } else { low = low << 4 | UInt64(digit) }
    }
    (self.high, self.low) = (high, low)
  }

  public var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(36)
    appendText(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// The description's 36 characters.
  func appendText(to text: inout [UInt8]) {
    for place in 0..<32 {
      if place == 8 || place == 12 || place == 16 || place == 20 { text.append(UInt8(ascii: "-")) }
      let half = place < 16 ? high : low
      text.append(Hexadecimal.digit(UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (place & 15))) & 0x0F))
    }
  }
}

extension ID: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let id = Self(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "“\(text.prefix(64))” is not a UUID")
    }
    self = id
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension ID: ValueConvertible {
  public var sqlValue: Value { .blob(bytes) }

  public init(sqlValue: Value) throws {
    guard case .blob(let bytes) = sqlValue, let id = Self(bytes: bytes) else {
      throw UnreadableValue(expected: "an id of 16 bytes", found: sqlValue)
    }
    self = id
  }
}

/// A column held something its type cannot be: a fault of ours, never of a caller.
public struct UnreadableValue: Error, CustomStringConvertible {
  let expected: String
  let found: Value

  public var description: String { "expected \(expected), found \(found)" }
}

/// Bytes as hexadecimal digits.
public enum Hexadecimal {
  public static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digit(byte >> 4))
      text.append(digit(byte & 0x0F))
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text of nothing but such digits, in either case; nil for anything else.
  static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    let digits = text.utf8.map(value)
    guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { (digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0) }
  }

  /// The lower-case digit of 0…15.
  static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  /// The value of one digit in either case, or nil.
  static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
