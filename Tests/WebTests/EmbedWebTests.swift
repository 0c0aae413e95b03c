import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// Shows in frames of other sites over HTTP: who may hold them, and what they do not say.
@Suite(.timeLimit(.minutes(2))) struct EmbedWebTests {
  private static let page = ["Accept": "text/html"]

  private static func frame(from holder: String? = nil) -> [String: String] {
    ["Accept": "text/html", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site", "Referer": holder ?? ""]
  }

  private static func partner(_ web: RunningWeb, sites: [String] = ["https://blog.example"]) async throws -> Partner {
    try await web.square.commerce.makePartner(
      web.square.commerce.makeID(), by: web.square.operator,
      PartnerDraft(name: "The Blog & Co", via: "blog", sites: sites, rateBasisPoints: 2_500))
  }

  private static func ancestors(_ reply: Reply) -> String? {
    reply.header("content-security-policy")?.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      .first { $0.hasPrefix("frame-ancestors ") }.map { String($0.dropFirst("frame-ancestors ".count)) }
  }

  private static func data(_ reply: Reply) throws -> JSON {
    let text = try #require(reply.text.firstMatch(of: /<script type="application\/json" id="embed">(.*?)<\/script>/))
    return try JSONDecoder().decode(JSON.self, from: Data(String(text.1).utf8))
  }

  @Test func `a frame is held by those that may, and everything else by nobody else`() async throws {
    try await RunningWeb.run { web in
      _ = try await Self.partner(web)
      let show = web.square.show.id
      let open = try await web.guest.get("/embed/\(show)", headers: Self.frame(from: "https://any.example/"))
      #expect(open.status == 200 && Self.ancestors(open) == "*", "\(open.text)")
      #expect(open.text.contains("<live-room") && open.text.contains("/js/embed-frame.js"))
      #expect(try Self.data(open) == ["via": "", "isPaused": false, "isMuted": false])

      let own = try await web.guest.get(
        "/embed/\(show)?partner=Blog", headers: Self.frame(from: "https://blog.example/"))
      #expect(own.status == 200 && Self.ancestors(own) == "'self' https://blog.example")
      #expect(try Self.data(own)["sites"] == ["https://blog.example"])
      // A page that tells nobody where it is, and our own preview: the browser is told all the same.
      for holder in [nil, "http://localhost:8080/partner/blog/embed"] {
        let reply = try await web.guest.get("/embed/\(show)?partner=blog", headers: Self.frame(from: holder))
        #expect(reply.status == 200 && Self.ancestors(reply) == "'self' https://blog.example")
      }
      let strange = try await web.guest.get(
        "/embed/\(show)?partner=blog&lang=hi", headers: Self.frame(from: "https://evil.example/"))
      #expect(strange.status == 403 && Self.ancestors(strange) == "*", "it says so, where it can be read")
      #expect(strange.text.contains("data-code=\"site_refused\"") && strange.text.contains("<html lang=\"hi\""))
      #expect(strange.text.contains("href=\"/watch/\(show)?via=blog\"") && !strange.text.contains("<live-room"))
      for path in ["/", "/watch/\(show)", "/partner", "/orders/\(show)", "/sign-in", "/nowhere"] {
        let reply = try await web.guest.get(path, headers: Self.page)
        #expect(Self.ancestors(reply) ?? "'self'" == "'self'", "\(path)")
      }
    }
  }

  @Test func `without a partner that counts, the operator says who may`() async throws {
    var policy = MarketSquare.policy
    policy.embedSites = try #require(EmbedSites("https://news.example, http://localhost:9"))
    try await RunningWeb.run(policy: policy) { web in
      let partner = try await Self.partner(web), show = web.square.show.id
      let list = "'self' https://news.example http://localhost:9"
      for (query, warning) in [
        ("", nil), ("?partner=nobody-here", "partner_unknown"), ("?partner=a%20b", "partner_unknown"),
      ]
        as [(String, JSON?)]
      {
        let reply = try await web.guest.get(
          "/embed/\(show)\(query)", headers: Self.frame(from: "https://news.example/"))
        #expect(reply.status == 200 && Self.ancestors(reply) == list, "\(query)")
        #expect(try Self.data(reply)["warning"] == warning ?? .null, "\(query)")
        let other = try await web.guest.get(
          "/embed/\(show)\(query)", headers: Self.frame(from: "https://blog.example/"))
        #expect(other.status == 403, "\(query)")
      }
      _ = try await web.square.commerce.setPartnerState(
        partner.id, by: web.square.operator, .suspended, reason: "A test")
      let suspended = try await web.guest.get("/embed/\(show)?partner=blog", headers: Self.frame())
      #expect(Self.ancestors(suspended) == list)
      #expect(try Self.data(suspended)["warning"] == "partner_inactive" && Self.data(suspended)["via"] == "blog")
    }
  }

  @Test func `in a frame everybody is a guest, and is given no cookie`() async throws {
    try await RunningWeb.run { web in
      let owner = try await web.owner, show = web.square.show.id
      let own = try await owner.get("/watch/\(show)?lang=hi&via=blog", headers: Self.page)
      #expect(own.text.contains(MarketSquare.ownerEmail) && own.header("set-cookie") != nil)
      let framed = try await owner.get("/embed/\(show)?lang=hi&via=blog", headers: Self.frame())
      #expect(framed.status == 200 && framed.text.contains("<html lang=\"hi\""))
      #expect(!framed.text.contains(MarketSquare.ownerEmail) && framed.text.contains("id=\"name\""))
      #expect(framed.header("set-cookie") == nil)
      // What a member alone sees is not there.
      #expect(try await owner.get("/embed/\(web.square.lamp.id)", headers: Self.frame()).status == 404)
    }
  }

  @Test func `who opens a frame by itself is led to the page`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      for (query, place) in [("", ""), ("?partner=Blog&theme=dark", "?via=blog"), ("?partner=%0d%0aX:%20y", "")] {
        let reply = try await web.guest.get(
          "/embed/\(show)\(query)", headers: ["Accept": "text/html", "Sec-Fetch-Dest": "document"])
        #expect(reply.status == 303 && reply.header("location") == "/watch/\(show)\(place)", "\(query)")
        #expect(reply.header("x") == nil)
      }
    }
  }

  @Test func `a secret key is refused in a sentence, and not repeated`() async throws {
    try await RunningWeb.run { web in
      let partner = try await Self.partner(web)
      _ = try await web.square.person("Blogger")
      try await web.square.commerce.addPartnerMember(
        of: partner.id, by: web.square.operator, email: "blogger@example.com")
      let blogger = try await web.signedIn("blogger@example.com")
      let made = try await blogger.post("/api/v1/partners/blog/api-keys", ["name": "Reports"])
      let secret = try #require(made.json["secret"].string)
      for path in ["/embed/\(web.square.show.id)?partner=\(secret)", "/embed/refused/secret_key"] {
        let reply = try await web.guest.get(path, headers: Self.frame())
        #expect(reply.status == 400 && reply.text.contains("Revoke that key now"), "\(reply.text)")
        #expect(!reply.text.contains(secret) && Self.ancestors(reply) == "*")
      }
      for nothing in ["/embed/x", "/embed/\(partner.id)", "/embed/clips/\(partner.id)", "/embed/refused/%00"] {
        let reply = try await web.guest.get(nothing, headers: Self.frame())
        #expect(reply.status == 404 && reply.text.contains("data-code=\"not_found\""), "\(nothing)")
        #expect(Self.ancestors(reply) == "*")
      }
    }
  }

  @Test func `colours and themes are what they can be, or nothing`() async throws {
    try await RunningWeb.run { web in
      let path = "/embed/\(web.square.show.id)"
      let themed = try await web.guest.get("\(path)?theme=dark&accent=%23B21&muted=1&autoplay=0", headers: Self.frame())
      #expect(themed.text.contains("data-theme=\"dark\"") && themed.text.contains("href=\"/embed/accents/bb2211.css\""))
      #expect(try Self.data(themed) == ["via": "", "isPaused": true, "isMuted": true])
      #expect(
        themed.text.firstMatch(of: /<live-player [^>]*src=/) == nil, "nothing is fetched before somebody wants it")
      for hostile in ["%22%3E%3Cscript%3E", "red", "%23b3261g", "b3261e%3B%7D", "..%2F..%2Fx", ""] {
        let reply = try await web.guest.get("\(path)?theme=\(hostile)&accent=\(hostile)", headers: Self.frame())
        #expect(reply.status == 200 && !reply.text.contains("data-theme") && !reply.text.contains("/accents/"))
      }
      for (accent, words) in [("ffb31f", "#000"), ("0f6570", "#fff"), ("777777", "#000"), ("000000", "#fff")] {
        let sheet = try await web.guest.get("/embed/accents/\(accent).css")
        #expect(sheet.header("content-type")?.hasPrefix("text/css") == true)
        #expect(sheet.text.contains("--marigold: #\(accent);") && sheet.text.contains("--on-marigold: \(words);"))
      }
      for wrong in ["red.css", "b21.css", "B3261E.css", "b3261e", "b3261e.css%0a", "%7D.css"] {
        #expect(try await web.guest.get("/embed/accents/\(wrong)", headers: Self.page).status == 404, "\(wrong)")
      }
    }
  }

  @Test func `the script has an address that stays, and any page may fetch it`() async throws {
    try await RunningWeb.run { web in
      let script = try await web.guest.get("/embed.js")
      #expect(script.status == 200 && script.header("content-type") == "text/javascript; charset=utf-8")
      #expect(
        script.header("access-control-allow-origin") == "*" && script.header("cache-control") == "public, max-age=300")
      #expect(script.text.contains("customElements.define(\"haat-show\"") && !script.text.contains("import "))
      let packed = try await web.guest.get("/embed.js", headers: ["Accept-Encoding": "gzip"])
      #expect(packed.header("content-encoding") == "gzip" && packed.body.count < 3 * 1024, "\(packed.body.count)")
      let again = try await web.guest.get("/embed.js", headers: ["If-None-Match": script.header("etag") ?? ""])
      #expect(again.status == 304 && again.body.isEmpty)
    }
  }

  @Test func `what comes back from the bank into a frame sees nothing of an order`() async throws {
    try await RunningWeb.run { web in
      let order = try await web.placed()
      let cookie = ["Cookie": "haat_order=\(order.token)", "Sec-Fetch-Dest": "iframe", "Accept": "text/html"]
      for path in ["/orders/\(order.id)?payment=approved", "/orders/\(order.id)?token=\(order.token)"] {
        let reply = try await web.guest.get(path, headers: cookie)
        #expect(reply.status == 200 && Self.ancestors(reply) == "*" && reply.header("set-cookie") == nil)
        for word in ["Asha", "asha@", "Lamp", "Pune"] { #expect(!reply.text.contains(word), "\(word)") }
      }
    }
  }

  @Test func `a partner's people name its sites, and nobody else does`() async throws {
    try await RunningWeb.run { web in
      let partner = try await Self.partner(web)
      _ = try await web.square.person("Blogger")
      try await web.square.commerce.addPartnerMember(
        of: partner.id, by: web.square.operator, email: "blogger@example.com")
      let (blogger, owner) = (try await web.signedIn("blogger@example.com"), try await web.owner)
      let path = "/api/v1/partners/blog/sites"
      let changed = try await blogger.put(path, ["sites": ["https://Shop.example/"]])
      #expect(changed.status == 200 && changed.json["sites"] == ["https://shop.example"], "\(changed.text)")
      #expect(try await owner.put(path, ["sites": []]).status == 404)
      #expect(try await web.guest.put(path, ["sites": []]).status == 401)
      let many: JSON = .array((0...20).map { .string("https://s\($0).example") })
      let refused = try await blogger.put(path, ["sites": many])
      #expect(refused.status == 422 && refused.code == "too_many", "\(refused.text)")
      let wrong = try await blogger.put(path, ["sites": ["shop.example"]])
      #expect(wrong.status == 422 && wrong.json["field"] == "sites")

      // The same on their page, with what is there to copy.
      #expect(try await owner.get("/partner/blog/embed", headers: Self.page).status == 404)
      let page = try await blogger.get("/partner/blog/embed?theme=dark&accent=b3261e", headers: Self.page)
      #expect(page.status == 200 && page.text.contains("https://shop.example"))
      #expect(
        page.text.contains(
          "&lt;haat-show show=&quot;\(web.square.show.id)&quot; partner=&quot;blog&quot; theme=&quot;dark&quot; accent=&quot;#b3261e&quot;&gt;&lt;/haat-show&gt;"
        ))
      #expect(
        page.text.contains(
          "&lt;iframe src=&quot;http://localhost:8080/embed/\(web.square.show.id)?partner=blog&amp;amp;theme=dark"))
      let form = ["Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"]
      func send(_ sites: String) async throws -> Reply {
        try await blogger.send("POST", "/partner/blog/embed", headers: form, body: Array("sites=\(sites)".utf8))
      }
      #expect(try await send("https%3A%2F%2Fa.example%0Ahttps%3A%2F%2Fb.example").status == 303)
      #expect(
        try await blogger.get("/api/v1/partners/blog").json["sites"] == ["https://a.example", "https://b.example"])
      let unread = try await send("not+a+site")
      #expect(unread.status == 422 && unread.text.contains("not a site"))
    }
  }
}

