import Commerce

/// A product as its form holds it: what was typed, right or wrong, so that a form that is refused loses nothing.
struct ProductFormDraft: Sendable {
  /// Empty is without a limit.
  struct LimitFields: Sendable {
    var perOrder = ""
    var perBuyer = ""

    init() {}

    init(_ limits: UnitLimits) {
      perOrder = limits.perOrder.map(String.init) ?? ""
      perBuyer = limits.perBuyer.map(String.init) ?? ""
    }

    init(_ form: Form, _ prefix: String) {
      perOrder = form[prefix + "perOrder"]
      perBuyer = form[prefix + "perBuyer"]
    }

    func checked() throws -> UnitLimits {
      UnitLimits(
        perOrder: try ProductFormDraft.count(perOrder, "perOrder"),
        perBuyer: try ProductFormDraft.count(perBuyer, "perBuyer"))
    }
  }

  struct VariantFields: Sendable {
    var id = ""
    var sku = ""
    var onHand = ""
    /// What `onHand` said when the form was made: left as it was, the stock is left as it is, whatever sold meanwhile.
    var onHandBefore = ""
    /// In grams; empty for one that was not weighed.
    var weight = ""
    var limits = LimitFields()
    var values = ["", "", ""]
    var prices: [String: String] = [:]
    var compareAt: [String: String] = [:]
  }

  var title = ""
  var description = ""
  var category = ""
  var taxClass = TaxTable.standard
  /// Three names, empty where there is no such option.
  var options = ["", "", ""]
  var variants = [VariantFields()]
  var limits = LimitFields()
  /// What the form was made from; empty while the product is new.
  var revision = ""

  private static let variantsMax = 100

  init() {}

  init(_ product: Product) {
    revision = product.revision.description
    title = product.title
    description = product.description
    category = product.category
    taxClass = product.taxClass
    options = Self.three(product.options)
    limits = LimitFields(product.limits)
    variants = product.variants.map { variant in
      VariantFields(
        id: variant.id.description, sku: variant.sku, onHand: String(variant.onHand),
        onHandBefore: String(variant.onHand), weight: variant.grams == 0 ? "" : String(variant.grams),
        limits: LimitFields(variant.limits),
        values: Self.three(variant.options),
        prices: variant.prices.mapValues { Figures.plain($0.minor, $0.currency) },
        compareAt: variant.compareAt.mapValues { Figures.plain($0.minor, $0.currency) })
    }
  }

  init(_ form: Form, markets: [Market]) {
    revision = form["revision"]
    title = form["title"]
    description = form["description"]
    category = form["category"]
    taxClass = form["taxClass"].isEmpty ? TaxTable.standard : form["taxClass"]
    options = (0..<3).map { form["option\($0)"] }
    limits = LimitFields(form, "")
    let count = (0..<Self.variantsMax).prefix { form.has("v\($0).sku") }.count
    variants = (0..<max(1, count)).map { index in
      var fields = VariantFields(
        id: form["v\(index).id"], sku: form["v\(index).sku"], onHand: form["v\(index).onHand"],
        onHandBefore: form["v\(index).onHandBefore"], weight: form["v\(index).weight"],
        limits: LimitFields(form, "v\(index)."),
        values: (0..<3).map { form["v\(index).o\($0)"] })
      for market in markets {
        fields.prices[market.code] = form["v\(index).price.\(market.code)"]
        fields.compareAt[market.code] = form["v\(index).compareAt.\(market.code)"]
      }
      return fields
    }
  }

  /// One more, with the prices of the last.
  mutating func addVariant() {
    guard variants.count < Self.variantsMax, let last = variants.last else { return }
    variants.append(
      VariantFields(weight: last.weight, limits: last.limits, prices: last.prices, compareAt: last.compareAt))
  }

  /// As the rules take it. Throws `GeneralRefusal.invalid` for what is no number.
  func checked(markets: [Market]) throws -> ProductDraft {
    let used = options.indices.filter { !options[$0].isEmpty }
    return ProductDraft(
      title: title, description: description, category: category, options: used.map { options[$0] },
      variants: try variants.map { fields in
        VariantDraft(
          id: ID<Variant>(fields.id), sku: fields.sku, optionValues: used.map { fields.values[$0] },
          prices: try Self.amounts(fields.prices, "price", markets),
          compareAt: try Self.amounts(fields.compareAt, "compareAt", markets),
          onHand: fields.onHand == fields.onHandBefore ? nil : try Self.count(fields.onHand, "onHand"),
          grams: try Self.count(fields.weight, "weightGrams") ?? 0, limits: try fields.limits.checked())
      }, limits: try limits.checked(), taxClass: taxClass)
  }

  private static func amounts(_ typed: [String: String], _ field: String, _ markets: [Market]) throws
    -> [String: Int64]
  {
    var amounts: [String: Int64] = [:]
    for market in markets {
      guard let text = typed[market.code], !text.isEmpty else { continue }
      guard let minor = Figures.minor(text, market.currency) else {
        throw GeneralRefusal.invalid(field: field, why: "must be an amount of \(market.currency) such as 1299.50")
      }
      amounts[market.code] = minor
    }
    return amounts
  }

  fileprivate static func count(_ text: String, _ field: String) throws -> Int64? {
    if text.isEmpty { return nil }
    guard let count = Int64(text) else {
      throw GeneralRefusal.invalid(field: field, why: "must be a whole number")
    }
    return count
  }

  private static func three(_ texts: [String]) -> [String] {
    Array((texts + ["", "", ""]).prefix(3))
  }
}
