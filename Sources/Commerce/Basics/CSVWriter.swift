/// Comma-separated values as `CSV` reads them.
struct CSVWriter {
  private(set) var bytes: [UInt8] = []
  private let lineEnd: [UInt8]

  /// - Parameter lineEnd: RFC 4180's own is `\r\n`, which some programs insist on.
  init(lineEnd: String = "\n") { self.lineEnd = Array(lineEnd.utf8) }

  /// What people write, as a spreadsheet shows it: one would compute what begins like a formula.
  static func harmless(_ field: String) -> String {
    // Scalars: a sign with a mark upon it is still one to a spreadsheet.
    field.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false ? "'" + field : field
  }

  mutating func add(_ fields: [String]) {
    for (place, field) in fields.enumerated() {
      if place > 0 { bytes.append(UInt8(ascii: ",")) }
      let isPlain = field.utf8.allSatisfy { byte in
        ![UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(byte)
      }
      bytes += isPlain ? Array(field.utf8) : Array("\"\(field.replacing("\"", with: "\"\""))\"".utf8)
    }
    bytes += lineEnd
  }
}
