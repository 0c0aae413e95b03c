import Foundation

/// A short list of texts in one column, as a JSON array.
enum TextList {
  static func text(of list: [String]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: try encoder.encode(list), as: UTF8.self)
  }

  static func list(of text: String) throws -> [String] {
    try JSONDecoder().decode([String].self, from: Data(text.utf8))
  }
}
