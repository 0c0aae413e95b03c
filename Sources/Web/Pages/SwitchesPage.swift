import Commerce
import Hummingbird

/// `/operator/switches`: what an operator turns off and on while the house runs, and who did.
struct SwitchesPage: Sendable {
  struct SwitchView: Sendable {
    let feature: String
    let name: String
    /// What goes on, and what does not.
    let text: String
    let isOn: Bool
    let stateText: String
    let stateTone: String
    /// Nil for the house's own words.
    let notice: String?
    let reason: String?
    /// Who flipped it last; nil where nobody ever did.
    let by: String?
    let changedISO: String
    let changedText: String
    /// What its form had in it when it was refused.
    let draftReason: String
    let draftNotice: String
    let isFormOpen: Bool
  }

  struct EventView: Sendable {
    let name: String
    let stateText: String
    let stateTone: String
    let by: String
    let reason: String?
    let notice: String?
    let atISO: String
    let atText: String
  }

  let switches: [SwitchView]
  let offText: String
  let isAllOn: Bool
  let events: [EventView]
  let hasEvents: Bool
  let next: String?
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let form = try await visit.form()
    do {
      guard let feature = Feature(rawValue: form["feature"]) else { throw Problem.notFound("switch") }
      guard ["on", "off"].contains(form["do"]) else {
        throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      try await visit.commerce.flip(
        feature, to: form["do"] == "on", by: visit.caller, reason: form["reason"], notice: form["notice"])
      return visit.redirect("/operator/switches?saved=yes")
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ form: Form?, _ complaint: Visit.Complaint?) async throws -> Response {
    _ = try visit.requireAccount()
    let words = visit.words
    let switches = try await visit.commerce.featureSwitches(by: visit.caller)
    let events = try await visit.commerce.switchEvents(
      by: visit.caller, after: visit.cursor, limit: visit.pageLimit(20))
    var names: [ID<Account>: String] = [:]
    for account in Set(switches.compactMap(\.account)) {
      names[account] = try await visit.commerce.account(account)?.name
    }
    let off = switches.filter { !$0.isOn }
    let model = SwitchesPage(
      switches: switches.map { it in
        let draft = form?["feature"] == it.feature.rawValue ? form : nil
        return SwitchView(
          feature: it.feature.rawValue, name: words["switches.name_\(it.feature.rawValue)"],
          text: words["switches.text_\(it.feature.rawValue)"], isOn: it.isOn,
          stateText: words[it.isOn ? "switches.on" : "switches.off"], stateTone: it.isOn ? "good" : "bad",
          notice: it.notice.isEmpty ? nil : it.notice, reason: it.reason.isEmpty ? nil : it.reason,
          by: it.account.flatMap { names[$0] },
          changedISO: it.changed?.description ?? "", changedText: it.changed?.plainText ?? "",
          draftReason: draft?["reason"] ?? "", draftNotice: draft?["notice"] ?? it.notice, isFormOpen: draft != nil)
      },
      offText: off.isEmpty ? words["switches.allOn"] : words.plural("switches.areOff", Int64(off.count)),
      isAllOn: off.isEmpty,
      events: events.items.map { event in
        EventView(
          name: words["switches.name_\(event.feature.rawValue)"],
          stateText: words[event.isOn ? "switches.on" : "switches.off"], stateTone: event.isOn ? "good" : "bad",
          by: event.accountName, reason: event.reason.isEmpty ? nil : event.reason,
          notice: event.notice.isEmpty ? nil : event.notice, atISO: event.at.description,
          atText: event.at.plainText)
      },
      hasEvents: !events.items.isEmpty, next: events.next.map { "/operator/switches?after=\($0)#log" },
      error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "operator-switches", title: words["switches.title"], status: complaint?.status ?? .ok, model)
  }
}

extension Visit {
  /// What is off, with what the reader is told of it: templates hide by it what does not work.
  var off: [String: String] {
    let switches = commerce.switches
    guard !switches.isAllOn else { return [:] }
    return Dictionary(
      Feature.allCases.filter { !switches.isOn($0) }.map { ($0.rawValue, words.sentence(whereOff: $0, switches)) }
    ) { $1 }
  }
}

extension Words {
  /// What is said where a feature is off: the operator's own words, or the house's in the reader's language.
  func sentence(whereOff feature: Feature, _ switches: SwitchBoard) -> String {
    let said = switches.notice(feature)
    return said.isEmpty ? self["switches.off_\(feature.rawValue)"] : said
  }
}
