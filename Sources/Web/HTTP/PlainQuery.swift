import Commerce
import Foundation
import HummingbirdCore

/// What a request's address says, fit to look things up by: PostgreSQL refuses a text with NUL, and no name, code or
/// word of ours has a control character.
enum PlainQuery {
  /// A parameter of the query; the framework has decoded it, once. Throws a 400 for control characters other than those
  /// a text may have between its lines.
  static func value(_ name: String, of uri: URI) throws -> String? {
    guard let value = uri.queryParameters[Substring(name)] else { return nil }
    guard !value.utf8.contains(where: isControl) else {
      throw Problem.malformed("“\(name)” has characters that no text has.", field: name)
    }
    return String(value)
  }

  /// All values of a parameter that may be given several times, in the order given.
  static func values(_ name: String, of uri: URI) throws -> [String] {
    try uri.queryParameters.filter { $0.key == Substring(name) }.map { pair in
      guard !pair.value.utf8.contains(where: isControl) else {
        throw Problem.malformed("“\(name)” has characters that no text has.", field: name)
      }
      return String(pair.value)
    }
  }

  /// A part of the path, decoded. One with control characters stays as it was sent, and so names nothing.
  static func part(_ raw: String) -> String {
    guard let text = raw.removingPercentEncoding, !text.utf8.contains(where: isControl) else { return raw }
    return text
  }

  private static func isControl(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): false
    case 0..<0x20, 0x7F: true
    default: false
    }
  }
}

extension Cursor {
  /// The place an `after` names; nil without one. Throws a 400 for what is no cursor of ours. A made-up one that could be
  /// ours is only a place in a list: what the list may show is asked anew on every page.
  static func after(_ text: String?) throws -> Cursor? {
    guard let text, !text.isEmpty else { return nil }
    guard let cursor = Cursor(text) else {
      throw Problem.malformed("“after” must be the `next` of the page before.", field: "after")
    }
    return cursor
  }
}
