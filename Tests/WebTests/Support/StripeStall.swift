import Foundation
import Logging
import Media
import ServiceLifecycle
import Store
import Synchronization
import TestKit
import Web

@testable import Commerce

/// A small market whose payments go to a localstripe of its own, over the same client as in the program.
struct StripeStall: Sendable {
  static let secretKey = "sk_test_of_the_tests"
  static let webhookSecret = "whsec_of_the_tests"

  let square: MarketSquare
  let stripe: Localstripe
  let provider: StripeProvider
  let line: Line
  /// Where buyers come back to.
  let home: Home
  let log = LogLines(level: .trace)

  /// What stands between us and Stripe: it can break after a request got through.
  final class Line: Sendable {
    private let lost = Mutex((after: 0, count: 0))

    /// So many answers are lost on their way back, from now on or after so many more.
    func loseAnswers(_ count: Int, after: Int = 0) { lost.withLock { $0 = (after, count) } }

    var http: OutgoingHTTP {
      { call in
        let answer = try await Outgoing.http(call)
        let isLost = self.lost.withLock { lost in
          if lost.after > 0 {
            lost.after -= 1
            return false
          }
          guard lost.count > 0 else { return false }
          lost.count -= 1
          return true
        }
        if isLost { throw Broken() }
        return answer
      }
    }

    struct Broken: Error {}
  }

  final class Home: Sendable {
    let url = Mutex("https://haat.example")
  }

  init(
    _ engine: Engine, secrets: [String] = [webhookSecret], secretKey: String = StripeStall.secretKey,
    paysOut: Bool = false
  ) async throws {
    let (stripe, line, home) = (try Localstripe(), Line(), Home())
    let settings = StripeSettings(
      secretKey: secretKey, publishableKey: "pk_test_of_the_tests", webhookSecrets: secrets, apiBase: stripe.url,
      returnURL: { path in "\(home.url.withLock { $0 })\(path)" })
    let made = Mutex<StripeProvider?>(nil)
    square = try await MarketSquare(
      engine,
      providers: { _, clock, _ in
        let provider = StripeProvider(settings, http: line.http, clock: clock)
        made.withLock { $0 = provider }
        return PaymentProviders([provider], paysOut: paysOut)
      })
    guard let provider = made.withLock({ $0 }) else { throw FixtureFault("no provider") }
    self.provider = provider
    self.stripe = stripe
    self.line = line
    self.home = home
    // Stripe looks at its own clock.
    square.clock.now = WallClock.system.now
  }

  /// The same market with a log that is kept.
  var commerce: Commerce {
    Commerce(
      database: square.commerce.database, clock: square.clock.wallClock, entropy: square.entropy.entropy,
      policy: MarketSquare.policy, providers: square.commerce.providers, logger: Logger(label: "test") { _ in log })
  }

  var database: Database { square.commerce.database }

  /// Lamps in rupees, unless another market is named.
  func place(_ quantity: Int64 = 1, market: String = "IN") async throws -> PlacedOrder {
    let variant = square.lampVariant
    let offer: ID<Offer> = try await database.read { db in
      guard
        let row = try db.row("SELECT id FROM offer WHERE variant_id = \(variant) AND market = \(market)")
      else { throw FixtureFault("no offer") }
      return try row.get("id")
    }
    return try await commerce.placeOrder(
      commerce.makeID(),
      Bag(show: square.show.id, market: market, lines: [Bag.Line(offer: offer, quantity: quantity)]),
      buyer: Buyer(
        account: nil, name: "Asha", email: "asha@example.com", phone: "+91 98 7654 3210",
        address: Buyer.Address(
          name: "Asha", line1: "1 Lamp Street", city: "Jaipur", region: "RJ", postalCode: "302001",
          country: market)), language: "en")
  }

  func pay(_ placed: PlacedOrder, method: String = "pm_card_visa", key: String = "1") async throws -> PaymentOutcome {
    try await commerce.pay(placed.order.id, method: method, key: key, token: placed.access)
  }

  func order(_ placed: PlacedOrder) async throws -> Order {
    try await commerce.order(placed.order.id, token: placed.access)
  }

  func attempts(_ placed: PlacedOrder) async throws -> [PaymentAttempt] {
    try await database.read { db in
      try db.rows(
        "SELECT \(PaymentAttempt.columns) FROM payment_attempt WHERE order_id = \(placed.order.id) ORDER BY id"
      ).map(PaymentAttempt.init)
    }
  }

  /// An event as Stripe would send it, signed now.
  @discardableResult
  func deliver(
    _ object: JSON, kind: String, id: String = "evt_\(UUID().uuidString)", secret: String = webhookSecret,
    live: Bool = false, age: Int64 = 0, account: String? = nil
  ) async throws -> WebhookOutcome {
    var event: JSON = [
      "id": .string(id), "object": "event", "type": .string(kind), "livemode": .bool(live),
      "data": ["object": object],
    ]
    if let account { event["account"] = .string(account) }
    let body = Array(try JSONEncoder().encode(event))
    let signature = WebhookSignature.sign(body, secret: secret, at: square.clock.now.adding(seconds: -age))
    return try await commerce.receivedWebhook("stripe", headers: ["Stripe-Signature": signature], body: body)
  }

  func audit() async throws -> [String] { try await commerce.audit().differences.map { "\($0)" } }

  /// Serves the market's pages and API while `body` runs.
  func serve(
    configure: (inout WebConfiguration) -> Void = { _ in }, _ body: @Sendable (Int) async throws -> Void
  ) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "haat-web-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    var configuration = WebConfiguration()
    configuration.port = 0
    configuration.dataDirectory = directory.path
    configure(&configuration)
    var media = MediaConfiguration()
    media.rtmpHost = "127.0.0.1"
    media.rtmpPort = 0
    var logger = Logger(label: "web")
    logger.logLevel = .critical
    let web = try await Web(
      configuration: configuration, commerce: commerce,
      media: MediaServer(
        configuration: media, logger: logger,
        recordings: Recordings(configuration: RecordingConfiguration(), logger: logger),
        authorize: { _ in .accept(stream: "", mediaTimeMilliseconds: 0) }, report: { _ in }),
      sandbox: nil, bell: Bell(), logger: logger)
    let services = ServiceGroup(configuration: .init(services: [web], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await services.run() }
      let port = await web.boundPort()
      home.url.withLock { $0 = "http://localhost:\(port)" }
      try await body(port)
      await services.triggerGracefulShutdown()
    }
  }
}
