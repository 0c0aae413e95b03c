/// Comma-separated values as `CSV` reads them.
struct CSVWriter {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ fields: [String]) {
    for (place, field) in fields.enumerated() {
      if place > 0 { bytes.append(UInt8(ascii: ",")) }
      let isPlain = field.utf8.allSatisfy { byte in
        ![UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(byte)
      }
      bytes += isPlain ? Array(field.utf8) : Array("\"\(field.replacing("\"", with: "\"\""))\"".utf8)
    }
    bytes.append(UInt8(ascii: "\n"))
  }
}
