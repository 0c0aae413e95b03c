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
  let followersText: String
  let rating: RatingSumView?
  /// Not for its own people, and not of a channel that others do not see.
  let canFollow: Bool
  let isFollowed: Bool
  /// Whether a follower is told when a show is on air; and that a mail asks first.
  let isTold: Bool
  let isTellAsked: Bool
  /// Where a guest signs in to follow it; nil for who is signed in.
  let signInURL: String?
  let error: String?
  let shows: [ShowTile]
  let hasShows: Bool
  let hasUpcoming: Bool
  let clips: [ClipTile]
  let hasClips: Bool
  let products: [ProductTile]
  let hasProducts: Bool

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil) }

  /// Follows the channel, or does so no longer.
  static func act(_ visit: Visit) async throws -> Response {
    let channel = try await visit.commerce.channel(handle: visit.parameter("handle"), by: visit.caller)
    let form = try await visit.form()
    do {
      switch form["do"] {
      case "follow": try await visit.commerce.follow(channel.id, by: visit.caller)
      case "unfollow": try await visit.commerce.unfollow(channel.id, by: visit.caller)
      case "tell", "tell-not":
        let isTold = form["do"] == "tell"
        try await visit.commerce.setLiveNotices(
          of: channel.id, by: visit.caller, mail: isTold, push: isTold, language: visit.words.language)
      default: throw Problem.malformed("The form does not say what to do.", field: "do")
      }
      // Who pressed it on another page goes on there.
      return visit.redirect(form.has("return") ? Visit.safeReturn(form["return"]) : "/@\(channel.handle)")
    } catch {
      return try await page(visit, visit.complaint(error))
    }
  }

  private static func page(_ visit: Visit, _ complaint: Visit.Complaint?) async throws -> Response {
    let channel = try await visit.commerce.channel(handle: visit.parameter("handle"), by: visit.caller)
    let shows = try await visit.commerce.shows(channel: channel.id, by: visit.caller, limit: visit.pageLimit(24)).items
    let cards = try await visit.commerce.cards(
      channel: channel.id, market: channel.market, by: visit.caller, limit: visit.pageLimit(24)
    ).items
    let clips = try await visit.commerce.clips(of: channel.id, limit: visit.pageLimit(12)).items
    let rating = try await visit.commerce.ratingSum(of: channel.id, by: visit.caller)
    let role = try await visit.role(in: channel.id)
    let following = try await visit.commerce.following(channel.id, by: visit.caller)
    let notices =
      following.isFollowed ? try await visit.commerce.liveNotices(of: channel.id, by: visit.caller) : nil
    let tiles = try await visit.tiles(shows.sorted { $0.state.place < $1.state.place })
    let model = ChannelPage(
      handle: channel.handle, name: channel.name, initial: Tone.initial(channel.name), tone: Tone.of(channel.id),
      about: channel.about.isEmpty ? nil : channel.about, canManage: role != nil,
      followersText: visit.words.plural("follow.count", following.followers),
      rating: RatingSumView(rating, handle: channel.handle, visit.words),
      canFollow: role == nil && channel.state == .approved, isFollowed: following.isFollowed,
      isTold: notices.map { $0.mail || $0.push } ?? false, isTellAsked: notices?.isMailed ?? false,
      signInURL: visit.caller.account == nil ? "/sign-in?return=\(Visit.encoded("/@\(channel.handle)"))" : nil,
      error: complaint?.sentence, shows: tiles,
      hasShows: !tiles.isEmpty, hasUpcoming: tiles.contains { $0.isUpcoming },
      clips: clips.map(ClipTile.init), hasClips: !clips.isEmpty,
      products: cards.map { ProductTile($0, visit.words) }, hasProducts: !cards.isEmpty)
    return try visit.page(
      "channel", title: channel.name, description: model.about,
      sharing: Sharing(
        url: "/@\(channel.handle)", type: "profile", image: tiles.first?.picture,
        structured: StructuredData.channel(channel, rating, base: visit.site.configuration.publicURL)),
      status: complaint?.status ?? .ok, model)
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
