import Commerce
import Hummingbird

/// `/`: who is live, who comes next, and what was.
struct HomePage: Sendable {
  let live: [ShowTile]
  let upcoming: [ShowTile]
  let past: [ShowTile]
  let clips: [ClipTile]

  let hasLive: Bool
  let hasUpcoming: Bool
  let hasPast: Bool
  let hasClips: Bool
  let isEmpty: Bool
  /// Of the field to search by.
  let query = ""

  init(live: [ShowTile], upcoming: [ShowTile], past: [ShowTile], clips: [ClipTile]) {
    self.live = live
    self.upcoming = upcoming
    self.past = past
    self.clips = clips
    hasClips = !clips.isEmpty
    hasLive = !live.isEmpty
    hasUpcoming = !upcoming.isEmpty
    hasPast = !past.isEmpty
    isEmpty = live.isEmpty && upcoming.isEmpty && past.isEmpty
  }

  private static let each = 24

  static func show(_ visit: Visit) async throws -> Response {
    let commerce = visit.commerce
    let live = try await commerce.shows(state: .live, limit: visit.pageLimit(each)).items
    let upcoming = try await commerce.shows(state: .scheduled, limit: visit.pageLimit(each)).items
    let past = try await commerce.shows(state: .ended, limit: visit.pageLimit(each / 2)).items
    let clips = try await commerce.clips(limit: visit.pageLimit(12)).items
    let model = HomePage(
      live: try await visit.tiles(live), upcoming: try await visit.tiles(upcoming), past: try await visit.tiles(past),
      clips: clips.map(ClipTile.init))
    return try visit.page("home", title: visit.words["site.name"], model)
  }
}
