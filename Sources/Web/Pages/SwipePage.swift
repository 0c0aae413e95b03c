import Commerce
import Hummingbird

/// `/swipe`: shows on air and clips, one film at a time, each with what it sells; and `/swipe/shows/{show}` and
/// `/swipe/clips/{clip}`, the same from one of them on.
struct SwipePage: Sendable {
  struct FilmView: Sendable {
    let kind: String
    let id: String
    let title: String
    let page: String
    /// Where this feed begins with it.
    let swipe: String
    let poster: String?
    let video: String?
    let isLive: Bool
    let tone: Int
    let channelName: String
    let channelInitial: String
    let channelURL: String
    let goods: GoodsView?

    init(_ film: FeedAPI.Film, _ words: Words) {
      kind = film.kind.rawValue
      id = film.id
      title = film.title
      page = film.page
      swipe = "/swipe/\(film.kind == .show ? "shows" : "clips")/\(film.id)"
      poster = film.poster
      video = film.video
      isLive = film.kind == .show
      tone = Tone.of(film.channel.id)
      channelName = film.channel.name
      channelInitial = Tone.initial(film.channel.name)
      channelURL = "/@\(film.channel.handle)"
      goods = film.product.map { GoodsView($0, show: film.show, words) }
    }
  }

  struct GoodsView: Sendable {
    let id: String
    let title: String
    let picture: String?
    let priceText: String
    let isSoldOut: Bool
    let url: String

    init(_ goods: FeedAPI.Goods, show: ID<Show>, _ words: Words) {
      id = "\(goods.id)"
      title = goods.title
      picture = goods.picture
      let price = goods.price.map(words.money) ?? ""
      priceText = goods.isFrom && goods.price != nil ? words["show.from", ["price": price]] : price
      isSoldOut = goods.isSoldOut
      url = "/products/\(goods.id)?show=\(show)"
    }
  }

  let films: [FilmView]
  let hasFilms: Bool
  /// Where the list goes on; nil at its end.
  let next: String?
  /// Whose prices are asked for; empty for each show's own first.
  let market: String

  /// Few at a time: each is a film.
  private static let each = 6

  static func show(_ visit: Visit) async throws -> Response {
    try await page(visit, visit.commerce.feed(after: visit.cursor, limit: visit.pageLimit(each)), nil)
  }

  static func fromShow(_ visit: Visit) async throws -> Response {
    let show = try await visit.commerce.show(visit.id("show", Show.self), by: visit.caller)
    // What is over has a page of its own.
    guard show.state == .live else { return visit.redirect("/watch/\(show.id)") }
    let words = visit.words
    return try await page(
      visit, visit.commerce.feed(from: .show(show), limit: visit.pageLimit(each)),
      Sharing(
        url: "/watch/\(show.id)", type: "video.other",
        image: LinkCardPage.path("shows", "\(show.id)", show.state.rawValue, words), hasCard: true))
  }

  static func fromClip(_ visit: Visit) async throws -> Response {
    let card = try await visit.commerce.clipCard(visit.id("clip", Clip.self), by: visit.caller)
    guard card.clip.state == .ready else { return visit.redirect("/clips/\(card.clip.id)") }
    return try await page(
      visit, visit.commerce.feed(from: .clip(card), limit: visit.pageLimit(each)),
      Sharing(
        url: "/clips/\(card.clip.id)", type: "video.other",
        image: LinkCardPage.path("clips", "\(card.clip.id)", "", visit.words), hasCard: true))
  }

  private static func page(_ visit: Visit, _ page: Page<FeedItem>, _ sharing: Sharing?) async throws -> Response {
    let asked = try visit.query("market")
    let films = try await visit.site.films(of: page.items, market: asked, by: visit.caller)
      .map { FilmView($0, visit.words) }
    let model = SwipePage(
      films: films, hasFilms: !films.isEmpty, next: page.next?.description, market: asked ?? "")
    let words = visit.words
    var response = try visit.page(
      "swipe",
      title: sharing == nil ? words["swipe.title"] : films.first.map { "\($0.title) · \($0.channelName)" } ?? "",
      sharing: sharing ?? Sharing(url: "/swipe", image: films.first?.poster), model)
    // The whole checkout is here, and so may be the fields for a card, where they are Stripe's.
    if let stripe = (visit.commerce.providers.current as? StripeProvider)?.settings {
      response.headers[.contentSecurityPolicy] = SecurityHeaders.contentSecurityPolicy(with: stripe)
    }
    return response
  }
}
