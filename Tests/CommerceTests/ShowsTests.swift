import Commerce
import Store
import TestKit
import Testing

@Suite struct ShowsTests {
  @Test(arguments: Engine.allCases)
  func `a pin is an event and the state of who comes in`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let commerce = square.commerce
    try await commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id, mediaTime: 1500)
    let events = try await commerce.numberTimeline(square.show.id)
    #expect(events.map(\.kind) == [.showStarted, .pinned])
    #expect(events.map(\.sequence) == [1, 2])
    #expect(events[1].mediaTime == 1500)
    #expect(events[1].payload == "{\"product\":\"\(square.lamp.id)\"}")
    let state = try await commerce.liveState(square.show.id)
    #expect(state.pinned == square.lamp.id)
    #expect(state.sequence == 2)
    #expect(state.stock == [square.lampVariant: 10])
  }
}
