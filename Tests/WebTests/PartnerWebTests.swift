import Commerce
import Foundation
import TestKit
import Testing

/// Partners over HTTP: how an order is told where it comes from, and who sees what came of it.
@Suite(.timeLimit(.minutes(2))) struct PartnerWebTests {
  private static func partner(_ web: RunningWeb, rate: Int64 = 2_500) async throws -> String {
    let made = try await web.operator.post(
      "/api/v1/partners",
      [
        "name": "The Blog & Co", "via": "blog", "sites": ["https://blog.example"],
        "rateBasisPoints": .number(Double(rate)),
      ])
    #expect(made.status == 201 && made.json["via"] == "blog", "\(made.text)")
    return made.json["id"].string ?? ""
  }

  private static func order(
    _ web: RunningWeb, _ told: [String: JSON] = [:], key: String = UUID().uuidString, headers: [String: String] = [:]
  ) async throws -> Reply {
    var body: [String: JSON] = [
      "show": "\(web.square.show.id)", "market": "IN",
      "lines": [["offer": .string(try await web.lampOffer()), "quantity": 1]],
      "buyer": [
        "name": "Asha Rao", "email": "asha@example.com",
        "address": ["line1": "12 Lamp Lane", "city": "Pune", "postalCode": "411001", "country": "IN"],
      ],
    ]
    body.merge(told) { $1 }
    var headers = headers
    headers["Idempotency-Key"] = key
    return try await web.guest.post("/api/v1/orders", .object(body), headers: headers)
  }

  private static func pay(_ web: RunningWeb, _ placed: Reply) async throws -> String {
    let id = placed.json["order"]["id"].string ?? ""
    let card = try await web.method("4242424242424242")
    let paid = try await web.guest.post(
      "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(card)],
      headers: ["Order-Token": placed.json["accessToken"].string ?? "", "Idempotency-Key": "pay \(id)"])
    #expect(paid.status < 300, "\(placed.text) \(paid.text)")
    return id
  }

  @Test func `an order says where it comes from, and nothing it says can stop it`() async throws {
    try await RunningWeb.run { web in
      let partner = try await Self.partner(web)
      let linked = try await Self.order(web, ["via": "BLOG", "mediaTime": 61_000], key: "once")
      #expect(linked.status == 201, "\(linked.text)")
      let source = linked.json["order"]["source"]
      #expect(source["kind"] == "link" && source["via"] == "blog" && source["mediaTime"] == 61_000)
      #expect(source["credit"] == "partner" && source["partner"].string == partner)
      // The same order from another moment is the same order.
      let again = try await Self.order(web, ["via": "other", "mediaTime": 99_000], key: "once")
      #expect(again.status == 201 && again.json["order"]["id"] == linked.json["order"]["id"], "\(again.text)")
      #expect(again.json["order"]["source"] == source)
      for (told, kind, credit) in [
        (["via": "blog", "site": "https://blog.example"], "embed", "partner"),
        (["via": "blog", "site": "https://evil.example"], "embed", "other_site"),
        (["via": "nobody"], "link", "unknown"),
        (["site": "https://blog.example"], "embed", "none"),
      ] as [([String: JSON], String, String)] {
        let placed = try await Self.order(web, told)
        #expect(placed.status == 201, "\(placed.text)")
        #expect(placed.json["order"]["source"]["kind"].string == kind, "\(told)")
        #expect(placed.json["order"]["source"]["credit"].string == credit, "\(told)")
      }
      for told in [
        ["via": "", "site": "", "mediaTime": 0], ["via": "<script>", "site": "javascript:alert(1)", "mediaTime": -1],
        [
          "via": .string(String(repeating: "a", count: 10_000)), "site": .string(String(repeating: "é", count: 10_000)),
        ],
        ["via": "x\u{0}y", "mediaTime": .null],
      ] as [[String: JSON]] {
        let placed = try await Self.order(web, told)
        #expect(placed.status == 201 && placed.json["order"]["source"]["partner"] == .null, "\(placed.text)")
      }
    }
  }

  @Test func `a link is remembered for a day, the last one wins, and an empty one forgets`() async throws {
    try await RunningWeb.run { web in
      let partner = try await Self.partner(web)
      func cookie(_ path: String) async throws -> String? {
        let reply = try await web.guest.get(path)
        #expect(reply.status == 200, "\(path)")
        return reply.header("set-cookie")
      }
      for path in [
        "/", "/watch/\(web.square.show.id)", "/products/\(web.square.lamp.id)", "/@\(web.square.channel.handle)",
      ] {
        #expect(try await cookie(path) == nil)
        let set = try #require(try await cookie("\(path)?via=Blog"))
        #expect(set.hasPrefix("haat_via=blog; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax"), "\(set)")
      }
      #expect(try await cookie("/?via=")?.hasPrefix("haat_via=; Path=/; Max-Age=0") == true)
      for wrong in ["a%20b", "%3Cscript%3E", "ab", String(repeating: "a", count: 31), "x%0D%0ASet-Cookie:y"] {
        #expect(try await cookie("/?via=\(wrong)") == nil, "\(wrong)")
      }
      let browser = ["Cookie": "haat_via=blog", "Sec-Fetch-Site": "same-origin"]
      let followed = try await Self.order(web, headers: browser)
      #expect(followed.json["order"]["source"]["partner"].string == partner, "\(followed.text)")
      // What the order says itself comes after any link; and a frame elsewhere has nothing to do with links.
      let other = try await Self.order(web, ["via": "other"], headers: browser)
      #expect(other.json["order"]["source"]["via"] == "other")
      let framed = try await Self.order(web, ["site": "https://blog.example"], headers: browser)
      #expect(framed.json["order"]["source"]["credit"] == "none")
      let odd = try await Self.order(web, headers: ["Cookie": "haat_via=<b>", "Sec-Fetch-Site": "same-origin"])
      #expect(odd.status == 201 && odd.json["order"]["source"] == .null)
    }
  }

  @Test func `a partner's people and keys see what it brought, and nobody sees another's or a buyer`() async throws {
    try await RunningWeb.run { web in
      let partner = try await Self.partner(web)
      let (house, owner, blogger) = (try await web.operator, try await web.owner, try await web.stranger)
      let path = "/api/v1/partners/\(partner)"
      #expect(try await blogger.get(path).status == 404)
      let email = try await blogger.get("/api/v1/session").json["account"]["email"]
      #expect(try await house.post("\(path)/members", ["email": email]).status == 200)
      let id = try await Self.pay(web, Self.order(web, ["via": "blog", "mediaTime": 5_000]))
      let made = try await blogger.post("\(path)/api-keys", ["name": "Reports"])
      #expect(made.status == 201, "\(made.text)")
      let bearer = ["Authorization": "Bearer \(made.json["secret"].string ?? "")"]
      for reply in [
        try await blogger.get("\(path)/orders"), try await house.get("\(path)/orders"),
        try await web.guest.get("/api/v1/partners/blog/orders", headers: bearer),
      ] {
        #expect(reply.status == 200 && reply.json["items"].array.count == 1, "\(reply.text)")
        #expect(reply.json["items"][0]["id"].string == id && reply.json["items"][0]["mediaTime"] == 5_000)
        for word in ["Asha", "asha@", "Lamp Lane", "Pune"] { #expect(!reply.text.contains(word)) }
      }
      let month = String(web.square.clock.now.description.prefix(7))
      for part in ["", "/terms", "/sums", "/earnings", "/payouts", "/payouts/due", "/statements/\(month)"] {
        #expect(try await web.guest.get(path + part, headers: bearer).status == 200, "\(part)")
        #expect(try await owner.get(path + part).status == 404, "\(part)")
        #expect(try await web.guest.get(path + part).status == 401, "\(part)")
      }
      let statement = try await blogger.get("\(path)/statements/\(month)")
      #expect(statement.json["items"][0]["lines"][0]["amount"] == statement.json["items"][0]["closing"])
      #expect(statement.json["items"][0]["creator"] == .null && statement.json["items"][0]["tax"] == .null)
      // A key looks, at what is its partner's; and it is nobody's account.
      let account: JSON = ["holder": "Thief", "number": "12345678", "code": "HDFC0001234"]
      let write = try await web.guest.put("\(path)/payout-destination", account, headers: bearer)
      #expect(write.status == 403 && write.json["code"] == "partner_key", "\(write.text)")
      #expect(try await web.guest.get("/api/v1/orders", headers: bearer).status == 403)
      #expect(try await web.guest.get("/api/v1/orders/\(id)", headers: bearer).status == 404)
      #expect(try await web.guest.get("/api/v1/own-partners", headers: bearer).json["items"][0]["via"] == "blog")
      // The seller sees the way it came; the show's sales by way too.
      let sources = try await owner.get("/api/v1/shows/\(web.square.show.id)/sources")
      #expect(sources.json["items"][0]["partnerName"] == "The Blog & Co", "\(sources.text)")
      #expect(try await blogger.get("/api/v1/shows/\(web.square.show.id)/sources").status == 404)
      #expect(try await blogger.get("/api/v1/orders/\(id)").status == 404)
    }
  }

  @Test func `the operator makes, changes, suspends and ends partners without scripts`() async throws {
    try await RunningWeb.run { web in
      let (house, blogger) = (try await web.operator, try await web.stranger)
      let desk = "/operator/partners"
      #expect(try await blogger.get(desk).status == 403)
      func make(sites: String = "https://blog.example\r\nhttps://shop.blog.example/", rate: String = "25") async throws
        -> Reply
      {
        try await house.submit(
          desk,
          ["name": "The Blog & Co", "via": "blog", "sites": sites, "rate": rate, "starts": "", "offset": "0"])
      }
      let refused = try await make(sites: "blog.example")
      #expect(refused.status == 422 && refused.text.contains("value=\"The Blog &amp; Co\""), "what was typed is there")
      #expect(try await make(rate: "101").status == 422)
      let made = try await make()
      #expect(made.status == 303)
      let page = made.header("location")?.split(separator: "?").first.map(String.init) ?? ""
      #expect(try await blogger.get(page).status == 403)
      let email = try await blogger.get("/api/v1/session").json["account"]["email"].string ?? ""
      #expect(try await house.submit(page, ["do": "add-member", "email": "nobody@nowhere.example"]).status == 422)
      for form in [
        ["do": "add-member", "email": email], ["do": "terms", "rate": "40", "starts": "", "offset": "0"],
        ["do": "change", "name": "The Blog", "sites": "https://blog.example"],
      ] as [KeyValuePairs<String, String>] {
        #expect(try await house.submit(page, form).status == 303, "\(form)")
      }
      let id = try await Self.pay(web, Self.order(web, ["via": "blog", "mediaTime": 5_000]))
      let shown = try await house.get(page).text
      #expect(
        shown.contains("40% of the commission") && shown.contains(email)
          && shown.contains(#"<dd class="number">1</dd>"#))
      #expect(try await house.get(desk).text.contains("One order"))
      // The partner's own pages.
      #expect(try await blogger.get("/partner").header("location") == "/partner/blog")
      #expect(try await blogger.get("/account").text.contains("href=\"/partner\""))
      let own = try await blogger.get("/partner/blog").text
      #expect(own.contains("/watch/\(web.square.show.id)?via=blog") && own.contains("https://blog.example"))
      #expect(own.contains(#"<dd class="number">1</dd>"#) && !own.contains("Asha"))
      for path in ["/partner/blog", "/partner/blog/access", "/partner/blog/money", "/partner/blog/money/2026-11"] {
        #expect(try await web.owner.get(path).status == 404, "\(path)")
        #expect(try await house.get(path).status == 404, "the operator has a page of its own: \(path)")
      }
      let key = try await blogger.submit("/partner/blog/access", ["do": "make-key", "name": "Reports"])
      #expect(key.status == 200 && key.text.contains("haat_partner_"))
      let after = try await blogger.get("/partner/blog/access").text
      #expect(after.contains("Reports") && !after.contains("haat_partner_"))
      let bank: KeyValuePairs = ["holder": "The Blog", "number": "12345678", "code": "HDFC0001234"]
      #expect(try await blogger.submit("/partner/blog/money", bank).status == 303)
      let money = try await blogger.get("/partner/blog/money").text
      #expect(money.contains("····5678") && !money.contains("What the platform keeps"))
      let month = String(web.square.clock.now.description.prefix(7))
      let statement = try await blogger.get("/partner/blog/money/\(month)").text
      #expect(statement.contains("The platform") && !statement.contains("Creators"))
      let file = try await blogger.get("/partner/blog/money/\(month)/file")
      #expect(file.text.hasPrefix("date,kind,number,order,sold,commission,amount,currency\n"))
      // Where it came from, for the seller.
      let order = try await web.owner.get("/orders/\(id)").text
      #expect(order.contains("Link of The Blog") && order.contains("At 0:05 of the show"))
      let sources = try await web.owner.get("/studio/shows/\(web.square.show.id)/sources")
      #expect(sources.status == 200 && sources.text.contains("Link of The Blog"))
      #expect(try await blogger.get("/studio/shows/\(web.square.show.id)/sources").status == 404)
      #expect(try await house.get("/operator").text.contains("Owed to The Blog for buyers brought"))
      for (state, text) in [("suspended", "Suspended: Too many returns"), ("ended", "Ended: Too many returns")] {
        #expect(try await house.submit(page, ["do": state, "reason": "Too many returns."]).status == 303)
        #expect(try await blogger.get("/partner/blog").text.contains(text))
      }
      #expect(try await house.submit(page, ["do": "active"]).status == 409)
    }
  }

  @Test(arguments: [
    ("en", "The Blog &amp; Co is suspended", "Reason: odd clicks", "New terms for The Blog &amp; Co", "30%"),
    ("hi", "The Blog &amp; Co निलंबित है", "कारण: odd clicks", "The Blog &amp; Co के लिए नई शर्तें", "30%"),
  ])
  func `a partner's people are written to in their language, and read it on a page of their own`(
    language: String, suspended: String, reason: String, terms: String, percent: String
  ) async throws {
    try await RunningWeb.run { web in
      let (house, stranger) = (try await web.operator, try await web.stranger)
      let partner = try await Self.partner(web)
      let person = try await house.post(
        "/api/v1/partners/\(partner)/members", ["email": "stranger@example.com"])
      #expect(person.status == 200, "\(person.text)")
      let chosen = try await stranger.submit("/partner/blog/access", ["do": "language", "language": language])
      #expect(chosen.status == 303, "\(chosen.text)")
      #expect(try await stranger.submit("/partner/blog/access", ["do": "language", "language": "xx"]).status == 422)
      #expect(try await stranger.get("/api/v1/partners/blog").json["language"].string == language)
      for body in [
        ["state": "suspended", "reason": "odd clicks"], ["state": "active"],
        ["state": "suspended", "reason": "odd clicks"],
      ] as [JSON] {
        _ = try await house.put("/api/v1/partners/\(partner)/state", body)
        web.square.clock.advance(seconds: 1)
      }
      let made = try await house.post("/api/v1/partners/\(partner)/terms", ["rateBasisPoints": 3_000])
      #expect(made.status == 201, "\(made.text)")
      let listed = try await stranger.get("/api/v1/partners/blog/mails").json["items"].array
      #expect(listed.count == 4 && listed.allSatisfy { $0["partner"].string == partner && $0["channel"] == .null })
      let desk = try await stranger.get("/partner/blog/mails").text
      #expect(desk.contains(suspended) && desk.contains(terms), "\(desk)")
      let first = try #require(listed.last { $0["kind"] == "partnership" }?["id"].string)
      let page = try await stranger.get("/partner/blog/mails/\(first)").text
      #expect(page.contains(suspended) && page.contains(reason) && page.contains("/partner/blog"), "\(page)")
      let html = try await stranger.get("/partner/blog/mails/\(first)/html")
      #expect(html.text.contains("<h1>\(suspended)</h1>") && html.header("content-language") == language)
      let latest = try #require(listed.first { $0["kind"] == "partner_terms" }?["id"].string)
      #expect(try await house.get("/operator/mails/\(latest)").text.contains(percent))
      #expect(try await house.get("/operator/mails").text.contains("The Blog &amp; Co"))
      let owner = try await web.owner
      for path in ["/api/v1/partners/blog/mails", "/api/v1/mails/\(latest)", "/partner/blog/mails"] {
        #expect(try await owner.get(path).status == 404, "\(path)")
      }
      #expect(try await owner.put("/api/v1/partners/\(partner)/language", ["language": "hi"]).status == 404)
    }
  }

  @Test(arguments: [("en", "is on its way to you", "Your part of it"), ("hi", "आपके पास आ रहे हैं", "उसमें आपका हिस्सा")])
  func `a partner's payout and statement say what it earned, and nothing of the seller's`(
    language: String, payout: String, share: String
  ) async throws {
    try await RunningWeb.run { web in
      let (house, stranger) = (try await web.operator, try await web.stranger)
      let partner = try await Self.partner(web)
      _ = try await house.post(
        "/api/v1/partners/\(partner)/members", ["email": "stranger@example.com"])
      _ = try await stranger.put("/api/v1/partners/blog/language", ["language": .string(language)])
      let told = try await stranger.put(
        "/api/v1/partners/blog/payout-destination", ["holder": "The Blog", "number": "GB82 WEST 1234 5698 7654 32"])
      #expect(told.status == 200, "\(told.text)")
      let sold = try await Self.pay(web, Self.order(web, ["via": "blog"]))
      let order = try #require(ID<Order>(sold))
      let parcel = try await web.square.commerce.ship(order, by: web.square.owner)
      _ = try await web.square.commerce.deliver(parcel.id, of: order, by: web.square.owner)
      web.square.clock.advance(days: 4)
      try await web.square.commerce.settleOrders()
      #expect(try await house.post("/api/v1/payouts", [:]).json["count"] == 1)
      web.square.clock.advance(days: 31)
      try await web.square.commerce.mailStatements()
      // A month later nobody is signed in any more.
      let reader = try await web.stranger
      let mails = try await reader.get("/api/v1/partners/blog/mails").json["items"].array
      func text(_ kind: String) async throws -> String {
        let id = mails.first { $0["kind"].string == kind }?["id"].string ?? ""
        return try await reader.get("/api/v1/mails/\(id)").text
      }
      let paid = try await text("payout")
      #expect(paid.contains(payout) && paid.contains("····5432") && paid.contains("/partner/blog/money"), "\(paid)")
      let month = try await text("statement")
      #expect(month.contains(share) && month.contains("/partner/blog/money/2026-"), "\(month)")
      for hidden in ["Creators", "क्रिएटर", "Tax in it", "टैक्स"] { #expect(!month.contains(hidden), "\(month)") }
    }
  }
}
