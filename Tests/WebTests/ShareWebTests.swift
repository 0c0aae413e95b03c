import Commerce
import Foundation
import NIOCore
import TestKit
import TestPrograms
import Testing

@testable import Media
@testable import Web

private typealias JSON = TestKit.JSON

/// What a page is where a link to it is shown: its words, its picture, and what search engines read in it.
@Suite(.timeLimit(.minutes(2))) struct ShareWebTests {
  /// What schema.org and those who read it want of each kind: https://developers.google.com/search/docs/appearance/structured-data
  private static let required: [String: [String]] = [
    "VideoObject": ["name", "thumbnailUrl", "uploadDate"],
    "BroadcastEvent": ["isLiveBroadcast", "startDate"],
    "Product": ["name", "offers"],
    "Offer": ["price", "priceCurrency", "availability"],
    "Organization": ["name"],
  ]

  /// Every thing in a page's JSON-LD, however deep, by its type; each is checked.
  private static func things(_ page: String) throws -> [String: [JSON]] {
    let block = try #require(
      page.firstMatch(of: /<script type="application\/ld\+json">(?<data>.*?)<\/script>/)?.output.data)
    let whole = try JSONDecoder().decode(JSON.self, from: Data(block.utf8))
    #expect(whole["@context"] == "https://schema.org")
    var found: [String: [JSON]] = [:]
    func look(_ value: JSON) {
      for item in value.array { look(item) }
      guard case .object(let members) = value else { return }
      for member in members.values { look(member) }
      guard let type = value["@type"].string else { return }
      found[type, default: []].append(value)
      for name in required[type] ?? [] { #expect(value[name] != .null, "\(type) has a \(name)") }
      for name in ["startDate", "endDate", "uploadDate"] where value[name] != .null {
        #expect(value[name].string.flatMap { Moment($0) } != nil, "\(name) is a time")
      }
      for name in ["url", "contentUrl"] where value[name] != .null {
        #expect(value[name].string?.hasPrefix("http://localhost:8080/") == true, "\(name) is a whole address")
      }
    }
    look(whole)
    return found
  }

  private static func meta(_ page: String, _ name: String) -> String? {
    for kind in ["property", "name"] {
      guard let start = page.range(of: "<meta \(kind)=\"\(name)\" content=\"") else { continue }
      return String(page[start.upperBound...].prefix { $0 != "\"" }).replacing("&amp;", with: "&")
    }
    return nil
  }

  private static func preview(_ page: String) throws -> String {
    let address = try #require(meta(page, "og:image"))
    #expect(meta(page, "twitter:card") == "summary_large_image")
    #expect(meta(page, "og:image:width") == "1200" && meta(page, "og:image:height") == "630")
    return String(address.dropFirst("http://localhost:8080".count))
  }

  @Test func `a show says what it is before, while and after it is on air`() async throws {
    try await RunningWeb.run { web in
      let square = web.square, commerce = square.commerce
      let coming = try await commerce.scheduleShow(
        commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(title: "Morning", scheduledAt: square.clock.now.adding(seconds: 7_200), markets: ["IN"]))
      let before = try await web.guest.get("/watch/\(coming.id)?lang=hi&market=IN").text
      #expect(before.contains("<link rel=\"canonical\" href=\"http://localhost:8080/watch/\(coming.id)\">"))
      let planned = try Self.things(before)
      #expect(planned["BroadcastEvent"]?[0]["startDate"].string == coming.scheduledAt.description)
      #expect(planned["BroadcastEvent"]?[0]["endDate"] == .null && planned["VideoObject"]?[0]["contentUrl"] == .null)
      #expect(Self.meta(before, "og:video") == nil && Self.meta(before, "og:type") == "video.other")

      let during = try await web.guest.get("/watch/\(square.show.id)").text
      let live = try Self.things(during)
      let playlist = "http://localhost:8080/live/\(square.show.id)/index.m3u8"
      #expect(live["VideoObject"]?[0]["contentUrl"].string == playlist)
      #expect(Self.meta(during, "og:video") == playlist)
      #expect(Self.meta(during, "og:video:type") == "application/vnd.apple.mpegurl")
      #expect(live["BroadcastEvent"]?[0]["isLiveBroadcast"] == true)
      #expect(live["Product"]?[0]["name"] == "Brass lamp" && live["Offer"]?[0]["price"] == "1299.00")

      try await web.recordShow()
      let after = try await web.guest.get("/watch/\(square.show.id)").text
      let over = try Self.things(after)
      let ended = try #require(try await commerce.show(square.show.id).endedAt)
      #expect(over["BroadcastEvent"]?[0]["endDate"].string == ended.description)
      #expect(over["VideoObject"]?[0]["duration"] == "PT30S")
      #expect(Self.meta(after, "og:video") == "http://localhost:8080/replay/\(square.show.id)/index.m3u8")

      let clip = try await web.readyClip()
      let cut = try await web.guest.get("/clips/\(clip)").text
      let film = try Self.things(cut)
      #expect(film["VideoObject"]?[0]["contentUrl"].string == "http://localhost:8080/clips/\(clip)/video.mp4")
      #expect(film["VideoObject"]?[0]["duration"] == "PT10S" && film["Product"]?.count == 1)
      #expect(Self.meta(cut, "og:video:type") == "video/mp4" && Self.meta(cut, "og:video:width") == "720")

      let shop = try await web.guest.get("/products/\(square.lamp.id)?market=IN").text
      #expect(try Self.things(shop)["Offer"]?[0]["availability"] == "https://schema.org/InStock")
      #expect(Self.meta(shop, "og:type") == "product")
    }
  }

  @Test func `what is nobody else's names no address and no picture`() async throws {
    try await RunningWeb.run { web in
      let page = try await web.owner.get("/orders").text
      #expect(!page.contains("canonical") && Self.meta(page, "og:image") == nil)
    }
  }

  /// Width and height as ffprobe reads them.
  private static func size(_ jpeg: [UInt8]) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "haat-preview-\(UUID().uuidString).jpg")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(jpeg).write(to: file)
    let probe = TestProcess()
    probe.executableURL = URL(filePath: "/usr/bin/env")
    probe.arguments = [
      "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=codec_name,width,height", "-of",
      "csv=p=0", file.path,
    ]
    let pipe = Pipe()
    probe.standardOutput = pipe
    try probe.run()
    let said = pipe.fileHandleForReading.readDataToEndOfFile()
    probe.waitUntilExit()
    return String(decoding: said, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func `a link is shown with a picture that was made for it, once`() async throws {
    try await RunningWeb.run { web in
      let square = web.square
      try await square.commerce.pin(by: square.owner, show: square.show.id, product: square.lamp.id)
      for title in ["Evening lamps", "दीवाली के दीये, हाथ से बने: क्षितिज से", "{\\an8}\\N {\\p1} 100 % <b>"] {
        _ = try await square.commerce.changeShow(square.show.id, by: square.owner, ShowChange(title: title))
        let path = try Self.preview(try await web.guest.get("/watch/\(square.show.id)?lang=hi").text)
        let card = try await web.guest.get(path)
        #expect(card.status == 200 && card.header("content-type") == "image/jpeg", "\(title)")
        #expect(try Self.size(card.body) == "mjpeg,1200,630", "\(title)")
        #expect(card.header("cache-control") == "public, max-age=60")
        #expect(try await web.guest.get(path).body == card.body)
      }
      let product = try Self.preview(try await web.guest.get("/products/\(square.lamp.id)").text)
      #expect(try Self.size(try await web.guest.get(product).body) == "mjpeg,1200,630")
      try await web.recordShow()
      let clip = try await web.readyClip(video: UprightFilm.video, poster: UprightFilm.poster)
      let cut = try Self.preview(try await web.guest.get("/clips/\(clip)").text)
      #expect(try Self.size(try await web.guest.get(cut).body) == "mjpeg,1200,630")
      #expect(try await web.guest.get("/shows/\(square.lamp.id)/preview.jpg").status == 404)
      _ = try await square.commerce.admitChannel(
        square.channel.id, by: square.operator, as: .suspended, because: Verdict(.rules))
      #expect(try await web.guest.get("/shows/\(square.show.id)/preview.jpg").status == 404)
    }
  }

  @Test func `where no picture can be made, a link is shown with another`() async throws {
    try await RunningWeb.run(configure: { $0.posters.ffmpeg = "no-such-program" }) { web in
      let card = try await web.guest.get("/shows/\(web.square.show.id)/preview.jpg")
      #expect(card.status == 302 && card.header("location")?.hasSuffix("/icons/icon-512.png") == true)
      let icon = try await web.guest.get(try #require(card.header("location")))
      #expect(icon.status == 200 && icon.header("content-type") == "image/png")
    }
  }

  @Test func `forty who ask at once for a card that is not made yet wait for the same one`() async throws {
    try await RunningWeb.run { web in
      let path = "/shows/\(web.square.show.id)/preview.jpg"
      let bodies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
        for _ in 0..<40 { group.addTask { try await web.guest.get(path).body } }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(bodies.count == 1 && bodies.first?.isEmpty == false)
    }
  }

  @Test func `words on a card are words, whatever they look like`() {
    let card = LinkCard(
      title: "{\\an8} a \\N b\nc " + String(repeating: "long ", count: 40), name: "\u{7}Asha{", note: "", badge: "",
      isLive: false, colour: "000000")
    let lines = CardText(card, isBeside: false).text.split(separator: "\n").filter { $0.contains("Asha") }
    #expect(lines.count == 1)
    #expect(lines.allSatisfy { $0.contains("(⧵an8) a ⧵N b c") && $0.contains("…") && $0.contains("Asha(") })
  }

  @Test(arguments: [
    ("IN", "29 November, 18:00 IST"), ("US", "29 November, 12:30 UTC"), ("NP", "29 November, 18:15 NPT"),
  ])
  func `a moment is told by the clock of the market, where it has one`(market: String, text: String) throws {
    let words = try #require(Screens(resources: ResourceFiles.root).words("en"))
    #expect(words.moment(try #require(Moment("2026-11-29T12:30:00Z")), market: market) == text)
  }
}

/// What is needed to be put among a phone's apps.
@Suite(.timeLimit(.minutes(2))) struct InstallWebTests {
  @Test(arguments: ["en", "hi"]) func `the site can be put among a phone's apps`(language: String) async throws {
    try await RunningWeb.run { web in
      let page = try await web.guest.get("/?lang=\(language)").text
      let address = try #require(page.firstMatch(of: /<link rel="manifest" href="([^"]+)">/)?.output.1)
      let answer = try await web.guest.get(String(address))
      #expect(answer.status == 200 && answer.header("content-type") == "application/manifest+json")
      let manifest = answer.json
      #expect(manifest["id"] == "/" && manifest["start_url"] == "/" && manifest["scope"] == "/")
      #expect(manifest["display"] == "standalone" && manifest["lang"].string == language)
      for name in ["name", "short_name", "description", "theme_color", "background_color"] {
        #expect(manifest[name].string?.isEmpty == false, "\(name)")
      }
      #expect(manifest["short_name"].string == (language == "hi" ? "हाट" : "Haat"))
      var sizes: [String] = []
      for icon in manifest["icons"].array {
        let picture = try await web.guest.get(try #require(icon["src"].string))
        #expect(picture.status == 200 && picture.header("content-type") == "image/png")
        let header = try #require(PictureHeader(ByteBuffer(bytes: picture.body)))
        #expect(icon["sizes"].string == "\(header.width)x\(header.height)")
        sizes.append("\(icon["sizes"].string ?? "") \(icon["purpose"].string ?? "")")
      }
      #expect(sizes == ["192x192 any", "512x512 any", "192x192 maskable", "512x512 maskable"])
      for shortcut in manifest["shortcuts"].array {
        #expect(shortcut["name"].string?.isEmpty == false)
        let there = try await web.owner.get(try #require(shortcut["url"].string), headers: ["Accept": "text/html"])
        #expect(there.status == 200, "\(shortcut)")
      }
      #expect(manifest["shortcuts"].array.count == 4)
      let touch = try #require(page.firstMatch(of: /<link rel="apple-touch-icon" href="([^"]+)">/)?.output.1)
      for path in [String(touch), "/apple-touch-icon.png", "/apple-touch-icon-precomposed.png"] {
        let picture = try await web.guest.get(path)
        #expect(PictureHeader(ByteBuffer(bytes: picture.body))?.width == 180, "\(path)")
      }
    }
  }

  @Test func `the page for when there is no network says nothing of who looks`() async throws {
    try await RunningWeb.run { web in
      let guest = try await web.guest.get("/offline?lang=en"), owner = try await web.owner.get("/offline?lang=en")
      #expect(guest.status == 200 && guest.text == owner.text && guest.text.contains("You are offline"))
      let worker = try await web.guest.get("/service-worker.js").text
      #expect(worker.contains(#"self.site = {"languages":["en","hi"],"release":""#))
    }
  }
}
