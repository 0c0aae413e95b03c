import Commerce
import Foundation
import Logging
import Media
import ServiceLifecycle
import Store
import TestKit
import Web

/// The real server on a port of its own, over a small market (`MarketSquare`) whose payments go to the sandbox.
struct RunningWeb: Sendable {
  let square: MarketSquare
  let port: Int
  /// 0 without a certificate.
  let securePort: Int
  let media: MediaServer
  let sandbox: SandboxProvider
  let dataDirectory: String
  private let services: ServiceGroup

  /// Nobody in particular.
  var guest: Client { Client(port: port) }

  /// Starts it, runs `body`, and stops it.
  static func run(
    configure: (inout WebConfiguration) -> Void = { _ in }, policy: Policy = MarketSquare.policy,
    behaviour: SandboxBehaviour = .prompt, paysOut: Bool = false, mayPublish: Bool = false, lines: LogLines? = nil,
    _ body: @Sendable (RunningWeb) async throws -> Void
  ) async throws {
    let bell = Bell()
    let made = Made()
    let square = try await MarketSquare(
      .sqlite, policy: policy,
      providers: { database, clock, entropy in
        let sandbox = SandboxProvider(
          database: database, clock: clock, entropy: entropy, secret: "a secret of the tests", behaviour: behaviour)
        made.sandbox = sandbox
        return PaymentProviders([sandbox], paysOut: paysOut)
      }, changed: { bell.ring() })

    let directory = FileManager.default.temporaryDirectory.appending(path: "haat-web-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    var configuration = WebConfiguration()
    configuration.port = 0
    configuration.dataDirectory = directory.path
    configuration.backups.directory = directory.appending(path: "backups").path
    // The market's clock stands still, and so do limits that wait for it.
    let plenty = Allowance(burst: 100_000, perMinute: 60_000)
    configuration.limits.signUp = plenty
    configuration.limits.orders = plenty
    configuration.limits.chat = plenty
    configuration.limits.writes = plenty
    // What a test says is not left out, but where that is what it is about.
    configuration.limits.chatPerSecond = 0
    configure(&configuration)
    let dataDirectory = configuration.dataDirectory

    var logger = lines.map { lines in Logger(label: "web") { _ in LogLines.Writer(lines) } } ?? Logger(label: "web")
    if lines == nil { logger.logLevel = .critical }
    var recording = RecordingConfiguration()
    recording.directory = directory.appending(path: "media").path
    var mediaConfiguration = MediaConfiguration()
    mediaConfiguration.rtmpHost = "127.0.0.1"
    mediaConfiguration.rtmpPort = 0
    // A show's id is its key.
    let media = MediaServer(
      configuration: mediaConfiguration, logger: logger,
      recordings: Recordings(configuration: recording, logger: logger),
      authorize: { .accept(stream: $0.streamKey, mediaTimeMilliseconds: 60_000) }, report: { _ in })
    guard let sandbox = made.sandbox else { throw FixtureFault("no sandbox") }
    let web = try await Web(
      configuration: configuration, commerce: square.commerce, media: media, sandbox: sandbox, bell: bell,
      logger: logger)
    let services = ServiceGroup(configuration: .init(services: [web], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await services.run() }
      if mayPublish { group.addTask { try await media.run() } }
      let port = await web.boundPort()
      let securePort = await web.boundSecurePort()
      try await body(
        RunningWeb(
          square: square, port: port, securePort: securePort, media: media, sandbox: sandbox,
          dataDirectory: dataDirectory,
          services: services))
      await services.triggerGracefulShutdown()
      // The encoder's side ends when it is told to.
      if mayPublish { group.cancelAll() }
    }
  }

  private final class Made { var sandbox: SandboxProvider? }

  /// Stops the server as a signal would.
  func stop() async { await services.triggerGracefulShutdown() }

  /// Asks until what came back is as it should be; the test's time limit ends it.
  func until<T>(_ ask: () async throws -> T, is good: (T) -> Bool) async throws -> T {
    while true {
      let answer = try await ask()
      if good(answer) { return answer }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Somebody with an account, signed in by cookie.
  func signedIn(_ email: String) async throws -> Client {
    let reply = try await guest.post(
      "/api/v1/session", ["email": .string(email), "password": .string(MarketSquare.password)])
    return Client(port: port, cookie: try reply.cookie("haat_session"))
  }

  var owner: Client { get async throws { try await signedIn(MarketSquare.ownerEmail) } }
  var `operator`: Client { get async throws { try await signedIn(MarketSquare.operatorEmail) } }

  /// Another seller, with nothing to do with the market's channel.
  var stranger: Client {
    get async throws {
      // Made when first asked for.
      _ = try? await square.person("Stranger")
      return try await signedIn("stranger@example.com")
    }
  }

  /// The lamp's open offer in a market, as a viewer finds it.
  func lampOffer(_ market: String = "IN") async throws -> String {
    let reply = try await guest.get("/api/v1/shows/\(square.show.id)/products?market=\(market)")
    return reply.json["items"][0]["variants"][0]["offer"]["id"].string ?? ""
  }

  /// What a buyer sends for lamps.
  func order(_ quantity: Int = 1, offer: String) -> JSON {
    [
      "show": "\(square.show.id)", "market": "IN",
      "lines": [["offer": .string(offer), "quantity": .number(Double(quantity))]],
      "buyer": [
        "name": "Asha Rao", "email": "asha@example.com", "phone": "+91 98765 43210",
        "address": ["line1": "12 Lamp Lane", "city": "Pune", "region": "MH", "postalCode": "411001", "country": "IN"],
      ],
    ]
  }

  /// A placed order: its id and the token that opens it.
  func placed(
    _ quantity: Int = 1, key: String = UUID().uuidString, by buyer: Client? = nil
  ) async throws -> (id: String, token: String) {
    let reply = try await (buyer ?? guest).post(
      "/api/v1/orders", order(quantity, offer: lampOffer()), headers: ["Idempotency-Key": key])
    return (reply.json["order"]["id"].string ?? "", reply.json["accessToken"].string ?? "")
  }

  /// A payment method of one of the test cards.
  func method(_ number: String) async throws -> String {
    let reply = try await guest.post(
      "/sandbox/v1/payment_methods", ["number": .string(number), "expMonth": 12, "expYear": 2030, "cvc": "123"])
    return reply.json["id"].string ?? ""
  }
}
