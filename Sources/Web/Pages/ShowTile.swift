import Commerce
import Foundation
import Media

/// A show as a poster among others: `parts/poster.mustache`.
struct ShowTile: Sendable {
  let url: String
  let title: String
  let channelName: String
  let tone: Int
  let picture: String?
  let isLive: Bool
  let isUpcoming: Bool
  let hasEnded: Bool
  /// It can be watched again.
  let isReplay: Bool
  /// Nil while nobody watches.
  let viewersText: String?
  let whenISO: String
  let whenText: String
  /// How long it is until then; nil when it is far away.
  let untilText: String?
  /// The server's time, by which that is counted.
  let nowISO: String
  /// Where to be reminded of it; nil unless it is to come.
  let reminderURL: String?
  /// Its last seconds; nil unless it is live and has a picture.
  let film: String?

  /// - Parameter poster: what the show looks like now, when it is live.
  init(_ show: Show, cover: Picture?, poster: String?, viewers: Int, isReplay: Bool, now: Moment, _ words: Words) {
    url = "/watch/\(show.id)"
    title = show.title
    channelName = show.channelName
    tone = Tone.of(show.channel)
    picture = poster ?? cover?.url(width: 640)
    isLive = show.state == .live
    isUpcoming = show.state == .scheduled
    hasEnded = show.state == .ended
    self.isReplay = isReplay
    viewersText = viewers > 0 ? Figures.grouped(Int64(viewers)) : nil
    whenISO = show.scheduledAt.description
    whenText = show.scheduledAt.plainText
    untilText = show.state == .scheduled ? words.until(show.scheduledAt, now: now) : nil
    nowISO = now.description
    reminderURL = show.state == .scheduled ? "/shows/\(show.id)/reminder" : nil
    film = show.state == .live && poster != nil ? "/live/\(show.id)/preview.mp4" : nil
  }
}

/// A product among others: `parts/tile.mustache` and the rows of a watch page.
struct ProductTile: Sendable {
  let id: String
  let title: String
  let picture: String?
  let pictureAlt: String
  let priceText: String
  let wasText: String?
  let stockText: String
  /// While its live deal runs: the lowest price of the thirty days before.
  let lowestText: String?
  let isDeal: Bool
  let isSoldOut: Bool

  /// - Parameter now: the server's time, for the price of a live deal that runs now.
  init(_ card: ProductCard, at now: Moment? = nil, _ words: Words) {
    let deal = now.flatMap { now in card.deal.flatMap { $0.isOn(at: now) ? $0 : nil } }
    let choices = card.variants.filter { $0.offer != nil }
    func offer(_ choice: ProductCard.Choice) -> Offer? { deal == nil ? choice.offer : choice.dealOffer ?? choice.offer }
    let open = choices.filter { $0.available > 0 }
    let offers = (open.isEmpty ? choices : open).compactMap(offer).sorted { $0.price.minor < $1.price.minor }
    let prices = Set(choices.compactMap(offer).map(\.price))
    let available = choices.reduce(Int64(0)) { $0.addingReportingOverflow($1.available).partialValue }
    id = card.id.description
    title = card.title
    picture = card.pictures.first?.url(width: 640)
    pictureAlt = card.pictures.first?.alt ?? ""
    let price = offers.first.map { words.money($0.price) } ?? ""
    priceText = prices.count > 1 ? words["show.from", ["price": price]] : price
    wasText = offers.first?.compareAt.map(words.money)
    isDeal = deal != nil
    lowestText = offers.first?.lowest.map { words["deal.lowest", ["price": words.money($0)]] }
    stockText =
      choices.isEmpty
      ? words["show.notSold"]
      : deal.map { words.plural("deal.left", min($0.left, available)) }.flatMap { available > 0 ? $0 : nil }
        ?? (available > 0 && open.allSatisfy { $0.preorder != nil } ? words["preorder.one"] : words.stock(available))
    isSoldOut = available == 0 && !choices.isEmpty
  }
}

/// One of eight colours, always the same for the same id, for what has no picture of its own.
enum Tone {
  static func of<Entity>(_ id: ID<Entity>) -> Int { Int((id.bytes.last ?? 0) & 7) }

  /// Its darker shade, `RRGGBB`, as `css/base.css` has it.
  static func deep(_ tone: Int) -> String {
    let shades = ["3b0a22", "3f1803", "06261a", "0a2238", "221140", "342000", "04282d", "350c2f"]
    return shades[tone & 7]
  }

  /// The letter that stands for a name.
  static func initial(_ name: String) -> String { name.first.map { String($0) } ?? "·" }
}

extension Visit {
  /// Where the picture of a live show is; nil while there is none.
  func poster(of show: ID<Show>, _ size: Poster.Size) -> String? {
    site.posters.poster(of: "\(show)").map { _ in "/live/\(show)/\(size.rawValue)" }
  }

  /// The posters of these shows: one query for all their pictures.
  func tiles(_ shows: [Show]) async throws -> [ShowTile] {
    let covers = try await commerce.covers(shows: shows.map(\.id))
    let replays = try await commerce.replays(among: shows.filter { $0.state == .ended }.map(\.id))
    var tiles: [ShowTile] = []
    for show in shows {
      tiles.append(
        ShowTile(
          show, cover: covers[show.id], poster: poster(of: show.id, .small), viewers: await viewers(of: show.id),
          isReplay: replays.contains(show.id), now: commerce.clock.now, words)
      )
    }
    return tiles
  }
}
