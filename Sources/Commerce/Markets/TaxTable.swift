public import Store

/// The rates of a market's tax classes, by name. `standard`, which every market has, is not among them: a class that a
/// market does not name is taxed like it.
public struct TaxTable: Hashable, Sendable {
  public struct Entry: Hashable, Sendable {
    public let name: String
    public let rate: Rate

    public init(_ name: String, _ rate: Rate) {
      self.name = name
      self.rate = rate
    }
  }

  /// What a product has that nobody gave another class.
  public static let standard = "standard"
  public static let empty = TaxTable([])

  /// In the operator's order.
  public let entries: [Entry]

  public init(_ entries: [Entry]) { self.entries = entries }

  /// Nil for a class that it does not name.
  public func rate(of name: String) -> Rate? { entries.first { $0.name == name }?.rate }

  /// With its names cleaned. Throws `GeneralRefusal.invalid`.
  func checked(_ policy: Policy) throws -> TaxTable {
    guard entries.count <= policy.taxClassesMax else {
      throw GeneralRefusal.invalid(field: "taxes", why: "must be at most \(policy.taxClassesMax)")
    }
    let table = TaxTable(try entries.map { Entry(try policy.taxClass($0.name, "taxes"), $0.rate) })
    guard Set(table.entries.map(\.name)).count == entries.count, table.rate(of: Self.standard) == nil else {
      throw GeneralRefusal.invalid(
        field: "taxes", why: "must name each class once, and not “\(Self.standard)”, which is the rate above")
    }
    return table
  }
}

extension Policy {
  /// A class's name, cleaned and in small letters. Throws `GeneralRefusal.invalid`.
  func taxClass(_ name: String, _ field: String) throws -> String {
    let name = try text(name, field, max: taxClassCharactersMax).lowercased()
    guard !name.contains(":") else { throw GeneralRefusal.invalid(field: field, why: "must be names without a colon") }
    return name
  }
}

extension TaxTable: ValueConvertible {
  public var sqlValue: Value { .text(entries.map { "\($0.name):\($0.rate.basisPoints)" }.joined(separator: "\n")) }

  public init(sqlValue: Value) throws {
    let unreadable = UnreadableValue(expected: "a table of taxes", found: sqlValue)
    guard case .text(let text) = sqlValue else { throw unreadable }
    entries = try text.split(separator: "\n").map { line in
      let parts = line.split(separator: ":")
      guard parts.count == 2, let rate = Int64(parts[1]).flatMap({ Rate(basisPoints: $0) }) else { throw unreadable }
      return Entry(String(parts[0]), rate)
    }
  }
}

/// How a market taxes what is sold in it.
struct TaxRules: Sendable, Equatable {
  let standard: Rate
  let table: TaxTable
  /// Added to prices, rather than contained in them.
  let isAdded: Bool
  let taxesShipping: Bool

  static let columns: SQL = "tax_included_bp, tax_table, tax_is_added, taxes_shipping"

  init(row: Row) throws {
    standard = try row.get("tax_included_bp")
    table = try row.get("tax_table")
    isAdded = try row.get("tax_is_added")
    taxesShipping = try row.get("taxes_shipping")
  }

  init(_ market: Market) {
    standard = market.taxIncluded
    table = market.taxTable
    isAdded = market.isTaxAdded
    taxesShipping = market.taxesShipping
  }

  func rate(of name: String) -> Rate { table.rate(of: name) ?? standard }

  var shippingRate: Rate { taxesShipping ? standard : .zero }

  /// Rounded half to even, once for each line.
  static func tax(on amount: Int64, at rate: Rate, isAdded: Bool) -> Int64 {
    isAdded ? rate.of(amount) : rate.includedIn(amount)
  }
}

extension Market {
  /// Of a class of goods.
  public func taxRate(of name: String) -> Rate { TaxRules(self).rate(of: name) }

  /// What somebody pays in the end for one thing at this price, tax included.
  public func withTax(_ price: Money, class name: String) -> Money {
    isTaxAdded ? Money(minor: price.minor + taxRate(of: name).of(price.minor), currency: price.currency) : price
  }
}

/// What of an order or a quote is tax at one rate.
public struct TaxSum: Hashable, Sendable {
  public let rate: Rate
  public let amount: Money

  /// The highest rate first; without rates of which nothing came.
  static func sums(_ parts: [(Rate, Money)]) -> [TaxSum] {
    var sums: [Rate: Int64] = [:]
    for (rate, tax) in parts { sums[rate, default: 0] += tax.minor }
    guard let currency = parts.first?.1.currency else { return [] }
    return sums.filter { $0.value > 0 }.sorted { $0.key.basisPoints > $1.key.basisPoints }
      .map { TaxSum(rate: $0.key, amount: Money(minor: $0.value, currency: currency)) }
  }
}
