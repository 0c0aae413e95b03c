import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// The viewers of a show together: what they tap, how many they are, and what they are told of those who buy.
@Suite(.timeLimit(.minutes(3))) struct CrowdTests {
  private static let page = ["Accept": "text/html"]

  // MARK: Sums

  @Test(arguments: 0..<50)
  func `in any order of taps, ticks and steps every tap is told once and kept once`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var sums = ReactionSums(total: Taps([.star: 7]))
    var (tapped, told, kept) = (Taps(), Taps(), Taps())
    for _ in 0..<500 {
      switch random.next() % 6 {
      case 0...2:
        let kind = Reaction.allCases[Int(random.next() % 4)]
        let taps = Taps([kind: Int64(random.next() % 5)])
        sums.add(taps)
        tapped.add(taps)
      case 3: told.add(sums.tick())
      case 4:
        kept.add(sums.step())
      default: sums.endSecond()
      }
    }
    told.add(sums.tick())
    kept.add(sums.step())
    #expect(told == tapped && kept == tapped)
    #expect(sums.total.total == tapped.total + 7)
    #expect(sums.tick().isEmpty && sums.step().isEmpty)
  }

  @Test func `the rate is that of the last ten seconds`() {
    var sums = ReactionSums()
    #expect(sums.perMinute == 0)
    for _ in 0..<10 {
      sums.add(Taps([.heart: 2]))
      sums.endSecond()
    }
    #expect(sums.perMinute == 120)
    for _ in 0..<5 { sums.endSecond() }
    #expect(sums.perMinute == 60)
    for _ in 0..<5 { sums.endSecond() }
    #expect(sums.perMinute == 0 && sums.total[.heart] == 20)
  }

  @Test func `the number of viewers rises at once, falls slowly, and is never more than there were`() {
    var count = HeadCount()
    var now = Moment(milliseconds: 0)
    func look(_ viewers: Int, isLive: Bool = true) -> Int {
      now = now.adding(seconds: 1)
      count.look(viewers, at: now, isLive: isLive)
      return count.shown
    }
    #expect([3, 5, 2, 5, 4, 4, 4, 4, 4].map { look($0) } == [3, 5, 5, 5, 5, 5, 5, 5, 4])
    // The first look has no time before it.
    #expect(count.peak == 5 && count.watchedMilliseconds == 32_000 && count.step() == 32_000)
    #expect(look(9, isLive: false) == 9 && count.peak == 5 && count.step() == 0)
    // A process that slept, or a clock that was set, is no time that anybody watched.
    now = now.adding(seconds: 3600)
    _ = look(4)
    now = now.adding(seconds: -60)
    _ = look(4)
    #expect(count.step() == 0)
    _ = look(4)
    #expect(count.step() == 4_000)
  }

  @Test func `somebody with three tabs is one viewer until the last is closed`() {
    let presence = Presence()
    var tabs = (0..<3).map { _ in presence.enter("browser a") }
    let other = presence.enter("account b")
    #expect(presence.viewers == 2)
    tabs.removeLast(2)
    #expect(presence.viewers == 2)
    tabs.removeAll()
    #expect(presence.viewers == 1)
    withExtendedLifetime(other) {}
  }

  @Test func `purchases of a rush are one line for each product, and each order is told once`() throws {
    func id<T>(_ number: UInt8) throws -> ID<T> { try #require(ID<T>(bytes: Array(repeating: number, count: 16))) }
    func bought(_ order: UInt8, _ product: UInt8, by buyer: String, _ name: String? = nil) throws -> ToldPurchase {
      ToldPurchase(
        order: try id(order), show: try id(0), product: try id(product), title: "Product \(product)", buyer: buyer,
        firstName: name)
    }
    var lines = PurchaseLines()
    #expect(lines.isEmpty && lines.take() == [])
    lines.add([try bought(1, 1, by: "asha", "Asha")])
    lines.add([try bought(1, 1, by: "asha", "Asha")])
    lines.add([try bought(2, 2, by: "ravi", "Ravi"), try bought(2, 3, by: "ravi", "Ravi")])
    lines.add([try bought(3, 2, by: "mina"), try bought(4, 2, by: "mina")])
    let told = lines.take()
    #expect(told.map(\.title) == ["Product 2", "Product 1", "Product 3"])
    #expect(told.map(\.people) == [2, 1, 1] && told.map(\.firstName) == [nil, "Asha", "Ravi"])
    lines.add([try bought(1, 1, by: "asha", "Asha")])
    #expect(lines.isEmpty)
    for order: UInt8 in 10...40 { lines.add([try bought(order, order, by: "\(order)")]) }
    #expect(lines.take().count == 5)
  }

  // MARK: Over HTTP

  @Test func `taps of several viewers come to everybody as sums, and what is too much is clipped`() async throws {
    try await RunningWeb.run { web in
      let (show, reactions) = ("\(web.square.show.id)", "/api/v1/shows/\(web.square.show.id)/reactions")
      try await web.guest.watch(show) { viewer in
        _ = try await viewer.next("state")
        let first = try await web.guest.post(reactions, ["heart": 3, "fire": 1])
        #expect(first.status == 200 && first.json["heart"] == 3 && first.json["smile"] == 0, "\(first.text)")
        let stranger = try await web.stranger
        #expect(try await stranger.post(reactions, ["heart": 500]).json["heart"] == 20)
        var (hearts, fires) = (0.0, 0.0)
        while hearts < 23 || fires < 1 {
          let sums = try await viewer.next("reactions").json
          if case .number(let count) = sums["heart"] { hearts += count }
          if case .number(let count) = sums["fire"] { fires += count }
        }
        #expect(hearts == 23 && fires == 1)
        // The market's clock stands still: of the burst, so many are left.
        #expect(try await stranger.post(reactions, ["star": 20]).json["star"] == 20)
        #expect(try await stranger.post(reactions, ["star": 20]).json["star"] == 0)
        #expect(try await web.guest.post(reactions, [:]).status == 200)
        let wrong = try await web.guest.post(reactions, ["heart": -1])
        #expect(wrong.status == 422 && wrong.json["field"] == "heart")
        #expect(try await web.guest.post(reactions, ["heart": "many"]).status == 400)
      }
      let owner = try await web.owner
      let audience = try await owner.get("/api/v1/shows/\(show)/audience")
      #expect(audience.json["reactions"]["heart"] == 23 && audience.json["reactions"]["star"] == 20, "\(audience.text)")
      #expect(try await web.guest.get("/api/v1/shows/\(show)/audience").status == 401)
      #expect(try await web.stranger.get("/api/v1/shows/\(show)/audience").status == 404)
      let text = try await owner.get("/studio/shows/\(show)", headers: Self.page).text
      #expect(text.contains("data-part=\"heart\">23<"))
      // What the room knows is kept within seconds.
      _ = try await web.until(
        { try await web.square.commerce.keptNumbers(of: web.square.show.id).attendance }, is: { $0.taps.total == 44 })
      #expect(try await web.guest.post("/api/v1/shows/\(web.square.lamp.id)/reactions", ["heart": 1]).status == 404)
      _ = try await web.square.commerce.endShow(by: web.square.owner, show: web.square.show.id)
      _ = try await web.until({ try await web.guest.post(reactions) }, is: { $0.status == 409 })
      let over = try await owner.get("/studio/shows/\(show)", headers: Self.page).text
      #expect(over.contains("data-part=\"heart\">23<") && !over.contains("data-part=\"watching\""))
    }
  }

  @Test func `what was watched and tapped goes on after a restart`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      try await web.square.commerce.keep(
        ShowStep(Attendance(peak: 41, watchedMilliseconds: 7_200_000, taps: Taps([.heart: 100]))), of: show)
      try await web.guest.watch("\(show)") { viewer in
        _ = try await viewer.next("state")
        _ = try await web.guest.post("/api/v1/shows/\(show)/reactions", ["heart": 2])
        let audience = try await web.owner.get("/api/v1/shows/\(show)/audience").json
        #expect(audience["peak"] == 41 && audience["watchedSeconds"] == 7_200 && audience["reactions"]["heart"] == 102)
      }
      // Before the seconds are over: what is left is written when the server stops.
      await web.stop()
      _ = try await web.until(
        { try await web.square.commerce.keptNumbers(of: show).attendance },
        is: { $0.taps[.heart] == 102 && $0.peak == 41 && $0.watchedMilliseconds == 7_200_000 })
    }
  }

  @Test func `a browser is one viewer in all its tabs, and whoever runs the show is none`() async throws {
    try await RunningWeb.run { web in
      let (id, show) = (web.square.show.id, "\(web.square.show.id)")
      let cookie = ["Cookie": "haat_viewer=\(web.square.commerce.makeID() as ID<Show>)"]
      let (owner, stranger) = (try await web.owner, try await web.stranger)
      func viewers() async throws -> JSON {
        try await owner.get("/api/v1/shows/\(id)/audience").json["viewers"]
      }
      try await web.guest.watch(show, headers: cookie) { one in
        _ = try await one.next("state")
        try await web.guest.watch(show, headers: cookie) { two in
          _ = try await two.next("state")
          try await owner.watch(show) { host in
            _ = try await host.next("state")
            #expect(try await viewers() == 1)
            try await stranger.watch(show) { three in
              _ = try await three.next("state")
              _ = try await web.until(viewers, is: { $0 == 2 })
              _ = try await web.until(
                { try await owner.get("/api/v1/shows/\(id)/audience").json["peak"] }, is: { $0 == 2 })
            }
          }
        }
      }
    }
  }

  @Test func `a paid order is one quiet line to everybody, with a name only when the account allows it`() async throws {
    try await RunningWeb.run { web in
      let stranger = try await web.stranger
      let notice = "/api/v1/purchase-notice"
      #expect(try await stranger.get(notice).json["shownAs"] == "someone")
      #expect(try await web.guest.get(notice).status == 401)
      #expect(try await stranger.put(notice, ["shownAs": "loudly"]).status == 400)
      #expect(try await stranger.submit("/account", ["do": "shown", "shown": "loudly"]).status == 422)
      #expect(try await stranger.submit("/account", ["do": "shown", "shown": "first_name"]).status == 303)
      #expect(try await stranger.get(notice).json["shownAs"] == "first_name")
      let account = try await stranger.get("/account", headers: Self.page).text
      #expect(account.contains("value=\"first_name\" checked"))
      try await web.guest.watch("\(web.square.show.id)") { viewer in
        _ = try await viewer.next("state")
        func buy(_ buyer: Client, _ key: String) async throws {
          let (id, token) = try await web.placed(key: key, by: buyer)
          let paid = try await buyer.post(
            "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(web.method("4242424242424242"))],
            headers: ["Idempotency-Key": "pay \(key)", "Order-Token": token])
          #expect(paid.status == 200, "\(paid.text)")
        }
        try await buy(stranger, "first")
        let told = try await viewer.next("bought")
        #expect(told.json["lines"][0]["title"] == "Brass lamp" && told.json["lines"][0]["name"] == "Stranger")
        #expect(told.json["lines"][0]["people"] == 1)
        for word in ["price", "129900", "quantity", "Pune", "Rao", "@"] {
          #expect(!told.data.contains(word), "\(word)")
        }
        _ = try await stranger.put(notice, ["shownAs": "nobody"])
        try await buy(stranger, "second")
        try await buy(web.guest, "third")
        // Of the two, only the guest's is told.
        let someone = try await viewer.next("bought").json["lines"]
        #expect(someone[0]["people"] == 1 && someone[0]["name"] == .null && someone.array.count == 1)
      }
      #expect(try await web.guest.get("/words/crowd?lang=hi").json["crowd"]["someone"].string?.isEmpty == false)
    }
  }
}

/// A generator that every run of a test gets the same of.
private struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
