import Commerce

/// What the run of a show is chosen from: everything that is ticked, in its order, and then what was looked for, or the
/// newest products when nothing was.
struct RunChoices: Sendable {
  struct Choice: Sendable {
    let id: String
    let title: String
    /// Whose it is and what share it brings, where it is another channel's.
    let seller: String?
    let isChosen: Bool
    /// Its place in the run, from 1; empty when it is not in it.
    let place: String
  }

  let items: [Choice]
  let hasItems: Bool
  /// What was looked for.
  let find: String
  /// Why the list ends where it ends; nil when it is everything.
  let note: String?
  /// Whether the host is choosing just now.
  let isOpen: Bool

  /// Products listed that are not ticked.
  private static let othersMax = 50

  static let none = RunChoices(items: [], hasItems: false, find: "", note: nil, isOpen: false)

  /// - Parameter ticked: as the form says it; nil for the run as it is.
  static func make(
    _ visit: Visit, channel: ID<Channel>, run: [ID<Product>], ticked: [ID<Product>]?, find: String
  ) async throws -> RunChoices {
    let chosen = ticked ?? run
    let names = try await visit.commerce.productNames(chosen, of: channel, by: visit.caller)
    let others = try await visit.commerce.findProducts(
      of: channel, by: visit.caller, matching: find, leavingOut: Set(chosen), limit: visit.pageLimit(othersMax))
    let affiliates = try await visit.commerce.findAffiliateProducts(
      for: channel, by: visit.caller, matching: find, leavingOut: Set(chosen), limit: visit.pageLimit(othersMax))
    let isSearch = !find.allSatisfy(\.isWhitespace)
    let note: String? =
      if isSearch, others.found.isEmpty, affiliates.isEmpty {
        visit.words["control.findNothing"].replacing("{text}", with: find)
      } else if others.isCut {
        visit.words["control.findMore"]
      } else { nil }
    let items =
      names.enumerated().map { index, name in
        Choice(name, place: index + 1, visit.words)
      }
      + (others.found + affiliates).map { Choice($0, place: nil, visit.words) }
    return RunChoices(
      items: items, hasItems: !items.isEmpty, find: find, note: note, isOpen: run.isEmpty || ticked != nil || isSearch)
  }
}

extension RunChoices.Choice {
  fileprivate init(_ name: ProductName, place: Int?, _ words: Words) {
    id = name.id.description
    title = name.title
    let share = name.share.map { words["affiliates.share", ["percent": Figures.percent($0) + "%"]] }
    seller = name.seller.map { "\($0) · \(share ?? "")" }
    isChosen = place != nil
    self.place = place.map { String($0) } ?? ""
  }
}
