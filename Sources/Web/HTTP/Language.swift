import Foundation
import HTTPTypes
import Hummingbird

/// Which language to speak: `?lang=`, then the cookie, then `Accept-Language`, then English.
enum Language {
  static let cookie = "haat_language"
  static let all = ["en", "hi"]

  static func of(_ request: Request) -> String {
    let asked = request.uri.queryParameters["lang"].map(String.init) ?? request.cookies[cookie]?.value
    if let asked, all.contains(asked) { return asked }
    return preferred(request.headers[.acceptLanguage] ?? "") ?? "en"
  }

  /// The first of ours in the order of the reader's weights (RFC 9110 §12.5.4); `hi-IN` asks for `hi`.
  static func preferred(_ header: String) -> String? {
    let wishes = header.split(separator: ",").prefix(20).compactMap { part -> (language: String, weight: Double)? in
      let pieces = part.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
      guard let tag = pieces.first else { return nil }
      let weight = pieces.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
      return (String(tag.prefix { $0 != "-" }), weight)
    }
    return wishes.filter { all.contains($0.language) && $0.weight > 0 }.max { $0.weight < $1.weight }?.language
  }
}
