import Foundation
import TestKit
import Testing

/// `make screenshots`: every page of the demo, on a phone and on a desktop, for people to look at. The README's pictures
/// come from here.
@Suite(
  .serialized, .enabled(if: Screenshots.folder != nil, "set HAAT_SCREENSHOTS to a folder, as “make screenshots” does"))
struct ScreenshotTests {
  /// A size, and the colours that the reader's device prefers.
  struct Screen: Sendable, CustomTestStringConvertible {
    let name: String
    let width: Int
    let height: Int
    let isDark: Bool

    var testDescription: String { suffix }
    var suffix: String { isDark ? "\(name)-dark" : name }

    static let all = [("phone", 390, 844), ("desktop", 1440, 900)].flatMap { name, width, height in
      [false, true].map { Screen(name: name, width: width, height: height, isDark: $0) }
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: Screen.all, ["en", "hi"])
  func `every page of the demo can be looked at`(size: Screen, language: String) async throws {
    let program = try HaatProgram()
    let demo = try await program.demo()
    try await withBrowser(width: size.width, height: size.height) { browser in
      let site = URL(string: "/", relativeTo: demo.watch)?.absoluteString.dropLast() ?? ""
      let show = demo.watch.lastPathComponent
      func keep(_ page: String) async throws {
        try await Screenshots.keep(browser, "\(page)-\(size.suffix)-\(language)")
      }
      func look(_ path: String, _ page: String, until ready: String = "document.readyState === 'complete'") async throws
      {
        try await browser.open("\(site)\(path)")
        try await browser.wait(until: ready)
        try await keep(page)
      }
      try await browser.chromium(
        "Emulation.setEmulatedMedia",
        ["features": [["name": "prefers-color-scheme", "value": .string(size.isDark ? "dark" : "light")]]])
      try await browser.open("\(site)/?lang=\(language)")
      let playing = "document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames > 30"
      try await look("/", "home")
      try await look("/@aangan", "channel")
      try await look("/@aangan/ratings", "ratings")
      // Words are read a moment after the demo made what they are of.
      let isFound = "document.querySelector('.good-tile') !== null || (location.reload(), false)"
      try await look("/search?q=scarf", "search", until: isFound)
      try await browser.click(".good-tile a")
      try await browser.wait(until: "document.querySelector('.shop') !== null")
      try await keep("shop")
      try await look("/watch/\(show)", "watch", until: "\(playing) && document.querySelectorAll('.message').length > 1")
      try await browser.click("pinned-card .button")
      try await browser.wait(
        until: "(d => d?.open && d.getAnimations({ subtree: true }).length === 0)(document.querySelector('.drawer'))")
      try await keep("product")
      try await look("/embed/\(show)", "embed", until: playing)
      try await look("/sign-in", "sign-in")
      try await browser.type(demo.email, into: "#email")
      try await browser.type(demo.password, into: "#password")
      try await browser.click("main form button")
      try await browser.wait(until: "location.pathname !== '/sign-in'")
      try await look("/orders", "orders")
      try await look("/account", "account")
      try await look("/account/wallet", "wallet")
      try await look("/account/reminders", "reminders")
      try await look("/studio", "studio")
      try await look("/studio/aangan", "studio-channel")
      try await look("/studio/aangan?tab=products", "studio-products")
      try await look("/studio/aangan/products/new", "studio-product")
      try await look("/studio/aangan/shows/new", "studio-show")
      try await look("/studio/aangan/coupons", "studio-coupons")
      try await look("/studio/aangan/mails", "studio-mails")
      try await look("/studio/aangan?tab=orders", "studio-orders")
      try await look("/studio/aangan/packing", "studio-packing")
      try await look("/studio/aangan/customers", "studio-customers")
      try await look("/studio/aangan/moderation", "studio-moderation")
      try await look("/studio/aangan/webhooks", "studio-webhooks")
      try await look("/studio/shows/\(show)/report", "report")
      try await look("/studio/shows/\(show)", "control-room", until: playing)
      try await look("/operator", "operator")
      try await look("/operator/books", "operator-books")
      try await look("/operator/payouts", "operator-payouts")
      try await look("/operator/partners", "operator-partners")
      try await look("/nowhere", "not-found")
    }
    program.kill(SIGINT)
    #expect(try await program.ended(within: 5) == 0)
  }
}
