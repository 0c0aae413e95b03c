public import Store

/// One product of a file: what importing it would do, and once it is done, what it did.
public struct ImportItem: Sendable, Equatable {
  public enum Outcome: String, Sendable, Codable, CaseIterable, ValueConvertible {
    case new, changed, unchanged, refused
  }

  /// Its place in the file among the products, from 0.
  public let position: Int
  /// The line of the file it begins on, from 1.
  public let line: Int
  public let handle: String
  public let title: String
  public let product: ID<Product>?
  public let outcome: Outcome
  public let isDone: Bool
  public let changes: [Change]
  /// Why it is refused: each of its rows that is wrong.
  public let refused: [RefusedRow]
  /// Pictures that the file names by address.
  public let pictures: [String]

  /// Something that is another afterwards.
  public struct Change: Sendable, Equatable, Codable {
    public enum Field: String, Sendable, Codable, CaseIterable {
      case title, description, category, options, order, variant, choice, sku, price, compareAt, onHand, weight
    }

    public let field: Field
    /// Which variant, by its options' values; empty for the product itself, and where it has only one.
    public let variant: String
    /// Empty where there was nothing. Amounts are decimal, in the currency of the import's market.
    public let old: String
    /// Empty where there is nothing any more.
    public let new: String
  }

  public struct RefusedRow: Sendable, Equatable, Codable {
    public let line: Int
    /// A stable word for what is wrong.
    public let code: String
    /// What stands there and should not; empty where something is missing.
    public let value: String
    public let why: String

    init(_ refused: ImportReport.Refused) {
      line = refused.line
      code = refused.code
      value = refused.value
      why = refused.why
    }
  }
}

extension ProductDraft {
  /// The draft as a change of `product`: its variants found by their options' values or else by their SKU, and with the
  /// prices they have in other markets than the file's.
  ///
  /// - Parameters:
  ///   - keepsStock: leaves the stock of variants that are there as it is.
  ///   - seen: what was on hand, by variant, when somebody agreed to the change; what was sold or came in since then
  ///     stays sold or in. Nil takes the file's numbers as they are.
  func fitted(
    to product: Product, market: String, keepsStock: Bool = false, seen: [String: Int64]? = nil
  ) -> ProductDraft {
    var draft = self
    var left = product.variants
    for place in draft.variants.indices {
      guard let found = left.firstIndex(where: { $0.options == draft.variants[place].optionValues }) else { continue }
      draft.variants[place].id = left.remove(at: found).id
    }
    for place in draft.variants.indices where draft.variants[place].id == nil && !draft.variants[place].sku.isEmpty {
      let sku = draft.variants[place].sku
      guard left.count(where: { $0.sku == sku }) == 1, draft.variants.count(where: { $0.sku == sku }) == 1,
        let found = left.firstIndex(where: { $0.sku == sku })
      else { continue }
      draft.variants[place].id = left.remove(at: found).id
    }
    for place in draft.variants.indices {
      guard let variant = product.variants.first(where: { $0.id == draft.variants[place].id }) else { continue }
      for (code, price) in variant.prices where code != market { draft.variants[place].prices[code] = price.minor }
      for (code, amount) in variant.compareAt where code != market {
        draft.variants[place].compareAt[code] = amount.minor
      }
      guard let wanted = draft.variants[place].onHand else { continue }
      let before = seen.map { $0[variant.id.description] ?? variant.onHand } ?? variant.onHand
      let onHand = seen == nil ? wanted : max(0, variant.onHand + (wanted - before))
      draft.variants[place].onHand = keepsStock || onHand == variant.onHand ? nil : onHand
    }
    return draft
  }

  /// What would differ from `product` if it were changed to this fitted draft; from nothing when there is none.
  func changes(of product: Product?, in market: Market) -> [ImportItem.Change] {
    guard let product else {
      return variants.map { .init(.variant, $0.name, "", market.plain($0.prices[market.code])) }
    }
    var changes: [ImportItem.Change] = []
    func note(_ field: ImportItem.Change.Field, _ variant: String, _ old: String, _ new: String) {
      if old != new { changes.append(.init(field, variant, old, new)) }
    }
    note(.title, "", product.title, title)
    note(.description, "", product.description, description)
    note(.category, "", product.category, category ?? product.category)
    note(.options, "", product.options.joined(separator: " / "), options.joined(separator: " / "))
    for draft in variants {
      guard let variant = product.variants.first(where: { $0.id == draft.id }) else {
        changes.append(.init(.variant, draft.name, "", market.plain(draft.prices[market.code])))
        continue
      }
      note(.choice, variant.title, variant.title, draft.name)
      note(.sku, draft.name, variant.sku, draft.sku)
      note(
        .price, draft.name, market.plain(variant.prices[market.code]?.minor), market.plain(draft.prices[market.code]))
      note(
        .compareAt, draft.name, market.plain(variant.compareAt[market.code]?.minor),
        market.plain(draft.compareAt[market.code]))
      note(.onHand, draft.name, "\(variant.onHand)", "\(draft.onHand ?? variant.onHand)")
      note(.weight, draft.name, Weight.text(variant.grams), Weight.text(draft.grams ?? variant.grams))
    }
    let kept = variants.compactMap(\.id)
    for variant in product.variants where !kept.contains(variant.id) {
      changes.append(.init(.variant, variant.title, market.plain(variant.prices[market.code]?.minor), ""))
    }
    let stay = product.variants.filter { kept.contains($0.id) }
    if stay.map(\.id) != kept {
      note(.order, "", stay.map(\.title).joined(separator: ", "), variants.map(\.name).joined(separator: ", "))
    }
    return changes
  }
}

extension ImportItem.Change {
  /// A description may be long; this much of it tells one from another.
  private static let charactersMax = 300

  fileprivate init(_ field: Field, _ variant: String, _ old: String, _ new: String) {
    self.init(field: field, variant: variant, old: Self.cut(old), new: Self.cut(new))
  }

  private static func cut(_ text: String) -> String {
    text.count <= charactersMax ? text : text.prefix(charactersMax - 1) + "…"
  }
}

extension VariantDraft {
  fileprivate var name: String { optionValues.joined(separator: " / ") }
}

extension Market {
  /// A decimal number, `1299.00`; empty for none.
  func plain(_ minor: Int64?) -> String {
    guard let minor else { return "" }
    return String(Money(minor: minor, currency: currency).plain.prefix { $0 != " " })
  }
}
