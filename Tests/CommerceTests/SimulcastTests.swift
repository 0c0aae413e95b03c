import Store
import TestKit
import Testing

@testable import Commerce

@Suite struct SimulcastTests {
  private static let key = "live_4711-Secret?bandwidthtest=true"

  private static func add(
    _ square: MarketSquare, _ address: String = "rtmps://live.example.com/app", key: String = key,
    by caller: Caller? = nil
  ) async throws -> SimulcastTarget {
    try await square.commerce.addSimulcastTarget(
      square.commerce.makeID(), by: caller ?? square.owner, show: square.show.id, address: address, key: key)
  }

  @Test(arguments: Engine.allCases)
  func `a target is pushed to while it is on and its show is on air`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let target = try await Self.add(square)
    #expect(target.isOn && target.address.description == "rtmps://live.example.com/app")
    #expect(try await commerce.simulcastTargets(of: show, by: square.owner) == [target])
    let pushes = try await commerce.simulcastPushes()
    #expect(pushes[show]?.map(\.key) == [Self.key] && pushes[show]?.map(\.target) == [target])
    #expect(!"\(pushes)".contains("Secret"))

    try await commerce.switchSimulcastTarget(target.id, by: square.owner, show: show, isOn: false)
    #expect(try await commerce.simulcastPushes().isEmpty)
    try await commerce.switchSimulcastTarget(target.id, by: square.owner, show: show, isOn: true)
    #expect(try await commerce.simulcastPushes().count == 1)
    try await commerce.endShow(by: square.owner, show: show)
    #expect(try await commerce.simulcastPushes().isEmpty)
    await #expect(throws: ShowRefusal.ended) { try await Self.add(square) }
    try await commerce.removeSimulcastTarget(target.id, by: square.owner, show: show)
    #expect(try await commerce.simulcastTargets(of: show, by: square.owner) == [])
  }

  @Test(arguments: Engine.allCases)
  func `a key is sealed in the database, and opens with this installation's secret only`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    _ = try await Self.add(square)
    let sealed = try await square.commerce.database.read { db in
      try db.requireRow("SELECT sealed_key FROM simulcast_target").get("sealed_key", as: [UInt8].self)
    }
    #expect(!String(decoding: sealed, as: UTF8.self).contains("Secret"))
    let other = Commerce(
      database: square.commerce.database, providers: PaymentProviders([]), vault: Vault(secret: [1, 2, 3]))
    #expect(try await other.simulcastPushes().isEmpty)
  }

  @Test(arguments: Engine.allCases)
  func `only owners and hosts see and change where a show goes, and only so many places`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let id = commerce.makeID(SimulcastTarget.self)
    for _ in 0..<2 {
      try await commerce.addSimulcastTarget(
        id, by: square.owner, show: show, address: "rtmp://a.example/live", key: "k1")
    }
    await #expect(throws: IDTaken(what: "target")) {
      try await commerce.addSimulcastTarget(
        id, by: square.owner, show: show, address: "rtmp://a.example/live", key: "k2")
    }
    await #expect(throws: GeneralRefusal.self) { try await Self.add(square, by: .nobody) }
    await #expect(throws: GeneralRefusal.self) { try await commerce.simulcastTargets(of: show, by: .nobody) }
    for _ in 1..<commerce.policy.simulcastTargetsPerShowMax { _ = try await Self.add(square) }
    await #expect(throws: GeneralRefusal.tooMany(what: "simulcast targets of a show", limit: 5)) {
      try await Self.add(square)
    }
    await #expect(throws: GeneralRefusal.self) { try await Self.add(square, key: "a b") }
    await #expect(throws: GeneralRefusal.self) { try await Self.add(square, key: "") }
  }

  @Test func `an address is a scheme, a host, perhaps a port, and a path, and nothing else`() {
    let good = [
      "rtmp://a.rtmp.youtube.com/live2": "rtmp://a.rtmp.youtube.com/live2",
      "RTMPS://Live-API-S.facebook.com:443/rtmp/": "rtmps://live-api-s.facebook.com/rtmp",
      "rtmp://[2606:4700::1]:1936/a/b": "rtmp://[2606:4700::1]:1936/a/b",
    ]
    for (text, written) in good { #expect(SimulcastAddress(text)?.description == written, "\(text)") }
    for text in [
      "", "rtmp://", "rtmp://host", "rtmp://host/", "http://host/app", "rtmp:///app", "rtmp://user:word@host/app",
      "rtmp://host:0/app", "rtmp://host:x/app", "rtmp://[::1/app", "rtmp://host/a b", "rtmp://host/app?x=1",
      "rtmp://host/../app", "rtmp://ho st/app", "rtmp://host/app#x", "rtmp://høst/app",
      "rtmp://" + String(repeating: "a", count: 300) + "/app",
    ] { #expect(SimulcastAddress(text) == nil, "\(text)") }
  }
}
