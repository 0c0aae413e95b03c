import Commerce
import Foundation
import Hummingbird

/// `/products/{product}`: one product for everybody, and where it can be seen and bought.
struct ShopPage: Sendable {
  struct PictureView: Sendable {
    let url: String
    /// All sizes, for the browser to choose from.
    let sources: String?
    let alt: String
  }

  struct PartView: Sendable {
    let text: String
    let url: String
  }

  struct VariantView: Sendable {
    let title: String
    let priceText: String
    let wasText: String?
    let stockText: String
    let isSoldOut: Bool
    /// How many one may have of it.
    let limitText: String?
    let preorder: PreorderTermsView?
  }

  /// What of it is sold out, and the form to be told when it is back.
  struct TellView: Sendable {
    struct Choice: Sendable {
      let id: String
      let title: String
    }

    let market: String
    let text: String
    let choices: [Choice]
    let isSeveral: Bool
    /// The only one there is to choose.
    let one: Choice?
    let isGuest: Bool
    let isMailed: Bool
    let formURL: String
    let error: String?
  }

  let product: ProductTile
  let tell: TellView?
  let description: String?
  let pictures: [PictureView]
  let hasPictures: Bool
  /// Then they are moved by, and the keyboard has to reach them.
  let hasSeveral: Bool
  /// What a bundle is made of.
  let parts: [PartView]
  let hasParts: Bool
  let variants: [VariantView]
  let hasVariants: Bool
  /// The tax that its prices include, or that is added to them; nil without one.
  let taxText: String?
  /// Of the one variant there is.
  let limitText: String?
  /// Of the one variant there is, when it is on preorder.
  let preorder: PreorderTermsView?
  let sellerName: String
  let sellerURL: String
  let sellerInitial: String
  let rating: RatingSumView?
  let tone: Int
  /// Where it is bought: a show on air, or the latest that can be watched again.
  let buyURL: String?
  let buyText: String?
  let shows: [ShowTile]
  let hasShows: Bool
  let markets: [MarketChoice]
  let hasMarkets: Bool
  /// In how many days it can be sent back; nil where nothing is taken back.
  let returnsText: String?

  static func show(_ visit: Visit) async throws -> Response {
    let response = try await page(visit)
    await count(visit)
    return response
  }

  /// Who comes from a show without scripts has tapped a product there.
  private static func count(_ visit: Visit) async {
    guard let asked = try? visit.query("show"), let show = ID<Show>(asked), visit.request.method == .get,
      let product = try? visit.id("product", Product.self)
    else { return }
    let via = visit.request.cookies[ViaCookie.name]?.value
    // A number less is no reason for no page.
    _ = try? await visit.site.note(
      .tap, in: product, of: show, from: OrderSource(via: via),
      viewer: visit.caller.account.map { "account \($0)" }, address: visit.address, by: visit.caller)
  }

  /// Somebody wants to be told when it is back.
  static func tell(_ visit: Visit) async throws -> Response {
    let id = try visit.id("product", Product.self)
    let form = try await visit.form()
    try visit.site.limits.take(.orders, visit.address)
    do {
      guard let variant = ID<Variant>(form["variant"]) else { throw Problem.notFound("variant") }
      switch try await visit.commerce.joinWaitlist(
        visit.commerce.makeID(), of: variant, by: visit.caller, market: form["market"], email: form["email"],
        language: visit.words.language, address: visit.address)
      {
      case .waits(let wish): return visit.redirect("/waitlist/\(wish.id)")
      case .mailed:
        return visit.redirect("/products/\(id)?market=\(Visit.encoded(form["market"]))&told=mail#tell")
      }
    } catch {
      return try await page(visit, asked: form["market"], visit.complaint(error))
    }
  }

  private static func page(
    _ visit: Visit, asked: String? = nil, _ complaint: Visit.Complaint? = nil
  ) async throws -> Response {
    let id = try visit.id("product", Product.self)
    let commerce = visit.commerce
    let open = try await commerce.markets().filter(\.isOpen)
    var market = open.map(\.code).first { $0 == asked } ?? visit.market(among: open.map(\.code))
    var card = try await commerce.card(product: id, market: market, by: visit.caller)
    let channel = try await commerce.channel(card.channel, by: visit.caller)
    // Who asked for no market sees one in which it is sold.
    if try visit.query("market") == nil, asked == nil, !card.isSold, open.contains(where: { $0.code == channel.market })
    {
      market = channel.market
      card = try await commerce.card(product: id, market: market, by: visit.caller)
    }
    let shows = try await visit.tiles(commerce.shows(selling: id))
    let choices = open.map { MarketChoice($0, isChosen: $0.code == market) }
    let model = try ShopPage(
      card, channel, shows: shows, markets: choices, market: open.first { $0.code == market },
      returnDays: open.returnDays(market, commerce.policy),
      tell: TellView(
        card, market: market, isGuest: visit.context.account == nil, isMailed: visit.query("told") == "mail",
        minutes: commerce.policy.waitlistOfferMinutes, error: complaint?.sentence, visit.words),
      visit.words)
    return try visit.page(
      "product", title: "\(card.title) · \(channel.name)",
      description: card.description.isEmpty ? nil : String(card.description.prefix(200)),
      sharing: Sharing(
        url: "/products/\(card.id)", type: "product",
        image: LinkCardPage.path("products", "\(card.id)", "", visit.words), hasCard: true,
        structured: StructuredData.product(card, channel, base: visit.site.configuration.publicURL)),
      status: complaint?.status ?? .ok, model)
  }

