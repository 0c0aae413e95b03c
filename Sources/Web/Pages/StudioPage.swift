import Commerce
import Hummingbird

/// `/studio`: the reader's channels, and a form to open one.
struct StudioPage: Sendable {
  struct ChannelView: Sendable {
    let url: String
    let name: String
    let handle: String
    let initial: String
    let tone: Int
    let roleText: String
  }

  let guide: GuideView?
  let channels: [ChannelView]
  let hasChannels: Bool
  let markets: [MarketChoice]
  let draftName: String
  let draftHandle: String
  let draftAbout: String
  let application: ChannelApplication
  /// What an invitation's link has in it, and where it leads; nil without one.
  let invitation: String?
  let invitationText: String?
  /// Somewhere an operator decides.
  let isAsked: Bool
  let error: String?

  static func show(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    return try await page(
      visit, ChannelDraft(handle: "", name: "", market: "", invitation: visit.query("invitation")), nil)
  }

  static func makeChannel(_ visit: Visit) async throws -> Response {
    let form = try await visit.form()
    let draft = ChannelDraft(
      handle: form["handle"], name: form["name"], about: form["about"], market: form["market"],
      application: form.application, invitation: form["invitation"].isEmpty ? nil : form["invitation"],
      language: visit.words.language)
    do {
      let channel = try await visit.commerce.makeChannel(visit.commerce.makeID(), by: visit.caller, draft)
      return visit.redirect("/studio/\(channel.handle)")
    } catch {
      return try await page(visit, draft, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ draft: ChannelDraft, _ complaint: Visit.Complaint?) async throws
    -> Response
  {
    let own = try await visit.commerce.channels(by: visit.caller)
    var guide = own.isEmpty ? GuideView.beforeChannel(visit.words) : nil
    // The first that still has something before it.
    for (channel, _) in own.prefix(5) where guide == nil {
      guide = try await visit.guide(of: channel, returnPath: "/studio")
    }
    let channels = own.map { channel, role in
      ChannelView(
        url: "/studio/\(channel.handle)", name: channel.name, handle: channel.handle,
        initial: Tone.initial(channel.name), tone: Tone.of(channel.id), roleText: role.text(visit.words))
    }
    var invited: Invitation?
    var wrong = complaint
    if let token = draft.invitation, !token.isEmpty {
      do { invited = try await visit.commerce.invitation(token: token) } catch {
        wrong = try wrong ?? visit.complaint(error)
      }
    }
    let all = try await visit.commerce.markets()
    // Where the link leads is offered first.
    let markets = all.filter { invited?.isFor($0.code) ?? true }
      .map { MarketChoice($0, isChosen: $0.code == draft.market) }
    let model = StudioPage(
      guide: guide, channels: channels, hasChannels: !channels.isEmpty, markets: markets, draftName: draft.name,
      draftHandle: draft.handle, draftAbout: draft.about, application: draft.application,
      invitation: invited == nil ? nil : draft.invitation,
      invitationText: invited.map { _ in
        visit.words["invitations.welcome", ["markets": markets.map(\.name).joined(separator: ", ")]]
      }, isAsked: invited == nil && all.contains { ($0.admission ?? visit.commerce.policy.admission) == .application },
      error: wrong?.sentence)
    return try visit.page(
      "studio", title: visit.words["studio.title"], status: wrong?.status ?? .ok, model)
  }
}

/// A market to choose in a form.
struct MarketChoice: Sendable {
  let code: String
  let name: String
  let currency: String
  let isChosen: Bool

  init(_ market: Market, isChosen: Bool) {
    code = market.code
    name = market.name
    currency = market.currency.code
    self.isChosen = isChosen
  }
}

extension Role {
  func text(_ words: Words) -> String {
    switch self {
    case .owner: words["studio.roleOwner"]
    case .host: words["studio.roleHost"]
    case .moderator: words["studio.roleModerator"]
    case .fulfilment: words["studio.roleFulfilment"]
    }
  }

  var isOwner: Bool { self == .owner }
  /// May run shows.
  var isHost: Bool { self == .owner || self == .host }
  /// May see and send orders.
  var dealsWithOrders: Bool { self == .owner || self == .fulfilment }
}
