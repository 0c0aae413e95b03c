import Commerce
import Hummingbird
import NIOCore

/// `/@{handle}/feed.xml`: what a seller sells in a market, as Google Merchant Center reads it (RSS 2.0 with the `g:`
/// namespace; product data specification, support.google.com/merchants/answer/7052112).
enum MerchantFeed {
  private static let pageSize = 100

  static func show(_ visit: Visit) async throws -> Response {
    let channel = try await visit.commerce.channel(handle: visit.parameter("handle"))
    let code = try visit.query("market") ?? channel.market
    guard let market = try await visit.commerce.markets().first(where: { $0.code == code }) else {
      throw Problem.notFound("market")
    }
    let commerce = visit.commerce
    let base = visit.site.configuration.publicURL
    var head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    head += "<rss version=\"2.0\" xmlns:g=\"http://base.google.com/ns/1.0\"><channel>"
    head += element("title", channel.name) + element("link", "\(base)/@\(channel.handle)")
    head += element("description", channel.about.isEmpty ? channel.name : channel.about) + "\n"
    let first = head
    return Response(
      status: .ok,
      headers: [.contentType: "application/xml; charset=utf-8", .cacheControl: "public, max-age=300"],
      body: ResponseBody { writer in
        try await writer.write(ByteBuffer(string: first))
        // A page of products at a time: a catalogue of any size takes the memory of one.
        var cursor: Cursor?
        repeat {
          let page = try await commerce.cards(
            channel: channel.id, market: code, after: cursor, limit: min(pageSize, commerce.policy.pageLimitMax))
          let items = page.items.map { item(of: $0, channel, market, base) }.joined()
          if !items.isEmpty { try await writer.write(ByteBuffer(string: items)) }
          cursor = page.next
        } while cursor != nil
        try await writer.write(ByteBuffer(string: "</channel></rss>\n"))
        try await writer.finish(nil)
      })
  }

  private static func item(of card: ProductCard, _ channel: CommerceChannel, _ market: Market, _ base: String) -> String
  {
    let sold = card.variants.filter { $0.offer != nil }
    return sold.map { choice in
      // What cannot be sent there is not sold there.
      guard let offer = choice.offer, let shipping = market.shipping(of: offer.price, grams: choice.grams) else {
        return ""
      }
      func money(_ amount: Money) -> String { "\(Figures.plain(amount.minor, amount.currency)) \(amount.currency)" }
      // Prices are with tax, but for where sales tax is no part of a price.
      func price(_ amount: Money) -> String {
        money(["US", "CA"].contains(market.code) ? amount : market.withTax(amount, class: card.taxClass))
      }
      let title = choice.title.isEmpty || choice.title == card.title ? card.title : "\(card.title) · \(choice.title)"
      var text = "<item>" + element("g:id", "\(choice.id)") + element("g:title", String(title.prefix(150)))
      let words = card.description.isEmpty ? title : card.description
      text += element("g:description", String(words.prefix(5_000)))
      text += element("g:link", "\(base)/products/\(card.id)?market=\(market.code)")
      for (place, picture) in card.pictures.prefix(11).enumerated() {
        text += element(place == 0 ? "g:image_link" : "g:additional_image_link", base + picture.url)
      }
      let preorder = choice.available > 0 ? choice.preorder : nil
      text += element(
        "g:availability", preorder != nil ? "preorder" : choice.available > 0 ? "in_stock" : "out_of_stock")
      if let preorder { text += element("g:availability_date", preorder.shipsBy.description) }
      // What it cost before is the price, and what it costs now the sale.
      text += element("g:price", price(offer.compareAt ?? offer.price))
      if offer.compareAt != nil { text += element("g:sale_price", price(offer.price)) }
      text += element("g:condition", "new") + element("g:brand", String(channel.name.prefix(70)))
      text +=
        choice.sku.isEmpty ? element("g:identifier_exists", "no") : element("g:mpn", String(choice.sku.prefix(70)))
      if !card.category.isEmpty { text += element("g:product_type", card.category) }
      if sold.count > 1 { text += element("g:item_group_id", "\(card.id)") }
      for (name, value) in zip(card.options, choice.options) {
        guard let attribute = attribute(of: name) else { continue }
        text += element(attribute, String(value.prefix(100)))
      }
      if choice.grams > 0 { text += element("g:shipping_weight", "\(choice.grams) g") }
      text += "<g:shipping>" + element("g:country", market.code) + element("g:price", money(shipping)) + "</g:shipping>"
      return text + "</item>\n"
    }.joined()
  }

  /// The options that have a place of their own.
  private static func attribute(of option: String) -> String? {
    switch option.lowercased() {
    case "colour", "color", "रंग": "g:color"
    case "size", "आकार", "साइज़": "g:size"
    case "material", "सामग्री": "g:material"
    case "pattern": "g:pattern"
    default: nil
    }
  }

  private static func element(_ name: String, _ text: String) -> String { "<\(name)>\(escaped(text))</\(name)>" }

  /// Without what XML 1.0 has no place for.
  private static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "\t", "\n", "\r": result.append(scalar)
      default: if scalar.value >= 0x20, scalar.value & 0xFFFE != 0xFFFE { result.append(scalar) }
      }
    }
    return String(result)
  }
}
