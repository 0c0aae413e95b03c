import Store
import TestKit
import Testing

@testable import Commerce

@Suite struct SRTTests {
  private static func square(_ engine: Engine, ports: ClosedRange<Int>? = 20_000...20_001) async throws -> MarketSquare
  {
    var policy = MarketSquare.policy
    policy.srtPorts = ports
    return try await MarketSquare(engine, policy: policy)
  }

  @Test(arguments: Engine.allCases)
  func `a show has a port and a passphrase of its own until it is over`(engine: Engine) async throws {
    let square = try await Self.square(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    #expect(try await commerce.srtInput(of: show, by: square.owner) == nil)
    let input = try await commerce.openSRT(by: square.owner, show: show)
    #expect(input.port == 20_000 && (10...79).contains(input.passphrase.count))
    #expect(!"\(input)".contains(input.passphrase))
    #expect(try await commerce.srtInput(of: show, by: square.owner) == input)
    #expect(try await commerce.srtInputs() == [input])

    let renewed = try await commerce.openSRT(by: square.owner, show: show)
    #expect(renewed.port == input.port && renewed.passphrase != input.passphrase)
    #expect(try await commerce.srtInputs() == [renewed])
    try await commerce.endShow(by: square.owner, show: show)
    #expect(try await commerce.srtInputs().isEmpty)
    await #expect(throws: ShowRefusal.ended) { try await commerce.openSRT(by: square.owner, show: show) }
  }

  @Test(arguments: Engine.allCases)
  func `shows do not share a port, and who comes when all are taken is told`(engine: Engine) async throws {
    let square = try await Self.square(engine)
    let commerce = square.commerce
    var shows: [ID<Show>] = []
    for title in ["Lamps", "Mugs", "Scarves"] {
      let draft = ShowDraft(title: title, scheduledAt: square.clock.now, markets: ["IN"])
      shows.append(
        try await commerce.scheduleShow(commerce.makeID(), by: square.owner, channel: square.channel.id, draft).id)
    }
    var ports: [Int] = []
    for show in shows.prefix(2) { ports.append(try await commerce.openSRT(by: square.owner, show: show).port) }
    #expect(ports == [20_000, 20_001])
    await #expect(throws: SRTRefusal.noPort(count: 2)) { try await commerce.openSRT(by: square.owner, show: shows[2]) }
    try await commerce.closeSRT(by: square.owner, show: shows[0])
    #expect(try await commerce.openSRT(by: square.owner, show: shows[2]).port == 20_000)
  }

  @Test(arguments: Engine.allCases)
  func `the passphrase is for the channel's hosts, and sealed in the database`(engine: Engine) async throws {
    let square = try await Self.square(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let input = try await commerce.openSRT(by: square.owner, show: show)
    let sealed = try await commerce.database.read { db in
      try db.requireRow("SELECT sealed_passphrase FROM srt_input").get("sealed_passphrase", as: [UInt8].self)
    }
    #expect(!String(decoding: sealed, as: UTF8.self).contains(input.passphrase))
    for stranger in [try await square.person("Nila"), Caller.nobody] {
      await #expect(throws: (any Error).self) { try await commerce.srtInput(of: show, by: stranger) }
      await #expect(throws: (any Error).self) { try await commerce.openSRT(by: stranger, show: show) }
      await #expect(throws: (any Error).self) { try await commerce.closeSRT(by: stranger, show: show) }
    }
    #expect(try await commerce.srtInputs() == [input])
  }

  @Test(arguments: Engine.allCases)
  func `without ports there is no SRT, and a port that is no longer offered is nobody's`(engine: Engine) async throws {
    let off = try await Self.square(engine, ports: nil)
    await #expect(throws: SRTRefusal.off) { try await off.commerce.openSRT(by: off.owner, show: off.show.id) }
    let square = try await Self.square(engine)
    _ = try await square.commerce.openSRT(by: square.owner, show: square.show.id)
    var policy = Policy()
    policy.srtPorts = 30_000...30_000
    let moved = Commerce(
      database: square.commerce.database, policy: policy, providers: PaymentProviders([]),
      vault: square.commerce.vault)
    #expect(try await moved.srtInputs().isEmpty)
  }
}
