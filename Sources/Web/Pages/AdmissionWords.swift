import Commerce

extension Words {
  func text(_ reason: AdmissionReason) -> String { self["admissionReasons.\(reason.rawValue)"] }

  func text(_ admission: Admission) -> String { self["admission.policy_\(admission.rawValue)"] }
}

/// A line of a channel's history.
struct AdmissionEventView: Sendable {
  let what: String
  let reason: String?
  let words: String?
  let who: String
  let whenISO: String
  let whenText: String

  init(_ event: AdmissionEvent, _ words: Words) {
    let place = event.market.isEmpty ? "" : " · \(event.market)"
    what = words["admission.event_\(event.kind.rawValue)", ["tier": "\(event.tier ?? 0)"]] + place
    reason = event.reason == .agreed ? nil : event.reason.map(words.text)
    self.words = event.words.isEmpty ? nil : event.words
    who = event.name.isEmpty ? words["admission.house"] : event.name
    whenISO = event.at.description
    whenText = event.at.plainText
  }
}

/// Something to choose in a form.
struct ChoiceView: Sendable {
  let value: String
  let name: String
  let isChosen: Bool

  /// The reasons a no may have.
  static func reasons(_ words: Words, chosen: String = "") -> [ChoiceView] {
    AdmissionReason.ofRefusals.map {
      ChoiceView(value: $0.rawValue, name: words.text($0), isChosen: $0.rawValue == chosen)
    }
  }

  static func admissions(_ words: Words, chosen: Admission?) -> [ChoiceView] {
    Admission.allCases.map { ChoiceView(value: $0.rawValue, name: words.text($0), isChosen: $0 == chosen) }
  }

  static func tiers(_ tiers: [Tier], chosen: Int64?, _ words: Words) -> [ChoiceView] {
    tiers.map { tier in
      ChoiceView(value: "\(tier.level)", name: words.text(tier), isChosen: tier.level == chosen)
    }
  }
}

extension Words {
  /// `Tier 2 · 100 orders a day`.
  func text(_ tier: Tier) -> String {
    let limit = tier.dailyOrdersMax.map { plural("admission.perDay", $0) } ?? self["admission.unlimited"]
    return self["admission.tierName", ["tier": "\(tier.level)"]] + " · " + limit
  }

  /// How long ago, in the largest unit that says something.
  func age(of moment: Moment, at now: Moment) -> String {
    let minutes = max(0, now.milliseconds(since: moment) / 60_000)
    if minutes < 60 { return plural("admission.minutes", minutes) }
    return minutes < 48 * 60 ? plural("admission.hours", minutes / 60) : plural("admission.days", minutes / 1_440)
  }
}

extension Form {
  /// Why an operator decides as they do.
  var verdict: Verdict { Verdict(AdmissionReason(rawValue: self["reason"]), words: self["words"]) }

  var application: ChannelApplication {
    ChannelApplication(
      sells: self["sells"], location: self["location"], website: self["website"], note: self["note"])
  }
}
