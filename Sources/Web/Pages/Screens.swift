import Foundation
import Mustache

/// The templates and the words to fill them with, read once.
struct Screens: Sendable {
  /// A file each.
  let languages: Languages
  private let words: [String: Words]
  private let library: MustacheLibrary
  /// By language and template: the groups of words that its scripts use, as a JSON data block.
  private let scriptWords: [String: [String: String]]

  /// Throws when a template does not parse or a language cannot be read.
  init(resources: URL) throws {
    library = try Self.library(resources.appending(path: "Templates"))
    var languages: [String: Words] = [:]
    let directory = resources.appending(path: "Languages")
    for file in try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
    where file.pathExtension == "json" {
      let code = file.deletingPathExtension().lastPathComponent
      languages[code] = try Words(language: code, data: Data(contentsOf: file))
    }
    self.languages = Languages(languages.keys)
    words = languages
    scriptWords = try languages.mapValues { words in
      try Self.groupsOfScripts.mapValues { groups in
        try DataBlock.text(words.forScripts(groups))
      }
    }
  }

  func words(_ language: String) -> Words? { words[language] }

  /// The HTML of a page; nil when there is no such template.
  func render(_ template: String, _ page: any Sendable, _ frame: Frame, _ words: Words) -> String? {
    var frame = frame
    frame.strings = scriptWords[words.language]?[template] ?? "{}"
    return library.render(
      ["t": words.groups, "frame": frame, "page": page] as [String: any Sendable], withTemplate: template)
  }

  /// The HTML of a mail.
  func renderMail(_ text: MailText) -> String? { library.render(text, withTemplate: "mail/message") }

  /// Which groups of words a template's scripts get.
  func scriptGroups(of template: String) -> Set<String> { Self.groupsOfScripts[template] ?? [] }

  private static let groupsOfScripts: [String: Set<String>] = [
    // Of the words of refusals these take more than a kilobyte: they come with what a page does without at first.
    "clip": ["checkout", "deal", "live", "replay"],
    "swipe": ["checkout", "deal", "live", "replay", "swipe"],
    "watch": ["checkout", "deal", "live", "replay"],
    "studio/control": [
      "auctionDesk", "audience", "chat", "chatDesk", "claim", "claimDesk", "control", "coupon", "couponDesk", "crew",
      "deal",
      "dealDesk",
      "giveawayDesk", "live", "onscreenDesk", "refusals", "showForm",
      "simulcast", "staffRefusals",
    ],
    "home": ["until"],
    "order": ["checkout", "refusals"],
    "reminder": ["push", "refusals", "staffRefusals"],
    "wallet": ["checkout", "refusals", "wallet"],
    "giveaway": ["giveawayPage", "refusals", "staffRefusals"],
    "studio/camera": ["camera", "refusals", "staffRefusals"],
    "studio/channel": ["refusals", "staffRefusals", "studio"],
    "studio/product": ["product", "refusals", "staffRefusals"],
    "operator-plans": ["showForm"],
    "studio/affiliates": ["showForm"],
    "operator-partners": ["showForm"],
    "operator-partner": ["showForm"],
    "partner": ["control"],
    "partner-access": ["control"],
    "partner-embed": ["control"],
    "studio/webhook": ["control"],
    "studio/coupons": ["showForm"],
    "studio/show": ["showForm"],
  ]

  /// Every template escapes by `UnicodeScalarEscaping`, from its first byte on.
  private static func library(_ directory: URL) throws -> MustacheLibrary {
    MustacheContentTypes.register(UnicodeScalarEscaping(), named: UnicodeScalarEscaping.name)
    var library = MustacheLibrary()
    guard let walk = FileManager.default.enumerator(atPath: directory.path) else { return library }
    for case let path as String in walk where path.hasSuffix(".mustache") {
      let text = try String(contentsOf: directory.appending(path: path), encoding: .utf8)
      try library.register(
        "{{% CONTENT_TYPE:\(UnicodeScalarEscaping.name)}}" + text,
        named: String(path.dropLast(".mustache".count)))
    }
    return library
  }
}

/// HTML escaping that looks at every Unicode scalar.
///
/// swift-mustache's own looks at grapheme clusters, and so lets a quote through that a combining mark follows: enough
/// to leave an attribute.
struct UnicodeScalarEscaping: MustacheContentType {
  static let name = "HTML_SCALARS"

  func escapeText(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
      case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
      case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
      case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
      case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
      default: escaped.append(scalar)
      }
    }
    return String(escaped)
  }
}

/// JSON inside `<script type="application/json">`: nothing in it can end the element or begin a comment.
enum DataBlock {
  static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = String(decoding: try encoder.encode(value), as: UTF8.self)
    return [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u{2028}", "\\u2028"), ("\u{2029}", "\\u2029")]
      .reduce(json) { $0.replacing($1.0, with: $1.1) }
  }
}
