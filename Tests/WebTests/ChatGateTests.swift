import Commerce
import Foundation
import NIOCore
import Synchronization
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// What many say at once is written a few at a time.
@Suite(.timeLimit(.minutes(3))) struct ChatGateTests {
  @Test func `the first goes in at once, and the others follow together, so many at a time, as they came`() {
    let gate = ChatGate(atOnce: 2)
    let turns = Mutex<[Int]>([])
    #expect(gate.enter {} == .inside)
    for number in 1...5 { #expect(gate.enter { turns.withLock { $0.append(number) } } == .waits) }
    #expect(turns.withLock { $0 } == [])
    gate.leave()
    #expect(turns.withLock { $0 } == [1, 2])
    gate.leave()
    #expect(turns.withLock { $0 } == [1, 2], "one of them is still inside")
    gate.leave()
    #expect(turns.withLock { $0 } == [1, 2, 3, 4])
    for _ in 0..<3 { gate.leave() }
    #expect(turns.withLock { $0 } == [1, 2, 3, 4, 5])
    // Nobody is inside any more.
    #expect(gate.enter {} == .inside && gate.enter {} == .waits)
  }

  @Test func `there is a rest between two lots, in which nobody goes in`() {
    let rests = Mutex<[@Sendable () -> Void]>([])
    let gate = ChatGate(atOnce: 8) { end in rests.withLock { $0.append(end) } }
    let turns = Mutex(0)
    #expect(gate.enter {} == .inside)
    gate.leave()
    #expect(rests.withLock { $0.count } == 0, "nobody waits: the next goes in at once")
    #expect(gate.enter {} == .inside)
    for _ in 0..<2 { #expect(gate.enter { turns.withLock { $0 += 1 } } == .waits) }
    gate.leave()
    #expect(gate.enter { turns.withLock { $0 += 1 } } == .waits)
    #expect(turns.withLock { $0 } == 0 && rests.withLock { $0.count } == 1)
    rests.withLock { $0[0] }()
    #expect(turns.withLock { $0 } == 3)
  }

  @Test func `no more wait than there is room for`() {
    let gate = ChatGate(atOnce: 1)
    #expect(gate.enter {} == .inside)
    for _ in 0..<ChatGate.waitingMax { _ = gate.enter {} }
    #expect(gate.enter {} == .full)
    gate.leave()
    #expect(gate.enter {} == .waits)
  }

  @Test func `all of a crowd are heard, one after the other`() async throws {
    try await RunningWeb.run(configure: { $0.limits.chatAtOnce = 1 }) { web in
      let path = "/api/v1/shows/\(web.square.show.id)/messages"
      let asha = try await web.signedIn(MarketSquare.ownerEmail)
      let replies = try await withThrowingTaskGroup(of: Reply.self) { group in
        for number in 0..<40 {
          group.addTask {
            try await (number % 4 == 0 ? asha : web.guest).post(path, ["name": "Asha", "text": "hello \(number)"])
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(replies.map(\.status) == Array(repeating: 201, count: 40))
    }
  }

  @Test func `who is slow to say something, or goes before it is their turn, holds up nobody`() async throws {
    try await RunningWeb.run(configure: { $0.limits.chatAtOnce = 1 }) { web in
      let path = "/api/v1/shows/\(web.square.show.id)/messages"
      let body = Array(#"{"name":"Asha","text":"gone"}"#.utf8)
      let message = web.guest.head("POST", path, ["Content-Type": "application/json"], body.count, keep: true) + body
      try await web.guest.connected { _, slow in
        // All but its last byte.
        try await slow.write(ByteBuffer(bytes: message.dropLast()))
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<20 {
            group.addTask { try await web.guest.connected { try await $1.write(ByteBuffer(bytes: message)) } }
          }
          try await group.waitForAll()
        }
        #expect(try await web.guest.post(path, ["name": "Ravi", "text": "still here"]).status == 201)
      }
    }
  }
}
