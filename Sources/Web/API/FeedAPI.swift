import Commerce
import HTTPTypes
import Media

/// What there is to swipe through (docs/decisions/0055).
enum FeedAPI {
  enum Kind: String, Codable, CaseIterable { case show, clip }

  /// What is sold with a film.
  struct Goods: Codable {
    let id: ID<Product>
    let title: String
    let picture: String?
    /// The lowest of its prices; left out where it is not sold in the market.
    let price: Money?
    /// Whether there are dearer ones.
    let isFrom: Bool
    let isSoldOut: Bool

    init(_ card: ProductCard) {
      let prices = card.variants.compactMap(\.offer?.price)
      id = card.id
      title = card.title
      picture = card.pictures.first?.url(width: 640)
      price = prices.min { $0.minor < $1.minor }
      isFrom = Set(prices).count > 1
      isSoldOut = !card.variants.contains { $0.available > 0 }
    }
  }

  struct Film: Codable, Described {
    let kind: Kind
    /// Of the show or the clip.
    let id: String
    let show: ID<Show>
    let channel: ShowAPI.Seller
    let title: String
    let page: String
    let poster: String?
    let video: String?
    let product: Goods?

    static let fields = [
      "kind": "show is on air; clip is cut out of one that was.", "id": "Of the show or the clip.",
      "page": "Where it plays and sells.", "poster": "A picture of it; left out while there is none.",
      "video": "A clip's MP4; left out of shows, whose picture is at /live/{show}/.",
      "product": "What is on screen; left out where nothing is.",
    ]

    init(_ item: FeedItem, poster: String?, product: ProductCard?) {
      switch item {
      case .show(let show):
        kind = .show
        id = "\(show.id)"
        self.show = show.id
        channel = ShowAPI.Seller(id: show.channel, handle: show.channelHandle, name: show.channelName)
        title = show.title
        page = "/watch/\(show.id)"
        video = nil
      case .clip(let card):
        kind = .clip
        id = "\(card.clip.id)"
        show = card.clip.show
        channel = ShowAPI.Seller(id: card.clip.channel, handle: card.channelHandle, name: card.channelName)
        title = card.clip.title
        page = "/clips/\(card.clip.id)"
        video = "/clips/\(card.clip.id)/video.mp4"
      }
      self.poster = poster
      self.product = product.map(Goods.init)
    }
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/feed", "Lists what there is to swipe through: the shows on air, then the clips, the newest first.",
      gives: List<Film>.self
    ) { call in
      let market = try call.query("market")
      let page = try await call.commerce.feed(after: call.cursor(), limit: call.limit())
      let films = try await call.site.films(of: page.items, market: market, by: call.caller)
      return List(Page(items: films, next: page.next)) { $0 }
    }.paged.query("market", "Whose prices are given; each show's first market when it is left out.")
  ]
}

extension Site {
  /// Films with what is seen and sold of each. Where `market` is none of a show's, prices are of its first.
  func films(of items: [FeedItem], market: String?, by caller: Caller) async throws -> [FeedAPI.Film] {
    let showIDs = items.compactMap { item -> ID<Show>? in
      if case .show(let show) = item { show.id } else { nil }
    }
    let covers = try await commerce.covers(shows: showIDs)
    var films: [FeedAPI.Film] = []
    for item in items {
      let show: Show?
      let product: ID<Product>?
      let poster: String?
      switch item {
      case .show(let live):
        show = live
        product = live.pinned
        poster =
          posters.poster(of: "\(live.id)").map { _ in "/live/\(live.id)/poster.jpg" }
          ?? covers[live.id]?.url(width: 640)
      case .clip(let card):
        // It may have gone since the list was read.
        show = try? await commerce.show(card.clip.show, by: caller)
        product = card.clip.product
        poster = "/clips/\(card.clip.id)/poster.jpg"
      }
      let sold = show?.markets ?? []
      let code = market.flatMap { sold.contains($0) ? $0 : nil } ?? sold.first ?? ""
      var goods: ProductCard?
      if let product { goods = try? await commerce.card(product: product, market: code, by: caller) }
      films.append(FeedAPI.Film(item, poster: poster, product: goods))
    }
    return films
  }
}
