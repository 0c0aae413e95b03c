import Commerce
import HTTPTypes
import Hummingbird

/// `/operator/invitations`: links that let sellers in, and who came by them.
struct InvitationsPage: Sendable {
  struct UseView: Sendable {
    let url: String
    let name: String
    let market: String
    let whenISO: String
    let whenText: String
  }

  struct View: Sendable {
    let id: String
    let note: String
    let place: String
    let tierText: String?
    let usedText: String
    let expiresISO: String
    let expiresText: String
    let stateText: String
    let stateTone: String
    let isOpen: Bool
    let uses: [UseView]
    let hasUses: Bool
  }

  let invitations: [View]
  let hasInvitations: Bool
  let next: String?
  let markets: [ChoiceView]
  let tiers: [ChoiceView]
  let note: String
  let usesMax: String
  let days: String
  let isFormOpen: Bool
  /// The link that was made just now; it is shown this once.
  let link: String?
  let error: String?
  let isSaved: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil, nil, link: nil) }

  static func act(_ visit: Visit) async throws -> Response {
    let form = try await visit.form()
    do {
      switch form["do"] {
      case "make":
        func number(_ field: String) throws -> Int64 {
          guard let value = Int64(form[field]) else {
            throw GeneralRefusal.invalid(field: field, why: "must be a whole number")
          }
          return value
        }
        let draft = InvitationDraft(
          note: form["note"], markets: form["market"].isEmpty ? [] : [form["market"]], tier: Int64(form["tier"]),
          usesMax: try number("usesMax"), days: try number("days"))
        let (_, token) = try await visit.commerce.makeInvitation(
          visit.commerce.makeID(), by: visit.caller, draft)
        // Not redirected to: the link would have to be in an address, or kept.
        return try await page(
          visit, nil, nil, link: "\(visit.site.configuration.publicURL)/invitations/\(token.text)")
      case "revoke":
        guard let id = ID<Invitation>(form["invitation"]) else { throw Problem.notFound("invitation") }
        try await visit.commerce.revokeInvitation(id, by: visit.caller)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      return visit.redirect("/operator/invitations?saved=yes")
    } catch {
      return try await page(visit, form, visit.complaint(error), link: nil)
    }
  }

  /// `/invitations/{token}`: where the link leads, to the form of a new channel, by way of an account.
  static func open(_ visit: Visit) async throws -> Response {
    let token = try visit.parameter("token")
    _ = try await visit.commerce.invitation(token: token)
    let path = "/studio?invitation=\(Visit.encoded(token))"
    guard visit.context.account == nil else { return visit.redirect(path) }
    return visit.redirect("/sign-up?return=\(Visit.encoded(path))")
  }

  private static func page(
    _ visit: Visit, _ form: Form?, _ complaint: Visit.Complaint?, link: String?
  ) async throws -> Response {
    _ = try visit.requireAccount()
    let (commerce, words) = (visit.commerce, visit.words)
    let page = try await commerce.invitations(by: visit.caller, after: visit.cursor, limit: visit.pageLimit(30))
    let markets = try await commerce.markets()
    let model = InvitationsPage(
      invitations: page.items.map { View($0, at: commerce.clock.now, words) }, hasInvitations: !page.items.isEmpty,
      next: page.next.map { "/operator/invitations?after=\($0)" },
      markets: markets.map { ChoiceView(value: $0.code, name: $0.name, isChosen: $0.code == form?["market"]) },
      tiers: ChoiceView.tiers(try await commerce.tiers(), chosen: form.flatMap { Int64($0["tier"]) } ?? 1, words),
      note: form?["note"] ?? "", usesMax: form?["usesMax"] ?? "1", days: form?["days"] ?? "14",
      isFormOpen: form != nil || page.items.isEmpty && link == nil, link: link, error: complaint?.sentence,
      isSaved: try visit.query("saved") != nil)
    return try visit.page(
      "operator-invitations", title: words["invitations.title"], status: complaint?.status ?? .ok, model)
  }
}

extension InvitationsPage.View {
  init(_ invitation: Invitation, at now: Moment, _ words: Words) {
    let state = invitation.state(at: now)
    id = "\(invitation.id)"
    note = invitation.note.isEmpty ? words["invitations.noNote"] : invitation.note
    place = invitation.markets.isEmpty ? words["plans.allMarkets"] : invitation.markets.joined(separator: ", ")
    tierText = invitation.tier.map { words["admission.tierName", ["tier": "\($0)"]] }
    usedText =
      words[
        "invitations.used", ["used": Figures.grouped(invitation.used), "max": Figures.grouped(invitation.usesMax)]]
    expiresISO = invitation.expires.description
    expiresText = invitation.expires.plainText
    stateText = words["invitations.\(state.rawValue)State"]
    stateTone = state == .open ? "good" : ""
    isOpen = state == .open
    uses = invitation.uses.prefix(10).map { use in
      InvitationsPage.UseView(
        url: "/operator/channels/\(use.handle)", name: use.name, market: use.market, whenISO: use.at.description,
        whenText: use.at.plainText)
    }
    hasUses = !uses.isEmpty
  }
}
