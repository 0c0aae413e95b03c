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

  let channels: [ChannelView]
  let hasChannels: Bool
  let markets: [MarketChoice]
  let draftName: String
  let draftHandle: String
  let draftAbout: String
  let error: String?

  static func show(_ visit: Visit) async throws -> Response {
    _ = try visit.requireAccount()
    return try await page(visit, ChannelDraft(handle: "", name: "", market: ""), nil)
  }

  static func makeChannel(_ visit: Visit) async throws -> Response {
    let form = try await visit.form()
    let draft = ChannelDraft(
      handle: form["handle"], name: form["name"], about: form["about"], market: form["market"])
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
    let channels = try await visit.commerce.channels(by: visit.caller).map { channel, role in
      ChannelView(
        url: "/studio/\(channel.handle)", name: channel.name, handle: channel.handle,
        initial: Tone.initial(channel.name), tone: Tone.of(channel.id), roleText: role.text(visit.words))
    }
    let markets = try await visit.commerce.markets().map { MarketChoice($0, isChosen: $0.code == draft.market) }
    let model = StudioPage(
      channels: channels, hasChannels: !channels.isEmpty, markets: markets, draftName: draft.name,
      draftHandle: draft.handle, draftAbout: draft.about, error: complaint?.sentence)
    return try visit.page(
      "studio", title: visit.words["studio.title"], status: complaint?.status ?? .ok, model)
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
