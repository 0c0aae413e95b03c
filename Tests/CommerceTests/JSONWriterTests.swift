import Foundation
import Testing

@testable import Commerce

@Suite struct JSONWriterTests {
  /// What is kept as text is compared as text, whoever wrote it.
  @Test func `strings are written as the encoder writes them, whatever is in them`() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var all = String.UnicodeScalarView()
    for value in UInt32(0)...0x3200 { if let scalar = Unicode.Scalar(value) { all.append(scalar) } }
    all.append(contentsOf: "😀👨‍👩‍👧 é क़ \u{202E}\u{FEFF}\u{10FFFF}".unicodeScalars)
    for strings in [[:], ["text": String(all)], ["b": "2", "a": "/1", "A": "", "ab": "\\", "a\"": "\u{7F}"]] {
      var json = JSONWriter()
      json.object(strings)
      #expect(json.text == String(decoding: try encoder.encode(strings), as: UTF8.self))
    }
  }
}
