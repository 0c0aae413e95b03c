import Commerce
import Hummingbird

/// `/studio/{handle}/products/…`: a product to make or to change.
struct ProductPage: Sendable {
  struct OptionView: Sendable {
    let index: Int
    let number: Int
    let value: String
    let example: String
  }

  struct VariantView: Sendable {
    let index: Int
    let id: String
    let sku: String
    let onHand: String
    let onHandBefore: String
    let weight: String
    let perOrder: String
    let perBuyer: String
    let values: [ValueView]
    let prices: [PriceView]
  }

  struct ValueView: Sendable {
    let optionIndex: Int
    let optionName: String
    let value: String
  }

  struct PriceView: Sendable {
    let market: String
    let marketName: String
    let currency: String
    let price: String
    let compareAt: String
  }

  struct TaxClassView: Sendable {
    let value: String
    /// With its rates: `reduced (IN 5 %, US 0 %)`.
    let text: String
    let isChosen: Bool

    /// All that some market has a rate for.
    static func all(_ markets: [Market], chosen: String, _ words: Words) -> [TaxClassView] {
      var names = [TaxTable.standard]
      for name in markets.flatMap({ $0.taxTable.entries.map(\.name) }) + [chosen] where !names.contains(name) {
        names.append(name)
      }
      return names.map { name in
        let rates = markets.map { "\($0.code) \(Figures.percent($0.taxRate(of: name))) %" }.joined(separator: ", ")
        let shown = name == TaxTable.standard ? words["product.taxStandard"] : name
        return TaxClassView(value: name, text: "\(shown) (\(rates))", isChosen: name == chosen)
      }
    }
  }

  struct PictureView: Sendable {
    let url: String
    let alt: String
  }

  let handle: String
  let channelName: String
  let headline: String
  /// Its id; nil while it is new.
  let product: String?
  let title: String
  let description: String
  let category: String
  let perOrder: String
  let perBuyer: String
  let taxClasses: [TaxClassView]
  /// There is a choice.
  let hasTaxClasses: Bool
  let options: [OptionView]
  let variants: [VariantView]
  /// What a bundle is made of; empty for others.
  let parts: [String]
  let isBundle: Bool
  let pictures: [PictureView]
  let formURL: String
  let revision: String
  let error: String?
  let isSaved: Bool

  init(
    _ draft: ProductFormDraft, of channel: Channel, product: Product?, parts: [ProductBundle.Part], markets: [Market],
    error: String?, isSaved: Bool, _ words: Words
  ) {
    handle = channel.handle
    channelName = channel.name
    headline = product?.title ?? words["product.newTitle"]
    self.product = product?.id.description
    title = draft.title
    description = draft.description
    category = draft.category
    taxClasses = TaxClassView.all(markets, chosen: draft.taxClass, words)
    hasTaxClasses = taxClasses.count > 1
    perOrder = draft.limits.perOrder
    perBuyer = draft.limits.perBuyer
    let examples = ["product.exampleSize", "product.exampleColour", "product.exampleMaterial"]
    options = examples.indices.map { index in
      OptionView(index: index, number: index + 1, value: draft.options[index], example: words[examples[index]])
    }
    variants = draft.variants.enumerated().map { index, variant in
      VariantView(
        index: index, id: variant.id, sku: variant.sku, onHand: variant.onHand, onHandBefore: variant.onHandBefore,
        weight: variant.weight, perOrder: variant.limits.perOrder, perBuyer: variant.limits.perBuyer,
        values: draft.options.indices.map { option in
          let name = draft.options[option]
          return ValueView(
            optionIndex: option, optionName: name.isEmpty ? words["product.value"] : name,
            value: variant.values[option])
        },
        prices: markets.map { market in
          PriceView(
            market: market.code, marketName: market.name, currency: market.currency.code,
            price: variant.prices[market.code] ?? "", compareAt: variant.compareAt[market.code] ?? "")
        })
    }
    self.parts = parts.map { "\(Figures.grouped($0.quantity)) × \($0.title)" }
    isBundle = !parts.isEmpty
    pictures = product?.pictures.map { PictureView(url: $0.thumbnail, alt: $0.alt) } ?? []
    formURL = "/studio/\(channel.handle)/products/\(product?.id.description ?? "new")"
    revision = draft.revision
    self.error = error
    self.isSaved = isSaved
  }

  static func new(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    return try await page(visit, ProductFormDraft(), channel, nil, nil)
  }

  static func show(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let product = try await visit.product(in: channel)
    return try await page(visit, ProductFormDraft(product), channel, product, nil)
  }

  static func make(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    return try await save(visit, channel, nil) { draft, _ in
      try await visit.commerce.makeProduct(
        visit.commerce.makeID(), by: visit.caller, channel: channel.id, draft)
    }
  }

  static func change(_ visit: Visit) async throws -> Response {
    let (channel, _) = try await visit.ownChannel()
    let product = try await visit.product(in: channel)
    return try await save(visit, channel, product) { draft, seen in
      try await visit.commerce.changeProduct(product.id, by: visit.caller, ProductChange(draft), seen: seen)
    }
  }

  /// `do=more` is the button that adds a variant, for browsers without scripts.
  private static func save(
    _ visit: Visit, _ channel: Channel, _ product: Product?,
    _ store: (ProductDraft, Revision?) async throws -> Product
  ) async throws -> Response {
    let form = try await visit.form()
    let markets = try await visit.commerce.markets()
    var draft = ProductFormDraft(form, markets: markets)
    if form["do"] == "more" {
      draft.addVariant()
      return try await page(visit, draft, channel, product, nil)
    }
    do {
      let saved = try await store(draft.checked(markets: markets), Revision(draft.revision))
      return visit.redirect("/studio/\(channel.handle)/products/\(saved.id)?saved=yes")
    } catch {
      // Whoever saves once more after having been told replaces what they were told of, and nothing newer.
      if error is ChangedMeanwhile, let product { draft.revision = product.revision.description }
      return try await page(visit, draft, channel, product, visit.complaint(error))
    }
  }

  private static func page(
    _ visit: Visit, _ draft: ProductFormDraft, _ channel: Channel, _ product: Product?,
    _ complaint: Visit.Complaint?
  ) async throws -> Response {
    var parts: [ProductBundle.Part] = []
    if let variant = product?.variants.first, variant.isBundle {
      parts = try await visit.commerce.bundleParts(
        of: variant.id, in: channel.id, market: channel.market, by: visit.caller)
    }
    let model = ProductPage(
      draft, of: channel, product: product, parts: parts, markets: try await visit.commerce.markets(),
      error: complaint?.sentence, isSaved: try visit.query("saved") != nil, visit.words)
    return try visit.page("studio/product", title: model.headline, status: complaint?.status ?? .ok, model)
  }
}

extension Visit {
  /// The product in the address; another channel's does not exist here.
  fileprivate func product(in channel: Channel) async throws -> Product {
    let product = try await commerce.product(id("product", Product.self), by: caller)
    guard product.channel == channel.id else { throw GeneralRefusal.notFound("product") }
    return product
  }
}
