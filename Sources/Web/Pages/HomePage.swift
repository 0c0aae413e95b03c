import Commerce
import Hummingbird

/// `/`: who is live, who comes next, and what was. Whoever is signed in sees the channels they follow first.
struct HomePage: Sendable {
  /// A seller with something to see, to be followed.
  struct Seller: Sendable {
    let name: String
    let handle: String
    let initial: String
    let tone: Int
    let isLive: Bool
    let isFollowed: Bool
    /// Where a guest signs in for it; nil for who is signed in.
    let signInURL: String?
    let canFollow: Bool
  }

  let live: [ShowTile]
  let upcoming: [ShowTile]
  let past: [ShowTile]
  let clips: [ClipTile]
  let sellers: [Seller]

  let hasLive: Bool
  let hasUpcoming: Bool
  let hasPast: Bool
  let hasClips: Bool
  let hasSellers: Bool
  /// Something of it moves where the reader lets it.
  let hasFilms: Bool
  /// There is something to swipe through.
  let canSwipe: Bool
  let isEmpty: Bool
  /// Of the field to search by.
  let query = ""

  init(live: [ShowTile], upcoming: [ShowTile], past: [ShowTile], clips: [ClipTile], sellers: [Seller]) {
    self.live = live
    self.upcoming = upcoming
    self.past = past
    self.clips = clips
    self.sellers = sellers
    hasClips = !clips.isEmpty
    hasLive = !live.isEmpty
    hasUpcoming = !upcoming.isEmpty
    hasPast = !past.isEmpty
    hasSellers = !sellers.isEmpty
    hasFilms = !clips.isEmpty || live.contains { $0.film != nil }
    canSwipe = !clips.isEmpty || !live.isEmpty
    isEmpty = live.isEmpty && upcoming.isEmpty && past.isEmpty
  }

  private static let each = 24
  private static let sellersMax = 12

  static func show(_ visit: Visit) async throws -> Response {
    let commerce = visit.commerce
    let live = try await shows(.live, each, visit)
    let upcoming = try await shows(.scheduled, each, visit)
    let past = try await shows(.ended, each / 2, visit)
    let clips = try await commerce.clips(limit: visit.pageLimit(12)).items
    let model = HomePage(
      live: try await visit.tiles(live), upcoming: try await visit.tiles(upcoming), past: try await visit.tiles(past),
      clips: clips.map(ClipTile.init), sellers: try await sellers(live + upcoming + past, visit))
    return try visit.page(
      "home", title: visit.words["site.name"],
      sharing: Sharing(url: "/", image: visit.site.statics.url("icons/icon-512.png")), model)
  }

  /// Those of channels that are followed come first.
  private static func shows(_ state: ShowState, _ count: Int, _ visit: Visit) async throws -> [Show] {
    let count = visit.pageLimit(count)
    let followed = try await visit.commerce.followedShows(state: state, by: visit.caller, limit: count)
    let all = try await visit.commerce.shows(state: state, limit: count).items
    let known = Set(followed.map(\.id))
    return Array((followed + all.filter { !known.contains($0.id) }).prefix(count))
  }

  private static func sellers(_ shows: [Show], _ visit: Visit) async throws -> [Seller] {
    var channels: [Show] = []
    for show in shows where channels.count < sellersMax && !channels.contains(where: { $0.channel == show.channel }) {
      channels.append(show)
    }
    let ids = channels.map(\.channel)
    let following = try await visit.commerce.followings(of: ids, by: visit.caller)
    let account = visit.caller.account
    let own = account == nil ? [] : Set(try await visit.commerce.channels(by: visit.caller).map(\.0.id))
    let live = Set(shows.filter { $0.state == .live }.map(\.channel))
    return channels.map { show in
      Seller(
        name: show.channelName, handle: show.channelHandle, initial: Tone.initial(show.channelName),
        tone: Tone.of(show.channel), isLive: live.contains(show.channel),
        isFollowed: following[show.channel]?.isFollowed ?? false,
        signInURL: account == nil ? "/sign-in?return=\(Visit.encoded("/@\(show.channelHandle)"))" : nil,
        canFollow: !own.contains(show.channel))
    }
  }
}

extension Words {
  /// How long it is until a moment, as a page says it that does not count: `in 3 h 5 min`; nil when it is far away, or
  /// past.
  func until(_ moment: Moment, now: Moment) -> String? {
    let left = moment.milliseconds(since: now)
    let minutes = (left + 59_999) / 60_000
    switch left {
    case ...0, (8 * 86_400_000)...: return nil
    case ..<3_600_000: return plural("until.minutes", max(1, minutes))
    case ..<86_400_000: return self["until.hours", ["hours": "\(minutes / 60)", "minutes": "\(minutes % 60)"]]
    default: return plural("until.days", left / 86_400_000)
    }
  }
}
