import Store

/// A country to sell in.
public struct Market: Sendable, Equatable {
  /// ISO 3166-1 alpha-2, two capital letters.
  public var code: String
  public var currency: Currency
  public var name: String
  /// BCP 47 tags, the first is the default.
  public var languages: [String]
  /// Whether one can buy.
  public var isOpen: Bool
  /// How channels get in; nil leaves it as it is, and a new market with what the installation says.
  public var admission: Admission?
  /// The platform's share of the goods.
  public var commission: Rate
  /// The standard rate of tax, which prices include, or which is added to them.
  public var taxIncluded: Rate
  /// Other rates, for other classes of goods.
  public var taxTable: TaxTable
  /// Tax is added to prices, and they do not include it.
  public var isTaxAdded: Bool
  /// Shipping is taxed too, at the standard rate.
  public var taxesShipping: Bool
  /// What every parcel costs, where `shippingTable` says nothing.
  public var shippingMinor: Int64
  /// What a parcel costs by its weight.
  public var shippingTable: ShippingTable
  /// Goods of this amount or more are shipped free; nil for never.
  public var shippingFreeFromMinor: Int64?
  /// How many days buyers have to send something back, 0 for none; nil for `Policy.returnDays`.
  public var returnDays: Int64?

  public init(
    code: String, currency: Currency, name: String, languages: [String], isOpen: Bool = true,
    admission: Admission? = nil, commission: Rate,
    taxIncluded: Rate = .zero, taxTable: TaxTable = .empty, isTaxAdded: Bool = false, taxesShipping: Bool = false,
    shippingMinor: Int64 = 0, shippingTable: ShippingTable = .flat,
    shippingFreeFromMinor: Int64? = nil, returnDays: Int64? = nil
  ) {
    self.code = code
    self.currency = currency
    self.name = name
    self.languages = languages
    self.isOpen = isOpen
    self.admission = admission
    self.commission = commission
    self.taxIncluded = taxIncluded
    self.taxTable = taxTable
    self.isTaxAdded = isTaxAdded
    self.taxesShipping = taxesShipping
    self.shippingMinor = shippingMinor
    self.shippingTable = shippingTable
    self.shippingFreeFromMinor = shippingFreeFromMinor
    self.returnDays = returnDays
  }

  /// How many days a buyer in this market has now to send something back.
  public func returnDays(_ policy: Policy) -> Int64 { returnDays ?? policy.returnDays }

  static let columns: SQL = """
    code, currency, name, languages, is_open, admission, commission_bp, tax_included_bp, shipping_minor,
    shipping_table, shipping_free_from_minor, tax_table, tax_is_added, taxes_shipping,
    return_days
    """

  init(row: Row) throws {
    code = try row.get("code")
    currency = try row.get("currency")
    name = try row.get("name")
    languages = try row.get("languages", as: String.self).split(separator: ",").map(String.init)
    isOpen = try row.get("is_open")
    admission = try row.get("admission")
    commission = try row.get("commission_bp")
    taxIncluded = try row.get("tax_included_bp")
    taxTable = try row.get("tax_table")
    isTaxAdded = try row.get("tax_is_added")
    taxesShipping = try row.get("taxes_shipping")
    shippingMinor = try row.get("shipping_minor")
    shippingTable = try row.get("shipping_table")
    shippingFreeFromMinor = try row.get("shipping_free_from_minor")
    returnDays = try row.get("return_days")
  }

  static func find(_ code: String, in db: any Connection) throws -> Market? {
    guard isCode(code) else { return nil }
    return try db.row("SELECT \(columns) FROM market WHERE code = \(code)").map(Market.init)
  }

  static func all(in db: any Connection) throws -> [Market] {
    try db.rows("SELECT \(columns) FROM market ORDER BY code").map(Market.init)
  }

  static func isCode(_ text: String) -> Bool {
    text.utf8.count == 2 && text.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
  }
}
