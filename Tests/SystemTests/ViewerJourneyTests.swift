import Foundation
import TestKit
import Testing

/// A viewer's evening at one show: buys live, then once more in a page of another site that holds the show, and once more
/// in the replay when it is over. With `HAAT_SCREENSHOTS` it is looked at on both sizes, in both languages, in light and
/// dark colours.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ViewerJourneyTests {
  /// The demo's show, as its host has it in hand.
  private struct Show {
    static let kettle = "Hammered copper chai kettle"

    let id: String
    let channel: String
    let host: Client

    init(_ demo: (watch: URL, email: String, password: String)) async throws {
      id = demo.watch.lastPathComponent
      host = Client(demo.watch)
      try await host.call("POST", "/api/v1/session", ["email": demo.email, "password": demo.password])
      channel = try await host.call("GET", "/api/v1/shows/\(id)", expecting: 200).text("channel.id")
      // A person who pins something takes the demo's host out of the way.
      let cards = try await host.call("GET", "/api/v1/shows/\(id)/products?market=IN", expecting: 200)
      let kettle = (cards["items"] as? [[String: Any]] ?? []).first { $0["title"] as? String == Self.kettle }?["id"]
      guard let kettle else { throw Trouble("no kettle in \(cards.json ?? "nothing")") }
      try await host.call("PUT", "/api/v1/shows/\(id)/pin", ["product": kettle], expecting: 200)
    }

    /// Ends it, and gives at which second of the replay the kettle came on screen.
    func end() async throws -> Int {
      try await host.call("PUT", "/api/v1/shows/\(id)/state", ["state": "ended"], expecting: 200)
      let recording = "/api/v1/shows/\(id)/recording"
      try await until("the recording is complete", within: 20) {
        try await host.call("GET", recording)["state"] as? String == "ready" ? true : nil
      }
      let told = try await host.call("GET", "/api/v1/shows/\(id)/moments?limit=1000", expecting: 200)
      let pins = (told["items"] as? [[String: Any]] ?? []).filter { $0["kind"] as? String == "pinned" }
      guard let pinned = pins.last?["mediaTime"] as? Int else { throw Trouble("no pin in \(told.json ?? "nothing")") }
      return (pinned - (try await host.call("GET", recording).integer("startMediaTime"))) / 1000 + 1
    }

    /// What was sold, the latest first.
    func orders() async throws -> [[String: Any]] {
      try await host.call("GET", "/api/v1/orders?channel=\(channel)", expecting: 200)["items"] as? [[String: Any]] ?? []
    }
  }

  @Test(arguments: Look.all(otherwise: "hi"))
  func `a viewer buys live, in a page of another site, and in the replay`(look: Look) async throws {
    let program = try HaatProgram()
    let demo = try await program.demo()
    let show = try await Show(demo)
    let other = try await OtherSite()
    let site = demo.watch.deletingLastPathComponent().deletingLastPathComponent().absoluteString.dropLast()
    try await withBrowser(width: look.screen.width, height: look.screen.height) { browser in
      let viewer = Person(browser: browser, site: String(site), look: look)
      try await viewer.prefer()
      try await Self.buyLive(viewer, show)
      try await Self.buyElsewhere(viewer, show, other)
      try await Self.buyLater(viewer, show, from: try await show.end())
      #expect(try await OnAirTests.complaints(of: browser) == [])
    }
    let orders = try await show.orders()
    #expect(orders.count == 3 && orders.allSatisfy { $0["state"] as? String == "paid" }, "\(orders)")
    let sources = orders.compactMap { $0["source"] as? [String: Any] }
    #expect(sources.map { $0["kind"] as? String } == ["page", "embed", "page"])
    #expect(sources.dropFirst().first?["site"] as? String == other.origin)
    let audit = try await program.run(["audit"])
    #expect(audit.status == 0, "\(audit.output)")
    program.kill(SIGINT)
    #expect(try await program.ended(within: 5) == 0)
  }

  private static let isPinned = "document.querySelector('pinned-card h2')?.textContent === '\(Show.kettle)'"

  private static func buyLive(_ viewer: Person, _ show: Show) async throws {
    let browser = viewer.browser
    try await viewer.open("/watch/\(show.id)?market=IN", until: isPinned)
    try await OnAirTests.seeFramesAdvance(browser)
    let question = viewer.look.language == "hi" ? "क्या यह पुणे तक आता है?" : "Do you ship to Pune?"
    try await browser.type(question, into: ".say [name=text]")
    try await browser.run("document.querySelector('.say').requestSubmit(); document.activeElement.blur()")
    try await browser.wait(
      until:
        "[...document.querySelectorAll('.message[data-id]:not(.unsent)')].at(-1)?.textContent.includes('\(question)')")
    try await viewer.keep("viewer-1-live")
    let order = try await OnAirTests.buy(browser) { step in
      guard let place = ["product", "details", "card", "declined", "done"].firstIndex(of: step) else { return }
      if step == "product" {
        let lines = try await browser.run(
          """
          const about = document.querySelector(".drawer .about-product");
          return about.clientHeight / parseFloat(getComputedStyle(about).lineHeight);
          """
        ).number
        #expect(abs((lines ?? 0.5).remainder(dividingBy: 1)) < 0.1, "a line is cut: \(lines ?? 0) are seen")
      }
      try await viewer.keep("viewer-\(place + 2)-\(step)")
    }
    try await browser.click(".drawer-foot .strong")
    try await browser.wait(until: "!document.querySelector('.drawer').open")
    try await OnAirTests.seeFramesAdvance(browser)
    try await viewer.open(order)
    #expect(try await browser.text("main").contains(Show.kettle))
    try await viewer.keep("viewer-7-order")
  }

  /// The frame is another site's to the page around it, and has no cookie of ours.
  private static func buyElsewhere(_ viewer: Person, _ show: Show, _ other: OtherSite) async throws {
    let browser = viewer.browser
    try await show.host.call(
      "POST", "/api/v1/partners",
      ["name": "The Lamp Letter", "via": "lamp-letter", "sites": [other.origin], "rateBasisPoints": 2500],
      expecting: 201)
    let wishes = "lang=\"\(viewer.look.language)\" theme=\"\(viewer.look.screen.isDark ? "dark" : "light")\""
    try other.put(
      "article.html",
      embedExample(haat: viewer.site, show: show.id, partner: "lamp-letter")
        .replacing("<haat-show ", with: "<haat-show \(wishes) "))
    try await browser.open("\(other.origin)/article.html")
    func hear(_ kind: String) async throws {
      try await browser.wait(
        until: "[...document.querySelectorAll('#log li')].some((line) => line.textContent.startsWith('haat:\(kind) '))")
    }
    try await hear("live")
    try await browser.run("document.querySelector('haat-show').scrollIntoView({ block: 'center' })")
    try await browser.within("iframe", of: "haat-show") {
      try await browser.wait(until: isPinned)
      try await OnAirTests.seeFramesAdvance(browser)
      try await viewer.keep("viewer-8-embed")
      try await OnAirTests.buy(browser) { step in
        if step == "card" { try await viewer.keep("viewer-9-embed-card") }
        if step == "done" { try await viewer.keep("viewer-10-embed-done") }
      }
    }
    try await hear("order")
    try await viewer.keep("viewer-11-embed-heard")
  }

  private static func buyLater(_ viewer: Person, _ show: Show, from second: Int) async throws {
    let browser = viewer.browser
    try await viewer.open(
      "/watch/\(show.id)?market=IN", until: "document.querySelector('replay-player').state === 'playing'")
    try await OnAirTests.seeFramesAdvance(browser)
    try await ReplayTests.seek(browser, to: second)
    try await browser.wait(until: isPinned)
    try await OnAirTests.seeFramesAdvance(browser)
    #expect(try await browser.text("[data-part=chapter]") == Show.kettle)
    try await viewer.keep("viewer-12-replay")
    try await OnAirTests.buy(browser) { step in
      if step == "product" { try await viewer.keep("viewer-13-replay-product") }
      if step == "done" { try await viewer.keep("viewer-14-replay-done") }
    }
  }
}
