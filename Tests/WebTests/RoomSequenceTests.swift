import Commerce
import Foundation
import Logging
import Media
import NIOCore
import NIOEmbedded
import TestKit
import Testing

@testable import Web

/// The sequencer, on an event loop whose clock stands still unless it is told to go on: whatever comes between writes,
/// ticks, crashes and connections, a seed says.
@Suite(.timeLimit(.minutes(3))) struct RoomSequenceTests {
  @Test(arguments: UInt64(1)...8)
  func `every viewer gets the durable events in their order, none lost and none twice`(seed: UInt64) async throws {
    let world = try await World(seed: seed)
    for _ in 0..<600 { try await world.step() }
    try await world.settle()

    let all = try await world.timeline(after: 0)
    #expect(all.count > 100, "seed \(seed)")
    #expect(all == Array(1...Int64(all.count)), "seed \(seed)")
    for (number, viewer) in world.viewers.enumerated() {
      #expect(viewer.seen == all.filter { $0 > viewer.from }, "seed \(seed), viewer \(number)")
    }
    #expect(world.crashes > 2 && world.resets > 0, "seed \(seed): what can happen, happened")
  }
}

/// One show, those who watch it, and the processes that served it one after the other.
private final class World {
  /// A browser: what it has seen stays when its connection is gone.
  struct Browser {
    var channel: NIOAsyncTestingChannel?
    var lastID: String?
    /// The number up to which its first state told everything.
    var from: Int64 = 0
    var seen: [Int64] = []
    /// What came and is no whole event yet.
    var rest: [UInt8] = []
    var text = ""
    /// The number of the state that it was told when it came back.
    var told: Int64 = 0
  }

  private let square: MarketSquare
  private let loop = NIOAsyncTestingEventLoop()
  private var random: SplitMix
  private var room: Room
  private let limits: WebLimits
  private(set) var viewers: [Browser] = []
  private(set) var crashes = 0
  private(set) var resets = 0

  init(seed: UInt64) async throws {
    square = try await MarketSquare(.sqlite)
    random = SplitMix(state: seed)
    var limits = WebLimits()
    // So few that who was away for long is told to start anew.
    limits.roomHistory = 12
    self.limits = limits
    room = try await Self.room(of: square, loop, limits)
  }

  func step() async throws {
    switch Int.random(in: 0..<12, using: &random) {
    case 0...2: try await write(Int.random(in: 1...4, using: &random))
    case 3...4: try await room.advance()
    case 5:
      // Two of the outbox's announcements at once.
      let room = room
      async let one: Void = room.advance()
      async let other: Void = room.advance()
      _ = try await (one, other)
    case 6:
      // A process that numbered and died, or whose answer was lost: nobody was told.
      _ = try await square.commerce.numberTimeline(square.show.id)
    case 7 where Int.random(in: 0..<4, using: &random) == 0: try await crash()
    case 8...9: try await connect(Int.random(in: 0..<6, using: &random))
    case 10:
      if let number = viewers.indices.randomElement(using: &random) { try await leave(number) }
    default: await loop.advanceTime(by: .milliseconds(Int64.random(in: 1...90, using: &random)))
    }
    await loop.run()
    try await read()
  }

  /// All that was written is told, to everybody.
  func settle() async throws {
    try await room.advance()
    for number in viewers.indices where viewers[number].channel == nil { try await connect(number) }
    for _ in 1...3 { await loop.advanceTime(by: .milliseconds(200)) }
    try await read()
    for number in viewers.indices { try await leave(number) }
  }

  func timeline(after place: Int64) async throws -> [Int64] {
    try await square.commerce.timeline(square.show.id, after: place, limit: 1_000).map(\.sequence)
  }

