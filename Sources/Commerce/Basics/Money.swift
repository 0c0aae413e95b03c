public import Store

/// An ISO 4217 code, three capital letters.
public struct Currency: Hashable, Sendable, CustomStringConvertible {
  public let code: String

  /// Nil unless `code` is three capital ASCII letters.
  public init?(_ code: String) {
    guard code.utf8.count == 3, code.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) else {
      return nil
    }
    self.code = code
  }

  public var description: String { code }

  /// How many decimal digits the minor unit has: 2 for most, by ISO 4217's table for the rest.
  public var fractionDigits: Int {
    switch code {
    case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
      "XOF", "XPF":
      0
    case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
    default: 2
    }
  }
}

extension Currency: ValueConvertible, Codable {
  public var sqlValue: Value { .text(code) }

  public init(sqlValue: Value) throws {
    guard case .text(let text) = sqlValue, let currency = Currency(text) else {
      throw UnreadableValue(expected: "a currency code", found: sqlValue)
    }
    self = currency
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let currency = Currency(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "“\(text.prefix(16))” is not an ISO 4217 code like INR")
    }
    self = currency
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(code)
  }
}

/// An amount: minor units (paise, cents) of one currency. Never a floating-point number; two currencies do not add.
public struct Money: Hashable, Sendable, Codable {
  public let minor: Int64
  public let currency: Currency

  public init(minor: Int64, currency: Currency) {
    self.minor = minor
    self.currency = currency
  }

  /// Amounts beyond this many minor units are refused wherever one is read: sums of a day's orders then fit in 64 bits.
  public static let minorMax: Int64 = 1_000_000_000_000

  /// Throws `MoneyFault` when the currencies differ or the sum does not fit.
  public func adding(_ other: Money) throws -> Money {
    guard currency == other.currency else { throw MoneyFault.currenciesDiffer(currency, other.currency) }
    let (sum, overflow) = minor.addingReportingOverflow(other.minor)
    guard !overflow else { throw MoneyFault.overflow }
    return Money(minor: sum, currency: currency)
  }

  /// Throws `MoneyFault.overflow` when the product does not fit.
  public func times(_ count: Int64) throws -> Money {
    let (product, overflow) = minor.multipliedReportingOverflow(by: count)
    guard !overflow else { throw MoneyFault.overflow }
    return Money(minor: product, currency: currency)
  }
}

/// Arithmetic that must not be: it fails its transaction.
public enum MoneyFault: Error, Equatable { case currenciesDiffer(Currency, Currency), overflow }

/// A share in basis points, 0…10 000 (10 000 is the whole).
public struct Rate: Hashable, Sendable {
  public let basisPoints: Int64

  /// Nil outside 0…10 000.
  public init?(basisPoints: Int64) {
    guard (0...10_000).contains(basisPoints) else { return nil }
    self.basisPoints = basisPoints
  }

  public static let zero = Rate(unchecked: 0)

  private init(unchecked: Int64) { basisPoints = unchecked }

  /// This share of `amount`, rounded half to even, the rule of the house (DOMAIN.md, "Money").
  public func of(_ amount: Int64) -> Int64 {
    Self.divideHalfToEven(amount.multipliedFullWidth(by: basisPoints), by: 10_000)
  }

  /// The tax contained in an amount that includes it: amount × rate ÷ (1 + rate), half to even.
  public func includedIn(_ amount: Int64) -> Int64 {
    Self.divideHalfToEven(amount.multipliedFullWidth(by: basisPoints), by: 10_000 + basisPoints)
  }

  /// `product` is an Int64 times at most 10 000 and the divisor at least as large, so the quotient fits in an Int64.
  private static func divideHalfToEven(_ product: (high: Int64, low: UInt64), by divisor: Int64) -> Int64 {
    let (quotient, remainder) = divisor.dividingFullWidth(product)
    let twice = remainder.magnitude * 2
    let up = twice > divisor.magnitude || (twice == divisor.magnitude && quotient & 1 == 1)
    guard up else { return quotient }
    return product.high < 0 ? quotient - 1 : quotient + 1
  }
}

extension Rate: ValueConvertible {
  public var sqlValue: Value { .integer(basisPoints) }

  public init(sqlValue: Value) throws {
    guard case .integer(let points) = sqlValue, let rate = Rate(basisPoints: points) else {
      throw UnreadableValue(expected: "basis points", found: sqlValue)
    }
    self = rate
  }
}
