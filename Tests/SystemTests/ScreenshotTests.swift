import Foundation
import TestKit
import Testing

/// `make screenshots`: every page of the demo, on a phone and on a desktop, for people to look at. The README's pictures
/// come from here.
@Suite(
  .serialized, .enabled(if: Screenshots.folder != nil, "set HAAT_SCREENSHOTS to a folder, as “make screenshots” does"))
struct ScreenshotTests {
  @Test(.timeLimit(.minutes(10)), arguments: [("phone", 390, 844), ("desktop", 1440, 900)], ["en", "hi"])
  func `every page of the demo can be looked at`(size: (name: String, width: Int, height: Int), language: String)
    async throws
  {
    let program = try HaatProgram()
    let demo = try await program.demo()
    try await withBrowser(width: size.width, height: size.height) { browser in
      let site = URL(string: "/", relativeTo: demo.watch)?.absoluteString.dropLast() ?? ""
      let show = demo.watch.lastPathComponent
      func keep(_ page: String) async throws {
        try await Screenshots.keep(browser, "\(page)-\(size.name)-\(language)")
      }
      func look(_ path: String, _ page: String, until ready: String = "document.readyState === 'complete'") async throws
      {
        try await browser.open("\(site)\(path)")
        try await browser.wait(until: ready)
        try await keep(page)
      }
      try await browser.open("\(site)/?lang=\(language)")
      let playing = "document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames > 30"
      try await look("/", "home")
      try await look("/@aangan", "channel")
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
      try await look("/sign-in", "sign-in")
      try await browser.type(demo.email, into: "#email")
      try await browser.type(demo.password, into: "#password")
      try await browser.click("main form button")
      try await browser.wait(until: "location.pathname !== '/sign-in'")
      try await look("/orders", "orders")
      try await look("/account", "account")
      try await look("/studio", "studio")
      try await look("/studio/aangan", "studio-channel")
      try await look("/studio/aangan/products/new", "studio-product")
      try await look("/studio/aangan/shows/new", "studio-show")
      try await look("/studio/aangan/coupons", "studio-coupons")
      try await look("/studio/aangan/mails", "studio-mails")
      try await look("/studio/shows/\(show)", "control-room", until: playing)
      try await look("/operator", "operator")
      try await look("/nowhere", "not-found")
    }
    program.kill(SIGINT)
    #expect(try await program.ended(within: 5) == 0)
  }
}
