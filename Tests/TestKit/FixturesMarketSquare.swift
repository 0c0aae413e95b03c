public import Commerce
public import Store

/// A small market on a fresh database: an operator, an owner with a channel, two countries, a lamp with ten in stock,
/// and a show on air that has the lamp in its run.
///
/// ```swift
/// let square = try await MarketSquare(engine)
/// try await square.commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id)
/// ```
public struct MarketSquare: Sendable {
  /// Holds the database: it goes away with the last copy of this value.
  public let testDatabase: TestDatabase
  public let commerce: Commerce
  public let clock: SettableClock
  public let entropy: SeededEntropy

  public let `operator`: Caller
  /// Owns `channel`.
  public let owner: Caller
  /// In rupees, open, 8 % commission, prices include 18 % tax, shipping ₹49, free from ₹999.
  public let india: Market
  /// In dollars, open, 10 % commission, no tax included, shipping $5.
  public let america: Market
  /// `@lamps`
  public let channel: Channel
  /// ₹1,299 and $29.99, ten in stock, one variant without options.
  public let lamp: Product
  /// The lamp's one variant.
  public let lampVariant: ID<Variant>
  /// On air, in both countries, with the lamp in its run and nothing pinned.
  public let show: Show

  /// The password of everybody here.
  public static let password = "a lamp in the window"
  public static let operatorEmail = "operator@example.com"
  public static let ownerEmail = "owner@example.com"

  /// The limits of a test: as they are, with cheap scrypt, and none on what a buyer holds.
  public static var policy: Policy {
    var policy = Policy()
    policy.scryptRounds = 16
    // Everybody here is Asha, at one address.
    policy.openOrdersPerBuyerMax = 0
    policy.openOrdersPerAddressMax = 0
    policy.heldUnitsPerBuyerMax = 0
    policy.heldUnitsPerAddressMax = 0
    return policy
  }

  /// - Parameter providers: makes the payment providers, on the database and the clock of the fixture.
  public init(
    _ engine: Engine, policy: Policy = MarketSquare.policy, seed: UInt64 = 1,
    providers: (Database, WallClock, Entropy) -> PaymentProviders = { _, _, _ in .none },
    changed: @escaping @Sendable () -> Void = {}
  ) async throws {
    testDatabase = try await engine.database(Commerce.migrations)
    clock = SettableClock()
    entropy = SeededEntropy(seed: seed)
    commerce = Commerce(
      database: testDatabase.database, clock: clock.wallClock, entropy: entropy.entropy, policy: policy,
      providers: providers(testDatabase.database, clock.wallClock, entropy.entropy), changed: changed)

    guard let token = try await commerce.setupToken() else { throw FixtureFault("no setup token") }
    `operator` = Caller(
      try await commerce.makeOperator(
        token: token.text, email: Self.operatorEmail, name: "Omana", password: Self.password))
    owner = Caller(
      try await commerce.makeAccount(
        commerce.makeID(), email: Self.ownerEmail, name: "Lata", password: Self.password))
    india = try await commerce.putMarket(by: `operator`, try Self.india)
    america = try await commerce.putMarket(by: `operator`, try Self.america)
    channel = try await commerce.makeChannel(
      commerce.makeID(), by: owner, ChannelDraft(handle: "lamps", name: "Lata's Lamps", market: "IN"))
    lamp = try await commerce.makeProduct(
      commerce.makeID(), by: owner, channel: channel.id,
      ProductDraft(
        title: "Brass lamp", description: "Hand-beaten in Moradabad.",
        variants: [VariantDraft(sku: "LAMP-1", prices: ["IN": 129_900, "US": 2999], onHand: 10)]))
    guard let variant = lamp.variants.first else { throw FixtureFault("the lamp has no variant") }
    lampVariant = variant.id
    let scheduled = try await commerce.scheduleShow(
      commerce.makeID(), by: owner, channel: channel.id,
      ShowDraft(title: "Evening lamps", scheduledAt: clock.now, markets: ["IN", "US"]))
    try await commerce.putRun(by: owner, show: scheduled.id, [lamp.id])
    show = try await commerce.startShow(by: owner, show: scheduled.id, mediaTime: 0)
    // What a test does comes after all of this.
    clock.advance(seconds: 1)
  }

  /// Somebody else with an account: a viewer, or another seller.
  public func person(_ name: String) async throws -> Caller {
    Caller(
      try await commerce.makeAccount(
        commerce.makeID(), email: "\(name.lowercased())@example.com", name: name, password: Self.password))
  }

  private static var india: Market {
    get throws {
      Market(
        code: "IN", currency: try currency("INR"), name: "India", languages: ["en", "hi"], commission: try rate(800),
        taxIncluded: try rate(1800), shippingMinor: 4900, shippingFreeFromMinor: 99_900)
    }
  }

  private static var america: Market {
    get throws {
      Market(
        code: "US", currency: try currency("USD"), name: "United States", languages: ["en"],
        commission: try rate(1000), shippingMinor: 500)
    }
  }

  private static func currency(_ code: String) throws -> Currency {
    guard let currency = Currency(code) else { throw FixtureFault("no currency \(code)") }
    return currency
  }

  private static func rate(_ basisPoints: Int64) throws -> Rate {
    guard let rate = Rate(basisPoints: basisPoints) else { throw FixtureFault("no rate \(basisPoints)") }
    return rate
  }
}

/// The fixture itself is wrong.
public struct FixtureFault: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
