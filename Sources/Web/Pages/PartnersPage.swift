import Commerce
import Hummingbird

/// `/operator/partners`: who brings buyers for a part of the commission, and what each brought.
struct PartnersPage: Sendable {
  struct View: Sendable {
    let url: String
    let name: String
    let via: String
    let stateText: String
    let stateTone: String
    let rateText: String
    let brought: [BroughtView]
  }

  /// What was typed and could not be taken.
  struct Draft: Sendable {
    var name = ""
    var via = ""
    var sites = ""
    var rate = ""
    var starts = ""
    var languages: [PartnerLanguageView] = []
    var isOpen = false

    init() {}

    init(_ form: Form) {
      name = form["name"]
      via = form["via"]
      sites = form["sites"]
      rate = form["rate"]
      starts = ShowFormPage.utc(form["starts"], offsetMinutes: form["offset"])
      isOpen = true
    }
  }

  let partners: [View]
  let hasPartners: Bool
  let next: String?
  let draft: Draft
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit) }

  static func make(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let form = try await visit.form()
    do {
      let partner = try await visit.commerce.makePartner(
        visit.commerce.makeID(), by: visit.caller,
        PartnerDraft(
          name: form["name"], via: form["via"].isEmpty ? nil : form["via"], sites: form.sites,
          rateBasisPoints: try form.rate, starts: try form.starts,
          language: try form.language(of: visit.site.screens.languages)))
      return visit.redirect("/operator/partners/\(partner.id)?saved=yes")
    } catch {
      return try await page(visit, Draft(form), visit.complaint(error), language: form["language"])
    }
  }

  private static func page(
    _ visit: Visit, _ draft: Draft = Draft(), _ complaint: Visit.Complaint? = nil, language: String? = nil
  ) async throws -> Response {
    _ = try visit.requireAccount()
    let (commerce, words) = (visit.commerce, visit.words)
    var draft = draft
    draft.languages = PartnerLanguageView.all(chosen: language ?? words.language, visit)
    let page = try await commerce.partners(by: visit.caller, after: visit.cursor, limit: visit.pageLimit(50))
    let sums = try await commerce.partnerSums(of: page.items.map(\.id), by: visit.caller)
    let model = PartnersPage(
      partners: page.items.map { partner in
        View(
          url: "/operator/partners/\(partner.id)", name: partner.name, via: partner.via,
          stateText: partner.state.text(words), stateTone: partner.state.tone, rateText: words.part(partner.rate),
          brought: sums.filter { $0.partner == partner.id }.map { BroughtView($0, words) })
      },
      hasPartners: !page.items.isEmpty, next: page.next.map { "/operator/partners?after=\($0)" }, draft: draft,
      error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "operator-partners", title: words["partners.title"], status: complaint?.status ?? .ok, model)
  }
}

/// `/operator/partners/{partner}`: one partner's sites, terms, people and orders.
struct OperatorPartnerPage: Sendable {
  struct TermsView: Sendable {
    let rateText: String
    let startISO: String
    let startText: String
    let stateText: String
    let stateTone: String
  }

