import Commerce
import Foundation

/// What a page is about, for search engines: https://schema.org, as JSON-LD.
enum StructuredData {
  /// Products told of on a page of a show; the page itself has all of them.
  private static let productsMax = 10

  /// A show, or what is left of it, with what it sells.
  static func show(
    _ show: Show, cards: [ProductCard], image: String, replay: Recording?, base: String, description: String
  ) throws -> String {
    let isOver = show.state == .ended
    let video = Video(
      name: show.title, description: description, thumbnailUrl: [base + image],
      uploadDate: (show.startedAt ?? show.scheduledAt).description, url: "\(base)/watch/\(show.id)",
      contentUrl: show.state == .live
        ? "\(base)/live/\(show.id)/index.m3u8" : replay.map { _ in "\(base)/replay/\(show.id)/index.m3u8" },
      duration: replay.map { Self.duration($0.durationMilliseconds) },
      publication: show.calledOff == nil
        ? Broadcast(
          name: show.title, startDate: (show.startedAt ?? show.scheduledAt).description,
          endDate: isOver ? show.endedAt?.description : nil) : nil,
      publisher: Seller(name: show.channelName, url: "\(base)/@\(show.channelHandle)"))
    return try text(video, cards, base: base)
  }

  /// A clip with what it sells.
  static func clip(_ clip: Clip, of show: Show, card: ProductCard?, base: String) throws -> String {
    let video = Video(
      name: clip.title, description: show.title, thumbnailUrl: ["\(base)/clips/\(clip.id)/poster.jpg"],
      uploadDate: (clip.readyAt ?? clip.created).description, url: "\(base)/clips/\(clip.id)",
      contentUrl: "\(base)/clips/\(clip.id)/video.mp4", duration: duration(clip.durationMilliseconds), publication: nil,
      publisher: Seller(name: show.channelName, url: "\(base)/@\(show.channelHandle)"))
    return try text(video, card.map { [$0] } ?? [], base: base)
  }

  /// A product alone.
  static func product(_ card: ProductCard, _ channel: Channel, base: String) throws -> String {
    try DataBlock.text(
      Goods(
        card,
        seller: Seller(
          name: channel.name, url: "\(base)/@\(channel.handle)", aggregateRating: Rated(card.sellerRating)),
        base: base, isWhole: true))
  }

  /// A seller, with how they are rated.
  static func channel(_ channel: Channel, _ sum: RatingSum, base: String) throws -> String {
    try DataBlock.text(
      Seller(
        name: channel.name, url: "\(base)/@\(channel.handle)", context: "https://schema.org",
        description: channel.about.isEmpty ? nil : channel.about, aggregateRating: Rated(sum)))
  }

  private static func text(_ video: Video, _ cards: [ProductCard], base: String) throws -> String {
    let goods = cards.filter(\.isSold).prefix(productsMax).map { card in
      Goods(card, seller: Seller(name: card.seller, url: nil), base: base, isWhole: false)
    }
    return try DataBlock.text(Graph(things: [.video(video)] + goods.map(Thing.goods)))
  }

  /// ISO 8601.
  static func duration(_ milliseconds: Int64) -> String { "PT\(max(1, milliseconds / 1000))S" }
}

extension StructuredData {
  private struct Graph: Encodable {
    let context = "https://schema.org"
    let things: [Thing]

    enum CodingKeys: String, CodingKey { case context = "@context", things = "@graph" }
  }

  private enum Thing: Encodable {
    case video(Video)
    case goods(Goods)

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .video(let video): try video.encode(to: encoder)
      case .goods(let goods): try goods.encode(to: encoder)
      }
    }
  }

  private struct Video: Encodable {
    let type = "VideoObject"
    let name, description: String
    let thumbnailUrl: [String]
    let uploadDate, url: String
    let contentUrl, duration: String?
    let publication: Broadcast?
    let publisher: Seller

    enum CodingKeys: String, CodingKey {
      case type = "@type", name, description, thumbnailUrl, uploadDate, url, contentUrl, duration, publication,
        publisher
    }
  }

  /// What a show is in time. It is a live broadcast also when it is over: its end says so.
  private struct Broadcast: Encodable {
    let type = "BroadcastEvent"
    let isLiveBroadcast = true
    let name, startDate: String
    let endDate: String?

    enum CodingKeys: String, CodingKey { case type = "@type", isLiveBroadcast, name, startDate, endDate }
  }

  private struct Seller: Encodable {
    let type = "Organization"
    let name: String
    let url: String?
    var context: String?
    var description: String?
    /// Of the seller: nobody rates a product.
    var aggregateRating: Rated?

    enum CodingKeys: String, CodingKey {
      case context = "@context", type = "@type", name, url, description, aggregateRating
    }
  }

  private struct Rated: Encodable {
    let type = "AggregateRating"
    let ratingValue: String
    let ratingCount: Int64
    let bestRating = 5
    let worstRating = 1

    enum CodingKeys: String, CodingKey { case type = "@type", ratingValue, ratingCount, bestRating, worstRating }

    /// Nil where nobody has rated.
    init?(_ sum: RatingSum) {
      guard let average = sum.average else { return nil }
      ratingValue = average
      ratingCount = sum.count
    }
  }

  private struct Offered: Encodable {
    let type = "Offer"
    let price, priceCurrency, availability, url: String
    let itemCondition: String?
    let sku, name: String?
    let seller: Seller?

    enum CodingKeys: String, CodingKey {
      case type = "@type", price, priceCurrency, availability, url, itemCondition, sku, name, seller
    }
  }

  private struct Goods: Encodable {
    let context: String?
    let type = "Product"
    let name, url, productID: String
    let description: String?
    let image: [String]?
    let brand: Seller
    let offers: [Offered]

    enum CodingKeys: String, CodingKey {
      case context = "@context", type = "@type", name, url, productID, description, image, brand, offers
    }

    /// - Parameter isWhole: with all that is known of it, for its own page.
    init(_ card: ProductCard, seller: Seller, base: String, isWhole: Bool) {
      let address = "\(base)/products/\(card.id)"
      context = isWhole ? "https://schema.org" : nil
      name = card.title
      url = address
      productID = "\(card.id)"
      description = isWhole && !card.description.isEmpty ? card.description : nil
      let images = card.pictures.prefix(isWhole ? Int.max : 1).map { base + $0.url }
      image = images.isEmpty && !isWhole ? nil : images
      brand = seller
      offers = card.variants.compactMap { choice in
        guard let offer = choice.offer else { return nil }
        return Offered(
          price: Figures.plain(offer.price.minor, offer.price.currency), priceCurrency: offer.price.currency.code,
          availability: "https://schema.org/"
            + (choice.available <= 0 ? "OutOfStock" : choice.preorder == nil ? "InStock" : "PreOrder"), url: address,
          itemCondition: isWhole ? "https://schema.org/NewCondition" : nil,
          sku: choice.sku.isEmpty || !isWhole ? nil : choice.sku, name: choice.title.isEmpty ? nil : choice.title,
          seller: isWhole ? seller : nil)
      }
    }
  }
}
