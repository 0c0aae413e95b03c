import Hummingbird

/// `/design`: every part that pages are made of, in every state, colour scheme and language. No page of the trade leads
/// there; it is for who builds pages, and for the eyes of who reviews them.
struct DesignPage: Sendable {
  /// One way of looking at a part.
  struct Specimen: Sendable {
    /// `light` or `dark`.
    let theme: String
    let language: String
    let direction: String
    /// `English, dark`.
    let name: String
    /// Begins what is unique in the page: `dark-en`.
    let id: String
    /// The words of its language, in place of the page's.
    let t: [String: [String: String]]
  }

  /// By language and colour scheme.
  let sets: [Specimen]
  /// By colour scheme alone, for what has no words.
  let schemes: [Specimen]

  static func show(_ visit: Visit) async throws -> Response {
    let screens = visit.site.screens
    let sets = screens.languages.all.compactMap(screens.words).flatMap { words in
      ["light", "dark"].map { theme in
        Specimen(
          theme: theme, language: words.language, direction: words.direction,
          name: "\(words["language.name"]), \(words["design.\(theme)"])", id: "\(theme)-\(words.language)",
          t: words.groups)
      }
    }
    return try visit.page(
      "design", title: visit.words["design.title"], description: visit.words["design.lead"],
      DesignPage(sets: sets, schemes: sets.filter { $0.language == visit.words.language }))
  }
}
