import Commerce
import Hummingbird

/// `/search`: shows and products by their words.
struct SearchPage: Sendable {
  let query: String
  let market: String
  let shows: [ShowTile]
  let hasShows: Bool
  let products: [ProductTile]
  let hasProducts: Bool
  let nothingText: String?

  static func show(_ visit: Visit) async throws -> Response {
    let text = String((try visit.query("q") ?? "").prefix(100))
    let markets = try await visit.commerce.markets().filter(\.isOpen)
    let market = visit.market(among: markets.map(\.code))
    let found = try await visit.commerce.search(text, market: market)
    let isAsked = !text.allSatisfy(\.isWhitespace)
    let model = SearchPage(
      query: text, market: market, shows: try await visit.tiles(found.shows), hasShows: !found.shows.isEmpty,
      products: found.products.map { ProductTile($0, visit.words) }, hasProducts: !found.products.isEmpty,
      nothingText: isAsked && found.isEmpty ? visit.words["search.nothing"].replacing("{text}", with: text) : nil)
    return try visit.page("search", title: visit.words["search.title"], model)
  }
}
