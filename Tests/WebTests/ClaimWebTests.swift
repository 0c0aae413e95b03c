import Commerce
import Foundation
import Store
import TestKit
import Testing

private typealias JSON = TestKit.JSON

/// Comments that reserve units, over HTTP, without scripts, and in two browsers.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ClaimWebTests {
  private static let page = ["Accept": "text/html"]
  private static let ravi = ["Haat-Visitor": String(repeating: "r", count: 40)]

  private static func buyer(_ name: String = "Ravi") -> JSON {
    [
      "name": .string(name), "email": "ravi@example.com", "phone": "",
      "address": [
        "name": .string(name), "line1": "1 MG Road", "line2": "", "city": "Pune", "region": "MH",
        "postalCode": "411001", "country": "IN",
      ],
    ]
  }

  private static func word(_ web: RunningWeb, _ word: String = "sold 12") -> JSON {
    ["product": .string("\(web.square.lamp.id)"), "market": "IN", "word": .string(word)]
  }

  @Test func `a guest's comment reserves, its answer has the private link, and there it is ordered once`() async throws
  {
    try await RunningWeb.run { web in
      let (owner, guest, show) = (try await web.owner, web.guest, "/api/v1/shows/\(web.square.show.id)")
      #expect(try await [401, 404].contains(guest.post("\(show)/claim-words", Self.word(web)).status))
      #expect(try await web.stranger.post("\(show)/claim-words", Self.word(web)).status == 404)
      #expect(try await owner.post("\(show)/claim-words", Self.word(web, "!!")).status == 422)
      let opened = try await owner.post("\(show)/claim-words", Self.word(web))
      #expect(
        opened.status == 201 && opened.json["holdMinutes"] == 15 && opened.json["unitsTaken"] == 0, "\(opened.text)")
      #expect(try await owner.post("\(show)/claim-words", Self.word(web)).code == "claim_word_taken")
      try await guest.watch("\(web.square.show.id)") { viewer in
        _ = try await viewer.next("state")
        let said = try await guest.post(
          "\(show)/messages", ["name": "Ravi", "text": "SOLD 12 x2"], headers: Self.ravi)
        let claim = said.json["claim"]
        #expect(said.status == 201 && claim["claim"]["quantity"] == 2 && claim["claim"]["state"] == "held")
        #expect(claim["claim"]["name"] == .null && claim["code"] == .null)
        let token = claim["accessToken"].string ?? ""
        let bag = "/api/v1/claims/\(claim["bag"].string ?? "")"
        #expect(claim["link"] == .string("/claims/\(claim["bag"].string ?? "")?token=\(token)"))
        // What everybody is told says that it was reserved, and neither where nor how much.
        var event = try await viewer.next("timeline")
        while event.json["kind"] != "message" { event = try await viewer.next("timeline") }
        #expect(event.json["claimed"] == "yes")
        #expect(!event.data.contains(token) && !event.data.contains(claim["bag"].string ?? "-"))
        #expect(try await viewer.next("stock").json["available"] == 8)
        let access = ["Order-Token": token]
        #expect(try await guest.get(bag).status == 404)
        #expect(try await owner.get(bag).status == 404)
        #expect(try await guest.get(bag, headers: access).json["claims"][0]["quantity"] == 2)
        let body: JSON = ["offers": [.string(try await web.lampOffer())], "buyer": Self.buyer()]
        #expect(try await guest.post("\(bag)/order", body, headers: ["Idempotency-Key": "theirs"]).status == 404)
        let key = ["Order-Token": token, "Idempotency-Key": "once"]
        let placed = try await guest.post("\(bag)/order", body, headers: key)
        #expect(placed.status == 201 && placed.json["order"]["lines"][0]["quantity"] == 2, "\(placed.text)")
        let again = try await guest.post("\(bag)/order", body, headers: key)
        #expect(again.json["order"]["id"] == placed.json["order"]["id"])
        let over = try await guest.post(
          "\(bag)/order", body, headers: ["Order-Token": token, "Idempotency-Key": "twice"])
        #expect(over.status == 410 && over.code == "claim_over")
      }
      let state = try await guest.watch("\(web.square.show.id)") { viewer in try await viewer.next("state").json }
      #expect(state["claims"][0]["word"] == "sold 12" && state["claims"][0]["options"] == "")
      let claims = try await owner.get("\(show)/claims").json["items"]
      #expect(claims[0]["name"] == "Ravi" && claims[0]["state"] == "taken")
      #expect(try await owner.get("\(show)/claim-words").json["items"][0]["unitsTaken"] == 2)
      #expect(try await [401, 404].contains(guest.get("\(show)/claims").status))
      // Nothing to be known by, and more than there is.
      let unknown = try await guest.post("\(show)/messages", ["text": "sold 12"])
      #expect(unknown.status == 201 && unknown.json["claim"]["code"] == "claim_no_visitor")
      let greedy = try await guest.post("\(show)/messages", ["text": "sold 12 x9"], headers: Self.ravi)
      #expect(greedy.json["claim"]["code"] == "claim_sold_out")
      #expect(greedy.json["claim"]["detail"].string?.contains("8") == true)
      #expect(
        try await owner.delete("\(show)/claim-words/\(opened.json["id"].string ?? "")").status == 204)
      let later = try await guest.post("\(show)/messages", ["text": "sold 12"], headers: Self.ravi)
      #expect(later.status == 201 && later.json["claim"] == .null)
    }
  }

  @Test func `without scripts a host opens a word, a buyer comments, orders and lets go`() async throws {
    try await RunningWeb.run { web in
      let (owner, show) = (try await web.owner, "\(web.square.show.id)")
      _ = try await web.square.person("Asha")
      let asha = try await web.signedIn("asha@example.com")
      let control = try await owner.get("/studio/shows/\(show)", headers: Self.page).text
      #expect(control.contains("value=\"claim-word\""))
      let lamp = "\(web.square.lamp.id)"
      let form: KeyValuePairs = [
        "do": "claim-word", "product": lamp, "market": "IN", "word": "<b>lamp</b>", "holdMinutes": "10",
      ]
      #expect(try await owner.submit("/studio/shows/\(show)", form).status == 303)
      #expect(try await owner.submit("/studio/shows/\(show)", form).status == 409)
      for language in ["en", "hi"] {
        let page = try await asha.get("/watch/\(show)", headers: ["Accept": "text/html", "Accept-Language": language])
        #expect(page.text.contains(language == "en" ? "Comment “&lt;b&gt;lamp" : "रिज़र्व करने के लिए “&lt;b&gt;lamp"))
        #expect(!page.text.contains("<b>lamp") && !page.text.contains("t.chat"))
      }
      let said = try await asha.submit("/watch/\(show)", ["text": "b lamp b x2"])
      let link = said.header("location") ?? ""
      #expect(said.status == 303 && link.hasPrefix("/claims/"), "\(link)")
      _ = try await asha.submit("/watch/\(show)", ["text": "b lamp b"])
      for language in ["en", "hi"] {
        let page = try await asha.get(link, headers: ["Accept": "text/html", "Accept-Language": language])
        #expect(page.status == 200 && page.text.contains(language == "en" ? "2 units" : "2 नग"), "\(page.text)")
        #expect(!page.text.contains("claim.") && !page.text.contains("{{"))
      }
      #expect(try await web.guest.get(link, headers: Self.page).status == 404)
      #expect(try await asha.get("/account", headers: Self.page).text.contains(link))
      let page = try await asha.get(link, headers: Self.page).text
      // One of the two is let go: the newest is first.
      let claim = page.matches(of: /name="claim" value="([0-9a-f-]+)"/).first.map { String($0.1) } ?? ""
      #expect(try await asha.submit(link, ["do": "leave", "claim": claim]).status == 303)
      let order = page.matches(of: /name="order" value="([0-9a-f-]+)"/).first.map { String($0.1) } ?? ""
      let offer = try await web.lampOffer()
      func buy(_ line1: String) async throws -> Reply {
        try await asha.submit(
          link,
          [
            "do": "order", "order": order, "offer.\(offer)": "on", "country": "IN", "name": "Asha",
            "email": "asha@example.com", "phone": "", "line1": line1, "line2": "", "city": "Pune", "region": "MH",
            "postalCode": "411001",
          ])
      }
      #expect(try await buy("").status == 422)
      let bought = try await buy("1 MG Road")
      #expect(bought.status == 303 && bought.header("location") == "/orders/\(order)")
      #expect(try await asha.get("/orders/\(order)", headers: Self.page).text.contains("2"))
      #expect(try await asha.get(link, headers: Self.page).text.contains("/orders/\(order)"))
      let desk = try await owner.get("/studio/shows/\(show)", headers: Self.page).text
      #expect(desk.contains("&lt;b&gt;lamp") && desk.contains("Asha") && !desk.contains("<b>lamp"))
      let word = desk.matches(of: /name="word" value="([0-9a-f-]+)"/).first.map { String($0.1) } ?? ""
      #expect(try await owner.submit("/studio/shows/\(show)", ["do": "close-claim-word", "word": word]).status == 303)
      #expect(try await web.square.commerce.audit().differences == [])
    }
  }

  @Test func `in two browsers a host opens a word, and a guest comments it and orders by their private link`()
    async throws
  {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      let site = "http://localhost:\(web.port)"
      try await withBrowsers(2, width: 1280, height: 900) { browsers in
        let (host, viewer) = (browsers[0], browsers[1])
        try await host.open("\(site)/sign-in?lang=en")
        try await host.type(MarketSquare.ownerEmail, into: "[name=email]")
        try await host.type(MarketSquare.password, into: "[name=password]")
        try await host.click("main form .button")
        try await host.open("\(site)/studio/shows/\(web.square.show.id)?lang=en")
        try await viewer.open("\(site)/watch/\(web.square.show.id)?lang=en&market=IN")
        try await viewer.wait(until: "document.querySelector('.say .ask')")
        _ = try await host.run("document.querySelector('claim-desk [data-part=open]').open = true")
        try await host.type("sold 12", into: "claim-desk [name=word]")
        try await host.click("claim-desk [data-part=form] .button")
        try await host.wait(until: "/sold 12/.test(document.querySelector('claim-desk [data-part=words]').textContent)")
        try await viewer.wait(until: "document.querySelector('button.claim-hint')")
        _ = try await viewer.run("document.querySelector('button.claim-hint').click()")
        #expect(try await viewer.run("return document.querySelector('.say [name=text]').value") == "sold 12 ")
        _ = try await viewer.run("document.querySelector('form.say').requestSubmit()")
        try await viewer.wait(until: "document.querySelector('.my-claim a')")
        for browser in browsers { try await browser.wait(until: "document.querySelector('.message .claimed-mark')") }
        try await host.wait(until: "/Reserved/.test(document.querySelector('claim-desk [data-part=list]').textContent)")
        // It is known after a reload, in this browser.
        try await viewer.open("\(site)/watch/\(web.square.show.id)?lang=en&market=IN")
        try await viewer.wait(until: "document.querySelector('.my-claim a')")
        try await viewer.click(".my-claim a")
        try await viewer.wait(until: "location.pathname.startsWith('/claims/') && !location.search")
        #expect(try await viewer.text("h1") == "This is reserved for you")
        for (name, value) in [
          ("name", "Ravi"), ("email", "ravi@example.com"), ("line1", "1 MG Road"), ("postalCode", "411001"),
          ("city", "Pune"),
        ] { try await viewer.type(value, into: "[name=\(name)]") }
        try await viewer.click(".buy")
        try await viewer.wait(until: "location.pathname.startsWith('/orders/')")
        // What is ordered is not offered to be ordered any more.
        try await viewer.open("\(site)/watch/\(web.square.show.id)?lang=en&market=IN")
        try await viewer.wait(
          until: "document.querySelector('button.claim-hint') && Object.keys(sessionStorage).length === 0")
        #expect(try await viewer.run("return document.querySelector('.my-claim').hidden") == true)
      }
      #expect(
        try await web.square.commerce.claims(of: web.square.show.id, by: web.square.owner).map(\.state) == [.taken])
      #expect(try await web.square.commerce.audit().differences == [])
    }
  }
}
