import Foundation
import Logging
import Media
import ServiceLifecycle
import Store
import Synchronization
import TestKit
import Web

@testable import Commerce

/// A small market whose payments go to a stand-in for Razorpay.
struct RazorpayStall: Sendable {
  static let keySecret = "hush_of_the_tests"
  static let webhookSecret = "whisper_of_the_tests"

  let square: MarketSquare
  let razorpay: RazorpayStandIn
  let provider: RazorpayProvider
  let log = LogLines(level: .trace)

  init(_ engine: Engine, secrets: [String] = [webhookSecret], paysOut: Bool = false) async throws {
    let made = Mutex<(RazorpayStandIn, RazorpayProvider)?>(nil)
    let clock = SettableClock()
    clock.now = WallClock.system.now
    square = try await MarketSquare(
      engine,
      providers: { _, wall, _ in
        let razorpay = RazorpayStandIn(clock)
        let settings = RazorpaySettings(
          keyID: "rzp_test_of_the_tests", keySecret: Self.keySecret, webhookSecrets: secrets)
        var provider = RazorpayProvider(settings, http: razorpay.http, clock: wall)
        provider.api.pauses = [.zero, .zero]
        made.withLock { $0 = (razorpay, provider) }
        return PaymentProviders([provider], paysOut: paysOut)
      })
    guard let (razorpay, provider) = made.withLock({ $0 }) else { throw FixtureFault("no provider") }
    self.razorpay = razorpay
    self.provider = provider
    square.clock.now = clock.now
    standInClock = clock
  }

  private let standInClock: SettableClock

  /// Lets time pass, here and there.
  func pass(seconds: Int64) {
    square.clock.now = square.clock.now.adding(seconds: seconds)
    standInClock.now = square.clock.now
  }

  /// The same market with a log that is kept.
  var commerce: Commerce {
    Commerce(
      database: square.commerce.database, clock: square.clock.wallClock, entropy: square.entropy.entropy,
      policy: MarketSquare.policy, providers: square.commerce.providers, logger: Logger(label: "test") { _ in log })
  }

  var database: Database { square.commerce.database }

  func place(_ quantity: Int64 = 1, market: String = "IN", account: ID<Account>? = nil) async throws -> PlacedOrder {
    let variant = square.lampVariant
    let offer: ID<Offer> = try await database.read { db in
      guard let row = try db.row("SELECT id FROM offer WHERE variant_id = \(variant) AND market = \(market)")
      else { throw FixtureFault("no offer") }
      return try row.get("id")
    }
    return try await commerce.placeOrder(
      commerce.makeID(),
      Bag(show: square.show.id, market: market, lines: [Bag.Line(offer: offer, quantity: quantity)]),
      buyer: Buyer(
        account: account, name: "Asha", email: "asha@example.com", phone: "+91 98 7654 3210",
        address: Buyer.Address(
          name: "Asha", line1: "1 Lamp Street", city: "Jaipur", region: "RJ", postalCode: "302001",
          country: market)), language: "en")
  }

  func pay(_ placed: PlacedOrder, method: String = "upi", key: String = "1") async throws -> PaymentOutcome {
    try await commerce.pay(placed.order.id, method: method, key: key, token: placed.access)
  }

  /// Asks for a code to pay with; gives its name.
  func code(_ placed: PlacedOrder, key: String = "1") async throws -> String {
    guard case .requiresAction = try await pay(placed, key: key) else { throw FixtureFault("no code") }
    return try await attempts(placed).first { $0.state == .requiresAction }?.payment ?? ""
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

  /// An event as Razorpay would send it, made `age` seconds ago.
  @discardableResult
  func deliver(
    _ kind: String, _ payload: [String: JSON], id: String? = UUID().uuidString, secret: String = webhookSecret,
    age: Int64 = 0, signature: String? = nil
  ) async throws -> WebhookOutcome {
    let event: JSON = [
      "entity": "event", "account_id": "acc_CJoeHMNpi0nC7k", "event": .string(kind),
      "contains": .array(payload.keys.sorted().map { .string($0) }),
      "payload": .object(payload.mapValues { ["entity": $0] }),
      "created_at": .number(Double(square.clock.now.milliseconds / 1000 - age)),
    ]
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let body = Array(try encoder.encode(event))
    var headers = ["X-Razorpay-Signature": signature ?? RazorpayProvider.sign(body, secret: secret)]
    if let id { headers["X-Razorpay-Event-Id"] = id }
    return try await commerce.receivedWebhook("razorpay", headers: headers, body: body)
  }

  /// What a code's event shows.
  func shown(_ code: String, _ payment: JSON? = nil) -> [String: JSON] {
    var payload = ["qr_code": razorpay.codes.first { $0["id"].string == code } ?? .null]
    if let payment { payload["payment"] = payment }
    return payload
  }

  func audit() async throws -> [String] { try await commerce.audit().differences.map { "\($0)" } }

  /// Serves the market's pages and API while `body` runs.
  func serve(_ body: @Sendable (Int) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "haat-web-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    var configuration = WebConfiguration()
    configuration.port = 0
    configuration.dataDirectory = directory.path
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
      try await body(port)
      await services.triggerGracefulShutdown()
    }
  }
}
