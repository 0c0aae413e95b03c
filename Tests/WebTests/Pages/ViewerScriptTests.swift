import Commerce
import Foundation
import Media
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// The front page and the feed where they run: in a browser.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ViewerScriptTests {
  private static func site(_ web: RunningWeb) -> String { "http://localhost:\(web.port)" }

  @Test func `a tile of a show on air moves, unless the reader wants it still`() async throws {
    try await RunningWeb.onAir { web, _ in
      _ = try await web.until({ try await web.guest.get("/").text }, is: { $0.contains("data-film=") })
      try await withBrowser { browser in
        try await browser.open("\(Self.site(web))/?lang=en")
        try await browser.wait(until: "document.querySelector('.plays')?.currentTime > 0.5")
        #expect(
          try await browser.run(
            "const v = document.querySelector('.plays'); return v.muted && v.videoWidth > 0 && v.tabIndex === -1")
            == true)
        let shifts = try await browser.run(
          """
          return await new Promise((resume) => {
            let sum = 0
            new PerformanceObserver((list) => { for (const entry of list.getEntries()) sum += entry.value })
              .observe({ type: "layout-shift", buffered: true })
            requestAnimationFrame(() => requestAnimationFrame(() => resume(sum)))
          })
          """)
        #expect((shifts.number ?? 1) < 0.001, "nothing on the page moves for it")
        try await browser.click("moving-tiles button")
        try await browser.wait(until: "document.querySelector('.moving') === null")
        try await browser.open("\(Self.site(web))/?lang=en")
        try await browser.wait(until: "document.querySelector('moving-tiles button[aria-pressed=true]')")
        #expect(try await browser.run("return document.querySelector('.moving') === null") == true)
        try await browser.click("moving-tiles button")
        try await browser.wait(until: "document.querySelector('.plays')?.currentTime > 0.2")

        try await browser.chromium(
          "Emulation.setEmulatedMedia",
          ["features": [["name": "prefers-reduced-motion", "value": "reduce"]]])
        try await browser.wait(until: "!document.querySelector('moving-tiles').hasAttribute('ready')")
        #expect(try await browser.run("return document.querySelector('.moving') === null") == true)
        try await browser.open("\(Self.site(web))/?lang=en")
        // Whatever is going to move has been looked for once the next show of it is drawn.
        try await browser.wait(
          until: "customElements.get('moving-tiles') && !document.querySelector('moving-tiles').hasAttribute('ready')")
        #expect(try await browser.run("return document.querySelector('.moving') === null") == true)
        #expect(try await browser.consoleLines().filter { $0.contains("SEVERE") } == [])
      }
    }
  }

  @Test func `how long it is until a show is counted by the server's clock`() async throws {
    try await RunningWeb.run { web in
      let square = web.square
      // This device's clock has nothing to do with it.
      _ = try await square.commerce.scheduleShow(
        square.commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(title: "Soon", scheduledAt: square.clock.now.adding(seconds: 95), markets: ["IN"]))
      try await withBrowser { browser in
        try await browser.open("\(Self.site(web))/?lang=en")
        try await browser.wait(until: "/^in 1:3\\d$/.test(document.querySelector('starts-in').textContent)")
        let before = try await browser.run("return document.querySelector('starts-in').textContent")
        try await browser.wait(until: "document.querySelector('starts-in').textContent !== '\(before.string ?? "")'")
      }
    }
  }

  @Test(arguments: [("en", "You are offline"), ("hi", "आप ऑफ़लाइन हैं")])
  func `without a network a page says so, in the reader's language, and nothing private was kept`(
    language: String, words: String
  ) async throws {
    try await RunningWeb.run { web in
      try await withBrowser { browser in
        try await browser.open("\(Self.site(web))/sign-in")
        try await browser.type(MarketSquare.ownerEmail, into: "#email")
        try await browser.type(MarketSquare.password, into: "#password")
        try await browser.click("main form button")
        try await browser.wait(until: "location.pathname !== '/sign-in'")
        try await browser.open("\(Self.site(web))/studio?lang=\(language)")
        // Every page brings it, after all that matters more.
        try await browser.wait(until: "navigator.serviceWorker.controller?.state === 'activated'")
        try await browser.open("\(Self.site(web))/orders")
        try await browser.wait(until: "document.querySelector('h1')")
        let kept = try await browser.run(
          """
          const names = await caches.keys()
          const cache = await caches.open(names[0])
          const texts = await Promise.all((await cache.keys()).map(async (key) => (await cache.match(key)).text()))
          return { names: names.length, paths: (await cache.keys()).map(({ url }) => new URL(url).pathname + new URL(url).search).sort(),
            isPrivate: texts.some((text) => text.includes("Lata")) }
          """)
        #expect(kept["names"] == 1 && kept["paths"] == ["/offline?lang=en", "/offline?lang=hi"], "\(kept)")
        #expect(kept["isPrivate"] == false)

        await web.stop()
        try await browser.open("\(Self.site(web))/account")
        try await browser.wait(until: "document.querySelector('h1')?.innerText === '\(words)'")
        let looks = try await browser.run(
          "return [location.pathname, document.documentElement.lang, getComputedStyle(document.querySelector('.button.buy')).minHeight]"
        )
        #expect(looks[0] == "/account" && looks[1].string == language && looks[2] == "54px", "\(looks)")
      }
    }
  }

  @Test func `a viewer reports a show from the player, once, and finds its link there`() async throws {
    try await RunningWeb.run { web in
      try await withBrowser { browser in
        let address = "\(Self.site(web))/watch/\(web.square.show.id)"
        try await browser.open("\(address)?lang=en")
        try await browser.click(".share")
        #expect(try await browser.run("return document.querySelector('.share-sheet .input').value") == .string(address))
        try await browser.click(".share-sheet summary")
        try await browser.click(".share-sheet .chip:nth-child(2)")
        try await browser.type("Not brass", into: "#flag-note")
        try await browser.click(".share-sheet [data-part=send]")
        try await browser.wait(
          until: "document.querySelector('.share-sheet .notice')?.innerText.startsWith('Thank you')")
        #expect(try await browser.run("return document.querySelector('.share-sheet form')") == .null)
        let flagged = try await web.square.commerce.flaggedFilms(by: web.square.operator)
        #expect(flagged.map(\.count) == [1] && flagged.first?.reasons.map(\.reason) == [.counterfeit])
        #expect(flagged.first?.notes == ["Not brass"])
      }
    }
  }

  /// A feed of a show on air and three clips, in a phone's browser.
  private func onFeed(_ path: String, _ body: @Sendable (RunningWeb, Browser, Feed) async throws -> Void) async throws {
    try await RunningWeb.run(configure: { $0.posters.everySeconds = 1 }, mayPublish: true) { web in
      let square = web.square, commerce = square.commerce
      // A browser names what it makes by its own clock, which is today's.
      square.clock.now = WallClock.system.now
      try await web.recordShow()
      var clips: [ID<Clip>] = []
      for number in 1...3 {
        square.clock.advance(milliseconds: 1)
        clips.insert(
          try await web.readyClip(
            title: "Clip \(number)", video: UprightFilm.video, poster: UprightFilm.poster), at: 0)
      }
      let show = try await commerce.scheduleShow(
        commerce.makeID(), by: square.owner, channel: square.channel.id,
        ShowDraft(title: "Night lamps", scheduledAt: square.clock.now, markets: ["IN"]))
      try await commerce.putRun(by: square.owner, show: show.id, [square.lamp.id])
      _ = try await commerce.startShow(by: square.owner, show: show.id, mediaTime: 0)
      try await commerce.pin(by: square.owner, show: show.id, product: square.lamp.id)
      let feed = Feed(show: show.id, clips: clips)
      try await web.publishing(show.id, size: "180x320") {
        try await withBrowser { browser in
          try await browser.open("\(Self.site(web))/?lang=en")
          try await browser.open("\(Self.site(web))\(path)")
          try await body(web, browser, feed)
        }
      }
    }
  }

  private struct Feed: Sendable {
    let show: ID<Show>
    let clips: [ID<Clip>]
  }

  private static func plays(_ clip: ID<Clip>) -> String {
    """
    location.pathname === '/swipe/clips/\(clip)' && document.querySelectorAll('live-room').length === 1
      && document.querySelector('live-room[clip="\(clip)"] replay-player video')?.currentTime > 0.2
    """
  }

  /// A finger on the glass.
  private static func drag(_ browser: Browser, from start: Int, to end: Int) async throws {
    try await browser.chromium("Emulation.setTouchEmulationEnabled", ["enabled": true, "maxTouchPoints": 1])
    func touch(_ type: String, _ points: [JSON]) async throws {
      try await browser.chromium("Input.dispatchTouchEvent", ["type": .string(type), "touchPoints": .array(points)])
    }
    try await touch("touchStart", [["x": 200, "y": .number(Double(start))]])
    for y in stride(from: start, through: end, by: -20) {
      try await touch("touchMove", [["x": 200, "y": .number(Double(y))]])
    }
    try await touch("touchEnd", [])
    // With a finger there are no buttons to press.
    try await browser.chromium("Emulation.setTouchEmulationEnabled", ["enabled": false])
  }

  @Test func `keys, fingers and buttons move through the feed, and the address goes along`() async throws {
    try await onFeed("/swipe?market=IN") { web, browser, feed in
      let live =
        "location.pathname === '/swipe/shows/\(feed.show)' && document.querySelector('live-player')?.state === 'playing'"
      try await browser.wait(until: live)
      let list = try await browser.find(".films")
      try await list.type("j")
      try await browser.wait(until: Self.plays(feed.clips[0]))
      #expect(try await browser.run("return document.title") == "Clip 3 · Lata's Lamps")
      #expect(try await browser.run("return document.querySelector('live-player') === null") == true)
      try await list.type("\u{E015}")
      try await browser.wait(until: Self.plays(feed.clips[1]))
      try await list.type("k")
      try await browser.wait(until: Self.plays(feed.clips[0]))
      // A clip plays on while it is seen: the key that stops it elsewhere goes back here.
      #expect(try await browser.run("return document.querySelector('replay-player video').paused") == false)
      try await Self.drag(browser, from: 620, to: 20)
      try await browser.wait(until: Self.plays(feed.clips[1]))
      try await browser.click("[data-part=after]")
      try await browser.wait(until: Self.plays(feed.clips[2]))
      #expect(try await browser.run("return document.querySelector('[data-part=after]').disabled") == true)
      // Sound that was turned on once stays on.
      try await browser.click("[data-part=sound]")
      try await browser.wait(until: "document.querySelector('replay-player video').muted === false")
      try await browser.click("[data-part=before]")
      try await browser.wait(
        until: "\(Self.plays(feed.clips[1])) && document.querySelector('replay-player video').muted === false")
      // What was looked at and left comes again, and the way back leads out of the feed.
      try await browser.run("history.back()")
      try await browser.wait(until: "location.pathname === '/'")
      #expect(try await browser.consoleLines().filter { $0.contains("SEVERE") } == [])
    }
  }

  @Test func `a viewer buys in the feed, and the order says by which clip`() async throws {
    try await onFeed("/swipe") { web, browser, feed in
      try await browser.open("\(Self.site(web))/swipe/clips/\(feed.clips[1])?market=IN")
      try await browser.wait(until: Self.plays(feed.clips[1]))
      try await browser.click(".film .buy")
      try await browser.click(".drawer-foot .buy")
      for (name, text) in [
        ("email", "asha@example.com"), ("name", "Asha Rao"), ("phone", "98765 43210"), ("line1", "12 Lamp Lane"),
        ("postalCode", "411001"), ("city", "Pune"),
      ] { try await browser.type(text, into: ".drawer [name=\(name)]") }
      try await browser.click(".drawer-foot .buy")
      try await browser.wait(until: "document.querySelector('.sums .total dd')?.textContent === '₹1,299'")
      try await browser.type("4242424242424242", into: ".drawer [name=number]")
      try await browser.type("1230", into: ".drawer [name=expiry]")
      try await browser.type("123", into: ".drawer [name=cvc]")
      // What is typed into a field moves nothing else.
      #expect(try await browser.run("return location.pathname") == .string("/swipe/clips/\(feed.clips[1])"))
      try await browser.click(".drawer-foot .buy")
      try await browser.wait(until: "document.querySelector('.done')")
      let orders = try await web.square.commerce.orders(of: web.square.channel.id, by: web.square.owner).items
      #expect(orders.map(\.state) == [.paid] && orders.first?.source.clip == feed.clips[1])
      #expect(try await browser.consoleLines().filter { $0.contains("SEVERE") } == [])
    }
  }

  @Test func `who wants things still starts a film by hand`() async throws {
    try await onFeed("/") { web, browser, feed in
      try await browser.chromium(
        "Emulation.setEmulatedMedia",
        ["features": [["name": "prefers-reduced-motion", "value": "reduce"]]])
      try await browser.open("\(Self.site(web))/swipe/clips/\(feed.clips[0])")
      try await browser.wait(
        until: "location.pathname === '/swipe/clips/\(feed.clips[0])' && customElements.get('swipe-feed')")
      #expect(try await browser.run("return document.querySelector('.film video').paused") == true)
      try await browser.find(".films").type("j")
      try await browser.wait(until: "location.pathname === '/swipe/clips/\(feed.clips[1])'")
      #expect(try await browser.run("return document.querySelector('live-room') === null") == true)
      try await browser.click("[data-id='\(feed.clips[1])'] [data-part=open]")
      try await browser.wait(until: Self.plays(feed.clips[1]))
    }
  }
}
