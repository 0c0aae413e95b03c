import Commerce
import Foundation
import Store
import TestKit
import Testing

private typealias JSON = TestKit.JSON

/// Auctions over HTTP: the host's program, two who bid, and the room that is told.
@Suite(.serialized, .timeLimit(.minutes(3))) struct AuctionWebTests {
  /// Somebody with a card and an address.
  private static func bidder(_ name: String, _ web: RunningWeb) async throws -> Client {
    _ = try await web.square.person(name)
    let client = try await web.signedIn("\(name.lowercased())@example.com")
    let method = try await web.method("4242424242424242")
    #expect(try await client.post("/api/v1/cards", ["paymentMethod": .string(method)]).json["state"] == "saved")
    let address: JSON = [
      "name": .string(name), "line1": "12 Lamp Lane", "city": "Pune", "postalCode": "411001", "country": "IN",
    ]
    #expect(try await client.post("/api/v1/addresses", ["phone": "98765 43210", "address": address]).status == 201)
    return client
  }

  private static func draft(_ web: RunningWeb) -> JSON {
    [
      "variant": "\(web.square.lampVariant)", "market": "IN", "openingMinor": 50_000, "durationSeconds": 60,
      "mediaTime": 5_000,
    ]
  }

  @Test func `two bid against each other, everybody is told, and the winner's card is charged`() async throws {
    try await RunningWeb.run { web in
      let show = "/api/v1/shows/\(web.square.show.id)"
      let owner = try await web.owner
      let (asha, ravi) = (try await Self.bidder("Asha", web), try await Self.bidder("Ravi", web))
      try await web.guest.watch("\(web.square.show.id)") { viewer in
        #expect(try await viewer.next("state").json["auction"] == .null)
        let opened = try await owner.post("\(show)/auctions", Self.draft(web))
        #expect(opened.status == 201 && opened.json["next"]["minor"] == 50_000, "\(opened.text)")
        #expect(opened.json["price"] == .null && opened.json["leaderCode"] == .null)
        let path = "/api/v1/auctions/\(opened.json["id"].string ?? "")"
        #expect(try await viewer.next("auction").json["state"] == "open")
        let none = try await asha.get("\(path)/standing").json
        #expect(none["maximum"] == .null && none["shipping"]["minor"] == 4_900 && none["card"]["last4"] == "4242")
        #expect(none["taxBasisPoints"] == 1_800 && none["address"]["address"]["city"] == "Pune")

        let first = try await asha.post("\(path)/bids", ["maximumMinor": 120_000])
        #expect(first.status == 201 && first.json["isLeading"] == true, "\(first.text)")
        #expect(first.json["auction"]["leaderCode"] == none["code"])
        let told = try await viewer.next("auction").json
        #expect(told["price"]["minor"] == 50_000 && told["leader"] == "Asha" && told["bids"] == 1)
        #expect(!first.text.contains("@") && told["leaderMaximum"] == .null)
        let low = try await ravi.post("\(path)/bids", ["maximumMinor": 54_999])
        #expect(low.status == 409 && low.json["code"] == "bid_too_low" && low.json["field"] == "maximumMinor")
        let second = try await ravi.post("\(path)/bids", ["maximumMinor": 80_000])
        #expect(second.json["isLeading"] == false && second.json["auction"]["price"]["minor"] == 85_000)
        #expect(try await owner.delete("\(show)/auctions/\(opened.json["id"].string ?? "")").status == 409)
        let bids = try await web.guest.get("\(path)/bids").json["items"]
        #expect(bids.array.count == 2 && bids[0]["name"] == "Ravi" && bids[0]["maximum"] == .null)
        #expect(try await web.guest.get("\(path)/bids?before=2").json["items"].array.count == 1)

        web.square.clock.advance(seconds: 61)
        let late = try await ravi.post("\(path)/bids", ["maximumMinor": 900_000])
        #expect(late.status == 410 && late.json["code"] == "auction_closed")
        let sold = try await web.until(
          { try await web.guest.get(path).json }, is: { $0["state"] == "sold" })
        #expect(sold["soldTo"] == "Asha" && sold["soldFor"]["minor"] == 85_000)
        let order = try await asha.get("/api/v1/orders").json["items"][0]
        #expect(order["state"] == "paid" && order["total"]["minor"] == 89_900, "\(order)")
        #expect(try await asha.get("\(path)/standing").json["order"] == order["id"])
      }
      // The room hears of it after the books do.
      _ = try await web.until(
        { try await web.guest.watch("\(web.square.show.id)") { try await $0.next("state").json } },
        is: { $0["auction"]["state"] == "sold" })
      _ = try await web.until(
        { try await web.guest.get("\(show)/moments?limit=100").json["items"].array },
        is: { events in
          events.contains { $0["kind"] == "auction_sold" && $0["name"] == "Asha" && $0["priceMinor"] == "85000" }
        })
    }
  }

  @Test func `only those who run the show open one and call it off, and only those who can pay bid`() async throws {
    try await RunningWeb.run { web in
      let show = "/api/v1/shows/\(web.square.show.id)/auctions"
      let stranger = try await web.stranger
      let opened = try await web.owner.post(show, Self.draft(web))
      let id = opened.json["id"].string ?? ""
      for (client, status) in [(web.guest, 401), (stranger, 404)] {
        #expect(try await client.post(show, Self.draft(web)).status == status)
        #expect(try await client.delete("\(show)/\(id)").status == status)
      }
      let path = "/api/v1/auctions/\(id)"
      #expect(try await web.guest.post("\(path)/bids", ["maximumMinor": 50_000]).status == 401)
      #expect(try await web.guest.get("\(path)/standing").status == 401)
      #expect(try await stranger.post("\(path)/bids", ["maximumMinor": 50_000]).json["code"] == "auction_no_card")
      #expect(try await web.owner.post("\(path)/bids", ["maximumMinor": 50_000]).status == 403)
      #expect(try await web.owner.post(show, Self.draft(web)).json["code"] == "auction_under_way")
      #expect(try await web.owner.delete("\(show)/\(id)").json["state"] == "cancelled")
      let page = try await web.owner.get("/studio/shows/\(web.square.show.id)?lang=en").text
      #expect(page.contains("Open an auction") && page.contains("Called off"))
    }
  }

  @Test
  func `a host without scripts opens one by the form, and a winner pays what was not charged on the order's page`()
    async throws
  {
    try await RunningWeb.run { web in
      let desk = "/studio/shows/\(web.square.show.id)"
      func open(_ opening: String) async throws -> Reply {
        try await web.owner.submit(
          desk,
          [
            "do": "auction", "variant": "\(web.square.lampVariant)", "market": "IN", "opening": opening,
            "increment": "", "duration": "60",
          ])
      }
      let wrong = try await open("lots")
      #expect(wrong.status == 422 && wrong.text.contains("notice bad"))
      #expect(try await open("500").status == 303)
      let auction = try await web.guest.get("/api/v1/shows/\(web.square.show.id)/auctions").json["items"][0]
      let path = "/api/v1/auctions/\(auction["id"].string ?? "")"
      let asha = try await Self.bidder("Asha", web)
      #expect(try await asha.post("\(path)/bids", ["maximumMinor": 50_000]).status == 201)
      try await web.square.commerce.database.write { db in
        _ = try db.run("UPDATE sandbox_method SET conduct = 'declines'")
      }
      web.square.clock.advance(seconds: 61)
      let standing = try await web.until(
        { try await asha.get("\(path)/standing").json }, is: { $0["payUntil"] != .null })
      let order = "/orders/\(standing["order"].string ?? "")"
      try await web.square.commerce.database.write { db in
        _ = try db.run("UPDATE sandbox_method SET conduct = 'succeeds'")
      }
      let page = try await asha.get("\(order)?lang=en").text
      #expect(page.contains("Pay with Visa") && !page.contains("href=\"/watch/"))
      let card = try await asha.get("/api/v1/wallet").json["cards"][0]["id"].string ?? ""
      _ = try await web.guest.submit(order, ["do": "pay", "card": card, "key": "k"])
      #expect(try await asha.get("\(path)/standing").json["payUntil"] != .null, "nobody else pays it")
      #expect(try await asha.submit(order, ["do": "pay", "card": card, "key": "k"]).status == 303)
      _ = try await web.until({ try await web.guest.get(path).json }, is: { $0["state"] == "sold" })
    }
  }

  @Test func `in two browsers one leads, the other is told so and bids higher, and the one who wins sees it`()
    async throws
  {
    try await RunningWeb.run { web in
      // A browser names what it makes by its own clock, which is today's.
      web.square.clock.now = WallClock.system.now
      for name in ["Asha", "Ravi"] { _ = try await Self.bidder(name, web) }
      let site = "http://localhost:\(web.port)"
      try await withBrowsers(3, width: 390, height: 844) { browsers in
        let (asha, ravi, host) = (browsers[0], browsers[1], browsers[2])
        for (browser, email) in [
          (asha, "asha@example.com"), (ravi, "ravi@example.com"), (host, MarketSquare.ownerEmail),
        ] {
          try await browser.open("\(site)/sign-in?lang=en")
          let status = try await browser.run(
            """
            return fetch('/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' },
              body: JSON.stringify({ email: arguments[0], password: arguments[1] }) }).then(({ status }) => status)
            """, .string(email), .string(MarketSquare.password))
          #expect(status.number.map { $0 < 300 } == true, "\(status)")
        }
        for browser in [asha, ravi] {
          try await browser.open("\(site)/watch/\(web.square.show.id)?lang=en&market=IN")
          try await browser.wait(until: "document.querySelector('live-room').room?.goods.all.length === 1")
        }
        try await host.open("\(site)/studio/shows/\(web.square.show.id)?lang=en")
        try await host.click("auction-desk summary")
        try await host.type("500", into: "#auction-opening")
        try await host.click("auction-desk [data-part=open] button")
        for browser in [asha, ravi] {
          try await browser.wait(
            until: "/₹500/.test(document.querySelector('auction-card [data-part=next]')?.textContent)")
        }
        // The card asks for the bidder's means first.
        try await asha.wait(
          until: "/A bid cannot be withdrawn/.test(document.querySelector('auction-card').textContent)")
        try await asha.click("auction-card [data-part=next]")
        try await asha.wait(until: "document.querySelector('auction-card .badge.good')?.textContent === 'You lead'")
        try await ravi.wait(until: "/₹550/.test(document.querySelector('auction-card [data-part=next]').textContent)")
        try await ravi.type("1200", into: "#auction-maximum")
        try await ravi.click("auction-card .auction-maximum button")
        try await ravi.wait(until: "document.querySelector('auction-card .badge.good')?.textContent === 'You lead'")
        try await asha.wait(
          until: "document.querySelector('auction-card .badge.bad')?.textContent === 'You were outbid'")
        try await host.wait(until: "/Ravi leads/.test(document.querySelector('auction-desk').textContent)")
        try await asha.click("auction-card [data-part=next]")
        try await asha.wait(
          until: "/as much, or more/.test(document.querySelector('auction-card [data-part=note]').textContent)")
        web.square.clock.advance(seconds: 61)
        try await ravi.wait(until: "document.querySelector('auction-card [data-state=sold]')")
        try await asha.wait(until: "/Sold to Ravi/.test(document.querySelector('auction-card').textContent)")
        try await host.wait(until: "/Sold to Ravi/.test(document.querySelector('auction-desk').textContent)")
      }
    }
  }
}
