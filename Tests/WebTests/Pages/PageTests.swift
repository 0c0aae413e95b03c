import Commerce
import Foundation
import NIOCore
import TestKit
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(3))) struct PageTests {
  @Test func `every page answers those it is for, in both languages`() async throws {
    try await RunningWeb.run { web in
      let show = web.square.show.id
      let open = ["/", "/@lamps", "/watch/\(show)", "/sign-in", "/sign-up", "/setup?token=x"]
      let own = [
        "/orders", "/studio", "/studio/lamps", "/studio/lamps?tab=products", "/studio/lamps?tab=orders",
        "/studio/lamps?tab=members", "/studio/lamps/products/new", "/studio/lamps/products/\(web.square.lamp.id)",
        "/studio/lamps/shows/new", "/studio/shows/\(show)",
        "/studio/shows/\(show)/camera", "/studio/lamps/moderation",
      ]
      let owner = try await web.owner, `operator` = try await web.operator
      let visits = open.map { (web.guest, $0) } + own.map { (owner, $0) } + [(`operator`, "/operator")]
      for (client, path) in visits {
        for language in ["en", "hi"] {
          let reply = try await client.get(path, headers: ["Accept-Language": language, "Accept": "text/html"])
          #expect(reply.status == 200, "\(path)")
          #expect(reply.text.contains("<html lang=\"\(language)\""), "\(path)")
          #expect(reply.text.components(separatedBy: "<h1").count == 2, "\(path) has one first heading")
          #expect(reply.text.contains("id=\"main\""), "\(path)")
          #expect(!reply.text.contains("{{") && !reply.text.contains("Optional("), "\(path)")
          #expect(reply.header("content-security-policy")?.contains("script-src 'self'") == true, "\(path)")
        }
      }
    }
  }

  @Test func `private pages ask a guest to sign in and do not exist for a stranger`() async throws {
    try await RunningWeb.run { web in
      for path in ["/orders", "/studio", "/studio/lamps", "/studio/shows/\(web.square.show.id)", "/operator"] {
        let reply = try await web.guest.get(path, headers: ["Accept": "text/html"])
        #expect(reply.status == 303 && reply.header("location")?.hasPrefix("/sign-in?return=%2F") == true, "\(path)")
      }
      let stranger = try await web.stranger
      for path in ["/studio/lamps", "/studio/lamps?tab=orders", "/studio/shows/\(web.square.show.id)"] {
        #expect(try await stranger.get(path, headers: ["Accept": "text/html"]).status == 404, "\(path)")
      }
      #expect(try await stranger.get("/operator", headers: ["Accept": "text/html"]).status == 403)
    }
  }

  @Test func `what people write never becomes part of the page`() async throws {
    let hostile = "</script><img src=x onerror=alert(1)>\"\u{301} onmouseover=\"alert(1)\u{301}'"
    try await RunningWeb.run { web in
      let commerce = web.square.commerce, owner = web.square.owner
      _ = try await commerce.changeChannel(
        web.square.channel.id, by: owner,
        ChannelChange(name: String(hostile.prefix(70)), about: hostile))
      _ = try await commerce.changeProduct(
        web.square.lamp.id, by: owner,
        ProductChange(
          title: hostile, description: hostile, options: ["Size"],
          variants: [
            VariantDraft(
              id: web.square.lampVariant, sku: "x\"><b>", optionValues: [String(hostile.prefix(50))],
              prices: ["IN": 129_900])
          ]))
      _ = try await commerce.changeShow(
        web.square.show.id, by: owner,
        ShowChange(title: hostile, description: hostile, markets: ["IN"]))
      try await commerce.pin(by: owner, show: web.square.show.id, product: web.square.lamp.id)
      _ = try await commerce.say(
        commerce.makeID(), by: .nobody, show: web.square.show.id, name: "<b>guest</b>", text: hostile)
      _ = try await commerce.numberTimeline(web.square.show.id)
      let show = web.square.show.id, client = try await web.owner
      for path in [
        "/", "/@lamps", "/watch/\(show)", "/studio", "/studio/lamps", "/studio/lamps?tab=products",
        "/studio/lamps/products/\(web.square.lamp.id)", "/studio/lamps/shows/new", "/studio/shows/\(show)",
        "/studio/shows/\(show)/camera",
      ] {
        let page = try await client.get(path, headers: ["Accept": "text/html"])
        #expect(page.status == 200, "\(path)")
        #expect(!page.text.contains("<img src=x") && !page.text.contains("<b>guest"), "\(path)")
        let scalars = Array(page.text.unicodeScalars)
        let bareQuotes = zip(zip(scalars, scalars.dropFirst()), scalars.dropFirst(2)).count {
          // In a data block a quote has a backslash before it.
          $0.0 != "\\" && $0.1 == "\"" && $1.value == 0x301
        }
        #expect(bareQuotes == 0, "\(path)")
      }
      #expect(try await client.get("/watch/\(show)").text.contains("&lt;b&gt;guest"))
    }
  }

  @Test func `everything needed to watch and buy is at most 60 KB`() async throws {
    try await RunningWeb.run { web in
      let commerce = web.square.commerce, show = web.square.show.id
      try await commerce.pin(by: web.square.owner, show: show, product: web.square.lamp.id)
      let page = try await web.guest.get("/watch/\(show)", headers: ["Accept": "text/html", "Accept-Encoding": "gzip"])
      #expect(page.header("content-encoding") == "gzip")
      let html = try await web.guest.get("/watch/\(show)").text
      let assets = Set(html.matches(of: /(?:href|src)="(\/static\/[^"#]+)/).map { String($0.1) })
      #expect(assets.contains { $0.hasSuffix("/live-player.js") } && assets.contains { $0.hasSuffix("/room.css") })
      var bytes = page.body.count
      for asset in assets {
        let reply = try await web.guest.get(asset, headers: ["Accept-Encoding": "gzip"])
        #expect(reply.status == 200, "\(asset)")
        bytes += reply.body.count
      }
      #expect(bytes <= 60 * 1024, "\(bytes) bytes in \(assets.count + 1) answers")
    }
  }

  @Test func `a language that was chosen stays chosen`() async throws {
    try await RunningWeb.run { web in
      let chosen = try await web.guest.get("/?lang=hi", headers: ["Accept": "text/html"])
      #expect(try chosen.cookie("haat_language") == "hi")
      let later = try await web.guest.get("/", headers: ["Cookie": "haat_language=hi", "Accept-Language": "en"])
      #expect(later.text.contains("<html lang=\"hi\""))
      let unknown = try await web.guest.get("/?lang=../../etc", headers: ["Accept": "text/html"])
      #expect(unknown.status == 200 && unknown.header("set-cookie") == nil)
    }
  }

  @Test func `a page that is not there says so in the reader's language, with a way on`() async throws {
    try await RunningWeb.run { web in
      for path in ["/nowhere", "/watch/nothing", "/@nobody", "/orders/x", "/studio/a/b/c/d"] {
        let reply = try await web.guest.get(path, headers: ["Accept": "text/html", "Accept-Language": "hi"])
        #expect(reply.status == 404, "\(path)")
        #expect(reply.text.contains("<html lang=\"hi\"") && reply.text.contains("href=\"/\""), "\(path)")
      }
    }
  }

  @Test func `a file adds a language, written from the right too`() async throws {
    let resources = FileManager.default.temporaryDirectory.appending(path: "haat-resources-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: resources) }
    try FileManager.default.copyItem(at: ResourceFiles.root, to: resources)
    let languages = resources.appending(path: "Languages")
    try RightToLeft.file(from: languages).write(to: languages.appending(path: "ar.json"))
    try await RunningWeb.run(configure: { $0.resourcesDirectory = resources.path }) { web in
      let asked = try await web.guest.get("/", headers: ["Accept-Language": "ar-EG, en;q=0.5", "Accept": "text/html"])
      #expect(asked.text.contains(#"<html lang="ar" dir="rtl" data-locale="ar-EG-u-nu-latn">"#))
      #expect(asked.header("content-language") == "ar")
      let english = try await web.guest.get("/", headers: ["Accept": "text/html"])
      #expect(english.text.contains(#"<a href="/?lang=ar" lang="ar" hreflang="ar">العربية</a>"#))
      #expect(english.text.contains(#"dir="ltr""#))
    }
  }
}

/// A language that is written from the right: its words are English, which no layout minds.
enum RightToLeft {
  static func file(from languages: URL) throws -> Data {
    var groups = try JSONDecoder().decode(
      [String: [String: String]].self, from: Data(contentsOf: languages.appending(path: "en.json")))
    groups["language"] = ["name": "العربية", "direction": "rtl", "locale": "ar-EG-u-nu-latn"]
    groups["plural"] = [
      "zero": "n = 0", "one": "n = 1", "two": "n = 2", "few": "n % 100 = 3..10", "many": "n % 100 = 11..99",
    ]
    return try JSONEncoder().encode(groups)
  }
}
