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
    let utf8 = Array(text.utf8)
    guard utf8.count == 36 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16)
    var index = 0
    while index < 36 {
      if [8, 13, 18, 23].contains(index) {
        guard utf8[index] == UInt8(ascii: "-") else { return nil }
        index += 1
        continue
      }
      guard let high = Hexadecimal.value(utf8[index]), let low = Hexadecimal.value(utf8[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
      index += 2
    }
    self.init(bytes: bytes)
  }

  public var description: String {
    let hex = Hexadecimal.text(bytes)
    var parts: [Substring] = []
    var rest = hex[...]
    for length in [8, 4, 4, 4, 12] {
      parts.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
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
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 0x0F)])
    }
    return String(decoding: text, as: UTF8.self)
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
