import Commerce
import Foundation
import TestKit
import Testing

@testable import Web

private typealias JSON = TestKit.JSON

/// Reactions and purchases as viewers see them, in browsers.
@Suite(.serialized, .timeLimit(.minutes(4))) struct CrowdScriptTests {
  private static let heart = ".reactions [data-kind=heart]"

  private func watch(_ browser: Browser, _ web: RunningWeb) async throws {
    try await browser.open("http://localhost:\(web.port)/watch/\(web.square.show.id)?lang=en")
    try await browser.wait(until: "document.querySelector('\(Self.heart)')?.checkVisibility()")
    try await browser.run(
      """
      window.floated = [];
      window.most = 0;
      const layer = document.querySelector(".floating");
      new MutationObserver((changes) => {
        window.most = Math.max(window.most, layer.childElementCount);
        for (const { addedNodes } of changes) window.floated.push(...addedNodes);
      }).observe(layer, { childList: true });
      return true;
      """)
  }

  @Test func `one taps and another sees it float, and the own tap floats once`() async throws {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      try await withBrowsers(2) { browsers in
        for browser in browsers { try await watch(browser, web) }
        try await browsers[0].click(Self.heart)
        #expect(try await browsers[0].run("return window.floated.length") == 1)
        try await browsers[1].wait(until: "window.floated.length === 1")
        try await browsers[1].click(".reactions [data-kind=fire]")
        try await browsers[0].wait(until: "window.floated.length === 2")
        // Its own came back by now, before the other's.
        let shown = "document.querySelector('.reaction-count').textContent"
        for browser in browsers { #expect(try await browser.run("return \(shown)") == "2") }
        // A quick thumb: everything is counted here, and little floats.
        try await browsers[0].run(
          "for (let turn = 0; turn < 60; turn += 1) document.querySelector('\(Self.heart)').click(); return true")
        #expect(try await browsers[0].run("return window.most") == 12)
        try await browsers[1].wait(until: "window.floated.length >= 5")
        #expect(try await browsers[1].run("return window.most <= 12") == true)
        try await browsers[0].wait(until: "document.querySelector('.floating').childElementCount === 0")
      }
    }
  }

  @Test func `who wants no motion sees a number, and everybody who bought`() async throws {
    try await RunningWeb.run { web in
      web.square.clock.now = WallClock.system.now
      try await withBrowser(arguments: ["--force-prefers-reduced-motion"]) { browser in
        try await watch(browser, web)
        #expect(try await browser.run("return document.querySelector('.reaction-count').checkVisibility()") == false)
        let reply = try await web.guest.post(
          "/api/v1/shows/\(web.square.show.id)/reactions", ["heart": 7, "smile": 2])
        #expect(reply.status == 200)
        try await browser.wait(until: "document.querySelector('.reaction-count').textContent === '9'")
        #expect(try await browser.run("return document.querySelector('.reaction-count').checkVisibility()") == true)
        #expect(try await browser.run("return window.floated.length") == 0)
        let (id, token) = try await web.placed()
        let paid = try await web.guest.post(
          "/api/v1/orders/\(id)/payment", ["paymentMethod": .string(web.method("4242424242424242"))],
          headers: ["Idempotency-Key": "pay", "Order-Token": token])
        #expect(paid.status == 200)
        try await browser.wait(until: "document.querySelector('.bought')?.textContent === 'Someone bought Brass lamp'")
        _ = try await web.square.commerce.endShow(by: web.square.owner, show: web.square.show.id)
        try await browser.wait(until: "!document.querySelector('.reactions').checkVisibility()")
      }
    }
  }
}
