import Commerce
import Hummingbird

/// `/@{handle}`: a seller, their shows and what they sell.
struct ChannelPage: Sendable {
  let handle: String
  let name: String
  let initial: String
  let tone: Int
  let about: String?
  let canManage: Bool
  let shows: [ShowTile]
  let hasShows: Bool
  let products: [ProductTile]
  let hasProducts: Bool

  static func show(_ visit: Visit) async throws -> Response {
    let channel = try await visit.commerce.channel(handle: visit.parameter("handle"), by: visit.caller)
    let shows = try await visit.commerce.shows(channel: channel.id, by: visit.caller, limit: visit.pageLimit(24)).items
    let cards = try await visit.commerce.cards(
      channel: channel.id, market: channel.market, by: visit.caller, limit: visit.pageLimit(24)
    ).items
    let role = try await visit.role(in: channel.id)
    let tiles = try await visit.tiles(shows.sorted { $0.state.place < $1.state.place })
    let model = ChannelPage(
      handle: channel.handle, name: channel.name, initial: Tone.initial(channel.name), tone: Tone.of(channel.id),
      about: channel.about.isEmpty ? nil : channel.about, canManage: role != nil, shows: tiles,
      hasShows: !tiles.isEmpty, products: cards.map { ProductTile($0, visit.words) }, hasProducts: !cards.isEmpty)
    return try visit.page(
      "channel", title: channel.name, description: model.about, image: tiles.first?.picture, model)
  }
}

extension ShowState {
  /// What is on air first, then what comes, then what was.
  fileprivate var place: Int {
    switch self {
    case .live: 0
    case .scheduled: 1
    case .ended: 2
    }
  }
}

extension Visit {
  /// The role of who asks in a channel; nil for everybody else.
  func role(in channel: ID<Channel>) async throws -> Role? {
    guard caller.account != nil else { return nil }
    return try await commerce.channels(by: caller).first { $0.0.id == channel }?.1
  }
}
