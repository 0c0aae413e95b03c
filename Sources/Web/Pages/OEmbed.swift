import Commerce
import Foundation
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// `/oembed?url=…`: how another site shows the page of a show or of a clip (oembed.com, version 1.0).
struct OEmbed: Encodable, Sendable {
  /// A frame wide enough for two columns, and what one column takes at most.
  private static let wide = 800
  private static let narrow = 400

  let version = "1.0"
  let type = "video"
  let title: String
  let authorName: String
  let authorURL: String
  let providerName: String
  let providerURL: String
  let cacheAge = 3_600
  let width: Int
  let height: Int
  let html: String

  private enum CodingKeys: String, CodingKey {
    case version, type, title, width, height, html
    case authorName = "author_name"
    case authorURL = "author_url"
    case providerName = "provider_name"
    case providerURL = "provider_url"
    case cacheAge = "cache_age"
  }

  /// What an address of ours shows.
  private struct Shown {
    let path: String
    let title: String
    let show: Show
    let isVertical: Bool
  }

  static func answer(_ visit: Visit) async throws -> Response {
    guard try visit.query("format") ?? "json" == "json" else {
      throw Problem(.notImplemented, "format", "This address answers in JSON only.", field: "format")
    }
    // Who asks says nothing of a partner: the page is not there to be held.
    try visit.commerce.switches.require(.embed)
    guard let url = try visit.query("url") else {
      throw Problem.malformed("Say with “url” which page it is about.", field: "url")
    }
    let base = visit.site.configuration.publicURL
    guard let address = Address(url, below: base) else { throw Problem.notFound("page") }
    let shown = try await shown(address, visit)
    let (most, highest) = (try visit.side("maxwidth"), try visit.side("maxheight"))
    let width = shown.isVertical ? min(most ?? narrow, narrow) : min(most ?? wide, wide)
    let height = min(highest ?? .max, shown.isVertical ? width * 16 / 9 : max(width * 3 / 4, 480))
    var query: [String] = []
    if let via = address.via { query.append("partner=\(via)") }
    if let asked = try visit.query("lang"), visit.site.screens.languages.all.contains(asked) {
      query.append("lang=\(asked)")
    }
    let source = "\(base)/embed/\(shown.path)" + (query.isEmpty ? "" : "?" + query.joined(separator: "&amp;"))
    let answer = OEmbed(
      title: shown.title, authorName: shown.show.channelName, authorURL: "\(base)/@\(shown.show.channelHandle)",
      providerName: visit.words["site.name"], providerURL: base, width: width, height: height,
      html: EmbedSnippet.frame(source, title: shown.title, width: "\(width)", height: height))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Response(
      status: .ok,
      headers: [
        .contentType: "application/json", .cacheControl: "public, max-age=300", .accessControlAllowOrigin: "*",
      ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(answer))))
  }

  private static func shown(_ address: Address, _ visit: Visit) async throws -> Shown {
    switch address.kind {
    case .show(let id):
      let show = try await visit.commerce.show(id, by: .nobody)
      return Shown(path: "\(id)", title: show.title, show: show, isVertical: show.orientation == .vertical)
    case .clip(let id):
      let clip = try await visit.commerce.clip(id, by: .nobody)
      let show = try await visit.commerce.show(clip.show, by: .nobody)
      return Shown(path: "clips/\(id)", title: clip.title, show: show, isVertical: true)
    }
  }

  /// An address of a page that can be in a frame.
  struct Address: Equatable {
    enum Kind: Equatable {
      case show(ID<Show>)
      case clip(ID<Clip>)
    }

    let kind: Kind
    /// The partner whose link it is.
    let via: String?

    /// - Parameter base: where we are; the scheme may be another.
    init?(_ url: String, below base: String) {
      func rest(_ text: String) -> Substring? {
        text.range(of: "://").map { text[$0.upperBound...] }
      }
      guard url.utf8.count <= 1_000, let asked = rest(url), let own = rest(base), asked.hasPrefix("\(own)/") else {
        return nil
      }
      let parts = asked.dropFirst(own.count + 1).split(separator: "#", maxSplits: 1)[...].first?
        .split(separator: "?", maxSplits: 1)
      guard let path = parts?.first?.split(separator: "/"), let id = path.last.map(String.init) else { return nil }
      switch path.dropLast().joined(separator: "/") {
      case "watch", "embed":
        guard let show = ID<Show>(id) else { return nil }
        kind = .show(show)
      case "clips", "embed/clips":
        guard let clip = ID<Clip>(id) else { return nil }
        kind = .clip(clip)
      default: return nil
      }
      let words = (parts?.dropFirst().first ?? "").split(separator: "&").compactMap { word -> String? in
        ["via=", "partner="].first(where: word.hasPrefix).map { String(word.dropFirst($0.count)) }
      }
      via = words.last.flatMap(Partner.readVia)
    }
  }
}

/// The text that goes into another site's page.
enum EmbedSnippet {
  /// An `<iframe>`.
  ///
  /// - Parameter source: an address as an attribute has it.
  static func frame(_ source: String, title: String, width: String, height: Int) -> String {
    let title = UnicodeScalarEscaping().escapeText(title)
    return """
      <iframe src="\(source)" title="\(title)" width="\(width)" height="\(height)" \
      allow="autoplay; fullscreen; picture-in-picture; encrypted-media; clipboard-write" \
      referrerpolicy="strict-origin" loading="lazy" frameborder="0"></iframe>
      """
  }

  /// The script's line, and the element with these attributes; what is nil or empty is left out.
  static func element(_ attributes: [(name: String, value: String?)], from base: String) -> String {
    let text = attributes.compactMap { name, value in
      value.flatMap { $0.isEmpty ? nil : " \(name)=\"\(UnicodeScalarEscaping().escapeText($0))\"" }
    }.joined()
    return """
      <script type="module" src="\(base)/embed.js"></script>
      <haat-show\(text)></haat-show>
      """
  }
}

extension Visit {
  /// Where a page of ours is described for others.
  func oembedURL(of path: String) -> String {
    let base = site.configuration.publicURL
    return "\(base)/oembed?url=\(base)\(path)"
  }

  /// A number of pixels; nil where nobody says one that could be.
  fileprivate func side(_ name: String) throws -> Int? {
    guard let text = try query(name) else { return nil }
    guard let side = Int(text), side > 0 else {
      throw Problem.malformed("“\(name)” must be a number of pixels.", field: name)
    }
    return min(side, 4_000)
  }
}