  private init(
    _ card: ProductCard, _ channel: Channel, shows: [ShowTile], markets: [MarketChoice], market: Market?,
    returnDays: Int64, tell: TellView?, _ words: Words
  ) {
    returnsText = returnDays > 0 ? words.plural("returns.days", returnDays) : nil
    product = ProductTile(card, words)
    self.tell = tell
    description = card.description.isEmpty ? nil : card.description
    pictures = card.pictures.map { PictureView(url: $0.url, sources: $0.sources, alt: $0.alt) }
    hasPictures = !pictures.isEmpty
    hasSeveral = pictures.count > 1
    let sold = card.variants.filter { $0.offer != nil }
    variants =
      sold.count > 1
      ? sold.map { choice in
        VariantView(
          title: choice.title, priceText: choice.offer.map { words.money($0.price) } ?? "",
          wasText: choice.offer?.compareAt.map(words.money),
          stockText: choice.preorder == nil || choice.available <= 0
            ? words.stock(choice.available) : words["preorder.one"],
          isSoldOut: choice.available <= 0, limitText: words.limits(choice.limits),
          preorder: choice.preorderTerms(words))
      } : []
    hasVariants = !variants.isEmpty
    taxText = market.flatMap { market in
      let rate = market.taxRate(of: card.taxClass)
      guard rate != .zero, !sold.isEmpty else { return nil }
      return words[market.isTaxAdded ? "shop.taxAdded" : "shop.taxIncluded", ["rate": Figures.percent(rate)]]
    }
    limitText = sold.count == 1 ? words.limits(sold[0].limits) : nil
    preorder = sold.count == 1 ? sold[0].preorderTerms(words) : nil
    parts = card.variants.flatMap(\.parts).map { part in
      PartView(text: "\(Figures.grouped(part.quantity)) × \(part.title)", url: "/products/\(part.product)")
    }
    hasParts = !parts.isEmpty
    sellerName = channel.name
    sellerURL = "/@\(channel.handle)"
    sellerInitial = Tone.initial(channel.name)
    rating = RatingSumView(card.sellerRating, handle: channel.handle, words)
    tone = Tone.of(channel.id)
    let place = card.isSold ? shows.first { $0.isLive } ?? shows.first { $0.isReplay } : nil
    let code = markets.first(where: \.isChosen)?.code
    buyURL = place.map { "\($0.url)?product=\(card.id)" + (code.map { "&market=\($0)" } ?? "") }
    buyText = place.map { words[$0.isLive ? "shop.buyLive" : "shop.buyReplay"] }
    self.shows = shows
    hasShows = !shows.isEmpty
    self.markets = markets
    hasMarkets = markets.count > 1
  }
}

extension ShopPage.TellView {
  /// Nil where nothing is sold out, and nobody asked for what was.
  fileprivate init?(
    _ card: ProductCard, market: String, isGuest: Bool, isMailed: Bool, minutes: Int64, error: String?, _ words: Words
  ) {
    let soldOut = card.variants.filter { $0.offer != nil && $0.available <= 0 && $0.parts.isEmpty }
    guard !soldOut.isEmpty || isMailed || error != nil else { return nil }
    choices = soldOut.map { Choice(id: "\($0.id)", title: $0.title.isEmpty ? card.title : $0.title) }
    isSeveral = choices.count > 1
    one = choices.count == 1 ? choices.first : nil
    let isAll = soldOut.count == card.variants.filter({ $0.offer != nil }).count
    text =
      words[
        isAll ? "waitlist.tellText" : "waitlist.tellSomeText", ["minutes": "\(minutes)", "title": one?.title ?? ""]]
    formURL = "/products/\(card.id)#tell"
    (self.market, self.isGuest, self.isMailed, self.error) = (market, isGuest, isMailed, error)
  }
}

extension ProductCard.Choice {
  /// How it is paid while it can be preordered.
  fileprivate func preorderTerms(_ words: Words) -> PreorderTermsView? {
    guard let preorder, let offer, available > 0 else { return nil }
    return PreorderTermsView(preorder, price: offer.price, words)
  }
}

extension ProductCard {
  /// Whether it can be bought in the market it was asked for.
  var isSold: Bool { variants.contains { $0.offer != nil } }
}
