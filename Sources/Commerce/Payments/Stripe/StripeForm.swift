/// Parameters as Stripe takes them: `application/x-www-form-urlencoded`, with `metadata[order]` for what is nested.
struct StripeForm: Sendable {
  private var fields: [(name: String, value: String)] = []

  init() {}

  mutating func set(_ name: String, _ value: String) { fields.append((name, value)) }

  mutating func set(_ name: String, _ value: Int64) { fields.append((name, String(value))) }

  /// `name=value&…`, with every byte that is not unreserved (RFC 3986 §2.3) as `%XX`.
  var text: String { fields.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.joined(separator: "&") }

  private static func encoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: "["), UInt8(ascii: "]"):
        bytes.append(byte)
      default:
        bytes += [UInt8(ascii: "%")] + Hexadecimal.text([byte]).uppercased().utf8
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
