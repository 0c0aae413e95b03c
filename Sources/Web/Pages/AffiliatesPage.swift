import Commerce
import Hummingbird

/// `/studio/{handle}/affiliates`: who may sell this channel's products for which share, and whose it may sell itself.
struct AffiliatesPage: Sendable {
  struct TermsView: Sendable {
    let id: String
    let who: String
    let what: String
    let rateText: String
    let endISO: String?
    let endText: String?
    let isOpen: Bool
    let stateText: String
    let stateTone: String
    let canEnd: Bool
  }

  struct ProductView: Sendable {
    let id: String
    let title: String
    let isChosen: Bool
  }

  /// What was typed and could not be taken.
  struct Draft: Sendable {
    var rate = ""
    var creator = ""
    var ends = ""
    var isOpen = false

    init() {}

    init(_ form: Form) {
      rate = form["rate"]
      creator = form["creator"]
      ends = ShowFormPage.utc(form["ends"], offsetMinutes: form["offset"])
      isOpen = true
    }
  }

  let handle: String
  let channelName: String
  let formURL: String
  let canMake: Bool
  let products: [ProductView]
  let draft: Draft
  let terms: [TermsView]
  let hasTerms: Bool
  let offers: [TermsView]
  let hasOffers: Bool
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let form = try await visit.form()
    do {
      switch form["do"] {
      case "make":
        guard let rate = Figures.basisPoints(form["rate"]) else {
          throw GeneralRefusal.invalid(field: "rate", why: "must be a percentage between 1 and 80, such as 15")
        }
        let handle = form["creator"].hasPrefix("@") ? String(form["creator"].dropFirst()) : form["creator"]
        _ = try await visit.commerce.makeAffiliateTerms(
          visit.commerce.makeID(), by: visit.caller, channel: channel.id,
          AffiliateTermsDraft(
            product: ID<Product>(form["product"]), creator: handle.isEmpty ? nil : handle, rateBasisPoints: rate,
            ends: form["ends"].isEmpty
              ? nil : try ShowFormPage.moment(form["ends"], offsetMinutes: form["offset"], "ends")))
      case "end":
        guard let terms = ID<AffiliateTerms>(form["terms"]) else { throw Problem.notFound("affiliate terms") }
        try await visit.commerce.endAffiliateTerms(terms, by: visit.caller)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/studio/\(channel.handle)/affiliates?saved=yes")
    } catch GeneralRefusal.notFound("creator") {
      // Somebody typed a handle: the page they are on is still the right one.
      let wrong = GeneralRefusal.invalid(field: "creator", why: "must be the handle of a channel that is here")
      return try await page(visit, form, visit.complaint(wrong))
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ form: Form?, _ complaint: Visit.Complaint?) async throws -> Response {
    let (channel, role) = try await visit.ownChannel()
    let (commerce, words, now) = (visit.commerce, visit.words, visit.commerce.clock.now)
    let terms = try await commerce.affiliateTerms(of: channel.id, by: visit.caller)
    let offers = try await commerce.affiliateOffers(for: channel.id, by: visit.caller)
    let products = try await commerce.findProducts(
      of: channel.id, by: visit.caller, matching: "", limit: visit.pageLimit(100))
    let isMade = form?["do"] == "make"
    let model = AffiliatesPage(
      handle: channel.handle, channelName: channel.name, formURL: "/studio/\(channel.handle)/affiliates",
      canMake: role.isOwner,
      products: products.found.map {
        ProductView(id: $0.id.description, title: $0.title, isChosen: form?["product"] == $0.id.description)
      },
      draft: isMade ? form.map(Draft.init) ?? Draft() : Draft(),
      terms: terms.map { TermsView($0, who: nil, canEnd: role.isOwner, at: now, words) }, hasTerms: !terms.isEmpty,
      offers: offers.map { TermsView($0, who: $0.sellerName, canEnd: false, at: now, words) },
      hasOffers: !offers.isEmpty, error: complaint?.sentence, isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "studio/affiliates", title: words["affiliates.title"], status: complaint?.status ?? .ok, model)
  }
}

extension AffiliatesPage.TermsView {
  /// - Parameter who: whose products they are, for those who sell them; nil for the seller, who sees for whom they are.
  init(_ terms: AffiliateTerms, who seller: String?, canEnd: Bool, at now: Moment, _ words: Words) {
    id = terms.id.description
    who = seller ?? (terms.creatorName.isEmpty ? words["affiliates.everyone"] : terms.creatorName)
    what = terms.product == nil ? words["plans.everything"] : terms.productTitle
    rateText = words["affiliates.share", ["percent": Figures.percent(terms.rate) + "%"]]
    endISO = terms.ends == .never ? nil : terms.ends.description
    endText = terms.ends == .never ? nil : terms.ends.plainText
    isOpen = terms.ends > now
    stateText = words[isOpen ? "plans.open" : "plans.over"]
    stateTone = isOpen ? "good" : ""
    self.canEnd = canEnd && isOpen
  }
}
