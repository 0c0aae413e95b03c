import Commerce
import Dispatch
import Logging
import Media
import NIOPosix
import Store
import TestKit
import Testing

@testable import Web

/// What a viewer who comes in is told, when the reading of it meets change or trouble.
@Suite(.timeLimit(.minutes(2))) struct RoomTests {
  @Test func `stock that changes while a room is first read is not forgotten`() async throws {
    let square = try await MarketSquare(.postgres)
    let rooms = try await rooms(of: square)
    let held = try await Hold(square)
    async let reading = rooms.room(square.show.id)
    try await held.untilSomebodyWaits()
    try await sellDown(to: 3, square, rooms)
    held.release()
    #expect(try await reading.state(withMessages: false).contains(#""\#(square.lampVariant)":3"#))
  }

  @Test func `stock that changes while a room reads its state again is not forgotten`() async throws {
    let square = try await MarketSquare(.postgres)
    let rooms = try await rooms(of: square)
    let room = try await rooms.room(square.show.id)
    try await square.commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id)
    let held = try await Hold(square)
    async let advancing: Void = room.advance()
    try await held.untilSomebodyWaits()
    try await sellDown(to: 3, square, rooms)
    held.release()
    try await advancing
    #expect(await room.state(withMessages: false).contains(#""\#(square.lampVariant)":3"#))
  }

  @Test(arguments: Engine.allCases)
  func `a state that could not be read is read when the room is called again`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    let rooms = try await rooms(of: square)
    let room = try await rooms.room(square.show.id)
    _ = try await square.commerce.endShow(by: square.owner, show: square.show.id)
    let database = square.testDatabase.database
    try await database.write { _ = try $0.run("ALTER TABLE message RENAME TO message_away") }
    await #expect(throws: (any Error).self) { try await rooms.tell([.timeline(square.show.id)]) }
    try await database.write { _ = try $0.run("ALTER TABLE message_away RENAME TO message") }
    try await rooms.tell([.timeline(square.show.id)])
    #expect(await room.state(withMessages: false).contains(#""state":"ended""#))
  }

  private func rooms(of square: MarketSquare) async throws -> Rooms {
    let hubs = try await Hubs(group: MultiThreadedEventLoopGroup.singleton, limits: WebLimits())
    let media = MediaServer(
      configuration: MediaConfiguration(), logger: Logger(label: "test"), authorize: { _ in .refuse(reason: "none") },
      report: { _ in })
    return Rooms(commerce: square.commerce, media: media, hubs: hubs, limits: WebLimits())
  }

  private func sellDown(to count: Int64, _ square: MarketSquare, _ rooms: Rooms) async throws {
    try await square.commerce.setStock(by: square.owner, variant: square.lampVariant, onHand: count)
    try await rooms.tell([.stock(square.lampVariant)])
  }
}

/// Stops the reading of a show's state in its middle: whoever reads messages waits, and has seen the stock as it was.
private struct Hold {
  private let other: Database
  private let end = DispatchSemaphore(value: 0)

  init(_ square: MarketSquare) async throws {
    other = try await Database.open(square.testDatabase.location, logger: Logger(label: "test"))
    let isHeld = AsyncStream<Void>.makeStream()
    Task { [other, end] in
      try await other.write { db in
        _ = try db.run("LOCK TABLE message IN ACCESS EXCLUSIVE MODE")
        isHeld.continuation.finish()
        end.wait()
      }
    }
    for await _ in isHeld.stream {}
  }

  func untilSomebodyWaits() async throws {
    while true {
      let waiting = try await other.read { db in
        try db.row(
          """
          SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          """
        )?.get("waiting", as: Int64.self)
      }
      if let waiting, waiting > 0 { return }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  func release() { end.signal() }
}
