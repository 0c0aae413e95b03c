/// Amounts in Stripe's units, which are ISO 4217's minor units but for some currencies
/// (https://docs.stripe.com/currencies#minor-units).
public enum StripeAmount {
  /// Nil for what Stripe cannot take: a currency it does not have, or a part of its smallest unit.
  public static func units(of money: Money) -> Int64? {
    let currency = money.currency
    guard let digits = digits(of: currency) else { return nil }
    var units = money.minor
    for _ in currency.fractionDigits..<max(digits, currency.fractionDigits) {
      let (product, isTooLarge) = units.multipliedReportingOverflow(by: 10)
      guard !isTooLarge else { return nil }
      units = product
    }
    for _ in digits..<max(digits, currency.fractionDigits) {
      guard units.isMultiple(of: 10) else { return nil }
      units /= 10
    }
    // Of three-decimal currencies the last digit has to be 0.
    guard digits < 3 || units.isMultiple(of: 10) else { return nil }
    return units
  }

  /// The way back. Nil for a currency that Stripe does not have.
  static func money(_ units: Int64, _ currency: Currency) -> Money? {
    guard let digits = digits(of: currency) else { return nil }
    var minor = units
    for _ in digits..<max(digits, currency.fractionDigits) {
      let (product, isTooLarge) = minor.multipliedReportingOverflow(by: 10)
      guard !isTooLarge else { return nil }
      minor = product
    }
    for _ in currency.fractionDigits..<max(digits, currency.fractionDigits) {
      guard minor.isMultiple(of: 10) else { return nil }
      minor /= 10
    }
    return Money(minor: minor, currency: currency)
  }

  private static func digits(of currency: Currency) -> Int? {
    switch currency.code {
    case "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF": 0
    case "BHD", "JOD", "KWD", "OMR", "TND": 3
    // ISO 4217 gives these units that Stripe knows nothing of.
    case "IQD", "LYD", "UYI": nil
    // ISK and UGX among them: they have no decimals any more, but Stripe still takes them as if they had two.
    default: 2
    }
  }
}
