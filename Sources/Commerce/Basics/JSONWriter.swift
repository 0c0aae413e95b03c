/// Writes JSON straight into bytes, member after member, for the few documents that every order needs; all others are
/// `JSONEncoder`'s (docs/decisions/0007-an-order-is-read-and-written-by-hand.md).
///
/// ```swift
/// json.object {
///   $0.member("id", order.id)
///   $0.member("lines") { $0.list(lines) { json, line in … } }
/// }
/// ```
///
/// Strings are escaped as Foundation does without slashes: what was encoded by either is the same text.
public struct JSONWriter {
  public private(set) var bytes: [UInt8] = []

  public init(capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

  public mutating func object(_ members: (inout JSONWriter) -> Void) {
    bytes.append(UInt8(ascii: "{"))
    members(&self)
    bytes.append(UInt8(ascii: "}"))
  }

  /// An object of strings, its keys in order: the same bytes as `JSONEncoder` makes of it with `.sortedKeys` and
  /// `.withoutEscapingSlashes`.
  public mutating func object(_ strings: [String: String]) {
    object { json in
      for (name, text) in strings.sorted(by: { $0.key < $1.key }) {
        json.separate()
        json.string(name)
        json.bytes.append(UInt8(ascii: ":"))
        json.string(text)
      }
    }
  }

  /// What has been written.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  public mutating func list<Element>(_ elements: [Element], _ write: (inout JSONWriter, Element) -> Void) {
    bytes.append(UInt8(ascii: "["))
    for element in elements {
      separate()
      write(&self, element)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  /// A member whose value is what `write` writes, which must be one value.
  public mutating func member(_ name: StaticString, _ write: (inout JSONWriter) -> Void) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
    write(&self)
  }

  public mutating func member(_ name: StaticString, _ text: String) { member(name) { $0.string(text) } }

  /// Nothing at all when there is no text, as the compiler's own `encode(to:)` has it.
  public mutating func member(_ name: StaticString, ifPresent text: String?) {
    if let text { member(name, text) }
  }

  public mutating func member(_ name: StaticString, _ number: Int64) {
    member(name) { $0.bytes.append(contentsOf: String(number).utf8) }
  }

  public mutating func member(_ name: StaticString, _ isSo: Bool) {
    member(name) { $0.bytes.append(contentsOf: (isSo ? "true" : "false").utf8) }
  }

  public mutating func member<Entity>(_ name: StaticString, _ id: ID<Entity>) {
    member(name) { json in
      json.bytes.append(UInt8(ascii: "\""))
      id.appendText(to: &json.bytes)
      json.bytes.append(UInt8(ascii: "\""))
    }
  }

  public mutating func string(_ text: String) {
    var text = text
    bytes.append(UInt8(ascii: "\""))
    text.withUTF8 { characters in
      var rest = characters[...]
      while let place = rest.firstIndex(where: Self.isEscaped) {
        bytes.append(contentsOf: rest[..<place])
        bytes.append(contentsOf: Self.escape(rest[place]).utf8)
        rest = rest[(place + 1)...]
      }
      bytes.append(contentsOf: rest)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// A comma, unless what comes is the first in its container. No value ends in an opening bracket.
  private mutating func separate() {
    guard let last = bytes.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "[") else { return }
    bytes.append(UInt8(ascii: ","))
  }

  /// RFC 8259 §7: quotes, backslashes and controls, and nothing else has to be.
  private static func isEscaped(_ character: UInt8) -> Bool {
    character < 0x20 || character == UInt8(ascii: "\"") || character == UInt8(ascii: "\\")
  }

  private static func escape(_ character: UInt8) -> String {
    switch character {
    case UInt8(ascii: "\""): #"\""#
    case UInt8(ascii: "\\"): #"\\"#
    case 0x08: #"\b"#
    case 0x09: #"\t"#
    case 0x0A: #"\n"#
    case 0x0C: #"\f"#
    case 0x0D: #"\r"#
    default: #"\u00"# + (character < 0x10 ? "0" : "") + String(character, radix: 16)
    }
  }
}
