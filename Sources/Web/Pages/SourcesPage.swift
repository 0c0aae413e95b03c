import Commerce
import Hummingbird

/// `/studio/shows/{show}/sources`: where a show's sales came from.
struct SourcesPage: Sendable {
  struct View: Sendable {
    let name: String
    let detail: String?
    let ordersText: String
    let totalText: String
  }

  let title: String
  let roomURL: String
  let sources: [View]
  let hasSources: Bool

  static func show(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let id = try visit.id("show", Show.self)
    let sources = try await visit.commerce.salesSources(of: id, by: visit.caller)
    let show = try await visit.commerce.liveState(id, by: visit.caller).show
    let words = visit.words
    let model = SourcesPage(
      title: show.title, roomURL: "/studio/shows/\(id)",
      sources: sources.map { source in
        View(
          name: words.source(source.kind, via: source.via, site: source.site, partner: source.partnerName),
          detail: source.kind == .embed && source.partner != nil
            ? words["source.by", ["name": source.partnerName]] : nil,
          ordersText: words.plural("partners.brought", source.orders), totalText: words.money(source.total))
      }, hasSources: !sources.isEmpty)
    return try visit.page("studio/sources", title: "\(words["source.title"]) · \(show.title)", model)
  }
}

extension Words {
  /// `Link of The Blog`, `https://blog.example`, `This site`.
  ///
  /// - Parameter partner: empty for nobody.
  func source(_ kind: OrderSource.Kind, via: String, site: String, partner: String) -> String {
    switch kind {
    case .page: self["source.page"]
    case .embed: site
    case .link: partner.isEmpty ? self["source.link_unknown", ["via": via]] : self["source.link_of", ["name": partner]]
    }
  }
}
