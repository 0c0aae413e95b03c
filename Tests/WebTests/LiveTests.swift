import Commerce
import Foundation
import NIOCore
import TestKit
import Testing
import Web

@Suite(.timeLimit(.minutes(2))) struct LiveTests {
  @Test func `a viewer gets the state first, and then pins, chat, stock and price as they happen`() async throws {
    try await RunningWeb.run { web in
      let show = "\(web.square.show.id)"
      let offer = try await web.lampOffer()
      let owner = try await web.owner
      try await web.guest.watch(show) { viewer in
        let state = try await viewer.next()
        #expect(state.name == "state" && viewer.retryMilliseconds == 1000)
        #expect(state.json["show"]["state"] == "live" && state.json["show"]["title"] == "Evening lamps")
        #expect(state.json["sequence"] == 1 && state.json["pinned"] == .null)
        #expect(state.json["stock"]["\(web.square.lampVariant)"] == 10)
        #expect(state.json["messages"].array.isEmpty)

        _ = try await owner.put("/api/v1/shows/\(show)/pin", ["product": "\(web.square.lamp.id)", "mediaTime": 4321])
        let pinned = try await viewer.next("timeline")
        #expect(pinned.json["kind"] == "pinned" && pinned.json["seq"] == 2 && pinned.json["mediaTime"] == 4321)
        #expect(pinned.json["product"].string == "\(web.square.lamp.id)")
        #expect(pinned.id == "\(state.json["epoch"].string ?? ""):2")

        _ = try await web.guest.post(
          "/api/v1/shows/\(show)/messages", ["name": "Ravi", "text": "\"Lovely\"\n & bright"])
        let said = try await viewer.next("timeline")
        #expect(said.json["kind"] == "message" && said.json["name"] == "Ravi" && said.json["seq"] == 3)

        _ = try await web.guest.post("/api/v1/orders", web.order(2, offer: offer), headers: ["Idempotency-Key": "k"])
        let stock = try await viewer.next("stock")
        #expect(stock.json == ["variant": "\(web.square.lampVariant)", "available": 8])

        _ = try await owner.patch(
          "/api/v1/products/\(web.square.lamp.id)", ["variants": [["sku": "LAMP-1", "prices": ["IN": 99_900]]]])
        #expect(try await viewer.next("offer").json["variant"].string == "\(web.square.lampVariant)")
      }
    }
  }

  @Test func `a viewer who comes in later finds what happened before`() async throws {
    try await RunningWeb.run { web in
      let show = "\(web.square.show.id)"
      for text in ["one", "two"] {
        _ = try await web.guest.post("/api/v1/shows/\(show)/messages", ["name": "R", "text": .string(text)])
      }
      _ = try await web.owner.put("/api/v1/shows/\(show)/pin", ["product": "\(web.square.lamp.id)"])
      // The room numbers what happened a moment after it.
      let state = try await web.until({ try await web.guest.watch(show) { try await $0.next("state") } }) {
        $0.json["sequence"] != 2 && $0.json["sequence"] != 3
      }
      #expect(state.json["messages"].array.map { $0["text"].string } == ["one", "two"])
      #expect(state.json["pinned"].string == "\(web.square.lamp.id)")
      #expect(state.json["sequence"] == 4)
    }
  }

  @Test func `a viewer who reconnects gets every event it missed, once and in order`() async throws {
    try await RunningWeb.run { web in
      let show = "\(web.square.show.id)"
      func say(_ numbers: ClosedRange<Int>) async throws {
        for number in numbers {
          // What happens within one millisecond has no order of its own.
          web.square.clock.advance(milliseconds: 1)
          let reply = try await web.guest.post("/api/v1/shows/\(show)/messages", ["name": "R", "text": "\(number)"])
          #expect(reply.status == 201)
        }
      }
      try await say(1...3)
      let last = try await web.guest.watch(show) { viewer in
        _ = try await viewer.next("state")
        try await say(4...5)
        // The room may have numbered the third a moment after its state was told.
        var event = try await viewer.next("timeline")
        while event.json["text"] != "4" { event = try await viewer.next("timeline") }
        return event.id
      }
      try await say(6...9)
      let (state, missed) = try await web.guest.watch(show, lastEventID: last) { viewer in
        let state = try await viewer.next("state")
        try await say(10...11)
        var events: [LiveEvent] = []
        while events.last?.json["text"] != "11" { events.append(try await viewer.next("timeline")) }
        return (state, events)
      }
      #expect(state.json["messages"].array.isEmpty, "what it has it does not get again")
      // Number 1 is the show's start, 2 to 4 were there, 5 it saw.
      #expect(missed.map { $0.json["seq"].number } == (6...12).map(Double.init))
      #expect(missed.map { $0.json["text"].string } == (5...11).map(String.init))
    }
  }

  @Test func `a viewer who missed a message that was taken away never gets its text`() async throws {
    try await RunningWeb.run { web in
      let path = "/api/v1/shows/\(web.square.show.id)/messages"
      let place = try await web.guest.watch("\(web.square.show.id)") { viewer in
        let state = try await viewer.next("state")
        let said = try await web.guest.post(path, ["name": "R", "text": "a secret"])
        _ = try await viewer.next("timeline")
        _ = try await web.owner.delete(path + "/" + (said.json["id"].string ?? ""))
        _ = try await viewer.next("timeline")
        return "\(state.json["epoch"].string ?? ""):1"
      }
      let missed = try await web.guest.watch("\(web.square.show.id)", lastEventID: place) { viewer in
        [try await viewer.next("timeline"), try await viewer.next("timeline")]
      }
      #expect(missed.map { $0.json["kind"].string } == ["message", "message_removed"])
      #expect(missed[0].json["text"] == "")
    }
  }

  @Test func `a viewer who was away for too long is told to begin anew`() async throws {
    try await RunningWeb.run(configure: { $0.limits.roomHistory = 3 }) { web in
      let show = "\(web.square.show.id)"
      let first = try await web.guest.watch(show) { viewer in
        let epoch = try await viewer.next("state").json["epoch"].string ?? ""
        for number in 1...9 {
          _ = try await web.guest.post("/api/v1/shows/\(show)/messages", ["name": "R", "text": "\(number)"])
        }
        while try await viewer.next("timeline").json["text"] != "9" {}
        return "\(epoch):1"
      }
      try await web.guest.watch(show, lastEventID: first) { viewer in
        let names = [try await viewer.next().name, try await viewer.next().name]
        #expect(names == ["state", "reset"])
      }
      try await web.guest.watch(show, lastEventID: "another:1") { viewer in
        let state = try await viewer.next("state")
        #expect(state.json["messages"].array.count == 9)
      }
    }
  }

  @Test func `the number of viewers rises with those who come and falls with those who leave`() async throws {
    try await RunningWeb.run { web in
      let show = "\(web.square.show.id)"
      try await web.guest.watch(show) { viewer in
        try await web.guest.watch(show) { other in
          _ = try await other.next("state")
          while try await viewer.next("viewers").json["count"] != 2 {}
        }
        while try await viewer.next("viewers").json["count"] != 1 {}
      }
    }
  }

  @Test func `a viewer who does not read is told to reset, and the others do not wait for it`() async throws {
    try await RunningWeb.run { web in
      let show = "\(web.square.show.id)"
      let long = String(repeating: "क्षि", count: 250)
      try await web.guest.connected { inbound, outbound in
        let head = web.guest.head("GET", "/api/v1/shows/\(show)/events", [:], 0, keep: true)
        try await outbound.write(ByteBuffer(bytes: head))
        var sleeper = EventStream(inbound)
        _ = try await sleeper.next("state")
        // Nothing is read from here on: the sockets fill, then the server's own buffer for it.
        try await web.guest.watch(show) { viewer in
          _ = try await viewer.next("state")
          for number in 1...300 {
            _ = try await web.guest.post(
              "/api/v1/shows/\(show)/messages", ["name": "R", "text": .string("\(number) \(long)")])
          }
          while try await viewer.next("timeline").json["seq"] != 301 {}
        }
        // It wakes up: events without a gap, then `reset`, and never a hole before it.
        var sequence = 1.0
        while true {
          let event = try await sleeper.next("timeline", "reset")
          if event.name == "reset" { break }
          #expect(event.json["seq"].number == sequence + 1)
          sequence += 1
        }
        #expect(sequence < 301)
      }
    }
  }

  @Test func `viewers are told to come back later when the server stops, and it does not wait for them`() async throws {
    try await RunningWeb.run { web in
      try await web.guest.watch("\(web.square.show.id)") { viewer in
        _ = try await viewer.next("state")
        let start = ContinuousClock.now
        await web.stop()
        await #expect(throws: EventStream.Ended.self) {
          while true { _ = try await viewer.next() }
        }
        // A server that waited for its viewers would wait for as long as they watch.
        #expect(ContinuousClock.now - start < .seconds(15))
        #expect((500...4_000).contains(try #require(viewer.retryMilliseconds)))
      }
    }
  }

  @Test func `there is no room for a show that does not exist`() async throws {
    try await RunningWeb.run { web in
      let reply = try await web.guest.get("/api/v1/shows/01890000-0000-7000-8000-000000000000/events")
      #expect(reply.status == 404 && reply.code == "not_found")
      #expect(try await web.guest.get("/api/v1/shows/lamps/events").status == 404)
    }
  }

  @Test func `one address may open so many event streams and no more`() async throws {
    try await RunningWeb.run(configure: { $0.limits.streamsPerAddress = 1 }) { web in
      let show = "\(web.square.show.id)"
      try await web.guest.watch(show) { viewer in
        _ = try await viewer.next("state")
        let refused = try await web.guest.get("/api/v1/shows/\(show)/events")
        #expect(refused.status == 429 && refused.code == "too_many_streams")
      }
      // The place is free again once the first has left.
      _ = try await web.until {
        try? await web.guest.watch(show) { try await $0.next("state") }
      } is: {
        $0 != nil
      }
    }
  }
}
