import Store

/// What a viewer sees, as its channel's members see it: every price and the whole stock. Viewers get a `ProductCard`.
public struct Product: Sendable, Equatable {
  public let id: ID<Product>
  public let channel: ID<Channel>
  public let title: String
  public let description: String
  /// As in a product taxonomy, the wider first, `Apparel & Accessories > Jewellery`; empty when none was named.
  public let category: String
  /// The names of up to three options, such as Size and Colour.
  public let options: [String]
  /// What can be bought, in order; those taken away are left out.
  public let variants: [Variant]
  public let pictures: [Picture]
  /// On the units of all its variants together.
  public let limits: UnitLimits
  /// Which of a market's rates of tax it is sold at: `TaxTable`.
  public let taxClass: String
  public let createdAt: Moment
}

/// What is bought: one choice of a product's options.
public struct Variant: Sendable, Equatable {
  public let id: ID<Variant>
  public let product: ID<Product>
  public let sku: String
  /// The options' values together, `Red / Small`; empty for a product without options.
  public let title: String
  public let options: [String]
  /// By market code.
  public let prices: [String: Money]
  public let compareAt: [String: Money]
  /// What one unit weighs with its packing, in grams; 0 when nobody weighed it.
  public let grams: Int64
  public let limits: UnitLimits
  public let onHand: Int64
  public let reserved: Int64
  /// Made of other variants: it has no stock of its own.
  public let isBundle: Bool
  /// On preorder, open or stopped.
  public let isPreordered: Bool

  public var available: Int64 { onHand - reserved }
}

/// A picture of a product. Its bytes are a file in the uploads directory.
public struct Picture: Sendable, Equatable, Codable {
  public let id: ID<Picture>
  public let product: ID<Product>
  /// The name of the file, `<id>.<type>`.
  public let file: String
  public let contentType: String
  public let width: Int64
  public let height: Int64
  public let alt: String
  /// The widths of the smaller ones that were made of it, the smallest first.
  public let sizes: [Int64]

  public var url: String { "/uploads/\(file)" }

  /// The smallest one that is at least so wide, or else the largest there is.
  public func url(width: Int64) -> String {
    sizes.first { $0 >= width }.map { "/uploads/\(Self.file(file, width: $0, ending: "webp"))" } ?? url
  }

  /// For a list, a card, a row.
  public var thumbnail: String { url(width: 320) }

  /// All of them, as a page's `srcset` has it; nil when there is but one.
  public var sources: String? {
    guard !sizes.isEmpty else { return nil }
    return (sizes.map { "\(url(width: $0)) \($0)w" } + ["\(url) \(width)w"]).joined(separator: ", ")
  }

  /// The names of all its files.
  public var files: [String] {
    let endings = contentType == "image/jpeg" ? ["webp", "jpg"] : ["webp"]
    return [file] + sizes.flatMap { width in endings.map { Self.file(file, width: width, ending: $0) } }
  }

  /// `<id>-320.webp`, of `<id>.jpg`.
  public static func file(_ file: String, width: Int64, ending: String) -> String {
    "\(file.prefix { $0 != "." })-\(width).\(ending)"
  }

  static let columns: SQL = "id, product_id, file, content_type, width, height, alt, sizes"

  init(row: Row) throws {
    id = try row.get("id")
    product = try row.get("product_id")
    file = try row.get("file")
    contentType = try row.get("content_type")
    width = try row.get("width")
    height = try row.get("height")
    alt = try row.get("alt")
    sizes = try row.get("sizes", as: String.self).split(separator: ",").compactMap { Int64($0) }
  }
}

/// What a product is made from, and changed to.
public struct ProductDraft: Sendable, Codable, Equatable {
  public var title: String
  public var description: String
  /// Nil leaves it as it is.
  public var category: String?
  /// At most three names.
  public var options: [String]
  /// 1…100.
  public var variants: [VariantDraft]
  /// On the units of all variants together. Nil leaves them as they are.
  public var limits: UnitLimits?
  /// A name that some market has a rate for. Nil leaves it as it is.
  public var taxClass: String?

  public init(
    title: String, description: String = "", category: String? = nil, options: [String] = [],
    variants: [VariantDraft], limits: UnitLimits? = nil, taxClass: String? = nil
  ) {
    self.title = title
    self.description = description
    self.category = category
    self.options = options
    self.variants = variants
    self.limits = limits
    self.taxClass = taxClass
  }
}

/// What of a product is to be another; nil stays as it is.
public struct ProductChange: Sendable, Equatable {
  public var title: String?
  public var description: String?
  public var category: String?
  public var options: [String]?
  /// All of them.
  public var variants: [VariantDraft]?
  public var limits: UnitLimits?
  public var taxClass: String?

  public init(
    title: String? = nil, description: String? = nil, category: String? = nil, options: [String]? = nil,
    variants: [VariantDraft]? = nil, limits: UnitLimits? = nil, taxClass: String? = nil
  ) {
    self.title = title
    self.description = description
    self.category = category
    self.options = options
    self.variants = variants
    self.limits = limits
    self.taxClass = taxClass
  }

  /// Everything.
  public init(_ draft: ProductDraft) {
    self.init(
      title: draft.title, description: draft.description, category: draft.category, options: draft.options,
      variants: draft.variants, limits: draft.limits, taxClass: draft.taxClass)
  }

  /// What `product` is to be then. Variants that stay keep their stock.
  func draft(of product: Product) -> ProductDraft {
    let kept = product.variants.map {
      VariantDraft(
        id: $0.id, sku: $0.sku, optionValues: $0.options, prices: $0.prices.mapValues(\.minor),
        compareAt: $0.compareAt.mapValues(\.minor))
    }
    return ProductDraft(
      title: title ?? product.title, description: description ?? product.description,
      category: category, options: options ?? product.options, variants: variants ?? kept,
      limits: limits, taxClass: taxClass)
  }
}

public struct VariantDraft: Sendable, Codable, Equatable {
  /// Which variant this is, when a product is changed; nil finds it by its options' values, or makes it.
  public var id: ID<Variant>?
  public var sku: String
  /// One value for each of the product's options.
  public var optionValues: [String]
  /// Minor units by market code. A market that is not named does not sell it.
  public var prices: [String: Int64]
  /// What the price is compared with, above it; by market code.
  public var compareAt: [String: Int64]
  /// Units in stock. Nil leaves the stock of a variant that is there as it is: a form that was opened before a sale
  /// should not put back what was sold.
  public var onHand: Int64?
  /// What one unit weighs, in grams. Nil leaves it as it is.
  public var grams: Int64?
  /// Nil leaves them as they are.
  public var limits: UnitLimits?

  public init(
    id: ID<Variant>? = nil, sku: String = "", optionValues: [String] = [], prices: [String: Int64],
    compareAt: [String: Int64] = [:], onHand: Int64? = nil, grams: Int64? = nil,
    limits: UnitLimits? = nil
  ) {
    self.id = id
    self.sku = sku
    self.optionValues = optionValues
    self.prices = prices
    self.compareAt = compareAt
    self.onHand = onHand
    self.grams = grams
    self.limits = limits
  }
}
