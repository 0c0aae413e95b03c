import Foundation

/// A seller's stall, set up through the API as a program would: operator, market, channel, a product, a show on air.
struct Stall: Sendable {
  let host: Client
  let channel: String
  let product: String
  let variant: String
  let offer: String
  let show: String
  let server: String
  let key: String

  private static var market: [String: Any] {
    [
      "name": "India", "currency": "INR", "languages": ["en", "hi"], "isOpen": true, "commissionBasisPoints": 1000,
      "taxIncludedBasisPoints": 1800, "shippingMinor": 4900, "shippingFreeFromMinor": 99_900,
    ]
  }

  static let email = "asha@example.com"
  static let password = "a long enough password"

  /// - Parameters:
  ///   - stock: units of the one variant on hand.
  ///   - isLive: whether the show is started already, without a picture.
  static func setUp(at addresses: HaatProgram.Addresses, stock: Int, isLive: Bool = true) async throws -> Stall {
    let host = Client(addresses.web)
    guard let link = addresses.setup.flatMap({ URLComponents(string: $0) }),
      let token = link.queryItems?.first(where: { $0.name == "token" })?.value
    else { throw Trouble("haat serve printed no link for the operator") }
    try await host.call(
      "POST", "/api/v1/setup",
      ["token": token, "email": email, "name": "Asha", "password": password],
      expecting: 201)
    try await host.call("PUT", "/api/v1/markets/IN", market)
    let channel = try await host.call(
      "POST", "/api/v1/channels",
      ["handle": "asha", "name": "Asha's Lamps", "about": "Brass, by hand.", "market": "IN"],
      expecting: 201
    ).text("id")
    let made = try await host.call(
      "POST", "/api/v1/channels/\(channel)/products",
      [
        "title": "Brass lamp", "description": "Cast by hand.",
        "variants": [["sku": "LAMP", "options": [], "prices": ["IN": 129_900], "onHand": stock]],
      ], expecting: 201)
    let product = try made.text("id")
    let show = try await host.call(
      "POST", "/api/v1/channels/\(channel)/shows",
      ["title": "Evening lamps", "scheduledAt": Date.now.addingTimeInterval(3600).ISO8601Format(), "markets": ["IN"]],
      expecting: 201
    ).text("id")
    try await host.call("PUT", "/api/v1/shows/\(show)/run", ["products": [product]])
    let key = try await host.call("POST", "/api/v1/shows/\(show)/stream-key", expecting: 201)
    if isLive { try await host.call("PUT", "/api/v1/shows/\(show)/state", ["state": "live"]) }
    let cards = try await host.call("GET", "/api/v1/shows/\(show)/products?market=IN", expecting: 200)
    return Stall(
      host: host, channel: channel, product: product, variant: try cards.text("items.0.variants.0.id"),
      offer: try cards.text("items.0.variants.0.offer.id"), show: show, server: addresses.rtmp,
      key: try key.text("key"))
  }

  /// The body of an order for one lamp.
  func order(by name: String) -> [String: Any] {
    [
      "show": show, "market": "IN", "lines": [["offer": offer, "quantity": 1]],
      "buyer": [
        "name": name, "email": "buyer@example.com", "phone": "+91 98765 43210",
        "address": [
          "line1": "12 Park Street", "city": "Kolkata", "region": "WB", "postalCode": "700016", "country": "IN",
        ],
      ],
    ]
  }

  /// The demo's products with their pictures, brought in beside the running program.
  func takeIn(demoProductsOf program: HaatProgram) async throws {
    let demo = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/haat/Demo").standardizedFileURL
    let folder = program.directory.appending(path: "catalogue")
    try FileManager.default.copyItem(at: demo.appending(path: "Pictures"), to: folder)
    let file = folder.appending(path: "catalogue.csv")
    try FileManager.default.copyItem(at: demo.appending(path: "catalogue.csv"), to: file)
    let taken = try await program.run(["import", file.path, "--channel", "asha", "--market", "IN"])
    guard taken.status == 0 else { throw Trouble(taken.output) }
  }
}
