import Foundation
import HTTPTypes
import Hummingbird

/// The languages that there are, one for each file in `Resources/Languages`, and which of them to speak.
struct Languages: Sendable {
  /// Keeps what a reader has chosen.
  static let cookie = "haat_language"
  /// What is spoken when nothing else is asked for; every directory has it.
  static let fallback = "en"

  /// `en`, `hi`, in the order of the alphabet.
  let all: [String]

  init(_ codes: some Sequence<String>) { all = codes.sorted() }

  /// `?lang=`, then the cookie, then `Accept-Language`, then English.
  func of(_ request: Request) -> String {
    let asked = request.uri.queryParameters["lang"].map(String.init) ?? request.cookies[Self.cookie]?.value
    if let asked, all.contains(asked) { return asked }
    return preferred(request.headers[.acceptLanguage] ?? "") ?? Self.fallback
  }

  /// The first of ours in the order of the reader's weights (RFC 9110 §12.5.4); `hi-IN` asks for `hi`.
  func preferred(_ header: String) -> String? {
    let wishes = header.split(separator: ",").prefix(20).compactMap { part -> (language: String, weight: Double)? in
      let pieces = part.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
      guard let tag = pieces.first else { return nil }
      let weight = pieces.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
      return (String(tag.prefix { $0 != "-" }), weight)
    }
    return wishes.filter { all.contains($0.language) && $0.weight > 0 }.max { $0.weight < $1.weight }?.language
  }
}
