public import Store

/// What a parcel costs by its weight: each step holds for parcels up to so many grams, and nothing heavier than the last
/// is sent. Without steps every parcel costs the same.
public struct ShippingTable: Hashable, Sendable {
  public struct Step: Hashable, Sendable, Codable {
    public let upToGrams: Int64
    /// In minor units of the market's currency.
    public let minor: Int64

    public init(upToGrams: Int64, minor: Int64) {
      self.upToGrams = upToGrams
      self.minor = minor
    }
  }

  /// The lightest first.
  public let steps: [Step]

  public static let flat = ShippingTable([])

  public init(_ steps: [Step]) { self.steps = steps }

  public var isFlat: Bool { steps.isEmpty }
  /// What a parcel may weigh; nil without a limit.
  public var gramsMax: Int64? { steps.last?.upToGrams }

  /// Nil for a parcel that is too heavy, and where everything costs the same.
  func minor(forGrams grams: Int64) -> Int64? { steps.first { grams <= $0.upToGrams }?.minor }

  /// Throws `GeneralRefusal.invalid`.
  func check(_ policy: Policy) throws {
    func refused(_ why: String) -> GeneralRefusal { .invalid(field: "shippingTable", why: why) }
    guard steps.count <= policy.shippingStepsMax else {
      throw refused("must have at most \(policy.shippingStepsMax) steps")
    }
    for step in steps {
      guard (1...policy.parcelGramsMax).contains(step.upToGrams) else {
        throw refused("must have steps up to 1 to \(policy.parcelGramsMax) grams")
      }
      guard (0...Money.minorMax).contains(step.minor) else {
        throw refused("must have amounts between 0 and \(Money.minorMax) minor units")
      }
    }
    guard zip(steps, steps.dropFirst()).allSatisfy({ $0.upToGrams < $1.upToGrams }) else {
      throw refused("must have its steps from light to heavy, each weight once")
    }
  }
}

extension ShippingTable: ValueConvertible {
  public var sqlValue: Value {
    .text(steps.map { "\($0.upToGrams):\($0.minor)" }.joined(separator: ","))
  }

  public init(sqlValue: Value) throws {
    guard case .text(let text) = sqlValue else {
      throw UnreadableValue(expected: "a shipping table", found: sqlValue)
    }
    steps = try text.split(separator: ",").map { step in
      let parts = step.split(separator: ":").compactMap { Int64($0) }
      guard parts.count == 2 else { throw UnreadableValue(expected: "a shipping table", found: sqlValue) }
      return Step(upToGrams: parts[0], minor: parts[1])
    }
  }
}

/// What a market asks for bringing a parcel.
struct ShippingRates: Sendable, Equatable {
  let currency: Currency
  let flat: Int64
  let table: ShippingTable
  let freeFrom: Int64?
  let tax: TaxRules

  init(row: Row) throws {
    currency = try row.get("currency")
    flat = try row.get("shipping_minor")
    table = try row.get("shipping_table")
    freeFrom = try row.get("shipping_free_from_minor")
    tax = try TaxRules(row: row)
  }

  init(_ market: Market) {
    currency = market.currency
    flat = market.shippingMinor
    table = market.shippingTable
    freeFrom = market.shippingFreeFromMinor
    tax = TaxRules(market)
  }

  /// Nil for a parcel that is heavier than any that is sent, however much is in it.
  func cost(of subtotal: Money, grams: Int64) -> Money? {
    guard let minor = table.isFlat ? flat : table.minor(forGrams: grams) else { return nil }
    let isFree = freeFrom.map { subtotal.minor >= $0 } ?? false
    return Money(minor: isFree ? 0 : minor, currency: currency)
  }
}

extension Market {
  /// What it costs to bring a parcel of goods that cost so much; nil when it is too heavy to be sent.
  public func shipping(of subtotal: Money, grams: Int64) -> Money? {
    ShippingRates(self).cost(of: subtotal, grams: grams)
  }
}
