import Commerce
import Foundation
import Logging
import Media
import NIOPosix
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// A show's numbers over HTTP: what viewers do with products, and the report of it.
@Suite(.timeLimit(.minutes(3))) struct NumbersWebTests {
  private static let page = ["Accept": "text/html"]

  private static func buy(_ web: RunningWeb, _ quantity: Int = 1, key: String) async throws {
    let (id, token) = try await web.placed(quantity, key: key)
    let paid = try await web.guest.post(
      "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(web.method("4242424242424242"))],
      headers: ["Idempotency-Key": "pay \(key)", "Order-Token": token])
    #expect(paid.status == 200, "\(paid.text)")
  }

  @Test func `a tap counts once for a viewer, a product and a while, and never for what is not in the show`()
    async throws
  {
    try await RunningWeb.run { web in
      let (show, lamp) = (web.square.show.id, web.square.lamp.id)
      let interest = "/api/v1/shows/\(show)/interest"
      func tell(_ kind: String, _ product: String, as viewer: String) async throws -> JSON {
        let reply = try await web.guest.post(
          interest, ["kind": .string(kind), "product": .string(product)],
          headers: ["Cookie": viewer, "Sec-Fetch-Site": "same-origin"])
        #expect(reply.status == 200, "\(reply.text)")
        return reply.json["counted"]
      }
      let viewers = (0..<3).map { _ in "haat_viewer=\(web.square.commerce.makeID() as ID<Show>)" }
      for viewer in viewers { #expect(try await tell("tap", "\(lamp)", as: viewer) == true) }
      for viewer in viewers { #expect(try await tell("tap", "\(lamp)", as: viewer) == false, "the same again") }
      #expect(try await tell("bag", "\(lamp)", as: viewers[0]) == true)
      #expect(try await tell("tap", "\(web.square.commerce.makeID() as ID<Product>)", as: viewers[0]) == false)
      web.square.clock.advance(seconds: 61)
      #expect(try await tell("tap", "\(lamp)", as: viewers[0]) == true, "a while later it is another")
      #expect(try await web.guest.post(interest, ["kind": "stare", "product": "\(lamp)"]).status == 400)
      #expect(
        try await web.guest.post("/api/v1/shows/\(lamp)/interest", ["kind": "tap", "product": "\(lamp)"]).status == 404)
      // Who was not known is, from then on.
      let first = try await web.guest.post(interest, ["kind": "tap", "product": "\(lamp)"])
      let cookie = try first.cookie("haat_viewer")
      #expect(first.json["counted"] == true)
      #expect(try await tell("tap", "\(lamp)", as: "haat_viewer=\(cookie)") == false)
      let owner = try await web.owner
      let report = try await web.until(
        { try await owner.get("/api/v1/shows/\(show)/report").json }, is: { $0["taps"] == 5 })
      #expect(report["bagAdds"] == 1 && report["products"][0]["title"] == "Brass lamp")
      #expect(report["sources"][0]["source"] == "page" && report["sources"][0]["taps"] == 5)
      #expect(report["steps"][0]["taps"] == 3 && report["steps"][1]["minute"] == 1)
    }
  }

  @Test func `an address tells of no more than its share, and is not refused for it`() async throws {
    try await RunningWeb.run { configuration in
      configuration.limits.interest = Allowance(burst: 4, perMinute: 1)
    } _: { web in
      let interest = "/api/v1/shows/\(web.square.show.id)/interest"
      var counted = 0
      for _ in 0..<7 {
        let viewer = "haat_viewer=\(web.square.commerce.makeID() as ID<Show>)"
        let reply = try await web.guest.post(
          interest, ["kind": "tap", "product": "\(web.square.lamp.id)"],
          headers: ["Cookie": viewer, "Sec-Fetch-Site": "same-origin"])
        #expect(reply.status == 200)
        if reply.json["counted"] == true { counted += 1 }
      }
      #expect(counted == 4)
    }
  }

  @Test func `where a tap came from is told as an order's is, and numbers go on after a restart`() async throws {
    try await RunningWeb.run { web in
      let (show, lamp) = (web.square.show.id, web.square.lamp.id)
      let interest = "/api/v1/shows/\(show)/interest"
      func tap(_ more: [String: JSON] = [:], cookie: String = "") async throws {
        let viewer = "haat_viewer=\(web.square.commerce.makeID() as ID<Show>)\(cookie)"
        var body: [String: JSON] = ["kind": "tap", "product": "\(lamp)"]
        body.merge(more) { $1 }
        let reply = try await web.guest.post(
          interest, .object(body), headers: ["Cookie": viewer, "Sec-Fetch-Site": "same-origin"])
        #expect(reply.json["counted"] == true, "\(reply.text)")
      }
      try await tap()
      try await tap(["site": "https://blog.example"])
      try await tap(cookie: "; haat_via=blog")
      try await tap(["clip": "\(web.square.commerce.makeID() as ID<Clip>)"])
      _ = try await web.square.commerce.endShow(by: web.square.owner, show: show)
      _ = try await web.until(
        { try await web.guest.post("/api/v1/shows/\(show)/reactions") }, is: { $0.status == 409 })
      try await tap()
      // Before the seconds are over: what is left is written when the server stops.
      await web.stop()
      let report = try await web.until(
        { try await web.square.commerce.report(of: show, by: web.square.owner) }, is: { $0.interest.taps == 5 })
      #expect(report.sources.map(\.way) == ShowWay.allCases && report.sources.allSatisfy { $0.interest.taps == 1 })
      #expect(report.steps.map(\.minute) == [0, nil], "after the show is in no minute of it")
    }
  }

  @Test func `a product's page counts a tap for the show that it was opened from`() async throws {
    try await RunningWeb.run { web in
      let (show, lamp) = (web.square.show.id, web.square.lamp.id)
      let watch = try await web.guest.get("/watch/\(show)", headers: Self.page).text
      #expect(watch.contains("href=\"/products/\(lamp)?show=\(show)\""))
      for _ in 0..<3 {
        #expect(try await web.guest.get("/products/\(lamp)?show=\(show)", headers: Self.page).status == 200)
      }
      for strange in ["nothing", "\(lamp)", ""] {
        #expect(try await web.guest.get("/products/\(lamp)?show=\(strange)", headers: Self.page).status == 200)
      }
      let owner = try await web.owner
      let report = try await web.until(
        { try await owner.get("/api/v1/shows/\(show)/report").json }, is: { ($0["taps"].number ?? 0) > 0 })
      #expect(report["taps"] == 1)
    }
  }

  @Test func `everybody who watches is in the report once, minute by minute`() async throws {
    try await RunningWeb.run { web in
      let (show, owner) = (web.square.show.id, try await web.owner)
      let cookie = ["Cookie": "haat_viewer=\(web.square.commerce.makeID() as ID<Show>)"]
      func report() async throws -> JSON { try await owner.get("/api/v1/shows/\(show)/report").json }
      try await web.guest.watch("\(show)", headers: cookie) { one in
        _ = try await one.next("state")
        try await web.guest.watch("\(show)") { two in
          _ = try await two.next("state")
          _ = try await web.until(report, is: { $0["peak"] == 2 && $0["viewers"] == 2 })
        }
      }
      // Gone, and back again: nobody new.
      web.square.clock.advance(seconds: 60)
      try await web.guest.watch("\(show)", headers: cookie) { one in
        _ = try await one.next("state")
        let report = try await web.until(report, is: { $0["steps"].array.count == 2 })
        #expect(report["viewers"] == 2 && report["steps"][0]["viewers"] == 2 && report["steps"][1]["viewers"] == 1)
      }
    }
  }

  @Test func `the report is a page, two tables and JSON, for those who see what is sold`() async throws {
    try await RunningWeb.run { web in
      let (show, owner) = (web.square.show.id, try await web.owner)
      try await web.square.commerce.pin(by: web.square.owner, show: show, product: web.square.lamp.id)
      try await Self.buy(web, 2, key: "one")
      let page = try await owner.get("/studio/shows/\(show)/report", headers: Self.page)
      #expect(
        page.status == 200 && page.text.contains("₹2,598") && page.text.contains("<svg class=\"show-chart wide\""))
      #expect(page.text.contains("Brass lamp") && !page.text.contains(">numbers."), "every word is there")
      let hindi = try await owner.get("/studio/shows/\(show)/report?lang=hi", headers: Self.page).text
      #expect(hindi.contains("₹2,598") && hindi.contains("रिपोर्ट") && !hindi.contains(">numbers."))
      let json = try await owner.get("/api/v1/shows/\(show)/report").json
      #expect(json["sales"][0]["grossMinor"] == 259_800 && json["sales"][0]["netMinor"] == 259_800)
      #expect(json["orders"] == 1 && json["products"][0]["units"] == 2 && json["state"] == "live")
      #expect(json["steps"][0]["sales"][0]["minor"] == 259_800)
      for path in ["/api/v1/shows/\(show)/report/file", "/studio/shows/\(show)/report/minutes"] {
        let file = try await owner.get(path)
        #expect(file.status == 200 && file.header("content-type")?.hasPrefix("text/csv") == true, "\(path)")
        #expect(file.header("content-disposition")?.contains("lamps-show-") == true && file.text.contains("2598.00"))
      }
      let totals = try await owner.get("/api/v1/shows/\(show)/report/file?part=totals").text
      #expect(totals == (try await owner.get("/studio/shows/\(show)/report/totals").text) && totals.contains("total,"))
      #expect(try await owner.get("/api/v1/shows/\(show)/report/file?part=all").status == 400)
      #expect(try await owner.get("/studio/shows/\(show)/report/all").status == 404)
      // In the control room while it is on air, and anew without its frame.
      let room = try await owner.get("/studio/shows/\(show)", headers: Self.page).text
      #expect(room.contains("src=\"/studio/shows/\(show)/numbers\"") && room.contains("data-live=\"chart\""))
      let part = try await owner.get("/studio/shows/\(show)/numbers", headers: Self.page).text
      #expect(part.contains("data-live=\"products\"") && part.contains("₹2,598") && !part.contains("<html"))
      // Linked once it is over.
      let list = try await owner.get("/studio/lamps", headers: Self.page).text
      #expect(!list.contains("/report\""))
      _ = try await web.square.commerce.endShow(by: web.square.owner, show: show)
      #expect(try await owner.get("/studio/lamps", headers: Self.page).text.contains("/studio/shows/\(show)/report\""))
      let over = try await owner.get("/studio/shows/\(show)", headers: Self.page).text
      #expect(over.contains("/report\"") && !over.contains("/numbers\""))
    }
  }

  @Test func `a moderator sees no money, and strangers see nothing`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      try await Self.buy(web, key: "one")
      _ = try await web.square.person("Mohan")
      _ = try await web.square.commerce.addMember(
        by: web.square.owner, channel: web.square.channel.id, email: "mohan@example.com", role: .moderator)
      let (moderator, stranger) = (try await web.signedIn("mohan@example.com"), try await web.stranger)
      let room = try await moderator.get("/studio/shows/\(show)", headers: Self.page)
      #expect(room.status == 200 && room.text.contains("data-part=\"viewers\""))
      for word in ["data-part=\"sales\"", "data-part=\"orders\"", "show-numbers", "/report\"", "1,299.00"] {
        #expect(!room.text.contains(word), "\(word)")
      }
      for path in [
        "/api/v1/shows/\(show)/report", "/api/v1/shows/\(show)/report/file", "/studio/shows/\(show)/report",
        "/studio/shows/\(show)/numbers", "/studio/shows/\(show)/report/totals", "/studio/shows/\(show)/sales",
        "/studio/shows/\(show)/sources", "/api/v1/shows/\(show)/sources",
      ] {
        #expect(try await moderator.get(path).status == 403, "\(path)")
        #expect(try await stranger.get(path).status == 404, "\(path)")
      }
    }
  }

  // MARK: In memory

  @Test func `what comes while a room is being read is not forgotten with what was there before`() async throws {
    let square = try await MarketSquare(.sqlite)
    let limits = WebLimits()
    let hubs = try await Hubs(group: MultiThreadedEventLoopGroup.singleton, limits: limits)
    let media = MediaServer(
      configuration: MediaConfiguration(), logger: Logger(label: "test"), authorize: { _ in .refuse(reason: "none") },
      report: { _ in })
    let marks = ShowMarks(commerce: square.commerce, media: media)
    for round in 0..<30 {
      let room = Room(
        square.show.id, commerce: square.commerce, marks: marks, hubs: hubs, limits: limits, speakers: Speakers())
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            try await room.requireLive()
            try await room.react(Taps([.heart: 1]))
            let counted = try await room.note(.tap, in: square.lamp.id, from: .page)
            #expect(counted)
          }
        }
        try await group.waitForAll()
      }
      #expect(await room.attendance().attendance.taps[.heart] == 8 * Int64(round + 1))
      try await room.keep(now: true)
    }
    let report = try await square.commerce.report(of: square.show.id, by: square.owner)
    #expect(report.interest.taps == 240 && report.attendance.taps[.heart] == 240)
    hubs.close()
  }

  @Test func `what was seen a moment ago is known for a while, and not for ever`() {
    let lately = RecentOnes(milliseconds: 30_000, most: 3)
    var now = Moment(milliseconds: 1_000_000)
    #expect(lately.add("a", at: now) && !lately.add("a", at: now) && lately.add("b", at: now))
    now = now.adding(seconds: 29)
    #expect(!lately.add("a", at: now))
    now = now.adding(seconds: 2)
    #expect(!lately.add("a", at: now) && lately.add("c", at: now))
    now = now.adding(seconds: 31)
    #expect(lately.add("a", at: now) && !lately.add("c", at: now))
    now = now.adding(seconds: 600)
    #expect(lately.add("c", at: now))
    // Nor is it more than so many.
    #expect(lately.add("d", at: now) && lately.add("e", at: now))
    #expect(
      !lately.add("c", at: now) && lately.add("f", at: now) && lately.add("g", at: now) && lately.add("h", at: now))
    #expect(lately.add("i", at: now) && lately.add("c", at: now))
    now = now.adding(seconds: -3_600)
    #expect(lately.add("i", at: now), "a clock that was set back")
  }

  @Test func `a step that was not answered is sent as it was, and what came meanwhile is in the next`() throws {
    func id<T>(_ number: UInt8) throws -> ID<T> { try #require(ID<T>(bytes: Array(repeating: number, count: 16))) }
    let (lamp, shelf): (ID<Product>, ID<Product>) = (try id(1), try id(2))
    let steps: [ID<ShowStep>] = [try id(7), try id(8), try id(9)]
    var numbers = RoomNumbers()
    let place = Interest.Place(minute: 3, product: lamp, way: .page)
    var added = [numbers.add(.tap, at: place)]
    let mustRead = [0, 4_999, 5_000].map { numbers.mustRead(for: lamp, at: Moment(milliseconds: $0)) }
    #expect(mustRead == [true, false, true], "not more often than every five seconds")
    numbers.products = [lamp]
    let isKnown = numbers.mustRead(for: lamp, at: Moment(milliseconds: 60_000))
    #expect(!isKnown)
    numbers.look(Presence.Look(present: 4, newcomers: []), minute: 3)
    added += [numbers.add(.tap, at: place), numbers.add(.bag, at: place)]
    added.append(numbers.add(.tap, at: Interest.Place(minute: 3, product: shelf, way: .page)))
    #expect(added == [false, true, true, false], "only of the show's products")
    let first = numbers.step(Attendance(peak: 4), id: steps[0])
    #expect(first?.interest == [place: Interest(taps: 1, bagAdds: 1)] && first?.minutes == [3: 4])
    _ = numbers.add(.tap, at: place)
    #expect(numbers.unkept == first, "there was no answer")
    numbers.kept(try #require(first))
    #expect(numbers.unkept == nil)
    let second = numbers.step(Attendance(peak: 4), id: steps[1])
    #expect(second?.interest == [place: Interest(taps: 1, bagAdds: 0)] && second?.minutes == [:])
    numbers.kept(try #require(first))
    #expect(numbers.unkept == second, "that was another")
    numbers.kept(try #require(second))
    let third = numbers.step(Attendance(peak: 4), id: steps[2])
    #expect(third == nil, "nothing happened")
  }
}
