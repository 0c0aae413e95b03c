import Commerce

/// What those who run a show did in it, for the page as it is first seen.
struct CrewView: Sendable {
  struct Deed: Sendable {
    let by: String
    let text: String
    let atISO: String
    let atText: String
  }

  let deeds: [Deed]
  let hasDeeds: Bool

  init(_ actions: [ShowAction], _ words: Words) {
    deeds = actions.map { action in
      Deed(
        by: action.by,
        text: words["crew.\(action.kind.rawValue)"].replacing(
          "{what}", with: action.subject.isEmpty ? "…" : action.subject),
        atISO: action.at.description, atText: action.at.plainText)
    }
    hasDeeds = !actions.isEmpty
  }
}
