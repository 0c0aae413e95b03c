import Commerce
import Hummingbird
import Media

/// `/clips/{clip}`: a clip, and all that the show it is from sells, its own product first.
struct ClipPage: Sendable {
  let clip: String
  let title: String
  let show: String
  let state: String
  let product: String
  let market: String
  let tone: Int
  let channelName: String
  let channelInitial: String
  let channelURL: String
  let videoURL: String
  let posterURL: String
  /// Milliseconds on the show's media clock.
  let from: String
  /// The same moment of the whole show; nil where that cannot be watched again.
  let showURL: String?
  let showTitle: String
  /// The next older clip; nil at the end.
  let nextURL: String?
  /// Other clips, the newest first.
  let more: [ClipTile]
  let hasMore: Bool
  let pinned: ProductTile?
  let products: [ProductTile]
  let productCount: String
  let markets: [MarketChoice]
  let hasMarkets: Bool
  let stopText: String?
  let data: String
  let oembedURL: String?
  /// Of a frame in another site's page.
  let embed: EmbedView?

  static func show(_ visit: Visit) async throws -> Response { try await page(visit) }

  /// - Parameter embed: of a frame in another site's page; nil for a page of its own.
  static func page(_ visit: Visit, in embed: EmbedView? = nil) async throws -> Response {
    let commerce = visit.commerce
    let clip = try await commerce.clip(visit.id("clip", Clip.self), by: visit.caller)
    let show = try await commerce.show(clip.show, by: visit.caller)
    let market = visit.market(among: show.markets)
    let cards = try await commerce.cards(show: clip.show, market: market, by: visit.caller)
    let sold = try await commerce.markets().filter { show.markets.contains($0.code) }
    let markets = sold.map { MarketChoice($0, isChosen: $0.code == market) }
    let words = visit.words
    let more = try await commerce.clips(limit: visit.pageLimit(7)).items.filter { $0.clip.id != clip.id }.prefix(6)
    let stop = try await commerce.salesStops(of: clip.show)[market]
    let now = commerce.clock.now
    let model = ClipPage(
      clip: clip.id.description, title: clip.title, show: clip.show.description, state: show.state.rawValue,
      product: clip.product.description, market: market, tone: Tone.of(show.channel), channelName: show.channelName,
      channelInitial: Tone.initial(show.channelName), channelURL: "/@\(show.channelHandle)",
      videoURL: "/clips/\(clip.id)/video.mp4", posterURL: "/clips/\(clip.id)/poster.jpg",
      from: String(clip.fromMediaTime), showURL: try await visit.replayURL(of: clip), showTitle: show.title,
      nextURL: try await commerce.clip(after: clip).map { "/clips/\($0)" },
      more: more.map(ClipTile.init), hasMore: !more.isEmpty,
      pinned: cards.first { $0.id == clip.product }.map { ProductTile($0, at: now, words) },
      products: cards.map { ProductTile($0, at: now, words) }, productCount: Figures.grouped(Int64(cards.count)),
      markets: markets, hasMarkets: markets.count > 1,
      stopText: stop.map { $0 == .house ? visit.off["checkout"] ?? "" : words["selling.\($0.rawValue)"] },
      data: try WatchPage.roomData(
        of: show, markets: markets, returnDays: sold.returnDays(market, commerce.policy),
        account: visit.context.account, provider: commerce.providers.current, off: visit.off, words),
      oembedURL: embed == nil && commerce.switches.isOn(.embed) ? visit.oembedURL(of: "/clips/\(clip.id)") : nil,
      embed: embed)
    var response = try visit.page(
      "clip", title: "\(clip.title) · \(show.channelName)",
      sharing: Sharing(
        url: "/clips/\(clip.id)", type: "video.other",
        image: LinkCardPage.path("clips", "\(clip.id)", "", words), hasCard: true,
        film: Sharing.Film(url: model.videoURL, type: "video/mp4", width: 720, height: 1_280),
        structured: StructuredData.clip(
          clip, of: show, card: cards.first { $0.id == clip.product }, base: visit.site.configuration.publicURL)),
      modules: visit.site.files.clipModules, model)
    let stripe = (commerce.providers.current as? StripeProvider)?.settings
    response.headers[.contentSecurityPolicy] = ContentPolicy(with: stripe, heldBy: embed).text
    return response
  }
}

extension Visit {
  /// Where the clip's moment plays in its show's replay; nil where there is none any more.
  fileprivate func replayURL(of clip: Clip) async throws -> String? {
    guard try await commerce.recording(clip.show, by: caller)?.state == .ready,
      let index = try await site.media.recordings?.index(of: clip.show.description)
    else { return nil }
    return "/watch/\(clip.show)?t=\(index.position(ofMediaTime: clip.fromMediaTime) / 90_000)"
  }
}

/// A clip among others: `parts/clip.mustache`.
struct ClipTile: Sendable {
  let url: String
  let title: String
  let channelName: String
  let tone: Int
  let picture: String
  let film: String
  let lengthText: String

  init(_ card: ClipCard) {
    url = "/clips/\(card.clip.id)"
    title = card.clip.title
    channelName = card.channelName
    tone = Tone.of(card.clip.channel)
    picture = "/clips/\(card.clip.id)/poster.jpg"
    film = "/clips/\(card.clip.id)/video.mp4"
    lengthText = Figures.clock(card.clip.durationMilliseconds)
  }
}

/// `/clips`: all clips, the newest first.
struct ClipFeedPage: Sendable {
  let clips: [ClipTile]
  let hasClips: Bool
  let next: String?

  static func show(_ visit: Visit) async throws -> Response {
    let page = try await visit.commerce.clips(after: visit.cursor, limit: visit.pageLimit(30))
    let model = ClipFeedPage(
      clips: page.items.map(ClipTile.init), hasClips: !page.items.isEmpty, next: page.next?.description)
    return try visit.page(
      "clips", title: visit.words["clips.title"],
      sharing: Sharing(url: "/clips", image: model.clips.first?.picture), model)
  }
}
