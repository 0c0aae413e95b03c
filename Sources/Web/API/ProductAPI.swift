import Commerce
import HTTPTypes
import Hummingbird
import NIOCore

/// The catalogue, as a channel's members see it and as viewers see it.
enum ProductAPI {
  struct PictureAnswer: Codable, Described {
    let id: ID<Picture>
    let url: String
    let thumbnail: String
    let sources: String?
    let alt: String
    let width: Int64
    let height: Int64

    static let fields = [
      "thumbnail": "About 320 pixels wide, in WebP.",
      "sources": "All sizes with their widths, as a page's `srcset` has it; left out when there is one alone.",
    ]

    init(_ picture: Picture) {
      id = picture.id
      url = picture.url
      thumbnail = picture.thumbnail
      sources = picture.sources
      alt = picture.alt
      width = picture.width
      height = picture.height
    }
  }

  struct VariantAnswer: Codable {
    let id: ID<Variant>
    let sku: String
    let title: String
    let options: [String]
    /// By market code.
    let prices: [String: Money]
    let compareAt: [String: Money]
    let weightGrams: Int64
    let limits: UnitLimits
    let onHand: Int64
    let reserved: Int64
    let available: Int64
    /// Made of other variants: its stock is theirs.
    let isBundle: Bool
    /// On preorder: it is sold by that alone.
    let isPreordered: Bool
  }

  struct ProductAnswer: Codable, Revised {
    let id: ID<Product>
    let channel: ID<CommerceChannel>
    let title: String
    let description: String
    let category: String
    let options: [String]
    let variants: [VariantAnswer]
    let pictures: [PictureAnswer]
    /// On the units of all variants together.
    let limits: UnitLimits
    let taxClass: String
    let createdAt: Moment
    let revision: Revision

    init(_ product: Product) {
      id = product.id
      channel = product.channel
      title = product.title
      description = product.description
      category = product.category
      options = product.options
      variants = product.variants.map {
        VariantAnswer(
          id: $0.id, sku: $0.sku, title: $0.title, options: $0.options, prices: $0.prices, compareAt: $0.compareAt,
          weightGrams: $0.grams, limits: $0.limits, onHand: $0.onHand, reserved: $0.reserved, available: $0.available,
          isBundle: $0.isBundle, isPreordered: $0.isPreordered)
      }
      pictures = product.pictures.map(PictureAnswer.init)
      limits = product.limits
      taxClass = product.taxClass
      createdAt = product.createdAt
      revision = product.revision
    }
  }

  struct NewVariant: Codable, Described {
    let id: ID<Variant>?
    let sku: String?
    let optionValues: [String]?
    let prices: [String: Int64]
    let compareAt: [String: Int64]?
    let onHand: Int64?
    let weightGrams: Int64?
    let limits: UnitLimits?

    static let fields = [
      "prices": "Minor units by market code; a market that is not named does not sell it.",
      "compareAt": "What the price is compared with, above it; by market code.",
      "onHand": "Units in stock. Left out, the stock of a variant that is there stays as it is.",
      "weightGrams": "What one unit weighs with its packing. Left out, it stays as it is; 0 is not weighed.",
      "limits": "Units of it in one order, and of one buyer in all. Left out, they stay; {} is none.",
    ]

    var draft: VariantDraft {
      VariantDraft(
        id: id, sku: sku ?? "", optionValues: optionValues ?? [], prices: prices, compareAt: compareAt ?? [:],
        onHand: onHand, grams: weightGrams, limits: limits)
    }
  }

  struct NewProduct: Codable, Described {
    let id: ID<Product>?
    let title: String
    let description: String?
    let category: String?
    let options: [String]?
    let variants: [NewVariant]
    let limits: UnitLimits?
    let taxClass: String?

    static let fields = [
      "category":
        "As in a product taxonomy, the wider first: Apparel & Accessories > Jewellery. Commission plans go by it.",
      "limits": "Units of all variants together in one order, and of one buyer in all.",
      "taxClass": "Which of the markets' rates it is sold at; standard when it is left out.",
    ]
  }

  struct ProductChange: Codable, Described {
    let title: String?
    let description: String?
    let category: String?
    let options: [String]?
    let variants: [NewVariant]?
    let limits: UnitLimits?
    let taxClass: String?

    static let fields = [
      "variants": "All of them, when they change: one that is left out is taken off sale.",
      "limits": "Units of all variants together in one order, and of one buyer in all; {} is none.",
    ]

    var change: CommerceProductChange {
      .init(
        title: title, description: description, category: category, options: options, variants: variants?.map(\.draft),
        limits: limits, taxClass: taxClass)
    }
  }

  struct VariantChange: Codable, Described {
    let sku: String?
    let weightGrams: Int64?
    let limits: UnitLimits?
    let prices: [String: Int64]?
    let compareAt: [String: Int64]?

    static let fields = [
      "prices": "Minor units by market code. Markets that are not named stay as they are; 0 takes it off sale there.",
      "compareAt": "By market code; 0 takes the comparison away.",
    ]
  }

  struct StockChange: Codable {
    let onHand: Int64
    let note: String?
  }

  struct StockAnswer: Codable {
    let onHand: Int64
    let reserved: Int64
    let available: Int64
  }