  let name: String
  let via: String
  let formURL: String
  let stateText: String
  let stateTone: String
  let reason: String?
  let isActive: Bool
  let isSuspended: Bool
  let isOver: Bool
  let draftName: String
  let sites: String
  let languages: [PartnerLanguageView]
  let terms: [TermsView]
  let rate: String
  let people: [PartnerPersonView]
  let hasPeople: Bool
  let email: String
  let brought: [BroughtView]
  let orders: [PartnerOrderView]
  let hasOrders: Bool
  let next: String?
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let partner = try visit.id("partner", Partner.self)
    let form = try await visit.form()
    let (commerce, caller) = (visit.commerce, visit.caller)
    do {
      switch form["do"] {
      case "change":
        let language = try form.language(of: visit.site.screens.languages)
        _ = try await commerce.changePartner(partner, by: caller, name: form["name"], sites: form.sites)
        if let language { try await commerce.setPartnerLanguage(partner, by: caller, language) }
      case "terms":
        _ = try await commerce.makePartnerTerms(
          commerce.makeID(), of: partner, by: caller, rateBasisPoints: try form.rate, starts: try form.starts)
      case "active", "suspended", "ended":
        guard let state = Partner.State(rawValue: form["do"]) else { throw Problem.notFound("state") }
        try await commerce.setPartnerState(partner, by: caller, state, reason: form["reason"])
      case "add-member": try await commerce.addPartnerMember(of: partner, by: caller, email: form["email"])
      case "remove-member":
        guard let account = ID<Account>(form["account"]) else { throw Problem.notFound("account") }
        try await commerce.removePartnerMember(of: partner, by: caller, account: account)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/operator/partners/\(partner)?saved=yes")
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ form: Form?, _ complaint: Visit.Complaint?) async throws -> Response {
    guard try visit.requireAccount().isOperator else {
      throw GeneralRefusal.notAllowed(need: "the operator of this installation")
    }
    let id = try visit.id("partner", Partner.self)
    let (commerce, words, caller) = (visit.commerce, visit.words, visit.caller)
    let partner = try await commerce.partner(id, by: caller)
    let terms = try await commerce.partnerTerms(of: id, by: caller)
    let people = try await commerce.partnerMembers(of: id, by: caller)
    let sums = try await commerce.partnerSums(of: [id], by: caller)
    let orders = try await commerce.orders(of: id, by: caller, after: visit.cursor, limit: visit.pageLimit(20))
    let now = commerce.clock.now
    let current = terms.first { $0.starts <= now }
    let isChange = form?["do"] == "change"
    let model = OperatorPartnerPage(
      name: partner.name, via: partner.via, formURL: "/operator/partners/\(id)",
      stateText: partner.state.text(words), stateTone: partner.state.tone,
      reason: partner.reason.isEmpty ? nil : partner.reason, isActive: partner.state == .active,
      isSuspended: partner.state == .suspended, isOver: partner.state == .ended,
      draftName: isChange ? form?["name"] ?? "" : partner.name,
      sites: isChange ? form?["sites"] ?? "" : partner.sites.joined(separator: "\n"),
      languages: PartnerLanguageView.all(chosen: isChange ? form?["language"] ?? "" : partner.language, visit),
      terms: terms.map { terms in
        let (name, tone) =
          if terms == current { ("open", "good") } else if terms.starts > now { ("soon", "warn") } else { ("over", "") }
        return TermsView(
          rateText: words.part(terms.rate), startISO: terms.starts.description, startText: terms.starts.plainText,
          stateText: words["plans.\(name)"], stateTone: tone)
      },
      rate: form?["do"] == "terms" ? form?["rate"] ?? "" : "",
      people: people.map { PartnerPersonView($0) }, hasPeople: !people.isEmpty,
      email: form?["do"] == "add-member" ? form?["email"] ?? "" : "",
      brought: sums.map { BroughtView($0, words) }, orders: orders.items.map { PartnerOrderView($0, words) },
      hasOrders: !orders.items.isEmpty, next: orders.next.map { "/operator/partners/\(id)?after=\($0)" },
      error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    return try visit.page("operator-partner", title: partner.name, status: complaint?.status ?? .ok, model)
  }
}

/// What a partner brought in one currency, in one line.
struct BroughtView: Sendable {
  let orders: String
  let ordersText: String
  let soldText: String
  let earnedText: String

  init(_ sum: PartnerSum, _ words: Words) {
    orders = Figures.grouped(sum.orders)
    ordersText = words.plural("partners.brought", sum.orders)
    soldText = words.money(sum.sold)
    earnedText = words.money(sum.earned)
  }
}

/// A language that a partner's people may be written to in.
struct PartnerLanguageView: Sendable {
  let code: String
  let name: String
  let isChosen: Bool

  /// - Parameter chosen: empty for English.
  static func all(chosen: String, _ visit: Visit) -> [PartnerLanguageView] {
    let chosen = chosen.isEmpty ? "en" : chosen
    return visit.site.screens.languages.all.map { code in
      PartnerLanguageView(
        code: code, name: visit.site.screens.words(code)?["language.name"] ?? code, isChosen: code == chosen)
    }
  }
}

/// One of a partner's people in a list.
struct PartnerPersonView: Sendable {
  let account: String
  let name: String
  let email: String

  init(_ member: PartnerMember) {
    account = member.account.description
    name = member.name
    email = member.email
  }
}

/// An order as a partner sees it: nothing of its buyer.
struct PartnerOrderView: Sendable {
  let number: String
  let whenISO: String
  let whenText: String
  let stateText: String
  let stateTone: String
  let wayText: String
  let soldText: String
  let shareText: String
  let commissionText: String

  init(_ order: PartnerOrder, _ words: Words) {
    number = order.number
    whenISO = order.placed.description
    whenText = order.placed.plainText
    stateText = order.state.text(words)
    stateTone = order.state.tone
    var way = [words["source.\(order.source.kind.rawValue)"]]
    if !order.source.site.isEmpty { way = [order.source.site] }
    if !order.showTitle.isEmpty { way.append(order.showTitle) }
    if let time = order.source.mediaTime, order.show != nil { way.append(Figures.clock(time)) }
    wayText = way.joined(separator: " · ")
    soldText = words.money(order.total)
    commissionText = words["partners.ofCommissionAmount", ["amount": words.money(order.commission)]]
    shareText = words.money(
      Money(minor: order.share.minor - order.givenBack.minor, currency: order.share.currency))
  }
}

extension Partner.State {
  func text(_ words: Words) -> String { words["partners.state_\(rawValue)"] }

  var tone: String {
    switch self {
    case .active: "good"
    case .suspended: "bad"
    case .ended: ""
    }
  }
}

extension Words {
  /// `25% of the commission`.
  func part(_ rate: Rate?) -> String {
    guard let rate else { return self["partners.noTerms"] }
    return self["partners.ofCommission", ["percent": Figures.percent(rate) + "%"]]
  }
}

extension Form {
  /// Origins, one a line.
  var sites: [String] {
    self["sites"].split(whereSeparator: { $0.isNewline || $0 == "," }).map { $0.trimmed }.filter { !$0.isEmpty }
  }

  fileprivate var rate: Int64 {
    get throws {
      guard !self["rate"].isEmpty, let rate = Figures.basisPoints(self["rate"]) else {
        throw GeneralRefusal.invalid(field: "rate", why: "must be a percentage between 0 and 100, such as 25")
      }
      return rate
    }
  }

  /// One of these, which pages are in; nil where none was chosen.
  func language(of languages: Languages) throws -> String? {
    let language = self["language"]
    guard language.isEmpty || languages.all.contains(language) else {
      throw GeneralRefusal.invalid(
        field: "language", why: "must be one of \(languages.all.joined(separator: ", "))")
    }
    return language.isEmpty ? nil : language
  }

  fileprivate var starts: Moment? {
    get throws {
      self["starts"].isEmpty ? nil : try ShowFormPage.moment(self["starts"], offsetMinutes: self["offset"], "starts")
    }
  }
}

extension Substring {
  fileprivate var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