  private func write(_ count: Int) async throws {
    let (commerce, owner, show, lamp) = (square.commerce, square.owner, square.show.id, square.lamp.id)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<count {
        group.addTask {
          _ =
            number % 2 == 0
            ? try await commerce.pin(by: owner, show: show, product: lamp)
            : try await commerce.unpin(by: owner, show: show)
        }
      }
      try await group.waitForAll()
    }
  }

  /// Another process: nothing of the old one is left but what it wrote.
  private func crash() async throws {
    crashes += 1
    for number in viewers.indices { try await leave(number) }
    room = try await Self.room(of: square, loop, limits)
  }

  private func connect(_ number: Int) async throws {
    if number >= viewers.count { viewers.append(Browser()) }
    let place = min(number, viewers.count - 1)
    guard viewers[place].channel == nil else { return }
    let channel = NIOAsyncTestingChannel(loop: loop)
    try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
    viewers[place].channel = channel
    viewers[place].text = ""
    viewers[place].rest = []
    try await room.join(channel, as: "browser \(place)", lastEventID: viewers[place].lastID)
    await loop.run()
    try await read()
  }

  /// The connection is cut: what was on its way and is not whole is lost.
  private func leave(_ number: Int) async throws {
    guard let channel = viewers[number].channel else { return }
    try await read()
    viewers[number].channel = nil
    try? await channel.close()
    await loop.run()
  }

  private func read() async throws {
    for number in viewers.indices {
      guard let channel = viewers[number].channel else { continue }
      while let bytes = try await channel.readOutbound(as: ByteBuffer.self) {
        viewers[number].rest += Array(buffer: bytes)
      }
      viewers[number].text += String(decoding: Chunks.decode(viewers[number].rest), as: UTF8.self)
      viewers[number].rest = []
      while let end = viewers[number].text.firstRange(of: "\n\n") {
        let event = String(viewers[number].text[..<end.lowerBound])
        viewers[number].text.removeSubrange(..<end.upperBound)
        try await take(event, number)
      }
    }
  }

  /// As our page does.
  private func take(_ event: String, _ number: Int) async throws {
    var fields: [String: String] = [:]
    for line in event.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { fields[String(parts[0])] = parts[1].trimmingCharacters(in: .whitespaces) }
    }
    switch fields["event"] {
    case "timeline":
      let id = fields["id"] ?? ""
      viewers[number].lastID = id
      viewers[number].seen.append(LivePlace(id)?.sequence ?? -1)
    case "state":
      let state = try JSONDecoder().decode(State.self, from: Data((fields["data"] ?? "").utf8))
      if viewers[number].lastID == nil {
        viewers[number].from = state.sequence
        viewers[number].lastID = "\(state.epoch):\(state.sequence)"
      } else {
        // What a `reset` after it will say is missing up to here.
        viewers[number].told = state.sequence
      }
    case "reset":
      resets += 1
      // It reads what it has missed, page by page, up to the state that it was told.
      let last = viewers[number].lastID.flatMap(LivePlace.init)?.sequence ?? 0
      let missed = try await timeline(after: last).filter { $0 <= viewers[number].told }
      viewers[number].seen += missed
      if let newest = missed.last { viewers[number].lastID = "\(room.epoch):\(newest)" }
    default: break
    }
  }

  private struct State: Decodable { let epoch: String, sequence: Int64 }

  private static func room(
    of square: MarketSquare, _ loop: NIOAsyncTestingEventLoop, _ limits: WebLimits
  ) async throws -> Room {
    let hubs = try await withThrowingTaskGroup(of: Hubs?.self) { group in
      group.addTask { try await Hubs(group: loop, limits: limits) }
      group.addTask {
        // The hubs ask the loop for their place on it, and it does nothing by itself.
        while !Task.isCancelled {
          await loop.run()
          await Task.yield()
        }
        return nil
      }
      defer { group.cancelAll() }
      while let made = try await group.next() { if let made { return made } }
      throw FixtureFault("no hubs")
    }
    let media = MediaServer(
      configuration: MediaConfiguration(), logger: Logger(label: "test"), authorize: { _ in .refuse(reason: "none") },
      report: { _ in })
    let marks = ShowMarks(commerce: square.commerce, media: media)
    let room = Room(
      square.show.id, commerce: square.commerce, marks: marks, hubs: hubs, limits: limits, speakers: Speakers())
    try await room.load()
    return room
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