  static let endpoints: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/channels/{channel}/products", "Lists a channel's products, to its members.",
      gives: List<ProductAnswer>.self
    ) { call in
      List(
        try await call.commerce.products(
          of: call.channel().id, by: call.caller, after: call.cursor(), limit: call.limit()), ProductAnswer.init)
    }.paged.by(.account),
    Endpoint(
      .post, "/api/v1/channels/{channel}/products", "Makes a product; for a channel's owners.", takes: NewProduct.self,
      gives: ProductAnswer.self, as: .created
    ) { call, body in
      let draft = ProductDraft(
        title: body.title, description: body.description ?? "", category: body.category,
        options: body.options ?? [],
        variants: body.variants.map(\.draft), limits: body.limits, taxClass: body.taxClass)
      return ProductAnswer(
        try await call.commerce.makeProduct(
          body.id ?? call.commerce.makeID(), by: call.caller, channel: call.channel().id, draft))
    }.by(.account),
    Endpoint(
      .get, "/api/v1/products/{product}", "Shows a product, to its channel's members.", gives: ProductAnswer.self
    ) { call in ProductAnswer(try await call.commerce.product(call.id("product"), by: call.caller)) }.by(.account),
    Endpoint(
      .patch, "/api/v1/products/{product}", "Changes a product; for its channel's owners.", takes: ProductChange.self,
      gives: ProductAnswer.self
    ) { call, body in
      ProductAnswer(
        try await call.commerce.changeProduct(call.id("product"), by: call.caller, body.change, seen: call.seen()))
    }.by(.account).conditional,
    Endpoint(
      .patch, "/api/v1/variants/{variant}",
      "Changes a variant's SKU, weight, limits and prices, and nothing else of its product; for its channel's owners.",
      takes: VariantChange.self, gives: ProductAnswer.self
    ) { call, body in
      ProductAnswer(
        try await call.commerce.changeVariant(
          call.id("variant"), by: call.caller,
          .init(
            sku: body.sku, grams: body.weightGrams, limits: body.limits, prices: body.prices ?? [:],
            compareAt: body.compareAt ?? [:]),
          seen: call.seen()))
    }.by(.account).conditional,
    Endpoint(
      .put, "/api/v1/variants/{variant}/stock", "Says how many units there are, after counting them.",
      takes: StockChange.self, gives: StockAnswer.self
    ) { call, body in
      let level = try await call.commerce.setStock(
        by: call.caller, variant: call.id("variant"), onHand: body.onHand, note: body.note ?? "")
      return StockAnswer(onHand: level.onHand, reserved: level.reserved, available: level.available)
    }.by(.account),
    importing, exporting, addingPicture,
    Endpoint(
      .delete, "/api/v1/products/{product}/pictures/{picture}", "Takes a picture away.", as: .noContent
    ) { call in
      let picture = try await call.commerce.removePicture(
        by: call.caller, product: call.id("product"), picture: call.id("picture", Picture.self))
      for file in picture?.files ?? [] { await call.site.uploads.remove(file) }
      return Response(status: .noContent)
    }.by(.account),
  ]

  private static var importing: Endpoint {
    var endpoint = Endpoint(
      .post, "/api/v1/channels/{channel}/products/import", "Imports a product file of Shopify's (CSV)."
    ) { call in
      let channel = try await call.channel()
      let report = try await call.commerce.importProducts(
        by: call.caller, channel: channel.id, csv: Array(buffer: call.bytes),
        market: try call.query("market") ?? channel.market)
      return try Endpoint.json(report)
    }
    endpoint.body = .bytes(["text/csv"], max: { $0.importBytes })
    endpoint.answer = .json(ImportReport.self)
    return endpoint.query("market", "In whose currency the prices are; the channel's own when it is left out.")
      .by(.account)
  }

  private static var exporting: Endpoint {
    var endpoint = Endpoint(
      .get, "/api/v1/channels/{channel}/products/export",
      "Gives the catalogue as a product file of Shopify's (CSV); for the channel's owners."
    ) { call in
      let channel = try await call.channel()
      let market = try call.query("market") ?? channel.market
      let file = try await call.commerce.exportProducts(
        of: channel.id, by: call.caller, market: market, pictures: call.site.configuration.publicURL)
      return Response(
        status: .ok,
        headers: [
          .contentType: "text/csv; charset=utf-8", .cacheControl: "no-store",
          .contentDisposition: "attachment; filename=\"\(channel.handle)-\(market).csv\"",
        ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: file)))
    }
    endpoint.answer = .text("text/csv")
    return endpoint.query("market", "Whose prices to give; the channel's own when it is left out.").by(.account)
  }

  private static var addingPicture: Endpoint {
    var endpoint = Endpoint(
      .post, "/api/v1/products/{product}/pictures", "Adds a picture at the end of a product's pictures.", as: .created
    ) { call in
      let product: ID<Product> = try call.id("product")
      let shelf = call.site.pictures(of: call.commerce)
      let added = try await shelf.add(call.bytes, alt: try call.query("alt") ?? "", to: product, by: call.caller)
      return try Endpoint.json(PictureAnswer(added), as: .created)
    }
    endpoint.body = .bytes(["image/jpeg", "image/png", "image/webp"], max: { $0.pictureBytes })
    endpoint.answer = .json(PictureAnswer.self)
    return endpoint.query("alt", "What it shows, for those who do not see it.").by(.account)
  }
}
