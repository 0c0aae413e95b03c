import Commerce
import HTTPTypes

/// Finding what is shown and sold.
enum SearchAPI {
  struct Found: Codable, Described {
    let shows: [ShowAPI.ShowAnswer]
    let products: [RoomAPI.Card]

    static let fields = ["shows": "On air first, then the best first.", "products": "The best first."]
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/search", "Finds shows and products by their words, in any of the languages they are written in.",
      gives: Found.self
    ) { call in
      let first = try await call.commerce.markets().first?.code ?? ""
      let found = try await call.commerce.search(
        call.query("q") ?? "", market: call.query("market") ?? first, limit: min(call.limit(), 100))
      return Found(
        shows: found.shows.map(ShowAPI.ShowAnswer.init), products: found.products.map(RoomAPI.Card.init))
    }.query("q", "Words; a beginning of two letters or more is enough.")
      .query("market", "Where to buy; the first market when it is left out.").query("limit", "1 to 100, of each.")
  ]
}
