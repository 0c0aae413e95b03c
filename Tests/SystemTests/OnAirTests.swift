import Foundation
import TestKit
import Testing

/// The whole way, once, with nothing but real parts: ffmpeg publishes a film, the host works in the studio, a buyer
/// buys in the player, a bystander watches.
@Suite struct OnAirTests {
  private static let frames = "(document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0)"

  @Test(.timeLimit(.minutes(5)))
  func `a host goes live, a viewer buys in the player, and the books are right after a crash`() async throws {
    let program = try HaatProgram()
    let addresses = try await program.serve()
    let stall = try await Stall.setUp(at: addresses, stock: 3, isLive: false)
    let encoder = try Encoder(server: stall.server, key: stall.key)
    defer { encoder.kill() }

    try await withBrowsers(3, width: 390, height: 844) { browsers in
      let (host, buyer, bystander) = (browsers[0], browsers[1], browsers[2])
      let watch = addresses.web.absoluteString + "/watch/\(stall.show)"

      try await Self.signIn(host, at: addresses.web)
      try await host.open(addresses.web.absoluteString + "/studio/shows/\(stall.show)")
      try await Self.seeFramesAdvance(host)
      try await host.click("[data-part=start] button")
      try await buyer.open(watch)
      try await bystander.open(watch)
      try await Self.seeFramesAdvance(buyer)
      try await Self.seeFramesAdvance(bystander)

      try await host.click(".run-item .pin-button")
      for viewer in [buyer, bystander] {
        try await viewer.wait(until: "document.querySelector('pinned-card h2')?.textContent === 'Brass lamp'")
        try await viewer.wait(until: "/3/.test(document.querySelector('pinned-card .stock')?.textContent)")
      }
      try await Screenshots.keep(buyer, "watch-pinned")

      let order = try await Self.buy(buyer)
      try await bystander.wait(until: "/2/.test(document.querySelector('pinned-card .stock')?.textContent)")
      try await buyer.click(".drawer-foot .strong")
      try await buyer.wait(until: "/2/.test(document.querySelector('pinned-card .stock')?.textContent)")

      try await buyer.open(addresses.web.absoluteString + order)
      #expect(try await buyer.text("main").contains("Brass lamp"))
      try await Screenshots.keep(buyer, "order")

      let balances = try await stall.host.call("GET", "/api/v1/ledger/balances", expecting: 200)
      let accounts = try #require(balances["items"] as? [[String: Any]])
      let commission = accounts.first { $0["account"] as? String == "commission" }?["amount"] as? [String: Any]
      // 10 % of 1,299.00 without the 18 % tax it includes: 129900 − 19815 = 110085, its tenth rounds half to even.
      #expect(commission?["minor"] as? Int == 11_008)

      try await Self.buyWithSecondStep(bystander)
      try await bystander.wait(until: "/1/.test(document.querySelector('pinned-card .stock')?.textContent)")

      // The machine dies; the same data starts again, the encoder reconnects, and no page is loaded anew.
      try await bystander.run("window.sameOldPage = true; return true")
      program.kill(SIGKILL)
      _ = try await program.ended(within: 5)
      encoder.kill()
      let again = try await program.serve(httpPort: addresses.httpPort, rtmpPort: addresses.rtmpPort)
      let secondEncoder = try Encoder(server: again.rtmp, key: stall.key)
      defer { secondEncoder.kill() }
      try await Self.seeFramesAdvance(bystander)
      #expect(try await bystander.run("return window.sameOldPage === true").bool == true)
      #expect(try await bystander.text("pinned-card h2") == "Brass lamp")
      for browser in browsers { #expect(try await Self.complaints(of: browser) == []) }
    }

    let audit = try await program.run(["audit"])
    #expect(audit.status == 0, "\(audit.output)")
    program.kill(SIGINT)
    #expect(try await program.ended(within: 5) == 0)
    #expect(!program.logLines.contains { $0.contains(stall.key) }, "the log holds a stream key")
  }

  static func signIn(_ browser: Browser, at web: URL) async throws {
    try await browser.open(web.absoluteString + "/sign-in")
    try await browser.type(Stall.email, into: "#email")
    try await browser.type(Stall.password, into: "#password")
    try await browser.click("main form button")
    try await browser.wait(until: "location.pathname !== '/sign-in'")
  }

  /// At least a second's worth of frames is shown after now.
  static func seeFramesAdvance(_ browser: Browser) async throws {
    try await browser.wait(until: "\(frames) > 0", seconds: 30)
    let now = try await browser.run("return \(frames)").number ?? 0
    try await browser.wait(until: "\(frames) > \(now + 24) || \(frames) < \(now) && \(frames) > 24", seconds: 30)
  }

  /// From the pinned card to the done step, with the video playing; first with a card that is declined. `keep` is told
  /// of each step that can be looked at. Gives the path of the order's page.
  @discardableResult
  static func buy(
    _ browser: Browser, keep: ((_ step: String) async throws -> Void)? = nil
  ) async throws -> String {
    let keep = keep ?? { try await Screenshots.keep(browser, "buy-\($0)") }
    try await giveDetails(browser, keep: keep)
    try await pay(browser, with: "4000000000000002") { try await keep("card") }
    try await browser.wait(until: "document.querySelector('.drawer .notice')?.checkVisibility()")
    try await keep("declined")
    let before = try await browser.run("return \(frames)").number ?? 0
    try await pay(browser, with: "4242424242424242")
    try await browser.wait(until: "document.querySelector('.drawer .done') !== null")
    try await keep("done")
    try await browser.wait(until: "\(frames) > \(before)")
    return try await browser.run(
      "return new URL(document.querySelector('.drawer-foot a').href).pathname + new URL(document.querySelector('.drawer-foot a').href).search"
    ).string ?? ""
  }

  /// With a card whose bank asks first, in a frame of the drawer: the video goes on while it does, and after it.
  private static func buyWithSecondStep(_ browser: Browser) async throws {
    try await giveDetails(browser) { _ in }
    try await browser.run("window.samePage = true; return true")
    try await pay(browser, with: "4000002500003155")
    try await browser.wait(until: "document.querySelector('.drawer .second-step')?.checkVisibility()")
    try await seeFramesAdvance(browser)
    try await Screenshots.keep(browser, "buy-second-step")
    try await browser.within(".drawer .second-step") { try await browser.click("button[value=approve]") }
    try await browser.wait(until: "document.querySelector('.drawer .done') !== null")
    try await seeFramesAdvance(browser)
    #expect(try await browser.run("return window.samePage === true").bool == true)
    try await browser.click(".drawer-foot .strong")
  }

  /// From the pinned card to where the card is asked for.
  private static func giveDetails(_ browser: Browser, keep: (_ step: String) async throws -> Void) async throws {
    try await browser.click("pinned-card .button")
    try await browser.wait(until: "document.querySelector('.drawer-foot .buy')?.checkVisibility()")
    try await keep("product")
    try await browser.click(".drawer-foot .buy")
    for (field, text) in [
      ("email", "ravi@example.com"), ("name", "Ravi Kumar"), ("phone", "+91 98765 43210"), ("line1", "12 Park Street"),
      ("postalCode", "700016"), ("city", "Kolkata"), ("region", "West Bengal"),
    ] {
      try await browser.type(text, into: ".drawer [name=\(field)]")
    }
    try await keep("details")
    try await browser.click(".drawer-foot .buy")
  }

  private static func pay(
    _ browser: Browser, with number: String, isFilledIn: () async throws -> Void = {}
  ) async throws {
    try await browser.type(number, into: ".drawer [name=number]")
    try await browser.type("1240", into: ".drawer [name=expiry]")
    try await browser.type("123", into: ".drawer [name=cvc]")
    try await isFilledIn()
    try await browser.click(".drawer-foot .buy")
  }

  /// Errors of scripts and of the content security policy; a refused request is part of the story and is left out.
  static func complaints(of browser: Browser) async throws -> [String] {
    try await browser.consoleLines().filter { $0.contains("SEVERE") && !$0.contains("Failed to load resource") }
  }
}