/// How other sites learn of a page that they could show.
@Suite(.timeLimit(.minutes(2))) struct OEmbedWebTests {
  @Test func `a page of a show says where it is described, and the description shows it`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      let hostile = "\"><img src=x onerror=alert(1)>"
      _ = try await web.square.commerce.changeShow(show, by: web.square.owner, ShowChange(title: hostile))
      let page = try await web.guest.get("/watch/\(show)", headers: ["Accept": "text/html"])
      let link = try #require(
        page.text.firstMatch(of: /<link rel="alternate" type="application\/json\+oembed" href="([^"]+)">/))
      #expect(link.1 == "http://localhost:8080/oembed?url=http://localhost:8080/watch/\(show)")
      let answer = try await web.guest.get(
        String(link.1.dropFirst("http://localhost:8080".count)), headers: ["Accept": "text/html"])
      #expect(answer.status == 200 && answer.header("content-type") == "application/json", "\(answer.text)")
      #expect(answer.header("access-control-allow-origin") == "*")
      let told = answer.json
      #expect(told["version"] == "1.0" && told["type"] == "video" && told["title"].string == hostile)
      #expect(told["author_name"] == "Lata's Lamps" && told["author_url"] == "http://localhost:8080/@lamps")
      #expect(told["width"] == 400 && told["height"] == 711)
      let html = try #require(told["html"].string)
      #expect(html.hasPrefix("<iframe src=\"http://localhost:8080/embed/\(show)\" ") && html.hasSuffix("></iframe>"))
      #expect(html.contains("referrerpolicy=\"strict-origin\"") && !html.contains("<img"))
      let framed = try await web.guest.get("/embed/\(show)", headers: ["Accept": "text/html"])
      #expect(!framed.text.contains("json+oembed"))
    }
  }

  @Test func `it keeps within what it is given, and keeps whose link it was`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      func ask(_ url: String, _ more: String = "") async throws -> Reply {
        let encoded = url.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return try await web.guest.get("/oembed?url=\(encoded)\(more)")
      }
      let small = try await ask("http://localhost:8080/watch/\(show)", "&maxwidth=320&maxheight=500&format=json")
      #expect(small.json["width"] == 320 && small.json["height"] == 500, "\(small.text)")
      let linked = try await ask("https://localhost:8080/watch/\(show)?via=Blog#x", "&lang=hi")
      #expect(
        linked.json["html"].string?.contains("/embed/\(show)?partner=blog&amp;lang=hi\"") == true, "\(linked.text)")
      #expect(try await ask("http://localhost:8080/watch/\(show)", "&format=xml").status == 501)
      #expect(try await ask("http://localhost:8080/watch/\(show)", "&maxwidth=x").status == 400)
      #expect(try await web.guest.get("/oembed").status == 400)
      for url in [
        "http://evil.example/watch/\(show)", "http://localhost:8080.evil.example/watch/\(show)",
        "http://localhost:8080/orders/\(show)", "http://localhost:8080/watch/\(web.square.lamp.id)",
        "http://localhost:8080/watch/", "localhost:8080/watch/\(show)", "http://localhost:8080/", "x", "",
        "http://localhost:8080/watch/\(show)/../../operator", String(repeating: "a", count: 3_000),
      ] {
        let reply = try await ask(url)
        #expect(reply.status == 404 && reply.header("content-type") == "application/problem+json", "\(url)")
      }
    }
  }
}
