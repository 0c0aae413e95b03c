import Commerce
import Hummingbird

/// `/partner/{via}/embed`: a show for the partner's own pages, as it will look there, with what to copy; and whose pages
/// may show it.
struct PartnerEmbedPage: Sendable {
  struct ChoiceView: Sendable {
    let value: String
    let name: String
    let isChosen: Bool
  }

  let name: String
  let homeURL: String
  let formURL: String
  let via: String
  let text: String
  let shows: [ChoiceView]
  let hasShows: Bool
  let show: String
  let themes: [ChoiceView]
  let theme: String
  let accent: String
  let corners: String
  let languages: [ChoiceView]
  let language: String
  let base: String
  let snippet: String
  let frameSnippet: String
  /// What was typed, when it could not be taken.
  let sites: String
  let hasSites: Bool
  let isOver: Bool
  let error: String?
  let isSaved: Bool

  private static let marigold = "ffb31f"
  private static let corners = 0...40

  static func show(_ visit: Visit) async throws -> Response { try await page(visit) }

  static func act(_ visit: Visit) async throws -> Response {
    let partner = try await visit.ownPartner()
    let form = try await visit.form()
    do {
      try await visit.commerce.setPartnerSites(partner.id, by: visit.caller, form.sites)
      return visit.redirect("/partner/\(partner.via)/embed?saved=yes")
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  private static func page(
    _ visit: Visit, _ form: Form? = nil, _ complaint: Visit.Complaint? = nil
  ) async throws -> Response {
    let partner = try await visit.ownPartner()
    let (commerce, words) = (visit.commerce, visit.words)
    var shows: [Show] = []
    for state in [ShowState.live, .scheduled, .ended] {
      shows += try await commerce.shows(state: state, limit: visit.pageLimit(10)).items
    }
    let replays = try await commerce.replays(among: shows.filter { $0.state == .ended }.map(\.id))
    shows.removeAll { $0.state == .ended && !replays.contains($0.id) }
    let asked = try visit.query("show")
    let show = shows.first { "\($0.id)" == asked } ?? shows.first
    let look = try EmbedLook(visit)
    let corners = try visit.query("corners").flatMap { Int($0) }.flatMap { Self.corners.contains($0) ? $0 : nil } ?? 16
    let language = try visit.query("in").flatMap { visit.site.screens.languages.all.contains($0) ? $0 : nil }
    let base = visit.site.configuration.publicURL
    let accent = look.accent == marigold ? nil : look.accent
    let id = show.map { "\($0.id)" } ?? ""
    let query = [
      "partner=\(partner.via)", look.theme.map { "theme=\($0)" }, accent.map { "accent=\($0)" },
      language.map { "lang=\($0)" },
    ].compactMap { $0 }.joined(separator: "&amp;")
    let model = PartnerEmbedPage(
      name: partner.name, homeURL: "/partner/\(partner.via)", formURL: "/partner/\(partner.via)/embed",
      via: partner.via, text: words["embed.text", ["via": partner.via]],
      shows: shows.map {
        ChoiceView(
          value: "\($0.id)", name: "\($0.title) · \($0.channelName) (\($0.state.text(words)))",
          isChosen: $0.id == show?.id)
      },
      hasShows: !shows.isEmpty, show: id,
      themes: [("", "themeAuto"), ("light", "themeLight"), ("dark", "themeDark")].map { value, key in
        ChoiceView(value: value, name: words["embed.\(key)"], isChosen: value == look.theme ?? "")
      },
      theme: look.theme ?? "", accent: "#" + (look.accent ?? marigold), corners: "\(corners)",
      languages: [ChoiceView(value: "", name: words["embed.languageAuto"], isChosen: language == nil)]
        + visit.site.screens.languages.all.compactMap { code in
          visit.site.screens.words(code).map {
            ChoiceView(value: code, name: $0["language.name"], isChosen: code == language)
          }
        },
      language: language ?? "", base: base,
      snippet: EmbedSnippet.element(
        [
          ("show", id), ("partner", partner.via), ("theme", look.theme), ("accent", accent.map { "#\($0)" }),
          ("corners", corners == 16 ? nil : "\(corners)"), ("lang", language),
        ], from: base),
      frameSnippet: EmbedSnippet.frame(
        "\(base)/embed/\(id)?\(query)", title: show?.title ?? "", width: "100%", height: 700),
      sites: form?["sites"] ?? partner.sites.joined(separator: "\n"), hasSites: !partner.sites.isEmpty,
      isOver: partner.state == .ended, error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "partner-embed", title: words["embed.title"], status: complaint?.status ?? .ok, model)
  }
}
