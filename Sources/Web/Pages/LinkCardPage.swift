import Commerce
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// `/shows/{show}/preview.jpg` and the like: the picture that a link to a show, a clip or a product is shown with.
enum LinkCardPage {
  /// Where it is. What it shows by changes its address, as whoever shows links keeps pictures by theirs for long.
  static func path(_ kind: String, _ id: String, _ state: String, _ words: Words) -> String {
    "/\(kind)/\(id)/preview.jpg?lang=\(words.language)" + (state.isEmpty ? "" : "&of=\(state)")
  }

  static func show(_ visit: Visit) async throws -> Response {
    let commerce = visit.commerce
    let show = try await commerce.show(visit.id("show", Show.self), by: visit.caller)
    let words = visit.words
    let market = try await market(of: show, commerce)
    let cover = try await commerce.covers(shows: [show.id])[show.id]
    var card = LinkCard(
      title: show.title, name: show.channelName, note: "", badge: "", isLive: show.state == .live,
      colour: Tone.deep(Tone.of(show.channel)))
    switch show.state {
    case .live:
      card.badge = words["show.live"]
      if let pinned = show.pinned,
        let goods = try? await commerce.card(product: pinned, market: market, by: visit.caller), goods.isSold
      {
        let tile = ProductTile(goods, words)
        card.note = "\(tile.priceText) · \(tile.title)"
      }
    case .scheduled:
      card.badge = words["share.soon"]
      card.note = words.moment(show.scheduledAt, market: market)
    case .ended:
      let isReplay = try await commerce.replays(among: [show.id]).contains(show.id)
      card.badge = words[isReplay ? "watchPage.badge" : "show.ended"]
    }
    // One poster of it is as good as another: it is made once while it is on air.
    let hasPoster = show.state == .live && visit.site.posters.poster(of: "\(show.id)") != nil
    let key = LinkCards.Key(card: card, picture: hasPoster ? "\(show.id)" : cover?.file ?? "")
    return try await answer(
      visit, key, keptSeconds: show.state == .live ? 60 : 600,
      otherwise: visit.poster(of: show.id, .large) ?? cover?.url
    ) {
      if hasPoster, let poster = visit.site.posters.poster(of: "\(show.id)") { return poster.large }
      return await visit.site.picture(cover)
    }
  }

  static func clip(_ visit: Visit) async throws -> Response {
    let commerce = visit.commerce
    let clip = try await commerce.clip(visit.id("clip", Clip.self), by: visit.caller)
    let show = try await commerce.show(clip.show, by: visit.caller)
    let goods = try? await commerce.card(
      product: clip.product, market: market(of: show, commerce), by: visit.caller)
    let tile = goods.flatMap { $0.isSold ? ProductTile($0, visit.words) : nil }
    let card = LinkCard(
      title: clip.title, name: show.channelName, note: tile.map { "\($0.priceText) · \($0.title)" } ?? "", badge: "",
      isLive: false, colour: Tone.deep(Tone.of(show.channel)))
    return try await answer(
      visit, LinkCards.Key(card: card, picture: "\(clip.id)"), keptSeconds: 600,
      otherwise: "/clips/\(clip.id)/poster.jpg"
    ) {
      guard let file = try await visit.site.clips?.open("\(clip.id)", .poster), file.length <= pictureBytesMax else {
        return nil
      }
      return try await file.read(at: 0, Int(file.length))
    }
  }

  static func product(_ visit: Visit) async throws -> Response {
    let commerce = visit.commerce
    let id = try visit.id("product", Product.self)
    let open = try await commerce.markets().filter(\.isOpen).map(\.code)
    var goods = try await commerce.card(product: id, market: open.first ?? "", by: visit.caller)
    let channel = try await commerce.channel(goods.channel, by: visit.caller)
    if !goods.isSold, open.contains(channel.market) {
      goods = try await commerce.card(product: id, market: channel.market, by: visit.caller)
    }
    let tile = ProductTile(goods, visit.words)
    let card = LinkCard(
      title: goods.title, name: channel.name, note: goods.isSold ? tile.priceText : "", badge: "", isLive: false,
      colour: Tone.deep(Tone.of(channel.id)))
    let picture = goods.pictures.first
    return try await answer(
      visit, LinkCards.Key(card: card, picture: picture?.file ?? ""), keptSeconds: 600, otherwise: picture?.url
    ) { await visit.site.picture(picture) }
  }

  private static let pictureBytesMax: Int64 = 8 << 20

  /// Its seller's own, where the show sells there.
  private static func market(of show: Show, _ commerce: Commerce) async throws -> String {
    let own = try? await commerce.channel(show.channel).market
    return own.flatMap { show.markets.contains($0) ? $0 : nil } ?? show.markets.first ?? ""
  }

  /// The card; where it cannot be made, what else there is to see.
  private static func answer(
    _ visit: Visit, _ key: LinkCards.Key, keptSeconds: Int, otherwise: String?,
    picture: () async throws -> ByteBuffer?
  ) async throws -> Response {
    guard let bytes = await visit.site.cards.card(key, picture: picture) else {
      return Response(
        status: .found,
        headers: [
          .location: otherwise ?? visit.site.statics.url("icons/icon-512.png"), .cacheControl: "no-store",
        ])
    }
    return Response(
      status: .ok,
      headers: [
        .contentType: "image/jpeg", .cacheControl: "public, max-age=\(keptSeconds)",
        .contentLanguage: visit.words.language,
      ], body: ResponseBody(byteBuffer: bytes))
  }
}

extension Site {
  /// The bytes of a picture in a size that is enough for a card.
  fileprivate func picture(_ picture: Picture?) async -> ByteBuffer? {
    guard let picture, let name = picture.url(width: 1_280).split(separator: "/").last else { return nil }
    return await uploads.read(String(name))
  }
}

extension Words {
  /// Of the countries that have one time zone and no other in the year: its name, and minutes ahead of UTC.
  private static let zones: [String: (name: String, minutes: Int64)] = [
    "IN": ("IST", 330), "LK": ("IST", 330), "NP": ("NPT", 345), "BD": ("BST", 360), "SG": ("SGT", 480),
    "JP": ("JST", 540),
    "AE": ("GST", 240),
  ]

  /// A moment where no reader's clock is known: by that of the market, where it has only one, else by UTC.
  func moment(_ moment: Moment, market: String) -> String {
    let zone = Self.zones[market] ?? ("UTC", 0)
    let text = moment.adding(milliseconds: zone.minutes * 60_000).description
    let parts = text.prefix(10).split(separator: "-")
    guard parts.count == 3, let month = Int(parts[1]), let day = Int(parts[2]) else { return moment.plainText }
    return self[
      "share.moment",
      [
        "day": "\(day)", "month": self["months.m\(month)"], "time": String(text.dropFirst(11).prefix(5)),
        "zone": zone.name,
      ]]
  }
}
