import Commerce
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct ShowActionTests {
  @Test(arguments: Engine.allCases)
  func `what members do in a show is told to members, the last first, with who did it`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let host = try await square.person("Ravi")
    try await commerce.addMember(by: square.owner, channel: square.channel.id, email: "ravi@example.com", role: .host)
    try await commerce.pin(by: square.owner, show: show, product: square.lamp.id)
    try await commerce.pin(by: host, show: show, product: square.lamp.id)
    try await commerce.unpin(by: host, show: show)
    try await commerce.putRun(by: host, show: show, [])
    let actions = try await commerce.showActions(of: show, by: host)
    #expect(actions.map(\.kind) == [.runChanged, .unpinned, .pinned, .showStarted, .runChanged])
    #expect(actions.map(\.by).prefix(3) == ["Ravi", "Ravi", "Lata"])
    #expect(actions.map(\.role).prefix(3) == [.host, .host, .owner])
    #expect(actions.map(\.subject).prefix(3) == ["", square.lamp.title, square.lamp.title])
    #expect(try await commerce.showActions(of: show, by: host, limit: 2).map(\.kind) == [.runChanged, .unpinned])
    let stranger = try await square.person("Sam")
    await #expect(throws: GeneralRefusal.notFound("show")) { try await commerce.showActions(of: show, by: stranger) }
    await #expect(throws: GeneralRefusal.signInNeeded) { try await commerce.showActions(of: show, by: .nobody) }
  }

  @Test(arguments: Engine.allCases)
  func `what moderators do is among it, and what viewers do is not`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show) = (square.commerce, square.show.id)
    let before = try await commerce.showActions(of: show, by: square.owner).count
    let viewer = try await square.person("Sam")
    let message = try await commerce.say(commerce.makeID(), by: viewer, show: show, text: "buy elsewhere")
    #expect(try await commerce.showActions(of: show, by: square.owner).count == before)
    try await commerce.removeMessage(by: square.owner, show: show, message: message.id, why: .spam, note: "")
    let actions = try await commerce.showActions(of: show, by: square.owner)
    #expect(actions.count == before + 1 && actions.first?.kind == .messageRemoved)
    #expect(actions.first?.subject == message.name)
  }

  @Test(arguments: Engine.allCases)
  func `two who change the run of a show from the same one: the second is told`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let (commerce, show, owner) = (square.commerce, square.show.id, square.owner)
    let known = try await commerce.run(of: show)
    try await commerce.putRun(by: owner, show: show, [], from: known)
    await #expect(throws: ShowRefusal.runChanged) {
      try await commerce.putRun(by: owner, show: show, [square.lamp.id], from: known)
    }
    #expect(try await commerce.run(of: show).isEmpty)
    try await commerce.putRun(by: owner, show: show, [square.lamp.id], from: [])
    try await commerce.putRun(by: owner, show: show, [], from: nil)
    #expect(try await commerce.run(of: show).isEmpty)
  }
}
