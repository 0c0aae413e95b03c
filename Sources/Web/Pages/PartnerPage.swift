import Commerce
import Hummingbird

/// `/partner`: the partners the reader is one of the people of.
struct PartnerChoicePage: Sendable {
  struct View: Sendable {
    let url: String
    let name: String
    let via: String
  }

  let partners: [View]
  let hasPartners: Bool

  static func show(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    let own = try await visit.commerce.ownPartners(by: visit.caller)
    if own.count == 1 { return visit.redirect("/partner/\(own[0].via)") }
    let model = PartnerChoicePage(
      partners: own.map { View(url: "/partner/\($0.via)", name: $0.name, via: $0.via) }, hasPartners: !own.isEmpty)
    return try visit.page("partner-choice", title: visit.words["partners.own"], model)
  }
}

/// `/partner/{via}`: a partner's links, what they brought, and what it earned by that; for its people.
struct PartnerPage: Sendable {
  struct LinkView: Sendable {
    let id: String
    let name: String
    let whenISO: String?
    let whenText: String
    let stateText: String
    let stateTone: String
    let url: String
  }

  let name: String
  let via: String
  let homeURL: String
  let rateText: String
  /// What comes after it; nil while nothing does.
  let laterText: String?
  let noticeText: String?
  let guide: GuideView?
  let brought: [BroughtView]
  let hasBrought: Bool
  let linksText: String
  let frontURL: String
  let shows: [LinkView]
  let sites: [String]
  let hasSites: Bool
  let orders: [PartnerOrderView]
  let hasOrders: Bool
  let next: String?

  static func show(_ visit: Visit) async throws -> Response {
    let partner = try await visit.ownPartner()
    let (commerce, words) = (visit.commerce, visit.words)
    let sums = try await commerce.partnerSums(of: [partner.id], by: visit.caller)
    let orders = try await commerce.orders(
      of: partner.id, by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    let shows =
      try await commerce.shows(state: .live, limit: visit.pageLimit(10)).items
      + commerce.shows(state: .scheduled, limit: visit.pageLimit(10)).items
    let later = try await commerce.partnerTerms(of: partner.id, by: visit.caller)
      .last { $0.starts > commerce.clock.now }
    let base = visit.site.configuration.publicURL
    let model = PartnerPage(
      name: partner.name, via: partner.via, homeURL: "/partner/\(partner.via)", rateText: words.part(partner.rate),
      laterText: later.map { words["partners.later", ["when": $0.starts.plainText, "rate": words.part($0.rate)]] },
      noticeText: partner.state == .active
        ? nil : words["partners.notice_\(partner.state.rawValue)", ["reason": partner.reason]],
      guide: partner.state == .active ? try await visit.guide(of: partner) : nil,
      brought: sums.map { BroughtView($0, words) }, hasBrought: !sums.isEmpty,
      linksText: words[
        "partners.linksText", ["via": partner.via, "hours": Figures.grouped(commerce.policy.attributionHours)]],
      frontURL: "\(base)/?via=\(partner.via)",
      shows: shows.map { show in
        LinkView(
          id: "\(show.id)", name: "\(show.title) · \(show.channelName)",
          whenISO: show.state == .live ? nil : show.scheduledAt.description, whenText: show.scheduledAt.plainText,
          stateText: show.state.text(words), stateTone: show.state.tone,
          url: "\(base)/watch/\(show.id)?via=\(partner.via)")
      },
      sites: partner.sites, hasSites: !partner.sites.isEmpty,
      orders: orders.items.map { PartnerOrderView($0, words) }, hasOrders: !orders.items.isEmpty,
      next: orders.next.map { "/partner/\(partner.via)?after=\($0)" })
    return try visit.page("partner", title: partner.name, model)
  }
}

/// `/partner/{via}/access`: a partner's people, and its programs' keys.
struct PartnerAccessPage: Sendable {
  struct KeyView: Sendable {
    let id: String
    let name: String
    let whenISO: String
    let whenText: String
  }

  let name: String
  let homeURL: String
  let formURL: String
  let keysText: String
  let keys: [KeyView]
  let hasKeys: Bool
  /// A key that was just made: it is shown this once.
  let secret: String?
  let people: [PartnerPersonView]
  let languages: [PartnerLanguageView]
  let email: String
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit) }

  static func act(_ visit: Visit) async throws -> Response {
    let partner = try await visit.ownPartner()
    let form = try await visit.form()
    let (commerce, caller) = (visit.commerce, visit.caller)
    do {
      switch form["do"] {
      case "make-key":
        let (_, secret) = try await commerce.makePartnerKey(of: partner.id, by: caller, name: form["name"])
        return try await page(visit, secret: secret)
      case "revoke":
        guard let key = ID<PartnerKey>(form["key"]) else { throw Problem.notFound("API key") }
        try await commerce.revokePartnerKey(key, of: partner.id, by: caller)
      case "language":
        if let language = try form.language(of: visit.site.screens.languages) {
          try await commerce.setPartnerLanguage(partner.id, by: caller, language)
        }
      case "add-member": try await commerce.addPartnerMember(of: partner.id, by: caller, email: form["email"])
      case "remove-member":
        guard let account = ID<Account>(form["account"]) else { throw Problem.notFound("account") }
        try await commerce.removePartnerMember(of: partner.id, by: caller, account: account)
        if account == caller.account { return visit.redirect("/partner") }
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/partner/\(partner.via)/access?saved=yes")
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  private static func page(
    _ visit: Visit, _ form: Form? = nil, _ complaint: Visit.Complaint? = nil, secret: Secret? = nil
  ) async throws -> Response {
    let partner = try await visit.ownPartner()
    let keys = try await visit.commerce.partnerKeys(of: partner.id, by: visit.caller)
    let people = try await visit.commerce.partnerMembers(of: partner.id, by: visit.caller)
    let model = PartnerAccessPage(
      name: partner.name, homeURL: "/partner/\(partner.via)", formURL: "/partner/\(partner.via)/access",
      keysText: visit.words["partners.keysText", ["via": partner.via]],
      keys: keys.map {
        KeyView(
          id: "\($0.id)", name: $0.name, whenISO: $0.createdAt.description, whenText: $0.createdAt.plainText)
      },
      hasKeys: !keys.isEmpty, secret: secret?.text, people: people.map { PartnerPersonView($0) },
      languages: PartnerLanguageView.all(chosen: partner.language, visit), email: form?["email"] ?? "",
      error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    var response = try visit.page(
      "partner-access", title: visit.words["partners.access"], status: complaint?.status ?? .ok, model)
    if secret != nil { response.headers[.cacheControl] = "no-store" }
    return response
  }
}

extension Visit {
  /// The partner in the address, when the reader is one of its people; to others it does not exist.
  func ownPartner() async throws -> Partner {
    _ = try requireAccount()
    let via = try parameter("via")
    guard let own = try await commerce.ownPartners(by: caller).first(where: { $0.via == via }) else {
      throw GeneralRefusal.notFound("partner")
    }
    return own
  }
}
