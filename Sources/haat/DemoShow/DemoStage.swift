import Commerce
import Foundation
import Store

/// What a demo needs before it can begin: an operator who can sign in, markets, a channel with products, a show.
struct DemoStage: Sendable {
  static let email = "demo@haat.example"

  let caller: Caller
  let password: String
  let show: ID<Show>
  let streamKey: Secret
  /// The products in the order they are shown.
  let run: [ID<Product>]

  /// Sets the stage, or finds it as an earlier demo left it. A stock that was sold out is filled up again.
  static func set(_ commerce: Commerce, content: DemoContent, dataDirectory: String) async throws -> DemoStage {
    let (caller, password) = try await account(commerce, dataDirectory: dataDirectory)
    for market in markets { _ = try await commerce.putMarket(by: caller, market) }
    let names = try content.names()
    let channel = try await channel(commerce, caller: caller, names: names)
    let products = try await catalogue(
      commerce, caller: caller, channel: channel, content: content, dataDirectory: dataDirectory)
    let run = try content.run().compactMap { products[$0] }
    let show = try await show(commerce, caller: caller, channel: channel, names: names, run: run)
    let key = try await commerce.makeStreamKey(by: caller, show: show)
    return DemoStage(caller: caller, password: password, show: show, streamKey: key, run: run)
  }

  private static var markets: [Market] {
    [
      market("IN", "INR", "India", ["en", "hi"], tax: 1800, shipping: 4900, freeFrom: 99_900),
      market("US", "USD", "United States", ["en"], tax: 0, shipping: 900, freeFrom: 9_900),
    ].compactMap(\.self)
  }

  private static func market(
    _ code: String, _ currency: String, _ name: String, _ languages: [String], tax: Int64, shipping: Int64,
    freeFrom: Int64
  ) -> Market? {
    guard let currency = Currency(currency), let commission = Rate(basisPoints: 1000),
      let taxIncluded = Rate(basisPoints: tax)
    else { return nil }
    return Market(
      code: code, currency: currency, name: name, languages: languages, commission: commission,
      taxIncluded: taxIncluded, shippingMinor: shipping, shippingFreeFromMinor: freeFrom)
  }

  /// The demo's operator; the password is kept in the data directory, readable by its owner only.
  private static func account(
    _ commerce: Commerce, dataDirectory: String
  ) async throws -> (Caller, password: String) {
    let keep = dataDirectory + "/demo-password"
    if let token = try await commerce.setupToken() {
      let password = String(Secret(prefix: "", entropy: .system).text.prefix(16))
      let account = try await commerce.makeOperator(
        token: token.text, email: email, name: "Meera", password: password)
      try DataDirectory.write(Data(password.utf8), to: keep)
      return (Caller(account: account.id, isOperator: true), password)
    }
    guard let kept = FileManager.default.contents(atPath: keep) else {
      throw StartFault(
        sentence: "“\(dataDirectory)” belongs to a server that is no demo; choose another with --data-directory")
    }
    let password = String(decoding: kept, as: UTF8.self)
    let signedIn = try await commerce.signIn(email: email, password: password, address: "demo")
    try await commerce.signOut(token: signedIn.token.text)
    return (Caller(account: signedIn.account.id, isOperator: true), password)
  }

  private static func channel(
    _ commerce: Commerce, caller: Caller, names: [String: String]
  ) async throws -> ID<Channel> {
    let handle = names["handle"] ?? "demo"
    if let known = try await commerce.channels(by: caller).first(where: { $0.0.handle == handle }) {
      return known.0.id
    }
    let draft = ChannelDraft(
      handle: handle, name: names["name"] ?? handle, about: names["about"] ?? "", market: "IN")
    return try await commerce.makeChannel(commerce.makeID(), by: caller, draft).id
  }

  /// The catalogue with its prices in both markets, by handle. One that is there already gets its stock filled up again.
  private static func catalogue(
    _ commerce: Commerce, caller: Caller, channel: ID<Channel>, content: DemoContent, dataDirectory: String
  ) async throws -> [String: ID<Product>] {
    var products: [String: ID<Product>] = [:]
    for market in ["IN", "US"] {
      let report = try await commerce.importProducts(
        by: caller, channel: channel, csv: try content.catalogue(market: market), market: market)
      guard market == "IN" else { continue }
      for picture in report.pictures { products[picture.handle] = picture.product }
      _ = try await PictureFiles(
        commerce: commerce, dataDirectory: dataDirectory, folder: content.directory.appending(path: "Pictures")
      ).add(report.pictures, by: caller)
    }
    return products
  }

  private static func show(
    _ commerce: Commerce, caller: Caller, channel: ID<Channel>, names: [String: String], run: [ID<Product>]
  ) async throws -> ID<Show> {
    if let live = try await commerce.shows(state: .live, channel: channel, by: caller).items.first { return live.id }
    let title = names["show"] ?? "Demo"
    // One that was stopped before its picture came has left its show behind. A person's own plans are left alone.
    let planned = try await commerce.shows(state: .scheduled, channel: channel, by: caller, limit: 100).items
    if let left = planned.first(where: { $0.title == title }) { return left.id }
    let draft = ShowDraft(
      title: title, description: names["about"] ?? "", scheduledAt: commerce.clock.now,
      markets: ["IN", "US"], orientation: .vertical)
    let show = try await commerce.scheduleShow(commerce.makeID(), by: caller, channel: channel, draft)
    try await commerce.putRun(by: caller, show: show.id, run)
    return show.id
  }
}
